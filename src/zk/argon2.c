/* Argon2, the hash of passwords, by libargon2.
 *
 * The library's gate for a message and a salt lies in one for the parameters,
 * whose sample is at axis 30: [out type version threads memory passes key extra].
 * Byte strings are [size data], most significant byte first, and so is the hash.
 *
 * What a call may cost is bounded, because libargon2 cannot be stopped half
 * way: a wallet's 768 MiB, six times over, take some seconds.
 */
#include "zk/jets.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define STRING_BYTES_MAX ((uint64_t)1 << 20)
#define MEMORY_KIB_MAX ((uint64_t)1 << 21)
#define FILLED_KIB_MAX ((uint64_t)1 << 23) /* in all passes */

/* A message's bytes, in the order in which they are hashed. */
struct string {
    uint8_t *bytes; /* from malloc */
    uint32_t size_bytes;
};

static bool string_read(noun n, struct string *out)
{
    uint64_t holder;
    size_t count;
    if (!noun_is_cell(n) || !noun_is_direct(noun_head(n)) || noun_head(n) > STRING_BYTES_MAX ||
        !noun_is_atom(noun_tail(n)))
        return false;
    const uint64_t *words = noun_atom_words(noun_tail(n), &holder, &count);
    size_t size_bytes = (size_t)noun_head(n);
    out->bytes = malloc(size_bytes + 1);
    CHECK(out->bytes != NULL);
    out->size_bytes = (uint32_t)size_bytes;
    for (size_t i = 0; i < size_bytes; i++)
        out->bytes[size_bytes - 1 - i] = (uint8_t)(i / 8 < count ? words[i / 8] >> (i % 8 * 8) : 0);
    return true;
}

/* Takes and erases what it has: a secret. */
static void string_free(struct string *string)
{
    if (string->bytes != NULL)
        OPENSSL_cleanse(string->bytes, string->size_bytes);
    free(string->bytes);
}

struct parameters {
    uint64_t out_bytes, version, threads, memory_kib, passes;
    argon2_type type;
    noun key, extra;
};

static bool read_type(noun n, argon2_type *type)
{
    if (n == noun_cord("d"))
        *type = Argon2_d;
    else if (n == noun_cord("i"))
        *type = Argon2_i;
    else if (n == noun_cord("id"))
        *type = Argon2_id;
    else
        return false; /* the library's own %u */
    return true;
}

/* False for what libargon2 refuses or takes otherwise, and for what is too much. */
static bool parameters_read(noun n, struct parameters *out)
{
    noun items[8];
    for (size_t i = 0; i < 7; i++, n = noun_tail(n)) {
        if (!noun_is_cell(n))
            return false;
        items[i] = noun_head(n);
    }
    items[7] = n;
    *out = (struct parameters){items[0], items[2], items[3], items[4], items[5], Argon2_d, items[6], items[7]};
    for (size_t i = 0; i < 6; i++)
        if (!noun_is_direct(items[i]))
            return false;
    return read_type(items[1], &out->type) && out->out_bytes >= ARGON2_MIN_OUTLEN &&
           out->out_bytes <= STRING_BYTES_MAX &&
           (out->version == ARGON2_VERSION_10 || out->version == ARGON2_VERSION_13) && out->threads > 0 &&
           out->threads <= MEMORY_KIB_MAX / 8 && out->memory_kib >= 8 * out->threads &&
           out->memory_kib <= MEMORY_KIB_MAX && out->passes > 0 && out->passes <= FILLED_KIB_MAX / out->memory_kib;
}

/* What the first hash is of: the parameters, and the strings, each
 * behind its length. */
#define HEAD_BYTES 24
#define CHUNK_BYTES 128

/* The library's BLAKE2b takes a message in chunks, and misplaces the words of
 * one whose first eight bytes are zeros, among others that are not. */
static bool is_hashed_alike(const struct string strings[4])
{
    size_t size_bytes = HEAD_BYTES, at = HEAD_BYTES;
    for (size_t i = 0; i < 4; i++)
        size_bytes += 4 + strings[i].size_bytes;
    uint8_t *all = calloc(1, size_bytes + 8);
    CHECK(all != NULL);
    for (size_t i = 0; i < 4; at += 4 + strings[i++].size_bytes) {
        for (unsigned j = 0; j < 4; j++)
            all[at + j] = (uint8_t)(strings[i].size_bytes >> 8 * j);
        memcpy(all + at + 4, strings[i].bytes, strings[i].size_bytes);
    }
    bool alike = true;
    for (size_t chunk = CHUNK_BYTES; chunk < size_bytes && alike; chunk += CHUNK_BYTES) {
        uint64_t first;
        memcpy(&first, all + chunk, sizeof first);
        alike = first != 0;
    }
    OPENSSL_cleanse(all, size_bytes);
    free(all);
    return alike;
}

/* The hash as an atom, or how the call ends. */
static noun hash(struct stack *stack, const struct parameters *parameters, struct string strings[4])
{
    uint8_t *digest = malloc(parameters->out_bytes);
    CHECK(digest != NULL);
    argon2_context context = {
        .out = digest,
        .outlen = (uint32_t)parameters->out_bytes,
        .pwd = strings[0].bytes,
        .pwdlen = strings[0].size_bytes,
        .salt = strings[1].bytes,
        .saltlen = strings[1].size_bytes,
        .secret = strings[2].bytes,
        .secretlen = strings[2].size_bytes,
        .ad = strings[3].bytes,
        .adlen = strings[3].size_bytes,
        .t_cost = (uint32_t)parameters->passes,
        .m_cost = (uint32_t)parameters->memory_kib,
        .lanes = (uint32_t)parameters->threads,
        .threads = 1, /* the machine's own; the lanes one after the other */
        .version = (uint32_t)parameters->version,
    };
    int outcome = argon2_ctx(&context, parameters->type);
    noun product = outcome == ARGON2_MEMORY_ALLOCATION_ERROR ? NOCK_JET_FAIL : NOCK_JET_PUNT;
    if (outcome == ARGON2_OK) {
        for (size_t i = 0, j = parameters->out_bytes - 1; i < j; i++, j--) {
            uint8_t byte = digest[i];
            digest[i] = digest[j];
            digest[j] = byte;
        }
        product = stack_atom_from_bytes(stack, digest, parameters->out_bytes);
    }
    OPENSSL_cleanse(digest, parameters->out_bytes);
    free(digest);
    return product;
}

noun zk_jet_argon2(struct nock *machine, noun core)
{
    struct parameters parameters;
    struct string strings[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    noun sample = noun_at(core, 6), product = NOCK_JET_PUNT;
    if (sample == NOUN_NONE || !noun_is_cell(sample) || !parameters_read(noun_at(core, 30), &parameters))
        return NOCK_JET_PUNT;
    if (string_read(noun_head(sample), &strings[0]) && string_read(noun_tail(sample), &strings[1]) &&
        string_read(parameters.key, &strings[2]) && string_read(parameters.extra, &strings[3]) &&
        is_hashed_alike(strings))
        product = hash(nock_stack(machine), &parameters, strings);
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        string_free(&strings[i]);
    return product;
}
