#include "os/os.h"

#include <unistd.h>

#include "tap.h"

static enum os_kind kind(const char *path)
{
    enum os_kind kind;
    CHECK(os_kind_of(path, &kind) == STATUS_OK);
    return kind;
}

static void put(const char *path)
{
    struct os_file *file;
    CHECK(os_file_open(path, OS_OPEN_CREATE, &file) == STATUS_OK);
    os_file_close(file);
}

static void test_create(const char *home)
{
    const char *deep = tap_path(home, "a/b//c/");
    tap_ok(os_directory_create(tap_path(home, "a/b"), false) == STATUS_NOT_FOUND, "no parents, no directory");
    tap_ok(os_directory_create(deep, true) == STATUS_OK && kind(deep) == OS_KIND_DIRECTORY,
           "unless they are asked for");
    tap_ok(os_directory_create(deep, true) == STATUS_OK, "with parents it may exist");
    tap_ok(os_directory_create(tap_path(home, "a"), false) == STATUS_EXISTS, "without it may not");
    put(tap_path(home, "file"));
    tap_ok(os_directory_create(tap_path(home, "file"), true) == STATUS_EXISTS, "a file is not a directory");
    tap_ok(os_directory_create(tap_path(home, "file/a"), true) != STATUS_OK, "and holds none");
    CHECK(chdir(home) == 0);
    tap_ok(os_directory_create("relative", false) == STATUS_OK && os_directory_create("r/s/t", true) == STATUS_OK &&
               kind(tap_path(home, "r/s/t")) == OS_KIND_DIRECTORY,
           "relative paths work");
    tap_ok(os_directory_create("", true) == STATUS_NOT_FOUND, "an empty path is nothing");
    tap_ok(os_directory_create("/", true) == STATUS_OK, "the root is there");
}

static void test_kinds(const char *home)
{
    tap_ok(kind(home) == OS_KIND_DIRECTORY, "a directory");
    put(tap_path(home, "kind"));
    tap_ok(kind(tap_path(home, "kind")) == OS_KIND_FILE, "a file");
    tap_ok(kind("/dev/null") == OS_KIND_OTHER, "something else");
    tap_ok(kind(tap_path(home, "none")) == OS_KIND_ABSENT, "nothing");
    tap_ok(kind(tap_path(home, "kind/below")) == OS_KIND_ABSENT, "nothing below a file");
}

struct listing {
    char text[256];
    unsigned stop_after;
};

static enum status append(void *context, const char *name)
{
    struct listing *listing = context;
    strcat(strcat(listing->text, name), " ");
    return --listing->stop_after == 0 ? STATUS_INTERRUPTED : STATUS_OK;
}

static void test_list(const char *home)
{
    const char *path = tap_path(home, "list");
    CHECK(os_directory_create(path, false) == STATUS_OK);
    const char *names[] = {"b", "a", "B", ".hidden", "10", "9", "\xc3\xa9"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(tap_path(path, names[i]));
    struct listing listing = {.stop_after = 100};
    tap_ok(os_directory_list(path, append, &listing) == STATUS_OK &&
               strcmp(listing.text, ".hidden 10 9 B a b \xc3\xa9 ") == 0,
           "names come in byte order");
    listing = (struct listing){.stop_after = 2};
    tap_ok(os_directory_list(path, append, &listing) == STATUS_INTERRUPTED && strcmp(listing.text, ".hidden 10 ") == 0,
           "a status ends the listing");
    tap_ok(os_directory_list(tap_path(home, "none"), append, &listing) == STATUS_NOT_FOUND, "no directory, no list");
    tap_ok(os_directory_list(tap_path(home, "kind"), append, &listing) == STATUS_NOT_FOUND, "a file has no list");
}

static void test_names(const char *home)
{
    put(tap_path(home, "from"));
    tap_ok(os_rename(tap_path(home, "from"), tap_path(home, "to")) == STATUS_OK &&
               kind(tap_path(home, "from")) == OS_KIND_ABSENT && kind(tap_path(home, "to")) == OS_KIND_FILE,
           "rename moves a name");
    tap_ok(os_rename(tap_path(home, "from"), tap_path(home, "to")) == STATUS_NOT_FOUND, "nothing is not renamed");
    tap_ok(os_remove(tap_path(home, "to")) == STATUS_OK && kind(tap_path(home, "to")) == OS_KIND_ABSENT,
           "remove takes a file");
    tap_ok(os_remove(tap_path(home, "to")) == STATUS_NOT_FOUND, "nothing is not removed");
    tap_ok(os_remove(tap_path(home, "list")) == STATUS_EXISTS, "a directory with something in it stays");
    tap_ok(os_remove(tap_path(home, "relative")) == STATUS_OK, "an empty one goes");
    tap_ok(os_directory_sync(home) == STATUS_OK && os_directory_sync(tap_path(home, "none")) == STATUS_NOT_FOUND,
           "directories sync");
}

static void test_space(const char *home)
{
    uint64_t size_bytes = 0;
    tap_ok(os_space_available(home, &size_bytes) == STATUS_OK && size_bytes > 0, "there is some space");
    tap_ok(os_space_available(tap_path(home, "none"), &size_bytes) == STATUS_NOT_FOUND, "but none at no place");
}

int main(void)
{
    const char *home = tap_scratch();
    test_create(home);
    test_kinds(home);
    test_list(home);
    test_names(home);
    test_space(home);
    return tap_done();
}
