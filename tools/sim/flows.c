/*
 * sim/flows.c: which waste goes where, and what follows of it for the plants: how much they expect,
 * hold at the beginning and may store.
 */
#include "city.h"

static enum site_kind destination_kind(city *c, enum code code, enum site_kind from)
{
    double dice = random_unit(&c->random);
    switch (code) {
    case SW07:
        return dice < 0.75 ? LANDFILL : dice < 0.9 ? CEMENT_KILN : INCINERATOR;
    case SW11:
        return dice < 0.7 ? RECYCLER : CEMENT_KILN;
    case SW13:
    case SW61:
        return FOOD_WASTE_PLANT;
    case SW16:
    case HW_FLY_ASH:
    case HW_BURNT:
        return LANDFILL;
    case SW59:
        return from == MEDICAL_TREATMENT ? INCINERATOR
               : dice < 0.42             ? LANDFILL
               : dice < 0.8              ? INCINERATOR
                                         : CEMENT_KILN;
    case HW_COPPER:
        return CEMENT_KILN;
    case SW70:
        return SPOIL_GROUND;
    case MEDICAL_WASTE:
        return MEDICAL_TREATMENT;
    case SW64:
        return from == TRANSFER_STATION ? INCINERATOR : TRANSFER_STATION;
    default:
        break;
    }
    if (code_stream(code) == HAZARDOUS)
        return from == WORKSHOP ? COLLECTION_CENTRE : HAZARDOUS_TREATMENT;
    return RECYCLER;
}

static void choose_destination(city *c, holding *h)
{
    enum site_kind from = c->sites[h->site].kind;
    enum site_kind to = destination_kind(c, h->code, from);
    int32_t count = c->of_kind_count[to];
    h->facility = c->of_kind[to][random_below(&c->random, (uint32_t)count)];
    while (c->sites[h->facility].foreign && from != FACTORY)
        h->facility = c->of_kind[to][random_below(&c->random, (uint32_t)count)];
    h->has_cross_permit = c->sites[h->facility].foreign;
    h->carrier = city_carrier_for(c, code_stream(h->code));
    if (h->lot_g == 0) /* residues of plants: a full load */
        h->lot_g = code_stream(h->code) == HAZARDOUS ? 11 * TONNE
                   : from == MEDICAL_TREATMENT       ? 5 * TONNE
                   : h->code == SW64                 ? 20 * TONNE
                                                     : 14 * TONNE;
}

static void spread_inflow(city *c, enum site_kind first, enum site_kind last)
{
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[i];
        enum site_kind kind = c->sites[h->site].kind;
        if (kind < first || kind > last || h->facility == NOBODY)
            continue;
        /* building lots stand empty between two projects, and each lot has many sites */
        const site *s = &c->sites[h->site];
        double share = s->closed_at == 0 ? 1
                                         : (double)(s->closed_at - s->opened_at) /
                                               (double)(c->end - c->start + 60 * DAY_S);
        c->sites[h->facility].expected_in_g += h->daily_g * share;
        holding *there = city_holding(c, h->facility, h->code);
        there->daily_g += h->daily_g * share;
        for (int o = 0; there->recipe != NULL && o < 3; o++) {
            const recipe_output *out = &there->recipe->outputs[o];
            holding *residue = out->share > 0 && out->code < CODE_COUNT && out->code != (int)h->code
                                   ? city_holding(c, h->facility, (enum code)out->code)
                                   : NULL;
            if (residue != NULL)
                residue->daily_g += h->daily_g * share * out->share;
        }
    }
}

void flows_plan(city *c)
{
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[i];
        bool shipped = h->recipe == NULL || c->sites[h->site].kind == TRANSFER_STATION;
        if (shipped)
            choose_destination(c, h);
    }
    spread_inflow(c, FACTORY, MARKET);
    spread_inflow(c, TRANSFER_STATION, TRANSFER_STATION);
    spread_inflow(c, COLLECTION_CENTRE, COLLECTION_CENTRE);
    spread_inflow(c, INCINERATOR, FOOD_WASTE_PLANT);
    for (int32_t i = 0; i < c->holding_count; i++) {
        holding *h = &c->holdings[i];
        enum site_kind kind = c->sites[h->site].kind;
        /* What lay at a spoil ground before is laid in for good: no stock take would count it. */
        if (!kind_is_plant(kind) || kind == SPOIL_GROUND || c->sites[h->site].foreign)
            continue;
        if (h->daily_g <= 0) /* nobody sends it here */
            continue;
        h->stock_g = h->recipe != NULL
                         ? (int64_t)(h->daily_g * random_range(&c->random, 0.6, 1.2))
                         : (int64_t)(random_unit(&c->random) * 0.7 * (double)h->lot_g);
    }
    for (int32_t i = 0; i < c->site_count; i++) {
        site *s = &c->sites[i];
        if (!kind_is_plant(s->kind))
            continue;
        s->driver_value = (double)(int64_t)(s->kwh_base + s->kwh_per_t * s->expected_in_g / TONNE);
        if (s->kind != LANDFILL && s->kind != SPOIL_GROUND)
            s->storage_limit_g = ((int64_t)(s->expected_in_g * 12) / TONNE + 20) * TONNE;
    }
}
