/*
 * sim/city.c: builds the city: parties, sites with what they hold, carriers with their vehicles and
 * scales; flows.c says which waste goes where. Counts and sizes follow a district of 150 sites at
 * size 1.
 */
#include "city.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double count_at_one[KIND_COUNT] = {[FACTORY] = 54,
                                                [WORKSHOP] = 14,
                                                [HOSPITAL] = 4,
                                                [CLINIC] = 18,
                                                [CONSTRUCTION_SITE] = 0,
                                                [DEMOLITION_SITE] = 0,
                                                [COMMUNITY] = 14,
                                                [MARKET] = 4,
                                                [TRANSFER_STATION] = 2,
                                                [COLLECTION_CENTRE] = 1,
                                                [INCINERATOR] = 1,
                                                [LANDFILL] = 2,
                                                [HAZARDOUS_TREATMENT] = 3,
                                                [MEDICAL_TREATMENT] = 1,
                                                [CEMENT_KILN] = 1,
                                                [RECYCLER] = 4,
                                                [SPOIL_GROUND] = 2,
                                                [FOOD_WASTE_PLANT] = 1,
                                                [DEPOT] = 0};

void *grow(void *array, int32_t count, int32_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room * 2 + 64;
    void *grown = realloc(array, (size_t)*room * size);
    if (grown == NULL) {
        fputs("wufei-sim: out of memory; choose a smaller --size\n", stderr);
        exit(4);
    }
    memset((char *)grown + (size_t)count * size, 0, (size_t)(*room - count) * size);
    return grown;
}

point city_random_point(city *c)
{
    double reach = 0.12 * sqrt(c->options.size < 1 ? 1 : c->options.size);
    if (reach > 0.6)
        reach = 0.6;
    double radius = reach * sqrt(random_unit(&c->random));
    double angle = 6.283185307179586 * random_unit(&c->random);
    return (point){30.0 + radius * sin(angle), 120.58 + radius * cos(angle) * 1.15};
}

static int32_t add_party(city *c, const char *name, const char *roles, const char *district)
{
    c->parties = grow(c->parties, c->party_count, &c->party_room, sizeof *c->parties);
    party *p = &c->parties[c->party_count];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->roles = roles;
    snprintf(p->district, sizeof p->district, "%.6s", district);
    name_legal_id(&c->random, district, p->legal_id);
    p->registered_at = c->start - random_between(&c->random, 200, 1100) * DAY_S +
                       random_between(&c->random, 8 * HOUR_S, 17 * HOUR_S);
    return c->party_count++;
}

static int32_t add_scale(city *c, int32_t site_index, int64_t division_g, int64_t max_g)
{
    c->scales = grow(c->scales, c->scale_count, &c->scale_room, sizeof *c->scales);
    scale *s = &c->scales[c->scale_count];
    s->site = site_index;
    s->division_g = division_g;
    s->max_g = max_g;
    s->calibrated_at = c->start - random_between(&c->random, 20, 330) * DAY_S + 10 * HOUR_S;
    s->systematic = 0.0003 * random_normal(&c->random);
    return c->scale_count++;
}

static int32_t add_site(city *c, enum site_kind kind, int32_t owner)
{
    c->sites = grow(c->sites, c->site_count, &c->site_room, sizeof *c->sites);
    int32_t index = c->site_count++;
    site *s = &c->sites[index];
    s->kind = kind;
    s->at = city_random_point(c);
    s->truck_scale = s->small_scale = NOBODY;
    s->lazy_case = s->ghost_case = s->pit_case = NOBODY;
    unsigned street = 1 + random_below(&c->random, 16);
    snprintf(s->district, sizeof s->district, "330602%03u", street);
    snprintf(s->grid, sizeof s->grid, "%s-%02u", s->district, 1 + random_below(&c->random, 38));
    name_site(&c->random, kind, s->name, sizeof s->name);
    if (owner == NOBODY)
        owner = add_party(c, s->name, kind_is_plant(kind) ? "facility|generator" : "generator",
                          s->district);
    else if (kind == DEPOT)
        snprintf(s->name, sizeof s->name, "%.60s车场", c->parties[owner].name);
    s->party = owner;
    s->opened_at = c->parties[owner].registered_at + random_between(&c->random, 5, 40) * DAY_S;
    int32_t *list = c->of_kind[kind];
    list = realloc(list, (size_t)(c->of_kind_count[kind] + 1) * sizeof *list);
    if (list == NULL)
        exit(4);
    list[c->of_kind_count[kind]++] = index;
    c->of_kind[kind] = list;
    return index;
}

