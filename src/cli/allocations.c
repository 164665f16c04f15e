/* loam status --allocations: what the arena's bytes are for, and whose.
 *
 * The newest durable state is looked at from outside, in this process, also while
 * another runs the machine: to go through gigabytes is not for the thread that has
 * events to run.  From that process come only the last uses of large objects, which
 * it has in memory (control_uses).
 *
 * Every number of bytes is in one sum that ends at the size of the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/allocations.h"

/* ---- the last uses, from the process that knows them ------------------------------- */

static void print_use(void *context, const struct arena_large_object *object)
{
    fprintf(context, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", object->atom, object->sequence,
            object->used_event, object->used_wall_ms, object->use_count);
}

static void answer(void *context, struct host *host, struct host_call *call)
{
    (void)context;
    arena_large_each(host_node(host)->arena, print_use, host_call_out(call));
    host_call_end(call, STATUS_OK);
}

const struct host_command control_uses = {.name = "uses", .run = answer};

static int compare_atom(const void *key, const void *element)
{
    noun a = *(const noun *)key, b = ((const struct recovery_allocation *)element)->object.atom;
    return (a > b) - (a < b);
}

/* An object of another commit may lie there by now. */
static void take_use(void *context, const char *line)
{
    struct recovery_retained *retained = context;
    struct arena_large_object use;
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &use.atom, &use.sequence,
               &use.used_event, &use.used_wall_ms, &use.use_count) != 5)
        return;
    struct recovery_allocation *found = bsearch(&use.atom, retained->allocations, retained->allocation_count,
                                                sizeof *retained->allocations, compare_atom);
    if (found == NULL || found->object.sequence != use.sequence)
        return;
    found->object.used_event = use.used_event;
    found->object.used_wall_ms = use.used_wall_ms;
    found->object.use_count = use.use_count;
}

/* ---- what is known ------------------------------------------------------------------- */

static enum status look(struct allocations_report *report, struct host *host)
{
    struct node *view = host_node(host);
    report->commit = *arena_current(view->arena);
    STATUS_TRY(arena_usage(view->arena, &report->usage));
    return node_retained(view, &report->retained);
}

static enum status make_report(struct allocations_report *report, struct machine *machine)
{
    struct host *host;
    static const char *const words[] = {"uses"};
    STATUS_TRY(host_open_view(report->directory, &machine->options, &host));
    enum status status = look(report, host);
    host_close(host);
    if (status == STATUS_OK)
        status = machine_ask(report->directory, words, 1, take_use, &report->retained, &report->place);
    return status;
}

/* ---- the door ---------------------------------------------------------------------------------- */

enum status allocations_print(struct machine *machine, const char *directory)
{
    struct allocations_report report = {.directory = directory};
    enum status status = make_report(&report, machine);
    progress_end(&machine->progress);
    if (status == STATUS_OK && machine->cli->json)
        allocations_print_json(&report);
    else if (status == STATUS_OK)
        allocations_print_text(&report);
    node_retained_finish(&report.retained);
    return status;
}
