/* Portable files: the formats to the byte, round trips, and everything that
 * can be wrong with a file from somebody else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "import/import.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;
static const char *directory;
static char path[512];

static const char *path_in(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t size_bytes = strlen(hex) / 2;
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (uint8_t)byte;
    }
    return size_bytes;
}

/* ---- vectors ------------------------------------------------------------------ */

#define HASH_ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* Event 7, a kernel hash of zeros, and the jam 02 of the atom 0. */
static const char state_jam_hex[] = "fd4558504a414d000000" HASH_ZEROS "070102";
static const char chkjam_2_hex[] =
    "fd43484b4a414d00000245" HASH_ZEROS "db473d4e933ffe1432907dd437a52c4957bd083e03782f310688968582c9bbcd0701020102";
static const char chkjam_1_hex[] =
    "fd43484b4a414d000001" HASH_ZEROS "f367ee8943c6b69731e479454af2a226e1057b71a943388b2d2eab96e4362b0f070102";
static const char chkjam_0_hex[] =
    "fd43484b4a414d00000000" HASH_ZEROS "f367ee8943c6b69731e479454af2a226e1057b71a943388b2d2eab96e4362b0f070102";

static void test_vector(const char *name, const char *hex, enum import_format format, uint64_t version)
{
    uint8_t bytes[256];
    size_t size_bytes = from_hex(hex, bytes);
    struct import *import;
    noun state = 5;
    if (!tap_ok(import_open_bytes(name, bytes, size_bytes, &import) == STATUS_OK, "%s opens", name))
        return tap_note("%s", status_message());
    const struct import_facts *facts = import_facts(import);
    tap_ok(facts->format == format && facts->version == version && facts->event == 7 && facts->jam_size_bytes == 1,
           "%s: %s of version %" PRIu64 " at event 7", name, import_format_name(format), version);
    tap_ok(facts->has_checksum == (format == IMPORT_CHKJAM) && !facts->has_state_hash, "%s: what it vouches for", name);
    enum status status = import_state(import, stack, &state);
    if (format == IMPORT_CHKJAM && version < 2) /* the jam 02 is no pair */
        tap_ok(status == STATUS_CORRUPT, "%s: its jam is no pair, which is noticed: %s", name, status_message());
    else
        tap_ok(status == STATUS_OK && state == 0, "%s: its state", name);
    import_close(import);
}

/* A version 1 checkpoint of [5 6]: only the state comes out. */
static void test_pair(void)
{
    noun pair = stack_cell(stack, 5, 6), state = 0;
    uint8_t *jam, bytes[256], *at = bytes;
    size_t jam_bytes;
    uint64_t words[2] = {9, 0};
    struct import *import;
    if (codec_jam(pair, &jam, &jam_bytes) != STATUS_OK)
        return (void)tap_ok(false, "a jam: %s", status_message());
    words[1] = jam_bytes;
    at += from_hex("fd43484b4a414d000001" HASH_ZEROS, at);
    struct hash_blake3_stream *stream = hash_blake3_begin();
    hash_blake3_update(stream, words, sizeof words);
    hash_blake3_update(stream, jam, jam_bytes);
    hash_blake3_finish(stream, at);
    at += HASH_BLAKE3_SIZE_BYTES;
    *at++ = 9;
    *at++ = (uint8_t)jam_bytes;
    memcpy(at, jam, jam_bytes);
    at += jam_bytes;
    tap_ok(import_open_bytes("pair", bytes, (size_t)(at - bytes), &import) == STATUS_OK &&
               import_state(import, stack, &state) == STATUS_OK && state == 5,
           "of a pair of state and jets the state is taken");
    import_close(import);
    free(jam);
}

/* ---- round trips -------------------------------------------------------------- */

static struct import_facts sample_facts(enum import_format format, uint64_t event)
{
    struct import_facts facts = {.format = format, .event = event, .state_hash = 0x1122334455667788};
    for (size_t i = 0; i < sizeof facts.kernel_hash; i++)
        facts.kernel_hash[i] = (uint8_t)(i * 7);
    return facts;
}

