/* ctr-ps: list containers.
 *
 * Kind: FILTER. A damaged record is listed as corrupt and does not disturb the others; the exit
 * code is then 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "container_net.h"
#include "err.h"
#include "opt.h"
#include "stamp.h"
#include "record.h"
#include "ps_filter.h"
#include "ps_template.h"
#include "table.h"

static struct {
	bool all, quiet, no_header, json, no_trunc;
	bool latest;
	int64_t last;
	const char *fields;
	struct strv filters;
} o;

static const struct opt opts[] = {
    {'a', "all", NULL, "those too that do not run", OPT_FLAG, &o.all},
    {'q', "quiet", NULL, "ids only", OPT_FLAG, &o.quiet},
    {'n', "no-header", NULL, "no header line", OPT_FLAG, &o.no_header},
    {'o', "format", "FIELDS|TEMPLATE",
	"a Go template (docker's, with `table` too), or fields apart by commas (default: "
	"id,name,pid,status,command,created,image,ip,ports)",
	OPT_STR, &o.fields},
    {0, "json", NULL, "an object a line, with every field", OPT_FLAG, &o.json},
    {'f', "filter", "K=V",
	"only those: name, id, status, label, ancestor, exited, health, network, volume, restart, "
	"before, "
	"since; values of one key are alternatives, several keys must all hold",
	OPT_LIST, &o.filters},
    {'l', "latest", NULL, "only the one made last, running or not", OPT_FLAG, &o.latest},
    {0, "last", "N", "only the N made last, running or not", OPT_NUM, &o.last},
    {0, "no-trunc", NULL, "show long commands whole", OPT_FLAG, &o.no_trunc},
    OPT_END,
};
static const struct usage usage = {.synopsis = "", .opts = opts, .anywhere = true};

enum {
	ID,
	NAME,
	PID,
	STATUS,
	COMMAND,
	CREATED,
	IMAGE,
	IP,
	PORTS,
	EXIT,
	STARTED,
	FINISHED,
	OOM,
	RESTART,
	LABELS,
	N_FIELDS
};
static const char *const names[N_FIELDS] = {"id", "name", "pid", "status", "command", "created",
    "image", "ip", "ports", "exit", "started", "finished", "oom", "restart", "labels"};
#define N_DEFAULT 9

static char *when(int64_t t)
{
	char s[STAMP_SIZE] = "";
	if (t)
		stamp_text(s, t, -1);
	return xstrdup(s);
}

/* The lines of a value in conf as a list with commas. */
static char *joined(const char *s)
{
	char *p = xstrdup(s ? s : "");
	for (char *q = p; *q; q++)
		*q = *q == '\n' ? ',' : *q;
	return p;
}

static char *field(const struct container *c, int f)
{
	const struct kv *k = &c->conf;
	const char *s = NULL;
	switch (f) {
	case ID:
		s = c->id;
		break;
	case NAME:
		s = c->name;
		break;
	case PID:
		return c->pid ? xasprintf("%d", (int)c->pid) : xstrdup("");
	case STATUS:
		s = status_name(c->status);
		break;
	case COMMAND:
		s = kv_get(k, "command");
		break;
	case CREATED:
		return when(strtoll(kv_get(k, "created") ? kv_get(k, "created") : "0", NULL, 10));
	case IMAGE:
		s = kv_get(k, "image");
		break;
	case IP: {
		_cleanup_free_ char *ip = container_addresses(c, false);
		return joined(ip);
	}
	case PORTS:
		return joined(
		    kv_get(&c->state, "ports") ? kv_get(&c->state, "ports") : kv_get(k, "publish"));
	case EXIT:
		return c->has_exit && !c->pid ? xasprintf("%d", c->exit_code) : xstrdup("");
	case STARTED:
		return when(c->started);
	case FINISHED:
		return when(c->pid ? 0 : c->finished);
	case OOM:
		s = c->oom && !c->pid ? "true" : "false";
		break;
	case RESTART:
		s = kv_get(k, "restart") ? kv_get(k, "restart") : "no";
		break;
	case LABELS:
		return joined(kv_get(k, "label"));
	}
	return xstrdup(s ? s : "");
}

static int field_named(const char *name)
{
	for (int i = 0; i < N_FIELDS; i++)
		if (strcasecmp(name, names[i]) == 0)
			return i;
	die_usage("--format: no field '%s'", name);
}

static bool wanted(const struct container *c)
{
	bool by_status;
	if (!ps_filter(&o.filters, c, &by_status))
		return false;
	bool lives = c->status == ST_RUNNING || c->status == ST_PAUSED ||
		     c->status == ST_RESTARTING || c->status == ST_CORRUPT ||
		     c->status == ST_ORPHANED;
	return o.all || by_status || lives;
}

