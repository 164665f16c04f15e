/* What is and what is not a machine directory. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

static enum status try_create(const char *directory, const char *kernel_text)
{
    struct recovery_kernel kernel = test_kernel_jam(kernel_text);
    struct node *node = NULL;
    enum status status = recovery_create(directory, &kernel, NULL, NULL, &node);
    recovery_close(node);
    free((void *)kernel.bytes);
    return status;
}

static void write_file(const char *path, const char *text)
{
    CHECK(os_replace_whole(path, text, strlen(text)) == STATUS_OK);
}

static bool is_absent(const char *path)
{
    enum os_kind kind;
    return os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_ABSENT;
}

static void test_creation(void)
{
    const char *machine = rig_path("machine");
    tap_ok(try_create(machine, TEST_KERNEL) == STATUS_OK, "an absent directory becomes a machine");
    uint64_t before = rig_fingerprint(machine);
    tap_ok(try_create(machine, TEST_KERNEL) == STATUS_EXISTS, "a machine does not become another one");
    tap_ok(rig_fingerprint(machine) == before, "and stays as it was");

    const char *empty = rig_path("empty");
    CHECK(os_directory_create(empty, false) == STATUS_OK);
    tap_ok(try_create(empty, TEST_KERNEL) == STATUS_OK, "an empty directory becomes a machine");

    const char *file = rig_path("file");
    write_file(file, "hello");
    tap_ok(try_create(file, TEST_KERNEL) == STATUS_EXISTS, "a file does not become a machine");
    tap_ok(try_create(rig_path("no/where"), TEST_KERNEL) != STATUS_OK, "a directory in no directory is refused");
}

static void test_refused_creation(void)
{
    const char *absent = rig_path("absent");
    struct recovery_kernel garbage = {(const uint8_t *)"garbage", 7};
    struct node *node;
    tap_ok(recovery_create(absent, &garbage, NULL, NULL, &node) == STATUS_INVALID, "garbage is no kernel: %s",
           status_message());
    tap_ok(is_absent(absent), "and leaves nothing behind");
    tap_ok(try_create(absent, "[[1 0] 0]") == STATUS_INVALID, "a trap that makes no core is no kernel: %s",
           status_message());
    tap_ok(try_create(absent, "[[0 0] 0]") == STATUS_CRASHED, "a trap that crashes is no kernel: %s", status_message());
    tap_ok(is_absent(absent), "and still nothing is left behind");

    const char *foreign = rig_path("foreign");
    CHECK(os_directory_create(foreign, false) == STATUS_OK);
    char inside[4096];
    snprintf(inside, sizeof inside, "%s/thesis.txt", foreign);
    write_file(inside, "four years of work");
    uint64_t before = rig_fingerprint(foreign);
    tap_ok(try_create(foreign, TEST_KERNEL) == STATUS_EXISTS, "a directory with something in it is refused: %s",
           status_message());
    tap_ok(rig_try(foreign, NULL) == STATUS_FORMAT, "and is no machine to open");
    tap_ok(rig_fingerprint(foreign) == before, "and stays as it was");
    tap_ok(rig_try(absent, NULL) == STATUS_NOT_FOUND, "an absent directory is no machine");
    tap_ok(rig_try(inside, NULL) == STATUS_FORMAT, "a file is no machine");
}

static void test_leftovers(void)
{
    const char *machine = rig_path("killed");
    char mark[4096];
    snprintf(mark, sizeof mark, "%s/%s", machine, RECOVERY_MARK_NAME);
    tap_ok(try_create(machine, TEST_KERNEL) == STATUS_OK, "a machine is made");
    CHECK(os_remove(mark) == STATUS_OK);
    tap_ok(rig_try(machine, NULL) == STATUS_FORMAT, "without its mark it is none");
    tap_ok(try_create(machine, TEST_KERNEL) == STATUS_OK, "but a creation that was killed can be done again");
    tap_ok(rig_try(machine, NULL) == STATUS_OK, "and is a machine then");
    write_file(mark, "loam machine, format 999\nof the future\n");
    tap_ok(rig_try(machine, NULL) == STATUS_FORMAT, "a mark of another format is refused: %s", status_message());
}

static void test_lock(void)
{
    const char *machine = rig_path("busy");
    bool is_running;
    struct node *node = rig_create(machine, TEST_KERNEL);
    tap_ok(recovery_is_running(machine, &is_running) == STATUS_OK && is_running, "an open machine is running");
    tap_ok(rig_try(machine, NULL) == STATUS_BUSY, "and cannot be opened again");
    struct node *view;
    tap_ok(recovery_open_view(machine, NULL, &view) == STATUS_OK, "but can be looked at");
    recovery_close(view);
    recovery_close(node);
    tap_ok(recovery_is_running(machine, &is_running) == STATUS_OK && !is_running, "a closed one is not running");
    tap_ok(rig_try(machine, NULL) == STATUS_OK, "and can be opened");
}

int main(void)
{
    test_creation();
    test_refused_creation();
    test_leftovers();
    test_lock();
    return tap_done();
}
