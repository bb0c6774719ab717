# Install rules: the library with its headers and CMake package, the program, the license.
# find_package(asyncdl) then gives the target asyncdl::asyncdl.

include(CMakePackageConfigHelpers)
set(asyncdl_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/asyncdl)

install(TARGETS asyncdl EXPORT asyncdl
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/asyncdl ${PROJECT_BINARY_DIR}/include/asyncdl
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(ASYNCDL_CLI)
    install(TARGETS asyncdl_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(BUILD_SHARED_LIBS)
        # So that the program finds its library under any prefix.
        file(RELATIVE_PATH asyncdl_bin_to_lib
            ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
        set_target_properties(asyncdl_program PROPERTIES
            INSTALL_RPATH "$ORIGIN/${asyncdl_bin_to_lib}")
    endif()
endif()

install(EXPORT asyncdl NAMESPACE asyncdl:: FILE asyncdl-targets.cmake
    DESTINATION ${asyncdl_package_dir})
configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/asyncdl-config.cmake.in
    ${PROJECT_BINARY_DIR}/asyncdl-config.cmake
    INSTALL_DESTINATION ${asyncdl_package_dir}
    NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Below 1.0 each minor version may break the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/asyncdl-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/asyncdl-config.cmake
    ${PROJECT_BINARY_DIR}/asyncdl-config-version.cmake
    DESTINATION ${asyncdl_package_dir})
