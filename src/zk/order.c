/* The orders of the sets and maps of the zkvm group. */
#include "zk/jets.h"
#include "zk/order.h"

/* The order by hash, or by doubled hash. */
static noun order_by(noun a, noun b, bool twice)
{
    struct zk_digest left, right;
    if (!zk_tip(a, &left) || !zk_tip(b, &right))
        return NOCK_JET_PUNT;
    if (twice) {
        left = zk_hash_pair(&left, &left);
        right = zk_hash_pair(&right, &right);
    }
    int order = zk_digest_compare(&left, &right);
    return zk_loobean(order == 0 ? noun_dor(a, b) : order < 0);
}

noun zk_jet_gor_tip(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return order_by(a, b, false);
}

noun zk_jet_mor_tip(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return order_by(a, b, true);
}

/* ---- keys that are hashes ---------------------------------------------------- */

/* The next digest of a key.  A key is one digest, or a list of them; a list of
 * one is forbidden. */
struct digests {
    noun rest; /* 0 at the end */
    bool alone;
};

static bool is_digest(noun n)
{
    struct zk_digest digest;
    return zk_digest_read(n, &digest);
}

bool zk_is_hashed(noun key)
{
    if (is_digest(key))
        return true;
    noun first = key;
    for (; noun_is_cell(key); key = noun_tail(key))
        if (!is_digest(noun_head(key)))
            return false;
    return key == 0 && noun_is_cell(first) && noun_is_cell(noun_tail(first));
}

static struct digests digests_of(noun key)
{
    return (struct digests){key, is_digest(key)};
}

static bool next_digest(struct digests *digests, struct zk_digest *digest)
{
    if (digests->rest == 0)
        return false;
    bool read = zk_digest_read(digests->alone ? digests->rest : noun_head(digests->rest), digest);
    digests->rest = digests->alone ? 0 : noun_tail(digests->rest);
    CHECK_DEBUG(read);
    return read;
}

/* The greater digest is first; of a key and its beginning, the longer one. */
static bool hashed_before(noun a, noun b, bool backwards)
{
    struct digests left = digests_of(a), right = digests_of(b);
    struct zk_digest one, other;
    for (;;) {
        if (!next_digest(&left, &one))
            return false;
        if (!next_digest(&right, &other))
            return true;
        int order = backwards ? zk_digest_compare_backwards(&one, &other) : zk_digest_compare(&one, &other);
        if (order != 0)
            return order > 0;
    }
}

bool zk_gor_hip(noun a, noun b)
{
    return hashed_before(a, b, false);
}

bool zk_mor_hip(noun a, noun b)
{
    return hashed_before(a, b, true);
}

static noun order_hashed(noun a, noun b, bool backwards)
{
    struct zk_digest one, other;
    if (zk_digest_read(a, &one) && zk_digest_read(b, &other))
        return zk_loobean((backwards ? zk_digest_compare_backwards(&one, &other) : zk_digest_compare(&one, &other)) >
                          0);
    return zk_is_hashed(a) && zk_is_hashed(b) ? zk_loobean(hashed_before(a, b, backwards)) : NOCK_JET_PUNT;
}

noun zk_jet_gor_hip(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return order_hashed(a, b, false);
}

noun zk_jet_mor_hip(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return order_hashed(a, b, true);
}
