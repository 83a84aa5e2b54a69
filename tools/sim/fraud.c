/*
 * sim/fraud.c: who cheats, how, and the answer key (truth.csv, truth_acts.csv).
 *
 * The plan is drawn before the first day; most frauds then happen inside the honest parts (a load
 * loses mass on the way in trip.c, a batch is declared too small in day.c), and what goes beside
 * every record (night dumps, secret loads, ghost tickets, circles) happens in fraud_day. Each case
 * counts its own acts, so the key says what was done and not what was planned. README.md lists
 * them.
 */
#include "city.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fraud_active(const city *c, int32_t index)
{
    if (index == NOBODY)
        return false;
    int64_t noon = c->day * DAY_S + 12 * HOUR_S;
    return noon >= c->cases[index].window_from && noon < c->cases[index].window_to;
}

static void add_related(fraud_case *f, const char *id)
{
    size_t length = strlen(id);
    if (f->related_count >= RELATED_MAX || length == 0 ||
        (f->related != NULL && strstr(f->related, id) != NULL)) /* ids of one kind are as long */
        return;
    char *grown = realloc(f->related, f->related_length + length + 2);
    if (grown == NULL)
        exit(4);
    f->related = grown;
    if (f->related_count++ > 0)
        f->related[f->related_length++] = '|';
    memcpy(f->related + f->related_length, id, length + 1);
    f->related_length += length;
}

void fraud_act(city *c, int32_t index, int64_t at, int64_t mass_g, const char *related)
{
    fraud_case *f = &c->cases[index];
    if (at >= c->end)
        return;
    if (f->first_at == 0 || at < f->first_at)
        f->first_at = at;
    f->last_at = at > f->last_at ? at : f->last_at;
    f->mass_g += mass_g;
    if (strcmp(f->fraud, "F05") != 0) /* there the site's whole book is the evidence */
        add_related(f, related);
    row_begin(c->out, TABLE_TRUTH_ACTS, at);
    city_cell(c, ID_CASE, index);
    cell_time(c->out, at);
    cell_kg(c->out, mass_g);
    if (strchr(related, ',') != NULL)
        cell_quoted(c->out, related);
    else
        cell_text(c->out, related);
    row_end(c->out);
}

void report_near(city *c, point at, int64_t time, const char *category, const char *text)
{
    writer *w = c->out;
    row_begin(w, TABLE_REPORTS, time);
    city_cell(c, ID_REPORT, (int32_t)c->report_serial++);
    cell_time(w, time);
    cell_degrees(w, at.lat + 0.0003 * random_normal(&c->random), 5);
    cell_degrees(w, at.lon + 0.0003 * random_normal(&c->random), 5);
    cell_text(w, category);
    cell_text(w, text);
    row_end(w);
}

/* ---- the plan ---- */

static int32_t add_case(city *c, const char *fraud, enum id_kind subject, int32_t index)
{
    c->cases = grow(c->cases, c->case_count, &c->case_room, sizeof *c->cases);
    fraud_case *f = &c->cases[c->case_count];
    double span = (double)(c->end - c->start);
    f->fraud = fraud;
    f->subject_kind = subject == ID_PARTY ? "party" : "site";
    city_id(c, subject, index, f->subject_id);
    f->window_from = c->start + (int64_t)(span * random_range(&c->random, 0.15, 0.35));
    f->window_to = c->start + (int64_t)(span * random_range(&c->random, 0.75, 1.0));
    f->place = city_random_point(c);
    return c->case_count++;
}

static void add_culprit(city *c, int32_t index, enum id_kind kind, int32_t who)
{
    fraud_case *f = &c->cases[index];
    size_t length = strlen(f->culprits);
    char id[48];
    city_id(c, kind, who, id);
    snprintf(f->culprits + length, sizeof f->culprits - length, "%s%s", length > 0 ? "|" : "", id);
}

/* The place of a case, as an id of its evidence. */
static void add_place(city *c, int32_t index)
{
    fraud_case *f = &c->cases[index];
    char place[48];
    snprintf(place, sizeof place, "%.5f,%.5f", f->place.lat, f->place.lon);
    add_related(f, place);
}

