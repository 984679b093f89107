/* rows.h: a list by docker's --format: a Go template over each row, `table TEMPLATE`, or `json`.
 */
#ifndef CTR_ROWS_H
#define CTR_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* Append one row's line; the row is taken. 0, or -1 with fail_usage() where the template is
 * wrong. */
int rows_add(struct strv *lines, const char *format, json_t *row);
/* Print them; after `table ` in columns (apart by tabs), under the fields' names if `header`:
 * docker's, from `heads` ("Field", "HEAD", ... NULL), else the field in capitals. As above. */
int rows_print(struct strv *lines, const char *format, const char *const *heads, bool header);
/* Print lines whose fields are apart by tabs in columns, the first as it is; they are cut up. */
void rows_columns(struct strv *lines);

#endif
