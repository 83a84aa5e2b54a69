/*
 * What is unaccounted for, by stream: a program on the C API.
 *     cc balance.c $(pkg-config --cflags --libs wufei) && ./a.out LEDGER
 */
#include <stdio.h>
#include <wufei/wufei.h>

static wf_status begin(void *ctx, const char *name, const char *title, const wf_column *columns,
                       size_t count, wf_error *err)
{
    (void)ctx, (void)name, (void)title, (void)columns, (void)count, (void)err;
    return WF_OK;
}

static wf_status row(void *ctx, const wf_cell *cells, size_t count, wf_error *err)
{
    char mass[40];
    (void)ctx, (void)count, (void)err; /* the columns are those of: wufei balance --format csv */
    printf("%s: %s kg unaccounted for\n", cells[0].as.text,
           wf_format_mass_kg(mass, cells[9].as.integer));
    return WF_OK;
}

static wf_status end(void *ctx, wf_error *err)
{
    (void)ctx, (void)err;
    return WF_OK;
}

int main(int argc, char **argv)
{
    wf_sink sink = {.begin = begin, .row = row, .end = end};
    wf_open_options options = {.read_only = true, .at = WF_AT_NOW};
    wf_ledger *ledger = NULL;
    wf_error error;
    wf_status status = wf_open(&ledger, argc > 1 ? argv[1] : "ledger", &options, &error);
    if (status == WF_OK)
        status = wf_balance(ledger, "stream", NULL, &sink, &error);
    if (status != WF_OK)
        fprintf(stderr, "%s\n", error.text);
    wf_close(ledger);
    return (int)status;
}
