#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static bool says(const char *words)
{
    return strstr(status_message(), words) != NULL;
}

static struct os_file *create(const char *path)
{
    struct os_file *file;
    CHECK(os_file_open(path, OS_OPEN_CREATE, &file) == STATUS_OK);
    return file;
}

static void put(const char *path, const char *text)
{
    struct os_file *file = create(path);
    CHECK(os_file_write(file, 0, text, strlen(text)) == STATUS_OK);
    os_file_close(file);
}

static void test_open(const char *home)
{
    struct os_file *file;
    const char *path = tap_path(home, "open");
    tap_ok(os_file_open(path, OS_OPEN_READ, &file) == STATUS_NOT_FOUND && file == NULL && says(path),
           "reading wants the file to exist");
    tap_ok(os_file_open(path, OS_OPEN_WRITE, &file) == STATUS_NOT_FOUND, "writing wants the file to exist");
    file = create(path);
    tap_ok(strcmp(os_file_path(file), path) == 0, "a file knows its path");
    os_file_close(file);
    tap_ok(os_file_open(path, OS_OPEN_CREATE, &file) == STATUS_EXISTS, "creating wants the file not to exist");
    struct stat facts;
    tap_ok(stat(path, &facts) == 0 && (facts.st_mode & 0777 & ~0640) == 0, "others cannot read a new file");
    CHECK(os_file_open(path, OS_OPEN_READ, &file) == STATUS_OK);
    tap_ok(os_file_write(file, 0, "x", 1) != STATUS_OK && says(path), "a file opened for reading is not written");
    os_file_close(file);
    os_file_close(NULL);
}

static void test_transfer(const char *home)
{
    struct os_file *file = create(tap_path(home, "transfer"));
    static uint8_t out[3000000], back[3000000];
    uint64_t state = tap_seed(), size_bytes;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)tap_random(&state);
    tap_ok(os_file_write(file, 12345, out, sizeof out) == STATUS_OK &&
               os_file_read(file, 12345, back, sizeof back) == STATUS_OK && memcmp(out, back, sizeof out) == 0,
           "what is written at an offset is read there");
    tap_ok(os_file_size(file, &size_bytes) == STATUS_OK && size_bytes == 12345 + sizeof out, "size is the end");
    uint8_t hole[12345] = {1};
    tap_ok(os_file_read(file, 0, hole, sizeof hole) == STATUS_OK && hole[0] == 0, "what was jumped over is zero");
    tap_ok(os_file_read(file, 12346, back, sizeof back) == STATUS_CORRUPT && says("cut short"),
           "a read beyond the end is a file cut short");
    tap_ok(os_file_read(file, 1u << 30, back, 0) == STATUS_OK, "a read of nothing succeeds anywhere");
    tap_ok(os_file_sync(file) == STATUS_OK, "it syncs");
    tap_ok(os_file_truncate(file, 100) == STATUS_OK && os_file_size(file, &size_bytes) == STATUS_OK &&
               size_bytes == 100,
           "truncate sets the size");
    os_file_close(file);
}

/* A descriptor that cannot be synced stands in for a failing device. */
static void test_broken(void)
{
    struct os_file *file;
    if (os_file_open("/dev/full", OS_OPEN_WRITE, &file) != STATUS_OK) {
        tap_skip("after a failed sync nothing more is written", "no /dev/full here");
        return;
    }
    tap_ok(os_file_write(file, 0, "x", 1) == STATUS_NO_SPACE && says("free some space"), "a full disk says so");
    tap_ok(os_file_sync(file) != STATUS_OK && says("/dev/full"), "a device that cannot sync says so");
    tap_ok(os_file_write(file, 0, "x", 1) == STATUS_IO && says("restart"), "then nothing more is written");
    tap_ok(os_file_sync(file) == STATUS_IO, "nor synced");
    tap_ok(os_file_allocate(file, 0, 4096) == STATUS_IO && os_file_truncate(file, 0) == STATUS_IO, "nor resized");
    os_file_close(file);
}

/* ---- blocks ---------------------------------------------------------------- */

static uint64_t blocks_bytes(const char *path)
{
    struct stat facts;
    CHECK(stat(path, &facts) == 0);
    return (uint64_t)facts.st_blocks * 512;
}

static void test_allocate(const char *home)
{
    const char *path = tap_path(home, "allocate");
    struct os_file *file = create(path);
    uint64_t size_bytes;
    tap_ok(os_file_allocate(file, 0, 1 << 20) == STATUS_OK && os_file_size(file, &size_bytes) == STATUS_OK &&
               size_bytes == 1 << 20,
           "allocating makes the file that long");
    tap_ok(blocks_bytes(path) >= 1 << 20, "and gives it its blocks");
    CHECK(os_file_write(file, 4096, "kept", 4) == STATUS_OK);
    char back[4] = "";
    tap_ok(os_file_allocate(file, 0, 8192) == STATUS_OK && os_file_size(file, &size_bytes) == STATUS_OK &&
               size_bytes == 1 << 20 && os_file_read(file, 4096, back, 4) == STATUS_OK && memcmp(back, "kept", 4) == 0,
           "allocating again what is there changes nothing");
    tap_ok(os_file_allocate(file, 0, 0) == STATUS_OK, "allocating nothing succeeds");
    tap_ok(os_file_allocate(file, UINT64_MAX - 4096, 8192) == STATUS_INVALID, "a range that wraps around is refused");
    os_file_close(file);
}

