/*
 * audit/rank.c: see rank.h.
 */
#include "audit/rank.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

#define BASE_RATE 0.02
#define FACT_PROBABILITY 0.98
#define LOG_RATIO_CAP 4.0

static const char *const subject_words[] = {"party",    "site",  "vehicle",
                                            "manifest", "scale", "place"};

const char *subject_kind_name(enum subject_kind kind)
{
    return subject_words[kind];
}

const char *finding_subject_text(const city *c, const finding *f, arena *a)
{
    switch (f->subject_kind) {
    case SUBJECT_PARTY:
        return city_text(c, c->parties[f->subject].key);
    case SUBJECT_SITE:
        return city_text(c, c->sites[f->subject].key);
    case SUBJECT_VEHICLE:
        return city_text(c, c->vehicles[f->subject].key);
    case SUBJECT_MANIFEST:
        return city_text(c, c->manifests[f->subject].key);
    case SUBJECT_SCALE:
        return city_text(c, c->scales[f->subject].key);
    case SUBJECT_PLACE:
        break;
    }
    const char *text =
        arena_printf(a, "%.5f,%.5f", (double)f->lat_e7 / 1e7, (double)f->lon_e7 / 1e7);
    return text != NULL ? text : "";
}

int64_t significant_mass_g(enum waste_stream stream)
{
    switch (stream) {
    case STREAM_HAZARDOUS:
    case STREAM_MEDICAL:
        return 3000000;
    case STREAM_HOUSEHOLD:
        return 60000000;
    case STREAM_CONSTRUCTION:
        return 100000000;
    default:
        return 30000000;
    }
}

static enum waste_stream site_stream(uint32_t kind)
{
    switch (kind) {
    case SITE_HOSPITAL:
    case SITE_CLINIC:
    case SITE_MEDICAL_TREATMENT:
        return STREAM_MEDICAL;
    case SITE_CONSTRUCTION:
    case SITE_DEMOLITION:
    case SITE_SPOIL_GROUND:
        return STREAM_CONSTRUCTION;
    case SITE_COMMUNITY:
    case SITE_MARKET:
    case SITE_TRANSFER_STATION:
    case SITE_INCINERATOR:
    case SITE_LANDFILL:
    case SITE_FOOD_WASTE_PLANT:
        return STREAM_HOUSEHOLD;
    case SITE_COLLECTION_CENTRE:
    case SITE_HAZARDOUS_TREATMENT:
        return STREAM_HAZARDOUS;
    default:
        return STREAM_NONE; /* factories, kilns, recyclers handle several */
    }
}

enum waste_stream finding_stream(const city *c, const finding *f)
{
    if (f->subject_kind == SUBJECT_MANIFEST)
        return (enum waste_stream)c->manifests[f->subject].stream;
    for (int s = STREAM_NONE + 1; s < STREAM_COUNT; s++)
        if (f->rule->streams == STREAM_BIT(s))
            return (enum waste_stream)s;
    if (f->subject_kind == SUBJECT_SITE)
        return site_stream(c->sites[f->subject].kind);
    if (f->subject_kind == SUBJECT_SCALE && c->scales[f->subject].site != BOOK_NONE)
        return site_stream(c->sites[c->scales[f->subject].site].kind);
    return STREAM_NONE;
}

double finding_log_ratio(const finding *f)
{
    if (f->class == FINDING_FACT)
        return fmin(f->rule->weight, LOG_RATIO_CAP);
    double p = f->p > 1e-12 ? f->p : 1e-12;
    double moved = f->rule->weight + 0.25 * (log(1e-3) - log(p));
    return fmax(0, fmin(moved, LOG_RATIO_CAP));
}

/* ---- ids ------------------------------------------------------------------------------------ */

static wf_status set_id(finding *f, const char *subject, unsigned repeat, wf_error *err)
{
    char text[512];
    int size = snprintf(text, sizeof text, "%s\n%s\n%s\n%" PRId64 "\n%u", f->rule->id,
                        subject_kind_name(f->subject_kind), subject, f->from_ms, repeat);
    size_t used = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(text, used, digest, NULL, EVP_sha256(), NULL) != 1)
        return wf_fail(err, WF_SYSTEM, _("SHA-256 failed for the id of a finding"));
    f->id[0] = 'F';
    for (size_t i = 0; i < 6; i++)
        snprintf(f->id + 1 + 2 * i, 3, "%02x", digest[i]);
    return WF_OK;
}

/* One line of the sort: the finding with its subject's text at hand. */
typedef struct line {
    finding finding;
    const char *subject;
} line;

