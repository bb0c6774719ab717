# What every target of the project has in common: the language, the warnings, the sanitizers.

function(asyncdl_target target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        # g++ 12 sees overlaps and overflows in std::string's operator+ and in searches of a
        # string_view that are not there (GCC bugs 105651 and 105329).
        target_compile_options(${target} PRIVATE -Wno-restrict -Wno-stringop-overflow
            -Wno-stringop-overread -Wno-array-bounds)
    endif()
    if(ASYNCDL_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(ASYNCDL_SANITIZE)
        # A report ends the program: one that is only printed would fail no test.
        target_compile_options(${target} PRIVATE
            -fsanitize=${ASYNCDL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
            # To look at an object's type UBSan opens a pipe, and takes every object for a broken one
            # where that fails: as it must in the tests that leave no file descriptor.
            -fno-sanitize=vptr)
        target_link_options(${target} PUBLIC -fsanitize=${ASYNCDL_SANITIZE})
        # Asio under sanitizers: false positives of g++ 12 in coroutine frames and in what it inlines;
        # the fences that TSan does not model are in Asio.
        if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized
                -Wno-mismatched-new-delete -Wno-tsan)
        endif()
    endif()
endfunction()
