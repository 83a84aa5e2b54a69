/*
 * audit/engine.c: runs the rules, side by side where `after` allows, controls the false-discovery
 * rate and brings the findings into the order in which an inspectorate would take them.
 *
 * Each rule writes into its own context and its own arena, so nothing is shared while rules run
 * and the result does not depend on the number of threads.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/rank.h"
#include "audit/rule.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

enum { RULES_MAX = 64, THREADS_MAX = 64 };

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

typedef struct job {
    rule_context context;
    bool reported; /* false: runs only because another rule comes after it */
    enum job_state state;
} job;

/* The public result with what it stands on; audit_free gets the first member's address. */
typedef struct whole_result {
    audit_result result;
    arena arenas[RULES_MAX]; /* texts of each rule's findings */
    size_t arena_count;
} whole_result;

typedef struct engine {
    job jobs[RULES_MAX];
    size_t count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    wf_status status;
    wf_error error;
} engine;

static job *job_of(engine *e, const char *id)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->jobs[i].context.rule->id, id) == 0)
            return &e->jobs[i];
    return NULL;
}

static bool is_ready(engine *e, const job *j)
{
    const char *const *after = j->context.rule->after;
    for (size_t i = 0; after != NULL && after[i] != NULL; i++) {
        const job *before = job_of(e, after[i]);
        if (before != NULL && before->state != JOB_DONE)
            return false;
    }
    return true;
}

/* The next job to run; NULL when all are taken or the audit has failed. Called with the lock. */
static job *take_job(engine *e)
{
    for (;;) {
        bool waiting = false;
        bool running = false;
        for (size_t i = 0; i < e->count && e->status == WF_OK; i++) {
            job *j = &e->jobs[i];
            running |= j->state == JOB_RUNNING;
            if (j->state != JOB_WAITING)
                continue;
            if (is_ready(e, j))
                return j;
            waiting = true;
        }
        if (!waiting)
            return NULL;
        WF_ASSERT(running); /* else the rules wait for each other in a circle */
        pthread_cond_wait(&e->changed, &e->lock);
    }
}

