/* Whatever keeps a noun alive keeps it through collections, young and full.
 *
 * Each keeper is given something that nothing else reaches; then the arena is
 * collected and filled anew until what was freed is used again, twice; and then
 * the thing is read. */
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect_test.h"

#ifdef LOAM_HOSTILE
#define KEPT_CELLS 300u
#define CHURN_CELLS 600u
#define TURNS 4
#else
#define KEPT_CELLS 3000u
#define CHURN_CELLS 60000u
#define TURNS 20 /* of a list, by one event */
#endif

/* What one sees of a list. */
struct sight {
    int64_t length;
    uint32_t mug;
};

struct stage {
    char *directory;
    struct host *host;
    struct sight expected;
    bool is_found; /* by reads */

    struct host *view;
    pid_t child;
    int to_child, from_child;
    struct os_thread *thread;
    atomic_bool is_ending;
    _Atomic unsigned looks, wrong;
    _Atomic int is_ready;
};

struct keeper {
    const char *name;
    bool is_root;                         /* of the arena: what it keeps is copied, and is there after a restart */
    void (*prepare)(struct stage *stage); /* before there is a host, and with it a thread; may be NULL */
    void (*keep)(struct stage *stage);
    bool (*reads)(struct stage *stage); /* what it kept */
    void (*leave)(struct stage *stage); /* may be NULL */
};

static struct sight look(struct host *host)
{
    noun list = state_of(host);
    return (struct sight){noun_list_length(list), noun_mug(list)};
}

static bool is_alike(struct sight a, struct sight b)
{
    return a.length == b.length && a.mug == b.mug;
}

/* ---- roots of the arena ------------------------------------------------------------ */

static void keep_state(struct stage *stage)
{
    fill(stage->host, KEPT_CELLS);
}

static void keep_snapshot(struct stage *stage)
{
    fill(stage->host, KEPT_CELLS);
    host_reset(stage->host);
    must(node_keep(host_node(stage->host), "then", false, NULL));
}

static bool reads_at(struct stage *stage, const char *name)
{
    struct host *view;
    must(host_settle(stage->host));
    must(host_open_view(stage->directory, NULL, &view));
    must(host_view_at(view, name));
    bool is_there = is_alike(look(view), stage->expected);
    host_close(view);
    return is_there;
}

static bool snapshot_reads(struct stage *stage)
{
    return reads_at(stage, "then");
}

static void branch_event(struct stage *stage, const char *cause)
{
    struct recovery_branch_event event;
    struct host *host = stage->host;
    host_reset(host);
    must(node_branch_poke(host_node(host), "side", host_wire(host, "sys", NULL), read_cause(host, cause), 0, &event));
    CHECK(event.is_accepted && !event.is_replaced);
}

/* The main line never had its state. */
static void keep_branch(struct stage *stage)
{
    char cause[64];
    host_reset(stage->host);
    must(node_keep(host_node(stage->host), "side", true, NULL));
    snprintf(cause, sizeof cause, "[%%fill %u]", KEPT_CELLS);
    branch_event(stage, cause);
}

static bool branch_reads(struct stage *stage)
{
    branch_event(stage, "[%push 9]"); /* on what it kept */
    branch_event(stage, "[%run 0 3]");
    return reads_at(stage, "side");
}

/* ---- what the engine keeps ------------------------------------------------------------ */

/* Is this atom somewhere in the noun?  Looks at no more than a million cells. */
static bool holds(noun n, noun atom)
{
    noun *pending = malloc(((size_t)1 << 20) * sizeof *pending);
    size_t count = 0, looked = 0;
    bool is_found = false;
    CHECK(pending != NULL);
    for (pending[count++] = n; count > 0 && !is_found && looked < (size_t)1 << 20; looked++) {
        noun next = pending[--count];
        is_found = noun_is_atom(next) && noun_equal(next, atom);
        if (noun_is_cell(next) && count + 2 < (size_t)1 << 20) {
            pending[count++] = noun_tail(next);
            pending[count++] = noun_head(next);
        }
    }
    free(pending);
    return is_found;
}

