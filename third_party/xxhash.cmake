# xxHash 0.8 or newer: the hashes of resume state.
find_library(ASYNCDL_XXHASH_LIBRARY xxhash)
find_path(ASYNCDL_XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(ASYNCDL_XXHASH_LIBRARY ASYNCDL_XXHASH_INCLUDE_DIR)
if(NOT ASYNCDL_XXHASH_LIBRARY OR NOT ASYNCDL_XXHASH_INCLUDE_DIR)
    message(FATAL_ERROR "xxHash is missing; on Debian: apt-get install libxxhash-dev")
endif()

# Built for x86, it can choose the widest vectors of the processor at run time.
include(CheckLibraryExists)
check_library_exists(${ASYNCDL_XXHASH_LIBRARY} XXH3_64bits_update_dispatch "" ASYNCDL_XXHASH_DISPATCH)
