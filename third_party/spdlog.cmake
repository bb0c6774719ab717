# spdlog: the program's log, and the optional adapter in asyncdl/with/spdlog.hpp.
find_package(spdlog 1.10 QUIET)
if(NOT spdlog_FOUND)
    message(FATAL_ERROR "spdlog 1.10 or newer is missing; on Debian: apt-get install libspdlog-dev")
endif()
