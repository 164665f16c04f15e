/* Local sockets that have a name in a directory.
 *
 * The kernel takes a name of at most 107 bytes.  A longer path is reached
 * through the descriptor of its directory: /proc/self/fd/N/name is short,
 * whatever the directory is called.
 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BACKLOG 64

/* An address, and the directory's descriptor if it goes through it, else -1. */
struct place {
    struct sockaddr_un address;
    int directory;
};

static bool path_fits(struct place *place, const char *directory, const char *name)
{
    int capacity = (int)sizeof place->address.sun_path;
    int length = snprintf(place->address.sun_path, (size_t)capacity, "%s/%s", directory, name);
    return length < capacity;
}

static enum status place_find(const char *directory, const char *name, struct place *place)
{
    char short_directory[32];
    *place = (struct place){.address.sun_family = AF_UNIX, .directory = -1};
    if (path_fits(place, directory, name))
        return STATUS_OK;
    place->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place->directory < 0)
        return status_fail_errno(errno, "cannot open the directory %s", directory);
    snprintf(short_directory, sizeof short_directory, "/proc/self/fd/%d", place->directory);
    CHECK(path_fits(place, short_directory, name));
    return STATUS_OK;
}

static void place_finish(const struct place *place)
{
    if (place->directory >= 0)
        close(place->directory);
}

static enum status socket_make(int *descriptor)
{
    *descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return *descriptor >= 0 ? STATUS_OK : status_fail_errno(errno, "cannot make a socket");
}

/* The mode of the descriptor becomes that of the name, so that nobody else can
 * slip in between bind and a later chmod. */
static enum status listen_at(const struct place *place, int descriptor, const char *directory, const char *name)
{
    struct stat facts;
    if (lstat(place->address.sun_path, &facts) == 0 && S_ISSOCK(facts.st_mode))
        unlink(place->address.sun_path);
    const struct sockaddr *address = (const struct sockaddr *)&place->address;
    if (fchmod(descriptor, 0600) != 0 || bind(descriptor, address, sizeof place->address) != 0 ||
        listen(descriptor, LISTEN_BACKLOG) != 0)
        return status_fail_errno(errno, "cannot listen at the socket %s/%s", directory, name);
    return STATUS_OK;
}

enum status os_socket_listen(const char *directory, const char *name, int *descriptor)
{
    struct place place;
    STATUS_TRY(place_find(directory, name, &place));
    enum status status = socket_make(descriptor);
    if (status == STATUS_OK) {
        status = listen_at(&place, *descriptor, directory, name);
        if (status != STATUS_OK)
            close(*descriptor);
    }
    place_finish(&place);
    return status;
}

void os_socket_forget(const char *directory, const char *name)
{
    struct place place;
    if (place_find(directory, name, &place) != STATUS_OK)
        return;
    unlink(place.address.sun_path);
    place_finish(&place);
}

enum status os_socket_connect(const char *directory, const char *name, int *descriptor)
{
    struct place place;
    STATUS_TRY(place_find(directory, name, &place));
    enum status status = socket_make(descriptor);
    if (status == STATUS_OK &&
        connect(*descriptor, (const struct sockaddr *)&place.address, sizeof place.address) != 0) {
        int error_number = errno;
        close(*descriptor);
        status = error_number == ENOENT || error_number == ECONNREFUSED
                     ? status_fail(STATUS_NOT_FOUND, "nobody listens at %s/%s", directory, name)
                     : status_fail_errno(error_number, "cannot connect to %s/%s", directory, name);
    }
    place_finish(&place);
    return status;
}

enum status os_socket_send(int descriptor, const void *bytes, size_t size_bytes)
{
    const char *at = bytes;
    while (size_bytes > 0) {
        ssize_t sent = send(descriptor, at, size_bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return status_fail_errno(errno, "cannot write to a socket");
        at += sent;
        size_bytes -= (size_t)sent;
    }
    return STATUS_OK;
}

enum status os_socket_receive(int descriptor, uint64_t timeout_ms, void *bytes, size_t capacity, size_t *size_bytes)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int ready;
    do
        ready = poll(&wanted, 1, timeout_ms == 0 ? -1 : (int)timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return status_fail(STATUS_BUSY, "no answer came within %" PRIu64 " ms", timeout_ms);
    ssize_t count;
    do
        count = recv(descriptor, bytes, capacity, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return status_fail_errno(errno, "cannot read from a socket");
    *size_bytes = (size_t)count;
    return STATUS_OK;
}

bool os_socket_peer(int descriptor, int *process)
{
    struct ucred peer;
    socklen_t size_bytes = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size_bytes) != 0 || peer.pid <= 0)
        return false;
    *process = peer.pid;
    return true;
}

void os_socket_close(int descriptor)
{
    close(descriptor);
}
