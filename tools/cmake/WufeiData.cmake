# Data files that the library carries inside: each becomes a C array (name, size, terminating zero).
function(wufei_embed SOURCE_FILE SYMBOL)
    file(READ ${SOURCE_FILE} HEX_DATA HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${HEX_DATA}")
    set(OUTPUT ${CMAKE_BINARY_DIR}/data/${SYMBOL}.c)
    file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
        "#include <stddef.h>\nextern const unsigned char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_size;\nconst unsigned char ${SYMBOL}[] = {${BYTES}0};\nconst size_t ${SYMBOL}_size = sizeof ${SYMBOL} - 1;\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SOURCE_FILE})
    set(WUFEI_DATA_SOURCES ${WUFEI_DATA_SOURCES} ${OUTPUT} PARENT_SCOPE)
endfunction()

set(WUFEI_DATA_SOURCES)
wufei_embed(${CMAKE_SOURCE_DIR}/src/exchange/schema/emanifest.json emanifest_schema)
