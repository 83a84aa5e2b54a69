/*
 * sim/city_files.c: writes who there is: parties, sites, places, permits, vehicles, scales and the
 * calendar, all before the first day.
 */
#include "city.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *letters;
    unsigned digits;
} id_form[ID_KIND_COUNT] = {{"P", 5},  {"S", 5}, {"L", 5}, {"W", 4}, {"G", 3},
                            {"FL", 5}, {"B", 7}, {"T", 6}, {"R", 5}, {"C", 3}};

void city_id(const city *c, enum id_kind kind, int32_t index, char out[48])
{
    snprintf(out, 48, "%s%s%0*d", c->options.prefix, id_form[kind].letters,
             (int)id_form[kind].digits, index + 1);
}

void city_cell(city *c, enum id_kind kind, int32_t index)
{
    if (index == NOBODY) {
        cell_empty(c->out);
        return;
    }
    if (c->id_prefix[kind][0] == '\0')
        snprintf(c->id_prefix[kind], sizeof c->id_prefix[kind], "%s%s", c->options.prefix,
                 id_form[kind].letters);
    cell_id(c->out, c->id_prefix[kind], (uint64_t)index + 1, id_form[kind].digits);
}

static void write_parties(city *c)
{
    for (int32_t i = 0; i < c->party_count; i++) {
        const party *p = &c->parties[i];
        row_begin(c->out, TABLE_PARTIES, c->start);
        city_cell(c, ID_PARTY, i);
        cell_text(c->out, p->name);
        cell_text(c->out, p->roles);
        cell_text(c->out, p->legal_id);
        cell_text(c->out, p->district);
        cell_time(c->out, p->registered_at);
        row_end(c->out);
    }
}

static void write_sites(city *c)
{
    for (int32_t i = 0; i < c->site_count; i++) {
        const site *s = &c->sites[i];
        row_begin(c->out, TABLE_SITES, c->start);
        city_cell(c, ID_SITE, i);
        city_cell(c, ID_PARTY, s->party);
        cell_text(c->out, s->name);
        cell_text(c->out, kind_text[s->kind]);
        cell_degrees(c->out, s->at.lat, 6);
        cell_degrees(c->out, s->at.lon, 6);
        cell_text(c->out, s->district);
        cell_text(c->out, s->grid);
        cell_text(c->out, driver_text[s->kind]);
        if (s->driver_value > 0)
            cell_kg(c->out, (int64_t)(s->driver_value * 10 + 0.5) * 100);
        else
            cell_empty(c->out);
        if (s->storage_limit_g > 0)
            cell_kg(c->out, s->storage_limit_g);
        else
            cell_empty(c->out);
        cell_time(c->out, s->opened_at);
        if (s->closed_at != 0)
            cell_time(c->out, s->closed_at);
        else
            cell_empty(c->out);
        row_end(c->out);
    }
}

static void write_places(city *c)
{
    static const char *const kinds[] = {"fuel", "parking", "repair",     "parking",
                                        "fuel", "repair",  "weighbridge"};
    static const int radius_m[] = {40, 100, 60, 80, 50, 40, 40};
    int count = (int)(14 * c->options.size) + 1;
    for (int i = 0; i < count; i++) {
        point at = city_random_point(c);
        row_begin(c->out, TABLE_PLACES, c->start);
        city_cell(c, ID_PLACE, i);
        cell_text(c->out, kinds[i % 7]);
        cell_degrees(c->out, at.lat, 6);
        cell_degrees(c->out, at.lon, 6);
        cell_number(c->out, radius_m[i % 7]);
        row_end(c->out);
    }
}

typedef struct permit {
    enum id_kind holder_kind;
    int32_t holder;
    const char *kind, *codes, *methods;
    int64_t year_limit_g, day_limit_g;
    int64_t from, days;
    int32_t destination;
    const carrier *fleet;
} permit;

