/*
 * audit/loads.h: each load as two scales saw it, and what is wrong with the scales.
 *
 * A pair is a manifest with one pick-up and one receipt, both weighed. Its relative gap, less the
 * loss allowance, is y = a(origin scale) - b(destination scale) + what this is all about. The scale
 * effects come from ordinary traffic by a robust two-way fit (median polish; detection.md 4.8), in
 * windows of time because a scale goes wrong on some day. An origin scale that only one carrier
 * uses is not fitted: its effect and its carrier's could not be told apart.
 */
#ifndef AUDIT_LOADS_H
#define AUDIT_LOADS_H

#include "book/city.h"

struct audit_shared;

typedef struct weight_pair {
    manifest_id manifest;
    scale_id origin, destination;
    weighing_id origin_ticket, destination_ticket; /* BOOK_NONE: weighed without a ticket */
    int64_t at_ms;                                 /* received */
    int64_t known_ms;                              /* the later of what the pair needs */
    double sent_g, arrived_g;
    double allowance_g; /* expected loss */
    double bias_g;      /* what the two scales' own effects make of this load */
    double plain_gap_g; /* sent - arrived - allowance, as the scales showed it */
    double gap_g;       /* sent - arrived - allowance - bias: > 0 is mass that did not arrive */
    double sigma_g;     /* of gap_g, after robust inflation */
    double z;           /* gap_g / sigma_g */
} weight_pair;

enum { SCALE_WINDOW_DAYS = 15 };

/* The effect of a scale in a window, relative; > 0 shows too much. */
typedef struct scale_effect {
    double effect, sigma;
    uint32_t pairs;
    uint32_t partners; /* different scales at the other end */
} scale_effect;

typedef struct load_table {
    weight_pair *pairs; /* in order of at_ms */
    size_t count;
    scale_effect *effects; /* scale * window_count + window */
    size_t window_count;
    int64_t start_ms;
} load_table;

wf_status load_table_make(load_table *out, const city *c, const struct audit_shared *s,
                          wf_error *err);
void load_table_free(load_table *t);
size_t load_window(const load_table *t, int64_t ms);
/* True when the scale was off by more than 0.4 % and four of its sigmas in this window, with at
   least ten pairs and so many partners: it goes to metrology (R24: 3 partners) and accuses nobody.
 */
bool load_scale_off(const load_table *t, scale_id scale, size_t window, uint32_t partners);
/* True when either scale of the pair was off then or in the windows beside. */
bool load_pair_blocked(const load_table *t, const weight_pair *p, uint32_t partners);

/* The best figure for what left and what arrived, for other rules: the ticket where there is
   exactly one at that end (an event's mass may be typed wrong, a ticket comes from the scale),
   unless both parties corrected the mass afterwards. MASS_NONE: not known. */
int64_t load_sent_g(const city *c, const struct audit_shared *s, manifest_id m);
int64_t load_arrived_g(const city *c, const struct audit_shared *s, manifest_id m);
/* Of what arrived, what was not refused. */
int64_t load_accepted_g(const city *c, const struct audit_shared *s, manifest_id m);

#endif
