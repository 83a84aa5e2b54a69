/*
 * wufei/receipt.c: see receipt.h.
 */
#include "receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECEIPT_PATH_MAX = PATH_MAX + 64 };
static const char proof_suffix[] = ".tlog-proof";

void receipt_entry_path(char *out, size_t size, const char *proof)
{
    size_t stem = strlen(proof);
    size_t suffix = sizeof proof_suffix - 1;
    if (stem > suffix && strcmp(proof + stem - suffix, proof_suffix) == 0)
        stem -= suffix;
    snprintf(out, size, "%.*s.entry", (int)stem, proof);
}

/* ---- how it is checked ---------------------------------------------------------------------- */

/* A word as a shell reads it: in quotes, except where nothing needs them. */
void receipt_print_word(FILE *file, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=@%+,-";
    const char *stead = word[0] == '-' ? "./" : ""; /* a file, not an option */
    fputc(' ', file);
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fprintf(file, "%s%s", stead, word);
        return;
    }
    fprintf(file, "'%s", stead);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", file);
        else
            fputc(*word, file);
    fputc('\'', file);
}

char *receipt_check_with(const char *vkey, const char *entry, const char *proof)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&line, &size);
    if (file == NULL)
        return NULL;
    fputs("wufei-verify proof --vkey", file);
    receipt_print_word(file, vkey);
    fputs(" --entry", file);
    receipt_print_word(file, entry);
    receipt_print_word(file, proof);
    if (fclose(file) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

/* ---- where it goes -------------------------------------------------------------------------- */

/* "LEDGER.receipts": beside the folder, whatever way its name is written. */
static wf_status receipt_folder_beside(arguments *args, char out[PATH_MAX])
{
    char real[PATH_MAX];
    const char *name = args->ledger;
    size_t size = strlen(name);
    while (size > 1 && name[size - 1] == '/')
        size--;
    if (size > 0 && name[size - 1] == '.') { /* ".", "..", "x/..": the name that it really has */
        if (realpath(name, real) == NULL)
            return command_fail(args, WF_SYSTEM, "%s: %s", name, _(strerror(errno)));
        name = real;
        size = strlen(real);
    }
    if (snprintf(out, PATH_MAX, "%.*s.receipts", (int)size, name) >= PATH_MAX)
        return command_fail(args, WF_SYSTEM, "%s: %s", args->ledger, _(strerror(ENAMETOOLONG)));
    return WF_OK;
}

/* A folder that is there can be written to; else the one that it is to be made in. */
static wf_status receipt_check_folder(arguments *args, const char *folder)
{
    struct stat info;
    char up[PATH_MAX];
    if (stat(folder, &info) == 0) {
        if (access(folder, W_OK | X_OK) == 0)
            return WF_OK;
        return command_fail(args, WF_SYSTEM,
                            _("the receipt cannot be written: %s: %s; name another place with "
                              "--receipt FILE.tlog-proof"),
                            folder, _(strerror(errno)));
    }
    snprintf(up, sizeof up, "%s", folder);
    size_t size = strlen(up);
    while (size > 1 && up[size - 1] == '/')
        up[--size] = '\0';
    char *slash = strrchr(up, '/');
    if (slash == NULL)
        strcpy(up, ".");
    else
        slash[slash == up ? 1 : 0] = '\0';
    /* Where there is no such folder, there is no ledger either, and that is what is to be told. */
    if (access(up, W_OK | X_OK) != 0 && errno != ENOENT)
        return command_fail(args, WF_SYSTEM,
                            _("the folder %s for receipts cannot be made: %s; name another place "
                              "with --receipt FILE.tlog-proof"),
                            folder, _(strerror(errno)));
    return WF_OK;
}

wf_status receipt_check(arguments *args, receipt_place *out, const char *file, const char *folder)
{
    char entry[RECEIPT_PATH_MAX];
    out->file = file;
    out->folder = folder;
    wf_status status = receipt_folder_beside(args, out->beside);
    if (file != NULL && folder != NULL)
        return command_fail(args, WF_USAGE, _("give --receipt or --receipts, not both"));
    if (status == WF_OK && file != NULL) {
        receipt_entry_path(entry, sizeof entry, file);
        status = command_check_file(args, "--receipt", file);
        if (status == WF_OK)
            status = command_check_file(args, "--receipt", entry);
    } else if (status == WF_OK && folder != NULL) {
        status = command_check_folder(args, "--receipts", folder);
        if (status == WF_OK)
            status = receipt_check_folder(args, folder);
    } else if (status == WF_OK) {
        status = receipt_check_folder(args, out->beside);
    }
    return status;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct receipt_writer {
    arguments *args;
    const char *folder; /* NULL: one named file */
    const char *file;
    char first[RECEIPT_PATH_MAX];
    uint64_t count;
    char kept[RECEIPT_PATH_MAX]; /* the first receipt of another entry under a number of ours */
    uint64_t others;
} receipt_writer;

/* The receipt of this entry lies there already: -1, it is one of something else; 0, no. */
static int receipt_lies_there(const char *proof, const char *entry, const wf_receipt *r)
{
    struct stat info;
    if (stat(entry, &info) != 0)
        return access(proof, F_OK) == 0 ? -1 : 0;
    FILE *file = fopen(entry, "rb");
    uint8_t *bytes = malloc(r->entry_size + 1);
    bool same = file != NULL && bytes != NULL &&
                fread(bytes, 1, r->entry_size + 1, file) == r->entry_size &&
                memcmp(bytes, r->entry, r->entry_size) == 0;
    if (file != NULL)
        fclose(file);
    free(bytes);
    if (!same)
        return -1;
    return access(proof, F_OK) == 0 ? 1 : 0;
}

enum { RECEIPT_HISTORIES_MAX = 10000 }; /* of one number in one folder */

/* The name for this receipt. One of another entry that has its number stays: a ledger that was put
   back or forked gives its numbers twice, and the older receipt is the evidence. The new one gets
   the next free name beside it, "NUMBER-2". `there` as receipt_lies_there tells. */
static void receipt_name(receipt_writer *w, const wf_receipt *r, char proof[RECEIPT_PATH_MAX],
                         char entry[RECEIPT_PATH_MAX], int *there)
{
    snprintf(proof, RECEIPT_PATH_MAX, "%s/%" PRIu64 "%s", w->folder, r->seq, proof_suffix);
    receipt_entry_path(entry, RECEIPT_PATH_MAX, proof);
    *there = receipt_lies_there(proof, entry, r);
    if (*there < 0 && w->others++ == 0)
        memcpy(w->kept, proof, sizeof w->kept);
    for (int n = 2; *there < 0 && n < RECEIPT_HISTORIES_MAX; n++) {
        snprintf(proof, RECEIPT_PATH_MAX, "%s/%" PRIu64 "-%d%s", w->folder, r->seq, n,
                 proof_suffix);
        receipt_entry_path(entry, RECEIPT_PATH_MAX, proof);
        *there = receipt_lies_there(proof, entry, r);
    }
}

static wf_status receipt_take(void *ctx, const wf_receipt *r, wf_error *err)
{
    receipt_writer *w = ctx;
    char proof[RECEIPT_PATH_MAX], entry[RECEIPT_PATH_MAX];
    int there;
    (void)err; /* command_fail sets it */
    if (w->folder != NULL) {
        receipt_name(w, r, proof, entry, &there);
    } else {
        snprintf(proof, sizeof proof, "%s", w->file);
        receipt_entry_path(entry, sizeof entry, proof);
        there = receipt_lies_there(proof, entry, r);
    }
    if (there < 0)
        return command_fail(w->args, WF_SYSTEM,
                            _("%s is there already and is the receipt of another entry: of another "
                              "ledger, or of this one before it was put back; move it away"),
                            proof);
    wf_status status = WF_OK;
    wf_status (*put)(arguments *, const char *, const void *, size_t) =
        w->folder == NULL ? command_put_file : command_stage_file;
    if (there == 0 && access(entry, F_OK) != 0)
        status = put(w->args, entry, r->entry, r->entry_size);
    if (there == 0 && status == WF_OK)
        status = put(w->args, proof, r->proof, r->proof_size);
    if (status == WF_OK && w->count++ == 0)
        memcpy(w->first, proof, sizeof w->first);
    return status;
}

static wf_status receipt_say(const receipt_writer *w, const wf_ledger *ledger)
{
    char entry[RECEIPT_PATH_MAX];
    receipt_entry_path(entry, sizeof entry, w->first);
    char *line = receipt_check_with(wf_vkey(ledger), entry, w->first);
    if (line == NULL)
        return command_fail(w->args, WF_SYSTEM, "%s", _("out of memory"));
    if (w->count == 1)
        fprintf(stderr, _("receipt: %s, with the entry's bytes in %s; check it with: %s\n"),
                w->first, entry, line);
    else
        fprintf(stderr, _("receipts: %llu in %s, the first is %s; check one with: %s\n"),
                (unsigned long long)w->count, w->folder, w->first, line);
    free(line);
    if (w->others > 0)
        fprintf(stderr,
                _("note: under %llu of these numbers there was a receipt of another entry already, "
                  "the first is %s: of another ledger, or of this one before it was put back or "
                  "forked. Such a receipt is evidence and stays; the new one is beside it, with -2 "
                  "(-3 ...) after its number\n"),
                (unsigned long long)w->others, w->kept);
    return WF_OK;
}

static wf_status receipt_write_all(arguments *args, wf_ledger *ledger, receipt_writer *w,
                                   uint64_t from, uint64_t to)
{
    if (w->folder != NULL && mkdir(w->folder, 0777) != 0 && errno != EEXIST)
        return command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), w->folder,
                            _(strerror(errno)));
    /* A proof says that its entry is beside it. */
    static const char *const endings[] = {".entry", proof_suffix, NULL};
    wf_status status = wf_receipts(ledger, from, to, receipt_take, w, &args->error);
    if (status == WF_OK && w->folder != NULL)
        status = command_name_staged(args, w->folder, endings);
    if (status != WF_OK && w->folder != NULL)
        command_drop_staged(w->folder);
    if (status == WF_OK)
        command_say_witnessed(args, ledger);
    if (status == WF_OK && !args->quiet)
        status = receipt_say(w, ledger);
    return status;
}

wf_status receipt_write(arguments *args, wf_ledger *ledger, const receipt_place *place,
                        uint64_t from, uint64_t to)
{
    receipt_writer w = {.args = args, .folder = place->folder, .file = place->file};
    uint64_t size = wf_size(ledger);
    bool all = place->folder != NULL && from < to;
    if (w.folder == NULL && w.file == NULL)
        w.folder = place->beside;
    if (from == to)
        to = size;
    wf_status status = receipt_write_all(args, ledger, &w, all ? from : to - 1, to);
    if (status == WF_OK)
        return WF_OK;
    char reason[sizeof args->error.text];
    memcpy(reason, args->error.text, sizeof reason);
    return command_fail(args, status,
                        _("it is entered, but there is no receipt: %s; write one with: wufei prove "
                          "%llu -o FILE.tlog-proof"),
                        reason, (unsigned long long)(to - 1));
}
