/* libloam: run Nock kernels, durably, inside your own program.
 *
 * Caveats, first:
 *
 *  - A kernel handle belongs to one thread at a time.  Different handles may be
 *    used by different threads at once.  Messages are per thread.
 *  - A durable kernel lives in a directory that no other process runs: opening
 *    it a second time, also from the same process, fails with LOAM_BUSY.
 *    loam_open_view is for looking at it from elsewhere.  The directory must be
 *    on a local file system; a copy is only whole if nothing ran while it was
 *    made.
 *  - Every handle reserves 4 TiB of address space, of which it touches what it
 *    needs; a process can hold about 30.  Do not limit address space (ulimit -v).
 *  - Do not use a handle on both sides of a fork.
 *  - When memory for its own bookkeeping runs out, or when it finds a mistake of
 *    its own, the library aborts the process.  A kernel's crash, a full disk,
 *    damaged files and nonsense input never do that: they are results.
 *  - After any result other than those that a function lists as harmless the
 *    handle is broken: close it.  Nothing that was accepted is lost; opening the
 *    directory again finds it.
 *  - Effects are returned, never carried out: reading and writing files, exiting
 *    and the like are yours to do.
 *  - Work for a long event happens inside the call.  Bound it with
 *    `event_limit_ms` and `memory_limit_bytes`.
 *
 * Nouns cross this border as bytes: in jam, the serialisation of Nock, or in
 * text such as [%add 'key' 5] (docs/nouns.md).
 *
 * Ownership: what a function hands out through a pointer is the caller's, to be
 * given back with the function that its comment names; a call that fails hands
 * out NULL or nothing.  What is handed in stays the caller's and is not needed after the
 * call, but for the directory's files, and for `context` and the functions of
 * loam_options, which are needed until loam_close returns.
 */
#ifndef LOAM_LOAM_H
#define LOAM_LOAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LOAM_HASH_SIZE_BYTES 32

/* ---- results --------------------------------------------------------------- */

enum loam_result {
    LOAM_OK = 0,
    LOAM_INVALID,     /* what you handed in is malformed */
    LOAM_NOT_FOUND,   /* the named thing does not exist */
    LOAM_EXISTS,      /* something is in the way */
    LOAM_BUSY,        /* another process, or another handle, has the directory */
    LOAM_PERMISSION,  /* the system does not let us */
    LOAM_NO_SPACE,    /* the disk or a quota is full */
    LOAM_NO_MEMORY,   /* memory or address space is exhausted */
    LOAM_LIMIT,       /* a limit would be exceeded */
    LOAM_IO,          /* a read, write or sync failed */
    LOAM_CORRUPT,     /* stored bytes are not what was written */
    LOAM_FORMAT,      /* stored bytes are another version's, or another program's */
    LOAM_DIVERGED,    /* a replay did not reproduce its record */
    LOAM_INTERRUPTED, /* somebody asked the process to stop */
    LOAM_CRASHED,     /* the guest program crashed where that is an error */
};

/* "no-space"; never NULL. */
const char *loam_result_name(enum loam_result result);

/* What went wrong in the calling thread's newest failure: cause, place and cure,
 * for people.  Valid until its next failure; never NULL. */
const char *loam_message(void);

/* "0.1.0" */
const char *loam_version(void);

/* ---- opening and closing ----------------------------------------------------- */

struct loam; /* a booted kernel */

/* What loam_poke waits for, with a durable kernel.  In every mode loam_close makes
 * all events durable, and whatever happens the directory comes back at the state
 * after some event, with all events before it. */
enum loam_durability {
    LOAM_DURABLE_EVENT, /* until the event is on the device: nothing that was accepted is ever lost */
    LOAM_DURABLE_BATCH, /* until the operating system has it: a power cut takes what was not flushed since the
                           last batch */
    LOAM_DURABLE_NONE,  /* likewise, and it is flushed now and then: a power cut may take all since */
};

