/* Every jet finds its core: the labels and axes of the table are those that
 * the compiled library registers.
 *
 * All jets are replaced by one that only notes the first core it is called on.
 */
#include "library.h"

#include "jet/jet.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

#include <stdlib.h>

#define DEADLINE_NS 100000000

static noun first_core;

static noun note_core(struct nock *machine, noun core)
{
    (void)machine;
    if (first_core == NOUN_NONE)
        first_core = core;
    return NOCK_JET_PUNT;
}

static noun kick_formula(void)
{
    struct stack *stack = space_stack();
    return stack_triple(stack, 9, 2, stack_cell(stack, 0, 1));
}

/* nest's inner core comes to be only when its gate runs, so for that one the
 * gate is kicked. */
static noun core_of(struct library *library, const char *path)
{
    char outer[128] = {0};
    const char *end = strstr(path, "/nest-in");
    memcpy(outer, path, end == NULL ? strlen(path) : (size_t)(end - path));
    return library_find(library, outer);
}

static void check_label(struct library *library, const char *path)
{
    noun core = core_of(library, path);
    if (core == NOUN_NONE) {
        tap_ok(false, "%s is registered", path);
        return;
    }
    nock_root_add(library->machine, &core);
    struct nock_result result;
    first_core = NOUN_NONE;
    nock_root_add(library->machine, &first_core);
    nock_set_deadline(library->machine, os_clock_ns() + DEADLINE_NS);
    nock_run(library->machine, core, kick_formula(), &result);
    nock_set_deadline(library->machine, 0);
    noun found = first_core;
    if (strstr(path, "/nest-in") != NULL) /* a trap in the working core, whose context is the gate */
        found = noun_at(first_core, 15);
    bool called = found != NOUN_NONE && noun_equal(found, core);
    nock_root_remove(library->machine, &first_core);
    nock_root_remove(library->machine, &core);
    tap_ok(called, "%s finds its core", path);
}

int main(void)
{
    if (library_jam_path() == NULL) {
        tap_skip("the jets' labels", "LOAM_CORPUS has no hoonc.jam");
        return tap_done();
    }
    struct nock_jet *table = calloc(jet_table_count, sizeof *table);
    CHECK(table != NULL);
    for (size_t i = 0; i < jet_table_count; i++) {
        table[i] = jet_table[i];
        table[i].kind = NOCK_JET_CORE;
        table[i].run.core = note_core;
    }
    struct library library;
    library_open(&library, table, jet_table_count, false);
    for (size_t i = 0; i < jet_table_count; i++)
        check_label(&library, jet_table[i].path);
    library_close(&library);
    free(table);
    return tap_done();
}