static void plan_shaving(city *c)
{
    int32_t who = city_carrier_for(c, random_chance(&c->random, 0.7) ? INDUSTRIAL : HAZARDOUS);
    carrier *k = &c->carriers[who];
    if (k->shave_case != NOBODY)
        return;
    k->shave_case = add_case(c, "F02", ID_PARTY, k->party);
    c->cases[k->shave_case].share = random_range(&c->random, 0.02, 0.08);
    add_culprit(c, k->shave_case, ID_PARTY, k->party);
    add_place(c, k->shave_case);
}

/* A holding of a factory that suits: found from a random place on. */
static holding *find_holding(city *c, bool (*suits)(const city *, const holding *))
{
    int32_t from = (int32_t)random_below(&c->random, (uint32_t)c->holding_count);
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[(from + i) % c->holding_count];
        const site *s = &c->sites[h->site];
        if (s->kind == FACTORY && s->shutdown_to == 0 && h->under_case == NOBODY &&
            h->export_case == NOBODY && suits(c, h))
            return h;
    }
    return NULL;
}

static bool suits_hiding(const city *c, const holding *h)
{
    (void)c;
    return h->daily_g > 1500.0 * KG && code_stream(h->code) == INDUSTRIAL;
}

static void plan_hiding(city *c)
{
    holding *h = find_holding(c, suits_hiding);
    if (h == NULL)
        return;
    h->under_case = add_case(c, "F03", ID_SITE, h->site);
    c->cases[h->under_case].share = random_range(&c->random, 0.3, 0.7);
    add_culprit(c, h->under_case, ID_SITE, h->site);
    add_culprit(c, h->under_case, ID_PARTY, c->carriers[h->carrier].party);
    add_place(c, h->under_case);
}

static bool suits_export(const city *c, const holding *h)
{
    return code_stream(h->code) == HAZARDOUS && h->code != HW_COPPER &&
           h->daily_g * (double)c->options.days > 3.0 * (double)h->lot_g;
}

static void plan_export(city *c)
{
    holding *h = find_holding(c, suits_export);
    if (h == NULL)
        return;
    h->export_case = add_case(c, "F14", ID_SITE, h->site);
    h->honest_facility = h->facility;
    fraud_case *f = &c->cases[h->export_case];
    if (h->has_cross_permit) { /* beyond the approval, whenever that is used up */
        f->window_from = c->start;
        f->window_to = c->end;
    }
    add_culprit(c, h->export_case, ID_SITE, h->site);
}

static void plan_lazy(city *c)
{
    static const enum site_kind kinds[] = {HAZARDOUS_TREATMENT, INCINERATOR, RECYCLER};
    enum site_kind kind = kinds[random_below(&c->random, 3)];
    int32_t index = c->of_kind[kind][random_below(&c->random, (uint32_t)c->of_kind_count[kind])];
    site *s = &c->sites[index];
    if (s->foreign || s->lazy_case != NOBODY)
        return;
    s->lazy_case = add_case(c, "F05", ID_SITE, index);
    c->cases[s->lazy_case].share = random_range(&c->random, 0.15, 0.4);
    add_culprit(c, s->lazy_case, ID_SITE, index);
}

static void plan_ghosts(city *c)
{
    int32_t plant =
        c->of_kind[RECYCLER][random_below(&c->random, (uint32_t)c->of_kind_count[RECYCLER])];
    site *s = &c->sites[plant];
    if (s->ghost_case != NOBODY)
        return;
    int32_t who = city_carrier_for(c, CONSTRUCTION);
    s->ghost_case = add_case(c, "F06", ID_SITE, plant);
    c->cases[s->ghost_case].nodes[0] = who;
    add_culprit(c, s->ghost_case, ID_SITE, plant);
    add_culprit(c, s->ghost_case, ID_PARTY, c->carriers[who].party);
}

