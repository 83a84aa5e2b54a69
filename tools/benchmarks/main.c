/*
 * wufei-bench: the measured promises.
 * Usage: wufei-bench [--entries N] WORK_DIR CITY_DIR WUFEI [PART...]
 *
 * tools/bench makes the city and calls this. Exit status 0 when every bound holds, 1 when one is
 * missed, 4 when the system failed.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wanted(int argc, char **argv, const char *part)
{
    if (argc <= 4)
        return true;
    for (int i = 4; i < argc; i++)
        if (strcmp(argv[i], part) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    unsigned long long entries = 10000000; /* of the part "ledger" */
    if (argc > 2 && strcmp(argv[1], "--entries") == 0) {
        entries = strtoull(argv[2], NULL, 10);
        argc -= 2;
        argv += 2;
    }
    if (argc < 4 || entries == 0) {
        fprintf(stderr, "usage: wufei-bench [--entries N] WORK_DIR CITY_DIR WUFEI "
                        "[ingest|signed|verify|audit|show|archive|suites|ledger]...\n");
        return 2;
    }
    const char *work = argv[1];
    int missed = 0;
    printf("%u processors\n", bench_processors());
    if (wanted(argc, argv, "ingest"))
        missed += bench_ingest(argv[2], work);
    if (wanted(argc, argv, "signed"))
        missed += bench_signed(work);
    if (wanted(argc, argv, "verify"))
        missed += bench_verify(work);
    if (wanted(argc, argv, "audit"))
        missed += bench_audit(work);
    if (wanted(argc, argv, "show"))
        missed += bench_show(work, argv[3]);
    if (wanted(argc, argv, "archive"))
        missed += bench_archive(work, argv[3]);
    if (wanted(argc, argv, "suites"))
        bench_suites();
    if (wanted(argc, argv, "ledger"))
        missed += bench_log(work, entries);
    printf("%s\n", missed == 0 ? "all bounds hold" : "some bounds were missed");
    return missed == 0 ? 0 : 1;
}
