/* States that are kept under a name: what the roots "snapshots" and "branches"
 * of the arena hold.
 *
 *   shelf    0, or [1 records]       1 is the version of the records
 *   records  a list that ends in 0, newest first, at most KEPT_MAX of them
 *   record   [name event origin wall-ms kernel-hash trap core]
 *
 *     name         a cord: 1 to 64 letters, digits, '-', '_' and '.', the first
 *                  a letter or a digit; no two of either shelf are the same
 *     event        that the state stands at: of a branch the last of its own
 *     origin       the event of the main line at which it was taken, or, of what
 *                  was taken from a branch, at which that branch left it
 *     wall-ms      when it was made, or last advanced
 *     kernel-hash  BLAKE3 of the kernel's jam
 *     trap, core   the kernel as it was booted, and as it is: the state itself,
 *                  at axis 6, whose hash is in its own metadata
 *
 * Nouns of a file are read as a stranger's: nothing is believed about their
 * shape, and what cannot be read is named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

#define SHELF_VERSION 1
#define KEPT_MAX 1024

/* ---- reading -------------------------------------------------------------------- */

static enum status fail_record(const struct node *node, size_t index, const char *what)
{
    return status_fail(STATUS_CORRUPT,
                       "record %zu of the snapshots and branches in %s/%s %s: the arena was written by a mistake, or "
                       "damaged; `loam verify` says which",
                       index, node->directory == NULL ? "memory" : node->directory, ARENA_FILE_NAME, what);
}

