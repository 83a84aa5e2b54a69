# cmake --install: library, headers, pkg-config file, programs, catalogues.
# The pkg-config file finds its tree from where it lies, so that an installed tree can be moved, and
# `cmake --install --prefix` may name another place than the build did.
file(RELATIVE_PATH WUFEI_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" WUFEI_PC_UP "${WUFEI_PC_UP}")
configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/wufei.pc.in ${CMAKE_BINARY_DIR}/wufei.pc @ONLY)
install(TARGETS wufei LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
# found by its name and version: nobody links with it
install(TARGETS wufei_service LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/wufei DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/wufei.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(TARGET wufei_locale)
    install(FILES ${CMAKE_BINARY_DIR}/locale/zh_CN/LC_MESSAGES/wufei.mo
            DESTINATION ${CMAKE_INSTALL_LOCALEDIR}/zh_CN/LC_MESSAGES)
endif()
