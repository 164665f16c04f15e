/* file: reads and writes files for the kernel (ABI page 5.3).
 *
 * The answer to an effect is a poke, and the next effect is not looked at
 * before the kernel has taken it; so effects that come meanwhile wait, as
 * bytes.  What is no file effect of ours is passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "driver/cause.h"
#include "driver/driver.h"
#include "os/os.h"

#define PATH_MAX_BYTES 4096
#define READ_MAX_BYTES ((uint64_t)1 << 36)

struct waiting {
    struct waiting *next;
    struct cause effect;
};

struct driver_file {
    struct host_driver driver; /* first: the driver is the file driver */
    struct driver_file_options options;
    bool is_waiting; /* for the kernel to take an answer */
    struct waiting *first, **last;
};

/* ---- paths and bytes --------------------------------------------------------------- */

static bool path_read(noun cord, char path[PATH_MAX_BYTES])
{
    if (cord == NOUN_NONE || !noun_is_atom(cord))
        return false;
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(cord, &direct, &size_bytes);
    if (size_bytes == 0 || size_bytes >= PATH_MAX_BYTES || memchr(bytes, 0, size_bytes) != NULL)
        return false;
    memcpy(path, bytes, size_bytes);
    path[size_bytes] = 0;
    return true;
}

static enum status make_parents(const char *path)
{
    char parent[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return STATUS_OK;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = 0;
    return os_directory_create(parent, true);
}

static enum status open_empty(const char *path, struct os_file **file)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT)
        return os_file_open(path, OS_OPEN_CREATE, file);
    STATUS_TRY(os_file_open(path, OS_OPEN_WRITE, file));
    enum status status = os_file_truncate(*file, 0);
    if (status != STATUS_OK)
        os_file_close(*file);
    return status;
}

static enum status write_bytes(const char *path, const void *bytes, size_t size_bytes)
{
    struct os_file *file;
    STATUS_TRY(make_parents(path));
    STATUS_TRY(open_empty(path, &file));
    enum status status = os_file_write(file, 0, bytes, size_bytes);
    if (status == STATUS_OK)
        status = os_file_sync(file);
    os_file_close(file);
    return status;
}

/* The atom as the bytes of a file: its storage words, or what is significant. */
static const void *file_bytes(const struct driver_file *driver, noun contents, uint64_t *direct, size_t *size_bytes)
{
    if (driver->options.exact_bytes)
        return noun_atom_bytes(contents, direct, size_bytes);
    size_t count;
    const uint64_t *words = noun_atom_words(contents, direct, &count);
    *size_bytes = count == 0 ? 8 : 8 * count;
    return words;
}

static noun write_file(struct driver_file *driver, noun cord, noun contents)
{
    char path[PATH_MAX_BYTES];
    uint64_t direct = 0;
    size_t size_bytes;
    if (!path_read(cord, path))
        return NOUN_NO;
    const void *bytes = file_bytes(driver, contents, &direct, &size_bytes);
    bool is_written = write_bytes(path, bytes, size_bytes) == STATUS_OK;
    if (driver->options.wrote != NULL)
        driver->options.wrote(driver->options.context, path, size_bytes, is_written);
    return is_written ? NOUN_YES : NOUN_NO;
}

/* ---- the three operations: each gives the cause's tail after %file, or NOUN_NONE ----- */

/* [%read ~ contents], or [%read ~] */
static noun do_read(struct stack *stack, noun cord)
{
    char path[PATH_MAX_BYTES];
    uint8_t *bytes;
    size_t size_bytes;
    noun result = 0;
    if (!noun_is_atom(cord))
        return NOUN_NONE;
    if (path_read(cord, path) && os_read_whole(path, READ_MAX_BYTES, &bytes, &size_bytes) == STATUS_OK) {
        if (stack_reserve(stack, size_bytes + 64))
            result = stack_cell(stack, 0, stack_atom_from_bytes(stack, bytes, size_bytes));
        free(bytes);
    }
    return stack_cell(stack, noun_cord("read"), result);
}

/* [%write path contents success] */
static noun do_write(struct driver_file *driver, struct stack *stack, noun entry)
{
    if (!noun_is_cell(entry) || !noun_is_atom(noun_head(entry)) || !noun_is_atom(noun_tail(entry)))
        return NOUN_NONE;
    noun path = noun_head(entry), contents = noun_tail(entry);
    noun success = write_file(driver, path, contents);
    return stack_cell(stack, noun_cord("write"), stack_triple(stack, path, contents, success));
}

