/* The small assembler in which the templates are written, one for each
 * processor: native_x86.h, native_arm64.h.  Private to native_templates.c.
 *
 * Registers have parts:
 *
 *   FRAME, MACHINE, STACK   what these are in the interpreter
 *   BASE                    of the noun space
 *   FREE                    the next free word of the young stretch
 *   VALUE                   the value in hand; on its way from a return to its
 *                           landing; what a call of C gave back
 *   LANDING                 the landing, or the instruction at which native code is left
 *   REASON                  why it is left
 *   CODE                    the code about to be entered
 *   SITE, SPARE, SECOND     a template's own
 *   C_ARGUMENT_n            of a call of C
 *   leaf_registers          what a tail call carries; all but CODE and those that last
 *
 * The first five outlive calls of C.  The others may share registers: LANDING
 * and SECOND, REASON or a template's own and a C_ARGUMENT_n.  So nothing but
 * VALUE is expected to be still there when arguments have been put together,
 * and those are put together from VALUE, SITE and what outlives calls.
 *
 * compare_tag asks whether a noun is a cell: IF_BELOW says that it is none.  Atoms
 * have lesser words, and nothing greater than cells is in hand.
 *
 * Instructions that set the flags: compare..., test..., add_number,
 * and_registers.  All others may change them too, but for moves, loads, stores
 * and jumps.  add_number and and_registers set them for what they wrote, and
 * only IF_EQUAL and IF_NEGATIVE and their opposites hold after those and after
 * test...
 */
#ifndef NOCK_NATIVE_ASSEMBLER_H
#define NOCK_NATIVE_ASSEMBLER_H

/* The thread sanitizer hands a signal over at the next call that it knows, and
 * machine code makes none. */
#if defined __SANITIZE_THREAD__
#define NATIVE_IS_POSSIBLE 0
#elif defined __x86_64__
#define NATIVE_IS_POSSIBLE 1
#include "nock/native_x86.h"
#elif defined __AARCH64EL__ && defined __LP64__
#define NATIVE_IS_POSSIBLE 1
#include "nock/native_arm64.h"
#else
#define NATIVE_IS_POSSIBLE 0
#endif

#endif