static void test_round_trip(enum import_format format, uint64_t event, size_t atom_bytes)
{
    uint8_t *data = calloc(1, atom_bytes), *jam;
    memset(data, 0x5a, atom_bytes);
    noun state = stack_cell(stack, stack_atom_from_bytes(stack, data, atom_bytes), 3), back = 0;
    size_t jam_bytes;
    struct import *import = NULL;
    struct import_facts facts = sample_facts(format, event);
    free(data);
    if (codec_jam(state, &jam, &jam_bytes) != STATUS_OK)
        return (void)tap_ok(false, "a jam: %s", status_message());
    enum status status = import_write(path_in("round-trip"), &facts, jam, jam_bytes);
    tap_ok(status == STATUS_OK, "%s: a state of %zu bytes is written%s", import_format_name(format), jam_bytes,
           status == STATUS_OK ? "" : status_message());
    if (!tap_ok(import_open(path, &import) == STATUS_OK, "it opens"))
        return tap_note("%s", status_message());
    const struct import_facts *read = import_facts(import);
    tap_ok(read->event == event && memcmp(read->kernel_hash, facts.kernel_hash, 32) == 0 &&
               read->jam_size_bytes == jam_bytes && read->format == format,
           "event %" PRIu64 ", kernel hash and size come back", event);
    tap_ok(read->has_state_hash == (format == IMPORT_OWN) &&
               (format != IMPORT_OWN || read->state_hash == facts.state_hash),
           "so does the state hash where there is one");
    tap_ok(import_state(import, stack, &back) == STATUS_OK && noun_equal(state, back), "and the state");
    import_close(import);
    free(jam);
}

static void test_round_trips(void)
{
    static const uint64_t events[] = {0, 250, 251, 65535, 65536, 4294967295, 4294967296, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(events); i++)
        test_round_trip(IMPORT_EXPJAM, events[i], 1 + i * 50);
    test_round_trip(IMPORT_EXPJAM, 1, 100000);
    test_round_trip(IMPORT_OWN, 0, 1);
    test_round_trip(IMPORT_OWN, INT64_MAX, 5000000);
    enum os_kind kind;
    tap_ok(os_kind_of(path_in("round-trip.partial"), &kind) == STATUS_OK && kind == OS_KIND_ABSENT,
           "nothing is left beside");
    struct import_facts facts = sample_facts(IMPORT_OWN, 1);
    tap_ok(import_write(path_in("absent/file"), &facts, (const uint8_t *)"\x02", 1) == STATUS_NOT_FOUND,
           "a missing directory is named: %s", status_message());
}

/* ---- damage ------------------------------------------------------------------- */

struct sample {
    const char *name;
    uint8_t bytes[512];
    size_t size_bytes;
    size_t unguarded_from, unguarded_to; /* bytes that its checksum does not cover */
};

static struct sample samples[5];

static void build_samples(void)
{
    static const char *const hexes[] = {state_jam_hex, chkjam_2_hex, chkjam_1_hex, chkjam_0_hex};
    static const char *const names[] = {"EXPJAM", "CHKJAM 2", "CHKJAM 1", "CHKJAM 0", "own"};
    static const size_t ends[] = {512, 43, 42, 43, 0}; /* of the kernel hash, which no checkpoint guards */
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        samples[i].name = names[i];
        samples[i].unguarded_to = ends[i];
        samples[i].unguarded_from = i == 0 ? 10 : i == 4 ? 0 : 9;
        if (i < 4)
            samples[i].size_bytes = from_hex(hexes[i], samples[i].bytes);
    }
    uint8_t *bytes;
    struct import_facts facts = sample_facts(IMPORT_OWN, 12);
    if (import_write(path_in("own"), &facts, (const uint8_t *)"\x02", 1) != STATUS_OK ||
        os_read_whole(path, 512, &bytes, &samples[4].size_bytes) != STATUS_OK)
        return (void)tap_ok(false, "%s", status_message());
    memcpy(samples[4].bytes, bytes, samples[4].size_bytes);
    free(bytes);
}

/* Opens exactly these bytes, so that a sanitizer sees a step beyond them. */
static enum status open_exactly(const uint8_t *bytes, size_t size_bytes)
{
    uint8_t *copy = malloc(size_bytes + (size_bytes == 0));
    struct import *import = NULL;
    noun state;
    if (size_bytes > 0)
        memcpy(copy, bytes, size_bytes);
    enum status status = import_open_bytes("sample", copy, size_bytes, &import);
    if (status == STATUS_OK)
        (void)!import_state(import, stack, &state);
    import_close(import);
    free(copy);
    return status;
}

static void test_truncation(void)
{
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        unsigned passed = 0;
        for (size_t size_bytes = 0; size_bytes < samples[i].size_bytes; size_bytes++)
            passed += open_exactly(samples[i].bytes, size_bytes) == STATUS_OK;
        uint8_t longer[513];
        memcpy(longer, samples[i].bytes, samples[i].size_bytes);
        longer[samples[i].size_bytes] = 0;
        passed += open_exactly(longer, samples[i].size_bytes + 1) == STATUS_OK;
        tap_ok(passed == 0, "%s: no shorter or longer file passes", samples[i].name);
    }
}

static void test_flips(void)
{
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        unsigned passed = 0;
        struct sample flipped = samples[i];
        for (size_t bit = 0; bit < 8 * flipped.size_bytes; bit++) {
            flipped.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            bool guarded = bit / 8 < flipped.unguarded_from || bit / 8 >= flipped.unguarded_to;
            enum status status = open_exactly(flipped.bytes, flipped.size_bytes);
            passed += status == STATUS_OK && guarded;
            flipped.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        tap_ok(passed == 0, "%s: no flipped bit passes where the format guards it (%zu tried)", flipped.name,
               8 * flipped.size_bytes);
    }
}

