/* Private to test/jet: the compiled standard library, out of hoonc's jam.
 *
 * The kernel that the jam makes when it is kicked carries the library's layers
 * in its context, each core the context of the next:
 *
 *     pen > qua > tri > two > one > version
 *
 * An arm is found by the label that its formula registers (%fast), since a
 * battery has no names.
 */
#ifndef TEST_JET_LIBRARY_H
#define TEST_JET_LIBRARY_H

#include "nock/nock.h"

struct library {
    struct nock *machine;
    noun pen; /* a root of the machine */
};

/* The noun whose jam the file holds, on the stack of the space. */
noun library_cue(const char *path);

/* A hash of all of a noun, by which products are compared. */
uint64_t library_hash(noun n);

/* The jam's path, or NULL without the corpus. */
const char *library_jam_path(void);

/* A machine with these jets, in whose registry the layers are. */
void library_open(struct library *library, const struct nock_jet *jets, size_t count, bool check_jets);
void library_close(struct library *library);

/* A layer by its name, NOUN_NONE if it is none. */
noun library_layer(struct library *library, const char *name);

/* The core that the arm of `core` labelled `name` makes; of an arm that kicks
 * what it makes, the trap before that.  NOUN_NONE if there is none.  It is
 * valid until the next run. */
noun library_arm(struct library *library, noun core, const char *name);

/* The core that a jet's path names, at least one path of it: a gate as its arm
 * makes it, an inner core `fun` as its outer gate makes it from its own
 * sample.  NOUN_NONE if this library has none. */
noun library_find(struct library *library, const char *path);

/* A core whose sample (axis 6) is another. */
noun library_with_sample(struct library *library, noun core, noun sample);

#endif
