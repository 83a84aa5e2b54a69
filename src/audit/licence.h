/*
 * audit/licence.h: which permit covers what, and when: the register of permits as the rules on
 * licences read it (R07, R12, R13, R14).
 *
 * Three readings, each in the holder's favour because a fact must never be wrong:
 *   - a permit holds from the first moment of the day of valid_from to the last of the day of
 *     valid_to, both inclusive, at the city's offset;
 *   - a permit counts as known when it was entered by the moment of the audit, even if that was
 *     after the act: a permit entered late but valid on the day is no breach of licence;
 *   - any permit of the holder may cover an act: a renewal, a permit of the party or of its site.
 */
#ifndef AUDIT_LICENCE_H
#define AUDIT_LICENCE_H

#include "audit/rule.h"

typedef struct licence_index licence_index;

wf_status licence_index_new(licence_index **out, const city *c, wf_error *err);
void licence_index_free(licence_index *x); /* NULL is fine */

/* The permits that a holder may rely on, ended by BOOK_NONE: of a party, its own and those of any
   of its sites (a carrier's depot); of a site, its own and those of its party. Those that the
   register did not know at city->now_ms are left out. */
typedef struct licence_walk {
    const licence_index *index;
    uint32_t next;
    party_id party; /* the second half of a site's walk; BOOK_NONE: none, or done */
    bool of_site;
} licence_walk;
licence_walk licence_of_party(const licence_index *x, party_id party);
licence_walk licence_of_site(const licence_index *x, site_id site);
uint32_t licence_next(licence_walk *w);

/* Remembered per permit and code, so a walk over a million loads matches each text once. */
bool licence_covers_code(licence_index *x, uint32_t permit, code_id code);
bool licence_holds_at(const licence_index *x, uint32_t permit, int64_t ms);
/* True when the permit lists no vehicle (it covers all of the holder) or lists this one. */
bool licence_lists_vehicle(const licence_index *x, uint32_t permit, vehicle_id vehicle);
/* Some holder has a permit of this kind for this code: the register keeps such permits at all. */
bool licence_kept_for(licence_index *x, enum permit_kind kind, code_id code);

/* Of two districts (GB/T 2260) the first two digits, the province, are given and differ. */
bool district_other_province(const city *c, text_ref a, text_ref b);

#endif