/* The format's beginning and then anything. */
static void test_garbage(void)
{
    uint64_t seed = tap_seed();
    unsigned tried = 0, passed = 0;
    for (; tried < 20000; tried++) {
        struct sample sample = samples[tried % COUNT_OF(samples)];
        size_t keep_bytes = (size_t)tap_below(&seed, sample.size_bytes);
        size_t size_bytes = (size_t)tap_below(&seed, sizeof sample.bytes);
        for (size_t i = keep_bytes; i < size_bytes; i++)
            sample.bytes[i] =
                tap_below(&seed, 3) == 0 ? (uint8_t)(250 + tap_below(&seed, 6)) : (uint8_t)tap_random(&seed);
        passed += open_exactly(sample.bytes, size_bytes) == STATUS_OK;
    }
    tap_ok(passed < tried, "%u files of garbage: %u of them well-formed by chance", tried, passed);
}

static void test_refusals(void)
{
    struct import *import;
    uint8_t bytes[512];
    memcpy(bytes, samples[4].bytes, samples[4].size_bytes);
    bytes[8] = 2;
    tap_ok(import_open_bytes("newer", bytes, samples[4].size_bytes, &import) == STATUS_FORMAT,
           "a newer export is refused: %s", status_message());
    memcpy(bytes, samples[0].bytes, samples[0].size_bytes);
    bytes[9] = 1;
    tap_ok(import_open_bytes("newer", bytes, samples[0].size_bytes, &import) == STATUS_FORMAT,
           "so is a newer state jam: %s", status_message());
    bytes[6] ^= 1;
    tap_ok(import_open_bytes("other", bytes, samples[0].size_bytes, &import) == STATUS_FORMAT,
           "so is something else: %s", status_message());
    tap_ok(import_open(path_in("nothing"), &import) == STATUS_NOT_FOUND, "so is nothing: %s", status_message());
    tap_ok(import_open(directory, &import) == STATUS_FORMAT, "so is a directory: %s", status_message());
    tap_ok(os_replace_whole(path_in("empty"), "", 0) == STATUS_OK && import_open(path, &import) == STATUS_FORMAT,
           "so is an empty file: %s", status_message());
}

/* ---- the public tree's prewarm file ------------------------------------------- */

static void test_prewarm(void)
{
    const char *prewarm = tap_corpus("crates/hoonc/bootstrap/hoonc-prewarm.jam");
    struct import *import = NULL;
    noun state = 0;
    if (prewarm == NULL)
        return tap_skip("hoonc-prewarm.jam", "LOAM_CORPUS is not set, or has no such file");
    if (!tap_ok(import_open(prewarm, &import) == STATUS_OK, "the prewarm file opens"))
        return tap_note("%s", status_message());
    const struct import_facts *facts = import_facts(import);
    tap_ok(facts->format == IMPORT_EXPJAM && facts->event == 1 && facts->jam_size_bytes == 566464 &&
               facts->kernel_hash[0] == 0xe1 && facts->kernel_hash[31] == 0x95,
           "it stands at event 1 of hoonc");
    tap_ok(import_state(import, stack, &state) == STATUS_OK && noun_mug(state) == 0x16cbc6c6, "its state has its mug");
    uint8_t *jam = NULL, *written = NULL, *original = NULL;
    size_t jam_bytes, written_bytes, original_bytes;
    bool same = codec_jam(state, &jam, &jam_bytes) == STATUS_OK &&
                import_write(path_in("prewarm"), facts, jam, jam_bytes) == STATUS_OK &&
                os_read_whole(path, 1 << 26, &written, &written_bytes) == STATUS_OK &&
                os_read_whole(prewarm, 1 << 26, &original, &original_bytes) == STATUS_OK &&
                written_bytes == original_bytes && memcmp(written, original, written_bytes) == 0;
    tap_ok(same, "written again it is the same file");
    free(jam);
    free(written);
    free(original);
    import_close(import);
}

int main(void)
{
    stack = space_stack();
    directory = tap_scratch();
    test_vector("state jam", state_jam_hex, IMPORT_EXPJAM, 0);
    test_vector("checkpoint 2", chkjam_2_hex, IMPORT_CHKJAM, 2);
    test_vector("checkpoint 1", chkjam_1_hex, IMPORT_CHKJAM, 1);
    test_vector("checkpoint 0", chkjam_0_hex, IMPORT_CHKJAM, 0);
    test_pair();
    test_round_trips();
    build_samples();
    test_truncation();
    test_flips();
    test_garbage();
    test_refusals();
    test_prewarm();
    return tap_done();
}
