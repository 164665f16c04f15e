/* The codec: nouns as bytes, nouns as text, and Nock from source.
 *
 *   jam.c          noun -> bits          (ABI page 7.1, 7.2)
 *   cue.c          bits -> noun          (ABI page 7.3)
 *   text_print.c   noun -> text          [1 2 'cord' %term 0x1f ~]
 *   text_read.c    text -> noun
 *   assemble.c     source -> noun        (docs/assembler.md)
 *
 * Nothing here recurses on the depth of a noun, of a jam or of a text.  What
 * is read may come from anybody: every reader answers malformed input with a
 * status and a message that names the place, in memory bounded by its limit.
 *
 * Threads: a function that takes a stack belongs to the thread that owns it.
 * jam and print only read, so any thread may use them on nouns that nobody is
 * changing: persistent ones always, ephemeral ones while their owner waits.
 * jam and cue keep working memory for each thread, until it ends.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

/* ---- working memory (codec/scratch.c) -------------------------------------- */

/* For a process whose heap keeps what is freed (os_heap_prepare): jam and cue give
 * theirs back after each use, for whoever needs memory next.  The whole process's. */
void codec_keep_little(void);

/* ---- jam (codec/jam.c) ---------------------------------------------------- */

/* The jam of `n` in exactly ceil(bits / 8) bytes, at least one; the caller
 * frees *bytes.  STATUS_NO_MEMORY if there is none for the output or the
 * table of what was written, or if the jam had 2^40 bits (128 GiB) or more. */
enum status codec_jam(noun n, uint8_t **bytes, size_t *size_bytes) MUST_USE;

/* The jam of `n` as an atom on `stack`, or NOUN_NONE if there is no memory, or
 * if the atom or the working memory would be larger than what the stack's limit
 * leaves. */
noun codec_jam_atom(struct stack *stack, noun n);

/* ---- cue (codec/cue.c) ---------------------------------------------------- */

enum codec_cue_reader {
    /* The host's: everything that the noun needs must be there; after it only
     * the zero bits that pad files to whole bytes or words. */
    CODEC_CUE_STRICT,
    /* The guest's, as Hoon's cue: bits beyond the end are zeros, and what
     * follows the noun does not matter. */
    CODEC_CUE_GUEST,
};

struct codec_cue_limits {
    enum codec_cue_reader reader;
    /* Of the noun and the working memory together; 0: whatever the stack's own
     * limit leaves. */
    uint64_t memory_bytes;
    bool allow_rest; /* CODEC_CUE_STRICT: garbage after the noun is fine */
};

/* Builds the noun that `bytes` are the jam of.  `limits` may be NULL: strict,
 * and the stack's limit.  On failure nothing stays on the stack:
 *   STATUS_INVALID  no jam: truncated, a back-reference to no complete noun,
 *                   garbage after it; the message gives the bit position.
 *                   In a guest's cue this is the guest's crash.
 *   STATUS_LIMIT    it is, or might be, one, but a limit is in the way. */
enum status codec_cue(struct stack *stack, const void *bytes, size_t size_bytes, const struct codec_cue_limits *limits,
                      noun *out) MUST_USE;

/* ---- text (codec/text_print.c, codec/text_read.c) ------------------------- */

/* The notation, in both directions (docs/nouns.md draws the grammar):
 *
 *   [a b c]      cells, right-nested        ~            the atom 0
 *   5  1.000     decimal                    %.y  %.n     yes (0), no (1)
 *   0x1f.ffff    hexadecimal                'cord'       bytes, first lowest
 *   0b1.0101     binary                     %term        the same, a plain word
 *   "tape"       list of bytes, ending in 0
 *   /a/b         list of cords, ending in 0 (reading only)
 */
enum codec_text_style {
    CODEC_TEXT_READABLE, /* atoms that look like words as %term or 'cord', others as decimal */
    CODEC_TEXT_DECIMAL,  /* every atom in decimal */
    CODEC_TEXT_HEX,      /* every atom above 9 in hexadecimal */
};

struct codec_text_options {
    enum codec_text_style style;
    bool group_digits;  /* 1.000.000, 0xdead.beef */
    bool tapes;         /* CODEC_TEXT_READABLE: lists of printable bytes as "tape" */
    size_t limit_bytes; /* of the text; 0: none.  A text that was cut ends in "..." and cannot be read back */
};

/* Prints `n` (options may be NULL: readable, nothing grouped, no tapes).  The
 * text is NUL-terminated, *size_bytes (may be NULL) is without the NUL; the
 * caller frees *text.  STATUS_NO_MEMORY. */
enum status codec_print(noun n, const struct codec_text_options *options, char **text, size_t *size_bytes) MUST_USE;

/* Reads one noun.  `name` is what messages call the text ("argument 2", a
 * path).  STATUS_INVALID: "name:line:column: found ..., expected ...".
 * STATUS_LIMIT: no room under the stack's limit. */
enum status codec_read(struct stack *stack, const char *name, const char *text, size_t size_bytes, noun *out) MUST_USE;

/* ---- the assembler (codec/assemble.c) ------------------------------------- */

/* Gives the source that an `include` names.  `path` is already relative to
 * whatever the outermost source's name is relative to.  The assembler frees
 * *text with free(). */
typedef enum status codec_source_fn(void *context, const char *path, char **text, size_t *size_bytes);

struct codec_source {
    const char *name; /* a path, for messages and as the base of includes */
    const char *text;
    size_t size_bytes;
    codec_source_fn *include; /* may be NULL: then `include` is an error */
    void *include_context;
};

/* Assembles a program: *out is the noun of its last expression.
 * STATUS_INVALID: "file:line:column: ..."; STATUS_LIMIT; or what `include` gave. */
enum status codec_assemble(struct stack *stack, const struct codec_source *source, noun *out) MUST_USE;

#endif
