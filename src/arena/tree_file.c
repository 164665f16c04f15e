/* Trees from and to the file.
 *
 * What is read is believed by checksum, from the superblock down; that it makes
 * sense is checked all the same, because a right checksum can be forged.  Keys
 * rise, and a child's first is its parent's record of it, so no node can be
 * below two parents and the walk ends. */
#include "arena/tree_node.h"

#include <stdlib.h>

struct reader {
    struct tree *tree;
    uint64_t seed;
    uint64_t first_page;
    uint64_t end_page;
    tree_transfer *read;
    void *context;
};

static uint64_t page_checksum(const struct tree_page *page, uint64_t seed)
{
    return hash_xxh3_64_seeded(page, sizeof *page, seed);
}

static enum status fail(uint64_t page, const char *what)
{
    return status_fail(STATUS_CORRUPT, "the tree node in page %" PRIu64 " %s", page, what);
}

static enum status check_page(const struct reader *reader, const struct tree_page *bytes, uint64_t page,
                              uint64_t checksum, uint64_t end_key)
{
    if (page_checksum(bytes, reader->seed) != checksum)
        return fail(page, "does not match its checksum");
    if (memcmp(bytes->magic, TREE_MAGIC, sizeof bytes->magic) != 0 || bytes->kind != reader->tree->kind ||
        bytes->page != page || bytes->count == 0 || bytes->count > TREE_RECORDS_MAX || bytes->level >= TREE_LEVELS_MAX)
        return fail(page, "is no node of its tree");
    for (unsigned i = 0; i < bytes->count; i++)
        if (bytes->records[i].key >= end_key || (i > 0 && bytes->records[i].key <= bytes->records[i - 1].key))
            return fail(page, "has keys out of order");
    return STATUS_OK;
}

static enum status load_children(struct reader *reader, struct tree_node *node, uint64_t end_key);

/* `level` is the parent's, or TREE_LEVELS_MAX for the root. */
static enum status load_node(struct reader *reader, const struct tree_record *at, unsigned level, uint64_t end_key,
                             struct tree_node **out)
{
    *out = NULL;
    if (at->value < reader->first_page || at->value >= reader->end_page)
        return fail(at->value, "lies outside of the file");
    struct tree_page bytes;
    STATUS_TRY(reader->read(reader->context, at->value, &bytes));
    STATUS_TRY(check_page(reader, &bytes, at->value, at->extra, end_key));
    if (level < TREE_LEVELS_MAX && (bytes.level + 1u != level || bytes.records[0].key != at->key))
        return fail(at->value, "is not the one that its parent means");
    struct tree_node *node = tree_node_new(reader->tree, bytes.level);
    node->page = at->value;
    node->checksum = at->extra;
    node->is_dirty = false;
    node->count = 0;
    memcpy(node->records, bytes.records, bytes.count * sizeof bytes.records[0]);
    *out = node;
    if (node->level > 0) {
        node->count = bytes.count;
        return load_children(reader, node, end_key);
    }
    node->count = bytes.count;
    reader->tree->count += bytes.count;
    return STATUS_OK;
}

static enum status load_children(struct reader *reader, struct tree_node *node, uint64_t end_key)
{
    unsigned count = node->count;
    for (node->count = 0; node->count < count; node->count++) {
        unsigned i = node->count;
        uint64_t child_end = i + 1 < count ? node->records[i + 1].key : end_key;
        enum status status = load_node(reader, &node->records[i], node->level, child_end, &node->children[i]);
        if (status != STATUS_OK) {
            tree_node_free(node->children[i]);
            return status;
        }
    }
    return STATUS_OK;
}

enum status tree_load(struct tree *tree, uint32_t kind, uint64_t root_page, uint64_t checksum, uint64_t seed,
                      uint64_t first_page, uint64_t end_page, tree_transfer *read, void *context)
{
    tree_init(tree, kind);
    if (root_page == 0)
        return STATUS_OK;
    struct reader reader = {tree, seed, first_page, end_page, read, context};
    struct tree_record at = {.value = root_page, .extra = checksum};
    enum status status = load_node(&reader, &at, TREE_LEVELS_MAX, UINT64_MAX, &tree->root);
    tree->is_dirty = false;
    if (status != STATUS_OK)
        tree_finish(tree);
    return status;
}

/* ---- writing ----------------------------------------------------------------- */

/* The first dirty node without a page; `take` may change the tree, so the
 * search begins anew each time.  Few nodes are dirty. */
static struct tree_node *find_homeless(struct tree_node *node)
{
    if (node == NULL || !node->is_dirty)
        return NULL;
    if (node->page == 0)
        return node;
    for (unsigned i = 0; node->level > 0 && i < node->count; i++) {
        struct tree_node *found = find_homeless(node->children[i]);
        if (found != NULL)
            return found;
    }
    return NULL;
}

bool tree_has_pages(const struct tree *tree)
{
    return find_homeless(tree->root) == NULL;
}

bool tree_give_pages(struct tree *tree, uint64_t (*take)(void *context), void *context)
{
    while (find_homeless(tree->root) != NULL) {
        uint64_t page = take(context);
        if (page == 0)
            return false;
        struct tree_node *node = find_homeless(tree->root);
        if (node == NULL) /* taking it has made the node needless */
            tree_retire(tree, page);
        else
            node->page = page;
    }
    return true;
}

static enum status write_node(struct tree *tree, struct tree_node *node, uint64_t seed, tree_transfer *write,
                              void *context)
{
    if (!node->is_dirty)
        return STATUS_OK;
    for (unsigned i = 0; node->level > 0 && i < node->count; i++) {
        STATUS_TRY(write_node(tree, node->children[i], seed, write, context));
        node->records[i].value = node->children[i]->page;
        node->records[i].extra = node->children[i]->checksum;
    }
    struct tree_page bytes = {
        .magic = TREE_MAGIC,
        .kind = tree->kind,
        .level = (uint16_t)node->level,
        .count = (uint16_t)node->count,
        .page = node->page,
    };
    CHECK(node->page != 0 && node->count > 0 && node->count <= TREE_RECORDS_MAX);
    memcpy(bytes.records, node->records, node->count * sizeof bytes.records[0]);
    STATUS_TRY(write(context, node->page, &bytes));
    node->checksum = page_checksum(&bytes, seed);
    node->is_dirty = false;
    return STATUS_OK;
}

enum status tree_write(struct tree *tree, uint64_t seed, tree_transfer *write, void *context, uint64_t *root_page,
                       uint64_t *checksum)
{
    *root_page = *checksum = 0;
    if (tree->root != NULL) {
        STATUS_TRY(write_node(tree, tree->root, seed, write, context));
        *root_page = tree->root->page;
        *checksum = tree->root->checksum;
    }
    tree->is_dirty = false;
    return STATUS_OK;
}

static void walk_pages(const struct tree_node *node, void (*each)(void *context, uint64_t page), void *context)
{
    each(context, node->page);
    for (unsigned i = 0; node->level > 0 && i < node->count; i++)
        walk_pages(node->children[i], each, context);
}

void tree_pages(const struct tree *tree, void (*each)(void *context, uint64_t page), void *context)
{
    if (tree->root != NULL)
        walk_pages(tree->root, each, context);
}
