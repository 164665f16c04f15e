/* Jobs, wires, dates and effects: the nouns that pass between a runtime and its kernel. */
#include "kernel/kernel.h"

#include <stdio.h>
#include <string.h>

/* 1970 as an @da: seconds since the beginning in the high word, a binary
 * fraction of a second in the low one. */
#define DATE_1970_SECONDS ((uint64_t)0x8000000cce9e0d80)

/* floor(2^64 * milliseconds / 1000), for less than a second, in two steps of
 * 32 bits so that no wider integer is needed. */
static uint64_t fraction_of_second(uint64_t milliseconds)
{
    uint64_t high = (milliseconds << 32) / 1000;
    uint64_t rest = (milliseconds << 32) % 1000;
    return (high << 32) | (rest << 32) / 1000;
}

noun kernel_date(struct stack *stack, uint64_t wall_ms)
{
    uint64_t words[2] = {fraction_of_second(wall_ms % 1000), DATE_1970_SECONDS + wall_ms / 1000};
    return stack_atom_from_words(stack, words, 2);
}

noun kernel_job(struct stack *stack, uint64_t event, noun wire, uint64_t eny, uint64_t wall_ms, noun cause)
{
    noun now = kernel_date(stack, wall_ms);
    noun input = stack_cell(stack, stack_atom_from_word(stack, eny), stack_triple(stack, 0, now, cause));
    return stack_triple(stack, stack_atom_from_word(stack, event), wire, input);
}

/* ---- parts ------------------------------------------------------------------ */

noun kernel_job_event(noun job)
{
    return noun_is_cell(job) ? noun_head(job) : NOUN_NONE;
}

noun kernel_job_wire(noun job)
{
    return noun_at(job, 6);
}

/* The wire of a job that stands in for one that crashed. */
static bool is_crash_wire(noun wire)
{
    return noun_is_cell(wire) && noun_head(wire) == 0 && noun_is_cell(noun_tail(wire)) &&
           noun_head(noun_tail(wire)) == noun_cord("arvo") && noun_tail(noun_tail(wire)) == 0;
}

/* [event wire eny our now cause], or [event wire goof eny our now cause]. */
noun kernel_job_cause(noun job)
{
    noun wire = kernel_job_wire(job);
    if (wire == NOUN_NONE)
        return NOUN_NONE;
    return noun_at(job, is_crash_wire(wire) ? 127 : 63);
}

/* ---- effects ---------------------------------------------------------------- */

bool kernel_effect_next(noun *effects, noun *effect)
{
    if (!noun_is_cell(*effects))
        return false;
    *effect = noun_head(*effects);
    *effects = noun_tail(*effects);
    return true;
}

/* ---- wires ------------------------------------------------------------------ */

noun kernel_wire(struct stack *stack, const char *source, uint64_t version, const struct kernel_tag *tags, size_t count)
{
    noun wire = 0;
    for (size_t i = count; i-- > 0;) {
        noun tag = tags[i].text != NULL ? stack_cord(stack, tags[i].text) : stack_atom_from_word(stack, tags[i].number);
        wire = stack_cell(stack, tag, wire);
    }
    wire = stack_cell(stack, stack_atom_from_word(stack, version), wire);
    return stack_triple(stack, noun_cord("poke"), stack_cord(stack, source), wire);
}

noun kernel_wire_plain(struct stack *stack, const char *source, uint64_t version)
{
    return kernel_wire(stack, source, version, NULL, 0);
}

noun kernel_wire_tagged(struct stack *stack, const char *source, uint64_t version, const char *tag)
{
    struct kernel_tag tags[1] = {{.text = tag}};
    return kernel_wire(stack, source, version, tags, 1);
}

/* ---- paths as text ---------------------------------------------------------- */

static bool is_printable(const uint8_t *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] <= ' ' || bytes[i] > '~' || bytes[i] == '/')
            return false;
    return size_bytes > 0;
}

/* Writes what fits of one element; the length it would have. */
static size_t element_text(noun element, char *text, size_t size_bytes)
{
    if (noun_is_cell(element))
        return (size_t)snprintf(text, size_bytes, "*");
    uint64_t direct;
    size_t length_bytes;
    const uint8_t *bytes = noun_atom_bytes(element, &direct, &length_bytes);
    if (is_printable(bytes, length_bytes))
        return (size_t)snprintf(text, size_bytes, "%.*s", (int)(length_bytes < 4096 ? length_bytes : 4096),
                                (const char *)bytes);
    if (noun_is_direct(element))
        return (size_t)snprintf(text, size_bytes, element == 0 ? "~" : "%" PRIu64, element);
    return (size_t)snprintf(text, size_bytes, "0x%016" PRIx64 "...", bits_load64(bytes + (length_bytes - 1) / 8 * 8));
}

size_t kernel_path_text(noun path, char *text, size_t size_bytes)
{
    CHECK(size_bytes > 0);
    size_t length = 0;
    text[0] = '\0';
    for (; noun_is_cell(path) && length + 1 < size_bytes; path = noun_tail(path)) {
        text[length++] = '/';
        text[length] = '\0';
        length += element_text(noun_head(path), text + length, size_bytes - length);
    }
    if (length == 0 && size_bytes > 1) /* no cell at all */
        length = path == 0 ? (size_t)snprintf(text, size_bytes, "/") : element_text(path, text, size_bytes);
    return length < size_bytes ? length : size_bytes - 1;
}
