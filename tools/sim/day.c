/*
 * sim/day.c: one day in the city: waste is fetched in the morning and shipped through the day,
 * made in the afternoon, treated in the evening; activity is read weekly, stocks are taken monthly.
 */
#include "city.h"

#include <string.h>

enum { SHIPMENTS_A_DAY = 4 };

bool day_is_working(int64_t day)
{
    unsigned when = time_month_day(day);
    bool holiday = when == 101 || when == 405 || (when >= 501 && when <= 505) ||
                   (when >= 1001 && when <= 1007);
    return !holiday && (day + 3) % 7 < 5;
}

bool site_is_open(const city *c, const site *s)
{
    int64_t noon = c->day * DAY_S + 12 * HOUR_S;
    return s->opened_at <= noon && (s->closed_at == 0 || noon < s->closed_at);
}

static bool site_is_shut_down(const city *c, const site *s)
{
    return c->day * DAY_S >= s->shutdown_from && c->day * DAY_S < s->shutdown_to;
}

/* ---- filings ---- */

static void write_filing(city *c, const char *kind, int32_t site_index, const char *plate,
                         int64_t from, int64_t to, const char *text)
{
    writer *w = c->out;
    row_begin(w, TABLE_FILINGS, from);
    city_cell(c, ID_FILING, (int32_t)c->filing_serial++);
    cell_text(w, kind);
    city_cell(c, ID_SITE, site_index);
    cell_text(w, plate);
    cell_empty(w);
    cell_empty(w);
    cell_empty(w);
    cell_time(w, from);
    cell_time(w, to);
    cell_text(w, text);
    row_end(w);
}

static void file_today(city *c)
{
    int64_t midnight = c->day * DAY_S;
    for (int32_t i = 0; i < c->of_kind_count[FACTORY]; i++) {
        const site *s = &c->sites[c->of_kind[FACTORY][i]];
        if (s->shutdown_from == midnight)
            write_filing(c, "shutdown", c->of_kind[FACTORY][i], "", s->shutdown_from,
                         s->shutdown_to, "停产检修");
    }
    for (int32_t i = 0; i < c->scale_count; i++)
        if (c->scales[i].off_to == midnight && c->scales[i].off_from != 0)
            write_filing(c, "scale_repair", c->scales[i].site, "", midnight + 9 * HOUR_S,
                         midnight + 15 * HOUR_S, "地磅检定校准");
    for (int32_t i = 0; i < c->vehicle_count; i++) {
        vehicle *v = &c->vehicles[i];
        v->out_today = false;
        if (!random_chance(&c->random, 0.004))
            continue;
        v->outage_from = midnight + random_between(&c->random, 8 * HOUR_S, 16 * HOUR_S);
        v->outage_to = v->outage_from + random_between(&c->random, 3 * HOUR_S, 7 * HOUR_S);
        write_filing(c, "device_outage", NOBODY, v->plate, v->outage_from, v->outage_to,
                     "车载终端离线，已报修");
    }
}

/* ---- morning ---- */

static void start_vehicles(city *c)
{
    int64_t midnight = c->day * DAY_S;
    for (int32_t i = 0; i < c->vehicle_count; i++) {
        vehicle *v = &c->vehicles[i];
        int64_t from = v->kind == COMPACTOR || v->kind == FOOD_TRUCK ? 5 * HOUR_S
                       : v->kind == VAN                              ? 6 * HOUR_S
                       : v->kind == TIPPER || v->kind == HOOK_LIFT   ? 6 * HOUR_S + 1200
                                                                     : 7 * HOUR_S;
        v->free_at = midnight + from + random_between(&c->random, 0, 40 * MINUTE_S);
    }
}

static uint32_t vehicle_kinds(const city *c, const holding *h, int64_t mass_g, int64_t *most_g)
{
    switch (code_stream(h->code)) {
    case HAZARDOUS:
        *most_g = 12500 * (int64_t)KG;
        return mass_g <= 2200 * KG ? HAZMAT_LIGHT : HAZMAT;
    case HOUSEHOLD:
        *most_g = c->sites[h->site].kind == TRANSFER_STATION ? 22 * TONNE : 6 * TONNE;
        return HOOK_LIFT;
    default:
        *most_g = 31 * TONNE;
        return mass_g <= 14500 * KG ? TRUCK : SEMI;
    }
}