/* When garbage, which is what nothing reaches any more, is freed.  A collection
 * copies in a thread of its own, but begins and ends in calls of yours: a handle
 * that is not called is not collected. */
enum loam_gc {
    LOAM_GC_AUTO,     /* when enough is expected to be dead */
    LOAM_GC_OFF,      /* only by loam_collect */
    LOAM_GC_INTERVAL, /* as LOAM_GC_AUTO, and whatever is new every gc_interval_ms */
};

/* Where the nouns of the event in hand live. */
enum loam_stack {
    LOAM_STACK_MEMORY,
    LOAM_STACK_DISK, /* in memory as far as it goes, beyond that in a nameless file in the directory: an event may
                        need more than there is of memory, without swap.  For a kernel in memory, the same as above. */
};

/* All zero is fine, and so is NULL in its place: it is what `loam run` does without
 * options.  The functions are called on the thread that is in a call of this
 * library, and must not call it; their texts are valid during the call only.
 *
 * A cause that exceeds one of the three limits of an event fails alone: it is
 * swapped for its notice, or refused, and loam_event.limit names the limit. */
struct loam_options {
    void *context;
    void (*slog)(void *context, uint64_t priority, const char *line); /* what the kernel says */
    void (*warn)(void *context, const char *line);                    /* what the library says */
    uint64_t memory_limit_bytes; /* of one event's nouns; 0: three quarters of the machine's or control group's */
    uint64_t stack_limit_bytes;  /* of how deep one event's calls may be nested; 0: a default */
    uint64_t event_limit_ms;     /* an event that takes longer fails; 0: none */
    uint64_t arena_limit_bytes;  /* of the file with the state: an event for which it would have to grow beyond that
                                    is refused, until a larger limit or a collection makes room; a collection's
                                    copies have to fit below the limit, too; 0: none */
    enum loam_durability durability;
    uint64_t batch_events; /* LOAM_DURABLE_BATCH: flushed when so many wait; 0: 100 */
    uint64_t batch_ms;     /* and so long after the first of them at the latest; 0: 10 */
    enum loam_gc gc;
    uint64_t gc_interval_ms; /* LOAM_GC_INTERVAL: 0 is a minute */
    uint64_t gc_slack_bytes; /* so much may be dead in any case; 0: 64 MiB */
    enum loam_stack stack;
    bool is_interpreted; /* no machine code is made */
    bool check_jets;     /* run every jet beside its Nock: slow */
};

/* Makes `directory` (absent or empty) a durable kernel from a kernel jam and
 * boots it.  On failure the directory is as it was. */
enum loam_result loam_create(const char *directory, const void *kernel_jam, size_t kernel_size_bytes,
                             const struct loam_options *options, struct loam **out);

/* Opens one and brings it to its last accepted event.  A kernel jam other than
 * its own (NULL: none) is an upgrade.  On failure nothing has changed. */
enum loam_result loam_open(const char *directory, const void *kernel_jam, size_t kernel_size_bytes,
                           const struct loam_options *options, struct loam **out);

/* The newest durable state of a directory, for loam_peek, loam_facts and
 * loam_export only; while another process runs it, too. */
enum loam_result loam_open_view(const char *directory, const struct loam_options *options, struct loam **out);

/* A kernel in memory, gone when it is closed. */
enum loam_result loam_open_memory(const void *kernel_jam, size_t kernel_size_bytes, const struct loam_options *options,
                                  struct loam **out);

/* NULL is fine. */
void loam_close(struct loam *loam);

/* ---- nouns --------------------------------------------------------------------- */

enum loam_form { LOAM_JAM, LOAM_TEXT };

/* A noun of yours; text needs no final zero. */
struct loam_noun {
    enum loam_form form;
    const void *bytes;
    size_t size_bytes;
};

/* A zero-terminated text as a noun, for arguments:  loam_text("[%add 5]").  The
 * text is not copied. */
struct loam_noun loam_text(const char *text);