static void write_permit(city *c, const permit *p, int32_t *serial)
{
    writer *w = c->out;
    row_begin(w, TABLE_PERMITS, c->start);
    city_cell(c, ID_PERMIT, (*serial)++);
    city_cell(c, p->holder_kind, p->holder);
    cell_text(w, p->kind);
    cell_text(w, p->codes);
    cell_text(w, p->methods);
    if (p->year_limit_g > 0)
        cell_kg(w, p->year_limit_g);
    else
        cell_empty(w);
    if (p->day_limit_g > 0)
        cell_kg(w, p->day_limit_g);
    else
        cell_empty(w);
    cell_time(w, p->from);
    cell_time(w, p->from + p->days * DAY_S - 1);
    city_cell(c, ID_SITE, p->destination);
    if (p->destination != NOBODY && strcmp(p->kind, "cross_region") == 0)
        cell_text(w, c->sites[p->destination].district);
    else
        cell_empty(w);
    if (p->fleet == NULL)
        cell_empty(w);
    for (int32_t i = 0; p->fleet != NULL && i < p->fleet->vehicle_count; i++)
        cell_list_item(w, i == 0, c->vehicles[p->fleet->first_vehicle + i].plate);
    cell_empty(w);
    row_end(w);
}

static void write_plant_permit(city *c, int32_t index, int32_t *serial)
{
    const site *s = &c->sites[index];
    static const struct {
        const char *codes, *methods;
    } forms[KIND_COUNT] = {[TRANSFER_STATION] = {"SW6*", "S1"},
                           [COLLECTION_CENTRE] = {"900-*", "S1"},
                           [INCINERATOR] = {"SW6*|SW07|SW59", "D10"},
                           [LANDFILL] = {"SW*|772-*", "D1"},
                           [HAZARDOUS_TREATMENT] = {"900-*|336-*|276-*|264-*|772-*", "D10|D9"},
                           [MEDICAL_TREATMENT] = {"841-*", "D9"},
                           [CEMENT_KILN] = {"SW*|336-*", "R15"},
                           [RECYCLER] = {"SW*", "R5|R4"},
                           [SPOIL_GROUND] = {"SW7*", "D1"},
                           [FOOD_WASTE_PLANT] = {"SW61|SW13", "R3"}};
    int64_t day_g = ((int64_t)(s->expected_in_g * 4) / TONNE + 30) * TONNE;
    permit p = {.holder_kind = ID_SITE,
                .holder = index,
                .kind = s->kind == COLLECTION_CENTRE ? "collect" : "treat",
                .codes = forms[s->kind].codes,
                .methods = forms[s->kind].methods,
                .year_limit_g = ((int64_t)(s->expected_in_g * 1.6) / TONNE + 5) * 365 * TONNE,
                .day_limit_g = s->kind == COLLECTION_CENTRE ? 0 : day_g,
                .from = (s->opened_at / DAY_S + 10) * DAY_S,
                .days = 1826 + c->options.days,
                .destination = NOBODY};
    write_permit(c, &p, serial);
}

static void write_spoil_permit(city *c, const holding *h, int32_t *serial)
{
    const site *s = &c->sites[h->site];
    double days = (double)(s->closed_at - s->opened_at) / DAY_S;
    permit p = {.holder_kind = ID_SITE,
                .holder = h->site,
                .kind = "spoil_disposal",
                .codes = code_text[h->code],
                .methods = "",
                .year_limit_g = ((int64_t)(h->daily_g * days * 1.25) / TONNE + 1) * TONNE,
                .from = s->opened_at - s->opened_at % DAY_S,
                .days = (s->closed_at - s->opened_at) / DAY_S + 5,
                .destination = h->facility,
                .fleet = &c->carriers[h->carrier]};
    write_permit(c, &p, serial);
}

/* An approval holds for twelve months at most (Hazardous Waste Transfer Measures art. 27), so a
   factory that sends abroad asks anew each year. One that cheats asks once, for too little: its
   approval runs out within the time watched. */