static void plan_circle(city *c)
{
    uint32_t count = (uint32_t)c->of_kind_count[RECYCLER];
    uint32_t from = random_below(&c->random, count);
    int32_t index = add_case(c, "F07", ID_SITE, c->of_kind[RECYCLER][from]);
    fraud_case *f = &c->cases[index];
    for (uint32_t i = 0; i < 3; i++) {
        f->nodes[i] = c->of_kind[RECYCLER][(from + i) % count];
        holding *h = city_holding(c, f->nodes[i], SW14);
        if (h->carrier == NOBODY)
            h->carrier = city_carrier_for(c, INDUSTRIAL);
        add_culprit(c, index, ID_SITE, f->nodes[i]);
    }
}

static void plan_pit(city *c)
{
    int32_t count = c->of_kind_count[CONSTRUCTION_SITE];
    int32_t from = (int32_t)random_below(&c->random, (uint32_t)count);
    for (int32_t i = 0; i < count; i++) {
        int32_t index = c->of_kind[CONSTRUCTION_SITE][(from + i) % count];
        site *s = &c->sites[index];
        int64_t opened = s->opened_at > c->start ? s->opened_at : c->start;
        int64_t closed = s->closed_at < c->end ? s->closed_at : c->end;
        if (s->pit_case != NOBODY || closed - opened < 15 * DAY_S)
            continue;
        s->pit_case = add_case(c, "F12", ID_SITE, index);
        fraud_case *f = &c->cases[s->pit_case];
        f->window_from = opened + (closed - opened) / 5;
        f->window_to = closed;
        add_culprit(c, s->pit_case, ID_SITE, index);
        const holding *h = &c->holdings[s->first_holding];
        add_culprit(c, s->pit_case, ID_PARTY, c->carriers[h->carrier].party);
        add_place(c, s->pit_case);
        return;
    }
}

void fraud_plan(city *c)
{
    if (!c->options.frauds)
        return;
    int of_each = (int)(c->options.size * 0.4 + 0.5);
    for (int i = 0; i < (of_each < 1 ? 1 : of_each); i++) {
        plan_shaving(c);
        plan_hiding(c);
        plan_lazy(c);
        plan_ghosts(c);
        plan_pit(c);
        plan_export(c);
        if (i < 10)
            plan_circle(c);
    }
}

/* ---- what happens beside the honest day ---- */

/* To a site, load, to a secret place, unload; no paper. Returns the time of unloading. */
static int64_t secret_load(city *c, vehicle *v, point from, point to)
{
    int64_t there = v->free_at + travel_s(c, v, from);
    track_go(c, v, from, v->free_at, there);
    int64_t loaded = there + random_between(&c->random, 14, 26) * MINUTE_S;
    track_stay(c, v, there, loaded);
    int64_t dumping = loaded + travel_s(c, v, to);
    track_go(c, v, to, loaded, dumping);
    v->free_at = dumping + random_between(&c->random, 11, 22) * MINUTE_S;
    track_stay(c, v, dumping, v->free_at);
    if (random_chance(&c->random, 0.12))
        report_near(c, to, dumping + random_between(&c->random, 4, 60) * HOUR_S, "dumping",
                    "空地上有新倒的渣土");
    return dumping;
}

static void dump_at_night(city *c, holding *h)
{
    int64_t load_g = 9 * TONNE;
    if (h->hidden_g < load_g || !fraud_active(c, h->under_case))
        return;
    int64_t evening = c->day * DAY_S + 20 * HOUR_S;
    int32_t which = trip_vehicle(c, h->carrier, TRUCK, load_g, evening);
    if (which == NOBODY)
        return;
    vehicle *v = &c->vehicles[which];
    if (v->out_today)
        track_go_home(c, v);
    v->free_at = c->day * DAY_S + 22 * HOUR_S + random_between(&c->random, 20, 80) * MINUTE_S;
    int64_t mass_g = h->hidden_g < 14 * TONNE ? h->hidden_g : 14 * TONNE;
    fraud_case *f = &c->cases[h->under_case];
    int64_t at = secret_load(c, v, c->sites[h->site].at, f->place);
    h->hidden_g -= mass_g;
    fraud_act(c, h->under_case, at, mass_g, v->plate);
    track_go_home(c, v);
    v->out_today = false;
}

