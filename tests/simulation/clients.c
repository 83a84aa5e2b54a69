/*
 * tests/simulation/clients.c: see simulation.h. Client 0 is the operator's office, whose acts the
 * operator seals; P1 and P2 sign each act; P3 seals its parcels itself.
 */
#include <stdlib.h>
#include <string.h>

#include "simulation.h"

static void sign(simulation *s, act *a)
{
    uint8_t *bytes = malloc(SIGNATURE_MAX);
    size_t size = 0;
    REQUIRE(s, bytes != NULL && key_sign_statement(bytes, &size, s->keys[a->client], a->bytes),
            "no signature");
    a->signature = span_of(bytes, size);
}

void clients_start(simulation *s)
{
    wf_error err = {0};
    for (unsigned i = 1; i < CLIENTS; i++) {
        suite_public_key public_key;
        s->keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, suite_key_type(suite_find(s->suite)));
        REQUIRE(s, s->keys[i] != NULL && key_public(&public_key, s->keys[i]), "no key");
        REQUIRE(s, ledger_add_key(s->l, client_name(i), &public_key, &err) == WF_OK, "%s",
                err.text);
    }
}

void clients_end(simulation *s)
{
    for (unsigned i = 1; i < CLIENTS; i++)
        EVP_PKEY_free(s->keys[i]);
    for (unsigned i = 0; i < s->act_count; i++) {
        free((void *)(uintptr_t)s->acts[i].bytes.data);
        free((void *)(uintptr_t)s->acts[i].signature.data);
    }
    for (unsigned i = 0; i < s->parcel_count; i++) {
        free((void *)(uintptr_t)s->parcels[i].seal.bytes.data);
        free((void *)(uintptr_t)s->parcels[i].seal.signature.data);
    }
}

static act *new_act(simulation *s, parcel *p, act_kind kind)
{
    REQUIRE(s, s->act_count < ACTS_MAX, "too many acts");
    act *a = &s->acts[s->act_count++];
    p->count++;
    /* No two acts have the same time: what has no name of its own is told apart by it. */
    *a = (act){.kind = kind,
               .client = p->client,
               .seq = NOT_ENTERED,
               .code = (unsigned)pick(s, CODES),
               .site = (unsigned)pick(s, SITES),
               .mass_g = (int64_t)pick(s, 50000000) + 1,
               .time_ms = INT64_C(1772294400000) + (int64_t)s->act_count * 1000};
    a->facility = (a->site + 1 + (unsigned)pick(s, SITES - 1)) % SITES;
    return a;
}

static parcel *new_parcel(simulation *s)
{
    REQUIRE(s, s->parcel_count < PARCELS_MAX, "too many parcels");
    parcel *p = &s->parcels[s->parcel_count++];
    *p = (parcel){.client = (unsigned)pick(s, CLIENTS), .first = s->act_count};
    p->how = p->client == 0             ? SEALED_BY_OPERATOR
             : p->client == CLIENTS - 1 ? SEALED_BY_AUTHOR
                                        : SIGNED;
    p->whole = pick(s, 4) == 0;
    return p;
}

static void write_seal(simulation *s, parcel *p)
{
    naive_hash leaves[PARCEL_ACTS_MAX], root;
    uint8_t id[STATEMENT_ID_SIZE];
    buffer body = {0}, out = {0};
    for (unsigned i = 0; i < p->count; i++)
        naive_leaf(&leaves[i], s->acts[p->first + i].bytes.data, s->acts[p->first + i].bytes.size);
    naive_root(&root, leaves, p->count);
    system_record record = {.kind = SYSTEM_SEAL, .seal_count = p->count};
    memcpy(record.seal_root.bytes, root.bytes, sizeof root.bytes);
    system_write(&body, &record);
    span part = span_of(body.data, body.size);
    int64_t time_ms = s->acts[p->first].time_ms;
    statement_id_make(id, time_ms, &part, 1);
    statement_view view = {.origin = span_text(SIMULATION_ORIGIN),
                           .author = span_text(client_name(p->client)),
                           .id = id,
                           .time_ms = time_ms,
                           .system = part};
    statement_write(&out, &view);
    buffer_free(&body);
    p->seal = (act){.client = p->client, .bytes = span_of(out.data, out.size)};
    sign(s, &p->seal);
}

