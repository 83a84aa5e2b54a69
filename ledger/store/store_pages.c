/*
 * ledger/store/store_pages.c: are all pages of a store what the trees need them to be?
 *
 * LMDB 0.9 has no checksums and follows what a page says. Here each page is read into memory and
 * looked at before it is followed:
 *
 *     offset  bytes    a page
 *          0      8    its number
 *          8      2    0
 *         10      2    kind: 1 branch, 2 leaf, 4 the first of an overflow, 8 meta
 *         12      2    end of the list of nodes; of an overflow: u32 how many pages
 *         14      2    begin of the nodes, which stand without gaps up to the page's end
 *         16    2 n    where each node begins, in the order of the keys
 *     a node, at an even offset
 *          0      4    of a leaf: size of the value; of a branch: low bits of the child's number
 *          4      2    of a leaf: 1 value is the number of an overflow page, 2 it is a table; of a
 *                      branch: high bits of the child's number
 *          6      2    size of the key, which follows; behind it the value
 */
#include "store_meta.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store.h"

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    TREE_SIZE = 48,
    KIND_BRANCH = 1,
    KIND_LEAF = 2,
    KIND_OVERFLOW = 4,
    NODE_BIG = 1,
    NODE_TABLE = 2,
    DEPTH_MAX = 32
};

typedef struct walk {
    int fd;
    uint32_t page_size;
    uint64_t pages; /* that the meta page counts */
    uint8_t *used;  /* a bit each */
    page_damage report;
    void *ctx;
    uint64_t *found;
    wf_status status; /* not WF_OK: the system failed us */
    wf_error *err;
    uint8_t *room[DEPTH_MAX + 1]; /* a page each */
    const char *table;            /* whose tree it is; NULL: of tables, of free pages */
    meta_tree seen;               /* counted in this tree */
    bool by_number;               /* keys are numbers (the free list) */
    bool free_list;
    /* The next row of the tree is behind this key: that of the row before it, or, at the begin of a
       page, the key that leads to it, which the row may equal. */
    uint8_t floor[STORE_KEY_MAX];
    size_t floor_size; /* 0: none yet */
    bool floor_itself; /* the row may equal it */
} walk;

typedef struct node {
    const uint8_t *key, *value;
    size_t key_size, value_size;
    uint64_t child;
    unsigned flags;
} node;