static bool is_letter_or_digit(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

static bool is_good_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > RECOVERY_NAME_MAX_BYTES || !is_letter_or_digit(name[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_letter_or_digit(name[i]) && strchr("-_.", name[i]) == NULL)
            return false;
    return true;
}

/* An atom's bytes, padded with zeros; false if it has more, is no atom, or is damaged. */
static bool take_bytes(const struct node *node, noun atom, void *bytes, size_t size_bytes)
{
    uint64_t direct;
    size_t length;
    if (atom == NOUN_NONE || !noun_is_atom(atom) || !arena_holds(node->arena, atom))
        return false;
    const uint8_t *from = noun_atom_bytes(atom, &direct, &length);
    if (length > size_bytes)
        return false;
    memset(bytes, 0, size_bytes);
    memcpy(bytes, from, length);
    return true;
}

static bool take_word(const struct node *node, noun atom, uint64_t *word)
{
    return take_bytes(node, atom, word, sizeof *word);
}

static noun take_field(const struct node *node, noun *rest)
{
    if (*rest == NOUN_NONE || !noun_is_cell(*rest) || !arena_holds(node->arena, *rest))
        return *rest = NOUN_NONE;
    noun field = noun_head(*rest);
    *rest = noun_tail(*rest);
    return field;
}

static bool take_name(const struct node *node, noun atom, char name[RECOVERY_NAME_MAX_BYTES + 1])
{
    name[RECOVERY_NAME_MAX_BYTES] = 0;
    return take_bytes(node, atom, name, RECOVERY_NAME_MAX_BYTES) && is_good_name(name);
}

static bool take_record(const struct node *node, noun record, struct recovery_kept *kept)
{
    noun fields[6];
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        fields[i] = take_field(node, &record);
    if (record == NOUN_NONE)
        return false;
    kept->trap = fields[5];
    kept->core = record;
    return take_name(node, fields[0], kept->name) && take_word(node, fields[1], &kept->event) &&
           take_word(node, fields[2], &kept->origin_event) && take_word(node, fields[3], &kept->wall_ms) &&
           take_bytes(node, fields[4], kept->kernel_hash, sizeof kept->kernel_hash);
}

static bool take_state_hash(const struct node *node, struct recovery_kept *kept)
{
    noun state = node_part(node, kept->core, KERNEL_AXIS_STATE);
    if (state == NOUN_NONE)
        return false;
    kept->state_hash = noun_hash_persistent(state);
    return true;
}

static enum status open_shelf(const struct node *node, enum arena_root root, noun *records)
{
    noun shelf = arena_current(node->arena)->roots[root];
    *records = 0;
    if (shelf == 0)
        return STATUS_OK;
    if (!noun_is_cell(shelf) || !arena_holds(node->arena, shelf) || !noun_is_direct(noun_head(shelf)))
        return fail_record(node, 0, "is none");
    if (noun_head(shelf) != SHELF_VERSION)
        return status_fail(STATUS_FORMAT,
                           "the snapshots and branches in %s/%s have version %" PRIu64 ", this program knows %d: use "
                           "the newer Loam that wrote them",
                           node->directory, ARENA_FILE_NAME, noun_head(shelf), SHELF_VERSION);
    *records = noun_tail(shelf);
    return STATUS_OK;
}

static enum status read_shelf(const struct node *node, bool is_branch, struct recovery_kept *list, size_t *count)
{
    noun records;
    size_t on_shelf = 0;
    STATUS_TRY(open_shelf(node, is_branch ? ARENA_ROOT_BRANCHES : ARENA_ROOT_SNAPSHOTS, &records));
    for (; noun_is_cell(records) && arena_holds(node->arena, records); records = noun_tail(records)) {
        struct recovery_kept *kept = &list[*count];
        if (on_shelf++ == KEPT_MAX)
            return fail_record(node, *count, "is one too many");
        if (!take_record(node, noun_head(records), kept) || !take_state_hash(node, kept))
            return fail_record(node, *count, "has not the shape of one");
        kept->is_branch = is_branch;
        (*count)++;
    }
    return records == 0 ? STATUS_OK : fail_record(node, *count, "is none");
}

enum status node_kept_list(const struct node *node, struct recovery_kept **list, size_t *count)
{
    *count = 0;
    *list = calloc(2 * KEPT_MAX, sizeof **list);
    if (*list == NULL)
        check_out_of_memory(__FILE__, __LINE__, 2 * KEPT_MAX * sizeof **list);
    enum status status = read_shelf(node, false, *list, count);
    if (status == STATUS_OK)
        status = read_shelf(node, true, *list, count);
    if (status == STATUS_OK)
        return status;
    free(*list);
    *list = NULL;
    return status;
}

enum status node_kept_find(const struct node *node, const char *name, struct recovery_kept *kept)
{
    struct recovery_kept *list;
    size_t count;
    STATUS_TRY(node_kept_list(node, &list, &count));
    size_t found = 0;
    while (found < count && strcmp(list[found].name, name) != 0)
        found++;
    if (found < count)
        *kept = list[found];
    free(list);
    if (found < count)
        return STATUS_OK;
    return status_fail(STATUS_NOT_FOUND,
                       "%s has no snapshot or branch called \"%s\": `loam snapshot %s` and `loam branch %s` list them",
                       node->directory, name, node->directory, node->directory);
}

/* ---- writing -------------------------------------------------------------------- */

static noun record_noun(struct stack *stack, const struct recovery_kept *kept)
{
    noun fields[] = {stack_cord(stack, kept->name),
                     kept->event,
                     kept->origin_event,
                     kept->wall_ms,
                     stack_atom_from_bytes(stack, kept->kernel_hash, sizeof kept->kernel_hash),
                     kept->trap};
    noun record = kept->core;
    for (size_t i = COUNT_OF(fields); i-- > 0;)
        record = stack_cell(stack, fields[i], record);
    return record;
}

enum status node_shelf_write(struct node *node, bool is_branch, const struct recovery_kept *list, size_t count)
{
    noun records = 0;
    size_t on_shelf = 0;
    for (size_t i = count; i-- > 0;) {
        if (list[i].is_branch != is_branch)
            continue;
        records = stack_cell(node->stack, record_noun(node->stack, &list[i]), records);
        on_shelf++;
    }
    if (on_shelf > KEPT_MAX)
        return status_fail(STATUS_LIMIT, "%s has %d %s already, which is the most there can be: drop some first",
                           node->directory, KEPT_MAX, is_branch ? "branches" : "snapshots");
    noun shelf = records == 0 ? 0 : stack_cell(node->stack, SHELF_VERSION, records);
    node_origin_set(node, is_branch ? "branches" : "snapshots");
    return node_persist_root(node, is_branch ? ARENA_ROOT_BRANCHES : ARENA_ROOT_SNAPSHOTS, shelf);
}

enum status recovery_name_check(const char *name)
{
    for (enum snapshot_role role = SNAPSHOT_LATEST; role <= SNAPSHOT_SURPLUS; role++)
        if (strcmp(name, snapshot_role_name(role)) == 0)
            return status_fail(
                STATUS_INVALID,
                "\"%s\" cannot be the name of a snapshot or a branch: it means a sealed snapshot; choose "
                "another",
                name);
    if (is_good_name(name))
        return STATUS_OK;
    return status_fail(STATUS_INVALID,
                       "\"%.80s\" cannot be the name of a snapshot or a branch: 1 to %d letters, digits, '-', '_' and "
                       "'.', a letter or a digit first",
                       name, RECOVERY_NAME_MAX_BYTES);
}
