# What `cmake --install` puts where: the two libraries, ma.h, and what pkg-config and find_package() look for.
# The tree may be moved afterwards: nothing in it names the prefix.

include(CMakePackageConfigHelpers)

install(TARGETS ma_shared ma_static EXPORT ma
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/ma.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# find_package(ma): the targets ma::ma and ma::ma_static.
set(MA_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ma)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/maConfig.cmake.in ${PROJECT_BINARY_DIR}/maConfig.cmake
    INSTALL_DESTINATION ${MA_PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/maConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT ma NAMESPACE ma:: FILE maTargets.cmake DESTINATION ${MA_PACKAGE_DIR})
install(FILES ${PROJECT_BINARY_DIR}/maConfig.cmake ${PROJECT_BINARY_DIR}/maConfigVersion.cmake
    DESTINATION ${MA_PACKAGE_DIR})

# pkg-config finds the prefix from where it found ma.pc, unless a directory was asked for by its full name.
file(RELATIVE_PATH MA_PC_TO_PREFIX "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /prefix)
set(MA_PC_PREFIX "\${pcfiledir}/${MA_PC_TO_PREFIX}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(MA_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
endif()
foreach(kind IN ITEMS LIB INCLUDE)
    set(MA_PC_${kind}DIR "\${prefix}/${CMAKE_INSTALL_${kind}DIR}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}DIR}")
        set(MA_PC_${kind}DIR "${CMAKE_INSTALL_${kind}DIR}")
    endif()
endforeach()
set(MA_PC_PRIVATE "-pthread")
if(CMAKE_DL_LIBS)
    string(APPEND MA_PC_PRIVATE " -l${CMAKE_DL_LIBS}")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/ma.pc.in ${PROJECT_BINARY_DIR}/ma.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ma.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# In a directory that ld.so knows, programs find the library only once ld.so's cache has been rebuilt.
# A package (DESTDIR) leaves that to the package manager.
install(CODE [[
    if(NOT DEFINED ENV{DESTDIR} AND CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
        execute_process(COMMAND ldconfig OUTPUT_QUIET ERROR_QUIET)
    endif()
]])
