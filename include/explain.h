/* explain.h: ctr-run --explain: what a start does, as a script of ctrbox's own tools.
 */
#ifndef CTR_EXPLAIN_H
#define CTR_EXPLAIN_H

#include <stdio.h>
#include "create_flags.h"
#include "record.h"
#include "spec.h"

/* Print a POSIX sh script that starts the same container as these options, step by step. The
 * container's record is filled, but not made (`o->explain`). 0, or -1 with fail(). */
int explain_script(FILE *f, const struct create_flags *o, struct container *c, const struct spec *s,
    const char *root) COLD;

#endif
