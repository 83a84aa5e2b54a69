/*
 * sim/track.c: where vehicles are: a position every two minutes on the way, thinned while parked,
 * none while the device is out.
 */
#include "city.h"

#include <math.h>

enum { FIX_EVERY_S = 120, PARKED_EVERY_S = 600 };

static void track_fix(city *c, const vehicle *v, point at, int64_t time)
{
    if (time >= v->outage_from && time < v->outage_to)
        return;
    row_begin(c->out, TABLE_TRACKS, time);
    cell_text(c->out, v->plate);
    cell_time(c->out, time);
    cell_degrees(c->out, at.lat + 0.00005 * random_normal(&c->random), 5);
    cell_degrees(c->out, at.lon + 0.00005 * random_normal(&c->random), 5);
    row_end(c->out);
}

void track_go(city *c, vehicle *v, point to, int64_t depart, int64_t arrive)
{
    v->out_today = true;
    if (c->options.tracks && arrive > depart) {
        double bend = random_range(&c->random, -0.25, 0.25); /* roads are not straight */
        double lat = to.lat - v->at.lat, lon = to.lon - v->at.lon;
        /* not at the second of departure: the last fix of the stay before has it */
        for (int64_t t = depart + 10; t < arrive; t += FIX_EVERY_S) {
            double along = (double)(t - depart) / (double)(arrive - depart);
            double aside = bend * 4 * along * (1 - along);
            track_fix(c, v,
                      (point){v->at.lat + along * lat - aside * lon,
                              v->at.lon + along * lon + aside * lat},
                      t);
        }
    }
    v->at = to;
}

void track_stay(city *c, vehicle *v, int64_t from, int64_t to)
{
    if (!c->options.tracks)
        return;
    for (int64_t t = from; t < to; t += t < from + 3 * FIX_EVERY_S ? FIX_EVERY_S : PARKED_EVERY_S)
        track_fix(c, v, v->at, t);
    if (to > from)
        track_fix(c, v, v->at, to);
}

void track_go_home(city *c, vehicle *v)
{
    int64_t arrive = v->free_at + travel_s(c, v, v->home);
    track_go(c, v, v->home, v->free_at, arrive);
    track_stay(c, v, arrive, arrive + 6 * MINUTE_S);
    v->free_at = arrive + 6 * MINUTE_S;
}
