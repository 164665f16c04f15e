/* The folder of snapshots: names, roles, setting aside, retiring. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/private.h"

/* ---- names ------------------------------------------------------------------------- */

char *snapshot_path(const char *directory, const char *name)
{
    return name == NULL ? text_format("%s/" SNAPSHOT_FOLDER_NAME, directory)
                        : text_format("%s/" SNAPSHOT_FOLDER_NAME "/%s", directory, name);
}

bool snapshot_has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), suffix_length = strlen(suffix);
    return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

/* Numbers have 20 digits, so that names in order are snapshots in order. */
void snapshot_manifest_name(const struct arena_commit *commit, char name[SNAPSHOT_NAME_SIZE_BYTES])
{
    snprintf(name, SNAPSHOT_NAME_SIZE_BYTES, "%020" PRIu64 "-%020" PRIu64 SNAPSHOT_MANIFEST_SUFFIX,
             commit->event_number, commit->sequence);
}

static bool parse_manifest_name(const char *name, struct snapshot_entry *entry)
{
    struct arena_commit commit = {0};
    char again[SNAPSHOT_NAME_SIZE_BYTES];
    if (strlen(name) >= sizeof entry->name ||
        sscanf(name, "%20" SCNu64 "-%20" SCNu64 SNAPSHOT_MANIFEST_SUFFIX, &commit.event_number, &commit.sequence) != 2)
        return false;
    snapshot_manifest_name(&commit, again);
    if (strcmp(name, again) != 0)
        return false;
    *entry = (struct snapshot_entry){.event = commit.event_number, .sequence = commit.sequence};
    memcpy(entry->name, again, sizeof again);
    return true;
}

void snapshot_piece_name(const struct snapshot_piece *piece, char name[SNAPSHOT_NAME_SIZE_BYTES])
{
    size_t length = (size_t)snprintf(name, SNAPSHOT_NAME_SIZE_BYTES, "%012" PRIx64 "-%012" PRIx64 "-",
                                     piece->start_bytes, piece->end_bytes);
    for (size_t i = 0; i < 8; i++)
        length += (size_t)snprintf(name + length, SNAPSHOT_NAME_SIZE_BYTES - length, "%02x", piece->hash[i]);
    snprintf(name + length, SNAPSHOT_NAME_SIZE_BYTES - length, SNAPSHOT_PIECE_SUFFIX);
}

const char *snapshot_role_name(enum snapshot_role role)
{
    static const char *const names[] = {"latest", "latest-1", "epoch", "surplus"};
    return names[role];
}

/* ---- listing ------------------------------------------------------------------------- */

static enum status add_entry(void *context, const char *name)
{
    struct snapshot_list *list = context;
    struct snapshot_entry entry;
    if (!parse_manifest_name(name, &entry))
        return STATUS_OK;
    struct snapshot_entry *entries = realloc(list->entries, (list->count + 1) * sizeof *entries);
    if (entries == NULL)
        check_out_of_memory(__FILE__, __LINE__, (list->count + 1) * sizeof *entries);
    list->entries = entries;
    entries[list->count++] = entry;
    return STATUS_OK;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(((const struct snapshot_entry *)b)->name, ((const struct snapshot_entry *)a)->name);
}

static enum status list_folder(const char *directory, enum status (*each)(void *context, const char *name),
                               void *context)
{
    char *folder = snapshot_path(directory, NULL);
    enum os_kind kind;
    enum status status = os_kind_of(folder, &kind);
    if (status == STATUS_OK && kind == OS_KIND_DIRECTORY)
        status = os_directory_list(folder, each, context);
    free(folder);
    return status;
}

