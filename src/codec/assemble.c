/* The assembler's door: sources and their includes, items, what comes out.
 *
 * Each item is a formula from the subject before it to the subject after it;
 * their composition gives the subject of the program's expression.
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/emit.h"

#define SOURCES_MAX 256
#define NOUN_BYTES_A_CHARACTER 128

struct source {
    struct lexer lexer;
    char *name; /* owned; relative to what the outermost is relative to */
    char *text; /* owned, but the outermost's */
};

struct assembly {
    const struct codec_source *outermost;
    struct emitter emitter;
    struct syntax_memory memory;
    struct source *sources[SOURCES_MAX]; /* all stay until the end: places point into them */
    size_t source_count;
    noun chain;                  /* of the items so far; NOUN_NONE: none */
    const struct shape *subject; /* after them */
    const struct node *output;   /* NULL: not met yet */
};

static enum status assemble_source(struct assembly *assembly, struct source *source, unsigned depth);

/* ---- sources ---------------------------------------------------------------- */

static struct source *add_source(struct assembly *assembly, char *name, char *text, const char *bytes,
                                 size_t size_bytes)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *source);
    source->name = name;
    source->text = text;
    lexer_init(&source->lexer, assembly->emitter.stack, name, bytes, size_bytes);
    assembly->sources[assembly->source_count++] = source;
    return source;
}

static char *copy_text(const char *start, size_t size_bytes, const char *more, size_t more_bytes)
{
    char *text = malloc(size_bytes + more_bytes + 1);
    if (text == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes + more_bytes + 1);
    memcpy(text, start, size_bytes);
    memcpy(text + size_bytes, more, more_bytes);
    text[size_bytes + more_bytes] = '\0';
    return text;
}

/* "a/b.loam" and "../c.loam" give "a/../c.loam". */
static char *path_beside(const char *name, struct name path)
{
    const char *slash = strrchr(name, '/');
    size_t folder_bytes = slash == NULL || path.start[0] == '/' ? 0 : (size_t)(slash - name) + 1;
    return copy_text(name, folder_bytes, path.start, path.size_bytes);
}

static bool is_known(const struct assembly *assembly, const char *name)
{
    for (size_t i = 0; i < assembly->source_count; i++)
        if (strcmp(assembly->sources[i]->name, name) == 0)
            return true;
    return false;
}

static bool has_room(const struct assembly *assembly, size_t size_bytes)
{
    return size_bytes < UINT32_MAX && stack_reserve(assembly->emitter.stack, size_bytes * NOUN_BYTES_A_CHARACTER);
}

static enum status read_include(struct assembly *assembly, const struct node *item, char *name, struct source **source)
{
    const struct codec_source *outermost = assembly->outermost;
    char *text = NULL;
    size_t size_bytes = 0;
    enum status status = outermost->include(outermost->include_context, name, &text, &size_bytes);
    if (status != STATUS_OK) {
        free(name);
        return status_add_context(status, "%s", item->place.source->name);
    }
    *source = add_source(assembly, name, text, text, size_bytes);
    if (!has_room(assembly, size_bytes))
        return status_fail(STATUS_LIMIT, "%s: %zu bytes of source may need more memory than is allowed", name,
                           size_bytes);
    return STATUS_OK;
}

/* A source that was included before is not included again. */
static enum status include(struct assembly *assembly, const struct node *item, unsigned depth)
{
    if (assembly->outermost->include == NULL)
        return place_fail(item->place, "there is nothing to include from here");
    if (assembly->source_count == SOURCES_MAX || depth == SYNTAX_NESTING_MAX)
        return place_fail(item->place, "more than %d sources", SOURCES_MAX);
    char *name = path_beside(item->place.source->name, item->name);
    if (is_known(assembly, name)) {
        free(name);
        return STATUS_OK;
    }
    struct source *source = NULL;
    STATUS_TRY(read_include(assembly, item, name, &source));
    return assemble_source(assembly, source, depth + 1);
}

/* ---- items ------------------------------------------------------------------ */

/* The subject becomes what `formula` makes of it. */
static void follow(struct assembly *assembly, noun formula, const struct shape *subject)
{
    bool is_first = assembly->chain == NOUN_NONE;
    assembly->chain = is_first ? formula : emit_2(&assembly->emitter, 7, assembly->chain, formula);
    assembly->subject = subject;
}

static enum status assemble_const(struct assembly *assembly, struct node *item)
{
    STATUS_TRY(emit_constant(&assembly->emitter, item->first, &item->value));
    item->next = assembly->emitter.constants;
    assembly->emitter.constants = item;
    return STATUS_OK;
}

static enum status assemble_let(struct assembly *assembly, const struct node *item)
{
    struct emitted value = {0};
    STATUS_TRY(emit(&assembly->emitter, item->first, assembly->subject, &value));
    const struct shape *named = shape_of_pattern(&assembly->memory, item->pattern, value.shape);
    noun formula = stack_triple(assembly->emitter.stack, value.formula, 0, 1);
    follow(assembly, formula, shape_cell(&assembly->memory, named, assembly->subject));
    return STATUS_OK;
}

