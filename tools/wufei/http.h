/*
 * wufei/http.h: the functions of src/service.
 */
#ifndef WUFEI_HTTP_H
#define WUFEI_HTTP_H

#include "command.h"
#include "service/service.h"

typedef struct service_functions {
    service_listen_function *listen;
    service_post_function *post;
} service_functions;

/* WF_SYSTEM when the library is not installed. */
wf_status command_http(arguments *args, service_functions *out);

#endif
