/* rows.h: lists in the form that docker's --format asks for: a Go template for each row, `table
 * TEMPLATE`, or `json`. A bare `table` is docker's own table. */
#ifndef CTR_ROWS_H
#define CTR_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* --format as it is; `docker` for a bare `table` and, where docker's word was used, for none. NULL:
 * our own table, or another form (`other`: --quiet, --json). */
const char *rows_format(const char *format, bool other, const char *docker);
/* Append the line of one row, which it takes over. 0, or -1 with fail_usage() when the template is
 * wrong. */
int rows_add(struct strv *lines, const char *format, json_t *row);
/* Print the lines. After `table ` they are printed in columns (the fields are separated by tabs),
 * with the names of the fields above them if `header`: docker's names from `heads` ("Field",
 * "HEAD", ... NULL), or its words in capitals. Errors as above. */
int rows_print(struct strv *lines, const char *format, const char *const *heads, bool header);
/* Print lines whose fields are separated by tabs in columns, without changing the first line. The
 * lines are cut up. */
void rows_columns(struct strv *lines);

/* A size as people read it: "512", "12.5M"; in a template, and where docker's word was used, as
 * docker has it. Returns out. */
char *size_text(const char *format, uint64_t bytes, char out[16]);
/* docker's: "1.98MB" (base 1000), "692KiB" (base 1024). */
char *size_docker(uint64_t bytes, int base, char out[16]);

#endif
