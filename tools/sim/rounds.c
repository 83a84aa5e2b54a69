/*
 * sim/rounds.c: collection rounds and building sites.
 *
 * A household round is one manifest with a pick-up at each site and one receipt; a medical van
 * carries one manifest a hospital or clinic, and its ticket at the plant names none of them.
 * Building sites send load after load with the same few tippers.
 */
#include "city.h"

#include <string.h>

enum { ROUND_SITES_MAX = 12 };

static void add_round(city *c, enum code code, int32_t first, int32_t count, enum site_kind plant,
                      enum stream stream)
{
    c->rounds = grow(c->rounds, c->round_count, &c->round_room, sizeof *c->rounds);
    uint32_t plants = (uint32_t)c->of_kind_count[plant];
    c->rounds[c->round_count++] =
        (collection_round){.code = code,
                           .first = first,
                           .count = count,
                           .facility = c->of_kind[plant][random_below(&c->random, plants)],
                           .carrier = city_carrier_for(c, stream)};
}

/* Neighbours in the list share a round while their usual waste fits the vehicle. */
static void plan_code(city *c, enum code code, const enum site_kind *kinds, int kind_count,
                      enum site_kind plant, double fill_g)
{
    int32_t first = c->round_site_count;
    double sum_g = 0;
    for (int k = 0; k < kind_count; k++)
        for (int32_t i = 0; i < c->of_kind_count[kinds[k]]; i++) {
            int32_t site_index = c->of_kind[kinds[k]][i];
            double daily_g = city_holding(c, site_index, code)->daily_g;
            int32_t count = c->round_site_count - first;
            if (count > 0 && (sum_g + daily_g > fill_g || count == ROUND_SITES_MAX)) {
                add_round(c, code, first, count, plant, code_stream(code));
                first = c->round_site_count;
                sum_g = 0;
            }
            c->round_sites = grow(c->round_sites, c->round_site_count, &c->round_site_room,
                                  sizeof *c->round_sites);
            c->round_sites[c->round_site_count++] = site_index;
            sum_g += daily_g;
        }
    if (c->round_site_count > first)
        add_round(c, code, first, c->round_site_count - first, plant, code_stream(code));
}

void rounds_plan(city *c)
{
    static const enum site_kind homes[] = {COMMUNITY, MARKET}, medical[] = {CLINIC, HOSPITAL};
    plan_code(c, SW64, homes, 2, TRANSFER_STATION, 5.2 * TONNE);
    plan_code(c, SW61, homes, 2, FOOD_WASTE_PLANT, 4.4 * TONNE);
    plan_code(c, MEDICAL_WASTE, medical, 2, MEDICAL_TREATMENT, 950.0 * KG);
}

/* ---- household ---- */

static int64_t household_pick_ups(city *c, const collection_round *round, vehicle *v,
                                  const char *number, int64_t masses[])
{
    int64_t estimated_g = 0;
    for (int32_t i = 0; i < round->count; i++) {
        int32_t site_index = c->round_sites[round->first + i];
        int64_t there = v->free_at + travel_s(c, v, c->sites[site_index].at);
        track_go(c, v, c->sites[site_index].at, v->free_at, there);
        v->free_at = there + random_between(&c->random, 4, 11) * MINUTE_S;
        track_stay(c, v, there, v->free_at);
        int64_t read = (int64_t)((double)masses[i] * (1 + 0.02 * random_normal(&c->random)));
        event e = {.manifest = number,
                   .event = "picked_up",
                   .at = v->free_at,
                   .site = site_index,
                   .vehicle = v,
                   .mass_g = (read + 2500) / 5000 * 5000,
                   .scale = NOBODY};
        trip_event_row(c, &e);
        estimated_g += e.mass_g;
    }
    return estimated_g;
}

static void round_arrive(city *c, const collection_round *round, vehicle *v, const char *number)
{
    const site *plant = &c->sites[round->facility];
    int64_t there = v->free_at + travel_s(c, v, plant->at);
    track_go(c, v, plant->at, v->free_at, there);
    v->free_at = there;
    event e = {.manifest = number,
               .event = "arrived",
               .at = there,
               .site = round->facility,
               .mass_g = -1,
               .scale = NOBODY};
    if (number != NULL)
        trip_event_row(c, &e);
}

