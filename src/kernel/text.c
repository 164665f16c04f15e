/* Text that comes from guests: bounded, and clean before anybody sees it. */
#include "kernel/private.h"

#include <stdlib.h>
#include <string.h>

#define CUT_MARK "..."

/* Room for `size_bytes` more, the cut mark and the NUL. */
static void make_room(struct kernel_text *text, size_t size_bytes)
{
    size_t needed_bytes = text->size_bytes + size_bytes + sizeof CUT_MARK;
    if (needed_bytes <= text->capacity_bytes)
        return;
    size_t capacity_bytes = needed_bytes < 256 ? 256 : needed_bytes * 2;
    char *bytes = realloc(text->bytes, capacity_bytes);
    if (bytes == NULL)
        check_out_of_memory(__FILE__, __LINE__, capacity_bytes);
    text->bytes = bytes;
    text->capacity_bytes = capacity_bytes;
}

void kernel_text_add(struct kernel_text *text, const void *bytes, size_t size_bytes)
{
    size_t room_bytes = text->limit_bytes - text->size_bytes;
    if (size_bytes > room_bytes) {
        size_bytes = room_bytes;
        text->cut = true;
    }
    make_room(text, size_bytes);
    if (size_bytes > 0)
        memcpy(text->bytes + text->size_bytes, bytes, size_bytes);
    text->size_bytes += size_bytes;
}

void kernel_text_add_string(struct kernel_text *text, const char *string)
{
    kernel_text_add(text, string, strlen(string));
}

void kernel_text_add_atom(struct kernel_text *text, noun atom)
{
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(atom, &direct, &size_bytes);
    kernel_text_add(text, bytes, size_bytes);
}

/* Length of the UTF-8 sequence at `bytes`, or 0 if there is none. */
static size_t sequence_length(const uint8_t *bytes, size_t size_bytes)
{
    uint8_t first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xc2 && first < 0xe0   ? 2
                    : first >= 0xe0 && first < 0xf0 ? 3
                    : first >= 0xf0 && first < 0xf5 ? 4
                                                    : 0;
    if (length == 0 || length > size_bytes)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (first == 0xe0 && bytes[1] < 0xa0) || (first == 0xf0 && bytes[1] < 0x90);
    bool is_surrogate = first == 0xed && bytes[1] >= 0xa0;
    bool is_beyond = first == 0xf4 && bytes[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

void kernel_text_clean(struct kernel_text *text, bool one_line)
{
    size_t to = 0;
    for (size_t from = 0; from < text->size_bytes;) {
        const uint8_t *bytes = (const uint8_t *)text->bytes + from;
        size_t length = sequence_length(bytes, text->size_bytes - from);
        if (length == 0) {
            text->bytes[to++] = '?';
            from++;
        } else if (length == 1) {
            char byte = text->bytes[from++];
            if (byte != '\0')
                text->bytes[to++] = one_line && (byte == '\n' || byte == '\r') ? ' ' : byte;
        } else {
            memmove(text->bytes + to, bytes, length);
            to += length;
            from += length;
        }
    }
    text->size_bytes = to;
}

char *kernel_text_take(struct kernel_text *text, size_t *size_bytes)
{
    make_room(text, 0);
    if (text->cut) {
        memcpy(text->bytes + text->size_bytes, CUT_MARK, sizeof CUT_MARK - 1);
        text->size_bytes += sizeof CUT_MARK - 1;
    }
    text->bytes[text->size_bytes] = '\0';
    if (size_bytes != NULL)
        *size_bytes = text->size_bytes;
    return text->bytes;
}
