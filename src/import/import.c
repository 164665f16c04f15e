/* Opening a portable file of whichever format. */
#include "import/private.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

#define PAGE_BYTES 4096

struct format {
    const char *name;
    bool (*recognizes)(const uint8_t *bytes, size_t size_bytes);
    enum status (*parse)(struct import *import);
};

static const struct format formats[] = {
    [IMPORT_OWN] = {"Loam export", import_own_recognizes, import_own_parse},
    [IMPORT_EXPJAM] = {"exported state (EXPJAM)", import_expjam_recognizes, import_expjam_parse},
    [IMPORT_CHKJAM] = {"checkpoint (CHKJAM)", import_chkjam_recognizes, import_chkjam_parse},
};

const char *import_format_name(enum import_format format)
{
    return (size_t)format < COUNT_OF(formats) ? formats[format].name : "unknown";
}

static struct import *import_new(const char *name)
{
    size_t name_bytes = strlen(name) + 1;
    struct import *import = calloc(1, sizeof *import);
    char *copy = malloc(name_bytes);
    if (import == NULL || copy == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *import + name_bytes);
    memcpy(copy, name, name_bytes);
    import->name = copy;
    return import;
}

void import_close(struct import *import)
{
    if (import == NULL)
        return;
    if (import->mapping != NULL)
        os_map_release(import->mapping, import->mapping_bytes);
    os_file_close(import->file);
    free(import->name);
    free(import);
}

const struct import_facts *import_facts(const struct import *import)
{
    return &import->facts;
}

static enum status parse(struct import *import)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (formats[i].recognizes(import->bytes, import->size_bytes))
            return formats[i].parse(import);
    return status_fail(STATUS_FORMAT,
                       "%s: this is no exported state: neither Loam's, nor a state jam (EXPJAM), nor a checkpoint "
                       "(CHKJAM); check the path",
                       import->name);
}

static enum status map_file(struct import *import)
{
    uint64_t size_bytes;
    STATUS_TRY(os_file_open(import->name, OS_OPEN_READ, &import->file));
    STATUS_TRY(os_file_size(import->file, &size_bytes));
    if (size_bytes == 0)
        return STATUS_OK;
    import->mapping_bytes = bits_round_up(size_bytes, PAGE_BYTES);
    STATUS_TRY(os_map_reserve(import->mapping_bytes, &import->mapping));
    STATUS_TRY(os_map_file(import->mapping, import->mapping_bytes, import->file, 0));
    import->bytes = import->mapping;
    import->size_bytes = (size_t)size_bytes;
    return STATUS_OK;
}

/* Devices and pipes have no size to check lengths against. */
static enum status check_is_file(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT)
        return status_fail(STATUS_NOT_FOUND, "%s: there is no such file; check the path", path);
    if (kind != OS_KIND_FILE)
        return status_fail(STATUS_FORMAT, "%s: this is not a file; check the path", path);
    return STATUS_OK;
}

enum status import_open(const char *path, struct import **out)
{
    STATUS_TRY(check_is_file(path));
    struct import *import = import_new(path);
    enum status status = map_file(import);
    if (status == STATUS_OK)
        status = parse(import);
    if (status != STATUS_OK) {
        import_close(import);
        return status;
    }
    *out = import;
    return STATUS_OK;
}

enum status import_open_bytes(const char *name, const uint8_t *bytes, size_t size_bytes, struct import **out)
{
    struct import *import = import_new(name);
    import->bytes = bytes;
    import->size_bytes = size_bytes;
    enum status status = parse(import);
    if (status != STATUS_OK) {
        import_close(import);
        return status;
    }
    *out = import;
    return STATUS_OK;
}

enum status import_state(const struct import *import, struct stack *stack, noun *state)
{
    noun cued;
    enum status status = codec_cue(stack, import->jam, (size_t)import->facts.jam_size_bytes, NULL, &cued);
    if (status == STATUS_INVALID)
        return status_fail(STATUS_CORRUPT, "%s: its state is damaged: %s; get another copy", import->name,
                           status_message());
    if (status != STATUS_OK)
        return status_add_context(status, "%s", import->name);
    if (import->state_is_head && !noun_is_cell(cued))
        return status_fail(STATUS_CORRUPT, "%s: it holds no pair of state and jets: it was damaged; get another copy",
                           import->name);
    *state = import->state_is_head ? noun_head(cued) : cued;
    return STATUS_OK;
}