static int compare_int64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By rule, subject, window, mass, sentence: the order that does not depend on chance. */
static int compare_identity(const void *left, const void *right)
{
    const line *a = left;
    const line *b = right;
    int order = strcmp(a->finding.rule->id, b->finding.rule->id);
    if (order == 0)
        order = compare_int64(a->finding.subject_kind, b->finding.subject_kind);
    if (order == 0)
        order = strcmp(a->subject, b->subject);
    if (order == 0)
        order = compare_int64(a->finding.from_ms, b->finding.from_ms);
    if (order == 0)
        order = compare_int64(a->finding.to_ms, b->finding.to_ms);
    if (order == 0)
        order = compare_int64(a->finding.mass_g, b->finding.mass_g);
    return order != 0 ? order : strcmp(a->finding.sentence, b->finding.sentence);
}

static bool same_identity(const line *a, const line *b)
{
    return a->finding.rule == b->finding.rule &&
           a->finding.subject_kind == b->finding.subject_kind &&
           strcmp(a->subject, b->subject) == 0 && a->finding.from_ms == b->finding.from_ms;
}

/* Lines are in order of identity. Findings that agree in rule, subject and start are numbered. */
static wf_status set_ids(line *lines, size_t count, wf_error *err)
{
    unsigned repeat = 0;
    for (size_t i = 0; i < count; i++) {
        repeat = i > 0 && same_identity(&lines[i - 1], &lines[i]) ? repeat + 1 : 0;
        wf_status status = set_id(&lines[i].finding, lines[i].subject, repeat, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* ---- priorities ----------------------------------------------------------------------------- */

static int compare_subject(const void *left, const void *right)
{
    const line *a = left;
    const line *b = right;
    int order = compare_int64(a->finding.subject_kind, b->finding.subject_kind);
    if (order == 0)
        order = strcmp(a->subject, b->subject);
    return order != 0 ? order : compare_identity(left, right);
}

static double probability_of(const line *lines, size_t count)
{
    double strongest[FAMILY_COUNT] = {0};
    for (size_t i = 0; i < count; i++) {
        double ratio = finding_log_ratio(&lines[i].finding);
        enum rule_family family = lines[i].finding.rule->family;
        if (ratio > strongest[family])
            strongest[family] = ratio;
    }
    double logit = log(BASE_RATE / (1 - BASE_RATE));
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        logit += strongest[i];
    return 1 / (1 + exp(-logit));
}

static double priority_of(const finding *f, double probability)
{
    static const double visit[] = {0, 0.1, 0.4, 1.0, 1.5};
    double amount = (double)f->mass_g / (double)significant_mass_g(f->stream);
    amount = fmax(0.01, fmin(fabs(amount), 20));
    if (f->class == FINDING_FACT && probability < FACT_PROBABILITY)
        probability = FACT_PROBABILITY;
    return probability * amount * visit[f->severity];
}

/* Lines are in order of subject. */
static void set_priorities(line *lines, size_t count)
{
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count &&
               lines[end].finding.subject_kind == lines[first].finding.subject_kind &&
               strcmp(lines[end].subject, lines[first].subject) == 0)
            end++;
        double probability = probability_of(lines + first, end - first);
        for (size_t i = first; i < end; i++)
            lines[i].finding.priority = priority_of(&lines[i].finding, probability);
        first = end;
    }
}

static int compare_priority(const void *left, const void *right)
{
    const line *a = left;
    const line *b = right;
    if (a->finding.priority != b->finding.priority)
        return a->finding.priority > b->finding.priority ? -1 : 1;
    int order = compare_int64(a->finding.from_ms, b->finding.from_ms);
    return order != 0 ? order : compare_identity(left, right);
}

wf_status rank_findings(audit_result *r, const city *c, wf_error *err)
{
    if (r->count == 0)
        return WF_OK;
    line *lines = malloc(r->count * sizeof *lines);
    if (lines == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory to rank %zu findings"), r->count);
    for (size_t i = 0; i < r->count; i++) {
        lines[i].finding = r->findings[i];
        lines[i].subject = finding_subject_text(c, &r->findings[i], &r->memory);
    }
    qsort(lines, r->count, sizeof *lines, compare_identity);
    wf_status status = set_ids(lines, r->count, err);
    if (status == WF_OK) {
        qsort(lines, r->count, sizeof *lines, compare_subject);
        set_priorities(lines, r->count);
        qsort(lines, r->count, sizeof *lines, compare_priority);
        for (size_t i = 0; i < r->count; i++)
            r->findings[i] = lines[i].finding;
    }
    free(lines);
    return status;
}
