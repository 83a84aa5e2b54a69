/*
 * wufei/command.h: what the files of the wufei command share. A subcommand is one file and one
 * `command`: what it is called, what it takes, and a function. Parsing, help, errors and output are
 * the same for all.
 */
#ifndef WUFEI_COMMAND_H
#define WUFEI_COMMAND_H

#include <libintl.h>
#include <stdio.h>

#include "output.h"
#include "wufei/wufei.h"

#define _(text) dgettext("wufei", text)
#define N_(text) text

enum { COMMAND_OPTIONS_MAX = 24 };

typedef struct option_spec {
    const char *name;     /* "stream" */
    char letter;          /* 'o', or 0 */
    const char *argument; /* "FILE"; NULL: a flag */
    const char *help;     /* msgid */
} option_spec;

struct command;

typedef struct arguments {
    const struct command *command;
    const char *ledger; /* -L, else $WUFEI_LEDGER, else ./ledger */
    const char *format; /* as given, or NULL */
    const char *language;
    const char *from, *to, *at;
    uint64_t at_size; /* of `at` */
    bool quiet, verbose, help;
    /* Of the command's own options, in their order; a flag that was given is "". NULL: not given.
     */
    const char *value[COMMAND_OPTIONS_MAX];
    const char *const *rest;
    size_t rest_count;
    wf_error error; /* of the run */
} arguments;

typedef struct command {
    const char *name;
    const char *summary;  /* msgid, one line */
    const char *synopsis; /* "ID [--up|--down]" */
    const char *example;  /* lines of commands; a msgid where they have words */
    const option_spec *options;
    size_t option_count;
    size_t rest_min, rest_max;
    bool window; /* takes --from and --to */
    bool past;   /* takes --at */
    wf_status (*run)(arguments *args);
} command;

extern const command command_init, command_import, command_list, command_show, command_trace,
    command_balance, command_audit, command_verify, command_prove, command_checkpoint,
    command_export, command_rebuild, command_archive, command_stat, command_backup, command_restore,
    command_witness, command_scrub, command_repair, command_key;
extern const command *const commands[]; /* NULL-terminated */

/* ---- options.c ----------------------------------------------------------------------------- */

/* Options in front of the subcommand; *used is how many of argv they took, argv[0] included. */
wf_status options_parse_front(arguments *args, int argc, char **argv, int *used);
/* The subcommand's own arguments; argv[0] is its name. */
wf_status options_parse(arguments *args, int argc, char **argv);
/* What every command takes; the window and the past those that have them. */
enum { OPTIONS_COMMON_COUNT = 6 };
extern const option_spec options_common_specs[OPTIONS_COMMON_COUNT];
extern const option_spec options_window_specs[2], options_past_specs[1];
/* --from and --to of the arguments as times at the ledger's offset. */
wf_status options_window(arguments *args, const wf_ledger *ledger, wf_filter *filter);
/* A decimal number of an option; WF_USAGE says which. */
wf_status options_number(arguments *args, const char *option, const char *text, uint64_t *out);
/* Sets args->error and returns `status`. */
wf_status command_fail(arguments *args, wf_status status, const char *format, ...) WF_PRINTF(3, 4);

/* ---- progress.c ---------------------------------------------------------------------------- */

typedef struct progress {
    bool shown; /* standard error is a terminal and -q was not given */
    bool drawn;
    char phase[64];
    double started_s, drawn_s; /* monotonic; of this phase, of the last drawing */
} progress;
void progress_start(progress *p, const arguments *args);
void progress_report(void *ctx, const char *phase, uint64_t done, uint64_t total);
/* Wipes the line, so that something else can be said. */
void progress_clear(progress *p);

/* ---- help.c -------------------------------------------------------------------------------- */

/* Text that begins in column `at`, wrapped to the page, further lines indented. */
void help_print(const char *text, unsigned at, unsigned indent);
/* A line of the list of commands. */
void help_print_command(const char *name, const char *summary);
void help_print_whole(const command *c);

/* ---- run.c --------------------------------------------------------------------------------- */

/* Opens the ledger of the arguments. */
wf_status command_open(arguments *args, wf_ledger **out, bool read_only);
/* For reading, by commands that ask about one thing. */
wf_status command_open_for_a_few_rows(arguments *args, wf_ledger **out);
/* The output that the arguments ask for, on standard output. `many`: several tables are coming.
   `brief`: columns of a table for people, joined by '|' (NULL: all; -v: all). */
wf_status command_output(arguments *args, output **out, const wf_ledger *ledger, bool many,
                         const char *brief);
/* Finishes the output and closes the ledger, whatever happened before; the first failure counts. */
wf_status command_close(arguments *args, output *out, wf_ledger *ledger, wf_status status);
/* For what works on the ledger's folder, whose store may be damaged, and not on an open ledger:
   `work` between output and progress. `many` as above. */
typedef wf_status (*command_work)(arguments *args, const wf_sink *sink, progress *bar, void *ctx);
wf_status command_on_folder(arguments *args, bool many, command_work work, void *ctx);
/* Whether a checkpoint, or the one in a receipt, has its signature. */
bool command_is_signed(const char *text);
/* With --at: says on standard error, without -q, that a checkpoint, or the one in a receipt, is
   without its signature. */
void command_say_unsigned(const arguments *args, const char *text);
/* Says on standard error, without -q, what is wrong with the witnessed checkpoint, if anything is.
 */
void command_say_witnessed(const arguments *args, wf_ledger *ledger);
/* A remark for people on standard error: only on a terminal and without -q. */
void command_note(const arguments *args, const char *format, ...) WF_PRINTF(2, 3);

/* Says on standard error, without -q, when `id` names several things. */
wf_status command_say_meanings(arguments *args, wf_ledger *ledger, const char *id, bool with_mass);

/* ---- output_file.c ------------------------------------------------------------------------- */

/* WF_USAGE when `path` (NULL: not given) exists already, is in the ledger or is empty; `option` is
   what named it. Called before the work, so that it is not done in vain. */
wf_status command_check_file(arguments *args, const char *option, const char *path);
/* The same about a folder that files are to be written to: WF_USAGE when it is in the ledger, is a
   file or has no name. */
wf_status command_check_folder(arguments *args, const char *option, const char *folder);
bool command_same_file(const char *a, const char *b);
/* Checks again and writes a new file, whole or not at all. */
wf_status command_write_file(arguments *args, const char *option, const char *path,
                             const void *data, size_t size);
/* The same of a file that was checked. */
wf_status command_put_file(arguments *args, const char *path, const void *data, size_t size);
/* Many files of one folder: staged under other names, synced together, then named, those whose name
   ends like endings[0] first (NULL ends the list); or dropped. */
wf_status command_stage_file(arguments *args, const char *path, const void *data, size_t size);
wf_status command_name_staged(arguments *args, const char *folder, const char *const *endings);
void command_drop_staged(const char *folder);
/* The names beside this file are on the disk. errno tells what failed. */
bool command_sync_folder_of(const char *path);

#endif
