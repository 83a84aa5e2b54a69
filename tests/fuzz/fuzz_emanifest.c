/*
 * e-Manifest documents into a ledger with its book, both made once: every document is entered
 * whole or refused with a reason, and the ledger is never damaged by one.
 */
#include "fuzz.h"

#include <unistd.h>

#include "exchange/import.h"
#include "ledger_private.h"

static char folder[64];
static ledger *l;
static book *b;

static void must(wf_status status, const wf_error *err)
{
    FUZZ_REQUIRE(status == WF_OK, "%s", err->text);
}

static void clean_up(void)
{
    char command[128];
    wf_error err = {0};
    ledger_verify_report report;
    must(ledger_drain(l, &err), &err);
    must(ledger_verify(l, 0, true, NULL, &report, &err), &err);
    ledger_close(l);
    book_free(b);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", folder);
}

static void set_up(void)
{
    wf_error err = {0};
    char dir[96];
    ledger_hooks hooks;
    strcpy(folder,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/wufei-fuzz-XXXXXX" : "/tmp/wufei-fuzz-XXXXXX");
    FUZZ_REQUIRE(mkdtemp(folder) != NULL, "%s", folder);
    snprintf(dir, sizeof dir, "%s/city", folder);
    must(book_new(&b, 480, &err), &err);
    hooks = book_hooks(b);
    must(ledger_create(dir, "fuzz.example/1", "ed25519-sha256", 480, &hooks, &err), &err);
    book_free(b);
    must(book_new(&b, 480, &err), &err);
    hooks = book_hooks(b);
    ledger_options options = {.hooks = &hooks, .threads = 1, .map_size = (size_t)1 << 30};
    must(ledger_open(&l, dir, &options, &err), &err);
    must(book_attach(b, l, &err), &err);
    atexit(clean_up);
}

static void count_problem(void *ctx, const import_problem *problem)
{
    size_t *refusals = ctx;
    FUZZ_REQUIRE(problem->place[0] != '\0' && problem->text[0] != '\0', "a problem without words");
    *refusals += problem->warning ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file file;
    wf_error err = {0};
    size_t refusals = 0;
    static import_summary summary;
    if (l == NULL)
        set_up();
    uint64_t before = ledger_size(l);
    fuzz_file_open(&file, data, size);
    const char *path = file.path;
    import_options options = {.problem = count_problem, .ctx = &refusals};
    memset(&summary, 0, sizeof summary);
    wf_status status = import_emanifest(l, b, &path, 1, &options, &summary, &err);
    FUZZ_REQUIRE(status == WF_OK || status == WF_REFUSED, "status %d: %s", (int)status, err.text);
    FUZZ_REQUIRE((status == WF_REFUSED) == (refusals > 0), "status %d with %zu refusals: %s",
                 (int)status, refusals, err.text);
    FUZZ_REQUIRE(status == WF_OK || ledger_size(l) == before || summary.statements > 0,
                 "a refused document left %llu entries",
                 (unsigned long long)(ledger_size(l) - before));
    fuzz_file_close(&file);
    return 0;
}
