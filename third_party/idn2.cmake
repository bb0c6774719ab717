# libidn2: host names with letters outside ASCII.
find_library(ASYNCDL_IDN2_LIBRARY idn2)
find_path(ASYNCDL_IDN2_INCLUDE_DIR idn2.h)
mark_as_advanced(ASYNCDL_IDN2_LIBRARY ASYNCDL_IDN2_INCLUDE_DIR)
if(NOT ASYNCDL_IDN2_LIBRARY OR NOT ASYNCDL_IDN2_INCLUDE_DIR)
    message(FATAL_ERROR "libidn2 is missing; on Debian: apt-get install libidn2-dev")
endif()
