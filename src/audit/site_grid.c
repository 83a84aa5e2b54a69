/*
 * audit/site_grid.c: see site_grid.h.
 */
#include "audit/site_grid.h"

#include <stdlib.h>

#include "audit/geometry.h"

enum { CELL_E7 = 50000 }; /* 0.005 degrees: 556 m of latitude */

static int compare_cells(const void *left, const void *right)
{
    const site_cell *a = left;
    const site_cell *b = right;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return (a->site > b->site) - (a->site < b->site);
}

static int32_t cell_of(int32_t e7)
{
    return e7 >= 0 ? e7 / CELL_E7 : -((-e7 + CELL_E7 - 1) / CELL_E7);
}

bool site_grid_make(site_grid *out, const city *c)
{
    *out = (site_grid){.city = c, .cells = malloc((c->site_count + 1) * sizeof *out->cells)};
    if (out->cells == NULL)
        return false;
    for (size_t i = 0; i < c->site_count; i++)
        out->cells[i] =
            (site_cell){cell_of(c->sites[i].lat_e7), cell_of(c->sites[i].lon_e7), (site_id)i};
    qsort(out->cells, c->site_count, sizeof *out->cells, compare_cells);
    return true;
}

void site_grid_free(site_grid *g)
{
    free(g->cells);
}

/* The first cell that is not before row and column. */
static size_t lower_cell(const site_grid *g, int32_t row, int32_t column)
{
    size_t low = 0;
    size_t high = g->city->site_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const site_cell *cell = &g->cells[middle];
        bool before = cell->row < row || (cell->row == row && cell->column < column);
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    return low;
}

site_id site_grid_nearest(const site_grid *g, int32_t lat_e7, int32_t lon_e7, double limit_m)
{
    const city *c = g->city;
    site_id best = BOOK_NONE;
    double best_m = limit_m;
    int32_t column = cell_of(lon_e7);
    for (int32_t row = cell_of(lat_e7) - 1; row <= cell_of(lat_e7) + 1; row++)
        for (size_t i = lower_cell(g, row, column - 1);
             i < c->site_count && g->cells[i].row == row && g->cells[i].column <= column + 1; i++) {
            const site_row *s = &c->sites[g->cells[i].site];
            double m = flat_distance_m(lat_e7, lon_e7, s->lat_e7, s->lon_e7);
            if (s->location_unknown == 0 && m <= best_m) {
                best = g->cells[i].site;
                best_m = m;
            }
        }
    return best;
}
