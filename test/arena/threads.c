/* The owner commits, another thread flushes and grows, a third reads what has
 * been published: no locks for the reader, since nothing published changes. */
#include "arena_test.h"

#include <stdatomic.h>

#define EVENTS 3000

struct shared {
    struct arena *arena;
    uint8_t *base;
    _Atomic noun state; /* published by the owner */
    atomic_bool is_done;
    uint64_t states_read;
    bool all_whole;
    enum status sync_status;
};

static void flush(void *context)
{
    struct shared *shared = context;
    noun_space_enter(shared->base);
    while (shared->sync_status == STATUS_OK && !atomic_load(&shared->is_done)) {
        shared->sync_status = arena_sync(shared->arena);
        if (shared->sync_status == STATUS_OK)
            shared->sync_status = arena_grow_ahead(shared->arena);
        uint64_t sequence, event_number;
        arena_durable(shared->arena, &sequence, &event_number);
        arena_boundary_set(shared->arena, event_number);
    }
}

static void read_states(void *context)
{
    struct shared *shared = context;
    noun_space_enter(shared->base);
    while (!atomic_load(&shared->is_done)) {
        noun state = atomic_load(&shared->state);
        if (noun_is_direct(state))
            continue;
        shared->all_whole = shared->all_whole && test_hash_again(state) == noun_hash_persistent(state);
        shared->states_read++;
    }
}

int main(void)
{
    struct shared shared = {.base = space_open(), .all_whole = true};
    const char *path = test_path();
    test_create(path);
    shared.arena = test_open(path);
    struct os_thread *flusher, *reader;
    MUST(os_thread_start(flush, &shared, &flusher));
    MUST(os_thread_start(read_states, &shared, &reader));
    for (uint64_t event = 1; event <= EVENTS; event++) {
        MUST(arena_reserve(shared.arena, 1000));
        MUST(test_commit(shared.arena, event, 1 + (unsigned)(event % 20)));
        atomic_store(&shared.state, arena_current(shared.arena)->roots[ARENA_ROOT_STATE]);
    }
    os_sleep_ms(20);
    atomic_store(&shared.is_done, true);
    os_thread_join(flusher);
    os_thread_join(reader);
    struct arena_statistics statistics;
    arena_statistics(shared.arena, &statistics);
    tap_ok(shared.sync_status == STATUS_OK && statistics.sync_count > 0 && statistics.commit_count == EVENTS,
           "%" PRIu64 " flushes beside %d commits", statistics.sync_count, EVENTS);
    tap_ok(shared.states_read > 0 && shared.all_whole, "%" PRIu64 " states read meanwhile are whole",
           shared.states_read);
    MUST(arena_seal(shared.arena));
    arena_close(shared.arena);
    struct arena *arena = test_open(path);
    tap_ok(arena_current(arena)->event_number == EVENTS && test_state_is_whole(arena) &&
               arena_verify(arena, NULL, NULL) == STATUS_OK,
           "and so is the file");
    arena_close(arena);
    return tap_done();
}
