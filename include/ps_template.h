/* ps_template.h: ctr-ps --format with a Go template, as docker ps has it.
 */
#ifndef CTR_PS_TEMPLATE_H
#define CTR_PS_TEMPLATE_H

#include <stdbool.h>
#include "record.h"
#include "str.h"

/* The minimal build has no templates: there it is none, whatever stands in it. */
bool template_is(const char *text);
/* Append one container's line. -1 with fail_usage() where the template is wrong. */
int ps_template(struct strv *lines, const char *format, const struct container *c);
/* Print them; after `table ` in columns (apart by tabs), under their names if `header`. As
 * above. */
int ps_template_print(struct strv *lines, const char *format, bool header);

#endif
