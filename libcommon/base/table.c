/* table.c: columns for people and cut(1); see table.h. */
#include <stdio.h>
#include <string.h>

#include "table.h"

bool table_docker;

/* Columns are counted in characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t table_width(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_row(struct table *t, size_t cols, const char *const *cells)
{
	const char *none = table_docker ? "" : "-";
	t->cols = cols;
	for (size_t i = 0; i < cols; i++)
		strv_take(&t->cells, str_escape(cells[i] && *cells[i] ? cells[i] : none));
}

void table_print(struct table *t, bool header)
{
	size_t wide[64] = {0};
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t w = table_width(t->cells.v[i]), *col = &wide[i % t->cols % 64];
		if (w > *col && (header || i >= t->cols))
			*col = w;
	}
	for (size_t i = header ? 0 : t->cols; i < t->cells.n; i++) {
		const char *s = t->cells.v[i];
		bool last = i % t->cols == t->cols - 1;
		fputs(s, stdout);
		/* docker's columns are three apart, and ten wide at least */
		size_t w = table_width(s), to = wide[i % t->cols % 64] + 2 + table_docker;
		for (to = table_docker && to < 10 ? 10 : to; !last && w < to; w++)
			putchar(' ');
		if (last)
			putchar('\n');
	}
	strv_free(&t->cells);
}
