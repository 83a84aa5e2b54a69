/*
 * proof/note_text.h: which characters a note and a key name may have. Internal to this folder.
 */
#ifndef PROOF_NOTE_TEXT_H
#define PROOF_NOTE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Each returns NULL when it holds, else an English reason (static text). */

/* Valid UTF-8 without control characters below 0x20 other than LF. */
const char *note_text_check(const char *bytes, size_t size);
/* A key name: not empty, valid UTF-8, no Unicode space, no '+', no control character. */
const char *note_name_check(const char *bytes, size_t size);

#endif
