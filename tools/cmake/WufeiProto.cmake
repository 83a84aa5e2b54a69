# Generates C from proto/*.proto with protoc and protoc-gen-c. find_package(Protobuf) would ask for the
# C++ library, which we do not use, so the two programs are looked for directly.
find_program(PROTOC_EXECUTABLE protoc REQUIRED)
find_program(PROTOC_GEN_C_EXECUTABLE protoc-gen-c REQUIRED)
file(GLOB WUFEI_PROTOS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
set(WUFEI_PROTO_DIR ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${WUFEI_PROTO_DIR})
set(WUFEI_PROTO_SOURCES)
foreach(PROTO ${WUFEI_PROTOS})
    get_filename_component(NAME ${PROTO} NAME_WE)
    add_custom_command(
        OUTPUT ${WUFEI_PROTO_DIR}/${NAME}.pb-c.c ${WUFEI_PROTO_DIR}/${NAME}.pb-c.h
        COMMAND ${PROTOC_EXECUTABLE} --plugin=protoc-gen-c=${PROTOC_GEN_C_EXECUTABLE}
                --c_out=${WUFEI_PROTO_DIR} --proto_path=${CMAKE_SOURCE_DIR}/proto ${PROTO}
        DEPENDS ${PROTO}
        COMMENT "protoc-gen-c ${NAME}.proto"
        VERBATIM)
    list(APPEND WUFEI_PROTO_SOURCES ${WUFEI_PROTO_DIR}/${NAME}.pb-c.c
         ${WUFEI_PROTO_DIR}/${NAME}.pb-c.h)
endforeach()

add_library(wufei_proto OBJECT ${WUFEI_PROTO_SOURCES})
target_include_directories(wufei_proto SYSTEM PUBLIC ${WUFEI_PROTO_DIR})
target_link_libraries(wufei_proto PUBLIC PkgConfig::PROTOBUF_C)
add_library(wufei_proto_headers INTERFACE)
target_include_directories(wufei_proto_headers SYSTEM INTERFACE ${WUFEI_PROTO_DIR})
add_dependencies(wufei_proto_headers wufei_proto)
