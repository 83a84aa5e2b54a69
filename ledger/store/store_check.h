/*
 * ledger/store/store_check.h: a check on each row, because LMDB has none on its pages.
 *
 * What stands in the log is under its tree; the rows of the book are under nothing, and a flipped
 * bit in one would be an answer like any other. So a checked table keeps behind each value
 *
 *     u32 LE   of the table's name, the key and the value
 *
 * and whoever reads the row compares. It is no protection against people: they can compute it too,
 * and are caught by deriving the book again from the log.
 */
#ifndef LEDGER_STORE_CHECK_H
#define LEDGER_STORE_CHECK_H

#include "base/memory.h"

enum { STORE_CHECK_SIZE = 4 };

/* What a table's name adds. */
uint64_t store_check_seed(const char *table);
/* Writes the check of a row behind its value at `end`. */
void store_check_put(uint8_t *end, uint64_t seed, span key, span value);
/* Takes the check off a value; false: the row is not what was written. */
bool store_check_take(span *value, uint64_t seed, span key);

#endif
