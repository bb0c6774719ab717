# Boost 1.81 or newer: Asio, Beast (headers), URL and JSON (libraries). JSON is the program's alone.
set(asyncdl_boost_components url)
if(ASYNCDL_CLI OR ASYNCDL_TESTS)
    list(APPEND asyncdl_boost_components json)
endif()
find_package(Boost 1.81 QUIET COMPONENTS ${asyncdl_boost_components})
if(NOT Boost_FOUND)
    message(FATAL_ERROR "Boost 1.81 or newer is missing; on Debian: "
        "apt-get install libboost1.81-dev libboost-url1.81-dev libboost-json1.81-dev")
endif()
