/*
 * wufei/output_layout.c: see output_layout.h. Relies on the C library's idea of how wide a
 * character is (wcwidth), as libsmartcols does.
 */
#include "output_layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Narrower than this no text column becomes, and no sentence narrower than the second. */
/* A piece longer than the last may be cut: a key or a hash, not a number. */
enum { WIDTH_LEAST = 12, SENTENCE_LEAST = 26, SENTENCE_FROM = 60, RUN_MOST = 36 };

/* One character; *width is its columns. A stray byte counts as one character of one column. */
static size_t layout_character(const char *text, wchar_t *out, size_t *width)
{
    mbstate_t state = {0};
    size_t size = mbrtowc(out, text, strlen(text), &state);
    if (size == 0 || size > MB_CUR_MAX) {
        *out = L'?';
        *width = 1;
        return 1;
    }
    int columns = wcwidth(*out);
    *width = columns < 0 ? 0 : (size_t)columns;
    return size;
}

size_t layout_text_width(const char *text)
{
    size_t sum = 0, width;
    wchar_t character;
    for (; *text != '\0'; sum += width)
        text += layout_character(text, &character, &width);
    return sum;
}

static bool layout_closes(wchar_t c)
{
    return wcschr(L"，。；：、！？）】》〉”’％,.;:!?)]}%", c) != NULL;
}

static bool layout_opens(wchar_t c)
{
    return wcschr(L"（【《〈“‘([{", c) != NULL;
}

/* May a line end between these two characters? */
static bool layout_may_break(wchar_t before, wchar_t after)
{
    if (before == L' ' || before == L'|')
        return after != L' ';
    if (layout_closes(after) || layout_opens(before))
        return false;
    if (before >= L'0' && before <= L'9') /* a number stays with what it counts */
        return false;
    return wcwidth(before) == 2 || wcwidth(after) == 2;
}

void layout_measure(layout_column *column, const char *text)
{
    size_t sum = 0, run = 0, width;
    wchar_t character, before = L'\0';
    for (; *text != '\0'; sum += width) {
        text += layout_character(text, &character, &width);
        if (before != L'\0' && layout_may_break(before, character))
            run = 0;
        run += character == L' ' ? 0 : width;
        if (run > column->run)
            column->run = run;
        before = character;
    }
    if (sum > column->natural)
        column->natural = sum;
}

static size_t layout_least(const layout_column *column)
{
    size_t least = column->run > RUN_MOST ? RUN_MOST : column->run;
    if (least < WIDTH_LEAST)
        least = WIDTH_LEAST;
    if (!column->breaks)
        return column->natural;
    if (column->natural >= SENTENCE_FROM && least < SENTENCE_LEAST)
        least = SENTENCE_LEAST;
    if (least > column->natural)
        least = column->natural;
    return least > column->title ? least : column->title;
}

bool layout_fit(layout_column *columns, size_t count, size_t width)
{
    size_t used = count > 0 ? (count - 1) * LAYOUT_GAP : 0;
    for (size_t i = 0; i < count; i++) {
        columns[i].width = layout_least(&columns[i]);
        used += columns[i].width;
    }
    if (used > width)
        return false;
    /* what is left goes, column by column, to the text that would have the most lines */
    for (; used < width; used++) {
        layout_column *longest = NULL;
        for (size_t i = 0; i < count; i++) {
            layout_column *c = &columns[i];
            if (c->width < c->natural &&
                (longest == NULL || c->natural * longest->width > longest->natural * c->width))
                longest = c;
        }
        if (longest == NULL)
            break;
        longest->width++;
    }
    return true;
}

char *layout_wrap(const char *text, size_t width)
{
    size_t size = strlen(text), used = 0, line = 0, since = 0, step;
    char *out = malloc(2 * size + 1); /* each character is followed by one line feed at most */
    size_t place = SIZE_MAX;          /* in out: where the present line may end */
    wchar_t character, before = L'\0';
    if (out == NULL)
        return NULL;
    for (const char *at = text; *at != '\0';) {
        size_t bytes = layout_character(at, &character, &step);
        if (before != L'\0' && layout_may_break(before, character)) {
            place = used;
            since = 0;
        }
        if (line + step > width && line > 0 && character != L' ') {
            if (place == SIZE_MAX) {
                place = used;
                since = 0;
            }
            if (place > 0 && out[place - 1] == ' ') {
                out[place - 1] = '\n';
            } else {
                memmove(out + place + 1, out + place, used - place);
                out[place] = '\n';
                used++;
            }
            line = since;
            place = SIZE_MAX;
        }
        memcpy(out + used, at, bytes);
        used += bytes;
        line += step;
        since += step;
        at += bytes;
        before = character;
    }
    out[used] = '\0';
    return out;
}
