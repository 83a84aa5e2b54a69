/*
 * sim/trip.c: one load from the generator to the facility, with the rows it leaves and the mishaps
 * of honest people: cancellations, refusals, redirections, typing errors, manual tickets, late
 * confirmations, duplicate rows.
 */
#include "city.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double distance_km(point a, point b)
{
    double north = (a.lat - b.lat) * 111.2, east = (a.lon - b.lon) * 96.3; /* at 30 degrees north */
    return sqrt(north * north + east * east);
}

int64_t travel_s(city *c, const vehicle *v, point to)
{
    double km = distance_km(v->at, to) * 1.3;
    double speed = km > 40 ? 62 : v->kind == COMPACTOR || v->kind == VAN ? 26 : 34;
    return 120 + (int64_t)(km / speed * HOUR_S * random_range(&c->random, 0.85, 1.2));
}

int64_t scale_read(city *c, const scale *s, int64_t mass_g, int64_t at)
{
    double off = s->systematic + (at >= s->off_from && at < s->off_to ? s->off_by : 0);
    double read =
        (double)mass_g * (1 + off) + 0.45 * (double)s->division_g * random_normal(&c->random);
    int64_t divisions = (int64_t)(read / (double)s->division_g + 0.5);
    return (divisions < 0 ? 0 : divisions) * s->division_g;
}

/* ---- manifest numbers ---- */

static void put_number(char *at, uint64_t number, int digits)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    at[digits] = '\0';
}

/* Hazardous and medical: year, area, serial (14 digits); others: letters, date, serial of the day.
   A city with more than 899 999 hazardous manifests a year takes the next area. */
void trip_manifest_number(city *c, enum stream stream, int64_t filed_at, char out[48])
{
    size_t length = strlen(c->options.prefix);
    memcpy(out, c->options.prefix, length);
    char date[11];
    int64_t day = filed_at / DAY_S;
    time_date(day, date);
    if (stream == HAZARDOUS || stream == MEDICAL) {
        uint64_t serial = c->hazardous_serial++;
        memcpy(out + length, date, 4);
        put_number(out + length + 4, 3306 + serial / 899999, 4);
        put_number(out + length + 8, 100001 + serial % 899999, 6);
        return;
    }
    int which = stream == INDUSTRIAL ? 0 : stream == CONSTRUCTION ? 1 : 2;
    size_t slot = (size_t)(day % 8);
    if (c->day_serial_day[which][slot] != day) {
        c->day_serial_day[which][slot] = day;
        c->day_serial[which][slot] = 0;
    }
    memcpy(out + length, which == 0 ? "GY" : which == 1 ? "JZ" : "SH", 2);
    memcpy(out + length + 2, date, 4);
    memcpy(out + length + 6, date + 5, 2);
    memcpy(out + length + 8, date + 8, 2);
    put_number(out + length + 10, ++c->day_serial[which][slot], 5);
}

/* ---- rows ---- */

static void duplicate_sometimes(city *c)
{
    if (random_chance(&c->random, 0.005))
        row_repeat(c->out);
}

static void cell_entered(city *c, int64_t at, int64_t delay_s)
{
    if (delay_s > 0)
        cell_time(c->out, at + delay_s);
    else
        cell_empty(c->out);
}

void trip_manifest_row(city *c, const char *number, enum code code, int32_t generator,
                       const vehicle *v, int32_t facility, int64_t filed_at, int64_t declared_g,
                       int64_t entered_delay_s)
{
    writer *w = c->out;
    row_begin(w, TABLE_MANIFESTS, filed_at);
    cell_text(w, number);
    cell_text(w, stream_text[code_stream(code)]);
    cell_text(w, code_text[code]);
    city_cell(c, ID_SITE, generator);
    city_cell(c, ID_PARTY, v->party);
    cell_text(w, v->plate);
    city_cell(c, ID_SITE, facility);
    cell_time(w, filed_at);
    cell_kg(w, declared_g);
    cell_entered(c, filed_at, entered_delay_s);
    row_end(w);
    duplicate_sometimes(c);
    c->manifests++;
}

