/* Inside host/: a client of the control channel (host/connection.c): its pipe, the
 * line that it sends, and the pieces of its answer.  The loop's thread only. */
#ifndef HOST_CONNECTION_H
#define HOST_CONNECTION_H

#include "host/private.h"

struct connection; /* frees itself once it is closed */

/* The clients of one listener. */
struct connections {
    struct connection *first;
    size_t count;
    void (*take_line)(void *context, struct connection *connection, const char *line, size_t length);
    void *context;
};

/* Takes the client in who waits at the listener; NULL if there is none any more.
 * If it is not served within some seconds it is closed. */
struct connection *connection_accept(struct connections *connections, uv_stream_t *listener);

/* Reads its request; `take_line` gets the line, without its end and cut off after
 * REQUEST_MAX_BYTES, and is called once at the most. */
void connection_read(struct connection *connection);

/* It is being served, however long that takes.  *holder, which is the connection,
 * turns NULL should the client go. */
void connection_hold(struct connection *connection, struct connection **holder);

/* A part of its answer: each line behind a space; the last one is ended if it is not. */
void connection_send_lines(struct connection *connection, const char *text, size_t size_bytes);

/* The end of its answer, with the thread's message if `status` is a failure; nobody
 * holds it any more, and it is closed when it has taken that. */
void connection_send_end(struct connection *connection, enum status status);

void connection_close_all(struct connections *connections);

#endif
