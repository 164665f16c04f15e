/* A file behind the tenured halves: nothing changes but where the memory is. */
#include "support/space.h"
#include "stack/stack.h"
#include "support/tap.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY 3000000 /* cells: 72 MB */
#define STRIDE 50000 /* cells between collections */

static const char *directory;
static struct stack *stack;

static void visit_one(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    (void)reach;
    stack_visit(visitor, context);
}

static void build(noun *list, uint64_t count)
{
    const struct stack_roots roots = {.context = list, .visit = visit_one};
    *list = 0;
    for (uint64_t i = 0; i < count; i++) {
        *list = stack_cell(stack, i, *list);
        if (i % STRIDE == 0)
            stack_collect(stack, &roots);
    }
    stack_collect_full(stack, &roots);
}

static bool is_whole(noun list, uint64_t count)
{
    while (count-- > 0) {
        if (!noun_is_cell(list) || noun_head(list) != count)
            return false;
        list = noun_tail(list);
    }
    return list == 0;
}

/* The length of the file that descriptors of this process hold in the directory, blocks of it. */
static uint64_t file_blocks_bytes(void)
{
    uint64_t found_bytes = 0;
    for (int descriptor = 3; descriptor < 64; descriptor++) {
        struct stat facts, place;
        if (fstat(descriptor, &facts) == 0 && stat(directory, &place) == 0 && S_ISREG(facts.st_mode) &&
            facts.st_nlink == 0 && facts.st_dev == place.st_dev)
            found_bytes += (uint64_t)facts.st_blocks * 512;
    }
    return found_bytes;
}

static size_t names_in_directory(void)
{
    size_t count = 0;
    DIR *entries = opendir(directory);
    CHECK(entries != NULL);
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count - 2;
}

static void restart(uint64_t limit_bytes)
{
    stack_destroy(stack);
    const struct stack_options options = {.limit_bytes = limit_bytes, .backing_directory = directory};
    CHECK(stack_create(&options, &stack) == STATUS_OK);
}

static void test_same(void)
{
    restart(0);
    noun list;
    tap_ok(file_blocks_bytes() == 0, "nothing is taken from the disk before it is needed");
    build(&list, MANY);
    tap_ok(is_whole(list, MANY), "a list larger than the warm part is whole after many collections");
    tap_ok(file_blocks_bytes() >= 24 * (uint64_t)MANY / 2, "most of it is in the file");
    tap_ok(names_in_directory() == 0, "which has no name");
    tap_ok(!stack_is_over(stack), "within the limit");
    stack_clear(stack);
    /* but for some of the file system's own: ext4 counts the blocks of its extent tree */
    tap_ok(file_blocks_bytes() <= 24 * (uint64_t)MANY / 32, "a clear gives the blocks back");
    build(&list, MANY / 10);
    tap_ok(is_whole(list, MANY / 10), "and the stack goes on");
}

/* A full disk, as far as an allocation can tell. */
static void test_short(void)
{
    struct rlimit old, low;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    low = old;
    low.rlim_cur = 1 << 20;
    signal(SIGXFSZ, SIG_IGN);
    restart(0);
    CHECK(setrlimit(RLIMIT_FSIZE, &low) == 0);
    noun list;
    build(&list, MANY);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    tap_ok(stack_is_over(stack), "a file that cannot grow is the end of the run");
    tap_ok(!stack_reserve(stack, 1), "nothing more is to be allocated");
    tap_ok(is_whole(list, MANY), "and nothing is lost");
    stack_clear(stack);
    tap_ok(!stack_is_over(stack) && stack_reserve(stack, 1), "the next run may try again");
    build(&list, MANY);
    tap_ok(is_whole(list, MANY) && !stack_is_over(stack), "and has room when there is some");
}

static void test_refusal(void)
{
    stack_destroy(stack);
    stack = NULL;
    const struct stack_options options = {.backing_directory = "/nowhere/at/all"};
    tap_ok(stack_create(&options, &stack) == STATUS_NOT_FOUND && stack == NULL, "no directory: refused (%s)",
           status_message());
}

int main(void)
{
    stack = space_stack();
    directory = tap_scratch();
    test_same();
    test_short();
    test_refusal();
    CHECK(stack_create(NULL, &stack) == STATUS_OK);
    stack_destroy(stack);
    return tap_done();
}
