/* The door of floor 0: what every other folder may use. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/sorted.h"
#include "base/status.h"
#include "base/text.h"
#include "base/wordstack.h"

#endif
