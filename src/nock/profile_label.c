/* What a frame is called.
 *
 * A formula that is a gate's battery has the label under which the program
 * registered it (%fast); other code that was compiled with its places (%spot)
 * has the file and line where it begins.  What has neither is mostly a loop
 * inside a gate (Hoon's |-, which a tail call puts in its gate's frame): it is
 * called as the first core around its subject that has a name, with WITHIN.  What remains
 * without a name is left out of the stack.
 */
#include "nock/profile.h"

#include <stdio.h>
#include <stdlib.h>

#define LABEL_BYTES_MAX 256
#define CONTEXTS_MAX 8
#define WITHIN "/." /* after the name of a core: something in it */

/* ---- texts ------------------------------------------------------------------ */

static uint32_t *slot_of(const struct profile_labels *labels, const char *text)
{
    size_t mask = labels->slots_count - 1, at = (size_t)hash_xxh3_64(text, strlen(text)) & mask;
    while (labels->slots[at] != 0 && strcmp(labels->texts[labels->slots[at]], text) != 0)
        at = (at + 1) & mask;
    return &labels->slots[at];
}

static void spread(struct profile_labels *labels)
{
    free(labels->slots);
    labels->slots_count = labels->slots_count == 0 ? 1024 : labels->slots_count * 2;
    labels->slots = calloc(labels->slots_count, sizeof *labels->slots);
    if (labels->slots == NULL)
        check_out_of_memory(__FILE__, __LINE__, labels->slots_count * sizeof *labels->slots);
    for (uint32_t i = 1; i < labels->count; i++)
        *slot_of(labels, labels->texts[i]) = i;
}

static uint32_t add(struct profile_labels *labels, const char *text)
{
    labels->texts = profile_grow(labels->texts, labels->count, &labels->capacity, sizeof *labels->texts);
    size_t size_bytes = strlen(text) + 1;
    char *copy = malloc(size_bytes);
    if (copy == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    memcpy(copy, text, size_bytes);
    labels->texts[labels->count] = copy;
    return (uint32_t)labels->count++;
}

uint32_t profile_label(struct profile_labels *labels, const char *text)
{
    if (labels->count == 0)
        add(labels, "");
    if (labels->count * 2 >= labels->slots_count)
        spread(labels);
    uint32_t *slot = slot_of(labels, text);
    if (*slot == 0)
        *slot = add(labels, text);
    return *slot;
}

void profile_labels_finish(struct profile_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++)
        free(labels->texts[i]);
    free(labels->texts);
    free(labels->slots);
}

/* ---- places ------------------------------------------------------------------- */

static void append_cord(char *text, noun cord)
{
    uint64_t direct;
    size_t size_bytes, at = strlen(text);
    const uint8_t *bytes = noun_atom_bytes(cord, &direct, &size_bytes);
    for (size_t i = 0; i < size_bytes && at + 1 < LABEL_BYTES_MAX; i++)
        text[at++] = bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != ';' && bytes[i] != '"' && bytes[i] != '\\'
                         ? (char)bytes[i]
                         : '_';
    text[at] = 0;
}

/* "/apps/x.hoon:12" of [path [line column] end]; false if it is none. */
static bool place_text(noun clue, char text[LABEL_BYTES_MAX])
{
    noun path = noun_at(clue, 2), line = noun_at(clue, 12);
    text[0] = 0;
    if (path == NOUN_NONE || line == NOUN_NONE || !noun_is_direct(line))
        return false;
    for (; noun_is_cell(path) && noun_is_atom(noun_head(path)); path = noun_tail(path)) {
        append_cord(text, noun_cord("/"));
        append_cord(text, noun_head(path));
    }
    size_t length = strlen(text);
    snprintf(text + length, LABEL_BYTES_MAX - length, ":%" PRIu64, line);
    return true;
}

/* The outermost place of a chain of hints that are constants; NOUN_NONE: none. */
static noun outermost_place(const struct hint *hint)
{
    noun clue = NOUN_NONE;
    for (; hint != NULL; hint = hint->outer)
        if (*hint->tag == noun_cord("spot") && hint->clue != NULL)
            clue = *hint->clue;
    return clue;
}

/* The place where a code begins: its first hint of places, outermost. */
static bool code_place(const struct code *code, char text[LABEL_BYTES_MAX])
{
    for (uint32_t i = 0; i < code->hints_count; i++) {
        noun clue = outermost_place(code->hints[i].hint);
        if (clue != NOUN_NONE)
            return place_text(clue, text);
    }
    return false;
}

/* The place from which what runs in a frame was called in tail position: of the
 * trace's entries from `floor` to `height` the last. */