enum status snapshot_list(const char *directory, struct snapshot_list *list)
{
    *list = (struct snapshot_list){0};
    enum status status = list_folder(directory, add_entry, list);
    if (status != STATUS_OK) {
        snapshot_list_finish(list);
        return status;
    }
    if (list->count > 0)
        qsort(list->entries, list->count, sizeof *list->entries, newest_first);
    for (size_t i = 0; i < list->count; i++)
        list->entries[i].role = i == 0                 ? SNAPSHOT_LATEST
                                : i == 1               ? SNAPSHOT_BEFORE_LATEST
                                : i == list->count - 1 ? SNAPSHOT_EPOCH
                                                       : SNAPSHOT_SURPLUS;
    return STATUS_OK;
}

void snapshot_list_finish(struct snapshot_list *list)
{
    free(list->entries);
    *list = (struct snapshot_list){0};
}

/* ---- reading --------------------------------------------------------------------------- */

enum status snapshot_read(const char *directory, const char *name, struct snapshot_manifest *manifest)
{
    char *path = snapshot_path(directory, name);
    uint8_t *bytes = NULL;
    size_t size_bytes;
    enum status status = os_read_whole(path, SNAPSHOT_MANIFEST_BYTES_MAX, &bytes, &size_bytes);
    if (status == STATUS_OK)
        status = snapshot_manifest_decode(path, bytes, size_bytes, manifest);
    free(bytes);
    free(path);
    return status;
}

enum status snapshot_piece_open(const char *directory, const struct snapshot_piece *piece, struct os_file **file)
{
    char name[SNAPSHOT_NAME_SIZE_BYTES];
    snapshot_piece_name(piece, name);
    char *path = snapshot_path(directory, name);
    enum status status = os_file_open(path, OS_OPEN_READ, file);
    free(path);
    return status;
}

enum status snapshot_piece_is_there(const char *directory, const struct snapshot_piece *piece, bool *is_there)
{
    struct os_file *file;
    uint64_t size_bytes = 0;
    *is_there = false;
    enum status status = snapshot_piece_open(directory, piece, &file);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    STATUS_TRY(status);
    status = os_file_size(file, &size_bytes);
    os_file_close(file);
    *is_there = status == STATUS_OK && size_bytes == piece->end_bytes - piece->start_bytes;
    return status;
}

static enum status is_complete(const char *directory, const char *name, bool *complete)
{
    struct snapshot_manifest manifest;
    *complete = false;
    enum status status = snapshot_read(directory, name, &manifest);
    if (status == STATUS_CORRUPT)
        return STATUS_OK;
    STATUS_TRY(status);
    *complete = true;
    for (size_t i = 0; i < manifest.piece_count && status == STATUS_OK && *complete; i++)
        status = snapshot_piece_is_there(directory, &manifest.pieces[i], complete);
    snapshot_manifest_finish(&manifest);
    return status;
}

