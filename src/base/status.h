/* The world's failures.
 *
 * Three kinds of failure never mix: our own mistakes abort (base/check.h), the
 * guest program's crash is a value that the engine returns (nock/nock.h), and
 * whatever the world does to us is one of these.  A function that returns a
 * status other than STATUS_OK has set the calling thread's message, which
 * names the cause, the place and the cure.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_INVALID,     /* what the caller handed in is malformed */
    STATUS_NOT_FOUND,   /* the named thing does not exist */
    STATUS_EXISTS,      /* the named thing is already there */
    STATUS_BUSY,        /* another process holds it */
    STATUS_PERMISSION,  /* the system does not let us */
    STATUS_NO_SPACE,    /* the disk or a quota is full */
    STATUS_NO_MEMORY,   /* memory or address space is exhausted */
    STATUS_LIMIT,       /* a configured limit would be exceeded */
    STATUS_IO,          /* a read, write or sync failed */
    STATUS_CORRUPT,     /* stored bytes are not what was written */
    STATUS_FORMAT,      /* stored bytes are of a version we do not know, or of another program */
    STATUS_DIVERGED,    /* a replay did not reproduce its record */
    STATUS_INTERRUPTED, /* somebody asked us to stop */
    STATUS_CRASHED,     /* the guest program crashed where that is an error */
    STATUS_COUNT
};

#define STATUS_MESSAGE_SIZE_BYTES 1024

/* A short fixed name such as "no-space"; never NULL. */
const char *status_name(enum status status);

/* The calling thread's newest message: valid until its next failure.  "" if none. */
const char *status_message(void);

/* Records the message and returns `status`, which is not STATUS_OK, so that a failure is one statement. */
__attribute__((format(printf, 2, 3))) enum status status_fail(enum status status, const char *format, ...);

/* As status_fail, appending the system's words for `error_number`, and choosing
 * the status that fits it: ENOSPC and EDQUOT no-space, EACCES permission, ... */
__attribute__((format(printf, 2, 3))) enum status status_fail_errno(int error_number, const char *format, ...);

/* Puts "context: " before the newest message, and returns `status` unchanged. */
__attribute__((format(printf, 2, 3))) enum status status_add_context(enum status status, const char *format, ...);

/* Lets every compiler and checker see that a failure is never STATUS_OK, so that
 * none believes an out-pointer to be unset where the status was looked at. */
static inline enum status status_failure(enum status status)
{
    if (status == STATUS_OK)
        __builtin_unreachable();
    return status;
}
#define status_fail(...) status_failure(status_fail(__VA_ARGS__))
#define status_fail_errno(...) status_failure(status_fail_errno(__VA_ARGS__))

/* Returns the status of an expression to the caller if it is a failure. */
#define STATUS_TRY(expression)                                                                                         \
    do {                                                                                                               \
        enum status status_try_ = (expression);                                                                        \
        if (status_try_ != STATUS_OK)                                                                                  \
            return status_try_;                                                                                        \
    } while (0)

#define MUST_USE __attribute__((warn_unused_result))

#endif