static void ship(city *c, holding *h)
{
    for (int i = 0; i < SHIPMENTS_A_DAY && h->stock_g >= h->lot_g; i++) {
        int64_t mass_g = (int64_t)((double)h->lot_g * random_range(&c->random, 0.92, 1.15));
        if (h->stock_g > 3 * h->lot_g) /* it had to wait: a larger vehicle takes all it can */
            mass_g = h->stock_g;
        mass_g = mass_g < h->stock_g ? mass_g : h->stock_g;
        int64_t most_g = 0;
        uint32_t kinds = vehicle_kinds(c, h, mass_g, &most_g);
        load l = {.from = h,
                  .mass_g = mass_g < most_g ? mass_g : most_g,
                  .facility = h->facility,
                  .kinds = kinds};
        if (!trip_run(c, &l))
            return; /* no vehicle has time: tomorrow */
    }
}

/* Each day begins with others, so that nobody is always the one for whom no vehicle is left. */
static void ship_all(city *c)
{
    bool working = day_is_working(c->day);
    int64_t first = c->day * 7919 % c->holding_count;
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[(first + i) % c->holding_count];
        const site *s = &c->sites[h->site];
        if (h->facility == NOBODY || h->lot_g <= 1 || s->kind == CONSTRUCTION_SITE ||
            s->kind == DEMOLITION_SITE || s->foreign)
            continue;
        if (s->kind == TRANSFER_STATION || (working && !site_is_shut_down(c, s)))
            ship(c, h);
    }
}

/* ---- afternoon ---- */

static void write_generation(city *c, holding *h)
{
    writer *w = c->out;
    const site *s = &c->sites[h->site];
    bool weighed = s->small_scale != NOBODY || s->truck_scale != NOBODY;
    int64_t at = c->day * DAY_S + 15 * HOUR_S + random_below(&c->random, 5 * HOUR_S);
    int64_t declared = h->fresh_g;
    if (fraud_active(c, h->under_case)) {
        int64_t kept = (int64_t)((double)h->fresh_g * c->cases[h->under_case].share);
        declared -= kept;
        h->hidden_g += kept;
    }
    h->stock_g += declared;
    h->fresh_g = 0;
    int64_t step = declared < 200 * KG ? 50 : KG;
    double error = (weighed ? 0.002 : 0.02) * random_normal(&c->random);
    int64_t read = (int64_t)((double)declared * (1 + error) + (double)step / 2) / step * step;
    row_begin(w, TABLE_GENERATION, at);
    city_cell(c, ID_BATCH, (int32_t)c->batch_serial++);
    city_cell(c, ID_SITE, h->site);
    cell_time(w, at);
    cell_text(w, code_text[h->code]);
    cell_kg(w, read);
    cell_text(w, weighed ? "weighed" : "estimated");
    row_end(w);
    if (random_chance(&c->random, 0.005))
        row_repeat(w);
}

/* How busy a site is today; its waste and its driver follow the same factor. */
static double site_pace(city *c, const site *s)
{
    if (site_is_shut_down(c, s))
        return 0;
    bool medical = s->kind == HOSPITAL || s->kind == CLINIC;
    double pace = 1 + 0.06 * random_normal(&c->random);
    if (!day_is_working(c->day))
        pace *= medical ? 0.9 : 0.75;
    return pace;
}

static void generate(city *c)
{
    for (int32_t i = 0; i < c->site_count; i++) {
        site *s = &c->sites[i];
        if (s->kind == COMMUNITY || s->kind == MARKET) {
            holding *bulky = city_holding(c, i, SW62); /* put out by the road, and not booked */
            bulky->stock_g += (int64_t)(bulky->daily_g * random_skewed(&c->random, 0.2));
            continue;
        }
        if (s->kind > CLINIC)
            continue;
        double pace = site_pace(c, s);
        s->period_driver += s->driver_value * pace;
        s->period_kwh +=
            s->kwh_base * (0.15 + 0.85 * pace) * (1 + 0.02 * random_normal(&c->random));
        for (int32_t k = 0; k < s->holding_count; k++) {
            holding *h = &c->holdings[s->first_holding + k];
            h->fresh_g += (int64_t)(h->daily_g * pace * random_skewed(&c->random, 0.12));
            if ((c->day + h->site + k) % h->batch_days == 0 && h->fresh_g > 0)
                write_generation(c, h);
        }
    }
}

/* ---- evening ---- */

