/*
 * wufei-verify: the independent checker. Checks proofs, notes and checkpoints of Wufei's ledgers
 * and of any other log that keeps to the same public formats; reads files only.
 *
 * It shares this folder with the ledger and needs nothing else: "cc *.c -lcrypto" builds it.
 */
#include "crypto_memory.h"
#include "verify_command.h"

#include <stdio.h>
#include <string.h>

/* As the whole project's (CMakeLists.txt gives it); a checker that was built by hand does not know.
 */
#ifndef WUFEI_VERIFY_VERSION
#define WUFEI_VERIFY_VERSION "unknown"
#endif

static const char help[] =
    "Usage: wufei-verify COMMAND ...\n"
    "\n"
    "Checks the public proofs of a tamper-evident log. Needs no ledger, no network, no trust in\n"
    "whoever keeps the log: only the log's verifier key.\n"
    "\n"
    "  inclusion    an RFC 6962 inclusion proof: an entry is in a tree\n"
    "  consistency  an RFC 6962 consistency proof: one tree extends another\n"
    "  note         a C2SP signed note\n"
    "  checkpoint   a C2SP checkpoint with its cosignatures\n"
    "  proof        a C2SP .tlog-proof: the receipt of an entry\n"
    "  extends      one signed checkpoint extends another\n"
    "  tiles        a whole exported log: every entry, tile and checkpoint\n"
    "\n"
    "wufei-verify COMMAND --help tells more, with an example.\n"
    "\n"
    "Example:\n"
    "  wufei-verify proof --vkey \"$(cat log.vkey)\" --entry 17.entry 17.tlog-proof\n"
    "\n"
    "wufei-verify --version prints its version.\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {{"inclusion", verify_inclusion}, {"consistency", verify_consistency},
                {"note", verify_note},           {"checkpoint", verify_checkpoint},
                {"proof", verify_proof},         {"extends", verify_extends},
                {"tiles", verify_tiles}};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    int status = VERIFY_WRONG_USE;
    bool known = false;
    crypto_memory_or_end("wufei-verify: out of memory\n", VERIFY_WRONG_USE);
    for (size_t i = 0; i < sizeof commands / sizeof *commands && !known; i++) {
        known = strcmp(name, commands[i].name) == 0;
        if (known)
            status = commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        fputs(help, stdout);
        status = VERIFY_HOLDS;
    } else if (strcmp(name, "--version") == 0) {
        puts("wufei-verify " WUFEI_VERIFY_VERSION);
        status = VERIFY_HOLDS;
    } else if (!known && argc > 1) {
        fprintf(stderr, "wufei-verify: unknown command \"%s\"; see wufei-verify --help\n", name);
    } else if (!known) {
        fputs(help, stderr);
    }
    /* A verdict that could not be written must not pass for one that holds. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == VERIFY_HOLDS) {
        fputs("wufei-verify: standard output cannot be written\n", stderr);
        status = VERIFY_WRONG_USE;
    }
    return status;
}