void trip_event_row(city *c, const event *e)
{
    writer *w = c->out;
    row_begin(w, TABLE_EVENTS, e->at);
    cell_text(w, e->manifest);
    cell_text(w, e->event);
    cell_time(w, e->at);
    city_cell(c, ID_SITE, e->site);
    cell_empty(w);
    cell_text(w, e->vehicle != NULL ? e->vehicle->plate : "");
    if (e->mass_g >= 0)
        cell_kg(w, e->mass_g);
    else
        cell_empty(w);
    city_cell(c, ID_SCALE, e->scale);
    cell_text(w, e->note != NULL ? e->note : "");
    cell_entered(c, e->at, e->entered_delay_s);
    row_end(w);
    duplicate_sometimes(c);
}

void trip_ticket_row(city *c, const ticket *t)
{
    writer *w = c->out;
    int64_t later = t->stored_tare || t->gross_at > t->tare_at ? t->gross_at : t->tare_at;
    /* the ticket's number begins with the scale's id; no printf for a row of every load */
    char prefix[64];
    size_t length = strlen(c->options.prefix);
    memcpy(prefix, c->options.prefix, length);
    prefix[length] = 'W';
    put_number(prefix + length + 1, (uint64_t)t->scale + 1,
               t->scale < 9999    ? 4
               : t->scale < 99999 ? 5
                                  : 6);
    strcat(prefix, "-");
    row_begin(w, TABLE_WEIGHINGS, later);
    cell_id(w, prefix, ++c->scales[t->scale].tickets, 6);
    city_cell(c, ID_SCALE, t->scale);
    cell_text(w, t->vehicle->plate);
    cell_time(w, t->gross_at);
    cell_kg(w, t->gross_g);
    if (t->stored_tare)
        cell_empty(w);
    else
        cell_time(w, t->tare_at);
    cell_kg(w, t->tare_g);
    cell_text(w, t->manifest);
    cell_number(w, t->manual ? 1 : 0);
    row_end(w);
    duplicate_sometimes(c);
}

/* ---- a trip ---- */

int32_t trip_vehicle(city *c, int32_t carrier_index, uint32_t kinds, int64_t mass_g, int64_t latest)
{
    const carrier *k = &c->carriers[carrier_index];
    int32_t best = NOBODY;
    for (int32_t i = k->first_vehicle; i < k->first_vehicle + k->vehicle_count; i++) {
        const vehicle *v = &c->vehicles[i];
        if ((v->kind & kinds) != 0 && v->payload_g >= mass_g && v->free_at <= latest &&
            (best == NOBODY || v->free_at < c->vehicles[best].free_at))
            best = i;
    }
    return best;
}

typedef struct trip {
    holding *from;
    vehicle *with;
    const site *generator, *facility;
    int32_t facility_index;
    char number[48];
    int64_t mass_g, tare_g; /* true */
    int64_t filed_at, loading_at, picked_at, arrived_at, gross_at, tare_at, received_at;
    int64_t declared_g, picked_g; /* measured or estimated */
    int64_t refused_g;
    int64_t entered_delay_s;
} trip;

static void trip_times(city *c, trip *t)
{
    random_state *r = &c->random;
    t->loading_at = t->with->free_at + travel_s(c, t->with, t->generator->at);
    t->picked_at = t->loading_at + random_between(r, 13, 30) * MINUTE_S + random_below(r, 60);
    track_go(c, t->with, t->generator->at, t->with->free_at, t->loading_at);
    track_stay(c, t->with, t->loading_at, t->picked_at);
    bool quick = code_stream(t->from->code) == CONSTRUCTION;
    t->filed_at =
        t->picked_at - random_between(r, 30, quick ? 180 : 840) * MINUTE_S - random_below(r, 60);
}

static int64_t trip_estimate(city *c, const trip *t)
{
    int64_t step = code_stream(t->from->code) == HAZARDOUS ? 10 * KG : 100 * KG;
    int64_t mass = (int64_t)((double)t->mass_g * (1 + 0.035 * random_normal(&c->random)));
    int64_t steps = (mass + step / 2) / step;
    return (steps < 1 ? 1 : steps) * step;
}

