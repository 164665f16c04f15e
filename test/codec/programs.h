/* Assembling and running programs with the naive reducer. */
#ifndef TEST_CODEC_PROGRAMS_H
#define TEST_CODEC_PROGRAMS_H

#include "codec/codec.h"
#include "model/reducer.h"

/* A program whose includes are files under `folder`; NULL: a failure, noted. */
noun program_of_text(struct stack *stack, const char *name, const char *text, const char *folder);
noun program_of_file(struct stack *stack, const char *path);

char *program_read_file(const char *path, size_t *size_bytes);

/* [crashed product]: NOUN_NONE if the formula crashes on the subject. */
noun program_run(struct stack *stack, noun subject, noun formula);

#endif