static uint64_t number(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static void damage(walk *w, uint64_t page, const char *format, ...) WF_PRINTF(3, 4);
static void damage(walk *w, uint64_t page, const char *format, ...)
{
    char text[300];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    (*w->found)++;
    w->report(w->ctx, w->table, page, text);
}

static bool take(walk *w, uint64_t page)
{
    if (page < 2 || page >= w->pages) {
        damage(w, page, _("it is pointed to, and the store has pages 2 to %llu"),
               (unsigned long long)(w->pages - 1));
        return false;
    }
    if ((w->used[page / 8] >> (page % 8) & 1) != 0) {
        damage(w, page, _("it is used twice"));
        return false;
    }
    w->used[page / 8] = (uint8_t)(w->used[page / 8] | 1U << (page % 8));
    return true;
}

static bool read_bytes(walk *w, uint8_t *out, size_t size, uint64_t page, size_t offset)
{
    uint64_t at = page * w->page_size + offset;
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(w->fd, out + done, size - done, (off_t)(at + done));
        if (n == 0) {
            damage(w, page, _("it lies behind the end of the file"));
            return false;
        }
        if (n < 0 && errno != EINTR) {
            w->status = wf_fail_errno(w->err, _("data.mdb cannot be read"));
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* ---- pages --------------------------------------------------------------------------------- */

static int compare_keys(const walk *w, const uint8_t *a, size_t a_size, const uint8_t *b,
                        size_t b_size)
{
    if (w->by_number && a_size == 8 && b_size == 8)
        return number(a, 8) < number(b, 8) ? -1 : number(a, 8) > number(b, 8);
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

/* False: the node does not stand within the page. *end: where its bytes end. */
static bool read_node(const walk *w, const uint8_t *page, unsigned at, bool branch, node *out,
                      size_t *end)
{
    if (at + NODE_HEADER > w->page_size)
        return false;
    const uint8_t *n = page + at;
    out->flags = (unsigned)number(n + 4, 2);
    out->key_size = (size_t)number(n + 6, 2);
    out->key = n + NODE_HEADER;
    out->value = out->key + out->key_size;
    out->value_size = branch ? 0 : (size_t)number(n, 4);
    out->child = number(n, 4) | (uint64_t)out->flags << 32;
    size_t held = !branch && (out->flags & NODE_BIG) != 0 ? 8 : out->value_size;
    *end = at + NODE_HEADER + out->key_size + held;
    return *end <= w->page_size && out->key_size <= STORE_KEY_MAX;
}

/* The header, and that the nodes fill exactly the room that it gives them. */
static bool check_page(walk *w, uint64_t page, const uint8_t *bytes, bool branch, unsigned *nodes)
{
    unsigned kind = (unsigned)number(bytes + 10, 2);
    unsigned lower = (unsigned)number(bytes + 12, 2), upper = (unsigned)number(bytes + 14, 2);
    size_t used = 0, end;
    node n;
    if (number(bytes, 8) != page) {
        damage(w, page, _("its number is not its own"));
        return false;
    }
    if (kind != (branch ? KIND_BRANCH : KIND_LEAF) || lower < PAGE_HEADER || lower % 2 != 0 ||
        lower > upper || upper > w->page_size) {
        damage(w, page, _("its header is impossible"));
        return false;
    }
    *nodes = (lower - PAGE_HEADER) / 2;
    for (unsigned i = 0; i < *nodes; i++) {
        unsigned at = (unsigned)number(bytes + PAGE_HEADER + 2 * i, 2);
        if (at < upper || at % 2 != 0 || !read_node(w, bytes, at, branch, &n, &end)) {
            damage(w, page, _("its row %u is impossible"), i);
            return false;
        }
        used += (end - at + 1) & ~(size_t)1;
    }
    if (used != w->page_size - upper || *nodes == 0 || (branch && *nodes < 2)) {
        damage(w, page, _("its rows do not fill their room"));
        return false;
    }
    return true;
}

/* Overflow pages of a value; the pages behind the first hold nothing but bytes. False: they cannot
   be read as its value. */
static bool check_overflow(walk *w, uint64_t page, size_t value_size)
{
    uint8_t header[PAGE_HEADER];
    uint64_t count = (PAGE_HEADER - 1 + (uint64_t)value_size) / w->page_size + 1;
    if (!take(w, page) || !read_bytes(w, header, sizeof header, page, 0))
        return false;
    if (number(header, 8) != page || number(header + 10, 2) != KIND_OVERFLOW ||
        number(header + 12, 4) != count) {
        damage(w, page, _("its header is not that of an overflow of %llu pages"),
               (unsigned long long)count);
        return false;
    }
    w->seen.overflow_pages += count;
    for (uint64_t i = 1; i < count; i++)
        if (!take(w, page + i))
            return false;
    return true;
}

/* A row of the free list: page numbers that nobody uses. */
static void check_free_row(walk *w, uint64_t page, const node *n)
{
    uint8_t small[512];
    bool big = (n->flags & NODE_BIG) != 0;
    uint64_t from = big ? number(n->value, 8) : 0;
    if (n->key_size != 8 || n->value_size < 8 || n->value_size % 8 != 0) {
        damage(w, page, _("a row of the list of free pages is impossible"));
        return;
    }
    for (size_t at = 0; at < n->value_size && w->status == WF_OK;) {
        size_t left = n->value_size - at, part = left < sizeof small ? left : sizeof small;
        const uint8_t *bytes = n->value + at;
        if (big) {
            if (!read_bytes(w, small, part, from, PAGE_HEADER + at))
                return;
            bytes = small;
        }
        for (size_t i = 0; i < part; i += 8) {
            uint64_t value = number(bytes + i, 8);
            if (at == 0 && i == 0 && value != n->value_size / 8 - 1) {
                damage(w, page, _("a row of the list of free pages has another length"));
                return;
            }
            if ((at > 0 || i > 0) && !take(w, value))
                return;
        }
        at += part;
    }
}

static void walk_page(walk *w, uint64_t page, unsigned depth, unsigned levels);

/* Each key is behind all before it; `leads`: to a page whose first row may have the same key. */
static void check_order(walk *w, uint64_t page, unsigned row, const node *n, bool leads)
{
    int order =
        w->floor_size == 0 ? -1 : compare_keys(w, w->floor, w->floor_size, n->key, n->key_size);
    if (n->key_size == 0 || order > 0 || (order == 0 && !w->floor_itself))
        damage(w, page, _("the key of its row %u is not behind the one before"), row);
    memcpy(w->floor, n->key, n->key_size);
    w->floor_size = n->key_size;
    w->floor_itself = leads;
}

static void walk_leaf(walk *w, uint64_t page, const uint8_t *bytes, unsigned nodes)
{
    size_t end;
    node n;
    for (unsigned i = 0; i < nodes && w->status == WF_OK; i++) {
        read_node(w, bytes, (unsigned)number(bytes + PAGE_HEADER + 2 * i, 2), false, &n, &end);
        check_order(w, page, i, &n, false);
        bool readable =
            (n.flags & NODE_BIG) == 0 || check_overflow(w, number(n.value, 8), n.value_size);
        if ((n.flags & ~(unsigned)(NODE_BIG | NODE_TABLE)) != 0)
            damage(w, page, _("the flags of its row %u are impossible"), i);
        if (w->free_list && readable)
            check_free_row(w, page, &n);
    }
    w->seen.entries += nodes;
    w->seen.leaf_pages++;
}

static void walk_branch(walk *w, uint64_t page, const uint8_t *bytes, unsigned nodes,
                        unsigned depth, unsigned levels)
{
    size_t end;
    node n;
    for (unsigned i = 0; i < nodes && w->status == WF_OK; i++) {
        read_node(w, bytes, (unsigned)number(bytes + PAGE_HEADER + 2 * i, 2), true, &n, &end);
        if (i > 0) /* the first key leads to all that is before the second, whatever it says */
            check_order(w, page, i, &n, true);
        walk_page(w, n.child, depth + 1, levels);
    }
    w->seen.branch_pages++;
}

static void walk_page(walk *w, uint64_t page, unsigned depth, unsigned levels)
{
    unsigned nodes = 0;
    bool branch = depth < levels;
    uint8_t *bytes = w->room[depth];
    if (w->status != WF_OK || !take(w, page) || !read_bytes(w, bytes, w->page_size, page, 0) ||
        !check_page(w, page, bytes, branch, &nodes))
        return;
    if (branch)
        walk_branch(w, page, bytes, nodes, depth, levels);
    else
        walk_leaf(w, page, bytes, nodes);
}

/* ---- trees --------------------------------------------------------------------------------- */

static void walk_tree(walk *w, const meta_tree *tree, const char *name)
{
    uint64_t before = *w->found;
    w->seen = (meta_tree){0};
    w->floor_size = 0;
    if (tree->root == UINT64_MAX)
        return;
    if (tree->depth == 0 || tree->depth > DEPTH_MAX) {
        damage(w, UINT64_MAX, _("table %s: a depth of %u is impossible"), name, tree->depth);
        return;
    }
    walk_page(w, tree->root, 1, tree->depth);
    /* Where pages could not be read the counts cannot be right. */
    if (*w->found == before &&
        (w->seen.branch_pages != tree->branch_pages || w->seen.leaf_pages != tree->leaf_pages ||
         w->seen.overflow_pages != tree->overflow_pages || w->seen.entries != tree->entries))
        damage(w, UINT64_MAX, _("table %s: %llu rows in %llu pages, its head counts %llu in %llu"),
               name, (unsigned long long)w->seen.entries,
               (unsigned long long)(w->seen.branch_pages + w->seen.leaf_pages +
                                    w->seen.overflow_pages),
               (unsigned long long)tree->entries,
               (unsigned long long)(tree->branch_pages + tree->leaf_pages + tree->overflow_pages));
}

/* The tables that a leaf of the tree of tables names. There are a few dozen: one or two pages, each
   read again here, after the tree itself was walked. */
static void walk_tables(walk *w, uint64_t page, unsigned depth, unsigned levels, uint8_t *tables[])
{
    uint8_t *bytes = tables[depth];
    size_t end;
    node n;
    if (page >= w->pages || !read_bytes(w, bytes, w->page_size, page, 0))
        return;
    unsigned nodes = (unsigned)(number(bytes + 12, 2) - PAGE_HEADER) / 2;
    for (unsigned i = 0; i < nodes && w->status == WF_OK; i++) {
        bool branch = depth < levels;
        char name[STORE_KEY_MAX + 1] = "";
        unsigned at = (unsigned)number(bytes + PAGE_HEADER + 2 * i, 2);
        if (PAGE_HEADER + 2 * i + 2 > w->page_size || !read_node(w, bytes, at, branch, &n, &end))
            return;
        memcpy(name, n.key, n.key_size);
        if (branch) {
            walk_tables(w, n.child, depth + 1, levels, tables);
        } else if (n.flags != NODE_TABLE || n.value_size != TREE_SIZE) {
            damage(w, page, _("its row %u is not the head of a table"), i);
        } else {
            meta_tree tree = {.depth = (uint16_t)number(n.value + 6, 2),
                              .branch_pages = number(n.value + 8, 8),
                              .leaf_pages = number(n.value + 16, 8),
                              .overflow_pages = number(n.value + 24, 8),
                              .entries = number(n.value + 32, 8),
                              .root = number(n.value + 40, 8)};
            w->table = name;
            walk_tree(w, &tree, name);
            w->table = NULL;
        }
    }
}

static void walk_all(walk *w, const meta_image *image, uint8_t *tables[])
{
    uint64_t before = *w->found;
    walk_tree(w, &image->main, _("of tables"));
    if (*w->found == before && image->main.root != UINT64_MAX)
        walk_tables(w, image->main.root, 1, image->main.depth, tables);
    w->by_number = w->free_list = true;
    walk_tree(w, &image->free_list, _("of free pages"));
}

wf_status pages_check(int fd, const meta_image *image, page_damage report, void *ctx,
                      uint64_t *found, wf_error *err)
{
    enum { TABLE_LEVELS = 8 };
    uint8_t *tables[DEPTH_MAX + 1] = {NULL};
    walk w = {.fd = fd,
              .page_size = image->page_size,
              .pages = image->last_page + 1,
              .report = report,
              .ctx = ctx,
              .found = found,
              .err = err};
    *found = 0;
    unsigned depth = image->main.depth <= TABLE_LEVELS ? image->main.depth : 0;
    uint8_t *room = malloc((size_t)w.page_size * (DEPTH_MAX + 1 + TABLE_LEVELS + 1));
    w.used = calloc(1, (size_t)(w.pages / 8 + 1));
    if (room == NULL || w.used == NULL)
        w.status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    for (unsigned i = 0; i <= DEPTH_MAX && room != NULL; i++)
        w.room[i] = room + (size_t)i * w.page_size;
    for (unsigned i = 0; i <= depth && room != NULL; i++)
        tables[i] = room + (size_t)(DEPTH_MAX + 1 + i) * w.page_size;
    if (w.status == WF_OK && image->main.depth > TABLE_LEVELS)
        damage(&w, UINT64_MAX, _("the tree of tables is impossibly deep"));
    else if (w.status == WF_OK)
        walk_all(&w, image, tables);
    free(w.used);
    free(room);
    return w.status;
}
