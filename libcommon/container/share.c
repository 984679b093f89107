/* share.c: the namespaces of another container; see share.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "ns.h"
#include "pidfd.h"
#include "record.h"
#include "share.h"
#include "str.h"

/* Opened first, then checked whether it is still that process, which may end between the two. */
static int share_open(const char *id, const char *file)
{
	struct container c;
	char path[48];
	if (container_open_id(&c, id) < 0)
		return -1;
	int fd = -1;
	snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)c.pid, file);
	if (!c.pid)
		errno = ESRCH, container_not_running(&c);
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		fail_tried(c.name, path);
	_cleanup_close_ int pidfd = fd < 0 ? -1 : container_pidfd(&c);
	if (fd >= 0 && pidfd < 0 && (errno != ENOSYS || !container_is_alive(&c))) {
		close(fd);
		fd = -1;
		errno = ESRCH;
		container_not_running(&c);
	}
	container_close(&c);
	return fd;
}

/* What tells that a namespace's path, "/proc/PID/ns/net", is still that process's: the boot and its
 * starttime. NULL where no process is named. Caller frees. */
static char *process_mark(const char *path)
{
	_cleanup_free_ char *plain = path ? str_plain_path(path) : NULL;
	const char *boot = NULL;
	uint64_t start = 0;
	/* (not by sscanf(3), which would be 8 KB of the minimal build) */
	int pid = plain && str_starts(plain, "proc/") ? atoi(plain + strlen("proc/")) : 0;
	if (pid <= 0)
		return NULL;
	if (pid_starttime(pid, &start) == 0)
		boot = boot_id();
	return xasprintf("%s %d %llu", boot ? boot : "", pid, (unsigned long long)start);
}

void share_record(struct kv *conf, const struct spec *s)
{
	for (int i = 0; i < NS_COUNT; i++) {
		_cleanup_free_ char *key = xasprintf("joins_%s", ns_kinds[i].file),
				    *mark = process_mark(s->ns_path[i]);
		if (mark)
			kv_set(conf, key, mark);
	}
}

/* A descriptor of the namespace; -1 with fail(); -2 where the path names no process. */
static int process_open(const struct kv *conf, const char *path, const char *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *key = xasprintf("joins_%s", file), *mark = process_mark(path);
	if (mark && fd >= 0 && str_eq(kv_get(conf, key), mark))
		return fd;
	if (fd >= 0)
		close(fd);
	return mark ? (errno = ESRCH, fail("%s: it is no longer the process that was meant", path))
		    : -2;
}

int share_up(struct share *h, struct spec *s, const struct kv *conf)
{
	*h = (struct share){.shm = -1};
	for (int i = 0; i < NS_COUNT; i++)
		h->fd[i] = -1;
	for (int i = 0; i < NS_COUNT; i++) {
		const char *path = s->ns_path[i], *file = ns_kinds[i].file;
		if (!path)
			continue;
		h->fd[i] = str_starts(path, SHARE_MARK)
			       ? share_open(path + strlen(SHARE_MARK), file)
			       : process_open(conf, path, file);
		if (h->fd[i] == -2)
			continue;
		if (h->fd[i] < 0) {
			share_down(h, s);
			return fail_in("shared %s namespace", ns_kinds[i].file);
		}
		h->kept[i] = s->ns_path[i];
		s->ns_path[i] = xasprintf("/proc/self/fd/%d", h->fd[i]);
		if (i == NS_IPC && str_starts(path, SHARE_MARK))
			share_shm_up(h, s, path + strlen(SHARE_MARK), share_open);
	}
	return 0;
}

void share_down(struct share *h, struct spec *s)
{
	share_shm_down(h);
	for (int i = 0; i < NS_COUNT; i++) {
		if (h->kept[i]) {
			free(s->ns_path[i]);
			s->ns_path[i] = h->kept[i];
		}
		if (h->fd[i] >= 0)
			close(h->fd[i]);
		h->kept[i] = NULL;
		h->fd[i] = -1;
	}
}
