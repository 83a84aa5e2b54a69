/*
 * wufei/options.c: arguments. One table of common options, one of each command's own, both read by
 * getopt_long; the help (help.c) is printed from the same tables.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { LETTER_OWN = 1000, LETTER_FORMAT = 2000, LETTER_LANG, LETTER_FROM, LETTER_TO, LETTER_AT };

const option_spec options_common_specs[OPTIONS_COMMON_COUNT] = {
    {"ledger", 'L', "DIR", N_("the ledger (else $WUFEI_LEDGER, else ./ledger)")},
    {"format", 0, "table|csv|json", N_("form of the answer (table on a terminal, csv in a pipe)")},
    {"lang", 0, "en|zh", N_("language of titles, sentences and messages")},
    {"quiet", 'q', NULL, N_("no progress, no remarks")},
    {"verbose", 'v', NULL, N_("say more: all columns, all problems")},
    {"help", 'h', NULL, N_("this help")},
};
const option_spec options_window_specs[2] = {
    {"from", 0, "TIME", N_("from this date or time on")},
    {"to", 0, "TIME", N_("before this date or time")},
};
const option_spec options_past_specs[1] = {
    {"at", 0, "SIZE", N_("answer as the ledger stood at that many entries")},
};

wf_status command_fail(arguments *args, wf_status status, const char *format, ...)
{
    va_list list;
    args->error.status = status;
    va_start(list, format);
    vsnprintf(args->error.text, sizeof args->error.text, format, list);
    va_end(list);
    size_t size = strlen(args->error.text);
    if (size > 0 && args->error.text[size - 1] == ' ') /* the synopsis of what takes nothing */
        args->error.text[size - 1] = '\0';
    return status;
}

static const struct option common_long[] = {
    {"ledger", required_argument, NULL, 'L'},
    {"format", required_argument, NULL, LETTER_FORMAT},
    {"lang", required_argument, NULL, LETTER_LANG},
    {"at", required_argument, NULL, LETTER_AT},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
};
enum { COMMON_LONG = sizeof common_long / sizeof *common_long };

static bool options_common(arguments *args, int letter)
{
    switch (letter) {
    case 'L':
        args->ledger = optarg;
        return true;
    case 'q':
        args->quiet = true;
        return true;
    case 'v':
        args->verbose = true;
        return true;
    case 'h':
        args->help = true;
        return true;
    case LETTER_FORMAT:
        args->format = optarg;
        return true;
    case LETTER_LANG:
        args->language = optarg;
        wf_set_language(optarg); /* what is wrong behind it is told in this language */
        return true;
    case LETTER_FROM:
        args->from = optarg;
        return true;
    case LETTER_TO:
        args->to = optarg;
        return true;
    case LETTER_AT:
        args->at = optarg;
        return true;
    default:
        return false;
    }
}

/* What getopt_long could not read, in our words. */
static wf_status options_wrong(arguments *args, int letter, char **argv)
{
    const char *given = optind > 0 ? argv[optind - 1] : "";
    char name[32] = "";
    if (args->command != NULL)
        snprintf(name, sizeof name, " %s", args->command->name);
    if (letter == ':')
        return command_fail(args, WF_USAGE, _("option %s needs a value; see: wufei%s --help"),
                            given, name);
    if (optopt > 0 && optopt < 128)
        return command_fail(args, WF_USAGE, _("unknown option '-%c'; see: wufei%s --help"), optopt,
                            name);
    return command_fail(args, WF_USAGE, _("unknown option '%s'; see: wufei%s --help"), given, name);
}

static wf_status options_check_common(arguments *args)
{
    if (args->format != NULL && strcmp(args->format, "table") != 0 &&
        strcmp(args->format, "csv") != 0 && strcmp(args->format, "json") != 0)
        return command_fail(args, WF_USAGE, _("unknown format '%s'; allowed: table, csv, json"),
                            args->format);
    if (args->language != NULL && strcmp(args->language, "en") != 0 &&
        strcmp(args->language, "zh") != 0)
        return command_fail(args, WF_USAGE, _("unknown language '%s'; allowed: en, zh"),
                            args->language);
    return WF_OK;
}

static wf_status options_check_past(arguments *args)
{
    if (args->at == NULL)
        return WF_OK;
    if (!args->command->past)
        return command_fail(args, WF_USAGE,
                            _("wufei %s does not take --at: only questions can be asked about the "
                              "past"),
                            args->command->name);
    return options_number(args, "at", args->at, &args->at_size);
}

