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

#include "host/connection.h"
#include "host/private.h"
#include "host/request.h"

#define CONNECTIONS_MAX 32
#define BACKLOG 128

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

struct control {
    struct host *host;
    uv_pipe_t listener;
    struct connections connections;
    struct host_call *calls;
};

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
        connection_send_lines(call->connection, call->text, call->size_bytes);
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
    if (call->connection != NULL)
        connection_send_end(call->connection, status);
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

static void serve(struct control *control, struct connection *connection, const struct request *request)
{
    struct host_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *call);
    *call =
        (struct host_call){.control = control, .connection = connection, .next = control->calls, .request = *request};
    control->calls = call;
    connection_hold(connection, &call->connection);
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

static void take_line(void *context, struct connection *connection, const char *line, size_t length)
{
    struct request request;
    const char *wrong = request_read(line, length, &request);
    if (wrong == NULL)
        serve(context, connection, &request);
    else
        connection_send_end(connection, status_fail(STATUS_INVALID, "the request cannot be read: %s", wrong));
}

static void on_connection(uv_stream_t *listener, int error)
{
    struct control *control = listener->data;
    struct connection *connection = error == 0 ? connection_accept(&control->connections, listener) : NULL;
    if (connection == NULL)
        return;
    if (control->connections.count <= CONNECTIONS_MAX)
        connection_read(connection);
    else
        connection_send_end(
            connection,
            status_fail(STATUS_BUSY, "the running machine already listens to %d others: try again", CONNECTIONS_MAX));
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
    host->control->connections = (struct connections){.take_line = take_line, .context = host->control};
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
    connection_close_all(&control->connections);
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
    host->control = NULL;
}
