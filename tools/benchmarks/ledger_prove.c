/*
 * benchmarks/ledger_prove.c: inclusion and consistency proofs from a warm store, and whole
 * receipts.
 *
 * The limit of a proof is SHA-256 of the interior hashes that the tiles do not hold: a proof needs
 * one subtree of each size under 2^8 hashes a tile, 247 nodes a level in all. A receipt also reads
 * the checkpoint, verifies its signature (the limit) and checks the entry.
 */
#include "ledger_bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROOFS = 20000, RECEIPTS = 2000, NODES_A_LEVEL = 247 };

static const double wanted_us = 50;

typedef struct prover {
    tile_reader reader;
    uint64_t size;
    uint64_t seed;
} prover;

static double prove_inclusion(prover *p)
{
    hash hashes[MERKLE_PROOF_MAX];
    size_t count;
    double start = bench_seconds();
    for (int i = 0; i < PROOFS; i++)
        WF_ASSERT(merkle_prove_inclusion(hashes, &count, HASH_SHA256,
                                         log_random(&p->seed) % p->size, p->size, tile_read_hash,
                                         &p->reader));
    return (bench_seconds() - start) / PROOFS * 1e6;
}

static double prove_consistency(prover *p)
{
    hash hashes[MERKLE_PROOF_MAX];
    size_t count;
    double start = bench_seconds();
    for (int i = 0; i < PROOFS; i++)
        WF_ASSERT(merkle_prove_consistency(hashes, &count, HASH_SHA256,
                                           1 + log_random(&p->seed) % p->size, p->size,
                                           tile_read_hash, &p->reader));
    return (bench_seconds() - start) / PROOFS * 1e6;
}

static double prove_receipts(ledger *l, prover *p)
{
    wf_error err = {0};
    double start = bench_seconds();
    for (int i = 0; i < RECEIPTS; i++) {
        char *text = NULL;
        if (ledger_prove(l, log_random(&p->seed) % p->size, &text, &err) != WF_OK)
            bench_die(&err);
        free(text);
    }
    return (bench_seconds() - start) / RECEIPTS * 1e6;
}

static double hash_nodes(uint64_t size)
{
    hash h = {{1}};
    uint64_t levels = 0;
    for (uint64_t rest = size; rest > 1; rest >>= TILE_BITS)
        levels++;
    double start = bench_seconds();
    for (uint64_t i = 0; i < levels * NODES_A_LEVEL * 100; i++)
        merkle_node(&h, HASH_SHA256, &h, &h);
    return (bench_seconds() - start) / 100 * 1e6;
}

static void keep_best(double *best, double value)
{
    if (*best == 0 || value < *best)
        *best = value;
}

int log_prove(const char *dir)
{
    wf_error err = {0};
    ledger *l = log_open(dir, true);
    prover p = {.size = ledger_size(l), .seed = 1};
    p.reader.kind = HASH_SHA256;
    p.reader.err = &err;
    p.reader.nodes = l->nodes;
    if (store_begin(&p.reader.txn, ledger_store(l), false, &err) != WF_OK)
        bench_die(&err);
    double inclusion = 0, consistency = 0, receipt = 0, limit = 0;
    prove_inclusion(&p); /* warms the store */
    for (int pass = 0; pass < LOG_PASSES; pass++) {
        keep_best(&inclusion, prove_inclusion(&p));
        keep_best(&consistency, prove_consistency(&p));
        keep_best(&receipt, prove_receipts(l, &p));
        keep_best(&limit, hash_nodes(p.size));
    }
    printf(
        "proofs: inclusion %.0f/s, consistency %.0f/s; SHA-256 of the nodes that the tiles leave "
        "out, one after the other: %.1f us\n",
        1e6 / inclusion, 1e6 / consistency, limit);
    printf("receipts: %.0f/s, each with its checkpoint read and its signature verified\n",
           1e6 / receipt);
    int missed = !bench_at_most("inclusion proof", "us", inclusion, wanted_us);
    missed += !bench_at_most("consistency proof", "us", consistency, wanted_us);
    store_abort(p.reader.txn);
    ledger_close(l);
    return missed;
}
