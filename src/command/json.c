/* JSON on stdout, or wherever it is wanted. */
#include <stdio.h>

#include "command/command.h"

static void separate(struct json *json)
{
    if (json->has_member)
        fputs(", ", json->to);
    json->has_member = true;
}

static void key(struct json *json, const char *name)
{
    separate(json);
    fprintf(json->to, "\"%s\": ", name);
}

static void print_string(FILE *to, const char *value)
{
    putc('"', to);
    for (const unsigned char *at = (const unsigned char *)value; *at != 0; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(to, "\\u%04x", *at);
        else
            putc(*at, to);
    }
    putc('"', to);
}

void json_begin_to(struct json *json, FILE *to)
{
    *json = (struct json){.to = to};
    putc('{', to);
}

void json_begin(struct json *json)
{
    json_begin_to(json, stdout);
}

void json_string(struct json *json, const char *name, const char *value)
{
    key(json, name);
    print_string(json->to, value);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    key(json, name);
    fprintf(json->to, "%" PRIu64, value);
}

void json_real(struct json *json, const char *name, double value)
{
    key(json, name);
    fprintf(json->to, "%.3f", value);
}

void json_hex64(struct json *json, const char *name, uint64_t value)
{
    key(json, name);
    fprintf(json->to, "\"%016" PRIx64 "\"", value);
}

void json_digest(struct json *json, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    key(json, name);
    putc('"', json->to);
    for (size_t i = 0; i < size_bytes; i++)
        fprintf(json->to, "%02x", bytes[i]);
    putc('"', json->to);
}

void json_boolean(struct json *json, const char *name, bool value)
{
    key(json, name);
    fputs(value ? "true" : "false", json->to);
}

void json_array(struct json *json, const char *name)
{
    key(json, name);
    putc('[', json->to);
    json->has_member = false;
}

void json_item(struct json *array, struct json *item)
{
    if (array->has_member)
        fputs(",\n ", array->to);
    array->has_member = true;
    json_begin_to(item, array->to);
}

void json_item_end(struct json *item)
{
    putc('}', item->to);
}

void json_item_string(struct json *array, const char *value)
{
    separate(array);
    print_string(array->to, value);
}

void json_array_end(struct json *json)
{
    putc(']', json->to);
    json->has_member = true;
}

void json_end(struct json *json)
{
    fputs("}\n", json->to);
}