enum status snapshot_epoch(const char *directory, uint64_t *event, bool *is_found)
{
    struct snapshot_list list;
    *is_found = false;
    STATUS_TRY(snapshot_list(directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = list.count; i-- > 0 && !*is_found && status == STATUS_OK;) {
        *event = list.entries[i].event;
        status = is_complete(directory, list.entries[i].name, is_found);
    }
    snapshot_list_finish(&list);
    return status;
}

enum status snapshot_set_aside(const char *directory, const char *name)
{
    char *path = snapshot_path(directory, name);
    size_t size_bytes = strlen(path) + sizeof SNAPSHOT_DAMAGED_SUFFIX;
    char *aside = snapshot_allocate(size_bytes, 1);
    snprintf(aside, size_bytes, "%s%s", path, SNAPSHOT_DAMAGED_SUFFIX);
    enum status status = os_rename(path, aside);
    free(aside);
    free(path);
    return status;
}

/* ---- retiring ---------------------------------------------------------------------------- */

struct retirement {
    const char *directory;
    struct snapshot_retired *retired;
    char (*wanted)[SNAPSHOT_NAME_SIZE_BYTES]; /* owned: the pieces that are referred to, sorted */
    size_t wanted_count;
};

static enum status remove_file(struct retirement *retirement, const char *name)
{
    char *path = snapshot_path(retirement->directory, name);
    struct os_file *file;
    uint64_t size_bytes = 0;
    enum status status = os_file_open(path, OS_OPEN_READ, &file);
    if (status == STATUS_OK) {
        status = os_file_size(file, &size_bytes);
        os_file_close(file);
    }
    if (status == STATUS_OK)
        status = os_remove(path);
    if (status == STATUS_OK) {
        retirement->retired->files++;
        retirement->retired->freed_bytes += size_bytes;
    }
    free(path);
    return status;
}

/* One that cannot be used must not count as one of the newest two. */
static enum status set_useless_aside(const char *directory)
{
    struct snapshot_list list;
    STATUS_TRY(snapshot_list(directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++) {
        bool is_useful;
        status = is_complete(directory, list.entries[i].name, &is_useful);
        if (status == STATUS_OK && !is_useful)
            status = snapshot_set_aside(directory, list.entries[i].name);
    }
    snapshot_list_finish(&list);
    return status;
}

/* Surplus manifests go first: a piece is removed only when no name leads to it. */
static enum status remove_manifests(struct retirement *retirement, bool moves_epoch)
{
    struct snapshot_list list;
    STATUS_TRY(snapshot_list(retirement->directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++) {
        enum snapshot_role role = list.entries[i].role;
        if (role != SNAPSHOT_SURPLUS && !(moves_epoch && role == SNAPSHOT_EPOCH))
            continue;
        status = remove_file(retirement, list.entries[i].name);
        retirement->retired->snapshots += status == STATUS_OK;
    }
    snapshot_list_finish(&list);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void want(struct retirement *retirement, const struct snapshot_manifest *manifest)
{
    size_t count = retirement->wanted_count + manifest->piece_count;
    retirement->wanted = realloc(retirement->wanted, (count + 1) * sizeof *retirement->wanted);
    if (retirement->wanted == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * sizeof *retirement->wanted);
    for (size_t i = 0; i < manifest->piece_count; i++)
        snapshot_piece_name(&manifest->pieces[i], retirement->wanted[retirement->wanted_count++]);
}

static enum status collect_wanted(struct retirement *retirement)
{
    struct snapshot_list list;
    STATUS_TRY(snapshot_list(retirement->directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++) {
        struct snapshot_manifest manifest;
        status = snapshot_read(retirement->directory, list.entries[i].name, &manifest);
        if (status != STATUS_OK)
            break;
        want(retirement, &manifest);
        snapshot_manifest_finish(&manifest);
    }
    snapshot_list_finish(&list);
    if (retirement->wanted_count > 0)
        qsort(retirement->wanted, retirement->wanted_count, sizeof *retirement->wanted, compare_names);
    return status;
}

static bool is_wanted(const struct retirement *retirement, const char *name)
{
    return retirement->wanted_count > 0 && bsearch(name, retirement->wanted, retirement->wanted_count,
                                                   sizeof *retirement->wanted, compare_names) != NULL;
}

/* For os_directory_list. */
static enum status remove_unwanted(void *context, const char *name)
{
    struct retirement *retirement = context;
    if (strlen(name) >= SNAPSHOT_NAME_SIZE_BYTES)
        return STATUS_OK;
    bool is_half_made = snapshot_has_suffix(name, SNAPSHOT_NEW_SUFFIX);
    bool is_piece = snapshot_has_suffix(name, SNAPSHOT_PIECE_SUFFIX);
    return is_half_made || (is_piece && !is_wanted(retirement, name)) ? remove_file(retirement, name) : STATUS_OK;
}

enum status snapshot_retire(const char *directory, bool moves_epoch, struct snapshot_retired *retired)
{
    struct retirement retirement = {.directory = directory, .retired = retired};
    *retired = (struct snapshot_retired){0};
    STATUS_TRY(set_useless_aside(directory));
    STATUS_TRY(remove_manifests(&retirement, moves_epoch));
    enum status status = collect_wanted(&retirement);
    if (status == STATUS_OK)
        status = list_folder(directory, remove_unwanted, &retirement);
    free(retirement.wanted);
    return status;
}
