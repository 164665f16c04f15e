/* A profile as text: folded stacks, Chrome's trace format, the summary. */
#include "nock/profile.h"

#include <stdlib.h>

static double tick_ms(const struct profile *profile, uint64_t ticks)
{
    return (double)ticks * (double)profile->interval_ns / 1e6;
}

static const char *node_text(const struct profile *profile, uint32_t node)
{
    return profile->labels.texts[profile->tree.nodes[node].label];
}

/* The labels of a node and its ancestors, outermost first. */
static size_t path_of(const struct profile *profile, uint32_t node, uint32_t path[PROFILE_DEPTH_MAX + 2])
{
    size_t count = 0;
    for (; node != 0; node = profile->tree.nodes[node].parent)
        path[count++] = node;
    for (size_t i = 0; i < count / 2; i++) {
        uint32_t other = path[i];
        path[i] = path[count - 1 - i];
        path[count - 1 - i] = other;
    }
    return count;
}

/* ---- folded stacks --------------------------------------------------------------- */

/* One line a stack, "outer;inner microseconds", for flamegraph.pl and others. */
void nock_profile_write_folded(const struct nock *machine, FILE *out)
{
    const struct profile *profile = machine->profile;
    uint32_t path[PROFILE_DEPTH_MAX + 2];
    for (uint32_t node = 0; node < profile->tree.count; node++) {
        if (profile->tree.nodes[node].ticks == 0)
            continue;
        fputs("nock", out);
        for (size_t i = 0, count = path_of(profile, node, path); i < count; i++)
            fprintf(out, ";%s", node_text(profile, path[i]));
        fprintf(out, " %" PRIu64 "\n", profile->tree.nodes[node].ticks * profile->interval_ns / 1000);
    }
}

/* ---- Chrome's trace format --------------------------------------------------------- */

static double micros(const struct profile *profile, uint64_t at_ns)
{
    return at_ns < profile->start_ns ? 0 : (double)(at_ns - profile->start_ns) / 1e3;
}

static void write_run(const struct profile *profile, FILE *out, const struct profile_run *run)
{
    fprintf(out, ",\n{\"name\": \"run\", \"ph\": \"X\", \"pid\": 1, \"tid\": 1, \"ts\": %.1f, \"dur\": %.1f}",
            micros(profile, run->start_ns), (double)(run->end_ns - run->start_ns) / 1e3);
}

/* The slices that are open on the timeline. */
struct open_slices {
    uint32_t path[PROFILE_DEPTH_MAX + 2];
    size_t count;
};

static void change_slices(const struct profile *profile, FILE *out, struct open_slices *open, const uint32_t *path,
                          size_t count, double at_us)
{
    size_t same = 0;
    while (same < open->count && same < count && open->path[same] == path[same])
        same++;
    while (open->count > same) {
        open->count--;
        fprintf(out, ",\n{\"ph\": \"E\", \"pid\": 1, \"tid\": 2, \"ts\": %.1f}", at_us);
    }
    while (open->count < count) {
        fprintf(out, ",\n{\"name\": \"%s\", \"ph\": \"B\", \"pid\": 1, \"tid\": 2, \"ts\": %.1f}",
                node_text(profile, path[open->count]), at_us);
        open->path[open->count] = path[open->count];
        open->count++;
    }
}

/* A sample stands for the ticks before it; where there was none, nothing is open. */
static void write_samples(const struct profile *profile, FILE *out)
{
    struct open_slices open = {.count = 0};
    uint64_t last_ns = profile->start_ns;
    for (size_t i = 0; i < profile->samples_count; i++) {
        const struct profile_sample *sample = &profile->samples[i];
        uint64_t span_ns = sample->ticks * profile->interval_ns, start_ns = sample->at_ns - span_ns;
        if (start_ns > last_ns + profile->interval_ns)
            change_slices(profile, out, &open, NULL, 0, micros(profile, last_ns));
        if (start_ns < last_ns || start_ns <= last_ns + profile->interval_ns)
            start_ns = last_ns;
        uint32_t path[PROFILE_DEPTH_MAX + 2];
        size_t count = path_of(profile, sample->node, path);
        change_slices(profile, out, &open, path, count, micros(profile, start_ns));
        last_ns = sample->at_ns > last_ns ? sample->at_ns : last_ns;
    }
    change_slices(profile, out, &open, NULL, 0, micros(profile, last_ns));
}

