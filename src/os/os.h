/* The only system calls: one page of contracts.
 *
 * Everything above reaches the world through these, so that a lying twin
 * (test/support) can stand in their place and lose, tear, reorder or refuse
 * what was asked of it.  Calls retry EINTR and short transfers themselves.
 * Every failure has set the thread's message (base/status.h) with the path.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include "base/base.h"

/* ---- files (os/file.c) --------------------------------------------------- */

struct os_file; /* owned by whoever opened it; one long-lived descriptor */

enum os_open {
    OS_OPEN_READ,   /* must exist */
    OS_OPEN_WRITE,  /* must exist, for reading and writing */
    OS_OPEN_CREATE, /* must not exist; made readable by its owner and group */
};

enum status os_file_open(const char *path, enum os_open mode, struct os_file **out) MUST_USE;
void os_file_close(struct os_file *file); /* NULL is fine */
const char *os_file_path(const struct os_file *file);

enum status os_file_size(struct os_file *file, uint64_t *size_bytes) MUST_USE;

/* Reads or writes all of it.  A read beyond the end is STATUS_CORRUPT. */
enum status os_file_read(struct os_file *file, uint64_t offset_bytes, void *bytes, size_t size_bytes) MUST_USE;
enum status os_file_write(struct os_file *file, uint64_t offset_bytes, const void *bytes, size_t size_bytes) MUST_USE;

/* Everything written before is durable when this returns STATUS_OK.  After a
 * failure nothing more may be believed or written through this file. */
enum status os_file_sync(struct os_file *file) MUST_USE;

/* Sends a range that was written on its way to the device and waits until it is
 * there, so that a later sync has little to do: pacing, and no promise. */
enum status os_file_write_out(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes) MUST_USE;

/* Forgets what memory holds of the file, so that reading asks the device.  What
 * was not synced, or is mapped, stays. */
void os_file_drop_cache(struct os_file *file);

/* Gives the range disk blocks and makes the file at least that long.  All or
 * nothing: after a failure the file has its old size. */
enum status os_file_allocate(struct os_file *file, uint64_t offset_bytes, uint64_t size_bytes) MUST_USE;
enum status os_file_truncate(struct os_file *file, uint64_t size_bytes) MUST_USE;

/* Takes the exclusive (or shared) advisory lock of the file, which goes with
 * this open file; STATUS_BUSY at once if another one holds it. */
enum status os_file_lock(struct os_file *file, bool exclusive) MUST_USE;

/* Shared locks on single bytes, whether they are there or not, that go with this
 * open file; nobody takes an exclusive one, so none waits.  `find` looks for a
 * byte in [start, end) that another open file has locked; *offset_bytes is one of
 * them. */
enum status os_file_lock_byte(struct os_file *file, uint64_t offset_bytes) MUST_USE;
enum status os_file_unlock_byte(struct os_file *file, uint64_t offset_bytes) MUST_USE;
enum status os_file_find_lock(struct os_file *file, uint64_t start_bytes, uint64_t end_bytes, bool *is_locked,
                              uint64_t *offset_bytes) MUST_USE;

/* Whole files.  `read_whole` refuses files over `limit_bytes`; the caller frees
 * *bytes.  `replace_whole` writes beside, syncs, renames, syncs the directory. */
enum status os_read_whole(const char *path, uint64_t limit_bytes, uint8_t **bytes, size_t *size_bytes) MUST_USE;
enum status os_replace_whole(const char *path, const void *bytes, size_t size_bytes) MUST_USE;

/* ---- directories (os/directory.c) ---------------------------------------- */

enum os_kind { OS_KIND_ABSENT, OS_KIND_FILE, OS_KIND_DIRECTORY, OS_KIND_OTHER };

enum status os_kind_of(const char *path, enum os_kind *kind) MUST_USE;

/* What changes a name syncs the directory that holds it before it returns.
 * With `parents` the directory may exist already.  `remove` takes a file or an
 * empty directory. */
enum status os_directory_create(const char *path, bool parents) MUST_USE;
enum status os_directory_sync(const char *path) MUST_USE;
enum status os_parent_sync(const char *path) MUST_USE; /* the directory that holds it */
enum status os_rename(const char *from, const char *to) MUST_USE;
enum status os_file_rename(struct os_file *file,
                           const char *to) MUST_USE; /* an open one: its path is the new one then */
enum status os_remove(const char *path) MUST_USE;

/* Calls `each` with every entry's name but . and .., in byte order. */
enum status os_directory_list(const char *path, enum status (*each)(void *context, const char *name),
                              void *context) MUST_USE;

/* Bytes that may still be allocated on the file system of `path`. */
enum status os_space_available(const char *path, uint64_t *size_bytes) MUST_USE;