static void send_to_pit(city *c, site *s)
{
    holding *h = &c->holdings[s->first_holding];
    int loads = (int)random_below(&c->random, 3);
    fraud_case *f = &c->cases[s->pit_case];
    for (int i = 0; i < loads; i++) {
        int32_t which = trip_vehicle(c, h->carrier, TIPPER, 0, c->day * DAY_S + 18 * HOUR_S);
        if (which == NOBODY)
            return;
        vehicle *v = &c->vehicles[which];
        int64_t begun = v->free_at;
        int64_t mass_g = (int64_t)(15600.0 * KG * (1 + 0.08 * random_normal(&c->random)));
        int64_t at = secret_load(c, v, s->at, f->place);
        if (!random_chance(&c->random, 0.3)) {
            fraud_act(c, s->pit_case, at, mass_g, v->plate);
            continue;
        }
        char number[48]; /* some are filed as if they went to the spoil ground */
        int64_t picked = begun + (at - begun) / 2;
        trip_manifest_number(c, CONSTRUCTION, begun, number);
        trip_manifest_row(c, number, h->code, h->site, v, h->facility, begun,
                          mass_g / 100000 * 100000, 0);
        event e = {.manifest = number,
                   .event = "picked_up",
                   .at = picked,
                   .site = h->site,
                   .vehicle = v,
                   .mass_g = mass_g / 100000 * 100000,
                   .scale = NOBODY};
        trip_event_row(c, &e);
        fraud_act(c, s->pit_case, at, mass_g, number);
    }
}

static int32_t open_building_site(city *c)
{
    int32_t count = c->of_kind_count[DEMOLITION_SITE];
    int32_t from = (int32_t)random_below(&c->random, (uint32_t)count);
    for (int32_t i = 0; i < count; i++) {
        int32_t index = c->of_kind[DEMOLITION_SITE][(from + i) % count];
        if (site_is_open(c, &c->sites[index]))
            return index;
    }
    return NOBODY;
}

/* A ticket and a whole manifest for a truck that stands in its yard. */
static void write_ghost(city *c, int32_t plant, vehicle *v, int32_t generator, int64_t mass_g)
{
    const site *s = &c->sites[plant];
    const scale *k = &c->scales[s->truck_scale];
    char number[48];
    int64_t gross_at = v->free_at + random_between(&c->random, 50, 90) * MINUTE_S;
    int64_t filed_at = gross_at - 2 * HOUR_S;
    trip_manifest_number(c, CONSTRUCTION, filed_at, number);
    trip_manifest_row(c, number, SW73, generator, v, plant, filed_at, mass_g / 100000 * 100000, 0);
    event e = {.manifest = number,
               .event = "picked_up",
               .at = gross_at - 50 * MINUTE_S,
               .site = generator,
               .vehicle = v,
               .mass_g = mass_g / 100000 * 100000,
               .scale = NOBODY};
    trip_event_row(c, &e);
    e = (event){.manifest = number,
                .event = "arrived",
                .at = gross_at - 4 * MINUTE_S,
                .site = plant,
                .mass_g = -1,
                .scale = NOBODY};
    trip_event_row(c, &e);
    ticket t = {.scale = s->truck_scale,
                .vehicle = v,
                .gross_at = gross_at,
                .tare_at = gross_at + 10 * MINUTE_S,
                .manifest = number};
    t.gross_g = scale_read(c, k, v->tare_g + mass_g, gross_at);
    t.tare_g = scale_read(c, k, v->tare_g, gross_at);
    trip_ticket_row(c, &t);
    e.event = "received";
    e.at = t.tare_at + 3 * MINUTE_S;
    e.mass_g = t.gross_g - t.tare_g;
    e.scale = s->truck_scale;
    trip_event_row(c, &e);
    e = (event){.manifest = number,
                .event = "confirmed",
                .at = t.tare_at + 3 * HOUR_S,
                .site = plant,
                .mass_g = -1,
                .scale = NOBODY};
    trip_event_row(c, &e);
    fraud_act(c, s->ghost_case, gross_at, t.gross_g - t.tare_g, number);
    city_holding(c, plant, SW73)->ghost_g += t.gross_g - t.tare_g;
}