static holding *add_holding(city *c, int32_t site_index, enum code code)
{
    site *s = &c->sites[site_index];
    c->holdings = grow(c->holdings, c->holding_count, &c->holding_room, sizeof *c->holdings);
    if (s->holding_count == 0)
        s->first_holding = c->holding_count;
    s->holding_count++;
    holding *h = &c->holdings[c->holding_count++];
    *h = (holding){.site = site_index,
                   .code = code,
                   .facility = NOBODY,
                   .carrier = NOBODY,
                   .under_case = NOBODY,
                   .export_case = NOBODY,
                   .honest_facility = NOBODY,
                   .batch_days = 1};
    return h;
}

holding *city_holding(city *c, int32_t site_index, enum code code)
{
    const site *s = &c->sites[site_index];
    for (int32_t i = 0; i < s->holding_count; i++)
        if (c->holdings[s->first_holding + i].code == code)
            return &c->holdings[s->first_holding + i];
    return NULL;
}

/* ---- carriers and vehicles ---- */

/* Plates never repeat: a count, scattered over all five-place plates. */
static void plate_name(const city *c, uint64_t number, char *out, size_t size)
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"; /* no I, no O */
    enum { PLATES = 34 * 34 * 34 * 34 * 34 };
    uint64_t scattered = (number * 19260817u + c->options.seed % 1000003u * 7919u) % PLATES;
    char tail[6];
    for (int i = 0; i < 5; i++, scattered /= 34)
        tail[i] = letters[scattered % 34];
    tail[5] = '\0';
    snprintf(out, size, "%s浙D·%s", c->options.prefix, tail);
}

static void add_vehicles(city *c, int32_t carrier_index, uint32_t kind, int count)
{
    static const struct {
        uint32_t kind;
        int64_t tare_kg, spread_kg, payload_kg;
    } forms[] = {{COMPACTOR, 10600, 350, 7000},
                 {FOOD_TRUCK, 7450, 100, 6000},
                 {HOOK_LIFT, 14900, 250, 23000},
                 {HAZMAT, 11900, 250, 13000},
                 {HAZMAT_LIGHT, 3550, 120, 2500},
                 {TRUCK, 11500, 500, 15000},
                 {SEMI, 16900, 350, 32000},
                 {TIPPER, 13100, 250, 18500},
                 {VAN, 2900, 90, 1300}};
    size_t f = 0;
    while (forms[f].kind != kind)
        f++;
    carrier *owner = &c->carriers[carrier_index];
    for (int i = 0; i < count; i++) {
        c->vehicles = grow(c->vehicles, c->vehicle_count, &c->vehicle_room, sizeof *c->vehicles);
        vehicle *v = &c->vehicles[c->vehicle_count];
        v->party = owner->party;
        v->carrier = carrier_index;
        v->kind = kind;
        plate_name(c, (uint64_t)c->vehicle_count, v->plate, sizeof v->plate);
        int64_t spread = forms[f].spread_kg / 10;
        v->tare_g = (forms[f].tare_kg + random_between(&c->random, -spread, spread) * 10) * KG;
        v->payload_g = forms[f].payload_kg * KG;
        v->home = v->at = c->sites[owner->depot].at;
        if (owner->vehicle_count++ == 0)
            owner->first_vehicle = c->vehicle_count;
        c->vehicle_count++;
    }
}

static int32_t add_carrier(city *c, enum stream stream)
{
    char name[80];
    name_carrier(&c->random, stream, name, sizeof name);
    c->carriers = grow(c->carriers, c->carrier_count, &c->carrier_room, sizeof *c->carriers);
    int32_t index = c->carrier_count++;
    carrier *k = &c->carriers[index];
    k->stream = stream;
    k->shave_case = NOBODY;
    k->party = add_party(c, name, "carrier", "330602");
    k->depot = add_site(c, DEPOT, k->party);
    return index;
}

static int scaled(const city *c, double at_one)
{
    double count = at_one * c->options.size + 0.5;
    return count < 1 ? 1 : (int)count;
}

static void build_carriers(city *c)
{
    static const struct {
        enum stream stream;
        double at_one;
        struct {
            uint32_t kind;
            int count;
        } fleet[3];
    } fleets[] = {{INDUSTRIAL, 2, {{TRUCK, 5}, {SEMI, 3}}},
                  {HAZARDOUS, 2, {{HAZMAT, 3}, {HAZMAT_LIGHT, 2}}},
                  {CONSTRUCTION, 3, {{TIPPER, 6}}},
                  {MEDICAL, 1, {{VAN, 3}}},
                  {HOUSEHOLD, 2, {{COMPACTOR, 6}, {HOOK_LIFT, 2}, {FOOD_TRUCK, 2}}}};
    for (size_t f = 0; f < sizeof fleets / sizeof *fleets; f++)
        for (int i = scaled(c, fleets[f].at_one); i > 0; i--) {
            int32_t index = add_carrier(c, fleets[f].stream);
            for (int k = 0; k < 3 && fleets[f].fleet[k].count > 0; k++)
                add_vehicles(c, index, fleets[f].fleet[k].kind, fleets[f].fleet[k].count);
        }
}

