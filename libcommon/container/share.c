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
		errno = ESRCH, fail("%s: %s, not running", c.name, status_name(c.status));
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		fail("%s: %s: %m", c.name, path);
	_cleanup_close_ int pidfd = fd < 0 ? -1 : container_pidfd(&c);
	if (fd >= 0 && pidfd < 0 && (errno != ENOSYS || !container_is_alive(&c))) {
		close(fd);
		fd = -1;
		errno = ESRCH;
		fail("%s: not running", c.name);
	}
	container_close(&c);
	return fd;
}

int share_up(struct share *h, struct spec *s)
{
	*h = (struct share){0};
	for (int i = 0; i < NS_COUNT; i++)
		h->fd[i] = -1;
	for (int i = 0; i < NS_COUNT; i++) {
		if (!s->ns_path[i] || !str_starts(s->ns_path[i], SHARE_MARK))
			continue;
		h->fd[i] = share_open(s->ns_path[i] + strlen(SHARE_MARK), ns_kinds[i].file);
		if (h->fd[i] < 0) {
			share_down(h, s);
			return fail_in("shared %s namespace", ns_kinds[i].file);
		}
		h->kept[i] = s->ns_path[i];
		s->ns_path[i] = xasprintf("/proc/self/fd/%d", h->fd[i]);
	}
	return 0;
}

void share_down(struct share *h, struct spec *s)
{
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
