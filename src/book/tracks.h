/*
 * book/tracks.h: rows of the table tracks, for those who read it.
 */
#ifndef BOOK_TRACKS_H
#define BOOK_TRACKS_H

#include "book/rows.h"

enum { TRACK_KEY_SIZE = 16 };

typedef struct track_chunk {
    vehicle_id vehicle;
    int32_t day;
    uint64_t seq;
    uint32_t count;
    span packed;
} track_chunk;

void track_key(uint8_t out[TRACK_KEY_SIZE], vehicle_id vehicle, int32_t day, uint64_t seq);
wf_status track_chunk_parse(track_chunk *out, span key, span value, wf_error *err);
/* The fixes of a chunk, chunk->count of them, in order; WF_DAMAGED when they are not. */
wf_status track_chunk_unpack(track_fix *out, const track_chunk *chunk, wf_error *err);
/* Sorts by time, lat, lon and drops what is there twice; returns how many are left. */
size_t track_merge(track_fix *fixes, size_t count);

#endif
