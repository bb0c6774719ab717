# CLI11: the program's flags.
find_package(CLI11 2.1 QUIET)
if(NOT CLI11_FOUND)
    message(FATAL_ERROR "CLI11 2.1 or newer is missing; on Debian: apt-get install libcli11-dev")
endif()