static void trip_pick_up(city *c, trip *t)
{
    const site *g = t->generator;
    int32_t scale_index = NOBODY;
    t->picked_g = t->declared_g;
    if (g->truck_scale != NOBODY && t->with->kind != HAZMAT_LIGHT) {
        const scale *s = &c->scales[g->truck_scale];
        ticket k = {.scale = scale_index = g->truck_scale,
                    .vehicle = t->with,
                    .gross_at = t->picked_at,
                    .tare_at = t->loading_at + 2 * MINUTE_S,
                    .stored_tare = random_chance(&c->random, 0.03),
                    .manifest = t->number};
        k.gross_g = scale_read(c, s, t->tare_g + t->mass_g, t->picked_at);
        k.tare_g = k.stored_tare ? t->with->tare_g : scale_read(c, s, t->tare_g, t->picked_at);
        t->picked_g = k.gross_g - k.tare_g;
        trip_ticket_row(c, &k);
    } else if (g->small_scale != NOBODY) {
        scale_index = g->small_scale;
        t->picked_g = scale_read(c, &c->scales[scale_index], t->mass_g, t->picked_at);
    }
    event e = {.manifest = t->number,
               .event = "picked_up",
               .at = t->picked_at,
               .site = t->from->site,
               .vehicle = t->with,
               .mass_g = t->picked_g,
               .scale = scale_index,
               .entered_delay_s = t->entered_delay_s};
    bool mistyped = random_chance(&c->random, 0.0012);
    if (mistyped)
        e.mass_g = random_chance(&c->random, 0.5) ? t->picked_g / 10 * 10 + 9 * TONNE / 10
                                                  : t->picked_g * 10;
    trip_event_row(c, &e);
    if (mistyped) {
        event right = {.manifest = t->number,
                       .event = "corrected",
                       .at = t->picked_at + random_between(&c->random, 8, 40) * HOUR_S,
                       .site = t->from->site,
                       .mass_g = t->picked_g,
                       .scale = NOBODY,
                       .note = "录入有误，双方核对更正"};
        trip_event_row(c, &right);
    }
    t->from->stock_g -= t->mass_g;
}

/* Told on the way that the facility is being repaired: to another of its kind. */
static void trip_redirect(city *c, trip *t, int64_t at)
{
    enum site_kind kind = t->facility->kind;
    int32_t other = NOBODY;
    for (int32_t i = 0; i < c->of_kind_count[kind] && other == NOBODY; i++)
        if (c->of_kind[kind][i] != t->facility_index && !c->sites[c->of_kind[kind][i]].foreign)
            other = c->of_kind[kind][i];
    if (other == NOBODY || t->facility->foreign)
        return;
    event e = {.manifest = t->number,
               .event = "redirected",
               .at = at,
               .site = other,
               .mass_g = -1,
               .scale = NOBODY,
               .note = "设备检修"};
    trip_event_row(c, &e);
    t->facility_index = other;
    t->facility = &c->sites[other];
}

/* To the facility; a carrier that shaves stops on the way at its secret place. */
static void trip_drive(city *c, trip *t)
{
    carrier *k = &c->carriers[t->from->carrier];
    int64_t depart = t->picked_at + 60;
    if (fraud_active(c, k->shave_case) && random_chance(&c->random, 0.6) &&
        (t->generator->truck_scale != NOBODY || t->generator->small_scale != NOBODY)) {
        fraud_case *f = &c->cases[k->shave_case];
        int64_t there = depart + travel_s(c, t->with, f->place);
        track_go(c, t->with, f->place, depart, there);
        depart = there + random_between(&c->random, 14, 26) * MINUTE_S;
        track_stay(c, t->with, there, depart);
        int64_t shaved =
            (int64_t)((double)t->mass_g * f->share * random_range(&c->random, 0.6, 1.4));
        t->mass_g -= shaved;
        fraud_act(c, k->shave_case, there, shaved, t->number);
    }
    if (random_chance(&c->random, 0.0005))
        trip_redirect(c, t, depart + 60);
    t->arrived_at = depart + travel_s(c, t->with, t->facility->at);
    track_go(c, t->with, t->facility->at, depart, t->arrived_at);
    enum stream stream = code_stream(t->from->code);
    if (stream == CONSTRUCTION)
        t->mass_g +=
            (int64_t)((double)t->mass_g * (c->rain - 0.002 + 0.001 * random_normal(&c->random)));
    event e = {.manifest = t->number,
               .event = "arrived",
               .at = t->arrived_at,
               .site = t->facility_index,
               .mass_g = -1,
               .scale = NOBODY,
               .entered_delay_s = t->entered_delay_s};
    trip_event_row(c, &e);
    t->gross_at = t->arrived_at + random_between(&c->random, 60, 480);
    t->tare_at = t->gross_at + random_between(&c->random, 8 * 60, 17 * 60);
    t->received_at = t->tare_at + random_between(&c->random, 60, 480);
    track_stay(c, t->with, t->arrived_at, t->received_at);
}

