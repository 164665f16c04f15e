#include "programs.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/tap.h"

#define STEPS_MAX 200000000
#define DEPTH_MAX 20000

char *program_read_file(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    CHECK(fseek(file, 0, SEEK_END) == 0);
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*size_bytes + 1);
    CHECK(text != NULL && fread(text, 1, *size_bytes, file) == *size_bytes);
    fclose(file);
    return text;
}

static enum status include(void *context, const char *path, char **text, size_t *size_bytes)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "%s%s", (const char *)context, path);
    *text = program_read_file(whole, size_bytes);
    return *text == NULL ? status_fail(STATUS_NOT_FOUND, "there is no %s", path) : STATUS_OK;
}

noun program_of_text(struct stack *stack, const char *name, const char *text, const char *folder)
{
    struct codec_source source = {.name = name,
                                  .text = text,
                                  .size_bytes = strlen(text),
                                  .include = include,
                                  .include_context = (void *)(uintptr_t)folder};
    noun program = NOUN_NONE;
    if (codec_assemble(stack, &source, &program) != STATUS_OK) {
        tap_note("%s", status_message());
        return NOUN_NONE;
    }
    return program;
}

noun program_of_file(struct stack *stack, const char *path)
{
    size_t size_bytes;
    char *text = program_read_file(path, &size_bytes);
    CHECK(text != NULL);
    text[size_bytes] = '\0';
    noun program = program_of_text(stack, path, text, "");
    free(text);
    return program;
}

noun program_run(struct stack *stack, noun subject, noun formula)
{
    static struct tree_arena *arena;
    if (arena == NULL)
        arena = tree_arena_create();
    tree_arena_reset(arena);
    struct reducer_options options = {.steps_max = STEPS_MAX, .depth_max = DEPTH_MAX};
    struct reducer_result result =
        reducer_run(arena, &options, tree_from_noun(arena, subject), tree_from_noun(arena, formula));
    CHECK(result.outcome != REDUCER_GAVE_UP);
    return result.outcome == REDUCER_DONE ? tree_to_noun(stack, result.product) : NOUN_NONE;
}
