/*
 * wufei/help.c: the help of a command, and text that is wrapped to the width of the page: 100
 * columns, or those of a narrower terminal. Chinese takes two columns a character and may be broken
 * between any two of them, but not before a closing mark nor behind an opening one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "command.h"

enum { HELP_WIDTH = 100, HELP_NARROWEST = 60, HELP_OPTION = 34, HELP_COMMAND = 12 };

static unsigned help_width(void)
{
    struct winsize window;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0;
    if (!known || window.ws_col >= HELP_WIDTH)
        return HELP_WIDTH;
    return window.ws_col < HELP_NARROWEST ? HELP_NARROWEST : window.ws_col;
}

/* One character; what is not UTF-8 counts as a column a byte. */
static size_t help_next(const char *at, wchar_t *out, unsigned *columns)
{
    mbstate_t state = {0};
    size_t size = mbrtowc(out, at, strlen(at), &state);
    if (size == 0 || size == (size_t)-1 || size == (size_t)-2) {
        *out = (unsigned char)*at;
        *columns = 1;
        return 1;
    }
    int width = wcwidth(*out);
    *columns = width > 0 ? (unsigned)width : 0;
    return size;
}

static bool help_breaks(wchar_t before, bool before_wide, wchar_t behind, bool behind_wide)
{
    if (before == L' ')
        return behind != L' ';
    if (wcschr(L"，。；：、）》”！？,;:.)", behind) != NULL || wcschr(L"（《“(", before) != NULL)
        return false;
    return before_wide || behind_wide;
}

/* The bytes up to where a line may be broken; what stands in [brackets] stays together. */
static size_t help_unit(const char *text, unsigned *columns)
{
    wchar_t before = 0, now = 0;
    bool before_wide = false;
    int depth = 0;
    size_t size = 0;
    *columns = 0;
    while (text[size] != '\0' && text[size] != '\n') {
        unsigned width = 0;
        size_t bytes = help_next(text + size, &now, &width);
        if (size > 0 && depth == 0 && help_breaks(before, before_wide, now, width > 1))
            break;
        depth += now == L'[' ? 1 : now == L']' && depth > 0 ? -1 : 0;
        size += bytes;
        *columns += width;
        before = now;
        before_wide = width > 1;
    }
    return size;
}

void help_print(const char *text, unsigned at, unsigned indent)
{
    const unsigned limit = help_width();
    unsigned blanks = 0;
    while (*text != '\0') {
        unsigned columns = 0;
        if (*text == '\n') {
            putchar(*text++);
            at = blanks = 0;
            continue;
        }
        size_t size = help_unit(text, &columns);
        size_t seen = size; /* blanks are written when something follows on their line */
        while (seen > 0 && text[seen - 1] == ' ')
            seen--;
        columns -= (unsigned)(size - seen);
        if (at + blanks + columns > limit && at > indent) {
            putchar('\n');
            blanks = indent;
            at = 0;
        }
        printf("%*s%.*s", (int)blanks, "", (int)seen, text);
        at += blanks + columns;
        blanks = (unsigned)(size - seen);
        text += size;
    }
}

void help_print_command(const char *name, const char *summary)
{
    printf("  %-*s ", HELP_COMMAND, name);
    help_print(summary, HELP_COMMAND + 3, HELP_COMMAND + 3);
    putchar('\n');
}

static void help_print_options(const option_spec *options, size_t count)
{
    char text[80];
    for (size_t i = 0; i < count; i++) {
        const option_spec *o = &options[i];
        char letter[8] = "    ";
        if (o->letter != 0)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(text, sizeof text, "%s--%s%s%s", letter, o->name, o->argument == NULL ? "" : " ",
                 o->argument == NULL ? "" : o->argument);
        printf("  %-*s ", HELP_OPTION, text);
        help_print(_(o->help), HELP_OPTION + 3, HELP_OPTION + 3);
        putchar('\n');
    }
}

void help_print_whole(const command *c)
{
    char usage[1024];
    snprintf(usage, sizeof usage, _("usage: wufei %s %s"), c->name, c->synopsis);
    help_print(usage, 0, 4);
    printf("\n\n");
    help_print(_(c->summary), 0, 0);
    putchar('\n');
    if (c->option_count > 0 || c->window || c->past)
        printf("\n%s\n", _("options"));
    help_print_options(c->options, c->option_count);
    if (c->window)
        help_print_options(options_window_specs, 2);
    if (c->past)
        help_print_options(options_past_specs, 1);
    printf("\n%s\n", _("options of every command"));
    help_print_options(options_common_specs, OPTIONS_COMMON_COUNT);
    printf("\n%s\n%s", _("example"), _(c->example));
}
