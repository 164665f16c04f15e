/* JSON on stdout. */
#include <stdio.h>

#include "cli/cli.h"

static void separate(struct json *json)
{
    if (json->has_member)
        fputs(", ", stdout);
    json->has_member = true;
}

static void key(struct json *json, const char *name)
{
    separate(json);
    printf("\"%s\": ", name);
}

static void print_string(const char *value)
{
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)value; *at != 0; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            printf("\\u%04x", *at);
        else
            putchar(*at);
    }
    putchar('"');
}

void json_begin(struct json *json)
{
    *json = (struct json){0};
    putchar('{');
}

void json_string(struct json *json, const char *name, const char *value)
{
    key(json, name);
    print_string(value);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
    key(json, name);
    printf("%" PRIu64, value);
}

void json_real(struct json *json, const char *name, double value)
{
    key(json, name);
    printf("%.3f", value);
}

void json_hex64(struct json *json, const char *name, uint64_t value)
{
    key(json, name);
    printf("\"%016" PRIx64 "\"", value);
}

void json_digest(struct json *json, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    key(json, name);
    putchar('"');
    for (size_t i = 0; i < size_bytes; i++)
        printf("%02x", bytes[i]);
    putchar('"');
}

void json_boolean(struct json *json, const char *name, bool value)
{
    key(json, name);
    fputs(value ? "true" : "false", stdout);
}

void json_array(struct json *json, const char *name)
{
    key(json, name);
    putchar('[');
    json->has_member = false;
}

void json_item(struct json *array, struct json *item)
{
    if (array->has_member)
        fputs(",\n ", stdout);
    array->has_member = true;
    json_begin(item);
}

void json_item_end(struct json *item)
{
    (void)item;
    putchar('}');
}

void json_item_string(struct json *array, const char *value)
{
    separate(array);
    print_string(value);
}

void json_array_end(struct json *json)
{
    putchar(']');
    json->has_member = true;
}

void json_end(struct json *json)
{
    (void)json;
    fputs("}\n", stdout);
}
