/* A machine for a test program, and what it should make of texts. */
#ifndef TEST_NOCK_RIG_H
#define TEST_NOCK_RIG_H

#include "model/reducer.h"
#include "nock/nock.h"

struct rig_options {
    size_t young_budget_bytes; /* 0: the stack's default */
    size_t limit_bytes;        /* of the stack; 0: its default */
    uint64_t depth_limit_bytes;
    bool check_jets;
    enum nock_engine engine;
    uint32_t native_after;
    unsigned space; /* its number: rigs that are open together differ in it */
};

struct rig {
    uint8_t *base; /* of its noun space */
    unsigned space;
    struct stack *stack;
    struct nock *machine;
    struct tree_arena *arena; /* of what the rig parses and hears; the caller may reset it */
    const struct tree *slogs; /* list of [priority tank], newest first */
    uint64_t *persistent;     /* words from the space's base */
    uint64_t persistent_words;
    const struct tree *mink_battery, *mink_root, *library; /* of rig_add_jets */
};

/* Opens a rig and enters its space.  Aborts if the system refuses. */
void rig_open(struct rig *rig, const struct rig_options *options);
void rig_close(struct rig *rig);

/* Where several are open: what follows is with this one. */
void rig_enter(const struct rig *rig);

/* What comes between two events: everything ephemeral goes. */
void rig_clear(struct rig *rig);

/* The same after a persist: of what the machine asks for, about `kept_of_four`
 * quarters have become persistent. */
void rig_clear_moving(struct rig *rig, unsigned kept_of_four);

/* Two jets' worth of guest, here and for a reducer that is given the same
 * nouns: [mink_battery [sample mink_root]] runs mink (docs/nock.md, section 5) as a jet in
 * steps; `library` has arms at 4 and 5 that make gates with plain jets, one
 * that increments and one that swaps. */
void rig_add_jets(struct rig *rig);

/* Only the nouns, for who has no machine open; `rig->arena` is set. */
void rig_set_guests(struct rig *rig);

/* The noun in persistent memory, where it stays until rig_collect_persistent. */
noun rig_persistent(struct rig *rig, const struct tree *tree);

/* As after a collection of the arena: of the persistent nouns that the machine
 * asks for, about `kept_of_four` quarters have moved, and all are overwritten. */
void rig_collect_persistent(struct rig *rig, unsigned kept_of_four);

noun rig_noun(struct rig *rig, const char *text);
void rig_run(struct rig *rig, const char *subject, const char *formula, struct nock_result *result);

/* Each is one test point.  `trace` is the crash's, newest first. */
bool rig_expect(struct rig *rig, const char *subject, const char *formula, const char *product);
bool rig_expect_crash(struct rig *rig, const char *subject, const char *formula, const char *trace);
bool rig_expect_failure(struct rig *rig, const char *subject, const char *formula, const char *mote);

bool rig_is(struct rig *rig, noun n, const char *text);

#endif
