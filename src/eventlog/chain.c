/* The chain: each record's checksum starts from the one before it.
 *
 * A job is named by its BLAKE3; everything else in a row is guarded by its
 * chain value, XXH3 of the fields below seeded with the chain of the row
 * before, and the first row's with one that comes from the identity.  So a
 * flipped bit, a missing, doubled or exchanged row, and a row of another log
 * are all found by whoever reads across the place.  It guards against
 * accidents, not against somebody who computes it anew.
 */
#include "eventlog/private.h"

#include <string.h>

struct row_image {
    uint64_t event;
    uint64_t kind;
    uint64_t state_hash;
    uint64_t evaluation_us;
    uint64_t wall_ms;
    uint64_t wire_size_bytes;
    uint64_t wire_hash;
    uint64_t job_size_bytes;
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
};
static_assert(sizeof(struct row_image) == 96, "the chain covers no padding");

struct load_image {
    uint64_t boundary;
    uint64_t state_hash;
    uint64_t wall_ms;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
};
static_assert(sizeof(struct load_image) == 56, "the chain covers no padding");

struct identity_image {
    uint8_t identity[EVENTLOG_IDENTITY_SIZE_BYTES];
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t base_event;
    uint64_t base_state_hash;
    uint64_t created_ms;
};
static_assert(sizeof(struct identity_image) == 72, "the chain covers no padding");

struct base_image {
    uint64_t event;
    uint64_t state_hash;
    uint64_t chain;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
};
static_assert(sizeof(struct base_image) == 56, "the seal covers no padding");

uint64_t eventlog_chain_base(uint64_t previous, const struct eventlog_base *base)
{
    struct base_image image = {.event = base->event, .state_hash = base->state_hash, .chain = base->chain};
    memcpy(image.kernel_hash, base->kernel_hash, sizeof image.kernel_hash);
    return hash_xxh3_64_seeded(&image, sizeof image, previous);
}

uint64_t eventlog_chain_identity(const struct eventlog_identity *identity)
{
    return eventlog_chain_seal(identity, 0);
}

uint64_t eventlog_chain_seal(const struct eventlog_identity *identity, uint64_t base_chain)
{
    struct identity_image image = {
        .base_event = identity->base_event,
        .base_state_hash = identity->base_state_hash,
        .created_ms = identity->created_ms,
    };
    memcpy(image.identity, identity->identity, sizeof image.identity);
    memcpy(image.kernel_hash, identity->kernel_hash, sizeof image.kernel_hash);
    return hash_xxh3_64_seeded(&image, sizeof image, base_chain);
}

uint64_t eventlog_chain_row(uint64_t previous, const struct eventlog_row *row)
{
    struct row_image image = {
        .event = row->event,
        .kind = row->kind,
        .state_hash = row->state_hash,
        .evaluation_us = row->evaluation_us,
        .wall_ms = row->wall_ms,
        .wire_size_bytes = row->wire_size_bytes,
        .wire_hash = hash_xxh3_64(row->wire_size_bytes == 0 ? (const uint8_t *)"" : row->wire, row->wire_size_bytes),
        .job_size_bytes = row->job_size_bytes,
    };
    memcpy(image.job_hash, row->job_hash, sizeof image.job_hash);
    return hash_xxh3_64_seeded(&image, sizeof image, previous);
}

uint64_t eventlog_chain_load(uint64_t previous, const struct eventlog_load *load)
{
    struct load_image image = {
        .boundary = load->boundary,
        .state_hash = load->state_hash,
        .wall_ms = load->wall_ms,
    };
    memcpy(image.kernel_hash, load->kernel_hash, sizeof image.kernel_hash);
    return hash_xxh3_64_seeded(&image, sizeof image, previous);
}