static void finish(simulation *s, parcel *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        act *a = &s->acts[p->first + i];
        if (a->bytes.data == NULL)
            act_write(a, SIMULATION_ORIGIN);
        if (p->how == SIGNED && a->signature.data == NULL)
            sign(s, a);
    }
    if (p->how == SEALED_BY_AUTHOR)
        write_seal(s, p);
}

/* The next step of a manifest, and sometimes any. */
static void add_movement(simulation *s, parcel *p)
{
    unsigned number = (unsigned)pick(s, s->manifest_count);
    for (unsigned tries = 0; tries < 8; tries++) {
        if (s->books->manifests[number].state == FILED ||
            s->books->manifests[number].state == PICKED_UP)
            break;
        number = (unsigned)pick(s, s->manifest_count);
    }
    bool next = s->books->manifests[number].state == PICKED_UP;
    if (pick(s, 12) == 0)
        next = !next;
    new_act(s, p, next ? ACT_RECEIPT : ACT_PICK_UP)->number = number;
}

static void add_act(simulation *s, parcel *p)
{
    uint64_t what = pick(s, 10);
    if (what >= 4 && s->manifest_count > 0) {
        add_movement(s, p);
    } else if (what >= 2) {
        new_act(s, p, ACT_MANIFEST)->number = s->manifest_count++;
    } else if (what == 1) {
        new_act(s, p, ACT_GENERATION)->number = s->batch_count++;
    } else {
        new_act(s, p, ACT_STOCKTAKE);
    }
    if (pick(s, 40) == 0)
        s->acts[s->act_count - 1].site = SITES; /* which does not exist */
}

parcel *clients_new(simulation *s)
{
    parcel *p = new_parcel(s);
    if (s->parcel_count <= REGISTRY) { /* it comes first: a party, a vehicle, the sites */
        static const act_kind kinds[] = {ACT_PARTY, ACT_VEHICLE, ACT_SITE};
        unsigned at = s->parcel_count - 1;
        p->client = 0;
        p->how = SEALED_BY_OPERATOR;
        new_act(s, p, kinds[at < 2 ? at : 2])->number = at < 2 ? 0 : at - 2;
    } else {
        for (uint64_t i = 1 + pick(s, PARCEL_ACTS_MAX); i > 0; i--)
            add_act(s, p);
    }
    finish(s, p);
    return p;
}

parcel *clients_impossible(simulation *s)
{
    enum { FORGED, OTHER_LEDGER, GARBAGE, UNSIGNED, WAYS };
    parcel *p = new_parcel(s);
    uint64_t way = pick(s, WAYS);
    if (way == FORGED || way == UNSIGNED) {
        p->client = 1;
        p->how = SIGNED;
    }
    act *a = new_act(s, p, ACT_STOCKTAKE);
    a->impossible = true;
    if (way == OTHER_LEDGER)
        act_write(a, "elsewhere.example/1");
    finish(s, p);
    uint8_t *signature = (uint8_t *)(uintptr_t)a->signature.data;
    uint8_t *bytes = (uint8_t *)(uintptr_t)a->bytes.data;
    if (way == FORGED) {
        signature[pick(s, a->signature.size)] ^= (uint8_t)(1 << pick(s, 8));
    } else if (way == UNSIGNED) {
        free(signature);
        a->signature = span_of(NULL, 0);
    } else if (way == GARBAGE) {
        a->bytes.size = 1 + (size_t)pick(s, a->bytes.size - 1);
        bytes[0] = (uint8_t)pick(s, 256);
    }
    return p;
}

parcel *clients_conflict(simulation *s)
{
    if (s->batch_count == 0)
        return NULL;
    for (unsigned tries = 0; tries < 50; tries++) {
        const act *old = &s->acts[pick(s, s->act_count)];
        if (old->kind != ACT_GENERATION || old->impossible)
            continue;
        parcel *p = new_parcel(s);
        act *a = new_act(s, p, ACT_GENERATION);
        a->number = old->number;
        if (pick(s, 2) == 0)
            a->time_ms = old->time_ms; /* then it has the same id, too */
        a->mass_g = old->mass_g + 1;
        finish(s, p);
        return p;
    }
    return NULL;
}