static enum status assemble_core(struct assembly *assembly, const struct node *item)
{
    struct emitted core = {0};
    STATUS_TRY(emit_core(&assembly->emitter, item, assembly->subject, &core));
    follow(assembly, core.formula, core.shape);
    return STATUS_OK;
}

static enum status assemble_root(struct assembly *assembly, const struct node *item)
{
    noun label, root;
    STATUS_TRY(emit_constant(&assembly->emitter, item->second, &label));
    STATUS_TRY(emit_constant(&assembly->emitter, item->first, &root));
    follow(assembly, emit_fast(&assembly->emitter, emit_quote(&assembly->emitter, root), label, 0), &shape_any);
    return STATUS_OK;
}

static enum status assemble_item(struct assembly *assembly, struct node *item, unsigned depth)
{
    if (assembly->output != NULL)
        return place_fail(item->place, "the program is complete: nothing may follow kernel, trap, formula or noun");
    switch (item->kind) {
    case NODE_INCLUDE:
        return include(assembly, item, depth);
    case NODE_CONST:
        return assemble_const(assembly, item);
    case NODE_LET:
        return assemble_let(assembly, item);
    case NODE_CORE:
        return assemble_core(assembly, item);
    case NODE_ROOT:
        return assemble_root(assembly, item);
    default:
        if (depth > 0)
            return place_fail(item->place, "a source that is included has no program of its own");
        assembly->output = item;
        return STATUS_OK;
    }
}

static enum status assemble_source(struct assembly *assembly, struct source *source, unsigned depth)
{
    struct parser parser;
    STATUS_TRY(parser_begin(&parser, &source->lexer, &assembly->memory));
    for (;;) {
        struct node *item;
        STATUS_TRY(parser_item(&parser, &item));
        if (item == NULL)
            return STATUS_OK;
        STATUS_TRY(assemble_item(assembly, item, depth));
    }
}

/* ---- what comes out --------------------------------------------------------- */

/* [formula 0]: kicked, the formula runs on the trap itself, which no name refers to. */
static enum status output_trap(struct assembly *assembly, noun *out)
{
    struct emitter *emitter = &assembly->emitter;
    struct emitted product = {0};
    STATUS_TRY(emit(emitter, assembly->output->first, assembly->subject, &product));
    noun formula = product.formula;
    if (assembly->chain != NOUN_NONE)
        formula = emit_2(emitter, 7, assembly->chain, formula);
    *out = stack_cell(emitter->stack, formula, 0);
    return STATUS_OK;
}

/* The formula's own subject is found before what the items put there. */
static enum status output_formula(struct assembly *assembly, noun *out)
{
    struct emitter *emitter = &assembly->emitter;
    const struct node *pattern = assembly->output->pattern;
    const struct shape *input = &shape_any;
    if (pattern != NULL)
        input = shape_of_pattern(&assembly->memory, pattern, &shape_any);
    bool has_items = assembly->chain != NOUN_NONE;
    const struct shape *subject = has_items ? shape_cell(&assembly->memory, input, assembly->subject) : input;
    struct emitted product = {0};
    STATUS_TRY(emit(emitter, assembly->output->first, subject, &product));
    *out = product.formula;
    if (has_items) {
        noun whole = stack_cell(emitter->stack, 0, 1);
        *out = emit_2(emitter, 7, stack_cell(emitter->stack, whole, assembly->chain), product.formula);
    }
    return STATUS_OK;
}

static enum status output(struct assembly *assembly, noun *out)
{
    if (assembly->output == NULL)
        return status_fail(STATUS_INVALID,
                           "%s: the source ends without saying what the program is: expected kernel, "
                           "trap, formula or noun",
                           assembly->outermost->name);
    if (assembly->output->kind == NODE_OUT_TRAP)
        return output_trap(assembly, out);
    if (assembly->output->kind == NODE_OUT_FORMULA)
        return output_formula(assembly, out);
    return emit_constant(&assembly->emitter, assembly->output->first, out);
}

static enum status assemble(struct assembly *assembly, noun *out)
{
    const struct codec_source *outermost = assembly->outermost;
    if (!has_room(assembly, outermost->size_bytes))
        return status_fail(STATUS_LIMIT, "%s: %zu bytes of source may need more memory than is allowed",
                           outermost->name, outermost->size_bytes);
    char *name = copy_text(outermost->name, strlen(outermost->name), "", 0);
    struct source *source = add_source(assembly, name, NULL, outermost->text, outermost->size_bytes);
    STATUS_TRY(assemble_source(assembly, source, 0));
    return output(assembly, out);
}

enum status codec_assemble(struct stack *stack, const struct codec_source *source, noun *out)
{
    uint64_t start_words = stack->free_words;
    struct assembly assembly = {.outermost = source, .chain = NOUN_NONE, .subject = &shape_any};
    assembly.emitter = (struct emitter){.stack = stack, .memory = &assembly.memory};
    enum status status = assemble(&assembly, out);
    if (status != STATUS_OK)
        stack->free_words = start_words;
    for (size_t i = 0; i < assembly.source_count; i++) {
        free(assembly.sources[i]->name);
        free(assembly.sources[i]->text);
        free(assembly.sources[i]);
    }
    syntax_memory_finish(&assembly.memory);
    return status;
}
