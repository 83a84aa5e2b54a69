# Compiles po/zh_CN.po (from the fragments po/zh_CN/*.po, one a layer) into the catalogue "wufei".
find_program(MSGFMT_EXECUTABLE msgfmt REQUIRED)
find_program(MSGCAT_EXECUTABLE msgcat REQUIRED)
file(GLOB WUFEI_PO CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/po/zh_CN/*.po)
set(WUFEI_MO_DIR ${CMAKE_BINARY_DIR}/locale/zh_CN/LC_MESSAGES)
file(MAKE_DIRECTORY ${WUFEI_MO_DIR})
if(WUFEI_PO)
    add_custom_command(
        OUTPUT ${WUFEI_MO_DIR}/wufei.mo
        COMMAND ${MSGCAT_EXECUTABLE} --use-first -o ${CMAKE_BINARY_DIR}/zh_CN.po ${WUFEI_PO}
        COMMAND ${MSGFMT_EXECUTABLE} --check -o ${WUFEI_MO_DIR}/wufei.mo ${CMAKE_BINARY_DIR}/zh_CN.po
        DEPENDS ${WUFEI_PO}
        COMMENT "message catalogue zh_CN"
        VERBATIM)
    add_custom_target(wufei_locale ALL DEPENDS ${WUFEI_MO_DIR}/wufei.mo)
endif()