static void *work(void *argument)
{
    engine *e = argument;
    pthread_mutex_lock(&e->lock);
    for (job *j = take_job(e); j != NULL; j = take_job(e)) {
        j->state = JOB_RUNNING;
        pthread_mutex_unlock(&e->lock);
        wf_error error = {WF_OK, ""};
        wf_status status = j->context.rule->run(&j->context, &error);
        if (status == WF_OK && j->context.failed)
            status = wf_fail(&error, WF_SYSTEM, _("rule %s: out of memory for its texts"),
                             j->context.rule->id);
        pthread_mutex_lock(&e->lock);
        j->state = JOB_DONE;
        if (status != WF_OK && e->status == WF_OK) {
            e->status = status;
            e->error = error;
        }
        pthread_cond_broadcast(&e->changed);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static void run_jobs(engine *e, unsigned threads)
{
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 0 ? (unsigned)processors : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    pthread_t others[THREADS_MAX];
    unsigned started = 0;
    while (started + 1 < threads && started < e->count &&
           pthread_create(&others[started], NULL, work, e) == 0)
        started++; /* fewer threads than hoped are enough */
    work(e);
    for (unsigned i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}

static void add_job(engine *e, whole_result *w, const rule *r, bool reported, const city *c,
                    const audit_options *options, audit_shared *shared)
{
    job *known = job_of(e, r->id);
    if (known != NULL) {
        known->reported |= reported;
        return;
    }
    WF_ASSERT(e->count < RULES_MAX);
    arena *memory = &w->arenas[w->arena_count++];
    arena_init(memory, 0);
    e->jobs[e->count++] = (job){
        .context = {.city = c, .rule = r, .options = options, .shared = shared, .memory = memory},
        .reported = reported};
    for (size_t i = 0; r->after != NULL && r->after[i] != NULL; i++)
        for (const rule *const *before = audit_rules(); *before != NULL; before++)
            if (strcmp((*before)->id, r->after[i]) == 0)
                add_job(e, w, *before, false, c, options, shared);
}

/* Keeps a rule's facts and those of its suspicions that stand at q among all tests made. */
static wf_status control_false_discoveries(rule_context *ctx, double q, wf_error *err)
{
    double *p = malloc((ctx->count + 1) * sizeof *p);
    if (p == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for %zu p-values"), ctx->count);
    size_t count = 0;
    for (size_t i = 0; i < ctx->count; i++)
        if (ctx->findings[i].class == FINDING_SUSPICION)
            p[count++] = ctx->findings[i].p;
    size_t tests = ctx->tests > count ? ctx->tests : count;
    double limit = benjamini_hochberg_limit(p, count, tests, q);
    free(p);
    size_t kept = 0;
    for (size_t i = 0; i < ctx->count; i++)
        if (ctx->findings[i].class == FINDING_FACT || ctx->findings[i].p <= limit)
            ctx->findings[kept++] = ctx->findings[i];
    ctx->count = kept;
    return WF_OK;
}

static bool is_asked_for(const finding *f, const audit_options *options)
{
    if (options->stream != STREAM_NONE && f->stream != STREAM_NONE && f->stream != options->stream)
        return false;
    /* A window is half open, a finding's own [from, to] has both ends. */
    return (options->from_ms == TIME_NONE || f->to_ms >= options->from_ms) &&
           (options->to_ms == TIME_NONE || f->from_ms < options->to_ms);
}

static wf_status gather(audit_result *out, engine *e, const audit_options *options, wf_error *err)
{
    size_t capacity = 0;
    for (size_t i = 0; i < e->count; i++) {
        job *j = &e->jobs[i];
        if (!j->reported)
            continue;
        wf_status status = control_false_discoveries(&j->context, options->q, err);
        if (status != WF_OK)
            return status;
        if (!array_grow((void **)&out->findings, &capacity, out->count + j->context.count,
                        sizeof *out->findings))
            return wf_fail(err, WF_SYSTEM, _("out of memory for the findings"));
        for (size_t k = 0; k < j->context.count; k++) {
            finding f = j->context.findings[k];
            if (f.stream == STREAM_NONE)
                f.stream = finding_stream(j->context.city, &f);
            if (is_asked_for(&f, options))
                out->findings[out->count++] = f;
        }
    }
    return WF_OK;
}

static void choose_rules(engine *e, whole_result *w, const city *c, const audit_options *options,
                         audit_shared *shared)
{
    for (const rule *const *r = audit_rules(); *r != NULL; r++) {
        bool named = options->rule == NULL || strcmp(options->rule, (*r)->id) == 0;
        bool covered =
            options->stream == STREAM_NONE || ((*r)->streams & STREAM_BIT(options->stream)) != 0;
        if (named && covered)
            add_job(e, w, *r, true, c, options, shared);
    }
}

static wf_status check_options(const audit_options *options, wf_error *err)
{
    if (options->q < 0 || options->q >= 1 || isnan(options->q))
        return wf_fail(err, WF_USAGE, _("false-discovery rate %g: give a number between 0 and 1"),
                       options->q);
    bool known = options->rule == NULL;
    for (const rule *const *r = audit_rules(); *r != NULL && !known; r++)
        known = strcmp(options->rule, (*r)->id) == 0;
    if (!known)
        return wf_fail(err, WF_USAGE,
                       _("rule %s: there is no such rule; `wufei audit --rules` lists them"),
                       options->rule);
    return WF_OK;
}

wf_status audit_run(audit_result **out, const city *c, const audit_options *options, wf_error *err)
{
    *out = NULL;
    audit_options asked =
        options != NULL ? *options : (audit_options){.from_ms = TIME_NONE, .to_ms = TIME_NONE};
    wf_status status = check_options(&asked, err);
    if (status == WF_OK)
        status = statistics_load(err);
    if (status != WF_OK)
        return status;
    if (asked.q <= 0)
        asked.q = 0.10;
    whole_result *w = calloc(1, sizeof *w);
    engine *e = calloc(1, sizeof *e);
    audit_shared *shared = NULL;
    if (w == NULL || e == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the audit"));
    else
        status = audit_shared_new(&shared, c, err);
    if (status == WF_OK) {
        arena_init(&w->result.memory, 0);
        choose_rules(e, w, c, &asked, shared);
        pthread_mutex_init(&e->lock, NULL);
        pthread_cond_init(&e->changed, NULL);
        run_jobs(e, asked.threads);
        pthread_cond_destroy(&e->changed);
        pthread_mutex_destroy(&e->lock);
        status = e->status;
        if (status != WF_OK && err != NULL)
            *err = e->error;
    }
    if (status == WF_OK)
        status = gather(&w->result, e, &asked, err);
    if (status == WF_OK)
        status = rank_findings(&w->result, c, err);
    for (size_t i = 0; e != NULL && i < e->count; i++)
        free(e->jobs[i].context.findings);
    free(e);
    audit_shared_free(shared);
    if (status == WF_OK)
        *out = &w->result;
    else if (w != NULL)
        audit_free(&w->result);
    return status;
}

void audit_free(audit_result *r)
{
    if (r == NULL)
        return;
    whole_result *w = (whole_result *)r;
    for (size_t i = 0; i < w->arena_count; i++)
        arena_free(&w->arenas[i]);
    arena_free(&r->memory);
    free(r->findings);
    free(w);
}