/* ---- address space (os/map.c) -------------------------------------------- */

/* What may be put over something begins and ends at a multiple of this. */
#define OS_MAP_PAGE_BYTES 4096

/* Reserves address space without memory behind it, aligned to 2 MiB.
 * STATUS_LIMIT where the system's pages are larger than ours. */
enum status os_map_reserve(uint64_t size_bytes, uint8_t **base) MUST_USE;

/* Puts zeroed memory, or a read-only view of a file, over part of a
 * reservation.  The view may reach past the file's end; touching it there is
 * an error until the file has grown. */
enum status os_map_memory(uint8_t *address, uint64_t size_bytes) MUST_USE;
enum status os_map_file(uint8_t *address, uint64_t size_bytes, struct os_file *file, uint64_t offset_bytes) MUST_USE;

/* Moves memory of os_map_memory, in one piece, to other addresses without
 * copying; at the old ones there are zeros then.  Fails, having done nothing, where
 * the system has no such thing. */
enum status os_map_move(uint8_t *from, uint8_t *to, uint64_t size_bytes) MUST_USE;

/* Memory of os_map_memory gets its pages now rather than one by one. */
void os_map_populate(uint8_t *address, uint64_t size_bytes);

/* The same for memory that was advised OS_ADVICE_HUGE, some at a time.  If that took
 * as long as dear pages do (os/heap.c), the next `ahead_bytes` get small ones. */
void os_map_populate_huge(uint8_t *address, uint64_t size_bytes, uint64_t ahead_bytes);

/* What was put there is read-only from now on. */
enum status os_map_protect(uint8_t *address, uint64_t size_bytes) MUST_USE;

/* Back to a bare reservation; or away altogether. */
enum status os_map_forget(uint8_t *address, uint64_t size_bytes) MUST_USE;
void os_map_release(uint8_t *address, uint64_t size_bytes);

/* Memory of os_map_memory for machine code: never writable and executable at
 * once. */
enum status os_map_make_code(uint8_t *address, uint64_t size_bytes) MUST_USE;
enum status os_map_make_writable(uint8_t *address, uint64_t size_bytes) MUST_USE;

/* The contents of memory pages are no longer needed; they read as zeros. */
void os_map_discard(uint8_t *address, uint64_t size_bytes);

/* HUGE: large pages, for what will mostly be used; not if they have turned out to be dear.
 * HUGE_IF_CHEAP: only where they are known to be cheap (os_heap_prepare). */
enum os_advice {
    OS_ADVICE_NORMAL,
    OS_ADVICE_RANDOM,
    OS_ADVICE_WILL_NEED,
    OS_ADVICE_HUGE,
    OS_ADVICE_HUGE_IF_CHEAP,
};
void os_map_advise(uint8_t *address, uint64_t size_bytes, enum os_advice advice);

/* ---- the C library's heap (os/heap.c) -------------------------------------- */

/* For a program, at its start, that is about to allocate megabytes: they come as huge pages
 * where the system has them, and stay with the process.  The policy is the whole
 * process's, so it is not for a library to set. */
void os_heap_prepare(void);

/* ---- memory with a nameless file behind it (os/scratch.c) ------------------ */

/* Under memory pressure the system writes such memory to the file instead of
 * ending somebody; nothing is ever synced, and a crash leaves nothing behind. */
struct os_scratch;

enum status os_scratch_open(const char *directory, struct os_scratch **out) MUST_USE;
void os_scratch_close(struct os_scratch *scratch); /* NULL is fine; after the last range was unmapped or forgotten */

/* Puts the file's range at `offset_bytes` over `address`, its blocks allocated
 * first, so that no store fails; zeros where nothing was.  STATUS_NO_SPACE leaves what was mapped
 * there.  All in whole pages. */
enum status os_scratch_map(struct os_scratch *scratch, uint8_t *address, uint64_t size_bytes,
                           uint64_t offset_bytes) MUST_USE;

/* Plain memory again, and the blocks back to the file system. */
enum status os_scratch_unmap(struct os_scratch *scratch, uint8_t *address, uint64_t size_bytes,
                             uint64_t offset_bytes) MUST_USE;

/* ---- the machine, clocks, chance (os/machine.c) --------------------------- */

uint64_t os_clock_ns(void);     /* monotonic */
uint64_t os_clock_cpu_ns(void); /* of this thread */

/* This thread's processor clock, for another thread to read while this one lives. */
int os_clock_cpu_id(void);
uint64_t os_clock_cpu_of_ns(int id);
uint64_t os_wall_ms(void); /* since 1970 */
void os_sleep_ms(uint64_t duration_ms);
uint64_t os_memory_bytes(void); /* what this process may use, when it was first asked: cgroup-aware */
uint64_t os_resident_peak_bytes(void);
void os_random(void *bytes, size_t size_bytes);

