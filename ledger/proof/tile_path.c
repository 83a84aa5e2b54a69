/*
 * proof/tile_path.c: the paths of C2SP tlog-tiles. See checkpoint.h.
 *
 *   tile/<L>/<N>[.p/<W>]         hashes; L is 0 to 63
 *   tile/entries/<N>[.p/<W>]     entries; level -1 here
 *
 * N is written in groups of three digits, all but the last with an x before them: 1234067 is
 * x001/x234/067. W, the width of a partial tile, is 1 to 255; a full tile has no width in its path.
 * No number has leading zeros but for the filling of a group.
 */
#include "checkpoint.h"
#include "lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LEVEL_MAX = 63, GROUPS_MAX = 7 }; /* 2^64 has 20 digits */

char *tile_path_format(char out[TILE_PATH_MAX], int level, uint64_t index, unsigned width)
{
    unsigned groups[GROUPS_MAX];
    size_t count = 0;
    do {
        groups[count++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0);
    char *at = out;
    const char *end = out + TILE_PATH_MAX;
    if (level < 0)
        at += snprintf(at, (size_t)(end - at), "tile/entries");
    else
        at += snprintf(at, (size_t)(end - at), "tile/%d", level);
    while (count-- > 0)
        at += snprintf(at, (size_t)(end - at), "/%s%03u", count > 0 ? "x" : "", groups[count]);
    if (width < TILE_WIDTH)
        snprintf(at, (size_t)(end - at), ".p/%u", width);
    return out;
}

/* Reads the groups of N; returns the place after the last one, NULL when they are not well formed.
   Six groups at most (N < 10^18): a seventh belongs to no tree of fewer than 2^64 leaves, though
   Go's readers take it. */
static const char *parse_groups(uint64_t *index, const char *at)
{
    uint64_t value = 0;
    for (size_t group = 0; group < GROUPS_MAX - 1; group++) {
        bool more = *at == 'x';
        at += more ? 1 : 0;
        for (size_t i = 0; i < 3; i++, at++) {
            if (*at < '0' || *at > '9')
                return NULL;
            value = value * 10 + (uint64_t)(*at - '0');
        }
        if (more && group == 0 && value == 0)
            return NULL; /* x000/... is not how a small N is written */
        if (!more) {
            *index = value;
            return at;
        }
        if (*at++ != '/')
            return NULL;
    }
    return NULL;
}

bool tile_path_parse(int *level, uint64_t *index, unsigned *width, const char *path)
{
    if (strncmp(path, "tile/", 5) != 0)
        return false;
    const char *at = path + 5;
    const char *slash = strchr(at, '/');
    if (!slash)
        return false;
    uint64_t number = 0;
    if (slash - at == 7 && memcmp(at, "entries", 7) == 0)
        *level = -1;
    else if (line_number_parse(&number, at, (size_t)(slash - at)) && number <= LEVEL_MAX)
        *level = (int)number;
    else
        return false;
    at = parse_groups(index, slash + 1);
    if (!at)
        return false;
    *width = TILE_WIDTH;
    if (*at == 0)
        return true;
    if (strncmp(at, ".p/", 3) != 0 || !line_number_parse(&number, at + 3, strlen(at + 3)) ||
        number == 0 || number >= TILE_WIDTH)
        return false;
    *width = (unsigned)number;
    return true;
}
