/* ctr-stats: what containers use, as a table that is updated each second, or once.
 *
 * Kind: FILTER.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "applets.h"
#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "oci_seen.h"
#include "opt.h"
#include "record.h"
#include "rows.h"
#include "table.h"

static bool no_stream, no_header, as_json, no_trunc, idle;
static const char *format;
static struct strv lines; /* of --format */

static const struct opt opts[] = {
    {0, "no-stream", NULL, "once, and end", OPT_FLAG, &no_stream},
    {0, "json", NULL, "an object a line, with every count of the kernel", OPT_FLAG, &as_json},
    {'a', "all", NULL, "those too that do not run", OPT_FLAG, &idle},
    {0, "format", "TEMPLATE",
	"docker's, over .Name .ID .CPUPerc .MemUsage .MemPerc .NetIO .BlockIO .PIDs", OPT_STR,
	&format},
    {0, "no-trunc", NULL, NULL, OPT_FLAG, &no_trunc}, /* nothing is truncated */
    {'n', "no-header", NULL, "no header line", OPT_FLAG, &no_header},
    OPT_END,
};
static const struct usage usage = {.synopsis = "[NAME...|-]", .opts = opts, .anywhere = true};

struct before {
	char *id;
	uint64_t usec;
};
static struct before *old;
static size_t n_old;

static uint64_t num(const struct kv *kv, const char *key)
{
	const char *s = kv_get(kv, key);
	return s ? strtoull(s, NULL, 10) : 0;
}

/* CPU time since the last sample; 100 % stands for one processor. */
static void cpu_percent(const char *id, uint64_t usec, double interval, char out[16])
{
	for (size_t i = 0; i < n_old; i++)
		if (strcmp(old[i].id, id) == 0) {
			/* The count began anew if the container was started again meanwhile. */
			uint64_t used = usec < old[i].usec ? usec : usec - old[i].usec;
			snprintf(out, 16, format ? "%.2f%%" : "%.1f%%",
			    interval > 0 ? (double)used / interval / 10000 : 0);
			old[i].usec = usec;
			return;
		}
	old = xrealloc(old, (n_old + 1) * sizeof *old);
	old[n_old++] = (struct before){xstrdup(id), usec};
	snprintf(out, 16, "-");
}

/* What came and went over its network's interfaces; "-" where the network is the host's. */
static void net_bytes(const struct container *c, uint64_t out[2])
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/net/dev", (int)c->pid),
			    *text = file_read(path, 1 << 20, NULL);
	out[0] = out[1] = 0;
	if (str_eq(kv_get(&c->conf, "net"), "host"))
		return;
	for (char *l = text ? strchr(text, ':') : NULL; l; l = strchr(l + 1, ':')) {
		uint64_t v[9] = {0};
		char *end = l + 1;
		if (strncmp(l - 3, " lo", 3) == 0) /* below two lines of heads, right-aligned */
			continue;
		for (int i = 0; i < 9; i++)
			v[i] = strtoull(end, &end, 10);
		out[0] += v[0];
		out[1] += v[8];
	}
}

static uint64_t memory_there(void)
{
	struct sysinfo i;
	return sysinfo(&i) < 0 ? 0 : (uint64_t)i.totalram * i.mem_unit;
}

/* A number; null for "-", which is unknown, and "max", no limit; "avg10=0.00 ... total=0" as an
 * object. */
static json_t *value(const char *v)
{
	char *end;
	double real = strtod(v, &end);
	if (v[strspn(v, "0123456789")] == 0)
		return json_integer(atoll(v));
	if (end > v)
		return json_real(real);
	if (!strchr(v, '='))
		return json_null();
	json_t *j = json_object();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, v, " =");
	for (size_t i = 0; i + 1 < l.n; i += 2)
		json_object_set_new(j, l.v[i], value(l.v[i + 1]));
	return j;
}

static void print_json(const struct container *c, const char *cpu, const struct kv *kv)
{
	_cleanup_json_ json_t *j =
	    json_make("{id:s,name:s,cpu_percent:o}", c->id, c->name, value(cpu));
	for (size_t i = 0; i < kv->keys.n; i++)
		json_object_set_new(j, kv->keys.v[i], value(kv->vals.v[i]));
	_cleanup_free_ char *text = json_text(j);
	puts(text);
}

static const char *asked; /* docker's .Container: the name as it was given */

static void cells(struct table *t, const char *const v[8])
{
	if (!format)
		table_row(t, 8, v);
	else if (rows_add(&lines, format,
		     json_make("{Container:s,ID:s,Name:s,CPUPerc:s,MemUsage:s,MemPerc:s,NetIO:s,"
			       "BlockIO:s,PIDs:s}",
			 asked ? asked : v[0], v[0], v[1], v[2], v[3], v[4], v[5], v[6],
			 v[7] ? v[7] : "-")) < 0)
		die_fail();
}

/* A template has docker's words. */
static char *size(uint64_t bytes, int base, char out[16])
{
	return format ? size_docker(bytes, base, out) : size_text(NULL, bytes, out);
}

