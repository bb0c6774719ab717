# OpenSSL 3.0 or newer: TLS and digests.
find_package(OpenSSL 3.0 QUIET)
if(NOT OpenSSL_FOUND)
    message(FATAL_ERROR "OpenSSL 3.0 or newer is missing; on Debian: apt-get install libssl-dev")
endif()
