/* log_sink.c: output that goes to syslog or journald, a datagram a line; see log.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "log.h"
#include "str.h"

int log_open_sink(struct log *l, char kind, const char *tag, const char *name, const char *id)
{
	l->sink = kind;
	tag = tag ? tag : name;
	l->head = kind == 's' ? xasprintf("%s: ", tag)
			      : xasprintf("SYSLOG_IDENTIFIER=%s\nCONTAINER_NAME=%s\n"
					  "CONTAINER_ID=%s\nMESSAGE=",
				    tag, name, id);
	l->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A burst fills the listener's queue of ten, and is waited for (log_feed). */
	struct timeval patience = {.tv_usec = 200000};
	return l->fd < 0 ||
		       setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0
		   ? fail_errno("log: socket")
		   : 0;
}

/* The address is looked up each time: whoever listens may be started anew. Syslog's line has no
 * time, which every listener adds (RFC 3164, 4.1.2); journald's are fields (systemd.io, "Native
 * Journal Protocol"). */
bool log_send(struct log *l, int stream, const char *text, size_t n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	bool syslog = l->sink == 's', err = stream == 2;
	strcpy(to.sun_path, syslog ? "/dev/log" : "/run/systemd/journal/socket");
	_cleanup_free_ char *head = /* daemon.err, daemon.info */
	    xasprintf(syslog ? "<%d>%s" : "PRIORITY=%d\n%s", (syslog ? 30 : 6) - 3 * err, l->head);
	struct iovec v[3] = {
	    {head, strlen(head)}, {(void *)(uintptr_t)text, n}, {"\n", l->sink == 'j'}};
	struct msghdr m = {
	    .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = v, .msg_iovlen = 3};
	int wait = now_ms() > l->patient + 2000 ? MSG_DONTWAIT : 0;
	return sendmsg(l->fd, &m, MSG_NOSIGNAL | wait) >= 0;
}
