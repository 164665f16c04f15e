/* markdown: text for whoever runs the kernel, as plain as it was written. */
#include <stdio.h>

#include "driver/driver.h"

static bool is_markdown(noun effect)
{
    return noun_is_cell(effect) && noun_head(effect) == noun_cord("markdown") && noun_is_atom(noun_tail(effect));
}

static void on_effect(struct host *host, void *context, noun effect)
{
    (void)host;
    (void)context;
    if (!is_markdown(effect))
        return;
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *text = noun_atom_bytes(noun_tail(effect), &direct, &size_bytes);
    fwrite(text, 1, size_bytes, stdout);
    if (size_bytes == 0 || text[size_bytes - 1] != '\n')
        putchar('\n');
    fflush(stdout);
}

const struct host_driver driver_markdown = {.name = "markdown", .effect = on_effect};