wf_status options_parse_front(arguments *args, int argc, char **argv, int *used)
{
    struct option all[COMMON_LONG + 2] = {{0}};
    int letter;
    memcpy(all, common_long, sizeof common_long);
    all[COMMON_LONG] = (struct option){"version", no_argument, NULL, 'V'};
    optind = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "+:L:qvhV", all, NULL)) != -1) {
        if (letter == 'V') {
            printf("wufei %s\n", wf_version());
            exit(WF_OK);
        }
        if (!options_common(args, letter))
            return options_wrong(args, letter, argv);
    }
    *used = optind;
    return options_check_common(args);
}

/* The long options of a command: the common ones, its window, its own; and its letters. */
static void options_tables(const command *c, struct option *all, char *letters, size_t size)
{
    size_t count = COMMON_LONG;
    size_t used = (size_t)snprintf(letters, size, ":L:qvh");
    memcpy(all, common_long, sizeof common_long);
    if (c->window) {
        all[count++] = (struct option){"from", required_argument, NULL, LETTER_FROM};
        all[count++] = (struct option){"to", required_argument, NULL, LETTER_TO};
    }
    for (size_t i = 0; i < c->option_count; i++) {
        const option_spec *o = &c->options[i];
        all[count++] =
            (struct option){o->name, o->argument == NULL ? no_argument : required_argument, NULL,
                            LETTER_OWN + (int)i};
        if (o->letter != 0)
            used += (size_t)snprintf(letters + used, size - used, "%c%s", o->letter,
                                     o->argument == NULL ? "" : ":");
    }
    memset(&all[count], 0, sizeof all[count]);
}

static bool options_own(arguments *args, int letter)
{
    const command *c = args->command;
    for (size_t i = 0; i < c->option_count; i++) {
        bool same = letter == LETTER_OWN + (int)i ||
                    (c->options[i].letter != 0 && letter == c->options[i].letter);
        if (!same)
            continue;
        args->value[i] = c->options[i].argument == NULL ? "" : optarg;
        return true;
    }
    return false;
}

wf_status options_parse(arguments *args, int argc, char **argv)
{
    const command *c = args->command;
    struct option all[COMMON_LONG + COMMAND_OPTIONS_MAX + 3];
    char letters[64];
    int letter;
    options_tables(c, all, letters, sizeof letters);
    optind = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, letters, all, NULL)) != -1)
        if (!options_common(args, letter) && !options_own(args, letter))
            return options_wrong(args, letter, argv);
    args->rest = (const char *const *)argv + optind;
    args->rest_count = (size_t)(argc - optind);
    if (args->help)
        return WF_OK;
    if (args->rest_count < c->rest_min)
        return command_fail(args, WF_USAGE, _("missing argument; usage: wufei %s %s"), c->name,
                            c->synopsis);
    if (args->rest_count > c->rest_max)
        return command_fail(args, WF_USAGE, _("unexpected argument '%s'; usage: wufei %s %s"),
                            args->rest[c->rest_max], c->name, c->synopsis);
    wf_status status = options_check_common(args);
    return status == WF_OK ? options_check_past(args) : status;
}

wf_status options_window(arguments *args, const wf_ledger *ledger, wf_filter *filter)
{
    int offset = wf_utc_offset(ledger);
    wf_status status = WF_OK;
    filter->from_ms = WF_TIME_NONE;
    filter->to_ms = WF_TIME_NONE;
    if (args->from != NULL)
        status = wf_parse_time(&filter->from_ms, args->from, offset, &args->error);
    if (status == WF_OK && args->to != NULL)
        status = wf_parse_time(&filter->to_ms, args->to, offset, &args->error);
    if (status == WF_OK && args->from != NULL && args->to != NULL &&
        filter->from_ms >= filter->to_ms)
        return command_fail(args, WF_USAGE, _("--from %s is not before --to %s"), args->from,
                            args->to);
    return status;
}

wf_status options_number(arguments *args, const char *option, const char *text, uint64_t *out)
{
    char *end;
    *out = 0;
    if (text == NULL)
        return WF_OK;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9')
        return WF_OK;
    return command_fail(args, WF_USAGE, _("--%s '%s' is not a number; expected digits, like 100"),
                        option, text);
}