/* ---- threads (os/thread.c) ------------------------------------------------ */

struct os_thread;
struct os_mutex;
struct os_condition;

/* A thread starts with the signals that come from outside blocked. */
enum status os_thread_start(void (*body)(void *), void *context, struct os_thread **out) MUST_USE;
void os_thread_join(struct os_thread *thread);
void os_thread_raise_priority(void);   /* of the caller, if allowed */
void os_thread_lower_priority(void);   /* of the caller: it works when others have nothing to do */
void os_thread_yield(void);            /* to others that could run */
void os_thread_restore_priority(void); /* of the caller, to the main thread's, if allowed */

struct os_mutex *os_mutex_create(void);
void os_mutex_destroy(struct os_mutex *mutex);
void os_mutex_lock(struct os_mutex *mutex);
void os_mutex_unlock(struct os_mutex *mutex);

struct os_condition *os_condition_create(void);
void os_condition_destroy(struct os_condition *condition);
void os_condition_wait(struct os_condition *condition, struct os_mutex *mutex);
/* False if the monotonic clock passed `deadline_ns` first. */
bool os_condition_wait_until(struct os_condition *condition, struct os_mutex *mutex, uint64_t deadline_ns);
void os_condition_signal(struct os_condition *condition);
void os_condition_broadcast(struct os_condition *condition);

/* ---- a thread beside its owner (os/worker.c) ---------------------------------- */

/* The owner embeds it, and guards with its mutex what the two share. */
struct os_worker {
    struct os_thread *thread;       /* NULL: not running */
    struct os_mutex *mutex;         /* guards is_stopping, too */
    struct os_condition *condition; /* some of what is shared has changed */
    bool is_stopping;
};

void os_worker_init(struct os_worker *worker);

/* Runs work(context) in a thread, which returns soon after is_stopping turns true. */
enum status os_worker_start(struct os_worker *worker, void (*work)(void *context), void *context) MUST_USE;
bool os_worker_is_stopping(struct os_worker *worker); /* for whoever has not got the mutex */

/* The owner's: ends the thread, if it runs, and waits for its end.  Then, or if it
 * was never started, finish gives back what init took. */
void os_worker_stop(struct os_worker *worker);
void os_worker_finish(struct os_worker *worker);

/* ---- local sockets (os/socket.c) ------------------------------------------ */

/* Listens at `name` in `directory`, for the owner of the directory's process
 * alone (0600); a socket that was left there is replaced.  The caller closes
 * *descriptor, and forgets the name before. */
enum status os_socket_listen(const char *directory, const char *name, int *descriptor) MUST_USE;
void os_socket_forget(const char *directory, const char *name);

/* STATUS_NOT_FOUND if nobody listens there. */
enum status os_socket_connect(const char *directory, const char *name, int *descriptor) MUST_USE;

/* Sends all of it; receives some, 0 at the end, STATUS_BUSY if nothing came
 * within `timeout_ms` (0: for ever). */
enum status os_socket_send(int descriptor, const void *bytes, size_t size_bytes) MUST_USE;
enum status os_socket_receive(int descriptor, uint64_t timeout_ms, void *bytes, size_t capacity,
                              size_t *size_bytes) MUST_USE;

/* The process that listens at the other end; false if it cannot be known. */
bool os_socket_peer(int descriptor, int *process);
void os_socket_close(int descriptor);

/* ---- signals (os/signal.c) ------------------------------------------------ */

/* Notes SIGINT, SIGTERM, SIGHUP, SIGQUIT from now on instead of dying, and
 * calls `wake` (async-signal-safe; may be NULL) on each; one that the parent
 * had ignored stays ignored.  SIGPIPE and SIGXFSZ are ignored: both come back
 * as errors of the write that caused them. */
void os_signal_watch(void (*wake)(int signal_number));
int os_signal_received(void); /* the first one, or 0 */

/* From now on a file that would grow beyond the limit of `ulimit -f` is a write that fails, and no signal. */
void os_signal_ignore_file_limit(void);

/* Should memory that is read not be there (a mapped file was cut or cannot be read,
 * or a word in it leads nowhere), `explanation` goes to standard error before the
 * process dies of it, as it would have; or, where `is_stored` (async-signal-safe;
 * may be NULL) says that only what is stored can have led to that address, ends at
 * once with `exit_status`.  Static text; NULL: none any more.  A handler that
 * somebody has set stays. */
typedef bool os_fault_is_stored_fn(const void *address);
void os_signal_explain_faults(const char *explanation, os_fault_is_stored_fn *is_stored, int exit_status);

#endif