static void trip_confirm(city *c, const trip *t)
{
    bool dangerous = code_stream(t->from->code) == HAZARDOUS;
    int64_t delay = random_between(&c->random, 10 * MINUTE_S, (dangerous ? 28 : 7) * HOUR_S);
    if (random_chance(&c->random, 0.02)) /* forgotten, then found */
        delay = random_between(&c->random, 4 * DAY_S, 14 * DAY_S);
    event e = {.manifest = t->number,
               .event = "confirmed",
               .at = t->received_at + delay,
               .site = t->facility_index,
               .mass_g = -1,
               .scale = NOBODY};
    if (!random_chance(&c->random, 0.002))
        trip_event_row(c, &e);
}

static void trip_receive(city *c, trip *t)
{
    random_state *r = &c->random;
    holding *there = city_holding(c, t->facility_index, t->from->code);
    int32_t scale_index = t->facility->truck_scale;
    const scale *s = &c->scales[scale_index];
    event e = {.manifest = t->number,
               .event = "received",
               .at = t->received_at,
               .site = t->facility_index,
               .scale = scale_index,
               .entered_delay_s = t->entered_delay_s};
    double dice = random_unit(r);
    if (dice < 0.004) {
        e.mass_g = t->picked_g - t->refused_g;
        e.scale = NOBODY;
        e.note = "地磅故障，按发出量计";
    } else {
        ticket k = {.scale = scale_index,
                    .vehicle = t->with,
                    .gross_at = t->gross_at,
                    .tare_at = t->tare_at,
                    .stored_tare = random_chance(r, 0.04),
                    .manual = dice < 0.011,
                    .manifest = t->number};
        k.gross_g = scale_read(c, s, t->tare_g + t->mass_g, t->gross_at);
        k.stored_tare = k.stored_tare && t->refused_g == 0;
        k.tare_g = k.stored_tare ? t->with->tare_g
                                 : scale_read(c, s, t->tare_g + t->refused_g, t->tare_at);
        if (k.tare_g >= k.gross_g) /* a few kilograms on a truck scale: not less than one step */
            k.tare_g = k.gross_g - s->division_g;
        trip_ticket_row(c, &k);
        e.mass_g = k.gross_g - k.tare_g;
        e.note = dice < 0.008 ? "停电，人工登记" : NULL;
        e.scale = e.note != NULL ? NOBODY : scale_index;
    }
    int64_t right_g = e.mass_g;
    there->booked_g += right_g;
    bool mistyped = random_chance(r, 0.0012);
    if (mistyped)
        e.mass_g = right_g < TONNE ? right_g * 10 : right_g + 9 * TONNE / 10;
    trip_event_row(c, &e);
    if (mistyped) {
        event right = {.manifest = t->number,
                       .event = "corrected",
                       .at = t->received_at + random_between(r, 4, 40) * HOUR_S,
                       .site = t->facility_index,
                       .mass_g = right_g,
                       .scale = NOBODY,
                       .note = "录入有误，双方核对更正"};
        trip_event_row(c, &right);
    }
    there->stock_g += t->mass_g - t->refused_g;
    there->fresh_g += t->mass_g - t->refused_g;
}

