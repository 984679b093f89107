/* nl.h: netlink over libmnl's messages: a batch is built, sent in one go, and every answer is
 * checked (netlink(7)).
 */
#ifndef CTR_NL_H
#define CTR_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include "str.h"

struct nl_msg {
	size_t off;  /* in `out` */
	char *label; /* for messages: what it is about */
	int err;     /* after nl_commit: 0 or a positive errno */
};
struct nl {
	int fd, bus;
	uint32_t seq; /* of msgs[0] of the pending batch */
	struct buf out;
	struct nl_msg *m;
	size_t n, room;
	bool open;     /* the last message is still being built */
	bool unbuilt;  /* a message is not what it should be: nl_commit() sends nothing */
	size_t failed; /* after nl_commit failed: which message; n: the batch as a whole */
};

/* A socket on a netlink bus (NETLINK_ROUTE, NETLINK_NETFILTER) of the current network namespace, or
 * of netns_fd's
 * (>= 0): setns(2) there and back; the socket stays. 0, or -1 with fail(). When it cannot come
 * back, every later call fails: nothing is done in the wrong namespace. */
int nl_open(struct nl *n, int bus, int netns_fd);
void nl_close(struct nl *n);
/* From now on sockets of nf_tables are closed with the process, or by nl_close_late(false): the
 * kernel makes the closer wait until what it removed there has gone, 10 to 15 ms, which a teardown
 * that goes on has no reason to wait for. At most 8; more are closed at once. */
void nl_close_late(bool on);

/* Start a message with NLM_F_REQUEST|flags and an extra header of `extra` zeroed bytes (returned by
 * mnl_nlmsg_get_payload). At most 8 KiB of attributes. */
struct nlmsghdr *nl_msg(struct nl *n, int type, int flags, size_t extra, const char *label, ...)
    __attribute__((format(printf, 5, 6)));
/* Send what is pending, wait for the answers. 0; -1 with fail() ("LABEL: reason") and errno of the
 * first message that failed. rtnetlink does the others all the same: m[i].err says which. The batch
 * stays readable until nl_reset(). */
int nl_commit(struct nl *n);
void nl_reset(struct nl *n);
/* nl_commit() if r is 0, then nl_close(); keeps errno. */
int nl_commit_close(struct nl *n, int r);
/* The last message is complete: its length is counted. The others do this by themselves. */
void nl_finish(struct nl *n);
/* Send the one pending message (a get or a dump) and call fn for each answer; resets. 0, or -1 with
 * fail(), errno. */
int nl_query(struct nl *n, void (*fn)(const struct nlmsghdr *h, void *arg), void *arg);

/* Index attributes by type, each length checked; unknown types are left out. `tb` has max+1
 * entries. */
void nl_attrs(const struct nlattr **tb, int max, const void *p, size_t len);
void nl_nested(const struct nlattr **tb, int max, const struct nlattr *a);
void nl_payload_attrs(const struct nlattr **tb, int max, const struct nlmsghdr *h, size_t extra);
/* The attribute's payload if it is there and at least n bytes long, else NULL. */
const void *nl_data(const struct nlattr *a, size_t n);

#endif