static uint32_t tail_label(struct profile *profile, size_t floor, size_t height)
{
    const struct nock *machine = profile->machine;
    char text[LABEL_BYTES_MAX];
    while (height-- > floor) {
        const struct hint *hint = machine->trace[height].constant;
        noun clue = hint == NULL ? NOUN_NONE : outermost_place(hint);
        if (clue != NOUN_NONE && place_text(clue, text))
            return profile_label(&profile->labels, text);
    }
    return 0;
}

/* ---- codes ---------------------------------------------------------------------- */

static uint32_t known_label(struct profile *profile, const struct known *known, const char *more)
{
    if (known == NULL || known->registrations == NULL || known->registrations->label == NULL)
        return 0;
    char text[LABEL_BYTES_MAX];
    snprintf(text, sizeof text, "%s%s", known->registrations->label, more);
    return profile_label(&profile->labels, text);
}

static uint32_t battery_label(struct profile *profile, noun core)
{
    if (!noun_is_cell(core) || !noun_is_cell(noun_head(core)))
        return 0;
    return known_label(profile, known_recall(&profile->machine->known, noun_head(core)), WITHIN);
}

/* The first core around a core, [battery context] or [battery sample context],
 * that has a name. */
static uint32_t context_label(struct profile *profile, noun core)
{
    uint32_t label = 0;
    for (unsigned i = 0; i < CONTEXTS_MAX && label == 0 && noun_is_cell(core); i++) {
        label = battery_label(profile, core);
        core = noun_tail(core);
        if (label == 0)
            label = battery_label(profile, core);
        core = noun_is_cell(core) ? noun_tail(core) : 0;
    }
    return label;
}

static uint32_t code_label(struct profile *profile, const struct code *code, const uint64_t *arguments)
{
    char text[LABEL_BYTES_MAX];
    uint32_t label = known_label(profile, code->known, "");
    if (label == 0 && code_place(code, text))
        label = profile_label(&profile->labels, text);
    /* The subject's last leaf is its context, or the end of it. */
    if (label == 0 && arguments != NULL && code->shape.leaves > 0)
        label = context_label(profile, arguments[code->shape.leaves - 1]);
    return label;
}

static uint32_t *cached(struct profile *profile, const void *address, bool *is_known)
{
    struct profile_labels *labels = &profile->labels;
    if (labels->cache_freed != profile->machine->codes.freed) {
        memset(labels->cache, 0, sizeof labels->cache);
        labels->cache_freed = profile->machine->codes.freed;
    }
    size_t at = (size_t)bits_mix64((uintptr_t)address) % COUNT_OF(labels->cache);
    *is_known = labels->cache[at].address == address;
    labels->cache[at].address = address;
    return &labels->cache[at].label;
}

/* Looked up once for each code while it lives; one that has no name yet may
 * still get one when it is seen with its subject. */
static uint32_t label_of(struct profile *profile, const struct code *code, const uint64_t *arguments)
{
    bool is_known;
    uint32_t *label = cached(profile, code, &is_known);
    if (!is_known || (*label == 0 && arguments != NULL))
        *label = code_label(profile, code, arguments);
    return *label;
}

static uint32_t step_label(struct profile *profile, const uint64_t *frame)
{
    const struct nock_jet *jet = ((const struct step_frame *)(const void *)frame)->jet;
    if (jet == NULL)
        return 0;
    bool is_known;
    uint32_t *label = cached(profile, jet, &is_known);
    if (!is_known)
        *label = profile_label(&profile->labels, jet->path);
    return *label;
}

size_t profile_walk(struct profile *profile, const uint64_t *frame, const struct code *entered,
                    uint32_t walked[PROFILE_DEPTH_MAX])
{
    const struct nock *machine = profile->machine;
    size_t count = 0, height = machine->trace_count;
    uint32_t label = entered != NULL ? label_of(profile, entered, frame) : step_label(profile, frame);
    for (unsigned visited = 0; visited < 2 * PROFILE_DEPTH_MAX && count < PROFILE_DEPTH_MAX; visited++) {
        if (label == 0)
            label = tail_label(profile, frame[-1], height);
        height = frame[-1];
        /* A recursion stands there once. */
        if (label != 0 && (count == 0 || walked[count - 1] != label))
            walked[count++] = label;
        const struct slot *landing = frame_landing(frame);
        frame = frame_caller(frame);
        if (frame == machine->frames || landing == machine->landing_halt)
            return count;
        label = landing == machine->landing_step ? step_label(profile, frame)
                                                 : label_of(profile, landing[2].live->code, NULL);
    }
    if (count == PROFILE_DEPTH_MAX)
        count--;
    walked[count++] = profile_label(&profile->labels, "(deeper)");
    return count;
}
