/* ctr-ps: list containers.
 *
 * Kind: FILTER. A damaged record is listed as corrupt and does not disturb the others; the exit
 * code is then 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "applets.h"
#include "container_net.h"
#include "err.h"
#include "health.h"
#include "oci_seen.h"
#include "opt.h"
#include "stamp.h"
#include "record.h"
#include "ps_filter.h"
#include "ps_template.h"
#include "table.h"

#ifdef CTR_MINIMAL
#define SYNOPSIS ""
#else
#define SYNOPSIS "[oci:[DIR/][ID]...]"
#endif

static struct {
	bool all, quiet, no_header, json, no_trunc;
	bool latest, size;
	int64_t last;
	const char *fields;
	struct strv filters;
} o;

static struct opt opts[] = {
    {'n', "no-header", NULL, "no header line", OPT_FLAG, &o.no_header},
    {0, "last", "N", "only the N made last, running or not", OPT_NUM, &o.last},
    {'a', "all", NULL, "those too that do not run", OPT_FLAG, &o.all},
    {'q', "quiet", NULL, "ids only", OPT_FLAG, &o.quiet},
    {'o', "format", "FIELDS|TEMPLATE",
	"a Go template (docker's, with `table` too), or fields apart by commas (default: id, name, "
	"status, command, created, image; from 120 columns on pid, ip and ports, too; ports in a "
	"pipe, where there are any)",
	OPT_STR, &o.fields},
    {0, "json", NULL, "an object a line, with every field", OPT_FLAG, &o.json},
    {'f', "filter", "K=V",
	"only those: name, id, status, label, ... (ctr-ps(1)); values of one key are alternatives; "
	"several labels and keys must all hold",
	OPT_LIST, &o.filters},
    {'l', "latest", NULL, "only the one made last, running or not", OPT_FLAG, &o.latest},
    {'s', "size", NULL, "what is written, and with the image", OPT_FLAG, &o.size},
    {0, "no-trunc", NULL, "show long commands whole", OPT_FLAG, &o.no_trunc},
    OPT_END,
};
static const struct usage usage = {.synopsis = SYNOPSIS,
    .opts = opts,
    .anywhere = true,
    .others = OTHERS("w:watch(1)\np:--net, --ipc and --pid container:NAME\n")};

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
	SIZE,
	N_FIELDS
};
static const char *const names[N_FIELDS] = {"id", "name", "pid", "status", "command", "created",
    "image", "ip", "ports", "exit", "started", "finished", "oom", "restart", "labels", "size"};
#define N_DEFAULT 9

/* Of the terminal, or of $COLUMNS; 80 where it is neither. */
static int width(void)
{
	const char *env = getenv("COLUMNS");
	struct winsize w;
	if (env && atoi(env) > 0)
		return atoi(env);
	return ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

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
	case SIZE:
		return ps_size(c, o.json ? "json" : NULL);
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
	struct buf all = {0};
	for (int i = 0; i < N_FIELDS; i++)
		buf_printf(&all, " %s", names[i]);
	die_usage("--format: no field '%s': there are%s", name, all.p);
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

static void json_labels(struct buf *b, const char *lines)
{
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, lines ? lines : "", "\n");
	buf_puts(b, "{");
	for (size_t i = 0; i < l.n; i++) {
		char *eq = strchr(l.v[i], '=');
		if (eq)
			*eq = 0;
		_cleanup_free_ char *key = str_escape(l.v[i]),
				    *value = str_escape(eq ? eq + 1 : "");
		buf_puts(b, i ? "," : "");
		buf_json(b, key);
		buf_puts(b, ":");
		buf_json(b, value);
	}
	buf_puts(b, "}");
}

static char *json_row(const struct container *c)
{
	struct buf b = {0};
	for (int f = 0; f < N_FIELDS - !o.size; f++) {
		_cleanup_free_ char *v = field(c, f), *safe = str_escape(v);
		buf_printf(&b, "%c\"%s\":", f ? ',' : '{', names[f]);
		if (f == PID || f == EXIT || f == SIZE)
			buf_puts(&b, *v ? v : "null");
		else if (f == OOM)
			buf_puts(&b, v);
		else if (f == LABELS)
			json_labels(&b, kv_get(&c->conf, "label"));
		else
			buf_json(&b, safe);
	}
	buf_puts(&b, "}");
	return b.p;
}

/* What a person reads: exited (3), 2 minutes ago; a long path's end. */
static char *for_people(const struct container *c, int f)
{
	char *s = field(c, f);
	const char *health = f == STATUS && c->status == ST_RUNNING ? health_status(c) : "";
	size_t n = strlen(s);
	char *better = NULL;
	if (f == STATUS && c->has_exit && c->status == ST_EXITED)
		better = xasprintf("%s (%d)", s, c->exit_code);
	else if (*health)
		better = xasprintf("%s (%s)", s, health);
	else if (f == CREATED)
		better = stamp_ago(strtoll(
		    kv_get(&c->conf, "created") ? kv_get(&c->conf, "created") : "0", NULL, 10));
	else if (f == ID && n > 12 && !o.no_trunc)
		better = xstrndup(s, 12);
	else if ((f == IMAGE || (f == NAME && seen_is(s))) && n > 20 && !o.no_trunc)
		better = xasprintf("...%s", s + n - 17);
	if (!better)
		return s;
	free(s);
	return better;
}

/* Rows are printed when all are known, the newest first: "CREATED\tCELL\tCELL...". */
static struct strv rows;

