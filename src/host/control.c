/* The control channel: how other processes talk to the one that runs a machine.
 *
 * The socket `control` in the machine's directory.  A connection carries one
 * request and its answer, both text, lines ended by a newline:
 *
 *   request   WORD WORD ...           a single space between two; %XX for what
 *                                     would be in the way (host/request.h)
 *   answer     LINE                   any number, each behind one space
 *             =ok                     the end; or
 *             =STATUS MESSAGE         base/status.h's name, what and why
 *
 * so that `echo status | nc -U DIR/control` will do.  What comes in is bounded
 * (a line, its words, the connections, the time that a client takes to ask and
 * to read), since anything may be at the other end: it costs the loop no more
 * than its own bytes.  Everything here runs on the loop's thread.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/private.h"
#include "host/request.h"

#define CONNECTIONS_MAX 32
#define BACKLOG 128
#define PATIENCE_MS 10000 /* to ask, and to take the answer */
#define FIRST_CAPACITY 256

struct connection;

struct host_call {
    struct control *control;
    struct connection *connection; /* NULL: whoever asked is gone */
    struct host_call *next;        /* in control->calls */
    struct request request;
    FILE *out; /* owned */
    char *text;
    size_t size_bytes;
    void (*abandon)(void *context, struct host_call *call);
    void *context;
};

struct connection {
    struct control *control;
    struct connection *next;
    uv_pipe_t pipe;
    uv_timer_t timer;
    unsigned open_handles;
    bool is_closing;
    bool is_answered;       /* the end of the answer is on its way */
    size_t writing;         /* pieces of it */
    struct host_call *call; /* owned by control->calls; NULL before and after */
    char *line;             /* owned */
    size_t length, capacity;
};

struct control {
    struct host *host;
    uv_pipe_t listener;
    struct connection *connections;
    size_t connection_count;
    struct host_call *calls;
};

/* ---- connections ------------------------------------------------------------------ */

static void connection_unlink(struct connection *connection)
{
    struct connection **at = &connection->control->connections;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    connection->control->connection_count--;
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
    if (connection->call != NULL)
        connection->call->connection = NULL;
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

/* ---- answers ----------------------------------------------------------------------- */

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

/* Each line behind a space; the last one is ended if it is not. */
static void send_lines(struct connection *connection, const char *text, size_t size_bytes)
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

static void send_end(struct connection *connection, enum status status)
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
    be_patient(connection);
    piece_send(connection, piece, (size_t)length + 1);
}

/* ---- calls ------------------------------------------------------------------------- */

const char *host_call_word(const struct host_call *call, size_t index)
{
    return index < call->request.count ? call->request.words[index] : NULL;
}

FILE *host_call_out(struct host_call *call)
{
    if (call->out == NULL)
        call->out = open_memstream(&call->text, &call->size_bytes);
    if (call->out == NULL)
        check_out_of_memory(__FILE__, __LINE__, 0);
    return call->out;
}

void host_call_flush(struct host_call *call)
{
    if (call->out == NULL)
        return;
    fclose(call->out);
    if (call->connection != NULL)
        send_lines(call->connection, call->text, call->size_bytes);
    free(call->text);
    call->out = NULL;
    call->text = NULL;
}

static void call_unlink(struct host_call *call)
{
    struct host_call **at = &call->control->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

void host_call_end(struct host_call *call, enum status status)
{
    host_call_flush(call);
    if (call->connection != NULL) {
        call->connection->call = NULL;
        send_end(call->connection, status);
    }
    call_unlink(call);
    request_finish(&call->request);
    free(call);
}

void host_call_keep(struct host_call *call, void (*abandon)(void *context, struct host_call *call), void *context)
{
    call->abandon = abandon;
    call->context = context;
}

static const struct host_command *find_command(const struct host *host, const char *name)
{
    for (size_t i = 0; i < host->command_count; i++)
        if (strcmp(host->commands[i]->name, name) == 0)
            return host->commands[i];
    return NULL;
}

static void serve(struct connection *connection, const struct request *request)
{
    struct control *control = connection->control;
    struct host_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *call);
    *call =
        (struct host_call){.control = control, .connection = connection, .next = control->calls, .request = *request};
    control->calls = call;
    connection->call = call;
    uv_timer_stop(&connection->timer);
    const struct host_command *command = find_command(control->host, request->words[0]);
    enum status status = commit_settle(control->host);
    if (command == NULL)
        status = status_fail(STATUS_INVALID, "a running machine knows no command \"%.100s\"", request->words[0]);
    if (status != STATUS_OK) {
        host_call_end(call, status);
        return;
    }
    host_reset(control->host);
    command->run(command->context, control->host, call);
}

