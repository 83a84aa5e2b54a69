/*
 * base/shown.h: texts of other people in our messages. What a file holds may be long, broken, or
 * made to play with a terminal; a message shows it so that nothing hides.
 */
#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

#include <stddef.h>
#include <stdint.h>

enum { SHOWN_BYTES = 80, SHOWN_TEXT = SHOWN_BYTES * 4 + 8 };

/* Bytes of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7) and its code point; 0
   when there is none. Reads no byte behind a zero. */
size_t utf8_sequence(const uint8_t *at, uint32_t *code);

/* Characters that show as nothing or turn the text around: zero-width and bidirectional controls,
   C1 controls, tags, the byte order mark. */
int code_is_invisible(uint32_t code);
/* Blanks other than U+0020. */
int code_is_odd_space(uint32_t code);

/* At most SHOWN_BYTES of the text, cut at a whole character with "…" behind them; a control
   character is written \x1b, an invisible character \u{200B}, a byte that is not UTF-8
   \xff. Returns `out`. */
const char *text_shown(char out[SHOWN_TEXT], const char *text, size_t size);

/* The same of a whole message, without a cut, as far as `out` reaches. Returns `out`. */
const char *text_escaped(char *out, size_t out_size, const char *text);

#endif
