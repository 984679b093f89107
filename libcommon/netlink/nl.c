/* nl.c: one place where netlink messages are sent and their answers checked; see nl.h.
 *
 * The kernel processes the messages of one sendmsg in order and answers each that has NLM_F_ACK or
 * fails, by its sequence number. An answer that is missing is an error, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "nl.h"
#include "sys.h"
#include "sysno.h"

#define ROOM 8192     /* for one message */
#define ANSWERS 32768 /* what the kernel sends at once in a dump */

static int socket_here(int bus)
{
	int one = 1, fd = bus == NETLINK_NETFILTER && sys_missing("nfnetlink")
			      ? (errno = EPROTONOSUPPORT, -1)
			      : socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	if (fd < 0)
		return fail("netlink socket: %m%s",
		    errno == EPROTONOSUPPORT
			? " (this kernel lacks CONFIG_NF_TABLES: no NAT, no published ports)"
			: "");
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
	return fd;
}

/* Set when the kernel refused to let us back into our own network namespace. Nothing may be done
 * any more then, because it would be done in the wrong one. */
static bool nl_lost;

static int come_back(int home)
{
	if (setns(home, CLONE_NEWNET) == 0)
		return 0;
	nl_lost = true;
	return fail_errno("network namespace: come back");
}

int nl_open(struct nl *n, int bus, int netns_fd)
{
	memset(n, 0, sizeof *n);
	n->bus = bus;
	n->seq = 1;
	n->fd = -1;
	if (nl_lost)
		return errno = EPERM, fail("network namespace: this process is in another's");
	if (netns_fd < 0)
		return (n->fd = socket_here(bus)) < 0 ? -1 : 0;
	_cleanup_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail_errno("/proc/thread-self/ns/net");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return fail_errno("network namespace: enter");
	n->fd = socket_here(bus);
	if (come_back(home) < 0 && n->fd >= 0) {
		close(n->fd);
		n->fd = -1;
	}
	return n->fd < 0 ? -1 : 0;
}

static int kept[8];
static size_t n_kept;
static bool late;

void nl_close_late(bool on)
{
	late = on;
	while (!on && n_kept)
		close(kept[--n_kept]);
}

void nl_close(struct nl *n)
{
	nl_reset(n);
	if (late && n->bus == NETLINK_NETFILTER && n->fd >= 0 &&
	    n_kept < sizeof kept / sizeof *kept)
		kept[n_kept++] = n->fd;
	else if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	buf_free(&n->out);
	free(n->m);
	n->m = NULL;
	n->room = 0;
}

void nl_finish(struct nl *n)
{
	if (!n->open)
		return;
	struct nlmsghdr *h = (struct nlmsghdr *)(n->out.p + n->m[n->n - 1].off);
	n->out.n = n->m[n->n - 1].off + NLMSG_ALIGN(h->nlmsg_len);
	n->open = false;
}

struct nlmsghdr *nl_msg(struct nl *n, int type, int flags, size_t extra, const char *label, ...)
{
	nl_finish(n);
	if (n->out.room - n->out.n < ROOM) {
		n->out.room = n->out.room * 2 + ROOM;
		n->out.p = xrealloc(n->out.p, n->out.room);
	}
	if (n->n == n->room) {
		n->room = n->room * 2 + 16;
		n->m = xrealloc(n->m, n->room * sizeof *n->m);
	}
	va_list ap;
	va_start(ap, label);
	n->m[n->n] = (struct nl_msg){.off = n->out.n, .label = xvasprintf(label, ap)};
	va_end(ap);
	struct nlmsghdr *h = mnl_nlmsg_put_header(n->out.p + n->out.n);
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = n->seq + (uint32_t)n->n;
	mnl_nlmsg_put_extra_header(h, extra);
	n->n++;
	n->open = true;
	return h;
}

void nl_reset(struct nl *n)
{
	nl_finish(n);
	for (size_t i = 0; i < n->n; i++)
		free(n->m[i].label);
	n->seq += (uint32_t)n->n;
	n->n = 0;
	n->out.n = 0;
	n->unbuilt = false;
}

static int send_all(struct nl *n)
{
	nl_finish(n);
	if (n->out.n > 64 * 1024 || n->n > 64) {
		/* One datagram, and room for its answers: ENOBUFS would lose some. */
		int out = (int)(n->out.n * 2 + 65536), in = (int)(n->n * 2048 + 262144);
		setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &out, sizeof out);
		setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &in, sizeof in);
	}
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t r;
	do
		r = sendto(n->fd, n->out.p, n->out.n, 0, (struct sockaddr *)&kernel, sizeof kernel);
	while (r < 0 && errno == EINTR);
	return r < 0 ? fail_errno("netlink: send") : 0;
}

