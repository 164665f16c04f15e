/* Writing a commit, and making commits durable.
 *
 * The two are apart because the log is the authority: a commit that is only in
 * the page cache survives the death of the process, and after a power cut the
 * log replays what the arena has lost.  So the owner commits event after event
 * while another thread flushes, and one flush serves all commits before it.
 *
 *   newest    the last superblock written
 *   durable   the newest one that a flush has covered
 *   tail      the segments between their watermarks; every superblock carries
 *             the checksum of the tail as it was when it was written
 *
 * A long tail takes long to check at the next open.  So when a flush has made
 * a long one durable, a *mark* follows: the newest superblock once more, which
 * has little or nothing unsynced before it.
 */
#include "arena/large.h"

static void superblock_fill(const struct arena *arena, const struct arena_commit *commit,
                            struct arena_superblock *superblock)
{
    const struct arena_writer *writer = &arena->writer;
    memcpy(superblock->job_hash, commit->job_hash, sizeof superblock->job_hash);
    memcpy(superblock->kernel_hash, commit->kernel_hash, sizeof superblock->kernel_hash);
    memcpy(superblock->roots, commit->roots, sizeof superblock->roots);
    superblock->event_number = writer->event_number;
    superblock->watermark_bytes = writer->end_bytes;
    arena_open_range(superblock)->end_bytes = writer->end_bytes;
    superblock->last_segment_bytes = writer->last_segment_bytes;
    superblock->segment_count = writer->segment_count;
    superblock->object_count = writer->object_count;
    superblock->state_hash = noun_hash_persistent(commit->roots[ARENA_ROOT_STATE]);
    arena_origins_add(arena, superblock);
}

/* Under the mutex.  The tail grows by the commit's segments only if the
 * superblock that covers them was written. */
static enum status publish(struct arena *arena, const struct arena_commit *commit)
{
    size_t old_count = arena->tail.count;
    uint64_t old_chain = arena->tail.chain;
    for (size_t i = 0; i < arena->writer.segments.count; i++)
        arena_tail_add(&arena->tail, arena->writer.segments.segments[i]);
    struct arena_superblock superblock = arena->newest;
    superblock_fill(arena, commit, &superblock);
    CHECK(superblock.event_number >= arena->newest.event_number);
    CHECK(arena->writer.sequence == arena->next_sequence);
    uint64_t appended_bytes = arena_bytes_above(&superblock, arena->newest.watermark_bytes);
    enum status status = arena_ring_write(arena, &superblock);
    if (status == STATUS_OK) {
        arena->commit_count++;
        arena->appended_bytes += appended_bytes;
    }
    if (status != STATUS_OK) {
        arena->tail.count = old_count;
        arena->tail.chain = old_chain;
    }
    return status;
}

enum status arena_commit_write(struct arena *arena, struct arena_commit *commit)
{
    CHECK(arena->is_building && commit->event_number == arena->writer.event_number);
    enum status status = arena->writer.status;
    if (status == STATUS_OK)
        status = arena_segment_write(&arena->writer, commit->roots[ARENA_ROOT_STATE]);
    os_mutex_lock(arena->mutex);
    if (status == STATUS_OK)
        status = publish(arena, commit);
    if (status == STATUS_OK)
        arena_commit_decode(&arena->newest, &arena->current);
    arena->is_building = false;
    os_mutex_unlock(arena->mutex);
    if (status == STATUS_OK)
        arena_large_keep_persisted(arena);
    else
        arena_large_undo(arena);
    *commit = status == STATUS_OK ? arena->current : *commit;
    return status;
}

/* ---- durability ------------------------------------------------------------ */

static enum status write_mark(struct arena *arena)
{
    struct arena_superblock mark = arena->newest;
    return arena_ring_write(arena, &mark);
}

/* Under the mutex: a flush has covered everything up to `covered`.  If a
 * compaction was published meanwhile the tail is of other addresses, and stays. */
static void note_durable(struct arena *arena, const struct arena_superblock *covered, bool has_moved)
{
    arena->sync_count++;
    arena->durable_sequence = covered->sequence;
    arena->durable_event_number = covered->event_number;
    if (has_moved)
        return;
    arena->durable_watermark_bytes = covered->watermark_bytes;
    arena_tail_drop(arena, &arena->tail, covered->watermark_bytes);
}

static uint64_t newest_tail_bytes(const struct arena *arena)
{
    return arena_bytes_above(&arena->newest, arena->newest.tail_start_bytes);
}

/* Flushes, and writes a mark if the newest superblock's tail is longer than
 * `mark_bytes`; not while a commit is being built: its own superblock will
 * say what is durable, and its sequence is taken. */