static void write_treatment(city *c, const holding *h, int64_t told_g, int64_t done_g)
{
    writer *w = c->out;
    const recipe *r = h->recipe;
    int64_t at =
        c->day * DAY_S + 20 * HOUR_S + 25 * MINUTE_S + random_below(&c->random, 3 * HOUR_S);
    uint64_t serial = c->treatment_serial++;
    for (int o = 0; o < 3 && (o == 0 || r->outputs[o].share > 0); o++) {
        const recipe_output *out = &r->outputs[o];
        int64_t made = 0;
        row_begin(w, TABLE_TREATMENTS, at);
        city_cell(c, ID_TREATMENT, (int32_t)serial);
        city_cell(c, ID_SITE, h->site);
        cell_time(w, at);
        cell_text(w, code_text[h->code]);
        cell_kg(w, told_g);
        cell_text(w, r->method);
        if (out->share > 0) {
            double share = out->share;
            if (r->kind != TRANSFER_STATION) /* pressing loses nothing but what is stated */
                share *= 1 + 0.03 * random_normal(&c->random);
            /* products are told as a plant that cheats wants them; residues are what they are */
            int64_t base = out->code == OUT_PRODUCT ? told_g : done_g;
            made = (int64_t)((double)base * share) / (10 * KG) * (10 * KG);
            if (r->kind == TRANSFER_STATION)
                made = o == 0 ? told_g - (int64_t)((double)told_g * 0.03) / KG * KG
                              : (int64_t)((double)told_g * 0.03) / KG * KG;
            cell_text(w, code_text[out->code]);
            cell_kg(w, made);
        } else {
            cell_empty(w);
            cell_empty(w);
        }
        cell_empty(w);
        row_end(w);
        if (made > 0 && out->code < CODE_COUNT && out->code != (int)h->code)
            city_holding(c, h->site, (enum code)out->code)->stock_g += made;
    }
}

/* Pressing at a transfer station: all that came today; the leachate leaves. */
static void press(city *c, holding *h)
{
    int64_t mass_g = h->fresh_g / (10 * KG) * (10 * KG);
    h->fresh_g -= mass_g;
    if (mass_g == 0)
        return;
    write_treatment(c, h, mass_g, mass_g);
    h->stock_g -= (int64_t)((double)mass_g * 0.03) / KG * KG;
    c->sites[h->site].period_kwh += c->sites[h->site].kwh_per_t * (double)mass_g / TONNE;
}

static void treat(city *c, holding *h)
{
    site *s = &c->sites[h->site];
    h->fresh_g = 0;
    if (h->stock_g < 10 * KG ||
        !random_chance(&c->random, s->kind == HAZARDOUS_TREATMENT ? 0.6 : 0.9))
        return;
    /* most of the stock, never all: readings are a little off, and books must not go below zero */
    int64_t done =
        (int64_t)((double)h->stock_g * random_range(&c->random, 0.55, 0.9)) / (10 * KG) * (10 * KG);
    if (s->kind == SPOIL_GROUND) { /* no stock takes: it lays in what its weighbridge counted */
        done = done < h->booked_g ? done : h->booked_g / (10 * KG) * (10 * KG);
        h->booked_g -= done;
    }
    if (done <= 0)
        return;
    int64_t told = done + h->ghost_g;
    h->stock_g -= done;
    h->ghost_g = 0;
    if (fraud_active(c, s->lazy_case)) {
        int64_t left = (int64_t)((double)done * c->cases[s->lazy_case].share);
        done -= left;
        h->hidden_g += left;
        fraud_act(c, s->lazy_case, c->day * DAY_S + 21 * HOUR_S, left, code_text[h->code]);
    }
    write_treatment(c, h, told, done);
    s->period_kwh += s->kwh_per_t * (double)done / TONNE;
}

static void treat_all(city *c)
{
    for (int32_t i = 0; i < c->site_count; i++) {
        site *s = &c->sites[i];
        if (!kind_is_plant(s->kind) || s->foreign)
            continue;
        s->period_kwh += s->kwh_base * (1 + 0.03 * random_normal(&c->random));
        for (int32_t k = 0; k < s->holding_count; k++) {
            holding *h = &c->holdings[s->first_holding + k];
            if (h->recipe == NULL)
                continue;
            if (s->kind == TRANSFER_STATION)
                press(c, h);
            else
                treat(c, h);
        }
    }
}

/* ---- stock takes and activity ---- */

