/* Argon2 by its published answers (RFC 9106), and what the jet leaves alone. */
#include "zk/jets.h"
#include "space.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static struct nock *machine;

static noun cell(noun head, noun tail)
{
    return stack_cell(space_stack(), head, tail);
}

/* [size data]: so many equal bytes. */
static noun bytes_of(uint8_t byte, size_t size_bytes)
{
    uint8_t bytes[64];
    memset(bytes, byte, sizeof bytes);
    return cell(size_bytes, stack_atom_from_bytes(space_stack(), bytes, size_bytes));
}

struct parameters {
    noun out, type, version, threads, memory, passes;
};

static const struct parameters published = {32, 'd', 0x13, 4, 32, 3};

static noun call_on(struct parameters p, noun message, noun salt)
{
    struct stack *stack = space_stack();
    noun extra = bytes_of(4, 12), key = bytes_of(3, 8);
    noun costs = cell(p.threads, cell(p.memory, cell(p.passes, cell(key, extra))));
    noun outer = stack_triple(stack, 0, stack_triple(stack, p.out, p.type, cell(p.version, costs)), 0);
    return zk_jet_argon2(machine, stack_triple(stack, 0, cell(message, salt), outer));
}

static noun call(struct parameters p, noun salt)
{
    return call_on(p, bytes_of(1, 32), salt);
}

/* The hash is an atom whose most significant byte is the first. */
static bool is_hash(noun product, const char *hex)
{
    char text[65] = "";
    uint64_t holder;
    size_t count;
    if (product >= NOCK_JET_FAIL || !noun_is_atom(product))
        return false;
    const uint64_t *words = noun_atom_words(product, &holder, &count);
    for (size_t i = 4; i-- > 0;)
        snprintf(text + strlen(text), 17, "%016" PRIx64, i < count ? words[i] : 0);
    return strcmp(text, hex) == 0;
}

static void test_published(void)
{
    static const struct {
        const char *type, *hex;
    } answers[] = {
        {"d", "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"},
        {"i", "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"},
        {"id", "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"},
    };
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct parameters p = published;
        p.type = noun_cord(answers[i].type);
        tap_ok(is_hash(call(p, bytes_of(2, 16)), answers[i].hex), "Argon2%s is that of RFC 9106", answers[i].type);
    }
}

static void test_left_alone(void)
{
    struct parameters p = published;
    tap_ok(call(p, bytes_of(2, 7)) == NOCK_JET_PUNT, "a salt under 8 bytes is left to the Nock");
    tap_ok(call(p, 5) == NOCK_JET_PUNT, "so is one that is no byte string");
    p.type = 'u';
    tap_ok(call(p, bytes_of(2, 16)) == NOCK_JET_PUNT, "so is the library's own type %%u");
    p = published, p.memory = 31;
    tap_ok(call(p, bytes_of(2, 16)) == NOCK_JET_PUNT, "so is too little memory");
    p.memory = (uint64_t)1 << 40;
    tap_ok(call(p, bytes_of(2, 16)) == NOCK_JET_PUNT, "so is more memory than a call may take");
    p = published, p.passes = (uint64_t)1 << 32;
    tap_ok(call(p, bytes_of(2, 16)) == NOCK_JET_PUNT, "so are more passes than can be waited for");
    p = published, p.out = 3;
    tap_ok(call(p, bytes_of(2, 16)) == NOCK_JET_PUNT, "so is a hash under 4 bytes");
    p = published;
    tap_ok(call_on(p, cell(150, 1), bytes_of(2, 16)) == NOCK_JET_PUNT,
           "so is a message whose zeros the library's BLAKE2b misplaces");
    tap_ok(zk_jet_argon2(machine, cell(0, cell(5, 5))) == NOCK_JET_PUNT, "so is a core of another shape");
}

int main(void)
{
    space_open();
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    test_published();
    test_left_alone();
    nock_destroy(machine);
    return tap_done();
}
