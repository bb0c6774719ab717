# doctest: the tests.
find_package(doctest 2.4 QUIET)
if(NOT doctest_FOUND)
    message(FATAL_ERROR "doctest 2.4 or newer is missing; on Debian: apt-get install doctest-dev")
endif()
