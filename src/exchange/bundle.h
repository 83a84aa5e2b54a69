/*
 * exchange/bundle.h: import_bundle (exchange/import.h) for any target, so that tests and benchmarks
 * can do without a ledger.
 *
 * With all_or_nothing the whole bundle is collected in memory before the first statement is
 * submitted: about 400 bytes a row.
 */
#ifndef EXCHANGE_BUNDLE_H
#define EXCHANGE_BUNDLE_H

#include "exchange/statements.h"

wf_status bundle_import(const import_target *target, const char *folder,
                        const import_options *options, import_summary *out, wf_error *err);

#endif