/* All or a part is refused and goes back to where it came from, on the same vehicle. */
static void trip_refuse(city *c, trip *t, bool all)
{
    static const char *const why[] = {"包装破损", "混有杂物", "含水率超标", ""};
    t->refused_g =
        all ? t->mass_g : (int64_t)((double)t->mass_g * random_range(&c->random, 0.1, 0.4));
    t->refused_g -= all ? 0 : t->refused_g % (10 * KG);
    int64_t told_g = all ? t->picked_g : t->refused_g;
    event e = {.manifest = t->number,
               .event = "rejected",
               .at = t->received_at + 30,
               .site = t->facility_index,
               .mass_g = told_g,
               .scale = NOBODY,
               .note = why[random_below(&c->random, 4)]};
    if (!all)
        trip_receive(c, t);
    trip_event_row(c, &e);
    t->with->free_at = t->received_at + 10 * MINUTE_S;
    int64_t back = t->with->free_at + travel_s(c, t->with, t->generator->at);
    track_go(c, t->with, t->generator->at, t->with->free_at, back);
    event returned = {.manifest = t->number,
                      .event = "returned",
                      .at = back,
                      .site = t->from->site,
                      .mass_g = told_g,
                      .scale = NOBODY};
    trip_event_row(c, &returned);
    track_stay(c, t->with, back, back + 12 * MINUTE_S);
    t->with->free_at = back + 12 * MINUTE_S;
    t->from->stock_g += t->refused_g;
    if (!all)
        trip_confirm(c, t);
}

/* Beyond the approval, or without one (its limit is then zero), the load is a fraud. */
static void trip_export(city *c, const trip *t)
{
    holding *h = t->from;
    h->exported_g += t->mass_g;
    if (fraud_active(c, h->export_case) && h->exported_g > h->export_limit_g)
        fraud_act(c, h->export_case, t->received_at, t->mass_g, t->number);
}

static void trip_finish(city *c, trip *t)
{
    double dice = random_unit(&c->random);
    bool far = t->facility->foreign;
    if (dice < 0.0025 && !far && t->mass_g > 100 * KG) {
        trip_refuse(c, t, dice < 0.0015);
        return;
    }
    trip_receive(c, t);
    trip_confirm(c, t);
    if (far)
        trip_export(c, t);
    t->with->free_at = t->received_at + 5 * MINUTE_S;
}

bool trip_run(city *c, const load *what)
{
    c->last_manifest[0] = '\0';
    bool far = c->sites[what->facility].foreign;
    int64_t latest = c->day * DAY_S + (far ? 11 : 16) * HOUR_S;
    int32_t v = trip_vehicle(c, what->from->carrier, what->kinds, what->mass_g, latest);
    if (v == NOBODY)
        return false;
    trip t = {.from = what->from,
              .with = &c->vehicles[v],
              .mass_g = what->mass_g,
              .generator = &c->sites[what->from->site],
              .facility = &c->sites[what->facility],
              .facility_index = what->facility};
    t.tare_g = (int64_t)((double)t.with->tare_g * (1 + 0.002 * random_normal(&c->random)));
    if (random_chance(&c->random, 0.0025)) { /* filed, then called off */
        t.filed_at = t.with->free_at - random_between(&c->random, 20, 200) * MINUTE_S;
        trip_manifest_number(c, code_stream(what->from->code), t.filed_at, t.number);
        trip_manifest_row(c, t.number, what->from->code, what->from->site, t.with, what->facility,
                          t.filed_at, trip_estimate(c, &t), 0);
        event e = {.manifest = t.number,
                   .event = "cancelled",
                   .at = t.filed_at + 15 * MINUTE_S,
                   .site = what->from->site,
                   .mass_g = -1,
                   .scale = NOBODY,
                   .note = random_chance(&c->random, 0.5) ? "车辆更换" : "信息填错"};
        trip_event_row(c, &e);
        return true;
    }
    trip_times(c, &t);
    if (random_chance(&c->random, 0.003)) /* on paper, typed in later */
        t.entered_delay_s = random_between(&c->random, 18 * HOUR_S, 3 * DAY_S);
    trip_manifest_number(c, code_stream(what->from->code), t.filed_at, t.number);
    memcpy(c->last_manifest, t.number, sizeof t.number);
    t.declared_g = trip_estimate(c, &t);
    int64_t typed = random_chance(&c->random, 0.0015) ? t.declared_g * 10 : t.declared_g;
    trip_manifest_row(c, t.number, what->from->code, what->from->site, t.with, what->facility,
                      t.filed_at, typed, t.entered_delay_s);
    trip_pick_up(c, &t);
    trip_drive(c, &t);
    trip_finish(c, &t);
    return true;
}
