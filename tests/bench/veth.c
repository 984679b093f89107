/* veth.c: `veth TIMES BRIDGE NETNS...`: what the kernel itself needs for an attachment: in each of
 * these network namespaces a veth's end, eth0, and both ends up, the other one a port of BRIDGE.
 * The microseconds of each are a line of TIMES. One socket, no look-ups: the floor of any plugin.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct req {
	struct nlmsghdr h;
	struct ifinfomsg i;
	char room[512];
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct rtattr *put(struct req *r, unsigned short type, const void *p, size_t n)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(n);
	memcpy(RTA_DATA(a), p, n);
	r->h.nlmsg_len = NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end(struct req *r, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)r + r->h.nlmsg_len - (char *)nest);
}

static void talk(int fd, struct req *r)
{
	char answer[4096];
	r->h.nlmsg_type = RTM_NEWLINK;
	r->h.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	const struct nlmsghdr *h = (void *)answer;
	if (send(fd, r, r->h.nlmsg_len, 0) < 0 || recv(fd, answer, sizeof answer, 0) < 0 ||
	    h->nlmsg_type != NLMSG_ERROR || ((const struct nlmsgerr *)NLMSG_DATA(h))->error)
		exit(1);
}

static void up(int fd, const char *name)
{
	struct req r = {.h.nlmsg_len = NLMSG_LENGTH(sizeof r.i)};
	r.i.ifi_flags = r.i.ifi_change = IFF_UP;
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	talk(fd, &r);
}

static void attach(int fd, int in, int netns, int bridge, const char *name)
{
	struct req r = {.h = {NLMSG_LENGTH(sizeof r.i), 0, NLM_F_CREATE | NLM_F_EXCL, 0, 0}};
	unsigned one = 1;
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	put(&r, IFLA_NUM_TX_QUEUES, &one, sizeof one);
	put(&r, IFLA_NUM_RX_QUEUES, &one, sizeof one);
	put(&r, IFLA_MASTER, &bridge, sizeof bridge);
	struct rtattr *info = put(&r, IFLA_LINKINFO, "", 0);
	put(&r, IFLA_INFO_KIND, "veth", 5);
	struct rtattr *data = put(&r, IFLA_INFO_DATA, "", 0);
	struct rtattr *peer = put(&r, VETH_INFO_PEER, "", 0);
	r.h.nlmsg_len += (unsigned)sizeof r.i;
	put(&r, IFLA_IFNAME, "eth0", 5);
	put(&r, IFLA_NUM_TX_QUEUES, &one, sizeof one);
	put(&r, IFLA_NUM_RX_QUEUES, &one, sizeof one);
	put(&r, IFLA_NET_NS_FD, &netns, sizeof netns);
	end(&r, peer);
	end(&r, data);
	end(&r, info);
	talk(fd, &r);
	up(fd, name);
	up(in, "eth0");
}

int main(int argc, char **argv)
{
	FILE *f = argc > 3 ? fopen(argv[1], "w") : NULL;
	int home = open("/proc/self/ns/net", O_RDONLY),
	    bridge = f ? (int)if_nametoindex(argv[2]) : 0;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	for (int i = 3; bridge && i < argc; i++) {
		char name[16];
		int netns = open(argv[i], O_RDONLY);
		snprintf(name, sizeof name, "floor%d", i);
		if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
			return 1;
		int in = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
		if (setns(home, CLONE_NEWNET) < 0)
			return 1;
		double t = now();
		attach(fd, in, netns, bridge, name);
		fprintf(f, "%.0f\n", now() - t);
		close(in);
		close(netns);
	}
	return !bridge || fclose(f) != 0;
}
