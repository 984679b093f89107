/* rows.h: lists in the form that docker's --format asks for: a Go template for each row, `table
 * TEMPLATE`, or `json`. A bare `table` is the table that comes without it. */
#ifndef CTR_ROWS_H
#define CTR_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* --format as it is, or NULL for a bare `table`. */
const char *rows_format(const char *format);
/* Append the line of one row, which it takes over. 0, or -1 with fail_usage() when the template is
 * wrong. */
int rows_add(struct strv *lines, const char *format, json_t *row);
/* Print the lines. After `table ` they are printed in columns (the fields are separated by tabs),
 * with the names of the fields above them if `header`: docker's names from `heads` ("Field",
 * "HEAD", ... NULL), or the field in capitals. Errors as above. */
int rows_print(struct strv *lines, const char *format, const char *const *heads, bool header);
/* Print lines whose fields are separated by tabs in columns, without changing the first line. The
 * lines are cut up. */
void rows_columns(struct strv *lines);

#endif