/* One datagram from the kernel and from nobody else. */
static ssize_t receive(struct nl *n, char *p, size_t size)
{
	for (;;) {
		struct sockaddr_nl from;
		socklen_t len = sizeof from;
		ssize_t r = recvfrom(n->fd, p, size, MSG_TRUNC, (struct sockaddr *)&from, &len);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail_errno("netlink: receive");
		if ((size_t)r > size) {
			errno = EMSGSIZE;
			return fail("netlink: an answer of %zd bytes", r);
		}
		if (len == sizeof from && from.nl_pid == 0)
			return r;
	}
}

/* The kernel's own words, where it sent some (NLMSGERR_ATTR_MSG of an extended ack). */
static const char *kernel_words(const struct nlmsghdr *h, size_t *len)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) || !(h->nlmsg_flags & NLM_F_CAPPED))
		return NULL;
	nl_payload_attrs(tb, NLMSGERR_ATTR_MSG, h, sizeof(struct nlmsgerr));
	const char *s = nl_data(tb[NLMSGERR_ATTR_MSG], 1);
	if (s)
		*len = strnlen(s, mnl_attr_get_payload_len(tb[NLMSGERR_ATTR_MSG]));
	return s;
}

/* The option of the kernel that a label's first word, a link's kind, takes, or the address at its
 * end; NULL: not known. */
static const char *lacks(const char *label)
{
	static const char *const kinds[][2] = {{"bridge", "BRIDGE"}, {"veth", "VETH"},
	    {"macvlan", "MACVLAN"}, {"ipvlan", "IPVLAN"}, {"vlan", "VLAN_8021Q"},
	    {"vxlan", "VXLAN"}, {"dummy", "DUMMY"}, {"ifb", "IFB"}, {"rule", "IP_MULTIPLE_TABLES"}};
	size_t n = strcspn(label, " :");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strlen(kinds[i][0]) == n && strncmp(label, kinds[i][0], n) == 0)
			return kinds[i][1];
	const char *to = strstr(label, " address ");
	return to && strchr(to, ':') ? "IPV6, or was started with ipv6.disable=1" : NULL;
}

/* An NLMSG_ERROR: remembers the first failure. Returns the number of the message it is about. */
static size_t on_error(struct nl *n, const struct nlmsghdr *h, int *first)
{
	size_t i = h->nlmsg_seq - n->seq, len = 0;
	if (i >= n->n || mnl_nlmsg_get_payload_len(h) < sizeof(struct nlmsgerr))
		return n->n;
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	n->m[i].err = -e->error;
	if (e->error == 0 || *first)
		return i;
	*first = -e->error;
	n->failed = i;
	const char *words = kernel_words(h, &len);
	errno = -e->error;
	char *label = n->m[i].label;
	const char *option = n->bus == NETLINK_ROUTE && errno == EOPNOTSUPP ? lacks(label) : NULL;
	if (option) {
		fail("%s: %m (this kernel lacks CONFIG_%s)", label, option);
	} else if (words) {
		fail("%s: %m (%.*s)", label, (int)len, words);
	} else {
		fail_errno(label);
	}
	return i;
}

/* What a child does that is left behind to send: it keeps netlink's sockets only, for somebody may
 * be waiting until our end of a pipe is closed. */
static void leave_child(struct nl *n)
{
	int domain;
	socklen_t len = sizeof domain;
	for (int fd = 0; fd < 32; fd++)
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ? errno != EBADF
									     : domain != AF_NETLINK)
			close(fd);
	sys_close_range(32, UINT_MAX);
	if (chdir("/") == 0 && n) /* no folder is held either */
		send_all(n);
	_exit(0);
}

static bool left;

static bool nl_leave_ns(struct nl *n)
{
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old); /* a ^C is meant for the parent, not for the child */
	pid_t pid = fork();
	if (pid == 0)
		leave_child(n);
	sigprocmask(SIG_SETMASK, &old, NULL);
	left |= pid > 0;
	return pid > 0;
}

void nl_leave(void)
{
	if (!left)
		nl_leave_ns(NULL);
}

int nl_commit_left(
    struct nl *n, bool (*seen)(const struct nlmsghdr *, const void *), const void *arg)
{
	struct timeval wait = {.tv_sec = 2};
	_cleanup_free_ char *p = xmalloc(ANSWERS);
	int err = 0;
	nl_finish(n);
	setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	bool child = nl_leave_ns(n);
	for (ssize_t r; child && (r = receive(n, p, ANSWERS)) >= 0;) {
		int len = (int)r;
		for (const struct nlmsghdr *h = (void *)p; mnl_nlmsg_ok(h, len);
		     h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_type == NLMSG_ERROR && on_error(n, h, &err) < n->n)
				return errno = err, err ? -1 : 0;
			if (seen(h, arg))
				return 0;
		}
	}
	wait.tv_sec = 0; /* no child, or one that was killed; or something was lost */
	setsockopt(n->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	return nl_commit(n);
}

