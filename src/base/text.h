/*
 * base/text.h: translation. Every text that a person reads goes through _(); the catalogue is
 * po/zh_CN.po, domain "wufei". Use positional arguments (%1$s) where a translation may need
 * another order. N_() marks a text in a static table; translate it with _() where it is shown.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <libintl.h>

#define _(text) dgettext("wufei", text)
#define N_(text) text

/* A word of a closed list (a state, an event, a role) for a sentence that people read: the
   catalogue has such words with the context "word", apart from the same English word elsewhere. A
   word that it does not have stays as it is, as all do in English. */
const char *text_word(const char *word);

/* Chooses "en" or "zh" for this process; any other value (or NULL) follows the locale. */
void text_set_language(const char *language);

#endif