static bool root_holds(struct stage *stage, enum arena_root root, const char *atom_text)
{
    host_reset(stage->host);
    noun atom = read_cause(stage->host, atom_text);
    return holds(arena_current(host_node(stage->host)->arena)->roots[root], atom);
}

/* Registers a core that the state does not keep, and uses it. */
#define CORE_NAME "'a core that an event has made'"
#define WITH_CORE "[%run 7 [11 [%fast 1 " CORE_NAME " [1 0] 0] 1 [1 77] 5] 9 2 0 1]"

static void use_core(struct stage *stage)
{
    change(stage->host, WITH_CORE);
    CHECK(state_of(stage->host) == 77);
}

static bool core_reads(struct stage *stage)
{
    if (!root_holds(stage, ARENA_ROOT_REGISTRY, CORE_NAME))
        return false;
    use_core(stage);
    return true;
}

/* A formula of the state that has run is kept with its code, also when the state has it no more. */
#define FORMULA_CONSTANT "'a constant of a formula that the state had'"
#define FORMULA "[7 [[1 " FORMULA_CONSTANT "] 1 6] 0 3]"

static void use_formula(struct stage *stage)
{
    change(stage->host, "[%push " FORMULA "]");
    change(stage->host, "[%run 2 [1 0] 0 2]");
    CHECK(state_of(stage->host) == 6);
}

static bool formula_reads(struct stage *stage)
{
    if (!root_holds(stage, ARENA_ROOT_CODE, FORMULA_CONSTANT))
        return false;
    use_formula(stage);
    return true;
}

/* ---- readers ------------------------------------------------------------------------------ */

static void keep_view(struct stage *stage)
{
    fill(stage->host, KEPT_CELLS);
    must(host_settle(stage->host));
    must(host_open_view(stage->directory, NULL, &stage->view));
}

static bool view_reads(struct stage *stage)
{
    return is_alike(look(stage->view), stage->expected);
}

static void leave_view(struct stage *stage)
{
    host_close(stage->view);
}

/* What is exported is the state the view was opened at. */
static bool export_reads(struct stage *stage)
{
    struct host_kernel kernel = kernel_of(KERNEL);
    struct host *copy;
    const char *path = tap_path(tap_scratch(), "exported");
    must(host_export(stage->view, path, false));
    must(host_open_memory(&kernel, path, NULL, &copy));
    free((void *)kernel.bytes);
    bool is_there = is_alike(look(copy), stage->expected);
    host_close(copy);
    return is_there;
}

/* A process of its own opens a view when it is told to, and reads when it is told to. */
static void serve(const char *directory, int in, int out)
{
    struct host *view = NULL;
    char order;
    while (read(in, &order, 1) == 1 && order != 'e') {
        struct sight sight = {0};
        if (order == 'o')
            must(host_open_view(directory, NULL, &view));
        sight = look(view);
        CHECK(write(out, &sight, sizeof sight) == sizeof sight);
    }
    host_close(view);
    _exit(0);
}

static struct sight ask_child(struct stage *stage, char order)
{
    struct sight sight = {-1, 0};
    CHECK(write(stage->to_child, &order, 1) == 1);
    if (read(stage->from_child, &sight, sizeof sight) != sizeof sight)
        tap_note("the reading process ended");
    return sight;
}

static void prepare_process(struct stage *stage)
{
    int to_child[2], from_child[2];
    CHECK(pipe(to_child) == 0 && pipe(from_child) == 0);
    fflush(stdout);
    stage->child = fork();
    CHECK(stage->child >= 0);
    if (stage->child == 0) {
        close(to_child[1]);
        close(from_child[0]);
        serve(stage->directory, to_child[0], from_child[1]);
    }
    close(to_child[0]);
    close(from_child[1]);
    stage->to_child = to_child[1];
    stage->from_child = from_child[0];
}

static void keep_process(struct stage *stage)
{
    fill(stage->host, KEPT_CELLS);
    must(host_settle(stage->host));
    ask_child(stage, 'o');
}

