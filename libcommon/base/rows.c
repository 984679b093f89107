/* rows.c: see rows.h. */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "rows.h"
#include "table.h"
#include "template.h"

static const char *rows_body(const char *format, bool *table)
{
	*table = str_starts(format, "table");
	format += *table ? strlen("table") : 0;
	return *table ? format + strspn(format, " ") : format;
}

char *size_docker(uint64_t bytes, int base, char out[16])
{
	static const char units[][2][4] = {{"B", "B"}, {"kB", "KiB"}, {"MB", "MiB"}, {"GB", "GiB"},
	    {"TB", "TiB"}, {"PB", "PiB"}, {"EB", "EiB"}};
	double n = (double)bytes;
	int u = 0;
	for (; n >= base; u++)
		n /= base;
	snprintf(out, 16, "%.*g%s", base == 1000 ? 3 : 4, n, units[u][base != 1000]);
	return out;
}

char *size_text(const char *format, uint64_t bytes, char out[16])
{
	static const char units[] = "BKMGTPE";
	unsigned u = 0;
	uint64_t rest = 0;
	if (format || table_docker)
		return size_docker(bytes, 1000, out);
	while (bytes >= 1024) {
		rest = bytes % 1024;
		bytes /= 1024;
		u++;
	}
	snprintf(
	    out, 16, u ? "%u.%u%c" : "%u", (unsigned)bytes, (unsigned)(rest * 10 / 1024), units[u]);
	return out;
}

const char *rows_format(const char *format, bool other, const char *docker)
{
	if (format ? strcmp(format, "table") != 0 : !table_docker)
		return format;
	return other ? NULL : docker;
}

static int rows_add_cell(struct strv *lines, const char *format, json_t *row, enum template_use use)
{
	bool table;
	struct buf out = {0};
	int r = template_run(rows_body(format, &table), row, use, &out);
	json_decref(row);
	if (r < 0)
		return buf_free(&out), fail_as_usage();
	strv_take(lines, out.p ? out.p : xstrdup(""));
	return 0;
}

int rows_add(struct strv *lines, const char *format, json_t *row)
{
	return rows_add_cell(lines, format, row, TEMPLATE_ROW);
}

void rows_columns(struct strv *rows)
{
	struct table t = {0};
	struct strv cut = {0}, *lines = &cut; /* a template may make several lines of a row */
	size_t most = 0;
	for (size_t i = 0; i < rows->n; i++)
		strv_split(lines, rows->v[i], "\n");
	for (size_t i = 0; i < lines->n; i++) {
		size_t n = 1;
		for (const char *p = lines->v[i]; (p = strchr(p, '\t')); p++)
			n++;
		most = n > most ? n : most;
	}
	for (size_t i = 0; i < lines->n; i++) {
		_cleanup_free_ const char **cells = xcalloc(most, sizeof *cells);
		char *next = lines->v[i];
		for (size_t k = 0; next && k < most; k++)
			cells[k] = strsep(&next, "\t");
		table_row(&t, most, cells);
	}
	strv_free(&cut);
	table_print(&t, true);
}

int rows_print(struct strv *lines, const char *format, const char *const *heads, bool header)
{
	bool table;
	rows_body(format, &table);
	struct strv all = {0};
	if (table && header) {
		json_t *row = json_object();
		for (size_t i = 0; heads[i]; i += 2)
			json_object_set_new(row, heads[i], json_string(heads[i + 1]));
		if (rows_add_cell(&all, format, row, TEMPLATE_HEAD) < 0)
			return -1;
	}
	strv_addall(&all, lines);
	if (table && all.n)
		rows_columns(&all);
	for (size_t i = 0; i < all.n && !table; i++)
		puts(all.v[i]);
	strv_free(&all);
	return 0;
}
