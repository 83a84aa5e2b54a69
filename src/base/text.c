/*
 * base/text.c: see text.h.
 *
 * gettext ignores LANGUAGE in the locale "C" but honours it in "C.UTF-8", which every Debian 12
 * has without the locales package: so a Chinese answer needs no installed Chinese locale.
 */
#include "base/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef WF_LOCALE_DIR
#define WF_LOCALE_DIR "/usr/share/locale"
#endif

extern int _nl_msg_cat_cntr; /* glibc: bump it after LANGUAGE changes within a process */

const char *text_word(const char *word)
{
    char marked[80];
    int size = snprintf(marked, sizeof marked, "word\004%s", word);
    if (size < 0 || (size_t)size >= sizeof marked)
        return word;
    const char *found = dgettext("wufei", marked);
    return found == marked ? word : found;
}

void text_set_language(const char *language)
{
    const char *directory = getenv("WUFEI_LOCALE_DIR");
    bindtextdomain("wufei", directory != NULL ? directory : WF_LOCALE_DIR);
    bind_textdomain_codeset("wufei", "UTF-8");
    if (language == NULL || (strcmp(language, "en") != 0 && strcmp(language, "zh") != 0))
        return; /* the locale decides */
    const char *current = setlocale(LC_MESSAGES, NULL);
    if (current == NULL || strcmp(current, "C") == 0 || strcmp(current, "POSIX") == 0)
        setlocale(LC_MESSAGES, "C.UTF-8");
    setenv("LANGUAGE", strcmp(language, "zh") == 0 ? "zh_CN" : "en", 1);
    _nl_msg_cat_cntr++;
}