int32_t city_carrier_for(city *c, enum stream stream)
{
    int32_t first = 0, count = 0;
    for (int32_t i = 0; i < c->carrier_count; i++)
        if (c->carriers[i].stream == stream && count++ == 0)
            first = i;
    return first + (int32_t)random_below(&c->random, (uint32_t)count); /* they stand in a row */
}

/* ---- plants ---- */

static void build_plant(city *c, enum site_kind kind)
{
    int32_t index = add_site(c, kind, NOBODY);
    site *s = &c->sites[index];
    bool big =
        random_chance(&c->random, 0.35) &&
        (kind == LANDFILL || kind == RECYCLER || kind == SPOIL_GROUND || kind == TRANSFER_STATION);
    if (kind == COLLECTION_CENTRE)
        s->truck_scale = add_scale(c, index, 5 * KG, 20 * TONNE);
    else if (kind == MEDICAL_TREATMENT)
        s->truck_scale = add_scale(c, index, 2 * KG, 10 * TONNE);
    else
        s->truck_scale = add_scale(c, index, (big ? 50 : 20) * KG, (big ? 100 : 60) * TONNE);
    if (kind == MEDICAL_TREATMENT)
        s->small_scale = add_scale(c, index, 50, 300 * KG);
    s->kwh_per_t = random_range(&c->random, 25, 45);
    s->kwh_base = random_range(&c->random, 30, 90);
    for (size_t i = 0; i < recipe_count; i++)
        if (recipes[i].kind == kind)
            add_holding(c, index, recipes[i].code)->recipe = &recipes[i];
    for (size_t i = 0; i < recipe_count; i++)
        for (int o = 0; recipes[i].kind == kind && o < 3; o++)
            if (recipes[i].outputs[o].share > 0 && recipes[i].outputs[o].code < CODE_COUNT &&
                city_holding(c, index, (enum code)recipes[i].outputs[o].code) == NULL)
                add_holding(c, index, (enum code)recipes[i].outputs[o].code);
    if (kind == COLLECTION_CENTRE)
        for (enum code code = HW_CARBON; code <= HW_INK; code++)
            add_holding(c, index, code)->lot_g = 900 * KG;
}

/* ---- generators ---- */

static holding *add_generated(city *c, int32_t index, enum code code, double daily_g, int64_t lot_g)
{
    holding *h = add_holding(c, index, code);
    h->daily_g = daily_g;
    h->lot_g = lot_g;
    h->stock_g = (int64_t)(random_unit(&c->random) * (double)lot_g * 0.9);
    h->batch_days = (int32_t)random_between(&c->random, 2, 4);
    return h;
}

static void build_factory(city *c)
{
    static const enum code general[] = {SW07, SW11, SW13, SW14, SW14, SW15, SW16,
                                        SW17, SW17, SW59, SW59, SW59, SW07, SW17};
    static const enum code special[] = {HW_STILL,     HW_COPPER,    HW_SLUDGE,  HW_SLUDGE,
                                        HW_EMULSION,  HW_EMULSION,  HW_RESIDUE, HW_CARBON,
                                        HW_PACKAGING, HW_PACKAGING, HW_LAB,     HW_OIL,
                                        HW_OIL,       HW_OIL,       HW_PAINT};
    int32_t index = add_site(c, FACTORY, NOBODY);
    site *s = &c->sites[index];
    if (random_chance(&c->random, 0.22))
        s->truck_scale = add_scale(c, index, 20 * KG, 60 * TONNE);
    else if (random_chance(&c->random, 0.75))
        s->small_scale =
            add_scale(c, index, (random_chance(&c->random, 0.6) ? 1 : 2) * KG, 3 * TONNE);
    double waste_t = 0;
    int flows = 1 + (int)random_below(&c->random, 2);
    for (int i = 0; i < flows; i++) {
        enum code code = general[random_below(&c->random, sizeof general / sizeof *general)];
        double daily = 2.5 * TONNE * random_skewed(&c->random, 0.5);
        if (city_holding(c, index, code) != NULL)
            continue;
        add_generated(c, index, code, daily, random_between(&c->random, 70, 280) * 100 * KG);
        waste_t += daily / TONNE;
    }
    flows = (int)random_below(&c->random, 3);
    int64_t own_limit_g = 0;
    for (int i = 0; i < flows; i++) {
        enum code code = special[random_below(&c->random, sizeof special / sizeof *special)];
        bool heavy = code == HW_SLUDGE || code == HW_PACKAGING || code == HW_RESIDUE;
        double daily = (heavy ? 420 : 130) * (double)KG * random_skewed(&c->random, 0.6);
        if (city_holding(c, index, code) != NULL)
            continue;
        int64_t lot =
            heavy ? random_between(&c->random, 120, 900) : random_between(&c->random, 20, 130);
        add_generated(c, index, code, daily, lot * 10 * KG);
        own_limit_g += lot * 20 * KG; /* two loads of each kind */
        s->storage_limit_g = own_limit_g > 3000 * KG ? own_limit_g : 3000 * KG;
    }
    s->driver_value = waste_t / random_range(&c->random, 0.05, 0.16);
    s->kwh_per_t = random_range(&c->random, 50, 190);
    s->kwh_base = s->driver_value * random_range(&c->random, 4, 12);
}

