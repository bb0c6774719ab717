# POSIX threads, part of the C library.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads QUIET)
if(NOT Threads_FOUND)
    message(FATAL_ERROR "POSIX threads are missing; on Debian: apt-get install libc6-dev")
endif()
