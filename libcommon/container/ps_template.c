/* ps_template.c: the columns of ctr-ps --format; see ps_template.h. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "create.h"
#include "docker_shape.h"
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
	_cleanup_free_ char *since = stamp_lasting(now - (lives ? c->started : c->finished));
	if (c->status == ST_CREATED)
		return xstrdup("Created");
	if (c->status == ST_RESTARTING)
		return xasprintf("Restarting (%d)", c->exit_code);
	const char *health = lives ? health_status(c) : "";
	if (c->status == ST_PAUSED)
		return xasprintf("Up %s (Paused)", since);
	if (lives && *health)
		return xasprintf("Up %s (%s%s)", since, *health == 's' ? "health: " : "", health);
	if (lives)
		return xasprintf("Up %s", since);
	return c->has_exit ? xasprintf("Exited (%d) %s ago", c->exit_code, since) : xstrdup("Dead");
}

static json_t *commas(const char *s)
{
	_cleanup_free_ char *text = xstrdup(s ? s : "");
	for (char *p = text; *p; p++)
		*p = *p == '\n' ? ',' : *p;
	return docker_text(text);
}

static json_t *ps_row(const struct container *c, const char *size)
{
	int64_t sec, now = time(NULL);
	long ns = docker_created(c, &sec);
	const char *net = kv_get(&c->conf, "net"), *command = kv_get(&c->conf, "command");
	_cleanup_free_ char *ago = stamp_lasting(now - sec), *running = xasprintf("%s ago", ago);
	_cleanup_free_ char *status = ps_status(c, now),
			    *quoted = xasprintf("\"%s\"", command ? command : "");
	return json_make(
	    "{ID:s,Names:s,Image:s,Command:s,CreatedAt:o,RunningFor:s,Status:s,State:s,"
	    "Ports:o,Networks:s,s:o,Labels:o,Pid:i,ExitCode:i,Size:s}",
	    c->id, c->name, kv_get(&c->conf, "image"), quoted, docker_when(sec, ns), running,
	    status, docker_status(c), commas(c->pid ? kv_get(&c->state, "ports") : ""),
	    net ? net : "none", TEMPLATE_LABELS, docker_labels(kv_get(&c->conf, "label")),
	    commas(kv_get(&c->conf, "label")), (int)c->pid, c->exit_code, size);
}

int ps_template(struct strv *lines, const char *format, const struct container *c, const char *size)
{
	return rows_add(lines, format, ps_row(c, size));
}

int ps_template_print(struct strv *lines, const char *format, bool header)
{
	/* docker's headings: the fields' names in capitals, some with a blank. */
	static const char *const heads[] = {"ID", "CONTAINER ID", "Names", "NAMES", "Image",
	    "IMAGE", "Command", "COMMAND", "CreatedAt", "CREATED AT", "RunningFor", "CREATED",
	    "Status", "STATUS", "State", "STATE", "Ports", "PORTS", "Networks", "NETWORKS",
	    "Labels", "LABELS", "Size", "SIZE", "Pid", "PID", "ExitCode", "EXIT CODE", NULL};
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