static void build_small_generator(city *c, enum site_kind kind)
{
    int32_t index = add_site(c, kind, NOBODY);
    site *s = &c->sites[index];
    if (kind == WORKSHOP) {
        s->driver_value = (double)random_between(&c->random, 4, 30);
        enum code code = (enum code)random_between(&c->random, HW_CARBON, HW_INK);
        if (random_chance(&c->random, 0.5))
            s->small_scale = add_scale(c, index, 500, 500 * KG);
        add_generated(c, index, code, s->driver_value * 0.35 * KG,
                      random_between(&c->random, 50, 300) * KG);
        s->storage_limit_g = 3000 * KG;
        s->kwh_base = s->driver_value * 9;
        return;
    }
    bool hospital = kind == HOSPITAL;
    s->driver_value = (double)(hospital ? random_between(&c->random, 300, 900)
                                        : random_between(&c->random, 25, 180));
    s->small_scale = add_scale(c, index, hospital ? 200 : 50, 300 * KG);
    double daily_g = s->driver_value * (hospital ? 675.0 : 1000.0 / 30.0);
    holding *h = add_generated(c, index, MEDICAL_WASTE, daily_g, 1);
    h->stock_g = (int64_t)daily_g;
    h->batch_days = 1;
    s->storage_limit_g = hospital ? (int64_t)(daily_g * 2.3 / 10000) * 10000 : 60 * KG;
}

static void build_household(city *c, enum site_kind kind)
{
    int32_t index = add_site(c, kind, NOBODY);
    site *s = &c->sites[index];
    bool community = kind == COMMUNITY;
    s->driver_value = (double)(community ? random_between(&c->random, 1400, 5200)
                                         : random_between(&c->random, 25, 105));
    double daily_g = s->driver_value * (community ? 0.85 : 42) * KG;
    holding *mixed = add_holding(c, index, SW64); /* of no lot: the rounds fetch all of it daily */
    mixed->daily_g = daily_g * (community ? 0.8 : 0.6);
    holding *food = add_holding(c, index, SW61);
    food->daily_g = daily_g * (community ? 0.17 : 0.38);
    holding *bulky = add_holding(c, index, SW62);
    bulky->daily_g = daily_g * 0.03;
    bulky->lot_g = random_between(&c->random, 20, 42) * 100 * KG;
    bulky->stock_g = (int64_t)(random_unit(&c->random) * (double)bulky->lot_g);
}

/* ---- building sites: one after the other on each lot, as long as the city is watched ---- */

static void build_projects(city *c, enum site_kind kind, double slots_at_one)
{
    bool new_build = kind == CONSTRUCTION_SITE;
    for (int slot = scaled(c, slots_at_one); slot > 0; slot--) {
        int64_t from = c->start - random_between(&c->random, 2, new_build ? 55 : 20) * DAY_S;
        while (from < c->end) {
            int64_t days = new_build ? random_between(&c->random, 45, 100)
                                     : random_between(&c->random, 20, 40);
            int32_t index = add_site(c, kind, NOBODY);
            site *s = &c->sites[index];
            party *p = &c->parties[s->party];
            s->opened_at = from;
            s->closed_at = from + days * DAY_S;
            p->registered_at = from - random_between(&c->random, 20, 200) * DAY_S;
            s->loads_per_day = random_range(&c->random, 3, 7) * (new_build ? 1 : 0.6);
            double total_kg = s->loads_per_day * (double)days * 15600;
            double per_m2 = new_build ? 280 : 1300; /* spoil of one basement; 1.3 t/m2 demolished */
            s->driver_value = (double)(int64_t)(total_kg / per_m2);
            if (random_chance(&c->random, 0.75))
                s->truck_scale = add_scale(c, index, 20 * KG, 60 * TONNE);
            holding *h = add_holding(c, index, new_build ? SW70 : SW73);
            h->daily_g = s->loads_per_day * 15600 * KG;
            from = s->closed_at + random_between(&c->random, 3, 15) * DAY_S;
        }
    }
}

