/* What a machine without a nursery would copy.
 *
 *     bench-returns [NAME...]
 *
 * The classic design has no collector: each call has a frame of memory, and a
 * return copies its product from the callee's frame to the caller's.  How much
 * that is can be counted exactly where nothing is collected: the nursery is so
 * large that it is never full, addresses only grow, and what a call and all
 * that it called have made lies above where the nursery stood when it was
 * entered.  So at each return of a call that is not a tail call the objects
 * above that mark which the product reaches are counted, each once.
 *
 * The interpreter (nock/interpret.c) is compiled once more for that, with
 * returns.h before it; machine code is off.  The last line is one JSON object. */
#include "returns.h"

#include "bench.h"
#include "nock/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#define NURSERY_BYTES ((size_t)2 << 30)
#define OBJECTS_MAX ((uint64_t)4000000000) /* enough is enough */

static struct {
    uint64_t calls, objects, bytes;
} counted;

static uint64_t *marks; /* by a frame's place on the machine's stack; 0: not entered yet */
static uint32_t *seen;  /* by an object's place in the nursery: the last return that counted it */
static uint32_t returns;

static uint64_t *mark_of(const uint64_t *frame)
{
    return &marks[frame - bench_machine->frames];
}

void returns_pushed(const uint64_t *callee)
{
    *mark_of(callee) = 0;
}

void returns_entered(const uint64_t *frame, uint64_t next_words)
{
    if (*mark_of(frame) == 0)
        *mark_of(frame) = next_words;
}

/* Is it above the mark, and is this the first meeting? */
static bool is_new(noun n, uint64_t mark_words)
{
    if (noun_is_direct(n) || noun_offset_words(n) < mark_words || noun_is_large(n))
        return false;
    uint32_t *last = &seen[noun_offset_words(n) - STACK_YOUNG_OFFSET_WORDS];
    bool first = *last != returns;
    *last = returns;
    return first;
}

static void count(noun product, uint64_t mark_words)
{
    struct wordstack *pending = wordstack_take();
    wordstack_push(pending, product);
    while (!wordstack_is_empty(pending)) {
        noun n = wordstack_pop(pending);
        if (!is_new(n, mark_words))
            continue;
        counted.objects++;
        counted.bytes += noun_is_cell(n) ? 24 : 8 * (noun_words(n)[1] + 2);
        if (noun_is_cell(n))
            wordstack_push2(pending, noun_tail(n), noun_head(n));
    }
    wordstack_give_back(pending);
}

void returns_gives(const uint64_t *frame, noun product)
{
    uint64_t mark_words = *mark_of(frame);
    if (mark_words == 0 || counted.objects > OBJECTS_MAX)
        return;
    counted.calls++;
    returns++;
    CHECK(returns != 0);
    count(product, mark_words);
}

static bool any_wrong, any_said;
static char *json;
static size_t json_size_bytes;
static FILE *json_out;

void bench_measure(const char *name, measure_round *round, void *context, uint64_t items, const char *item)
{
    (void)items, (void)item;
    memset(&counted, 0, sizeof counted);
    uint64_t before_bytes = bench_stack->statistics.allocated_bytes;
    bool right = round(context);
    uint64_t allocated_bytes = bench_stack->statistics.allocated_bytes - before_bytes;
    any_wrong = any_wrong || !right;
    bool all = counted.objects <= OBJECTS_MAX;
    printf("%-24s %12" PRIu64 " returns %s%12" PRIu64 " objects %9.1f MiB copied, of %.1f MiB allocated\n", name,
           counted.calls, all ? "" : "more than ", counted.objects, (double)counted.bytes / (1 << 20),
           (double)allocated_bytes / (1 << 20));
    fflush(stdout);
    fprintf(json_out,
            "%s\"%s\": {\"returns\": %" PRIu64 ", \"objects\": %" PRIu64 ", \"bytes\": %" PRIu64
            ", \"allocated_bytes\": %" PRIu64 ", \"all\": %s}",
            any_said ? ", " : "", name, counted.calls, counted.objects, counted.bytes, allocated_bytes,
            all ? "true" : "false");
    any_said = true;
}

static void *map(uint64_t size_bytes)
{
    uint8_t *memory;
    bench_must(os_map_reserve(size_bytes, &memory));
    bench_must(os_map_memory(memory, size_bytes));
    return memory;
}

int main(int argument_count, char **arguments)
{
    (void)argument_count;
    bench_options = (struct bench_options){
        .names = arguments + 1, .nursery_bytes = NURSERY_BYTES, .engine = NOCK_ENGINE_INTERPRETER};
    bench_machine_open();
    marks = map((uint64_t)(bench_machine->frames_limit - bench_machine->frames) * sizeof *marks);
    seen = map(NURSERY_BYTES); /* half of what there are words, and twice what any program makes */
    json_out = open_memstream(&json, &json_size_bytes);
    CHECK(json_out != NULL);
    bench_programs();
    bench_virtual();
    CHECK(bench_stack->statistics.young_collections == 0);
    bench_machine_close();
    fclose(json_out);
    printf("{\"copy_on_return\": {%s}}\n", json);
    free(json);
    return any_wrong ? 1 : 0;
}
