/* For whom the arena grows, and what of it is used: what a node tells its arena. */
#include <stdio.h>
#include <string.h>

#include "recovery/private.h"

#define WIRE_TEXT_BYTES 64

void node_origin_set(struct node *node, const char *label)
{
    snprintf(node->origin, sizeof node->origin, "%s", label);
}

/* "/poke/http-server/req/5/0" is "http-server/req": numbers count requests. */
static void wire_label(noun wire, char label[WIRE_TEXT_BYTES])
{
    char text[WIRE_TEXT_BYTES];
    size_t length = 0;
    kernel_path_text(wire == NOUN_NONE ? 0 : wire, text, sizeof text);
    for (char *rest, *part = strtok_r(text, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        bool is_number = part[0] >= '0' && part[0] <= '9';
        if (is_number || strcmp(part, "~") == 0)
            break;
        if (length == 0 && strcmp(part, "poke") == 0)
            continue;
        length += (size_t)snprintf(label + length, WIRE_TEXT_BYTES - length, "%s%s", length == 0 ? "" : "/", part);
        if (length >= WIRE_TEXT_BYTES)
            break;
    }
    if (length == 0)
        snprintf(label, WIRE_TEXT_BYTES, "wire");
}

/* The cause, or its head, if that is a word. */
static void cause_label(noun cause, char *label, size_t size_bytes)
{
    char text[32];
    label[0] = 0;
    if (cause == NOUN_NONE)
        return;
    noun tag = noun_is_cell(cause) ? noun_head(cause) : cause;
    if (noun_is_cell(tag) || noun_is_large(tag) || tag == 0)
        return;
    kernel_path_text(tag, text, sizeof text);
    if (text[0] >= 'a' && text[0] <= 'z')
        snprintf(label, size_bytes, " %%%s", text);
}

void node_origin_set_job(struct node *node, noun job)
{
    char wire[WIRE_TEXT_BYTES], cause[40], both[WIRE_TEXT_BYTES + 40];
    wire_label(kernel_job_wire(job), wire);
    cause_label(kernel_job_cause(job), cause, sizeof cause);
    snprintf(both, sizeof both, "%s%s", wire, cause);
    node_origin_set(node, both);
}

void node_uses_take(struct node *node)
{
    if (node->arena == NULL || node->is_view)
        return;
    for (size_t i = 0; i < node->uses.count; i++)
        arena_large_note_use(node->arena, node->uses.atoms[i], node->event);
    node->uses.count = 0;
}
