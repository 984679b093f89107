/* table.h: lists for people and for cut(1). Columns are padded with at least two blanks between
 * them, and there is a header unless `header` is false. Cells are escaped by str_escape(). An empty
 * cell is shown as "-", so that fields can be counted; by docker's words it stays empty, and the
 * columns are as wide as docker's. */
#ifndef CTR_TABLE_H
#define CTR_TABLE_H

#include <stdbool.h>
#include "str.h"

struct table {
	struct strv cells;
	size_t cols;
};
/* Called by docker's word (`ctrbox images`), so that lists are as docker's. */
extern bool table_docker;
void table_row(struct table *t, size_t cols, const char *const *cells);
/* Write the table to stdout and free it. The first row is the header and must always be given; it
 * is left out when !header. */
void table_print(struct table *t, bool header);

#endif
