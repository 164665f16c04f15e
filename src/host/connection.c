#include "host/connection.h"

#include <stdlib.h>
#include <string.h>

#include "host/request.h"

#define PATIENCE_MS 10000 /* to ask, and to take the answer */
#define FIRST_CAPACITY 256

struct connection {
    struct connections *among;
    struct connection *next;
    uv_pipe_t pipe;
    uv_timer_t timer;
    unsigned open_handles;
    bool is_closing;
    bool is_answered;           /* the end of the answer is on its way */
    size_t writing;             /* pieces of it */
    struct connection **holder; /* of whoever serves it; NULL before and after */
    char *line;                 /* owned */
    size_t length, capacity;
};

/* ---- its life --------------------------------------------------------------------- */

static void connection_unlink(struct connection *connection)
{
    struct connection **at = &connection->among->first;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    connection->among->count--;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (--connection->open_handles > 0)
        return;
    free(connection->line);
    free(connection);
}

static void connection_close(struct connection *connection)
{
    if (connection->is_closing)
        return;
    connection->is_closing = true;
    connection_unlink(connection);
    if (connection->holder != NULL)
        *connection->holder = NULL;
    uv_close((uv_handle_t *)&connection->pipe, on_closed);
    uv_close((uv_handle_t *)&connection->timer, on_closed);
}

static void on_late(uv_timer_t *timer)
{
    connection_close(timer->data);
}

static void be_patient(struct connection *connection)
{
    uv_timer_start(&connection->timer, on_late, PATIENCE_MS, 0);
}

static struct connection *connection_new(struct connections *among, uv_loop_t *loop)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *connection);
    connection->among = among;
    connection->next = among->first;
    among->first = connection;
    among->count++;
    CHECK(uv_pipe_init(loop, &connection->pipe, 0) == 0);
    CHECK(uv_timer_init(loop, &connection->timer) == 0);
    connection->open_handles = 2;
    connection->pipe.data = connection->timer.data = connection;
    return connection;
}

struct connection *connection_accept(struct connections *connections, uv_stream_t *listener)
{
    struct connection *connection = connection_new(connections, listener->loop);
    if (uv_accept(listener, (uv_stream_t *)&connection->pipe) != 0) {
        connection_close(connection);
        return NULL;
    }
    be_patient(connection);
    return connection;
}

void connection_hold(struct connection *connection, struct connection **holder)
{
    connection->holder = holder;
    uv_timer_stop(&connection->timer);
}

void connection_close_all(struct connections *connections)
{
    while (connections->first != NULL)
        connection_close(connections->first);
}

/* ---- its request ----------------------------------------------------------------------- */

static void on_room(uv_handle_t *handle, size_t suggested_bytes, uv_buf_t *buffer)
{
    struct connection *connection = handle->data;
    (void)suggested_bytes;
    if (connection->length == connection->capacity) {
        connection->capacity = connection->capacity == 0 ? FIRST_CAPACITY : 2 * connection->capacity;
        connection->line = realloc(connection->line, connection->capacity);
        if (connection->line == NULL)
            check_out_of_memory(__FILE__, __LINE__, connection->capacity);
    }
    *buffer = uv_buf_init(connection->line + connection->length, (unsigned)(connection->capacity - connection->length));
}

static void take_line(struct connection *connection, size_t length)
{
    uv_read_stop((uv_stream_t *)&connection->pipe);
    connection->among->take_line(connection->among->context, connection, connection->line, length);
}

static void on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *connection = stream->data;
    if (count < 0) {
        connection_close(connection);
        return;
    }
    size_t before = connection->length;
    connection->length += (size_t)count;
    const char *newline = count > 0 ? memchr(buffer->base, '\n', (size_t)count) : NULL;
    if (newline != NULL)
        take_line(connection, before + (size_t)(newline - buffer->base));
    else if (connection->length >= REQUEST_MAX_BYTES)
        take_line(connection, connection->length);
}

void connection_read(struct connection *connection)
{
    if (uv_read_start((uv_stream_t *)&connection->pipe, on_room, on_bytes) != 0)
        connection_close(connection);
}

/* ---- its answer ----------------------------------------------------------------------- */

struct piece {
    uv_write_t write;
    struct connection *connection;
    char bytes[];
};

static void on_written(uv_write_t *write, int error)
{
    struct piece *piece = write->data;
    struct connection *connection = piece->connection;
    free(piece);
    connection->writing--;
    if (error != 0 || (connection->writing == 0 && connection->is_answered))
        connection_close(connection);
}

static struct piece *piece_new(size_t size_bytes)
{
    struct piece *piece = malloc(sizeof *piece + size_bytes);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    piece->write.data = piece;
    return piece;
}

static void piece_send(struct connection *connection, struct piece *piece, size_t size_bytes)
{
    uv_buf_t buffer = uv_buf_init(piece->bytes, (unsigned)size_bytes);
    piece->connection = connection;
    if (uv_write(&piece->write, (uv_stream_t *)&connection->pipe, &buffer, 1, on_written) != 0) {
        free(piece);
        connection_close(connection);
        return;
    }
    connection->writing++;
}

static size_t count_lines(const char *text, size_t size_bytes)
{
    size_t count = 1;
    for (size_t i = 0; i < size_bytes; i++)
        count += text[i] == '\n';
    return count;
}

void connection_send_lines(struct connection *connection, const char *text, size_t size_bytes)
{
    if (size_bytes == 0)
        return;
    struct piece *piece = piece_new(size_bytes + count_lines(text, size_bytes) + 1);
    char *to = piece->bytes;
    for (size_t i = 0; i < size_bytes; i++) {
        if (i == 0 || text[i - 1] == '\n')
            *to++ = ' ';
        *to++ = text[i];
    }
    if (to[-1] != '\n')
        *to++ = '\n';
    piece_send(connection, piece, (size_t)(to - piece->bytes));
}

void connection_send_end(struct connection *connection, enum status status)
{
    const char *message = status == STATUS_OK ? "" : status_message();
    size_t most_bytes = strlen(status_name(status)) + strlen(message) + 4;
    struct piece *piece = piece_new(most_bytes);
    int length = snprintf(piece->bytes, most_bytes, "=%s%s%s", status_name(status), *message != 0 ? " " : "", message);
    for (int i = 0; i < length; i++)
        if (piece->bytes[i] == '\n')
            piece->bytes[i] = ' ';
    piece->bytes[length] = '\n';
    connection->is_answered = true;
    connection->holder = NULL;
    be_patient(connection);
    piece_send(connection, piece, (size_t)length + 1);
}