void nock_profile_write_trace(const struct nock *machine, FILE *out)
{
    const struct profile *profile = machine->profile;
    fprintf(out,
            "{\"displayTimeUnit\": \"ms\", \"otherData\": {\"interval_us\": %" PRIu64 ", \"samples\": %" PRIu64
            ", \"samples_left_out\": %" PRIu64 "}, \"traceEvents\": [\n"
            "{\"name\": \"process_name\", \"ph\": \"M\", \"pid\": 1, \"args\": {\"name\": \"loam\"}},\n"
            "{\"name\": \"thread_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": 1, \"args\": {\"name\": \"runs\"}},\n"
            "{\"name\": \"thread_name\", \"ph\": \"M\", \"pid\": 1, \"tid\": 2, \"args\": {\"name\": \"nock\"}}",
            profile->interval_ns / 1000, profile->samples_taken,
            profile->samples_taken > profile->samples_count ? profile->samples_taken - profile->samples_count : 0);
    for (size_t i = 0; i < profile->runs_count; i++)
        write_run(profile, out, &profile->runs[i]);
    write_samples(profile, out);
    fputs("\n]}\n", out);
}

/* ---- the summary --------------------------------------------------------------------- */

struct arm {
    uint32_t label;
    uint64_t self, total;
};

static int compare_arms(const void *a, const void *b)
{
    const struct arm *x = a, *y = b;
    if (x->self != y->self)
        return x->self < y->self ? 1 : -1;
    return (x->total < y->total) - (x->total > y->total);
}

/* Does a label stand above the node? */
static bool is_within(const struct profile_tree *tree, uint32_t node, uint32_t label)
{
    for (node = tree->nodes[node].parent; node != 0; node = tree->nodes[node].parent)
        if (tree->nodes[node].label == label)
            return true;
    return false;
}

static void *allocate(size_t count, size_t item_bytes)
{
    void *items = calloc(count + 1, item_bytes);
    if (items == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * item_bytes);
    return items;
}

/* By label; the caller frees it.  A recursion's total counts once. */
static struct arm *add_up(const struct profile *profile)
{
    const struct profile_tree *tree = &profile->tree;
    struct arm *arms = allocate(profile->labels.count, sizeof *arms);
    uint64_t *below = allocate(tree->count, sizeof *below);
    for (uint32_t label = 0; label < profile->labels.count; label++)
        arms[label].label = label;
    for (uint32_t node = (uint32_t)tree->count; node-- > 0;) {
        below[node] += tree->nodes[node].ticks;
        if (node > 0)
            below[tree->nodes[node].parent] += below[node];
    }
    for (uint32_t node = 0; node < tree->count; node++) {
        struct arm *arm = &arms[tree->nodes[node].label];
        arm->self += tree->nodes[node].ticks;
        if (!is_within(tree, node, arm->label))
            arm->total += below[node];
    }
    free(below);
    return arms;
}

void nock_profile_write_top(const struct nock *machine, FILE *out, size_t count)
{
    const struct profile *profile = machine->profile;
    struct arm *arms = add_up(profile);
    size_t labels = profile->labels.count;
    double all = profile->ticks_total == 0 ? 1 : (double)profile->ticks_total;
    qsort(arms, labels, sizeof *arms, compare_arms);
    fprintf(out,
            "profile: %" PRIu64
            " samples, one in %.1f ms, of %.1f ms of evaluation; taking them took %.1f ms of processor "
            "time, the timer %.1f ms\n",
            profile->samples_taken, tick_ms(profile, 1), tick_ms(profile, profile->ticks_total),
            (double)profile->sampling_ns / 1e6, (double)profile->timer_ns / 1e6);
    fprintf(out, "%10s %6s %10s %6s  %s\n", "self ms", "%", "total ms", "%", "arm");
    for (size_t i = 0; i < labels && i < count && arms[i].total > 0; i++) {
        const char *text = profile->labels.texts[arms[i].label];
        fprintf(out, "%10.1f %6.1f %10.1f %6.1f  %s\n", tick_ms(profile, arms[i].self),
                100 * (double)arms[i].self / all, tick_ms(profile, arms[i].total), 100 * (double)arms[i].total / all,
                *text == 0 ? "(no name)" : text);
    }
    free(arms);
}
