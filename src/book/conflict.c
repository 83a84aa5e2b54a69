/*
 * book/conflict.c: says what is different when an id is entered a second time.
 *
 * The old content is read from the log, which has all of it; the tables leave some out.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/shown.h"
#include "book/internal.h"

/* The record of an old entry as JSON; NULL when it cannot be had (then the message says less). */
static json_t *record_json(const Wufei__Record *record, int utc_offset_minutes)
{
    buffer text = {0};
    json_t *json = NULL;
    if (record_to_json(&text, record, utc_offset_minutes, NULL) == WF_OK && !text.failed)
        json = json_loadb((const char *)text.data, text.size, 0, NULL);
    buffer_free(&text);
    return json;
}

static json_t *entry_json(apply_context *x, uint64_t seq)
{
    span bytes = {0};
    entry_view entry;
    statement_view statement;
    Wufei__Record *record = NULL;
    book *b = x->b;
    /* Not ledger_read: an entry of the group that is being written is in no tile yet. */
    if (b->ledger == NULL || ledger_peek(b->ledger, x->txn, seq, &bytes, NULL) != WF_OK ||
        bytes.data == NULL || entry_parse(&entry, bytes, NULL) != WF_OK ||
        statement_parse(&statement, entry.statement, NULL) != WF_OK ||
        record_decode(&record, &b->scratch, statement.record, NULL) != WF_OK)
        return NULL;
    return record_json(record, b->utc_offset_minutes);
}

/* A value as it is shown, cut where it is long; "not given" for NULL. */
static const char *value_shown(char out[SHOWN_TEXT], const json_t *value)
{
    if (value == NULL)
        return _("not given");
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    const char *plain = text != NULL ? text : json_string_value(value);
    if (plain == NULL)
        plain = "";
    text_shown(out, plain, strlen(plain));
    free(text);
    return out;
}

/* "column old, here new" of the first column that differs, and how many there are beside it; false
   when none does. */
static bool differences(buffer *out, const json_t *old, json_t *here)
{
    const char *column;
    json_t *value;
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        json_t *from = pass == 0 ? (json_t *)(uintptr_t)old : here;
        const json_t *other = pass == 0 ? here : old;
        json_object_foreach(from, column, value)
        {
            char first[SHOWN_TEXT];
            char second[SHOWN_TEXT];
            json_t *twin = json_object_get(other, column);
            if (json_equal(value, twin) || (pass == 1 && twin != NULL) || ++count > 1)
                continue;
            buffer_printf(out, _("%1$s %2$s, here %3$s"), column,
                          value_shown(first, pass == 0 ? value : NULL),
                          value_shown(second, pass == 0 ? twin : value));
        }
    }
    if (count > 1)
        buffer_printf(out, _("; columns that differ: %zu"), count);
    return count > 0;
}

wf_status conflict_refuse(apply_context *x, const char *column, const char *text_id,
                          uint64_t old_seq)
{
    json_t *old = entry_json(x, old_seq);
    json_t *here = record_json(x->record, x->b->utc_offset_minutes);
    buffer difference = {0};
    if (old == NULL || here == NULL)
        wf_fail(x->err, WF_REFUSED,
                _("%1$s %2$s: already entered as entry %3$" PRIu64
                  "; what is entered stays: enter a correction instead, or give this one another "
                  "id"),
                column, text_id, old_seq);
    else if (differences(&difference, old, here) && !difference.failed)
        wf_fail(
            x->err, WF_REFUSED,
            _("%1$s %2$s: already entered as entry %3$" PRIu64
              " with other content (%4$.*5$s); what is entered stays: enter a correction instead, "
              "or give this one another id"),
            column, text_id, old_seq, (const char *)difference.data, (int)difference.size);
    else
        wf_fail(x->err, WF_REFUSED,
                _("%1$s %2$s: already entered as entry %3$" PRIu64 " with the same content"),
                column, text_id, old_seq);
    buffer_free(&difference);
    json_decref(old);
    json_decref(here);
    return WF_REFUSED;
}
