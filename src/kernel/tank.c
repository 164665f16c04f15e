/* Tanks, the guest's pretty-printing trees, rendered flat:
 *
 *   atom                          its bytes
 *   [%leaf tape]                  the tape
 *   [%rose [mid open close] tanks]      open, tanks joined by mid, close
 *   [%palm [mid cap open close] tanks]  cap, open, tanks joined by mid, close
 *
 * They come from guests, so anything may be in them: a noun that is no tank
 * is an answer and not a failure, depth costs no C stack, and a small noun
 * with much sharing cannot make a large text, nor a long silence, because both
 * the text and the steps are bounded.
 */
#include "kernel/private.h"

#include <stdlib.h>

#define LIMIT_DEFAULT_BYTES ((size_t)1 << 20)
#define GOOF_TANK_LIMIT_BYTES 4096
#define STEPS_PER_BYTE 4

/* What is left to do, newest last: an operation and two nouns each. */
enum operation {
    RENDER_TANK,  /* tank */
    RENDER_TAPE,  /* tape */
    RENDER_FIRST, /* tanks, mid: the first has no mid before it */
    RENDER_REST,  /* tanks, mid */
};

struct renderer {
    struct kernel_text text;
    struct wordstack pending;
    uint64_t steps_left;
};

static void push(struct renderer *renderer, enum operation operation, noun first, noun second)
{
    wordstack_push(&renderer->pending, first);
    wordstack_push2(&renderer->pending, second, operation);
}

/* False when the steps or the text are used up: then the rest is cut off. */
static bool may_go_on(struct renderer *renderer)
{
    if (renderer->steps_left == 0)
        renderer->text.cut = true;
    else
        renderer->steps_left--;
    return !renderer->text.cut;
}

static bool render_tape(struct renderer *renderer, noun tape)
{
    for (; noun_is_cell(tape); tape = noun_tail(tape)) {
        noun character = noun_head(tape);
        if (!noun_is_direct(character) || character > 255)
            return false;
        uint8_t byte = (uint8_t)character;
        kernel_text_add(&renderer->text, &byte, 1);
        if (!may_go_on(renderer))
            return true;
    }
    return tape == 0;
}

/* [mid open close] tanks, the latter half of both kinds of lists. */
static bool render_joined(struct renderer *renderer, noun mid, noun open, noun close, noun tanks)
{
    push(renderer, RENDER_TAPE, close, 0);
    push(renderer, RENDER_FIRST, tanks, mid);
    return render_tape(renderer, open);
}

static bool render_rose(struct renderer *renderer, noun body)
{
    noun mid = noun_at(body, 4), open = noun_at(body, 10), close = noun_at(body, 11);
    return close != NOUN_NONE && render_joined(renderer, mid, open, close, noun_tail(body));
}

static bool render_palm(struct renderer *renderer, noun body)
{
    noun mid = noun_at(body, 4), cap = noun_at(body, 10), open = noun_at(body, 22), close = noun_at(body, 23);
    return close != NOUN_NONE && render_tape(renderer, cap) &&
           render_joined(renderer, mid, open, close, noun_tail(body));
}

static bool render_tank(struct renderer *renderer, noun tank)
{
    if (noun_is_atom(tank)) {
        kernel_text_add_atom(&renderer->text, tank);
        return true;
    }
    noun tag = noun_head(tank), body = noun_tail(tank);
    if (tag == noun_cord("leaf"))
        return render_tape(renderer, body);
    if (tag == noun_cord("rose"))
        return render_rose(renderer, body);
    return tag == noun_cord("palm") && render_palm(renderer, body);
}

static bool render_list(struct renderer *renderer, noun tanks, noun mid, bool is_first)
{
    if (!noun_is_cell(tanks))
        return tanks == 0;
    push(renderer, RENDER_REST, noun_tail(tanks), mid);
    push(renderer, RENDER_TANK, noun_head(tanks), 0);
    return is_first || render_tape(renderer, mid);
}

static bool render_next(struct renderer *renderer)
{
    enum operation operation = (enum operation)wordstack_pop(&renderer->pending);
    noun second = wordstack_pop(&renderer->pending), first = wordstack_pop(&renderer->pending);
    switch (operation) {
    case RENDER_TANK:
        return render_tank(renderer, first);
    case RENDER_TAPE:
        return render_tape(renderer, first);
    case RENDER_FIRST:
    case RENDER_REST:
        return render_list(renderer, first, second, operation == RENDER_FIRST);
    }
    return false;
}

static bool render(noun tank, size_t limit_bytes, bool one_line, char **text, size_t *size_bytes)
{
    struct renderer renderer = {.text.limit_bytes = limit_bytes == 0 ? LIMIT_DEFAULT_BYTES : limit_bytes};
    renderer.steps_left = STEPS_PER_BYTE * (uint64_t)renderer.text.limit_bytes;
    wordstack_init(&renderer.pending);
    push(&renderer, RENDER_TANK, tank, 0);
    bool good = true;
    while (good && !wordstack_is_empty(&renderer.pending) && may_go_on(&renderer))
        good = render_next(&renderer);
    wordstack_finish(&renderer.pending);
    *text = NULL;
    if (!good) {
        free(renderer.text.bytes);
        return false;
    }
    kernel_text_clean(&renderer.text, one_line);
    *text = kernel_text_take(&renderer.text, size_bytes);
    return true;
}

bool kernel_tank_text(noun tank, size_t limit_bytes, char **text, size_t *size_bytes)
{
    return render(tank, limit_bytes, false, text, size_bytes);
}

bool kernel_tank_line(noun tank, size_t limit_bytes, char **text, size_t *size_bytes)
{
    return render(tank, limit_bytes, true, text, size_bytes);
}

/* ---- goofs ------------------------------------------------------------------ */

static void add_tank(struct kernel_text *text, noun tank)
{
    char *line;
    size_t size_bytes;
    if (kernel_tank_line(tank, GOOF_TANK_LIMIT_BYTES, &line, &size_bytes))
        kernel_text_add(text, line, size_bytes);
    else
        kernel_text_add_string(text, "(this entry is no tank)");
    free(line);
}

char *kernel_goof_text_with(const struct kernel_goof *goof, size_t tanks_max, const char *separator)
{
    struct kernel_text text = {.limit_bytes = LIMIT_DEFAULT_BYTES};
    if (noun_is_atom(goof->mote) && goof->mote != 0)
        kernel_text_add_atom(&text, goof->mote);
    else
        kernel_text_add_string(&text, "no crash: the product was malformed");
    size_t count = 0;
    noun tang = goof->tang;
    for (; noun_is_cell(tang) && (tanks_max == 0 || count < tanks_max); tang = noun_tail(tang), count++) {
        kernel_text_add_string(&text, separator);
        add_tank(&text, noun_head(tang));
    }
    if (noun_is_cell(tang)) {
        kernel_text_add_string(&text, separator);
        kernel_text_add_string(&text, "(and more)");
    }
    kernel_text_clean(&text, false);
    return kernel_text_take(&text, NULL);
}

char *kernel_goof_text(const struct kernel_goof *goof, size_t tanks_max)
{
    return kernel_goof_text_with(goof, tanks_max, "\n");
}