static void invent_load(city *c, int32_t plant)
{
    const site *s = &c->sites[plant];
    int32_t generator = open_building_site(c);
    if (generator == NOBODY || !random_chance(&c->random, 0.5))
        return;
    int32_t carrier_index = c->cases[s->ghost_case].nodes[0];
    int32_t which = trip_vehicle(c, carrier_index, TIPPER, 0, c->day * DAY_S + 15 * HOUR_S);
    if (which == NOBODY)
        return;
    vehicle *v = &c->vehicles[which];
    track_go_home(c, v);
    int64_t mass_g = (int64_t)(15500.0 * KG * (1 + 0.05 * random_normal(&c->random)));
    write_ghost(c, plant, v, generator, mass_g);
    track_stay(c, v, v->free_at + MINUTE_S, v->free_at + 3 * HOUR_S);
    v->free_at += 3 * HOUR_S;
}

/* One hop a day of the same lot, and then a rest. */
static void turn_circle(city *c, int32_t index)
{
    fraud_case *f = &c->cases[index];
    if (!fraud_active(c, index) || !day_is_working(c->day) ||
        (f->stage % 3 == 0 && !random_chance(&c->random, 0.25)))
        return;
    holding *h = city_holding(c, f->nodes[f->stage % 3], SW14);
    int64_t mass_g = h->stock_g < 13 * TONNE ? h->stock_g : 13 * TONNE;
    load l = {
        .from = h, .mass_g = mass_g, .facility = f->nodes[(f->stage + 1) % 3], .kinds = TRUCK};
    if (mass_g < 4 * TONNE || !trip_run(c, &l) || c->last_manifest[0] == '\0')
        return;
    f->stage++;
    fraud_act(c, index, c->day * DAY_S + 17 * HOUR_S, mass_g, c->last_manifest);
}

void fraud_day(city *c)
{
    for (int32_t i = 0; i < c->case_count; i++)
        if (strcmp(c->cases[i].fraud, "F07") == 0)
            turn_circle(c, i);
    for (int32_t i = 0; i < c->site_count; i++) {
        site *s = &c->sites[i];
        if (fraud_active(c, s->ghost_case))
            invent_load(c, i);
        if (fraud_active(c, s->pit_case) && site_is_open(c, s))
            send_to_pit(c, s);
    }
    int32_t abroad = c->of_kind[HAZARDOUS_TREATMENT][c->of_kind_count[HAZARDOUS_TREATMENT] - 1];
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[i];
        if (h->under_case != NOBODY)
            dump_at_night(c, h);
        if (h->export_case != NOBODY && !h->has_cross_permit)
            h->facility = fraud_active(c, h->export_case) ? abroad : h->honest_facility;
    }
}

/* ---- the answer key ---- */

void fraud_write(city *c)
{
    writer *w = c->out;
    for (int32_t i = 0; i < c->case_count; i++) {
        const fraud_case *f = &c->cases[i];
        if (f->first_at == 0) /* planned, but there was no occasion */
            continue;
        row_begin(w, TABLE_TRUTH, c->end - 1);
        city_cell(c, ID_CASE, i);
        cell_text(w, f->fraud);
        cell_text(w, f->subject_kind);
        cell_text(w, f->subject_id);
        cell_time(w, f->first_at);
        cell_time(w, f->last_at);
        cell_kg(w, f->mass_g);
        if (f->related != NULL)
            cell_quoted(w, f->related);
        else
            cell_empty(w);
        cell_text(w, f->culprits);
        row_end(w);
    }
}

void fraud_free(city *c)
{
    for (int32_t i = 0; i < c->case_count; i++)
        free(c->cases[i].related);
    free(c->cases);
}