static char *row_of(const struct container *c, const int *cols, size_t n)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *s = o.fields ? field(c, cols[i]) : for_people(c, cols[i]),
				    *safe = str_escape(s);
		if (i)
			buf_add(&b, "\t", 1);
		buf_puts(&b, safe);
	}
	return b.p;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* What others leave of a line is the command's, from 10 to 40 characters. */
static void print_rows(struct table *t, const char *const *head, const int *cols, size_t n)
{
	size_t wide[N_FIELDS * 2] = {0}, all = 0, command = 40, ports = 0;
	for (size_t i = 0; i < rows.n; i++)
		ports += !str_ends(rows.v[i], "\t");
	if (!o.fields && width() < 120 && cols[n - 1] == PORTS && !ports)
		n--; /* a program that reads gets them where there are any */
	table_row(t, n, head);
	for (size_t i = 0; i < n; i++)
		wide[i] = strlen(head[i]);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < rows.n; i++) {
			_cleanup_free_ char *line = xstrdup(rows.v[i]);
			char *next = line;
			const char *cells[N_FIELDS * 2];
			strsep(&next, "\t");
			for (size_t k = 0; k < n; k++) {
				char *cell = strsep(&next, "\t");
				size_t len = strlen(cell);
				if (cols[k] == COMMAND && !o.no_trunc && pass && len > command)
					strcpy(cell + command - 3, "...");
				else if (cols[k] != COMMAND && !pass && len > wide[k])
					wide[k] = len;
				cells[k] = cell;
			}
			if (pass)
				table_row(t, n, cells);
			if (pass || i + 1 < rows.n)
				continue;
			for (size_t k = 0; k < n; k++)
				all += cols[k] == COMMAND ? 2 : wide[k] + 2;
			command = all > (size_t)width() - 10 ? 10 : (size_t)width() - all + 2;
			if (command > 40 || o.fields)
				command = 40;
		}
	table_print(t, !o.no_header);
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
			if (width() >= 120 || (i != PID && i != IP && (i != PORTS || !isatty(1))))
				strv_add(&l, names[i]);
	if (o.size && !o.fields)
		strv_add(&l, "size");
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

/* One container's row, its text; NULL with fail(): the template is wrong. */
static char *text_of(const struct container *c, const int *cols, size_t n)
{
	if (template_is(o.fields)) {
		struct strv line = {0};
		_cleanup_free_ char *size =
		    o.size || strstr(o.fields, ".Size") ? ps_size(c, o.fields) : NULL;
		return ps_template(&line, o.fields, c, size, o.no_trunc) < 0 ? NULL : line.v[0];
	}
	if (o.quiet)
		return xstrdup(c->status == ST_CORRUPT || seen_is(c->name) ? c->name : c->id);
	return o.json ? json_row(c) : row_of(c, cols, n);
}

static int gather(char **names, const int *cols, size_t n)
{
	struct strv all = {0};
	int code = 0;
	for (size_t i = 0; names[i]; i++) {
		if (!seen_is(names[i]))
			die_usage("takes no names: --filter name=NAME (--last N for a number)");
		if (seen_names(&all, names[i]) < 0)
			die_fail();
	}
	if (!*names && container_names(&all) < 0)
		die_fail();
	for (size_t i = 0; i < all.n; i++) {
		struct container c;
		if ((*names ? seen_open(&c, all.v[i]) : container_read(&c, all.v[i])) < 0) {
			if (*names) { /* else it was removed meanwhile */
				warn_fail();
				code = 1;
			}
			container_close(&c);
			continue;
		}
		if (c.status == ST_CORRUPT) {
			warn("%s: corrupt: %s", c.name, c.why);
			code = 1;
		}
		if (o.json || o.fields || o.filters.n || o.size || n > N_DEFAULT - 2)
			container_times(&c);
		if (wanted(&c)) {
			_cleanup_free_ char *text = text_of(&c, cols, n);
			const char *made = kv_get(&c.conf, "created");
			if (!text)
				die_fail();
			strv_addf(&rows, "%s\t%s", made ? made : "", text);
		}
		container_close(&c);
	}
	strv_free(&all);
	return code;
}

int ctr_ps_main(int argc, char **argv)
{
	struct table t = {0};
	if (table_docker) /* docker's -n is the second row's, --last */
		opts[0].s = 0, opts[1].s = 'n';
	int cols[N_FIELDS * 2], n = opt_parse(&usage, argc, argv);
	const char *head[N_FIELDS * 2];
	o.fields = ps_format(o.fields, o.quiet || o.json, o.size);
	if (ps_filter_check(&o.filters) < 0)
		die_usage("%s", fail_msg());
	bool templated = template_is(o.fields), table = !templated && !o.quiet && !o.json;
	size_t cells = templated ? 0 : columns(cols, head);
	o.last = o.latest ? 1 : o.last;
	o.all |= o.last > 0;
	int code = gather(argv + n, cols, cells);
	if (rows.n)
		qsort(rows.v, rows.n, sizeof *rows.v, newest_first);
	if (o.last && rows.n > (size_t)o.last)
		rows.n = (size_t)o.last;
	if (table) {
		print_rows(&t, head, cols, cells);
		return code;
	}
	for (size_t i = 0; i < rows.n; i++) {
		char *text = strchr(rows.v[i], '\t') + 1;
		memmove(rows.v[i], text, strlen(text) + 1);
		if (!templated)
			puts(rows.v[i]);
	}
	if (templated && ps_template_print(&rows, o.fields, !o.no_header) < 0)
		die_fail();
	return code;
}
