/*
 * wufei/http.c: libwufei-service, loaded by the subcommands that speak HTTP. It lies beside
 * libwufei.
 */
#include <dlfcn.h>
#include <limits.h>
#include <string.h>

#include "command.h"
#include "http.h"

#define SERVICE_LIBRARY "libwufei-service.so.0"

/* The loader would find it by the program's run path; but under the address sanitizer it is the
   sanitizer that calls dlopen, which has another one. */
static void http_find(char path[PATH_MAX])
{
    Dl_info library;
    const char *(*known)(void) = wf_version;
    void *address;
    memcpy(&address, &known, sizeof address);
    bool found = dladdr(address, &library) != 0 && library.dli_fname != NULL;
    const char *slash = found ? strrchr(library.dli_fname, '/') : NULL;
    int size = slash != NULL ? (int)(slash + 1 - library.dli_fname) : 0;
    snprintf(path, PATH_MAX, "%.*s%s", size, size > 0 ? library.dli_fname : "", SERVICE_LIBRARY);
}

wf_status command_http(arguments *args, service_functions *out)
{
    char path[PATH_MAX];
    http_find(path);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays until the end */
    void *listen = library != NULL ? dlsym(library, "service_listen") : NULL;
    void *post = library != NULL ? dlsym(library, "service_post") : NULL;
    if (listen == NULL || post == NULL)
        return command_fail(args, WF_SYSTEM,
                            _("%s cannot be loaded, without which wufei speaks no HTTP: %s"), path,
                            dlerror());
    /* ISO C has no cast from an object's pointer to a function's; POSIX has their bytes the same */
    memcpy(&out->listen, &listen, sizeof out->listen);
    memcpy(&out->post, &post, sizeof out->post);
    return WF_OK;
}
