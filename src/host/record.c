#include "host/record.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

struct record *record_new(host_answered_fn *answered, void *context)
{
    struct record *record = calloc(1, sizeof *record);
    if (record == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *record);
    record->answered = answered;
    record->context = context;
    return record;
}

void record_destroy(struct record *record)
{
    if (record == NULL)
        return;
    free(record->job);
    free(record->said);
    free(record->message);
    free(record);
}

void record_list_init(struct record_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

void record_list_add(struct record_list *list, struct record *record)
{
    record->next = NULL;
    *list->last = record;
    list->last = &record->next;
}

void record_list_move(struct record_list *from, size_t count, struct record_list *to)
{
    for (struct record *record; count > 0 && (record = from->first) != NULL; count--) {
        from->first = record->next;
        record_list_add(to, record);
    }
    if (from->first == NULL)
        record_list_init(from);
}

void record_list_destroy(struct record_list *list)
{
    for (struct record *record = list->first, *next; record != NULL; record = next) {
        next = record->next;
        record_destroy(record);
    }
    record_list_init(list);
}

static enum status encode_said(struct stack *stack, noun effects, noun goof, struct record *record)
{
    if (effects == 0 && goof == 0)
        return STATUS_OK;
    return codec_jam(stack_cell(stack, effects, goof), &record->said, &record->said_size_bytes);
}

static void fill_row(struct record *record, size_t job_size_bytes)
{
    struct eventlog_row *row = &record->row;
    row->wire = (const uint8_t *)record->wire;
    row->wire_size_bytes = strlen(record->wire);
    row->job = record->job;
    row->job_size_bytes = job_size_bytes;
    row->evaluation_us = record->evaluation_ns / 1000;
    hash_blake3(record->job, job_size_bytes, row->job_hash);
}

enum status record_encode(struct node *node, const struct kernel_event *event, struct record *record)
{
    size_t job_size_bytes;
    noun wire = kernel_job_wire(event->job);
    kernel_path_text(wire == NOUN_NONE ? 0 : wire, record->wire, sizeof record->wire);
    record->answer = event->replaced ? HOST_SWAPPED : HOST_ACCEPTED;
    record->row.kind = event->replaced ? EVENTLOG_REPLACEMENT : EVENTLOG_POKE;
    STATUS_TRY(codec_jam(event->job, &record->job, &job_size_bytes));
    fill_row(record, job_size_bytes);
    STATUS_TRY(eventlog_admits(node->log, record->row.wire_size_bytes, job_size_bytes));
    noun goof = event->replaced ? stack_cell(node->stack, event->goof.mote, event->goof.tang) : 0;
    return encode_said(node->stack, event->effects, goof, record);
}

void record_refuse(struct record *record, struct stack *stack, enum status reason, noun goof)
{
    record->answer = HOST_REFUSED;
    record->reason = reason;
    record->row.event = 0;
    record->is_barrier = false;
    record->message = strdup(status_message());
    if (record->message == NULL)
        check_out_of_memory(__FILE__, __LINE__, STATUS_MESSAGE_SIZE_BYTES);
    free(record->said);
    record->said = NULL;
    if (goof != NOUN_NONE && encode_said(stack, 0, goof, record) != STATUS_OK)
        record->said = NULL; /* the message says it, too */
}

enum status record_decode(struct node *node, const struct record *record, struct host_event *out)
{
    *out = (struct host_event){
        .answer = record->answer,
        .reason = record->reason,
        .number = record->row.event,
        .state_hash = record->row.state_hash,
        .goof = NOUN_NONE,
        .limit = record->limit,
        .evaluation_ns = record->evaluation_ns,
    };
    if (record->said != NULL) {
        noun said;
        STATUS_TRY(codec_cue(node->stack, record->said, record->said_size_bytes, NULL, &said));
        out->effects = noun_head(said);
        out->goof = record->answer != HOST_ACCEPTED ? noun_tail(said) : NOUN_NONE;
    }
    if (record->answer == HOST_REFUSED)
        (void)status_fail(record->reason, "%s", record->message);
    return STATUS_OK;
}
