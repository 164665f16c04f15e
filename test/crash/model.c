#include "model.h"

#include <string.h>

#include "lying_disk.h"

enum note { NOTE_TRY = 1, NOTE_ACKNOWLEDGED, NOTE_MARK };

static struct position positions[POSITIONS_MAX];
static size_t count;
static size_t tried;  /* one more than the highest position that was ever tried for */
static bool is_given; /* the first position is there from the beginning */

/* Of a life with failing calls: */
static bool is_repeating;
static size_t first_count;        /* positions of the run without failures */
static struct expectation so_far; /* of this life */

static void note(enum note kind, uint64_t number)
{
    lying_disk_note((uint64_t)kind << 32 | number);
}

void model_clear(void)
{
    count = tried = 0;
    is_given = is_repeating = false;
}

void model_begin(uint64_t event, uint64_t state_hash)
{
    model_clear();
    is_given = true;
    positions[count++] = (struct position){event, state_hash};
    tried = count;
}

static void try_up_to(size_t positions_tried)
{
    if (tried < positions_tried)
        tried = positions_tried;
    note(NOTE_TRY, tried - 1);
    if (is_repeating)
        so_far.to = tried;
}

void model_try(void)
{
    try_up_to(count + 1);
}

void model_try_beyond(void)
{
    try_up_to((tried < count ? count : tried) + 1);
}

void model_keep(uint64_t event, uint64_t state_hash)
{
    CHECK(count < POSITIONS_MAX);
    const struct position position = {event, state_hash};
    /* a life that fails goes through the same states, as far as it gets */
    CHECK(!is_repeating || (count < first_count && memcmp(&positions[count], &position, sizeof position) == 0));
    positions[count++] = position;
}

static void acknowledge(size_t position)
{
    note(NOTE_ACKNOWLEDGED, position);
    if (!is_repeating)
        return;
    so_far.from = position;
    so_far.to = tried > position ? tried : position + 1;
    so_far.may_be_none = false;
}

void model_acknowledge_event(uint64_t event)
{
    size_t position = count;
    while (position > 0 && positions[position - 1].event != event)
        position--;
    CHECK(position > 0);
    acknowledge(position - 1);
}

void model_acknowledge(uint64_t event, uint64_t state_hash)
{
    model_keep(event, state_hash);
    acknowledge(count - 1);
}

void model_mark(unsigned number)
{
    CHECK(number < 63);
    note(NOTE_MARK, number);
    so_far.marks |= (uint64_t)1 << number;
}

/* ---- what must be found ----------------------------------------------------------- */

static void expect_note(struct expectation *expectation, uint64_t word)
{
    size_t position = (uint32_t)word;
    switch ((enum note)(word >> 32)) {
    case NOTE_TRY:
        expectation->to = position + 1;
        break;
    case NOTE_ACKNOWLEDGED:
        expectation->from = position;
        if (expectation->to < position + 1)
            expectation->to = position + 1;
        expectation->may_be_none = false;
        break;
    case NOTE_MARK:
        expectation->marks |= (uint64_t)1 << position;
        break;
    }
}

struct expectation model_expect(size_t point)
{
    struct expectation expectation = {.from = 0, .to = 1, .may_be_none = !is_given};
    for (size_t i = 0; i < point; i++)
        if (lying_disk_operation(i)->kind == LYING_NOTE)
            expect_note(&expectation, lying_disk_operation(i)->offset_bytes);
    expectation.to = expectation.to < count ? expectation.to : count;
    return expectation;
}

bool model_allows(const struct expectation *expectation, uint64_t event, uint64_t state_hash)
{
    for (size_t i = expectation->from; i < expectation->to; i++)
        if (positions[i].event == event && positions[i].state_hash == state_hash)
            return true;
    return false;
}

const struct position *model_position(size_t index)
{
    CHECK(index < POSITIONS_MAX);
    return &positions[index];
}

size_t model_count(void)
{
    return count;
}

void model_narrow(const struct expectation *expectation)
{
    size_t left = expectation->to - expectation->from;
    memmove(positions, positions + expectation->from, left * sizeof *positions);
    count = tried = left;
    is_given = true;
}

void model_found(uint64_t event, uint64_t state_hash)
{
    const struct position *newest = &positions[count - 1];
    if (newest->event != event || newest->state_hash != state_hash)
        model_keep(event, state_hash);
}

/* ---- lives with failing calls -------------------------------------------------------- */

void model_repeat(void)
{
    if (!is_repeating)
        first_count = count;
    is_repeating = true;
    count = tried = is_given ? 1 : 0;
    so_far = (struct expectation){.from = 0, .to = count, .may_be_none = !is_given};
}

bool model_is_repeating(void)
{
    return is_repeating;
}

struct expectation model_expect_now(void)
{
    struct expectation now = so_far;
    now.to = now.to < first_count ? now.to : first_count;
    return now;
}