static void test_allocate_over_limit(const char *home)
{
    struct os_file *file = create(tap_path(home, "limited"));
    uint64_t size_bytes = 0;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, low = {1 << 20, RLIM_INFINITY};
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    low.rlim_max = old.rlim_max;
    CHECK(os_file_write(file, 0, "before", 6) == STATUS_OK && setrlimit(RLIMIT_FSIZE, &low) == 0);
    enum status status = os_file_allocate(file, 0, 4 << 20);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    tap_ok(status == STATUS_NO_SPACE && says("ulimit -f"), "what does not fit the size limit is refused");
    tap_ok(os_file_size(file, &size_bytes) == STATUS_OK && size_bytes == 6, "and the file keeps its old size");
    os_file_close(file);
}

/* Runs in a child with a file system of its own, of 1 MiB. */
enum { SMALL_NO_MOUNT = 2, SMALL_WRONG = 1, SMALL_RIGHT = 0 };

static bool small_disk_holds(const char *mount_point)
{
    struct os_file *file = create(tap_path(mount_point, "a"));
    uint64_t size_bytes = 0, free_before_bytes = 0, free_after_bytes = 1;
    bool holds = os_file_allocate(file, 0, 64 << 10) == STATUS_OK;
    holds = holds && os_space_available(mount_point, &free_before_bytes) == STATUS_OK;
    holds = holds && os_file_allocate(file, 0, 4 << 20) == STATUS_NO_SPACE;
    holds = holds && os_file_size(file, &size_bytes) == STATUS_OK && size_bytes == 64 << 10;
    holds = holds && os_space_available(mount_point, &free_after_bytes) == STATUS_OK;
    holds = holds && free_before_bytes == free_after_bytes;
    static uint8_t bytes[2 << 20];
    holds = holds && os_replace_whole(tap_path(mount_point, "b"), bytes, sizeof bytes) == STATUS_NO_SPACE;
    holds = holds && access(tap_path(mount_point, "b"), F_OK) != 0;
    holds = holds && os_space_available(mount_point, &free_after_bytes) == STATUS_OK;
    return holds && free_before_bytes == free_after_bytes;
}

static int on_small_disk(const char *mount_point)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return SMALL_NO_MOUNT;
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (mount("tmpfs", mount_point, "tmpfs", 0, "size=1m") != 0)
        return SMALL_NO_MOUNT;
    return small_disk_holds(mount_point) ? SMALL_RIGHT : SMALL_WRONG;
}