static void household_receive(city *c, const collection_round *round, vehicle *v,
                              const char *number, int64_t mass_g)
{
    const site *plant = &c->sites[round->facility];
    const scale *s = &c->scales[plant->truck_scale];
    int64_t arrived = v->free_at;
    ticket k = {.scale = plant->truck_scale, .vehicle = v, .manifest = number};
    k.gross_at = arrived + random_between(&c->random, 60, 420);
    k.tare_at = k.gross_at + random_between(&c->random, 6 * 60, 16 * 60);
    k.stored_tare = random_chance(&c->random, 0.1);
    int64_t tare_g = (int64_t)((double)v->tare_g * (1 + 0.002 * random_normal(&c->random)));
    k.gross_g = scale_read(c, s, tare_g + mass_g, k.gross_at);
    k.tare_g = k.stored_tare ? v->tare_g : scale_read(c, s, tare_g, k.tare_at);
    k.manual = random_chance(&c->random, 0.006);
    trip_ticket_row(c, &k);
    event e = {.manifest = number,
               .event = "received",
               .at = k.tare_at + random_between(&c->random, 30, 300),
               .site = round->facility,
               .mass_g = k.gross_g - k.tare_g,
               .scale = plant->truck_scale};
    trip_event_row(c, &e);
    track_stay(c, v, arrived, e.at);
    v->free_at = e.at + 4 * MINUTE_S;
    e.event = "confirmed";
    e.at += random_chance(&c->random, 0.02) ? random_between(&c->random, 3, 12) * DAY_S
                                            : random_between(&c->random, 40, 200) * MINUTE_S;
    e.mass_g = -1;
    e.scale = NOBODY;
    trip_event_row(c, &e);
    holding *there = city_holding(c, round->facility, round->code);
    there->stock_g += mass_g;
    there->fresh_g += mass_g;
}

static void household_round(city *c, const collection_round *round)
{
    uint32_t kind = round->code == SW61 ? FOOD_TRUCK : COMPACTOR;
    int64_t masses[ROUND_SITES_MAX], mass_g = 0;
    for (int32_t i = 0; i < round->count; i++) {
        const holding *h = city_holding(c, c->round_sites[round->first + i], round->code);
        masses[i] = (int64_t)(h->daily_g * c->festival * random_skewed(&c->random, 0.1));
        mass_g += masses[i];
    }
    /* busy vehicles come late, but every bin is emptied every day */
    int32_t which = trip_vehicle(c, round->carrier, kind, 0, c->day * DAY_S + 15 * HOUR_S);
    if (which == NOBODY)
        return;
    vehicle *v = &c->vehicles[which];
    char number[48];
    int64_t filed_at = v->free_at - random_between(&c->random, 5, 45) * MINUTE_S;
    trip_manifest_number(c, HOUSEHOLD, filed_at, number);
    int64_t estimated_g = household_pick_ups(c, round, v, number, masses);
    trip_manifest_row(c, number, round->code, c->round_sites[round->first], v, round->facility,
                      filed_at, estimated_g / 100000 * 100000, 0);
    round_arrive(c, round, v, number);
    /* what drips on the way: the stated loss of wet waste */
    double drip = 0.012 + 0.005 * random_normal(&c->random);
    household_receive(c, round, v, number,
                      mass_g - (int64_t)((double)mass_g * (drip > 0 ? drip : 0)));
}

/* ---- medical ---- */

typedef struct medical_load {
    char number[48];
    int64_t mass_g;
    holding *from;
} medical_load;

static void medical_pick_up(city *c, const collection_round *round, vehicle *v, medical_load *l)
{
    const site *s = &c->sites[l->from->site];
    int64_t there = v->free_at + travel_s(c, v, s->at);
    track_go(c, v, s->at, v->free_at, there);
    v->free_at = there + random_between(&c->random, 3, 9) * MINUTE_S + random_below(&c->random, 60);
    track_stay(c, v, there, v->free_at);
    l->mass_g = l->from->stock_g;
    l->from->stock_g = 0;
    int64_t read = scale_read(c, &c->scales[s->small_scale], l->mass_g, v->free_at);
    int64_t filed_at = v->free_at - random_between(&c->random, 12, 50) * MINUTE_S;
    trip_manifest_number(c, MEDICAL, filed_at, l->number);
    trip_manifest_row(c, l->number, MEDICAL_WASTE, l->from->site, v, round->facility, filed_at,
                      read, 0);
    event e = {.manifest = l->number,
               .event = "picked_up",
               .at = v->free_at,
               .site = l->from->site,
               .vehicle = v,
               .mass_g = read,
               .scale = s->small_scale};
    trip_event_row(c, &e);
}

static void medical_receive(city *c, const collection_round *round, const medical_load *l,
                            int64_t at)
{
    const site *plant = &c->sites[round->facility];
    event e = {.manifest = l->number,
               .event = "received",
               .at = at,
               .site = round->facility,
               .mass_g = scale_read(c, &c->scales[plant->small_scale], l->mass_g, at),
               .scale = plant->small_scale};
    trip_event_row(c, &e);
    e.event = "confirmed";
    e.at += random_chance(&c->random, 0.02) ? random_between(&c->random, 3, 12) * DAY_S
                                            : random_between(&c->random, 30, 300) * MINUTE_S;
    e.mass_g = -1;
    e.scale = NOBODY;
    trip_event_row(c, &e);
    holding *there = city_holding(c, round->facility, MEDICAL_WASTE);
    there->stock_g += l->mass_g;
}

