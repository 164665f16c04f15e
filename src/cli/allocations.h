/* Inside cli/: what `loam status --allocations` knows (cli/allocations.c) and how it
 * says it (cli/allocations_print.c). */
#ifndef CLI_ALLOCATIONS_H
#define CLI_ALLOCATIONS_H

#include "cli/cli.h"

struct allocations_report {
    const char *directory;
    struct arena_commit commit;
    struct arena_usage usage;
    struct recovery_retained retained;
    enum machine_place place;
};

/* On stdout; the report's lists come into another order. */
void allocations_print_text(struct allocations_report *report);
void allocations_print_json(struct allocations_report *report);

#endif