/* Bytes of the library's, given back with loam_bytes_free.  There is always a
 * zero after the last of them. */
struct loam_bytes {
    uint8_t *bytes;
    size_t size_bytes;
};
void loam_bytes_free(struct loam_bytes *bytes);

/* The noun in the other form.  LOAM_INVALID and LOAM_LIMIT are harmless. */
enum loam_result loam_convert(struct loam *loam, const struct loam_noun *noun, enum loam_form form,
                              struct loam_bytes *out);

/* ---- events ---------------------------------------------------------------------- */

enum loam_outcome {
    LOAM_REFUSED,  /* no event: there was no room, or the kernel crashed even on the notice of its crash */
    LOAM_ACCEPTED, /* the event happened; of a durable kernel, for ever */
    LOAM_SWAPPED,  /* the cause crashed the kernel; the notice of that is the event */
};

/* What came of a poke; given back with loam_event_free. */
struct loam_event {
    enum loam_outcome outcome;
    uint64_t number;            /* of the event, if there is one */
    struct loam_bytes *effects; /* each the jam of one effect */
    size_t effect_count;
    char *reason;      /* if it was refused or swapped: why, in words; else NULL */
    const char *limit; /* which member of loam_options the cause exceeded: "memory_limit_bytes", "stack_limit_bytes",
                          "event_limit_ms" or "arena_limit_bytes"; else NULL; not to be freed */
    uint64_t evaluation_ns;
};
void loam_event_free(struct loam_event *event);

/* Pokes.  `wire` NULL stands for [%poke %sys 1 ~].  LOAM_INVALID (a noun of yours
 * is none) and LOAM_LIMIT are harmless; *event is filled for LOAM_OK only. */
enum loam_result loam_poke(struct loam *loam, const struct loam_noun *wire, const struct loam_noun *cause,
                           struct loam_event *event);

enum loam_answer {
    LOAM_UNKNOWN, /* the kernel does not know the path */
    LOAM_EMPTY,   /* there is nothing at the path */
    LOAM_VALUE,
    LOAM_MALFORMED, /* the kernel's answer is not of that form; *value is all of it */
};

/* Peeks.  *value is the jam of the value, or empty.  LOAM_INVALID, LOAM_LIMIT and
 * LOAM_CRASHED (the kernel crashed on the path; its state is untouched) are harmless. */
enum loam_result loam_peek(struct loam *loam, const struct loam_noun *path, enum loam_answer *answer,
                           struct loam_bytes *value);

/* ---- the whole ---------------------------------------------------------------------- */

struct loam_facts {
    uint64_t event;                            /* the last accepted one */
    uint64_t state_hash;                       /* structural, of the state after it; 0 in memory */
    uint8_t kernel_hash[LOAM_HASH_SIZE_BYTES]; /* BLAKE3 of the kernel's jam */
    uint64_t boot_ns;                          /* how long opening took */
    uint64_t events_replayed;                  /* in it */
    uint64_t arena_file_bytes;                 /* 0 in memory, as the rest */
    uint64_t arena_used_bytes;
    uint64_t log_bytes;
};
enum loam_result loam_facts(struct loam *loam, struct loam_facts *out);

/* Frees what nothing reaches: of what is new since the last collection, or, with
 * `everything`, of all there is.  Returns when it is done; *freed_bytes (may be
 * NULL) can be used again by the next events.  LOAM_NO_SPACE and LOAM_LIMIT are harmless: the
 * copies would not fit, and nothing has happened.  A kernel in memory, and a view,
 * have nothing to collect: LOAM_INVALID, harmless too. */
enum loam_result loam_collect(struct loam *loam, bool everything, uint64_t *freed_bytes);

/* Writes the state to a file with a checksum: `loam import` makes a machine from
 * it.  A failure is harmless. */
enum loam_result loam_export(struct loam *loam, const char *path);

#ifdef __cplusplus
}
#endif

#endif