static void test_full_disk(const char *home)
{
    const char *mount_point = tap_path(home, "small");
    CHECK(mkdir(mount_point, 0700) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(on_small_disk(mount_point));
    int how;
    CHECK(waitpid(child, &how, 0) == child);
    if (WIFEXITED(how) && WEXITSTATUS(how) == SMALL_NO_MOUNT)
        tap_skip("on a full disk nothing is left half done", "this user may not mount");
    else
        tap_ok(WIFEXITED(how) && WEXITSTATUS(how) == SMALL_RIGHT, "on a full disk nothing is left half done");
}

/* ---- locks ----------------------------------------------------------------- */

static enum status try_lock(const char *path, bool exclusive)
{
    struct os_file *file;
    CHECK(os_file_open(path, OS_OPEN_READ, &file) == STATUS_OK);
    enum status status = os_file_lock(file, exclusive);
    os_file_close(file);
    return status;
}

static void test_bytes_lock(const char *home)
{
    const char *path = tap_path(home, "bytes");
    struct os_file *file = create(path), *reader;
    bool is_locked;
    uint64_t start = (uint64_t)1 << 62, found = 0;
    CHECK(os_file_open(path, OS_OPEN_READ, &reader) == STATUS_OK);
    tap_ok(os_file_find_lock(file, start, start + 1000, &is_locked, &found) == STATUS_OK && !is_locked,
           "no byte is locked at first");
    tap_ok(os_file_lock_byte(reader, start + 500) == STATUS_OK &&
               os_file_find_lock(file, start, start + 1000, &is_locked, &found) == STATUS_OK && is_locked &&
               found == start + 500,
           "a byte far beyond the end that a reader has locked is found");
    tap_ok(os_file_find_lock(file, start, start + 500, &is_locked, &found) == STATUS_OK && !is_locked,
           "but not below it");
    tap_ok(os_file_unlock_byte(reader, start + 500) == STATUS_OK &&
               os_file_find_lock(file, start, start + 1000, &is_locked, &found) == STATUS_OK && !is_locked,
           "nor when it was unlocked");
    CHECK(os_file_lock_byte(reader, start) == STATUS_OK);
    os_file_close(reader);
    tap_ok(os_file_find_lock(file, start, start + 1000, &is_locked, &found) == STATUS_OK && !is_locked,
           "nor when the reader is gone");
    os_file_close(file);
}

static void test_lock(const char *home)
{
    const char *path = tap_path(home, "lock");
    struct os_file *file = create(path);
    tap_ok(os_file_lock(file, true) == STATUS_OK, "a free file is locked");
    tap_ok(try_lock(path, true) == STATUS_BUSY && says("in use by"), "it is refused to a second opener");
    char process[32];
    snprintf(process, sizeof process, "process %d", (int)getpid());
    tap_ok(says(process) || access("/proc/locks", R_OK) != 0, "who is told which process has it");
    tap_ok(try_lock(path, false) == STATUS_BUSY, "a shared lock is refused, too");
    tap_ok(os_file_lock(file, false) == STATUS_OK && try_lock(path, false) == STATUS_OK, "shared ones share");
    tap_ok(try_lock(path, true) == STATUS_BUSY, "an exclusive one does not");
    os_file_close(file);
    tap_ok(try_lock(path, true) == STATUS_OK, "closing the file frees it");
}

/* ---- whole files ----------------------------------------------------------- */

static void test_read_whole(const char *home)
{
    uint8_t *bytes;
    size_t size_bytes;
    put(tap_path(home, "whole"), "0123456789");
    tap_ok(os_read_whole(tap_path(home, "whole"), 10, &bytes, &size_bytes) == STATUS_OK && size_bytes == 10 &&
               memcmp(bytes, "0123456789", 10) == 0,
           "a file at the limit is read");
    free(bytes);
    tap_ok(os_read_whole(tap_path(home, "whole"), 9, &bytes, &size_bytes) == STATUS_LIMIT && bytes == NULL,
           "a file over the limit is refused");
    put(tap_path(home, "empty"), "");
    tap_ok(os_read_whole(tap_path(home, "empty"), 9, &bytes, &size_bytes) == STATUS_OK && size_bytes == 0 &&
               bytes != NULL,
           "an empty file has no bytes");
    free(bytes);
    tap_ok(os_read_whole("/proc/self/status", 1 << 20, &bytes, &size_bytes) == STATUS_OK && size_bytes > 100,
           "a file that hides its size is read to its end");
    free(bytes);
    tap_ok(os_read_whole("/proc/self/status", 50, &bytes, &size_bytes) == STATUS_LIMIT, "and limited");
    tap_ok(os_read_whole("/dev/zero", 100000, &bytes, &size_bytes) == STATUS_LIMIT, "an endless one is limited");
    tap_ok(os_read_whole(home, 1 << 20, &bytes, &size_bytes) == STATUS_INVALID && says(home),
           "a directory is not a file");
    tap_ok(os_read_whole(tap_path(home, "absent"), 9, &bytes, &size_bytes) == STATUS_NOT_FOUND, "nor is nothing");
}

static enum status count_entries(void *context, const char *name)
{
    (void)name;
    ++*(unsigned *)context;
    return STATUS_OK;
}

static unsigned entries(const char *directory)
{
    unsigned count = 0;
    CHECK(os_directory_list(directory, count_entries, &count) == STATUS_OK);
    return count;
}

static bool holds(const char *path, const char *text)
{
    uint8_t *bytes;
    size_t size_bytes;
    if (os_read_whole(path, 1 << 20, &bytes, &size_bytes) != STATUS_OK)
        return false;
    bool is_same = size_bytes == strlen(text) && memcmp(bytes, text, size_bytes) == 0;
    free(bytes);
    return is_same;
}

static bool is_file(const char *path)
{
    enum os_kind kind;
    return os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_FILE;
}

static void test_replace_whole(const char *home)
{
    const char *path = tap_path(home, "replace");
    tap_ok(os_replace_whole(path, "one", 3) == STATUS_OK && holds(path, "one"), "replace makes a file");
    CHECK(chmod(path, 0600) == 0);
    tap_ok(os_replace_whole(path, "three", 5) == STATUS_OK && holds(path, "three"), "and replaces one");
    struct stat facts;
    tap_ok(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600, "keeping its mode");
    unsigned before = entries(home);
    CHECK(mkdir(tap_path(home, "occupied"), 0700) == 0);
    tap_ok(os_replace_whole(tap_path(home, "occupied"), "x", 1) != STATUS_OK && entries(home) == before + 1,
           "what cannot be replaced leaves nothing beside it");
    tap_ok(os_replace_whole("/dev/null", "x", 1) == STATUS_OK && access("/dev/null", W_OK) == 0 &&
               !is_file("/dev/null"),
           "a device stays one");
    tap_ok(os_replace_whole(tap_path(home, "absent/file"), "x", 1) == STATUS_NOT_FOUND, "no directory, no file");
}

int main(void)
{
    const char *home = tap_scratch();
    test_open(home);
    test_transfer(home);
    test_broken();
    test_allocate(home);
    test_allocate_over_limit(home);
    test_full_disk(home);
    test_bytes_lock(home);
    test_lock(home);
    test_read_whole(home);
    test_replace_whole(home);
    return tap_done();
}
