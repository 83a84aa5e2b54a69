/*
 * service/http_post.c: posts to several servers side by side, with libcurl's multi interface. See
 * service.h. A server that does not answer costs its own time limit and holds up nobody else.
 */
#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "service/service.h"

#define _(text) dgettext("wufei", text)

enum { CONNECT_PART = 2, WAIT_MS = 1000 };

typedef struct sending {
    wf_http_post *post;
    CURL *handle;
    char *answer; /* ends in a zero once there is one */
    size_t size;
    bool too_long;
    char failure[CURL_ERROR_SIZE];
} sending;

static wf_status fail(wf_error *err, const char *text)
{
    err->status = WF_SYSTEM;
    snprintf(err->text, sizeof err->text, "%s", text);
    return WF_SYSTEM;
}

static size_t take(char *data, size_t one, size_t count, void *ctx)
{
    sending *s = ctx;
    size_t size = one * count;
    if (size > SERVICE_ANSWER_MAX - s->size) {
        s->too_long = true;
        return 0;
    }
    char *longer = realloc(s->answer, s->size + size + 1);
    if (longer == NULL)
        return 0;
    memcpy(longer + s->size, data, size);
    s->answer = longer;
    s->size += size;
    s->answer[s->size] = '\0';
    return size;
}

static bool set_up(sending *s, struct curl_slist *headers, const service_client *client)
{
    CURL *h = s->handle = curl_easy_init();
    long limit_s = (long)client->timeout_s;
    return h != NULL && curl_easy_setopt(h, CURLOPT_URL, s->post->url) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_USERAGENT, "wufei/" WUFEI_VERSION) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_TIMEOUT, limit_s) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
                            (limit_s + CONNECT_PART - 1) / CONNECT_PART) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_WRITEDATA, s) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_ERRORBUFFER, s->failure) == CURLE_OK &&
           curl_easy_setopt(h, CURLOPT_PRIVATE, s) == CURLE_OK;
}

/* Begins the post with the body it has now. */
static bool begin(CURLM *multi, sending *s)
{
    free(s->answer);
    s->answer = NULL;
    s->size = 0;
    s->too_long = false;
    s->failure[0] = '\0';
    return curl_easy_setopt(s->handle, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)s->post->body_size) == CURLE_OK &&
           curl_easy_setopt(s->handle, CURLOPT_POSTFIELDS, s->post->body) == CURLE_OK &&
           curl_multi_add_handle(multi, s->handle) == CURLM_OK;
}

/* libcurl says more than the kind of failure, in English; where that says it all it stands alone.
 */
static void tell_failure(wf_http_post *post, const sending *s, const char *kind)
{
    const char *text = s->too_long ? _("its answer is too long") : _(kind);
    if (s->failure[0] != '\0' && text == kind)
        text = s->failure;
    snprintf(post->failure, sizeof post->failure, "%s", text);
    if (s->failure[0] == '\0' || s->too_long || text == s->failure)
        return;
    char both[sizeof post->failure];
    int size = snprintf(both, sizeof both, "%s (%s)", text, s->failure);
    if (size > 0 && (size_t)size < sizeof both)
        strcpy(post->failure, both);
}

static void tell(sending *s, CURLcode result)
{
    wf_http_post *post = s->post;
    const char *type = NULL;
    long status = 0;
    post->status = 0;
    post->failure[0] = post->content_type[0] = '\0';
    post->answer = s->answer != NULL ? s->answer : "";
    post->answer_size = s->size;
    if (result == CURLE_OK) {
        curl_easy_getinfo(s->handle, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(s->handle, CURLINFO_CONTENT_TYPE, &type);
        post->status = (int)status;
        snprintf(post->content_type, sizeof post->content_type, "%s", type != NULL ? type : "");
    } else {
        tell_failure(post, s, curl_easy_strerror(result));
    }
}

/* Until none is under way and none is to be sent again. */
static wf_status run(CURLM *multi, bool (*answered)(wf_http_post *post), wf_error *err)
{
    int running = 1;
    while (running > 0) {
        CURLMcode code = curl_multi_perform(multi, &running);
        int left = 0;
        for (CURLMsg *message = curl_multi_info_read(multi, &left); message != NULL;
             message = curl_multi_info_read(multi, &left)) {
            char *private = NULL;
            CURLcode result = message->data.result;
            CURL *handle = message->easy_handle;
            if (message->msg != CURLMSG_DONE)
                continue;
            curl_easy_getinfo(handle, CURLINFO_PRIVATE, &private);
            sending *s = (sending *)(void *)private;
            curl_multi_remove_handle(multi, handle);
            tell(s, result);
            if (!answered(s->post))
                continue;
            if (!begin(multi, s))
                return fail(err, _("out of memory"));
            running++;
        }
        if (code == CURLM_OK && running > 0)
            code = curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
        if (code != CURLM_OK)
            return fail(err, _(curl_multi_strerror(code)));
    }
    return WF_OK;
}

wf_status service_post(void *ctx, wf_http_post *posts, size_t count,
                       bool (*answered)(wf_http_post *post), wf_error *err)
{
    wf_status status = WF_OK;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, _("libcurl cannot be initialised"));
    CURLM *multi = curl_multi_init();
    sending *all = calloc(count + 1, sizeof *all);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    if (multi == NULL || all == NULL || headers == NULL)
        status = fail(err, _("out of memory"));
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        all[i].post = &posts[i];
        if (!set_up(&all[i], headers, ctx) || !begin(multi, &all[i]))
            status = fail(err, _("out of memory"));
    }
    if (status == WF_OK)
        status = run(multi, answered, err);
    for (size_t i = 0; i < count && all != NULL; i++) {
        if (all[i].handle != NULL)
            curl_multi_remove_handle(multi, all[i].handle);
        curl_easy_cleanup(all[i].handle);
        free(all[i].answer);
    }
    curl_slist_free_all(headers);
    curl_multi_cleanup(multi);
    free(all);
    curl_global_cleanup();
    return status;
}