/* The round's own carrier, or one that stands in for it while its vans are all out. */
static int32_t medical_van(city *c, const collection_round *round)
{
    int64_t latest = c->day * DAY_S + 17 * HOUR_S;
    int32_t which = trip_vehicle(c, round->carrier, VAN, 0, latest);
    for (int32_t i = 0; which == NOBODY && i < c->carrier_count; i++)
        if (c->carriers[i].stream == MEDICAL)
            which = trip_vehicle(c, i, VAN, 0, latest);
    return which;
}

static void medical_round(city *c, collection_round *round)
{
    int32_t which = medical_van(c, round);
    if (which == NOBODY)
        return;
    round->ran_day = c->day;
    vehicle *v = &c->vehicles[which];
    medical_load loads[ROUND_SITES_MAX];
    int count = 0;
    int64_t mass_g = 0;
    for (int32_t i = 0; i < round->count; i++) {
        medical_load *l = &loads[count];
        l->from = city_holding(c, c->round_sites[round->first + i], MEDICAL_WASTE);
        if (l->from->stock_g < 50)
            continue;
        medical_pick_up(c, round, v, l);
        mass_g += l->mass_g;
        count++;
    }
    if (count == 0)
        return;
    round_arrive(c, round, v, NULL);
    const site *plant = &c->sites[round->facility];
    const scale *s = &c->scales[plant->truck_scale];
    ticket k = {.scale = plant->truck_scale, .vehicle = v, .manifest = ""};
    k.gross_at = v->free_at + random_between(&c->random, 60, 240);
    k.tare_at = k.gross_at + random_between(&c->random, 9 * 60, 15 * 60);
    k.gross_g = scale_read(c, s, v->tare_g + mass_g, k.gross_at);
    k.tare_g = scale_read(c, s, v->tare_g, k.tare_at);
    trip_ticket_row(c, &k);
    for (int i = 0; i < count; i++) {
        event e = {.manifest = loads[i].number,
                   .event = "arrived",
                   .at = v->free_at,
                   .site = round->facility,
                   .mass_g = -1,
                   .scale = NOBODY};
        trip_event_row(c, &e);
        medical_receive(c, round, &loads[i], k.gross_at + 60 + i * 40);
    }
    track_stay(c, v, v->free_at, k.tare_at);
    v->free_at = k.tare_at + 8 * MINUTE_S;
}

/* Whoever waited yesterday is visited first today: medical waste may not lie for over two days. */
static void medical_rounds(city *c)
{
    for (int32_t i = 0; i < c->round_count; i++)
        if (c->rounds[i].code == MEDICAL_WASTE && c->rounds[i].ran_day < c->day - 1)
            medical_round(c, &c->rounds[i]);
    for (int32_t i = 0; i < c->round_count; i++)
        if (c->rounds[i].code == MEDICAL_WASTE && c->rounds[i].ran_day < c->day)
            medical_round(c, &c->rounds[i]);
}

void rounds_run(city *c)
{
    for (int32_t i = 0; i < c->round_count; i++)
        if (c->rounds[i].code != MEDICAL_WASTE)
            household_round(c, &c->rounds[i]);
    medical_rounds(c);
}

/* ---- building sites ---- */

static void construction_site_run(city *c, site *s)
{
    int loads = (int)(s->loads_per_day * random_skewed(&c->random, 0.25) + 0.5);
    if (c->rain > 0)
        loads /= 2;
    holding *h = &c->holdings[s->first_holding];
    for (int i = 0; i < loads; i++) {
        int64_t mass_g = (int64_t)(15600.0 * KG * (1 + 0.08 * random_normal(&c->random)));
        h->stock_g += mass_g; /* dug or broken as it is loaded: a building site keeps no stock */
        load l = {.from = h, .mass_g = mass_g, .facility = h->facility, .kinds = TIPPER};
        if (!trip_run(c, &l)) {
            h->stock_g = 0;
            return;
        }
        h->stock_g = 0;
        double m2 = (double)mass_g / KG / (s->kind == CONSTRUCTION_SITE ? 280 : 1300);
        s->period_driver += m2;
    }
}

void construction_run(city *c)
{
    static const enum site_kind kinds[] = {CONSTRUCTION_SITE, DEMOLITION_SITE};
    for (int k = 0; k < 2; k++)
        for (int32_t i = 0; i < c->of_kind_count[kinds[k]]; i++) {
            site *s = &c->sites[c->of_kind[kinds[k]][i]];
            if (site_is_open(c, s))
                construction_site_run(c, s);
        }
}
