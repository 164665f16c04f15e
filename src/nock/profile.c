/* The profiler's clock and its samples. */
#include "nock/profile.h"

#include "os/os.h"

#include <stdlib.h>

/* So much processor time after a tick the machine must have been in native code. */
#define NATIVE_NS 30000

#define IDLE_INTERVALS 4
#define SLOWNESS_MAX 8

/* ---- the timer ---------------------------------------------------------------- */

/* Until about the next tick: what is missing of it, by the rate at which the
 * thread has got processor time, give or take a half, so that no loop runs in
 * step with it; longer while nothing runs. */
static uint64_t pause_ns(struct profile *profile, uint64_t *state)
{
    uint64_t missing_ns = profile->interval_ns - profile->owed_ns;
    *state = bits_mix64(*state + 1);
    uint64_t pause_ns = missing_ns * profile->slowness / 2 + *state % profile->interval_ns;
    return atomic_load(&profile->is_running) ? pause_ns : IDLE_INTERVALS * profile->interval_ns;
}

/* How much longer than the processor time the wall's is: 1 to SLOWNESS_MAX. */
static void note_slowness(struct profile *profile, uint64_t used_ns)
{
    uint64_t now_ns = os_clock_ns(), passed_ns = now_ns - profile->woken_ns;
    profile->woken_ns = now_ns;
    uint64_t slowness = passed_ns / (used_ns + 1);
    profile->slowness = slowness < 1 ? 1 : slowness > SLOWNESS_MAX ? SLOWNESS_MAX : slowness;
}

/* Ticks are of processor time in runs: of what the thread has used, as much as
 * there were runs.  One that is due while nothing runs waits, or the beginnings
 * of runs would get too many. */
static void tick(struct profile *profile)
{
    uint64_t cpu_ns = os_clock_cpu_of_ns(profile->clock), runs_ns = atomic_load(&profile->runs_ns);
    bool is_running = atomic_load(&profile->is_running);
    if (is_running)
        runs_ns += os_clock_ns() - atomic_load(&profile->run_ns);
    uint64_t used_ns = cpu_ns - profile->cpu_seen_ns;
    uint64_t ran_ns = runs_ns > profile->runs_seen_ns ? runs_ns - profile->runs_seen_ns : 0;
    profile->owed_ns += used_ns < ran_ns ? used_ns : ran_ns;
    note_slowness(profile, used_ns);
    profile->cpu_seen_ns = cpu_ns;
    profile->runs_seen_ns += ran_ns;
    if (!is_running || profile->owed_ns < profile->interval_ns)
        return;
    if (atomic_load(&profile->ticks) == 0)
        atomic_store(&profile->ticked_ns, cpu_ns);
    atomic_fetch_add(&profile->ticks, profile->owed_ns / profile->interval_ns);
    profile->owed_ns %= profile->interval_ns;
    stack_interrupt(profile->machine->stack);
}

static void run_timer(void *context)
{
    struct profile *profile = context;
    uint64_t state = os_clock_ns();
    os_mutex_lock(profile->mutex);
    while (!profile->stop) {
        os_condition_wait_until(profile->stopping, profile->mutex, os_clock_ns() + pause_ns(profile, &state));
        tick(profile);
    }
    profile->timer_ns = os_clock_cpu_ns();
    os_mutex_unlock(profile->mutex);
}

/* ---- samples --------------------------------------------------------------------- */

static void keep_sample(struct profile *profile, uint64_t at_ns, uint32_t node, uint64_t ticks)
{
    if (ticks == 0)
        return;
    profile->tree.nodes[node].ticks += ticks;
    if (profile->samples_count == PROFILE_SAMPLES_MAX)
        return;
    profile->samples =
        profile_grow(profile->samples, profile->samples_count, &profile->samples_capacity, sizeof *profile->samples);
    profile->samples[profile->samples_count++] =
        (struct profile_sample){.at_ns = at_ns, .node = node, .ticks = (uint32_t)ticks};
}

/* How many of the ticks went by in a collection. */
static uint64_t take_collection(struct profile *profile, uint64_t ticks)
{
    uint64_t collection_ns = profile->machine->stack->statistics.collection_ns;
    profile->collection_due_ns += collection_ns - profile->collection_ns;
    profile->collection_ns = collection_ns;
    uint64_t due = profile->collection_due_ns / profile->interval_ns;
    uint64_t taken = due < ticks ? due : ticks;
    profile->collection_due_ns -= taken * profile->interval_ns;
    return taken;
}

