/*
 * model/track.h: the fixes of one vehicle and day, and their packed form (proto/record.proto,
 * Track).
 */
#ifndef MODEL_TRACK_H
#define MODEL_TRACK_H

#include "base/memory.h"

typedef struct track_fix {
    int64_t time_ms;
    int32_t lat_e7, lon_e7;
} track_fix;

/* Appends the packed form of `count` fixes, which must be sorted by time, lat, lon and distinct. */
wf_status track_pack(buffer *out, const track_fix *fixes, size_t count, wf_error *err);
/* Reads exactly `count` fixes; refuses bad varints, disorder, coordinates out of range, trailing
   bytes. */
wf_status track_unpack(track_fix *out, size_t count, span packed, wf_error *err);
/* Checks as track_unpack does and gives the first and the last fix; needs no memory. */
wf_status track_bounds(track_fix *first, track_fix *last, size_t count, span packed, wf_error *err);

/* By time, then lat, then lon: negative, zero, positive. */
int track_fix_compare(const track_fix *a, const track_fix *b);

#endif
