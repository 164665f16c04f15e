/* Verification finds any one flipped bit, and objects that were wrong before
 * they were written. */
#include "arena_test.h"

#include "arena/format.h"

static noun put_atom(struct arena *arena, const uint64_t *words, size_t count)
{
    uint64_t offset_words;
    uint64_t *to = arena_allocate(arena_builder(arena), count + 2, &offset_words);
    CHECK(to != NULL);
    to[0] = 0;
    to[1] = count;
    memcpy(to + 2, words, count * 8);
    /* its hash, computed on a copy in ephemeral memory */
    noun copy = stack_atom_from_words(space_stack(), words, count);
    to[0] = noun_hash_atom(copy);
    return offset_words | NOUN_TAG_ATOM;
}

static noun varied_state(struct arena *arena, uint64_t event)
{
    static const uint64_t words[] = {0, 0, 7, UINT64_MAX, 1};
    noun shared = test_cell(arena, put_atom(arena, words + event % 3, 5 - event % 3), 3);
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    return test_cell(arena, test_cell(arena, shared, shared), test_next_state(arena, state, event, 20));
}

static void commit_varied(struct arena *arena, uint64_t event)
{
    MUST(arena_commit_begin(arena, event));
    struct arena_commit commit = {.event_number = event};
    commit.roots[ARENA_ROOT_STATE] = varied_state(arena, event);
    commit.roots[ARENA_ROOT_TRAP] = test_cell(arena, event, 1);
    MUST(arena_commit_write(arena, &commit));
}

static const char *varied_arena(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 20; event++)
        commit_varied(arena, event);
    MUST(arena_sync(arena));
    for (uint64_t event = 21; event <= 23; event++)
        commit_varied(arena, event);
    arena_close(arena);
    return path;
}

/* Events whose own root no superblock in the ring knows any more. */
static uint64_t forgotten_events(struct arena *arena)
{
    bool is_known[24] = {false};
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    for (size_t i = 0; i < count; i++)
        is_known[commits[i].event_number] = true;
    uint64_t forgotten = 0;
    for (unsigned event = 1; event <= 23; event++)
        forgotten += !is_known[event];
    return forgotten;
}

static void a_whole_arena_passes(const char *path)
{
    struct arena *arena = test_open(path);
    struct arena_verify_report report;
    enum status status = arena_verify(arena, NULL, &report);
    tap_ok(status == STATUS_OK && report.faults == 0 && report.segments == 23 && report.superblocks == 16 &&
               report.atoms == 23 && report.cells > 23 * 20,
           "a whole arena passes: %" PRIu64 " cells, %" PRIu64 " atoms in %" PRIu64 " segments", report.cells,
           report.atoms, report.segments);
    tap_ok(report.reached_bytes == report.appended_bytes - 23 * 80 - forgotten_events(arena) * 24,
           "everything appended is reached but the headers and what the lost superblocks alone knew");
    arena_close(arena);
    struct arena_verify_report unchosen;
    arena = test_open_unchosen(path, true);
    MUST(arena_verify(arena, NULL, &unchosen));
    tap_ok(unchosen.cells == report.cells && unchosen.atoms == report.atoms, "also when no commit is chosen");
    arena_close(arena);
}

static bool finds_damage(const char *path)
{
    struct arena *arena;
    if (arena_open(path, NULL, &arena) != STATUS_OK)
        return true;
    size_t count;
    arena_commits(arena, &count);
    bool is_found = count == 0 || arena_choose(arena, 0) != STATUS_OK ||
                    (arena_verify(arena, NULL, NULL) == STATUS_CORRUPT && status_message()[0] != 0);
    arena_close(arena);
    return is_found;
}

/* A format's version that an upgrade might have left there says nothing: the checksum decides. */
static bool says_nothing(uint64_t where, uint8_t flipped)
{
    return where == offsetof(struct arena_identity_page, format_version) && flipped >= 1 &&
           flipped <= ARENA_FORMAT_VERSION;
}

static void any_flipped_bit_is_found(const char *path)
{
    struct arena *arena = test_open(path);
    uint64_t end_bytes = arena_current(arena)->watermark_bytes;
    arena_close(arena);
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    uint64_t random = tap_seed(), tried = 0, missed = 0;
    for (uint64_t at = 0; at < end_bytes; at += at < ARENA_DATA_START_BYTES && at % 4096 >= 512 ? 64 : 8) {
        uint8_t byte, flipped;
        uint64_t where = at + tap_below(&random, 8);
        MUST(os_file_read(file, where, &byte, 1));
        flipped = (uint8_t)(byte ^ 1u << tap_below(&random, 8));
        if (says_nothing(where, flipped))
            continue;
        MUST(os_file_write(file, where, &flipped, 1));
        tried++;
        if (!finds_damage(path) && missed++ == 0)
            tap_note("a flipped bit in byte %" PRIu64 " was not found", where);
        MUST(os_file_write(file, where, &byte, 1));
    }
    os_file_close(file);
    tap_ok(missed == 0, "%" PRIu64 " flipped bits, in every page and every object, are all found", tried);
    tap_ok(!finds_damage(path), "and nothing when they are flipped back");
}

/* ---- wrong before it was written ------------------------------------------- */

static char faults[4096];

static void note_fault(void *context, const char *text)
{
    (void)context;
    snprintf(faults + strlen(faults), sizeof faults - strlen(faults), "%s\n", text);
}

