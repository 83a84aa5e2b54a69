/*
 * wufei/run.c: what every subcommand does around its work: open, answer, close.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static wf_status open_ledger(arguments *args, wf_ledger **out, wf_open_options *options)
{
    progress bar;
    wf_explain_faults();
    options->at = args->at != NULL ? args->at_size : WF_AT_NOW;
    progress_start(&bar, args);
    options->progress = progress_report;
    options->ctx = &bar;
    wf_status status = wf_open(out, args->ledger, options, &args->error);
    progress_clear(&bar);
    return status;
}

wf_status command_open(arguments *args, wf_ledger **out, bool read_only)
{
    wf_open_options options = {.read_only = read_only};
    return open_ledger(args, out, &options);
}

wf_status command_open_for_a_few_rows(arguments *args, wf_ledger **out)
{
    wf_open_options options = {.read_only = true, .point_reads = true};
    return open_ledger(args, out, &options);
}

bool command_is_signed(const char *text)
{
    static const char signature[] = "\n\n\xe2\x80\x94 "; /* an empty line, an em dash */
    return strstr(text, signature) != NULL;
}

void command_say_unsigned(const arguments *args, const char *text)
{
    if (args->at != NULL && !args->quiet && !command_is_signed(text))
        fprintf(stderr,
                _("the checkpoint of %llu entries is not signed here: the ledger keeps the last "
                  "signature only, and signs nothing for the past; who kept the signed checkpoint "
                  "of then compares it, or puts it in this one's place\n"),
                (unsigned long long)args->at_size);
}

void command_say_witnessed(const arguments *args, wf_ledger *ledger)
{
    wf_error why = {0};
    wf_status status = wf_check_witnessed(ledger, &why);
    if (!args->quiet && (status == WF_DAMAGED || status == WF_REFUSED))
        fprintf(stderr, _("warning: %s (in its place the ledger's own checkpoint is used)\n"),
                why.text);
}

wf_status command_output(arguments *args, output **out, const wf_ledger *ledger, bool many,
                         const char *brief)
{
    output_format format = isatty(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_CSV;
    if (args->format != NULL)
        format = strcmp(args->format, "table") == 0 ? OUTPUT_TABLE
                 : strcmp(args->format, "csv") == 0 ? OUTPUT_CSV
                                                    : OUTPUT_JSON;
    return output_new(out, format, stdout, ledger == NULL ? 0 : wf_utc_offset(ledger), many,
                      args->verbose ? NULL : brief, &args->error);
}

wf_status command_close(arguments *args, output *out, wf_ledger *ledger, wf_status status)
{
    wf_error written = {0};
    wf_status finished = output_finish(out, &written);
    if (status == WF_OK && finished != WF_OK) {
        args->error = written;
        status = finished;
    }
    wf_close(ledger);
    return status;
}

wf_status command_on_folder(arguments *args, bool many, command_work work, void *ctx)
{
    progress bar;
    output *out = NULL;
    progress_start(&bar, args);
    wf_explain_faults();
    wf_status status = command_output(args, &out, NULL, many, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = work(args, &sink, &bar, ctx);
    }
    progress_clear(&bar);
    return command_close(args, out, NULL, status);
}

void command_note(const arguments *args, const char *format, ...)
{
    va_list list;
    if (args->quiet || !isatty(STDERR_FILENO))
        return;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

wf_status command_say_meanings(arguments *args, wf_ledger *ledger, const char *id, bool with_mass)
{
    char forms[4096];
    if (args->quiet)
        return WF_OK;
    wf_status status = wf_meanings(ledger, id, with_mass, forms, sizeof forms, &args->error);
    if (status == WF_OK && forms[0] != '\0')
        fprintf(stderr,
                _("'%s' names several things: %s; the first is meant, write it as one of "
                  "these for another\n"),
                id, forms);
    return status;
}
