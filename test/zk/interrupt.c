/* Jets that would take long: asked to stop, they do, and without being asked they
 * take on no work without a bound. */
#include "zk/jets.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

#define SOON_NS 2000000000u
#define DEADLINE_MS 30

static struct nock *machine;

static noun cell(noun head, noun tail)
{
    return stack_cell(space_stack(), head, tail);
}

/* [battery sample door], where the door is [battery door-sample context]. */
static noun gate_in_door(noun sample, noun door_sample)
{
    return cell(0, cell(sample, cell(0, cell(door_sample, 0))));
}

/* 2^levels leaves in so many cells. */
static noun shared_tree(unsigned levels)
{
    noun tree = 7;
    for (; levels > 0; levels--)
        tree = cell(tree, tree);
    return tree;
}

static noun wide_atom(size_t words)
{
    uint64_t *at = stack_atom_begin(space_stack(), words);
    for (size_t i = 0; i < words; i++)
        at[i] = tap_random(&(uint64_t){i + 1}) | 1;
    return stack_atom_finish(space_stack());
}

static noun list_of(size_t count, noun item)
{
    noun list = 0;
    for (; count > 0; count--)
        list = cell(item, list);
    return list;
}

static noun tuple_of(unsigned count, noun item)
{
    noun tuple = item;
    for (; count > 1; count--)
        tuple = cell(item, tuple);
    return tuple;
}

/* ---- the jets ----------------------------------------------------------------- */

static noun run_leaves(void)
{
    return zk_jet_num_of_leaves(machine, shared_tree(60));
}

static noun run_sequence(void)
{
    return zk_jet_leaf_sequence(machine, shared_tree(22));
}

static noun run_dyck(void)
{
    return zk_jet_dyck(machine, shared_tree(22));
}

static noun run_hash(void)
{
    return zk_jet_hash_noun_varlen(machine, gate_in_door(shared_tree(60), ZK_ROUNDS));
}

static noun run_hash_list(void)
{
    return zk_jet_hash_varlen(machine, gate_in_door(list_of(3000000, 5), ZK_ROUNDS));
}

static noun run_hashable(void)
{
    noun tree = cell(noun_cord("leaf"), 7);
    for (unsigned levels = 60; levels > 0; levels--)
        tree = cell(tree, tree);
    return zk_jet_hash_hashable(machine, gate_in_door(tree, ZK_ROUNDS));
}

static noun run_power(void)
{
    return zk_jet_bpow(machine, 3, wide_atom(4000000));
}

static noun run_curve(void)
{
    noun coordinate = tuple_of(6, 9);
    return zk_jet_ch_scal(machine, wide_atom(100000), cell(coordinate, cell(coordinate, 1)));
}

static noun run_gas(void)
{
    noun list = 0;
    for (noun i = 300000; i > 0; i--)
        list = cell(i, list);
    return zk_jet_z_in_gas(machine, gate_in_door(list, 0));
}

static const struct {
    const char *name;
    noun (*run)(void);
} slow[] = {
    {"num-of-leaves", run_leaves},
    {"leaf-sequence", run_sequence},
    {"dyck", run_dyck},
    {"hash-noun-varlen", run_hash},
    {"hash-varlen", run_hash_list},
    {"hash-hashable", run_hashable},
    {"bpow", run_power},
    {"ch-scal", run_curve},
    {"z-in/gas", run_gas},
};

static bool gave_up(noun product)
{
    return product == NOCK_JET_FAIL || product == NOCK_JET_PUNT;
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        stack_clear(space_stack());
        nock_interrupt(machine);
        uint64_t start_ns = os_clock_cpu_ns();
        noun product = slow[i].run();
        uint64_t took_ns = os_clock_cpu_ns() - start_ns;
        nock_interrupt_clear(machine);
        tap_ok(gave_up(product) && took_ns < SOON_NS, "%s stops when it is told to, after %u ms", slow[i].name,
               (unsigned)(took_ns / 1000000));
    }
    stack_clear(space_stack());
    nock_set_deadline(machine, os_clock_ns() + DEADLINE_MS * 1000000u);
    uint64_t start_ns = os_clock_cpu_ns();
    noun product = zk_jet_num_of_leaves(machine, shared_tree(60));
    uint64_t took_ns = os_clock_cpu_ns() - start_ns;
    nock_set_deadline(machine, 0);
    tap_ok(product == NOCK_JET_FAIL && took_ns < SOON_NS, "a deadline stops one that is under way");
    nock_destroy(machine);
    return tap_done();
}
