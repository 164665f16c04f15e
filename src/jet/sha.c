/* Secure hashes, by OpenSSL's libcrypto: its plain functions, which are called
 * deprecated.  Those that are not look the algorithm up by its name each time,
 * which for a short message takes five times as long as hashing it.
 *
 * The library's SHA-256 and SHA-512 take and give bytes least significant
 * first, and its SHA-1 most significant first.  A message has exactly the
 * bytes that its given length says: cut off or filled up with zeros.
 */
#include "jet/chapters.h"
#include "jet/words.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#define MESSAGE_BYTES_MAX (BITS_MANY / 8 - 64)

/* The first `length_bytes` bytes of `a` and of the zeros behind it, or NULL if
 * so many do not fit the memory.  Valid until the stack is used. */
static const uint8_t *message_bytes(struct stack *stack, noun a, uint64_t *holder, uint64_t length_bytes)
{
    struct span source = span_of(a, holder);
    if (length_bytes <= 8 * (uint64_t)source.count)
        return (const uint8_t *)source.words;
    uint64_t *words = length_bytes > MESSAGE_BYTES_MAX ? NULL : words_begin(stack, 8 * length_bytes);
    if (words == NULL)
        return NULL;
    memcpy(words, source.words, 8 * source.count);
    stack_atom_finish(stack); /* not kept: its bytes are only read, before anything is built over them */
    return (const uint8_t *)words;
}

typedef void hash_function(const uint8_t *bytes, size_t size_bytes, uint8_t *digest);

static void hash_sha256(const uint8_t *bytes, size_t size_bytes, uint8_t *digest)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, size_bytes);
    SHA256_Final(digest, &context);
}

static void hash_sha512(const uint8_t *bytes, size_t size_bytes, uint8_t *digest)
{
    SHA512_CTX context;
    SHA512_Init(&context);
    SHA512_Update(&context, bytes, size_bytes);
    SHA512_Final(digest, &context);
}

static void hash_sha1(const uint8_t *bytes, size_t size_bytes, uint8_t *digest)
{
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, bytes, size_bytes);
    SHA1_Final(digest, &context);
}

static noun hash(struct nock *machine, hash_function *function, size_t digest_bytes, noun length, noun message)
{
    if (!noun_is_atom(length) || !noun_is_atom(message))
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    uint64_t holder;
    const uint8_t *bytes = noun_is_direct(length) ? message_bytes(stack, message, &holder, length) : NULL;
    if (bytes == NULL)
        return NOCK_JET_FAIL;
    uint8_t digest[SHA512_DIGEST_LENGTH];
    function(bytes, length, digest);
    return stack_atom_from_bytes(stack, digest, digest_bytes);
}

noun jet_shay(struct nock *machine, noun length, noun message)
{
    return hash(machine, hash_sha256, SHA256_DIGEST_LENGTH, length, message);
}

noun jet_shax(struct nock *machine, noun message)
{
    if (!noun_is_atom(message))
        return NOCK_JET_PUNT;
    return jet_shay(machine, noun_atom_length_bytes(message), message);
}

noun jet_shal(struct nock *machine, noun length, noun message)
{
    return hash(machine, hash_sha512, SHA512_DIGEST_LENGTH, length, message);
}

noun jet_shas(struct nock *machine, noun salt, noun message)
{
    if (!noun_is_atom(salt) || !noun_is_atom(message))
        return NOCK_JET_PUNT;
    uint64_t salt_bytes = noun_atom_length_bytes(salt);
    noun mixed = jet_mix(machine, salt, jet_shax(machine, message));
    return jet_shay(machine, salt_bytes > 32 ? salt_bytes : 32, mixed);
}

/* ---- SHA-1 --------------------------------------------------------------- */

/* The library gives the digest's five words through a list that loses the
 * leading zero ones, that is, the last of the digest; what is left closes up. */
static noun digest_atom(struct stack *stack, const uint8_t digest[SHA_DIGEST_LENGTH])
{
    size_t used = SHA_DIGEST_LENGTH;
    while (used > 0 && (digest[used - 1] | digest[used - 2] | digest[used - 3] | digest[used - 4]) == 0)
        used -= 4;
    uint8_t reversed[SHA_DIGEST_LENGTH];
    for (size_t i = 0; i < used; i++)
        reversed[i] = digest[used - 1 - i];
    return stack_atom_from_bytes(stack, reversed, used);
}

noun jet_sha1(struct nock *machine, noun length, noun message)
{
    struct stack *stack = nock_stack(machine);
    noun turned = jet_rev(machine, 3, length, message);
    if (turned == NOCK_JET_PUNT || turned == NOCK_JET_FAIL)
        return turned;
    uint64_t holder;
    const uint8_t *bytes = noun_is_direct(length) ? message_bytes(stack, turned, &holder, length) : NULL;
    if (bytes == NULL)
        return NOCK_JET_FAIL;
    uint8_t digest[SHA_DIGEST_LENGTH];
    hash_sha1(bytes, length, digest);
    return digest_atom(stack, digest);
}
