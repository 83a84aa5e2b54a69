/*
 * audit/licence.c: chains of permits per holder, and a matrix of permit against waste code that
 * fills as it is asked. Registers hold some thousand permits and some hundred codes: a few MB.
 */
#include "audit/licence.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { COVER_UNKNOWN, COVER_NO, COVER_YES };

struct licence_index {
    const city *city;
    uint32_t *first_of_party, *first_of_site; /* heads of the chains */
    uint32_t *next_of_party, *next_of_site;   /* per permit */
    int32_t *first_day, *last_day;            /* per permit */
    uint8_t *covers;                          /* per permit and code */
    uint8_t *kept;                            /* per kind and code */
};

static bool allocate(licence_index *x)
{
    const city *c = x->city;
    x->first_of_party = malloc((c->party_count + 1) * sizeof *x->first_of_party);
    x->first_of_site = malloc((c->site_count + 1) * sizeof *x->first_of_site);
    x->next_of_party = malloc((c->permit_count + 1) * sizeof *x->next_of_party);
    x->next_of_site = malloc((c->permit_count + 1) * sizeof *x->next_of_site);
    x->first_day = malloc((c->permit_count + 1) * sizeof *x->first_day);
    x->last_day = malloc((c->permit_count + 1) * sizeof *x->last_day);
    x->covers = calloc((c->permit_count + 1) * (c->code_count + 1), 1);
    x->kept = calloc((size_t)PERMIT_COUNT * (c->code_count + 1), 1);
    return x->first_of_party != NULL && x->first_of_site != NULL && x->next_of_party != NULL &&
           x->next_of_site != NULL && x->first_day != NULL && x->last_day != NULL &&
           x->covers != NULL && x->kept != NULL;
}

/* Chains are built backwards, so that a walk meets permits in the order of their entry. */
static void chain_permits(licence_index *x)
{
    const city *c = x->city;
    memset(x->first_of_party, 0xff, (c->party_count + 1) * sizeof *x->first_of_party);
    memset(x->first_of_site, 0xff, (c->site_count + 1) * sizeof *x->first_of_site);
    for (size_t i = c->permit_count; i-- > 0;) {
        const permit_row *p = &c->permits[i];
        x->next_of_party[i] = x->next_of_site[i] = BOOK_NONE;
        x->first_day[i] = time_day(p->valid_from_ms, c->utc_offset_minutes);
        x->last_day[i] = time_day(p->valid_to_ms, c->utc_offset_minutes);
        if (p->known_ms != TIME_NONE && p->known_ms > c->now_ms)
            continue;
        party_id party = p->holder_party;
        if (p->holder_site < c->site_count) {
            x->next_of_site[i] = x->first_of_site[p->holder_site];
            x->first_of_site[p->holder_site] = (uint32_t)i;
            party = c->sites[p->holder_site].party;
        }
        if (party < c->party_count) {
            x->next_of_party[i] = x->first_of_party[party];
            x->first_of_party[party] = (uint32_t)i;
        }
    }
}

wf_status licence_index_new(licence_index **out, const city *c, wf_error *err)
{
    licence_index *x = calloc(1, sizeof *x);
    if (x != NULL) {
        x->city = c;
        if (allocate(x)) {
            chain_permits(x);
            *out = x;
            return WF_OK;
        }
    }
    licence_index_free(x);
    *out = NULL;
    return wf_fail(err, WF_SYSTEM, _("out of memory for the index of %zu permits"),
                   c->permit_count);
}

void licence_index_free(licence_index *x)
{
    if (x == NULL)
        return;
    free(x->first_of_party);
    free(x->first_of_site);
    free(x->next_of_party);
    free(x->next_of_site);
    free(x->first_day);
    free(x->last_day);
    free(x->covers);
    free(x->kept);
    free(x);
}

licence_walk licence_of_party(const licence_index *x, party_id party)
{
    uint32_t first = party < x->city->party_count ? x->first_of_party[party] : BOOK_NONE;
    return (licence_walk){x, first, BOOK_NONE, false};
}

licence_walk licence_of_site(const licence_index *x, site_id site)
{
    if (site >= x->city->site_count)
        return (licence_walk){x, BOOK_NONE, BOOK_NONE, true};
    return (licence_walk){x, x->first_of_site[site], x->city->sites[site].party, true};
}

uint32_t licence_next(licence_walk *w)
{
    const licence_index *x = w->index;
    if (w->of_site && w->next == BOOK_NONE) {
        /* The site's own permits are done; its party's own ones follow, not those of its sisters.
         */
        w->of_site = false;
        w->next = w->party < x->city->party_count ? x->first_of_party[w->party] : BOOK_NONE;
    }
    uint32_t permit = w->next;
    if (w->of_site) {
        w->next = permit == BOOK_NONE ? BOOK_NONE : x->next_of_site[permit];
        return permit;
    }
    while (w->party != BOOK_NONE && permit != BOOK_NONE &&
           x->city->permits[permit].holder_site != BOOK_NONE)
        permit = x->next_of_party[permit];
    w->next = permit == BOOK_NONE ? BOOK_NONE : x->next_of_party[permit];
    return permit;
}

bool licence_covers_code(licence_index *x, uint32_t permit, code_id code)
{
    const city *c = x->city;
    if (code >= c->code_count)
        return false;
    uint8_t *cell = &x->covers[(size_t)permit * c->code_count + code];
    if (*cell == COVER_UNKNOWN)
        *cell = code_matches(city_text(c, c->permits[permit].waste_codes), city_code(c, code))
                    ? COVER_YES
                    : COVER_NO;
    return *cell == COVER_YES;
}

bool licence_holds_at(const licence_index *x, uint32_t permit, int64_t ms)
{
    int32_t day = time_day(ms, x->city->utc_offset_minutes);
    return day >= x->first_day[permit] && day <= x->last_day[permit];
}

bool licence_lists_vehicle(const licence_index *x, uint32_t permit, vehicle_id vehicle)
{
    const char *list = city_text(x->city, x->city->permits[permit].vehicles);
    if (*list == '\0')
        return true;
    return vehicle < x->city->vehicle_count &&
           list_has(list, city_text(x->city, x->city->vehicles[vehicle].key));
}

bool licence_kept_for(licence_index *x, enum permit_kind kind, code_id code)
{
    const city *c = x->city;
    if (code >= c->code_count)
        return false;
    uint8_t *cell = &x->kept[(size_t)kind * c->code_count + code];
    for (size_t i = 0; *cell == COVER_UNKNOWN && i < c->permit_count; i++)
        if (c->permits[i].kind == (uint32_t)kind && licence_covers_code(x, (uint32_t)i, code))
            *cell = COVER_YES;
    if (*cell == COVER_UNKNOWN)
        *cell = COVER_NO;
    return *cell == COVER_YES;
}

bool district_other_province(const city *c, text_ref a, text_ref b)
{
    const char *one = city_text(c, a), *two = city_text(c, b);
    return strlen(one) >= 2 && strlen(two) >= 2 && strncmp(one, two, 2) != 0;
}
