/* ps_template.h: ctr-ps --format with a Go template, as docker ps takes it. */
#ifndef CTR_PS_TEMPLATE_H
#define CTR_PS_TEMPLATE_H

#include <stdbool.h>
#include "record.h"
#include "str.h"

/* --format, or what docker's table is (rows_format()); `size`: with that column, too. */
#ifdef CTR_MINIMAL
#define ps_format(format, other, size) (format)
#else
const char *ps_format(const char *format, bool other, bool size);
#endif
/* Is the text a template? In the minimal build, which has none, it never is. */
bool template_is(const char *text);
/* Append the line of one container; `size` is its .Size, or NULL; `whole`: nothing is cut. -1 with
 * fail_usage() when the template is wrong. */
int ps_template(struct strv *lines, const char *format, const struct container *c, const char *size,
    bool whole);
/* Print the lines: after `table ` in columns (the fields are separated by tabs), with their names
 * above them if `header`. Errors as above. */
int ps_template_print(struct strv *lines, const char *format, bool header);
/* The bytes that a container takes on the disk: those of its writable layer, and of all its layers.
 * -1 with fail(). */
int container_sizes(const struct container *c, uint64_t *own, uint64_t *all);

#endif