static bool process_reads(struct stage *stage)
{
    return is_alike(ask_child(stage, 'r'), stage->expected);
}

static void leave_process(struct stage *stage)
{
    int status;
    CHECK(write(stage->to_child, "e", 1) == 1);
    CHECK(waitpid(stage->child, &status, 0) == stage->child && status == 0);
    close(stage->to_child);
    close(stage->from_child);
}

/* A thread reads all the time. */
static void read_always(void *context)
{
    struct stage *stage = context;
    struct host *view;
    must(host_open_view(stage->directory, NULL, &view));
    struct sight first = look(view);
    atomic_store(&stage->is_ready, 1);
    while (!atomic_load(&stage->is_ending)) {
        stage->wrong += !is_alike(look(view), first);
        stage->looks++;
    }
    host_close(view);
}

static void keep_thread(struct stage *stage)
{
    fill(stage->host, KEPT_CELLS);
    must(host_settle(stage->host));
    must(os_thread_start(read_always, stage, &stage->thread));
    while (!atomic_load(&stage->is_ready))
        os_sleep_ms(1);
}

static bool thread_reads(struct stage *stage)
{
    for (unsigned looks = stage->looks; stage->looks < looks + 2;)
        os_sleep_ms(1);
    return stage->wrong == 0;
}

static void leave_thread(struct stage *stage)
{
    atomic_store(&stage->is_ending, true);
    os_thread_join(stage->thread);
}

static const struct keeper keepers[] = {
    {"the kernel's state", true, NULL, keep_state, NULL, NULL},
    {"a snapshot", true, NULL, keep_snapshot, snapshot_reads, NULL},
    {"a branch", true, NULL, keep_branch, branch_reads, NULL},
    {"the registry of cores", true, NULL, use_core, core_reads, NULL},
    {"the code cache", true, NULL, use_formula, formula_reads, NULL},
    {"a view", false, NULL, keep_view, view_reads, leave_view},
    {"an export", false, NULL, keep_view, export_reads, leave_view},
    {"a view in another process", false, prepare_process, keep_process, process_reads, leave_process},
    {"a thread that reads", false, NULL, keep_thread, thread_reads, leave_thread},
};

/* ---- the test ------------------------------------------------------------------------------ */

/* Enough for pages that were freed to be used again: with less, a build in which nobody heeds readers passes. */
static void churn(struct host *host)
{
    for (unsigned i = 0; i < 6; i++) {
        fill(host, CHURN_CELLS + i);
        must(host_settle(host));
    }
}

static bool collect(struct host *host, bool is_full)
{
    struct collector_record record;
    must(host_collect(host, is_full, &record));
    return record.is_full == is_full && record.objects > 0;
}

static bool reads(const struct keeper *keeper, struct stage *stage)
{
    return keeper->reads == NULL ? is_alike(look(stage->host), stage->expected) : keeper->reads(stage);
}

/* Collects as said, then the other way, with other events between. */
static bool survives(const struct keeper *keeper, struct stage *stage, bool is_full)
{
    bool is_good = true;
    for (unsigned round = 0; round < 4; round++) {
        if (keeper->reads != NULL)
            churn(stage->host);
        else
            change(stage->host, round % 2 == 0 ? "[%push 9]" : "[%run 0 3]"); /* there and back */
        is_good = collect(stage->host, round % 2 == 0 ? is_full : !is_full) && is_good;
        if (keeper->reads == NULL && round % 2 == 0)
            continue;
        if (keeper->reads != NULL)
            churn(stage->host);
        is_good = reads(keeper, stage) && is_good;
    }
    return is_good;
}

