/*
 * audit/site_grid.h: the sites of a city by cells of the ground, for the one nearest to a point.
 */
#ifndef AUDIT_SITE_GRID_H
#define AUDIT_SITE_GRID_H

#include "book/city.h"

typedef struct site_cell {
    int32_t row, column;
    site_id site;
} site_cell;

typedef struct site_grid {
    const city *city;
    site_cell *cells; /* one a site, by row, then column */
} site_grid;

/* False when memory ran out. */
bool site_grid_make(site_grid *out, const city *c);
void site_grid_free(site_grid *g);

/* The nearest site within limit_m (at most a cell's 450 m), or BOOK_NONE. */
site_id site_grid_nearest(const site_grid *g, int32_t lat_e7, int32_t lon_e7, double limit_m);

#endif