static void pair(char out[40], const char *a, const char *b)
{
	snprintf(out, 40, format ? "%s / %s" : "%s/%s", a, b);
}

static void row(struct table *t, const struct container *c, double interval)
{
	struct kv kv = {0};
	char cpu[16], mem[16], max[16], r[16], w[16], both[40], io[40], percents[16], rx[16],
	    tx[16], nets[40];
	if (cgroup_stat(container_cgroup(c), &kv) < 0) {
		static const char none[] = "0B / 0B"; /* docker's */
		if (format)
			cells(t, (const char *[]){
				     c->id, c->name, "0.00%", none, "0.00%", none, none, "0"});
		else if (!as_json)
			cells(t, (const char *[]){c->id, c->name, "-", "-", "-", "-", "-", "-"});
		else if (interval > 0)
			print_json(c, "-", &kv);
		return;
	}
	const char *limit = kv_get(&kv, "memory.max");
	uint64_t max_bytes = limit && *limit != 'm' ? strtoull(limit, NULL, 10) : memory_there(),
		 net[2];
	double percent =
	    max_bytes ? (double)num(&kv, "memory.current") * 100 / (double)max_bytes : 0;
	net_bytes(c, net);
	kv_setf(&kv, "net.rx_bytes", "%" PRIu64, net[0]);
	kv_setf(&kv, "net.tx_bytes", "%" PRIu64, net[1]);
	cpu_percent(c->id, num(&kv, "cpu.usage_usec"), interval, cpu);
	if (as_json) {
		if (interval > 0)
			print_json(c, cpu, &kv);
		kv_free(&kv);
		return;
	}
	if (format || (limit && *limit != 'm'))
		size(max_bytes, 1024, max);
	else
		strcpy(max, "max");
	pair(both, size(num(&kv, "memory.current"), 1024, mem), max);
	pair(io, size(num(&kv, "io.rbytes"), 1000, r), size(num(&kv, "io.wbytes"), 1000, w));
	snprintf(percents, sizeof percents, format ? "%.2f%%" : "%.1f%%", percent);
	pair(nets, size(net[0], 1000, rx), size(net[1], 1000, tx));
	cells(t, (const char *[]){
		     c->id, c->name, cpu, both, percents, nets, io, kv_get(&kv, "pids.current")});
	kv_free(&kv);
}

static size_t shown; /* lines of the last table */

static int look(const struct strv *names, double interval, bool show)
{
	static const char *const heads[] = {"ID", "CONTAINER ID", "CPUPerc", "CPU %", "MemUsage",
	    "MEM USAGE / LIMIT", "MemPerc", "MEM %", "NetIO", "NET I/O", "BlockIO", "BLOCK I/O",
	    NULL};
	struct table t = {0};
	struct strv all = {0};
	int code = 0;
	shown = 0;
	strv_free(&lines);
	table_row(
	    &t, 8, (const char *[]){"ID", "NAME", "CPU", "MEMORY", "MEM%", "NET", "IO", "PIDS"});
	if (names->n)
		for (size_t i = 0; i < names->n && seen_names(&all, names->v[i]) == 0; i++)
			;
	else if (container_names(&all) < 0)
		die_fail();
	for (size_t i = 0; i < all.n; i++) {
		struct container c;
		if (seen_open(&c, all.v[i]) < 0) {
			if (show) /* the first sample prints nothing */
				warn_fail();
			code = 1;
			continue;
		}
		bool listed = c.pid || idle || (table_docker && names->n);
		shown += listed;
		asked = names->n ? all.v[i] : NULL;
		if (listed)
			row(&t, &c, interval);
		else if (names->n && show)
			code = 1, container_not_running(&c), warn_fail();
		container_close(&c);
	}
	if (show && format && rows_print(&lines, format, heads, !no_header) < 0)
		die_fail();
	if (show && !as_json && !format)
		table_print(&t, !no_header);
	else
		strv_free(&t.cells);
	strv_free(&all);
	return code;
}

int ctr_stats_main(int argc, char **argv)
{
	struct strv names = {0};
	struct timespec t = {no_stream ? 0 : 1, 0};
	int n = opt_parse(&usage, argc, argv), code;
	format = rows_format(format, as_json,
	    "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t"
	    "{{.BlockIO}}\t{{.PIDs}}");
	opt_names(&names, argc, argv, n, NULL);
	if (look(&names, 0, false)) /* a name that does not exist is no reason to wait for it */
		no_stream = true;
	for (;;) {
		t = no_stream ? (struct timespec){0, 200000000} : (struct timespec){1, 0};
		nanosleep(&t, NULL);
		if (!no_stream && !as_json && isatty(1))
			fputs("\033[H\033[J", stdout);
		code = look(&names, (double)t.tv_sec + (double)t.tv_nsec / 1e9, true);
		if (fflush(stdout) || no_stream || (names.n && !shown))
			return code;
	}
}