static void test_keeper(const struct keeper *keeper, bool is_full)
{
    static const struct host_options options = {.durability = {.mode = HOST_DURABLE_NONE}};
    struct stage stage = {.directory = strdup(tap_path(tap_scratch(), "machine"))};
    if (keeper->prepare != NULL)
        keeper->prepare(&stage);
    stage.host = create(stage.directory, &options);
    fill(stage.host, KEPT_CELLS);
    stage.expected = look(stage.host);
    change(stage.host, "[%set 0]");
    bool is_good = collect(stage.host, true); /* so that a young one has a boundary to stop at */
    keeper->keep(&stage);
    is_good = survives(keeper, &stage, is_full) && is_good;
    tap_ok(is_good, "%s keeps what it holds through a %s collection and others", keeper->name,
           is_full ? "full" : "young");
    if (keeper->leave != NULL)
        keeper->leave(&stage);
    host_close(stage.host);
    if (keeper->is_root) {
        must(host_open(stage.directory, NULL, &options, &stage.host));
        tap_ok(reads(keeper, &stage) && facts_of(stage.host).events_replayed == 0, "and a start finds it");
        host_close(stage.host);
    }
    tap_ok(verifies(stage.directory), "and the machine is whole");
    free(stage.directory);
}

/* ---- what is freed -------------------------------------------------------------------------- */

static uint64_t live_bytes(struct host *host)
{
    struct collector_record record;
    must(host_collect(host, true, &record));
    return record.live_bytes;
}

/* The other half of it: a keeper that lets go keeps nothing. */
static void test_dropped(void)
{
    struct stage stage = {.directory = (char *)tap_path(tap_scratch(), "machine")};
    stage.host = create(stage.directory, NULL);
    fill(stage.host, 1);
    uint64_t before_bytes = live_bytes(stage.host);
    keep_snapshot(&stage);
    change(stage.host, "[%set 0]");
    uint64_t kept_bytes = live_bytes(stage.host);
    host_reset(stage.host);
    must(node_kept_drop(host_node(stage.host), "then", false));
    uint64_t after_bytes = live_bytes(stage.host);
    tap_ok(kept_bytes >= before_bytes + KEPT_CELLS * 24 && after_bytes < before_bytes + KEPT_CELLS * 24,
           "what a snapshot keeps is live, and garbage when it is dropped: %" PRIu64 ", %" PRIu64 ", %" PRIu64 " bytes",
           before_bytes, kept_bytes, after_bytes);
    host_close(stage.host);
}

/* ---- an event beside a collection ------------------------------------------------------------ */

/* Turns the list round, so often: it holds old cells all the time. */
#define TURN "6 [5 [0 7] 1 0] [0 6] 9 2 10 [6 [0 14] 0 6] 10 [7 0 15] 0 1"
#define TURN_LIST "8 [1 " TURN "] 8 [[0 2] [1 0] 0 3] 9 2 0 2"

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    (void)host, (void)record;
    must(status);
    *(bool *)context = true;
}

static void test_running(bool is_full)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    struct host *host = create(directory, NULL);
    struct host_gc_status gc;
    bool is_over = false;
    size_t at = 0;
    char *cause = malloc(TURNS * (sizeof TURN_LIST + 8) + 64);
    CHECK(cause != NULL);
    at += (size_t)sprintf(cause, "[%%run ");
    for (unsigned i = 1; i < TURNS; i++)
        at += (size_t)sprintf(cause + at, "7 [" TURN_LIST "] ");
    sprintf(cause + at, TURN_LIST "]");
    fill(host, 2);
    collect(host, true);
    fill(host, 2 * KEPT_CELLS);
    struct sight expected = look(host);
    must(host_gc_request(host, is_full, on_collected, &is_over));
    host_reset(host);
    host_gc_status_read(host, &gc);
    bool was_begun = gc.phase != HOST_GC_IDLE;
    change(host, cause); /* the collection's thread has copied everything long before its end */
    bool is_alike_after = is_alike(look(host), expected);
    while (!is_over) {
        os_sleep_ms(1);
        host_reset(host);
    }
    churn(host);
    tap_ok(was_begun && is_alike_after, "an event that holds old nouns all along runs beside a %s collection",
           is_full ? "full" : "young");
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
    free(cause);
}

int main(void)
{
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++) {
        test_keeper(&keepers[i], false);
        test_keeper(&keepers[i], true);
    }
    test_dropped();
    test_running(false);
    test_running(true);
    return tap_done();
}
