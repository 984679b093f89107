/* ps_template.c: the columns of ctr-ps --format; see ps_template.h. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "create.h"
#include "docker_shape.h"
#include "file.h"
#include "health.h"
#include "json.h"
#include "ps_template.h"
#include "rows.h"
#include "stamp.h"
#include "template_fn.h"
#include "tree.h"

static char *ps_status(const struct container *c, int64_t now)
{
	bool lives = c->pid != 0;
	_cleanup_free_ char *since = stamp_human(now - (lives ? c->started : c->finished));
	if (c->status == ST_CREATED)
		return xstrdup("Created");
	if (c->status == ST_RESTARTING)
		return xasprintf("Restarting (%d) %s ago", c->exit_code, since);
	const char *health = lives ? health_status(c) : "";
	if (c->status == ST_PAUSED)
		return xasprintf("Up %s (Paused)", since);
	if (lives && *health)
		return xasprintf("Up %s (%s%s)", since, *health == 's' ? "health: " : "", health);
	if (lives)
		return xasprintf("Up %s", since);
	return c->has_exit ? xasprintf("Exited (%d) %s ago", c->exit_code, since) : xstrdup("Dead");
}

/* The ports, those that are only exposed last. */
static json_t *ps_template_ports(const struct container *c)
{
	const char *text = c->pid ? kv_get(&c->state, "ports") : NULL, *port;
	_cleanup_json_ json_t *all = json_object();
	json_t *one;
	struct buf b = {0};
	buf_puts(&b, text ? text : "");
	if (c->pid && kv_get(&c->state, "mac"))
		docker_exposed(c, all, json_null());
	json_object_foreach(all, port, one)
	{
		_cleanup_free_ char *to = xasprintf("->%s", port);
		if (!strstr(b.p, to))
			buf_printf(&b, "%s%s", b.n ? "\n" : "", port);
	}
	for (char *p = b.p; *p; p++)
		*p = *p == '\n' ? ',' : *p;
	one = docker_text(b.p);
	buf_free(&b);
	return one;
}

/* At most so many characters, the last one "…" where some are left out. */
static char *cut(const char *s, size_t max)
{
	size_t n = 0;
	int end = 0;
	for (const char *p = s; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && ++n == max)
			end = (int)(p - s);
	return n > max ? xasprintf("%.*s…", end, s) : xstrdup(s);
}

static json_t *quoted(const char *command, bool whole)
{
	_cleanup_free_ char *part = cut(command ? command : "", whole ? SIZE_MAX : 20);
	_cleanup_json_ json_t *j = docker_text(part);
	_cleanup_free_ char *text = json_text(j);
	return docker_text(text);
}

/* The mounts' names or sources, and how many of them are volumes. */
static json_t *ps_template_mounted(const struct container *c, bool whole, int *volumes)
{
	_cleanup_free_ char *text =
	    c->dir < 0 ? NULL : file_read_at(c->dir, "config.json", FILE_ANY, NULL);
	_cleanup_json_ json_t *cfg = text ? json_parse("config.json", text, strlen(text)) : NULL;
	_cleanup_json_ json_t *mounts = docker_mounts(cfg);
	struct buf b = {0};
	json_t *one;
	size_t i;
	buf_puts(&b, "");
	json_array_foreach(mounts, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "Name"));
		*volumes += *name != 0;
		_cleanup_free_ char *part =
		    cut(*name ? name : json_string_value(json_object_get(one, "Source")),
			whole ? SIZE_MAX : 15);
		buf_printf(&b, "%s%s", i ? "," : "", part);
	}
	json_t *j = docker_text(b.p);
	buf_free(&b);
	return j;
}

static json_t *ps_template_networks(const struct container *c)
{
	_cleanup_strv_ struct strv nets = {0};
	struct buf b = {0};
	docker_nets(c, &nets);
	buf_puts(&b, "");
	for (size_t i = 0; i < nets.n; i++)
		buf_printf(&b, "%s%.*s", i ? "," : "", (int)strcspn(nets.v[i], " "), nets.v[i]);
	json_t *j = docker_text(b.p);
	buf_free(&b);
	return j;
}

static json_t *ps_template_ps_row(
    const struct container *c, const char *format, const char *size, bool whole)
{
	int volumes = 0;
	int64_t sec, now = time(NULL);
	docker_created(c, &sec);
	_cleanup_free_ char *made = stamp_local(sec);
	_cleanup_free_ char *ago = stamp_human(now - sec), *running = xasprintf("%s ago", ago);
	_cleanup_free_ char *status = ps_status(c, now);
	bool deep = strstr(format, "json") || strstr(format, "Mounts") || strstr(format, "Volumes");
	json_t *mounts = deep ? ps_template_mounted(c, whole, &volumes) : json_null();
	json_t *row = json_make(
	    "{ID:s,Names:s,Image:s,Command:o,CreatedAt:s,RunningFor:s,Status:s,State:s,"
	    "Mounts:o,LocalVolumes:i,Ports:o,Networks:o,Labels:o,Pid:i,ExitCode:i,Size:s}",
	    c->id, c->name, kv_get(&c->conf, "image"), quoted(kv_get(&c->conf, "command"), whole),
	    made, running, status, docker_status(c), mounts, volumes, ps_template_ports(c),
	    ps_template_networks(c), docker_labels(kv_get(&c->conf, "label")), (int)c->pid,
	    c->exit_code, size);
	docker_row_labels(row);
	return row;
}

int ps_template(
    struct strv *lines, const char *format, const struct container *c, const char *size, bool whole)
{
	return rows_add(lines, format, ps_template_ps_row(c, format, size, whole));
}

const char *ps_format(const char *format, bool other, bool size)
{
	static char columns[] = "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t"
				"{{.Status}}\t{{.Ports}}\t{{.Names}}\t{{.Size}}";
	if (!size)
		columns[sizeof columns - sizeof "\t{{.Size}}"] = 0;
	return rows_format(format, other, columns);
}

int ps_template_print(struct strv *lines, const char *format, bool header)
{
	/* docker's headings: the fields' names in capitals, some with a blank. */
	static const char *const heads[] = {"ID", "CONTAINER ID", "RunningFor", "CREATED", NULL};
	return rows_print(lines, format, heads, header);
}

int container_sizes(const struct container *c, uint64_t *own, uint64_t *all)
{
	struct spec s;
	if (c->dir < 0 || create_reload(c, &s) < 0)
		return -1;
	*all = *own = tree_size(c->dir, "upper");
	for (size_t i = 0; i < s.x_lower.n; i++)
		*all += tree_size(AT_FDCWD, s.x_lower.v[i]);
	spec_free(&s);
	return 0;
}