struct made {
	char *when, *name;
};

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct made *)b)->when, ((const struct made *)a)->when);
}

/* Keep only those of `all` that were made last. */
static void keep_last(struct strv *all, size_t n)
{
	struct made *v = xmalloc((all->n + 1) * sizeof *v);
	for (size_t i = 0; i < all->n; i++) {
		struct container c;
		const char *when =
		    container_read(&c, all->v[i]) < 0 ? NULL : kv_get(&c.conf, "created");
		v[i] = (struct made){xstrdup(when ? when : ""), all->v[i]};
		container_close(&c);
	}
	if (all->n)
		qsort(v, all->n, sizeof *v, newest_first);
	for (size_t i = 0; i < all->n; i++) {
		free(v[i].when);
		all->v[i] = v[i].name;
	}
	free(v);
	all->n = n < all->n ? n : all->n;
}

static void print_json(const struct container *c)
{
	struct buf b = {0};
	for (int f = 0; f < N_FIELDS; f++) {
		_cleanup_free_ char *v = field(c, f), *safe = str_escape(v);
		buf_printf(&b, "%c\"%s\":", f ? ',' : '{', names[f]);
		if (f == PID || f == EXIT)
			buf_puts(&b, *v ? v : "null");
		else if (f == OOM)
			buf_puts(&b, v);
		else
			buf_json(&b, safe);
	}
	printf("%s}\n", b.p);
	buf_free(&b);
}

static void print_row(struct table *t, const struct container *c, const int *cols, size_t n)
{
	const char *cells[N_FIELDS * 2];
	char *own[N_FIELDS * 2];
	for (size_t i = 0; i < n; i++) {
		own[i] = field(c, cols[i]);
		if (cols[i] == COMMAND && !o.no_trunc && strlen(own[i]) > 40)
			memcpy(own[i] + 37, "...", 4);
		cells[i] = own[i];
	}
	table_row(t, n, cells);
	for (size_t i = 0; i < n; i++)
		free(own[i]);
}

static size_t columns(int *cols, const char **head)
{
	struct strv l = {0};
	size_t n = 0;
	static char upper[N_FIELDS * 2][16];
	if (o.fields)
		strv_split(&l, o.fields, ",");
	else
		for (int i = 0; i < N_DEFAULT; i++)
			strv_add(&l, names[i]);
	if (l.n == 0 || l.n > N_FIELDS * 2)
		die_usage("--format: no fields, or too many");
	for (; n < l.n; n++) {
		cols[n] = field_named(l.v[n]);
		for (size_t i = 0; names[cols[n]][i]; i++)
			upper[n][i] = (char)(names[cols[n]][i] - 32);
		head[n] = upper[n];
	}
	strv_free(&l);
	return n;
}

int ctr_ps_main(int argc, char **argv)
{
	struct strv all = {0};
	struct table t = {0};
	int cols[N_FIELDS * 2], code = 0, n = opt_parse(&usage, argc, argv);
	const char *head[N_FIELDS * 2];
	if (n < argc)
		die_usage("takes no names: use --filter name=NAME");
	if (ps_filter_check(&o.filters) < 0)
		die_usage("%s", fail_msg());
	bool templated = template_is(o.fields);
	int bad = 0;
	struct strv lines = {0};
	size_t wide = templated ? 0 : columns(cols, head);
	if (container_names(&all) < 0)
		die_fail();
	if (o.latest || o.last) {
		o.all = true;
		keep_last(&all, o.latest ? 1 : (size_t)o.last);
	}
	if (!templated)
		table_row(&t, wide, head);
	for (size_t i = 0; i < all.n; i++) {
		struct container c;
		if (container_read(&c, all.v[i]) < 0) { /* it was removed meanwhile */
			container_close(&c);
			continue;
		}
		if (c.status == ST_CORRUPT) {
			warn("%s: corrupt: %s", c.name, c.why);
			code = 1;
		}
		if (templated || o.json || o.fields || o.filters.n)
			container_times(&c);
		if (wanted(&c)) {
			if (templated)
				bad |= ps_template(&lines, o.fields, &c);
			else if (o.quiet)
				puts(c.status == ST_CORRUPT ? c.name : c.id);
			else if (o.json)
				print_json(&c);
			else
				print_row(&t, &c, cols, wide);
		}
		container_close(&c);
		if (bad < 0)
			die_fail();
	}
	if (templated && ps_template_print(&lines, o.fields, !o.no_header) < 0)
		die_fail();
	if (!templated && !o.quiet && !o.json)
		table_print(&t, !o.no_header);
	return code;
}
