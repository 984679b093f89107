/* monitor_watch.c: what the monitor's loop listens to; see monitor_parts.h. */
#include <sys/epoll.h>
#include <unistd.h>

#include "err.h"
#include "monitor_parts.h"

int monitor_watch(struct monitor *m, enum source s, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = s};
	m->fd[s] = fd;
	return epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? fail_errno("epoll") : 0;
}

void monitor_unwatch(struct monitor *m, enum source s)
{
	if (m->fd[s] < 0)
		return;
	epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->fd[s], NULL);
	if (m->fd[s] > 2)
		close(m->fd[s]);
	m->fd[s] = -1;
}
