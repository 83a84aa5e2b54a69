/*
 * model/record.h: a Record (proto/record.proto) as bytes and as a struct, and what must hold of it
 * whatever the book says: presence, ranges, lengths, UTF-8, vocabulary, and the one encoding.
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "base/memory.h"
#include "record.pb-c.h"

enum { TEXT_ID_MAX = 64, TEXT_MAX = 1000, TRACK_FIXES_MAX = 4000 };

/* Appends the canonical bytes. The record must pass record_check. */
wf_status record_encode(buffer *out, const Wufei__Record *record, wf_error *err);

/* Decodes into the arena and refuses anything that is not canonical (encode, compare) or that does
   not pass record_check. */
wf_status record_decode(Wufei__Record **out, arena *a, span bytes, wf_error *err);

/* WF_REFUSED with "FIELD: what is wrong" as text. */
wf_status record_check(const Wufei__Record *record, wf_error *err);
/* The same; times in the message are at this offset, as those of the file mostly are. */
wf_status record_check_at(const Wufei__Record *record, int utc_offset_minutes, wf_error *err);

/* The record's own text id ("" when the kind has none; treatment_id + "/" + output_code for a
   treatment), its time (the rule of bundle.md: later of two weighings, `to` of an activity;
   TIME_NONE for registry kinds), and the bundle file it belongs to ("manifests"). */
const char *record_text_id(const Wufei__Record *record, arena *a);
int64_t record_time_ms(const Wufei__Record *record);
const char *record_file(const Wufei__Record *record);

/* Statement id: time-ordered and deterministic, so that the same row is the same statement. For
   kinds with a text id: hash of file and text id; for the others: hash of the record bytes. The
   time part is record_time_ms (0 for registry kinds). */
void record_statement_id(uint8_t out[16], const Wufei__Record *record, span record_bytes);

/* One JSON object with the bundle's column names and units; for `show` and for people. */
wf_status record_to_json(buffer *out, const Wufei__Record *record, int utc_offset_minutes,
                         wf_error *err);

#endif