int nl_commit(struct nl *n)
{
	nl_finish(n);
	size_t last = n->n, want = 0, got = 0;
	bool batch = n->bus == NETLINK_NETFILTER;
	for (size_t i = 0; i < n->n; i++) {
		n->m[i].err = -1;
		if (((struct nlmsghdr *)(n->out.p + n->m[i].off))->nlmsg_flags & NLM_F_ACK) {
			last = i;
			want++;
		}
	}
	n->failed = n->n;
	if (n->unbuilt)
		return errno = EINVAL, fail("netlink: a message could not be built");
	if (last == n->n)
		return 0;
	if (send_all(n) < 0)
		return -1;
	_cleanup_free_ char *p = xmalloc(ANSWERS);
	int first = 0;
	bool done = false;
	while (!done) {
		ssize_t r = receive(n, p, ANSWERS);
		if (r < 0)
			return -1;
		int len = (int)r;
		for (const struct nlmsghdr *h = (void *)p; mnl_nlmsg_ok(h, len);
		     h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			size_t i = on_error(n, h, &first);
			got += i < n->n &&
			       (((struct nlmsghdr *)(n->out.p + n->m[i].off))->nlmsg_flags &
				   NLM_F_ACK);
			/* a batch that is refused as a whole (no such subsystem, no permission)
			 * answers its first only
			 */
			done |= i == last || got == want || (batch && i == 0 && first);
		}
	}
	errno = first;
	return first ? -1 : 0;
}

int nl_commit_close(struct nl *n, int r)
{
	if (r == 0)
		r = nl_commit(n);
	int saved = errno;
	nl_close(n);
	errno = saved;
	return r;
}

static bool answers(struct nl *n, char *p, ssize_t r, void (*fn)(const struct nlmsghdr *, void *),
    void *arg, int *err)
{
	int len = (int)r;
	for (const struct nlmsghdr *h = (void *)p; mnl_nlmsg_ok(h, len);
	     h = mnl_nlmsg_next(h, &len)) {
		if (h->nlmsg_seq != n->seq)
			continue;
		if (h->nlmsg_type == NLMSG_ERROR) {
			on_error(n, h, err);
			return true;
		}
		if (h->nlmsg_type == NLMSG_DONE)
			return true;
		if (h->nlmsg_type >= NLMSG_MIN_TYPE)
			fn(h, arg);
	}
	return false;
}

int nl_query(struct nl *n, void (*fn)(const struct nlmsghdr *h, void *arg), void *arg)
{
	nl_finish(n);
	struct nlmsghdr *h = (struct nlmsghdr *)n->out.p;
	if (!(h->nlmsg_flags & NLM_F_DUMP))
		h->nlmsg_flags |= NLM_F_ACK; /* so that the end is known */
	int r = send_all(n), err = 0;
	_cleanup_free_ char *p = xmalloc(ANSWERS);
	while (r == 0) {
		ssize_t got = receive(n, p, ANSWERS);
		if (got < 0)
			r = -1;
		else if (answers(n, p, got, fn, arg, &err))
			break;
	}
	int saved = r < 0 ? errno : err;
	nl_reset(n);
	errno = saved;
	return saved ? -1 : 0;
}

void nl_attrs(const struct nlattr **tb, int max, const void *p, size_t len)
{
	memset(tb, 0, sizeof *tb * ((size_t)max + 1));
	const char *at = p;
	while (len >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)at;
		size_t step = NLA_ALIGN(a->nla_len);
		if (a->nla_len < sizeof *a || a->nla_len > len)
			return;
		int type = a->nla_type & NLA_TYPE_MASK;
		if (type <= max)
			tb[type] = a;
		if (step > len)
			return;
		at += step;
		len -= step;
	}
}

void nl_nested(const struct nlattr **tb, int max, const struct nlattr *a)
{
	if (a)
		nl_attrs(tb, max, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	else
		nl_attrs(tb, max, "", 0);
}

void nl_payload_attrs(const struct nlattr **tb, int max, const struct nlmsghdr *h, size_t extra)
{
	size_t len = mnl_nlmsg_get_payload_len(h);
	extra = NLMSG_ALIGN(extra);
	if (len < extra)
		nl_attrs(tb, max, "", 0);
	else
		nl_attrs(tb, max, (const char *)mnl_nlmsg_get_payload(h) + extra, len - extra);
}

const void *nl_data(const struct nlattr *a, size_t n)
{
	return a && mnl_attr_get_payload_len(a) >= n ? mnl_attr_get_payload(a) : NULL;
}
