/* cni_tuning.c: what tuning changes on an interface: sysctls, MAC, MTU, modes; see cni_tuning.h. */
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni_call.h"
#include "cni_tuning.h"
#include "err.h"
#include "file.h"

/* The path below /proc/sys, with the dots of the key replaced by slashes and IFNAME by the
 * interface's name. */
static char *chain_path(const struct cni_call *c, const char *key)
{
	char *path = xasprintf("/proc/sys/%s", key), *at = strstr(path, "IFNAME");
	if (!strchr(key, '/'))
		for (char *s = path; *s; s++)
			if (*s == '.')
				*s = '/';
	if (!at)
		return path;
	char *whole = xasprintf("%.*s%s%s", (int)(at - path), path, c->ifname, at + 6);
	free(path);
	return whole;
}

static int chain_sysctls(struct cni_call *c, void *arg)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)arg, key, v)
	{
		_cleanup_free_ char *path = chain_path(c, key);
		if (file_poke(path, json_string_value(v)) < 0)
			return fail("sysctl %s=%s: %m", key, json_string_value(v));
	}
	return 0;
}

int cni_tune_sysctls_are(struct cni_call *c, void *arg)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)arg, key, v)
	{
		_cleanup_free_ char *path = chain_path(c, key), *now = file_read(path, 4096, NULL);
		if (!now)
			return -1;
		now[strcspn(now, "\n")] = 0;
		for (char *s = now; *s; s++) /* the kernel separates numbers with tabs */
			if (*s == '\t')
				*s = ' ';
		if (strcmp(now, json_string_value(v)) != 0)
			return fail("sysctl %s: it is %s, not %s", key, now, json_string_value(v));
	}
	return 0;
}

static int chain_apply(struct cni_call *c, const struct tuning *t, struct nl *in, int index)
{
	uint32_t queue = (uint32_t)t->queue;
	if (t->has_mac)
		rtnl_link_mac(in, c->ifname, t->mac);
	if (t->mtu)
		rtnl_link_mtu(in, c->ifname, (int)t->mtu);
	if (t->has_promisc)
		rtnl_link_flag(in, c->ifname, IFF_PROMISC, t->promisc);
	if (t->has_allmulti)
		rtnl_link_flag(in, c->ifname, IFF_ALLMULTI, t->allmulti);
	if (t->queue >= 0)
		rtnl_link_set(in, index, c->ifname, IFLA_TXQLEN, &queue, sizeof queue);
	return nl_commit(in);
}

static ino_t chain_ns(const struct cni_call *c)
{
	struct stat st;
	return fstat(c->ns, &st) == 0 ? st.st_ino : 0;
}

/* The previous settings, which DEL restores. */
static void chain_before(const struct tuning *t, const struct link_info *l, struct tuning *was)
{
	*was = *t;
	was->sysctl = NULL;
	memcpy(was->mac, l->mac, 6);
	was->mtu = t->mtu ? l->mtu : 0;
	was->promisc = l->flags & IFF_PROMISC;
	was->allmulti = l->flags & IFF_ALLMULTI;
	was->queue = t->queue < 0 ? -1 : l->queue;
}

int cni_tune(struct cni_call *c, const struct tuning *t, json_t *out)
{
	struct nl in;
	struct link_info l;
	struct tuning was;
	if (json_object_size(t->sysctl) && cni_inside(c, chain_sysctls, t->sysctl) < 0)
		return -1;
	if (!t->has_mac && !t->mtu && !t->promisc && !t->has_allmulti && t->queue < 0)
		return 0;
	if (nl_open(&in, NETLINK_ROUTE, c->ns) < 0)
		return -1;
	int r = rtnl_find(&in, c->ifname, &l);
	if (r == 0)
		chain_before(t, &l, &was);
	was.ns = chain_ns(c);
	if (r == 0)
		r = cni_keep_data(c, 't', &was, sizeof was);
	if (r == 0)
		r = chain_apply(c, t, &in, l.index);
	nl_close(&in);
	size_t i;
	json_t *x;
	json_array_foreach(json_object_get(out, "interfaces"), i, x)
	{
		char mac[MAC_TEXT];
		mac_text(t->mac, mac);
		if (t->has_mac &&
		    str_eq(json_string_value(json_object_get(x, "name")), c->ifname) &&
		    json_object_get(x, "sandbox"))
			json_object_set_new(x, "mac", json_string(mac));
		if (t->mtu && json_object_get(x, "mtu") &&
		    str_eq(json_string_value(json_object_get(x, "name")), c->ifname))
			json_object_set_new(x, "mtu", json_integer(t->mtu));
	}
	return r;
}

/* The previous settings, if the interface still exists. */
int cni_untune(struct cni_call *c)
{
	struct nl in;
	struct link_info l;
	struct tuning was;
	int r = 0;
	if (!(c->does & CNI_TUNING) || cni_kept_data(c, 't', &was, sizeof was) < 0)
		return 0;
	/* CNI_NETNS may name a process by a pid that is used again. */
	if (c->ns >= 0 && chain_ns(c) == was.ns && nl_open(&in, NETLINK_ROUTE, c->ns) == 0) {
		if (rtnl_find(&in, c->ifname, &l) == 0)
			r = chain_apply(c, &was, &in, l.index);
		nl_close(&in);
	}
	int fd = r == 0 ? cni_keep_away(c, "t") : -1;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}
