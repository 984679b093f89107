/* monitor_notify.c: --sdnotify, between the container and systemd's NOTIFY_SOCKET (sd_notify(3));
 * see monitor_parts.h. */
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "monitor_parts.h"
#include "notify.h"
#include "str.h"

static bool notify_is(const struct monitor *m, const char *how)
{
	return getenv("NOTIFY_SOCKET") && str_eq(kv_get(&m->c->conf, "sdnotify"), how);
}

void notify_started(struct monitor *m)
{
	char text[60];
	snprintf(text, sizeof text, "MAINPID=%d\nREADY=1\n", (int)m->self);
	if (notify_is(m, "conmon"))
		notify_tell(text);
}

void notify_begin(struct monitor *m)
{
	if (!notify_is(m, "container"))
		return;
	int fd = notify_bind(m->c->dir);
	if (fd < 0) {
		warn("%s: a socket to be notified by: %m", m->c->name);
		return;
	}
	if (monitor_watch(m, ON_NOTIFY, fd) < 0)
		warn_about(m->c->name);
	_cleanup_free_ char *path = record_path(m->c->name, "notify");
	spec_mount_add(m->spec, "/run/notify", "bind", path, "rbind,nosuid,nodev,noexec");
	strv_setenv(&m->spec->env, "NOTIFY_SOCKET", "/run/notify");
}

void notify_relay(struct monitor *m)
{
	notify_pass(m->fd[ON_NOTIFY], m->self);
}