/* ---- requests ------------------------------------------------------------------------ */

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
    struct request request;
    uv_read_stop((uv_stream_t *)&connection->pipe);
    const char *wrong = request_read(connection->line, length, &request);
    if (wrong == NULL)
        serve(connection, &request);
    else
        send_end(connection, status_fail(STATUS_INVALID, "the request cannot be read: %s", wrong));
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

static struct connection *connection_new(struct control *control)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *connection);
    connection->control = control;
    connection->next = control->connections;
    control->connections = connection;
    control->connection_count++;
    CHECK(uv_pipe_init(&control->host->loop, &connection->pipe, 0) == 0);
    CHECK(uv_timer_init(&control->host->loop, &connection->timer) == 0);
    connection->open_handles = 2;
    connection->pipe.data = connection->timer.data = connection;
    return connection;
}

static void on_connection(uv_stream_t *listener, int error)
{
    struct control *control = listener->data;
    if (error != 0)
        return;
    struct connection *connection = connection_new(control);
    if (uv_accept(listener, (uv_stream_t *)&connection->pipe) != 0) {
        connection_close(connection);
        return;
    }
    be_patient(connection);
    if (control->connection_count > CONNECTIONS_MAX)
        send_end(connection, status_fail(STATUS_BUSY, "the running machine already listens to %d others: try again",
                                         CONNECTIONS_MAX));
    else if (uv_read_start((uv_stream_t *)&connection->pipe, on_room, on_bytes) != 0)
        connection_close(connection);
}

/* ---- its own commands ------------------------------------------------------------------ */

static void do_stop(void *context, struct host *host, struct host_call *call)
{
    (void)context;
    host_stop(host, 0);
    host_call_end(call, STATUS_OK);
}

static const struct host_command command_stop = {.name = "stop", .run = do_stop};

void host_command_add(struct host *host, const struct host_command *command)
{
    CHECK(host->command_count < HOST_COMMANDS_MAX);
    host->commands[host->command_count++] = command;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum status listen_on(struct control *control, int descriptor)
{
    int error = uv_pipe_init(&control->host->loop, &control->listener, 0);
    CHECK(error == 0);
    control->listener.data = control;
    error = uv_pipe_open(&control->listener, descriptor);
    if (error == 0)
        error = uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection);
    if (error == 0)
        return STATUS_OK;
    return status_fail(STATUS_IO, "cannot listen at the socket %s/%s: %s", control->host->node->directory,
                       HOST_CONTROL_NAME, uv_strerror(error));
}

void control_start(struct host *host)
{
    int descriptor;
    if (host->node->directory == NULL || host->node->is_view)
        return;
    if (os_socket_listen(host->node->directory, HOST_CONTROL_NAME, &descriptor) != STATUS_OK) {
        host_warn(host, status_message());
        return;
    }
    host->control = calloc(1, sizeof *host->control);
    if (host->control == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *host->control);
    host->control->host = host;
    if (find_command(host, command_stop.name) == NULL)
        host_command_add(host, &command_stop);
    if (listen_on(host->control, descriptor) != STATUS_OK)
        host_warn(host, status_message());
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Answers that are on their way get what the socket takes at once. */
void control_finish(struct host *host)
{
    struct control *control = host->control;
    if (control == NULL)
        return;
    os_socket_forget(host->node->directory, HOST_CONTROL_NAME);
    while (control->calls != NULL) {
        struct host_call *call = control->calls;
        if (call->abandon != NULL)
            call->abandon(call->context, call);
        else
            host_call_end(call, status_fail(STATUS_INTERRUPTED, "the machine stopped before it had answered"));
        CHECK(control->calls != call);
    }
    uv_run(&host->loop, UV_RUN_NOWAIT);
    while (control->connections != NULL)
        connection_close(control->connections);
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
    host->control = NULL;
}