static enum status sync_and_mark(struct arena *arena, uint64_t mark_bytes)
{
    STATUS_TRY(arena_refuse_writing(arena));
    os_mutex_lock(arena->mutex);
    enum status status = arena_prepare_writing(arena);
    uint64_t durable_sequence = arena->durable_sequence, durable_event_number = arena->durable_event_number;
    struct arena_superblock covered = arena->newest;
    uint64_t move_count = arena->move_count;
    os_mutex_unlock(arena->mutex);
    if (status == STATUS_OK && durable_sequence < covered.sequence)
        status = arena_flush(arena);
    if (status != STATUS_OK)
        return status_add_context(status, "events since %" PRIu64 " are not durable in the arena",
                                  durable_event_number);
    os_mutex_lock(arena->mutex);
    if (arena->durable_sequence < covered.sequence)
        note_durable(arena, &covered, arena->move_count != move_count);
    if (!arena->is_building && newest_tail_bytes(arena) > mark_bytes)
        status = write_mark(arena);
    os_mutex_unlock(arena->mutex);
    return status;
}

enum status arena_sync(struct arena *arena)
{
    STATUS_TRY(sync_and_mark(arena, ARENA_MARK_TAIL_BYTES));
    return arena_release(arena);
}

/* The stamps that no commit has written. */
static enum status write_uses(struct arena *arena, bool *has_any)
{
    *has_any = false;
    if (arena_refuse_writing(arena) != STATUS_OK)
        return STATUS_OK; /* then nothing is sealed either */
    os_mutex_lock(arena->mutex);
    enum status status = STATUS_OK;
    os_mutex_lock(arena->pages_mutex);
    *has_any = arena_uses_take(arena);
    os_mutex_unlock(arena->pages_mutex);
    if (*has_any)
        status = arena_prepare_writing(arena);
    if (*has_any && status == STATUS_OK)
        status = write_mark(arena);
    os_mutex_unlock(arena->mutex);
    return status;
}

enum status arena_seal(struct arena *arena)
{
    CHECK(!arena->is_building);
    bool has_uses;
    STATUS_TRY(write_uses(arena, &has_uses));
    if (!has_uses && arena->newest.sequence == arena->durable_sequence && newest_tail_bytes(arena) == 0)
        return STATUS_OK;
    STATUS_TRY(sync_and_mark(arena, 0));
    return sync_and_mark(arena, 0);
}

void arena_durable(struct arena *arena, uint64_t *sequence, uint64_t *event_number)
{
    os_mutex_lock(arena->mutex);
    *sequence = arena->durable_sequence;
    *event_number = arena->durable_event_number;
    os_mutex_unlock(arena->mutex);
}

void arena_boundary_set(struct arena *arena, uint64_t event_number)
{
    os_mutex_lock(arena->mutex);
    arena->boundary_event_number = event_number;
    os_mutex_unlock(arena->mutex);
}

void arena_boundary_announce(struct arena *arena, uint64_t event_number)
{
    os_mutex_lock(arena->mutex);
    arena->announced_event_number = event_number;
    os_mutex_unlock(arena->mutex);
}

/* Under both mutexes. */
static void count_pages(const struct arena *arena, struct arena_statistics *statistics)
{
    uint64_t usable, all;
    layout_free_count(&arena->layout, arena->reusable_sequence, &usable, &all);
    statistics->file_bytes = arena->layout.file_pages * ARENA_PAGE_BYTES;
    uint64_t capacity_bytes = arena->capacity_bytes, watermark_bytes = arena->newest.watermark_bytes;
    statistics->ahead_bytes = capacity_bytes > watermark_bytes ? capacity_bytes - watermark_bytes : 0;
    statistics->free_bytes = all * ARENA_PAGE_BYTES;
    statistics->pinned_bytes = (all - usable) * ARENA_PAGE_BYTES;
    statistics->mapping_count = arena->layout.directory.count;
    const struct tree_record *record;
    statistics->large_count = arena->layout.large.count;
    for (uint64_t at = 0; (record = tree_at_or_above(&arena->layout.large, at)) != NULL; at = record->key + 1)
        statistics->large_bytes += record->count;
    statistics->node_count = arena->layout.directory.node_count + arena->layout.free.node_count +
                             arena->layout.large.node_count + arena->layout.allocations.node_count;
}

void arena_statistics(struct arena *arena, struct arena_statistics *statistics)
{
    os_mutex_lock(arena->mutex);
    *statistics = (struct arena_statistics){
        .appended_bytes = arena_bytes_above(&arena->newest, 0),
        .unsynced_bytes = arena_bytes_above(&arena->newest, arena->durable_watermark_bytes),
        .segment_count = arena->newest.segment_count,
        .object_count = arena->newest.object_count,
        .range_count = arena->newest.range_count,
        .commit_count = arena->commit_count,
        .sync_count = arena->sync_count,
        .committed_bytes = arena->appended_bytes,
        .large_written_bytes = arena->large_written_bytes,
        .large_copied_bytes = arena->large_copied_bytes,
        .written_bytes = arena->written_bytes,
        .grown_bytes = arena->grown_bytes,
        .moved_bytes = arena->moved_bytes,
    };
    os_mutex_lock(arena->pages_mutex);
    count_pages(arena, statistics);
    os_mutex_unlock(arena->pages_mutex);
    os_mutex_unlock(arena->mutex);
}
