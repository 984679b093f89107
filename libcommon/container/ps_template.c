/* ps_template.c: see ps_template.h. */
#include <stdio.h>
#include <string.h>

#include "docker_shape.h"
#include "err.h"
#include "json.h"
#include "ps_template.h"
#include "table.h"
#include "template.h"

static const char *body(const char *format, bool *table)
{
	*table = str_starts(format, "table ");
	return *table ? format + strlen("table ") : format;
}

static int line_of(struct strv *lines, const char *format, json_t *row)
{
	bool table;
	struct buf out = {0};
	if (template_run(body(format, &table), row, true, &out) < 0)
		return buf_free(&out), fail_as_usage();
	strv_take(lines, out.p);
	return 0;
}

int ps_template(struct strv *lines, const char *format, const struct container *c)
{
	_cleanup_json_ json_t *row = docker_ps_row(c);
	return line_of(lines, format, row);
}

/* docker's heads: the fields' names in capitals, some with a blank. */
static int head(struct strv *lines, const char *format)
{
	static const char *const names[][2] = {{"ID", "CONTAINER ID"}, {"Names", "NAMES"},
	    {"Image", "IMAGE"}, {"Command", "COMMAND"}, {"CreatedAt", "CREATED AT"},
	    {"RunningFor", "CREATED"}, {"Status", "STATUS"}, {"State", "STATE"}, {"Ports", "PORTS"},
	    {"Networks", "NETWORKS"}, {"Labels", "LABELS"}, {"Pid", "PID"},
	    {"ExitCode", "EXIT CODE"}};
	_cleanup_json_ json_t *row = json_object();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		json_object_set_new(row, names[i][0], json_string(names[i][1]));
	return line_of(lines, format, row);
}

static void columns(struct strv *lines)
{
	struct table t = {0};
	size_t most = 0;
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
	table_print(&t, true);
}

int ps_template_print(struct strv *lines, const char *format, bool header)
{
	bool table;
	body(format, &table);
	struct strv all = {0};
	if (table && header && head(&all, format) < 0)
		return -1;
	strv_addall(&all, lines);
	if (table && all.n)
		columns(&all);
	for (size_t i = 0; i < all.n && !table; i++)
		puts(all.v[i]);
	strv_free(&all);
	return 0;
}
