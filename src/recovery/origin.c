/* For whom the arena grows, and what of it is used: what a node tells its arena. */
#include <stdio.h>
#include <string.h>

#include "recovery/private.h"

void node_origin_set(struct node *node, const char *label)
{
    snprintf(node->origin, sizeof node->origin, "%s", label);
}

/* A label while it is made: every event has one, so this is no place for snprintf. */
struct label {
    char *text; /* ARENA_LABEL_SIZE_BYTES */
    size_t length;
};

static void add_bytes(struct label *label, const void *bytes, size_t size_bytes)
{
    size_t room = ARENA_LABEL_SIZE_BYTES - 1 - label->length;
    size_t length = size_bytes < room ? size_bytes : room;
    memcpy(label->text + label->length, bytes, length);
    label->length += length;
    label->text[label->length] = 0;
}

/* Adds a word after `before`; false, and nothing, if the noun is none: 1 is a number, and so is '1'. */
static bool add_word(struct label *label, const char *before, noun word)
{
    uint64_t direct;
    size_t size_bytes;
    if (!noun_is_atom(word) || noun_is_large(word))
        return false;
    const uint8_t *bytes = noun_atom_bytes(word, &direct, &size_bytes);
    if (size_bytes == 0 || bytes[0] < 'A' || bytes[0] > 'z')
        return false;
    add_bytes(label, before, strlen(before));
    add_bytes(label, bytes, size_bytes);
    return true;
}

/* [%poke %http-server %req 5 ~] is "http-server/req": numbers count requests. */
static void add_wire(struct label *label, noun wire)
{
    if (wire != NOUN_NONE && noun_is_cell(wire) && noun_head(wire) == noun_cord("poke"))
        wire = noun_tail(wire);
    while (wire != NOUN_NONE && noun_is_cell(wire) && add_word(label, label->length == 0 ? "" : "/", noun_head(wire)))
        wire = noun_tail(wire);
    if (label->length == 0)
        add_bytes(label, "wire", 4);
}

void node_origin_set_job(struct node *node, noun job)
{
    struct label label = {.text = node->origin};
    noun cause = kernel_job_cause(job);
    add_wire(&label, kernel_job_wire(job));
    if (cause != NOUN_NONE)
        (void)add_word(&label, " %", noun_is_cell(cause) ? noun_head(cause) : cause);
}

void node_uses_take(struct node *node)
{
    if (node->arena == NULL || node->is_view)
        return;
    for (size_t i = 0; i < node->uses.count; i++)
        arena_large_note_use(node->arena, node->uses.atoms[i], node->event);
    node->uses.count = 0;
}