/* [%batch-write results]: entries that are no pair of atoms spoil the whole effect. */
static noun do_batch_write(struct driver_file *driver, struct stack *stack, noun entries)
{
    for (noun rest = entries; rest != 0; rest = noun_tail(rest)) {
        if (!noun_is_cell(rest) || !noun_is_cell(noun_head(rest)) || !noun_is_atom(noun_head(noun_head(rest))) ||
            !noun_is_atom(noun_tail(noun_head(rest))))
            return NOUN_NONE;
    }
    struct stack_list results = stack_list_begin();
    for (noun rest = entries; rest != 0; rest = noun_tail(rest)) {
        noun path = noun_head(noun_head(rest)), contents = noun_tail(noun_head(rest));
        noun success = write_file(driver, path, contents);
        stack_list_add(stack, &results, stack_triple(stack, path, contents, success));
    }
    return stack_cell(stack, stack_cord(stack, "batch-write"), stack_list_end(&results, 0));
}

/* ---- effects in order -------------------------------------------------------------------- */

static void on_answer(void *context, struct host *host, const struct host_event *event);

static void answer(struct driver_file *driver, struct host *host, const char *tag, noun result)
{
    if (result == NOUN_NONE)
        return;
    noun cause = stack_cell(host_stack(host), noun_cord("file"), result);
    driver->is_waiting = true;
    host_submit(host, host_wire(host, "file", tag), cause, on_answer, driver);
}

static void handle(struct driver_file *driver, struct host *host, noun effect)
{
    struct stack *stack = host_stack(host);
    noun operation = noun_head(noun_tail(effect)), rest = noun_tail(noun_tail(effect));
    if (operation == noun_cord("read"))
        answer(driver, host, "read", do_read(stack, rest));
    else if (operation == noun_cord("write"))
        answer(driver, host, "write", do_write(driver, stack, rest));
    else if (noun_is_atom(operation) && noun_atom_equals_cord(operation, "batch-write"))
        answer(driver, host, "batch-write", do_batch_write(driver, stack, rest));
}

static void keep(struct driver_file *driver, noun effect)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting == NULL || codec_jam(effect, &waiting->effect.jam, &waiting->effect.size_bytes) != STATUS_OK)
        check_out_of_memory(__FILE__, __LINE__, sizeof *waiting);
    *driver->last = waiting;
    driver->last = &waiting->next;
}

static struct waiting *take(struct driver_file *driver)
{
    struct waiting *waiting = driver->first;
    driver->first = waiting->next;
    if (driver->first == NULL)
        driver->last = &driver->first;
    return waiting;
}

static void waiting_destroy(struct waiting *waiting)
{
    cause_finish(&waiting->effect);
    free(waiting);
}

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    (void)event;
    struct driver_file *driver = context;
    driver->is_waiting = false;
    while (!driver->is_waiting && driver->first != NULL) {
        struct waiting *waiting = take(driver);
        noun effect;
        if (codec_cue(host_stack(host), waiting->effect.jam, waiting->effect.size_bytes, NULL, &effect) == STATUS_OK)
            handle(driver, host, effect);
        waiting_destroy(waiting);
    }
}

static void on_effect(struct host *host, void *context, noun effect)
{
    struct driver_file *driver = context;
    if (!noun_is_cell(effect) || noun_head(effect) != noun_cord("file") || !noun_is_cell(noun_tail(effect)))
        return;
    if (driver->is_waiting)
        keep(driver, effect);
    else
        handle(driver, host, effect);
}

struct host_driver *driver_file_create(const struct driver_file_options *options)
{
    struct driver_file *driver = calloc(1, sizeof *driver);
    if (driver == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *driver);
    driver->driver = (struct host_driver){.name = "file", .context = driver, .effect = on_effect};
    if (options != NULL)
        driver->options = *options;
    driver->last = &driver->first;
    return &driver->driver;
}

void driver_file_destroy(struct host_driver *host_driver)
{
    struct driver_file *driver = host_driver->context;
    while (driver->first != NULL)
        waiting_destroy(take(driver));
    free(driver);
}
