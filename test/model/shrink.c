#include "model/shrink.h"

#define SIZE_MAX_PARTS 100000

struct shrinker {
    struct tree_arena *arena;
    const struct tree **subject, **formula;
    shrink_test *test;
    void *context;
    unsigned tries_left;
};

/* The part with number *index in pre-order; NULL, and *index lowered, if there are fewer. */
static const struct tree *nth(const struct tree *tree, uint64_t *index)
{
    while (*index > 0 && tree_is_cell(tree)) {
        --*index;
        const struct tree *found = nth(tree->head, index);
        if (found != NULL)
            return found;
        tree = tree->tail;
    }
    if (*index == 0)
        return tree;
    --*index;
    return NULL;
}

static const struct tree *replace_nth(struct tree_arena *arena, const struct tree *tree, uint64_t *index,
                                      const struct tree *patch)
{
    if ((*index)-- == 0)
        return patch;
    if (!tree_is_cell(tree))
        return tree;
    const struct tree *head = replace_nth(arena, tree->head, index, patch);
    const struct tree *tail = *index == UINT64_MAX ? tree->tail : replace_nth(arena, tree->tail, index, patch);
    return head == tree->head && tail == tree->tail ? tree : tree_cell(arena, head, tail);
}

/* Keeps the changed root if the pair still fails. */
static bool try_root(struct shrinker *s, const struct tree **root, const struct tree *changed)
{
    if (s->tries_left == 0)
        return false;
    s->tries_left--;
    const struct tree *old = *root;
    *root = changed;
    if (s->test(s->context, *s->subject, *s->formula))
        return true;
    *root = old;
    return false;
}

static bool try_patch(struct shrinker *s, const struct tree **root, uint64_t index, const struct tree *part,
                      const struct tree *patch)
{
    uint64_t limit = SIZE_MAX_PARTS;
    if (tree_size(patch, limit) >= tree_size(part, limit))
        return false;
    return try_root(s, root, replace_nth(s->arena, *root, &index, patch));
}

/* Tries all smaller things in place of one part. */
static bool try_part(struct shrinker *s, const struct tree **root, uint64_t index, const struct tree *part)
{
    static const char *const small[] = {"0", "[0 1]", "[1 0]"};
    if (!tree_is_cell(part))
        return !tree_is_word(part, 0) && !tree_is_word(part, 1) && part->count > 1 &&
               try_root(s, root, replace_nth(s->arena, *root, &index, tree_atom(s->arena, 0)));
    for (size_t i = 0; i < COUNT_OF(small); i++) {
        if (try_patch(s, root, index, part, tree_parse(s->arena, small[i])))
            return true;
    }
    return try_patch(s, root, index, part, part->tail) || try_patch(s, root, index, part, part->head) ||
           (tree_is_cell(part->tail) &&
            (try_patch(s, root, index, part, part->tail->tail) || try_patch(s, root, index, part, part->tail->head)));
}

static bool shrink_root(struct shrinker *s, const struct tree **root)
{
    bool shrank = false;
    for (uint64_t index = 0; s->tries_left > 0; index++) {
        uint64_t at = index;
        const struct tree *part = nth(*root, &at);
        if (part == NULL)
            break;
        while (part != NULL && try_part(s, root, index, part)) {
            shrank = true;
            at = index;
            part = nth(*root, &at);
        }
    }
    return shrank;
}

void shrink(struct tree_arena *arena, const struct tree **subject, const struct tree **formula, shrink_test *test,
            void *context, unsigned tries)
{
    struct shrinker s = {arena, subject, formula, test, context, tries};
    bool shrank = true;
    while (shrank) {
        shrank = shrink_root(&s, formula);
        shrank |= shrink_root(&s, subject);
    }
}
