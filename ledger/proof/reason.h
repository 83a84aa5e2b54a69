/*
 * proof/reason.h: why something was refused, as a sentence that people read.
 *
 * N_() marks a constant sentence for the catalogue. It is returned as it stands, and whoever shows
 * it translates it: a witness also sends such sentences over the wire, in English. _() translates
 * what is put together here (policy.c), in libwufei alone: wufei-verify has no catalogue.
 */
#ifndef PROOF_REASON_H
#define PROOF_REASON_H

#ifdef WUFEI_TRANSLATED
#include "base/text.h"
#else
#define _(text) text
#define N_(text) text
#endif

#endif
