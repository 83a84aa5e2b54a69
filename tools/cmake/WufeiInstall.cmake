# cmake --install: library, headers, pkg-config file, programs, catalogues.
configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/wufei.pc.in ${CMAKE_BINARY_DIR}/wufei.pc @ONLY)
install(TARGETS wufei LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/wufei DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/wufei.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(TARGET wufei_locale)
    install(FILES ${CMAKE_BINARY_DIR}/locale/zh_CN/LC_MESSAGES/wufei.mo
            DESTINATION ${CMAKE_INSTALL_LOCALEDIR}/zh_CN/LC_MESSAGES)
endif()