static void build_mishaps(city *c)
{
    int bad = scaled(c, 1.5); /* scales off after a repair; nobody gains by it */
    for (int i = 0; i < bad && c->of_kind_count[RECYCLER] > 0; i++) {
        static const enum site_kind where[] = {RECYCLER, LANDFILL, INCINERATOR, SPOIL_GROUND};
        enum site_kind kind = where[random_below(&c->random, 4)];
        const site *s =
            &c->sites[c->of_kind[kind][random_below(&c->random, (uint32_t)c->of_kind_count[kind])]];
        scale *off = &c->scales[s->truck_scale];
        int64_t days = c->options.days;
        off->off_from = c->start + random_between(&c->random, days / 5, days / 2) * DAY_S;
        off->off_to = off->off_from + random_between(&c->random, 20, 60) * DAY_S;
        off->off_by = random_chance(&c->random, 0.5) ? 0.012 : -0.009;
    }
    for (int32_t i = 0; i < c->of_kind_count[FACTORY]; i++)
        if (random_chance(&c->random, 0.04 + 0.0004 * (double)c->options.days)) {
            site *s = &c->sites[c->of_kind[FACTORY][i]];
            s->shutdown_from = c->start + random_between(&c->random, 3, c->options.days) * DAY_S;
            s->shutdown_to = s->shutdown_from + random_between(&c->random, 10, 30) * DAY_S;
        }
    c->rain_from =
        c->start + random_between(&c->random, c->options.days / 3, c->options.days * 2 / 3) * DAY_S;
    c->rain_to = c->rain_from + 7 * DAY_S;
}

void city_build(city *c)
{
    build_carriers(c);
    for (enum site_kind kind = TRANSFER_STATION; kind < DEPOT; kind++)
        for (int i = scaled(c, count_at_one[kind]); i > 0; i--)
            build_plant(c, kind);
    while (c->of_kind_count[RECYCLER] < 3) /* a circle needs three */
        build_plant(c, RECYCLER);
    while (c->of_kind_count[HAZARDOUS_TREATMENT] < 2)
        build_plant(c, HAZARDOUS_TREATMENT);
    int32_t abroad = c->of_kind[HAZARDOUS_TREATMENT][c->of_kind_count[HAZARDOUS_TREATMENT] - 1];
    site *away = &c->sites[abroad];
    away->foreign = true;
    away->at = (point){30.8027, 119.5772};
    strcpy(away->district, "341821");
    away->grid[0] = '\0';
    party *owner = &c->parties[away->party];
    strcpy(owner->district, "341821");
    snprintf(away->name, sizeof away->name, "郎溪祥稽环境科技有限公司");
    snprintf(owner->name, sizeof owner->name, "%s", away->name);
    owner->roles = "facility";
    name_legal_id(&c->random, "341821", owner->legal_id);
    for (int i = scaled(c, count_at_one[FACTORY]); i > 0; i--)
        build_factory(c);
    static const enum site_kind small[] = {WORKSHOP, HOSPITAL, CLINIC};
    for (int k = 0; k < 3; k++)
        for (int i = scaled(c, count_at_one[small[k]]); i > 0; i--)
            build_small_generator(c, small[k]);
    for (int i = scaled(c, count_at_one[COMMUNITY]); i > 0; i--)
        build_household(c, COMMUNITY);
    for (int i = scaled(c, count_at_one[MARKET]); i > 0; i--)
        build_household(c, MARKET);
    build_projects(c, CONSTRUCTION_SITE, 6);
    build_projects(c, DEMOLITION_SITE, 1.5);
    flows_plan(c);
    build_mishaps(c);
    rounds_plan(c);
}

void city_free(city *c)
{
    for (int i = 0; i < KIND_COUNT; i++)
        free(c->of_kind[i]);
    free(c->parties);
    free(c->sites);
    free(c->holdings);
    free(c->vehicles);
    free(c->carriers);
    free(c->scales);
    free(c->rounds);
    free(c->round_sites);
}