static void write_cross_permits(city *c, holding *h, int32_t *serial)
{
    bool cheats = h->export_case != NOBODY;
    double days = cheats && c->options.days < 365 ? (double)c->options.days : 365;
    permit p = {.holder_kind = ID_SITE,
                .holder = h->site,
                .kind = "cross_region",
                .codes = code_text[h->code],
                .methods = "",
                .year_limit_g =
                    ((int64_t)(h->daily_g * days * (cheats ? 0.35 : 1.5)) / TONNE + 1) * TONNE,
                .from = c->start - 60 * DAY_S,
                .days = 365,
                .destination = h->facility};
    h->export_limit_g = p.year_limit_g;
    do {
        write_permit(c, &p, serial);
        p.from += p.days * DAY_S;
    } while (!cheats && p.from < c->end);
}

static void write_generator_permits(city *c, int32_t index, int32_t *serial)
{
    const site *s = &c->sites[index];
    bool building = s->kind == CONSTRUCTION_SITE || s->kind == DEMOLITION_SITE;
    for (int32_t i = 0; i < s->holding_count; i++) {
        holding *h = &c->holdings[s->first_holding + i];
        if (building)
            write_spoil_permit(c, h, serial);
        else if (h->has_cross_permit)
            write_cross_permits(c, h, serial);
    }
}

static void write_permits(city *c)
{
    static const char *const codes[STREAM_COUNT] = {NULL, "900-*|336-*|276-*|264-*|772-*", "SW7*",
                                                    "841-*", "SW6*"};
    int32_t serial = 0;
    for (int32_t i = 0; i < c->carrier_count; i++) {
        const carrier *k = &c->carriers[i];
        permit p = {.holder_kind = ID_PARTY,
                    .holder = k->party,
                    .kind = "transport",
                    .codes = codes[k->stream],
                    .methods = "",
                    .from = (c->parties[k->party].registered_at / DAY_S + 12) * DAY_S,
                    .days = 1461 + c->options.days,
                    .destination = NOBODY,
                    .fleet = k};
        if (p.codes != NULL)
            write_permit(c, &p, &serial);
    }
    for (int32_t i = 0; i < c->site_count; i++) {
        if (kind_is_plant(c->sites[i].kind))
            write_plant_permit(c, i, &serial);
        else
            write_generator_permits(c, i, &serial);
    }
}

static void write_vehicles(city *c)
{
    for (int32_t i = 0; i < c->vehicle_count; i++) {
        const vehicle *v = &c->vehicles[i];
        static const char *const words[] = {"compactor", "food_truck",   "hook_lift",
                                            "hazmat",    "hazmat_light", "truck",
                                            "semi",      "tipper",       "van"};
        unsigned word = 0;
        while ((v->kind >> word) != 1)
            word++;
        row_begin(c->out, TABLE_VEHICLES, c->start);
        cell_text(c->out, v->plate);
        city_cell(c, ID_PARTY, v->party);
        cell_text(c->out, words[word]);
        cell_kg(c->out, v->tare_g);
        cell_kg(c->out, v->payload_g);
        row_end(c->out);
    }
}

static void write_scales(city *c)
{
    for (int32_t i = 0; i < c->scale_count; i++) {
        const scale *s = &c->scales[i];
        row_begin(c->out, TABLE_SCALES, c->start);
        city_cell(c, ID_SCALE, i);
        city_cell(c, ID_SITE, s->site);
        cell_kg(c->out, s->division_g);
        cell_kg(c->out, s->max_g);
        cell_time(c->out, s->calibrated_at);
        row_end(c->out);
    }
}

void city_write(city *c)
{
    write_parties(c);
    write_sites(c);
    write_places(c);
    write_permits(c);
    write_vehicles(c);
    write_scales(c);
}

/* A day at a time: the writer holds no more than a few weeks. */
void city_write_calendar(city *c)
{
    int64_t weekday = (c->day + 3) % 7; /* 0 Monday: 1970 began on a Thursday */
    if (day_is_working(c->day) == (weekday < 5))
        return;
    char date[11];
    time_date(c->day, date);
    row_begin(c->out, TABLE_CALENDAR, c->day * DAY_S);
    cell_text(c->out, date);
    cell_number(c->out, day_is_working(c->day) ? 1 : 0);
    row_end(c->out);
}