static void take_stock(city *c, int64_t midnight)
{
    writer *w = c->out;
    for (int32_t i = 0; i < c->holding_count; i++) {
        const holding *h = &c->holdings[i];
        const site *s = &c->sites[h->site];
        bool keeps = s->kind == FACTORY || s->kind == WORKSHOP ||
                     (kind_is_plant(s->kind) && s->kind != SPOIL_GROUND);
        if (!keeps || s->foreign || (h->daily_g <= 0 && h->stock_g == 0))
            continue;
        int64_t at = midnight + 5 * MINUTE_S + random_below(&c->random, 50 * MINUTE_S);
        int64_t sigma = kind_is_plant(s->kind) ? 3 : 2; /* per cent */
        double read = (double)h->stock_g * (1 + 0.01 * (double)sigma * random_normal(&c->random));
        int64_t step = h->stock_g > 10 * TONNE ? 10 * KG : KG;
        row_begin(w, TABLE_STOCKTAKES, at);
        city_cell(c, ID_SITE, h->site);
        cell_time(w, at);
        cell_text(w, code_text[h->code]);
        cell_kg(w, (int64_t)(read / (double)step + 0.5) * step);
        cell_kg(w, sigma * 10);
        row_end(w);
    }
}

static void write_activity(city *c, int32_t site_index, const char *driver, int64_t from,
                           int64_t to, double value)
{
    writer *w = c->out;
    row_begin(w, TABLE_ACTIVITY, to);
    city_cell(c, ID_SITE, site_index);
    cell_text(w, driver);
    cell_time(w, from);
    cell_time(w, to);
    cell_kg(w, (int64_t)(value * 10 + 0.5) * 100);
    row_end(w);
}

static void read_activity(city *c, int64_t from, int64_t to)
{
    for (int32_t i = 0; i < c->site_count; i++) {
        site *s = &c->sites[i];
        const char *driver = driver_text[s->kind];
        if (s->kind == DEPOT || s->foreign)
            continue;
        if (s->kind == COMMUNITY || s->kind == MARKET || s->kind == WORKSHOP)
            write_activity(c, i, driver, from, to, s->driver_value);
        else if (s->period_driver > 0)
            write_activity(c, i, driver, from, to, s->period_driver);
        if (s->kind == FACTORY || s->kind == WORKSHOP || kind_is_plant(s->kind))
            write_activity(c, i, "kwh", from, to, (double)(int64_t)s->period_kwh);
        if (s->kind == HOSPITAL)
            write_activity(c, i, "visit", from, to, (double)(int64_t)(s->period_driver * 1.6));
        s->period_driver = s->period_kwh = 0;
    }
}

void day_open(city *c)
{
    take_stock(c, c->start);
}

/* Neighbours complain, sometimes about nothing. */
static void report_idly(city *c)
{
    static const char *const words[] = {"路边有异味", "空地上有新倒的渣土", "夜间车辆噪声"};
    static const char *const categories[] = {"odour", "dumping", "other"};
    if (!random_chance(&c->random, 0.08 * (c->options.size < 10 ? c->options.size : 10)))
        return;
    uint32_t what = random_below(&c->random, 3);
    report_near(c, city_random_point(c), c->day * DAY_S + random_below(&c->random, DAY_S),
                categories[what], words[what]);
}

void day_live(city *c)
{
    int64_t midnight = c->day * DAY_S;
    int64_t weekday = (c->day + 3) % 7;
    c->rain = midnight >= c->rain_from && midnight < c->rain_to
                  ? random_range(&c->random, 0.01, 0.02)
                  : 0;
    c->festival = day_is_working(c->day) ? 1.0 : weekday < 5 ? 1.15 : 1.06;
    city_write_calendar(c);
    file_today(c);
    start_vehicles(c);
    rounds_run(c);
    ship_all(c);
    construction_run(c);
    generate(c);
    if (c->options.frauds)
        fraud_day(c);
    for (int32_t i = 0; i < c->vehicle_count; i++)
        if (c->vehicles[i].out_today)
            track_go_home(c, &c->vehicles[i]);
    treat_all(c);
    report_idly(c);
    int64_t lived = c->day - c->options.start_day + 1;
    if (lived % 7 == 0)
        read_activity(c, midnight - 6 * DAY_S, midnight + DAY_S);
    if (lived % 30 == 29 || lived == c->options.days - 1) /* of the next midnight */
        take_stock(c, midnight + DAY_S);
}