static uint64_t *words_of(struct arena *arena, noun n)
{
    return (uint64_t *)(uintptr_t)arena_built_words(arena_builder(arena), n);
}

static noun bad_hash(struct arena *arena)
{
    noun cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[0] ^= (uint64_t)1 << 40;
    return cell;
}

static noun bad_mug(struct arena *arena)
{
    noun cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[0] ^= 1;
    return test_cell(arena, 1, cell);
}

static noun refers_to_itself(struct arena *arena)
{
    noun cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[2] = cell;
    return cell;
}

static noun refers_upwards(struct arena *arena)
{
    noun low = test_cell(arena, 1, 2), high = test_cell(arena, 3, 4);
    words_of(arena, low)[1] = high;
    return test_cell(arena, low, high);
}

static noun refers_to_ephemeral(struct arena *arena)
{
    noun cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[1] = stack_cell(space_stack(), 1, 2);
    return cell;
}

static noun forwarding(struct arena *arena)
{
    noun inner = test_cell(arena, 1, 2), cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[1] = inner | NOUN_TAG_FORWARD;
    return cell;
}

static noun refers_into_header(struct arena *arena)
{
    noun cell = test_cell(arena, 1, 2);
    words_of(arena, cell)[1] = (arena_builder(arena)->start_words + 2) | NOUN_TAG_CELL;
    return cell;
}

static noun overlapping(struct arena *arena)
{
    noun inner = test_cell(arena, test_cell(arena, 1, 2), 2), cell = test_cell(arena, inner, inner);
    words_of(arena, cell)[1] = inner - 1; /* a cell that begins a word earlier */
    return cell;
}

static noun cell_and_atom(struct arena *arena)
{
    noun inner = test_cell(arena, 1, 2), cell = test_cell(arena, inner, inner);
    words_of(arena, cell)[1] = noun_offset_words(inner) | NOUN_TAG_ATOM;
    return cell;
}

static noun leading_zero(struct arena *arena)
{
    noun atom = put_atom(arena, (uint64_t[]){1, 1}, 2);
    words_of(arena, atom)[3] = 0;
    return test_cell(arena, atom, 0);
}

static noun atom_that_is_direct(struct arena *arena)
{
    noun atom = put_atom(arena, (uint64_t[]){UINT64_MAX}, 1);
    words_of(arena, atom)[2] = 5;
    return test_cell(arena, atom, 0);
}

static noun giant_atom(struct arena *arena)
{
    noun atom = put_atom(arena, (uint64_t[]){1, 1}, 2);
    words_of(arena, atom)[1] = UINT64_MAX - 1;
    return test_cell(arena, atom, 0);
}

static noun bad_atom_hash(struct arena *arena)
{
    noun atom = put_atom(arena, (uint64_t[]){1, 1}, 2);
    words_of(arena, atom)[2] = 2;
    return test_cell(arena, atom, 0);
}

static void is_found(noun (*make)(struct arena *arena), const char *words, const char *what)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 3));
    MUST(arena_commit_begin(arena, 2));
    struct arena_commit commit = {.event_number = 2};
    commit.roots[ARENA_ROOT_STATE] = make(arena);
    MUST(arena_commit_write(arena, &commit));
    faults[0] = 0;
    struct arena_verify_report report;
    enum status status = arena_verify(arena, &(struct arena_verify_options){.fault = note_fault}, &report);
    tap_ok(status == STATUS_CORRUPT && report.faults > 0 && strstr(faults, words) != NULL, "found: %s", what);
    arena_close(arena);
    stack_clear(space_stack());
}

static void wrong_objects_are_found(void)
{
    is_found(bad_hash, "whose hash does not match its parts", "a cell's second hash");
    is_found(bad_mug, "whose hash does not match its parts", "a cell's mug");
    is_found(refers_to_itself, "no older noun", "a cycle");
    is_found(refers_upwards, "no older noun", "a reference upwards");
    is_found(refers_to_ephemeral, "no older noun", "a reference into ephemeral memory");
    is_found(forwarding, "no older noun", "a forwarding");
    is_found(refers_into_header, "overlaps", "a reference into a segment's header");
    is_found(overlapping, "overlaps", "objects that overlap");
    is_found(cell_and_atom, "for a cell by one noun and for an atom", "an object of two kinds");
    is_found(leading_zero, "normal form", "a leading zero word");
    is_found(atom_that_is_direct, "normal form", "an indirect atom that fits a direct one");
    is_found(giant_atom, "overlaps", "an atom larger than the file");
    is_found(bad_atom_hash, "does not match its value", "an atom's hash");
}

static bool stop_at_half(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    uint64_t *calls = context;
    (*calls)++;
    return done_bytes * 2 < total_bytes;
}

static void progress_can_stop_it(const char *path)
{
    struct arena *arena = test_open(path);
    uint64_t calls = 0;
    struct arena_verify_options options = {.progress = stop_at_half, .context = &calls};
    enum status status = arena_verify(arena, &options, NULL);
    tap_ok(status == STATUS_INTERRUPTED && calls > 20, "progress is reported %" PRIu64 " times, and can stop it",
           calls);
    arena_close(arena);
}

int main(void)
{
    space_stack();
    const char *path = varied_arena();
    a_whole_arena_passes(path);
    any_flipped_bit_is_found(path);
    wrong_objects_are_found();
    progress_can_stop_it(path);
    return tap_done();
}