static void take_sample(struct profile *profile, const uint64_t *frame, const struct code *entered, uint64_t ticks)
{
    uint32_t walked[PROFILE_DEPTH_MAX];
    uint64_t now_ns = os_clock_ns(), cpu_ns = os_clock_cpu_ns();
    const struct nock_jet *jet = profile->machine->last_jet;
    bool was_native = cpu_ns - atomic_load(&profile->ticked_ns) > NATIVE_NS && jet != NULL;
    uint64_t collecting = take_collection(profile, ticks);
    uint32_t node = profile_tree_add(&profile->tree, walked, profile_walk(profile, frame, entered, walked));
    uint32_t leaf = node;
    if (was_native && ticks > collecting)
        leaf = profile_tree_child(&profile->tree, node, profile_label(&profile->labels, jet->path));
    keep_sample(profile, now_ns, leaf, ticks - collecting);
    if (collecting > 0)
        keep_sample(profile, now_ns, profile_tree_child(&profile->tree, node, profile->collecting), collecting);
    profile->machine->last_jet = NULL;
    profile->ticks_total += ticks;
    profile->samples_taken++;
    profile->sampling_ns += os_clock_cpu_ns() - cpu_ns;
}

bool profile_safe_point(struct profile *profile, const uint64_t *frame, const struct code *entered)
{
    uint64_t ticks = atomic_exchange(&profile->ticks, 0);
    if (ticks == 0)
        return false;
    take_sample(profile, frame, entered, ticks);
    return stack_resume(profile->machine->stack);
}

void profile_run_begin(struct profile *profile)
{
    profile->runs = profile_grow(profile->runs, profile->runs_count, &profile->runs_capacity, sizeof *profile->runs);
    uint64_t now_ns = os_clock_ns();
    profile->runs[profile->runs_count].start_ns = now_ns;
    profile->collection_ns = profile->machine->stack->statistics.collection_ns;
    atomic_store(&profile->ticks, 0);
    atomic_store(&profile->run_ns, now_ns);
    atomic_store(&profile->is_running, true);
}

void profile_run_end(struct profile *profile)
{
    atomic_store(&profile->is_running, false);
    struct profile_run *run = &profile->runs[profile->runs_count];
    run->end_ns = os_clock_ns();
    atomic_fetch_add(&profile->runs_ns, run->end_ns - run->start_ns);
    if (profile->runs_count + 1 < PROFILE_RUNS_MAX)
        profile->runs_count++;
}

/* ---- the door ----------------------------------------------------------------------- */

enum status nock_profile_start(struct nock *machine, uint64_t interval_us)
{
    CHECK(machine->profile == NULL && interval_us > 0);
    struct profile *profile = calloc(1, sizeof *profile);
    if (profile == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *profile);
    profile->machine = machine;
    profile->interval_ns = interval_us * 1000;
    profile->start_ns = profile->woken_ns = os_clock_ns();
    profile->slowness = 1;
    profile->clock = os_clock_cpu_id();
    profile->cpu_seen_ns = os_clock_cpu_of_ns(profile->clock);
    profile->mutex = os_mutex_create();
    profile->stopping = os_condition_create();
    profile->labels.cache_freed = machine->codes.freed;
    profile->collecting = profile_label(&profile->labels, "(collection)");
    profile_tree_add(&profile->tree, NULL, 0);
    enum status status = os_thread_start(run_timer, profile, &profile->thread);
    if (status != STATUS_OK) {
        profile_destroy(profile);
        return status;
    }
    machine->profile = profile;
    return STATUS_OK;
}

void nock_profile_pause(struct nock *machine)
{
    struct profile *profile = machine->profile;
    if (profile == NULL || profile->thread == NULL)
        return;
    os_mutex_lock(profile->mutex);
    profile->stop = true;
    os_condition_signal(profile->stopping);
    os_mutex_unlock(profile->mutex);
    os_thread_join(profile->thread);
    profile->thread = NULL;
}

void nock_profile_stop(struct nock *machine)
{
    nock_profile_pause(machine);
    profile_destroy(machine->profile);
    machine->profile = NULL;
}

void profile_destroy(struct profile *profile)
{
    if (profile == NULL)
        return;
    os_condition_destroy(profile->stopping);
    os_mutex_destroy(profile->mutex);
    profile_labels_finish(&profile->labels);
    profile_tree_finish(&profile->tree);
    free(profile->samples);
    free(profile->runs);
    free(profile);
}
