/* A node: the memory, the machine and the files of one kernel. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/collector.h"
#include "jet/jet.h"
#include "recovery/private.h"
#include "zk/zk.h"

enum status node_create(const char *directory, const struct recovery_options *options, struct node **out)
{
    struct node *node = calloc(1, sizeof *node);
    if (node == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *node);
    if (options != NULL)
        node->options = *options;
    if (directory != NULL && (node->directory = strdup(directory)) == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(directory));
    enum status status = os_map_reserve(NOUN_SPACE_BYTES, &node->space);
    if (status != STATUS_OK) {
        recovery_close(node);
        return status;
    }
    node_enter(node);
    *out = node;
    return STATUS_OK;
}

/* The arena that is written to gives room to the stack's large atoms. */
static void provide_large_atoms(struct node *node)
{
    struct stack_large_provider provider;
    if (node->stack == NULL || node->arena == NULL || node->is_view)
        return;
    collector_large_provider(node->arena, &provider);
    stack_set_large_provider(node->stack, &provider);
}

/* Where the stack's file is made: in the machine's directory, or, while that is yet
 * to be made, in the one that it will be in.  The caller frees it; NULL: nowhere. */
static char *backing_directory(const struct node *node)
{
    enum os_kind kind;
    if (!node->options.is_stack_backed || node->is_view || node->directory == NULL)
        return NULL;
    char *place = strdup(node->directory);
    if (place == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(node->directory));
    if (os_kind_of(place, &kind) != STATUS_OK || kind != OS_KIND_ABSENT)
        return place;
    size_t length = strlen(place);
    while (length > 1 && place[length - 1] == '/')
        length--;
    while (length > 0 && place[length - 1] != '/')
        length--;
    if (length == 0)
        place[length++] = '.';
    place[length] = 0;
    return place;
}

enum status node_create_machine(struct node *node)
{
    char *backing = backing_directory(node);
    const struct stack_options stack_options = {
        .limit_bytes = node->options.memory_limit_bytes,
        .backing_directory = backing,
    };
    enum status status = stack_create(&stack_options, &node->stack);
    free(backing);
    STATUS_TRY(status);
    const struct nock_options nock_options = {
        .slog = node->options.listener.slog,
        .slog_context = node->options.listener.context,
        .engine = node->options.is_interpreted ? NOCK_ENGINE_INTERPRETER : NOCK_ENGINE_NATIVE,
        .check_jets = node->options.check_jets,
        .depth_limit_bytes = node->options.depth_limit_bytes,
    };
    STATUS_TRY(nock_create(node->stack, &nock_options, &node->machine));
    jet_install(node->machine);
    zk_install(node->machine);
    nock_root_add(node->machine, &node->trap);
    provide_large_atoms(node);
    return STATUS_OK;
}

enum status node_open_log(struct node *node, enum eventlog_mode mode)
{
    char *path = recovery_path(node->directory, RECOVERY_LOG_NAME);
    enum status status = eventlog_open(path, mode, NULL, &node->log);
    free(path);
    return status;
}

enum status recovery_open_log(const char *directory, struct eventlog **out)
{
    STATUS_TRY(recovery_check(directory));
    char *path = recovery_path(directory, RECOVERY_LOG_NAME);
    enum status status = eventlog_open(path, EVENTLOG_READ, NULL, out);
    free(path);
    return status;
}

enum status node_open_arena(struct node *node, const char *name, bool read_only)
{
    char *path = recovery_path(node->directory, name);
    const struct arena_options options = {.read_only = read_only, .limit_bytes = node->options.arena_limit_bytes};
    enum status status = arena_open(path, &options, &node->arena);
    free(path);
    if (status == STATUS_OK && !read_only)
        provide_large_atoms(node);
    return status;
}

enum status node_adopt_commit(struct node *node)
{
    const struct arena_commit *commit = arena_current(node->arena);
    STATUS_TRY(node_check_roots(node));
    node->trap = commit->roots[ARENA_ROOT_TRAP];
    node->event = commit->event_number;
    node->state_hash = commit->state_hash;
    memcpy(node->kernel_hash, commit->kernel_hash, sizeof node->kernel_hash);
    node_restore_registry(node);
    nock_codes_restore(node->machine, commit->roots[ARENA_ROOT_CODE]);
    return kernel_from_core(node->machine, commit->roots[ARENA_ROOT_HOST], &node->kernel);
}

void recovery_close(struct node *node)
{
    if (node == NULL)
        return;
    if (node->space != NULL)
        node_enter(node);
    noun_uses = NULL;
    if (node->kernel != NULL)
        kernel_destroy(node->kernel);
    if (node->machine != NULL)
        nock_destroy(node->machine);
    if (node->stack != NULL)
        stack_destroy(node->stack);
    arena_close(node->arena);
    node_quarantine_forget(node);
    eventlog_close(node->log);
    os_file_close(node->lock);
    if (node->space != NULL)
        os_map_release(node->space, NOUN_SPACE_BYTES);
    free(node->directory);
    free(node);
}

void node_warn(const struct node *node, const char *format, ...)
{
    if (node->options.listener.warn == NULL)
        return;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    node->options.listener.warn(node->options.listener.context, message);
}

static uint64_t room_bytes(const struct stack *stack)
{
    uint64_t used_bytes = stack_used_bytes(stack), limit_bytes = stack->options.limit_bytes;
    return used_bytes < limit_bytes ? limit_bytes - used_bytes : 0;
}

/* In memory an event that failed for want of it leaves all of it used, and then
 * there is none for the next one's cause. */
static void reset_in_memory(struct node *node)
{
    if (node->room_bytes == 0)
        node->room_bytes = node->stack->options.limit_bytes;
    if (!stack_is_due(node->stack) && room_bytes(node->stack) >= node->room_bytes / 2)
        return;
    nock_collect(node->machine);
    node->room_bytes = room_bytes(node->stack);
}

void node_reset(struct node *node)
{
    node_enter(node);
    if (node->arena == NULL) {
        noun_uses = NULL;
        reset_in_memory(node);
        return;
    }
    node_uses_take(node);
    noun_uses = node->is_view ? NULL : &node->uses;
    nock_forget_ephemeral(node->machine, NULL);
    stack_clear(node->stack);
}
