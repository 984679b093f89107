/* nl.h: netlink(7) over libmnl's messages: a batch of messages is built and sent in one call, and
 * the kernel's answer to each of them is checked. */
#ifndef CTR_NL_H
#define CTR_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include "str.h"

struct nl_msg {
	size_t off;  /* in `out` */
	char *label; /* what the message is about, for error messages */
	int err;     /* after nl_commit: 0 or a positive errno */
};
struct nl {
	int fd, bus;
	uint32_t seq; /* sequence number of the pending batch's first message */
	struct buf out;
	struct nl_msg *m;
	size_t n, room;
	bool open;     /* the last message is still being built */
	bool unbuilt;  /* a message could not be built: nl_commit() sends nothing */
	size_t failed; /* after nl_commit() failed: the message's index; n: the batch as a whole */
};

/* Open a socket on a netlink bus (NETLINK_ROUTE, NETLINK_NETFILTER) of the current network
 * namespace or, with netns_fd >= 0, of that one: we enter it by setns(2) and come back, and the
 * socket stays there. 0, or -1 with fail(). If we cannot come back, every later call fails, so that
 * nothing is done in the wrong namespace. */
int nl_open(struct nl *n, int bus, int netns_fd);
void nl_close(struct nl *n);
/* From now on sockets of nf_tables stay open until the process ends or nl_close_late(false) is
 * called. The kernel makes whoever closes such a socket wait until what was removed by it is really
 * gone, which takes 10 to 15 ms, and a teardown that has more to do need not wait for that. At most
 * 8 are kept open; further ones are closed at once. */
void nl_close_late(bool on);

/* Start a message with the flags NLM_F_REQUEST|flags and an extra header of `extra` zeroed bytes
 * (mnl_nlmsg_get_payload() finds it). It has room for 8 KiB of attributes. */
struct nlmsghdr *nl_msg(struct nl *n, int type, int flags, size_t extra, const char *label, ...)
    __attribute__((format(printf, 5, 6)));
/* Send the pending messages and wait for the answers. 0; -1 with fail() ("LABEL: reason") and the
 * errno of the first message that failed. rtnetlink carries out the others all the same: m[i].err
 * says which. The batch can be read until nl_reset(). */
int nl_commit(struct nl *n);
void nl_reset(struct nl *n);
/* Call nl_commit() if r is 0, and nl_close() in any case; errno is kept. */
int nl_commit_close(struct nl *n, int r);
/* As nl_commit(), but a child of ours sends, and we return as soon as `seen` says so of a message:
 * an answer, or a notification of a group that the socket has joined. What the kernel has whoever
 * sends wait for after that, the child waits for, holding nothing but netlink sockets; when we are
 * gone, whoever adopts it reaps it. Where there can be no child, or nothing is heard of it for two
 * seconds, we send: what it did in spite of that is then ENODEV. */
int nl_commit_left(
    struct nl *n, bool (*seen)(const struct nlmsghdr *h, const void *arg), const void *arg);
/* For a process that is about to end: a child keeps the netlink sockets that are open now, so that
 * the child waits at their end and not we (nl_close_late()). Nothing where nl_commit_left() has
 * made one already. */
void nl_leave(void);
/* Complete the last message by setting its length. The other functions call this by themselves. */
void nl_finish(struct nl *n);
/* Send the one pending message (a get or a dump), call fn for each answer, and reset the batch. 0,
 * or -1 with fail() and errno. */
int nl_query(struct nl *n, void (*fn)(const struct nlmsghdr *h, void *arg), void *arg);

/* Index attributes by their type, after checking the length of each; types above `max` are left
 * out. `tb` has max+1 entries. */
void nl_attrs(const struct nlattr **tb, int max, const void *p, size_t len);
void nl_nested(const struct nlattr **tb, int max, const struct nlattr *a);
void nl_payload_attrs(const struct nlattr **tb, int max, const struct nlmsghdr *h, size_t extra);
/* The attribute's payload if it is there and at least n bytes long, else NULL. */
const void *nl_data(const struct nlattr *a, size_t n);

#endif
