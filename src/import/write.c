/* Writing portable files: beside, then synced, then under their name, so that
 * whoever sees the name sees the whole. */
#include "import/private.h"

#include <stdlib.h>
#include <string.h>

static enum status write_parts(struct os_file *file, const uint8_t *header, size_t header_size_bytes,
                               const uint8_t *jam, size_t size_bytes)
{
    STATUS_TRY(os_file_write(file, 0, header, header_size_bytes));
    STATUS_TRY(os_file_write(file, header_size_bytes, jam, size_bytes));
    return os_file_sync(file);
}

static enum status remove_if_there(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_ABSENT ? STATUS_OK : os_remove(path);
}

/* The message of a failure is kept over the cleaning up. */
static enum status give_up(const char *partial_path, enum status status)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), strlen(status_message()) + 1);
    if (remove_if_there(partial_path) != STATUS_OK)
        return status_fail(status, "%s; %s is left behind", message, partial_path);
    return status_fail(status, "%s", message);
}

static enum status write_beside(const char *path, const char *partial_path, const uint8_t *header,
                                size_t header_size_bytes, const uint8_t *jam, size_t size_bytes)
{
    struct os_file *file;
    STATUS_TRY(remove_if_there(partial_path));
    STATUS_TRY(os_file_open(partial_path, OS_OPEN_CREATE, &file));
    enum status status = write_parts(file, header, header_size_bytes, jam, size_bytes);
    os_file_close(file);
    if (status == STATUS_OK)
        status = os_rename(partial_path, path);
    return status == STATUS_OK ? STATUS_OK : give_up(partial_path, status);
}

enum status import_write(const char *path, const struct import_facts *facts, const uint8_t *jam, size_t size_bytes)
{
    CHECK(facts->format == IMPORT_OWN || facts->format == IMPORT_EXPJAM);
    uint8_t header[IMPORT_OWN_HEADER_BYTES];
    static_assert(IMPORT_OWN_HEADER_BYTES >= IMPORT_EXPJAM_HEADER_BYTES_MAX, "either header has room");
    size_t header_size_bytes = IMPORT_OWN_HEADER_BYTES;
    if (facts->format == IMPORT_OWN)
        import_own_header(facts, jam, size_bytes, header);
    else
        header_size_bytes = import_expjam_header(facts, size_bytes, header);
    char *partial_path = text_format("%s.partial", path);
    enum status status = write_beside(path, partial_path, header, header_size_bytes, jam, size_bytes);
    free(partial_path);
    return status;
}
