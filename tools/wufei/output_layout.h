/*
 * wufei/output_layout.h: how wide texts are on a terminal, where they may be broken, and how wide
 * the columns of a table become when it is wider than the terminal.
 */
#ifndef WUFEI_OUTPUT_LAYOUT_H
#define WUFEI_OUTPUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum { LAYOUT_GAP = 1 }; /* between the columns of a table */

typedef struct layout_column {
    size_t title;   /* width of the title, which is never broken */
    size_t natural; /* of the widest of title and cells */
    size_t run;     /* of the widest piece that cannot be broken */
    bool breaks;    /* text: its cells may be broken; numbers and times never are */
    size_t width;   /* set by layout_fit; natural: nothing is broken */
} layout_column;

size_t layout_text_width(const char *text);
/* Takes a cell into the column's natural width and run. */
void layout_measure(layout_column *column, const char *text);
/* Gives each column its width within `width` in all; false when no table fits. */
bool layout_fit(layout_column *columns, size_t count, size_t width);
/* The text in lines of at most `width`, joined by line feeds: broken between words and between
   Chinese characters, never inside a number; only what is itself longer than a line is cut. The
   caller frees; NULL: out of memory. */
char *layout_wrap(const char *text, size_t width);

#endif
