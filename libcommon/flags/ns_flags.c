/* ns_flags.c: which namespaces are new, and which are shared and with whom; see create_flags.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "create_flags.h"
#include "err.h"
#include "userns_flag.h"

#define AT(member) offsetof(struct create_flags, member)
const struct ns_flag flags_ns[FLAGS_NS] = {{NS_NET, "net", AT(net)}, {NS_PID, "pid", AT(pid)},
    {NS_IPC, "ipc", AT(ipc)}, {NS_UTS, "uts", AT(uts)}, {NS_CGROUP, "cgroupns", AT(cgroupns)},
    {NS_USER, "userns", AT(userns)}};

static const char *ns_asked(const struct create_flags *o, enum spec_ns ns)
{
	const char *value = NULL;
	for (size_t i = 0; i < FLAGS_NS; i++)
		if (flags_ns[i].ns == ns)
			memcpy(&value, (const char *)o + flags_ns[i].at, sizeof value);
	return value;
}

const char *flags_shared(const struct create_flags *o, enum spec_ns ns)
{
	const char *value = ns_asked(o, ns);
	return value && str_starts(value, "container:") ? value + strlen("container:") : NULL;
}

/* `host`, `container:NAME` or private, for one of the namespaces. */
static int ns_share(const struct create_flags *o, struct spec *s, const struct ns_flag *f)
{
	enum spec_ns ns = f->ns;
	const char *value = ns_asked(o, ns);
	if (!value || strcmp(value, "private") == 0)
		return 0;
	/* Every --ipc container:NAME may join it anyway; for `none` see flags_privileges() */
	if (ns == NS_IPC && str_has_word("shareable none", value))
		return 0;
	if (strcmp(value, "host") != 0 && !flags_shared(o, ns))
		return fail_usage("--%s: '%s' is not host, private%s or container:NAME", f->name,
		    value, ns == NS_IPC ? ", shareable, none" : "");
	s->ns_new &= ~(1u << ns);
	return 0;
}

static const char *net_default(const struct create_flags *o)
{
	const char *said = getenv("CTR_NET");
	if (said && *said)
		return said;
	if (!o->publish.n && !o->publish_all)
		return "none";
	return geteuid() ? "pasta" : "bridge";
}

static int ns_flags_net(struct create_flags *o, struct spec *s)
{
	if (!o->net)
		o->net = net_default(o);
	else if (str_has_word("default private", o->net))
		o->net = geteuid() ? "pasta" : "bridge"; /* the words of docker and podman */
	else if (strcmp(o->net, "slirp4netns") == 0)
		o->net = "pasta";
	if (strcmp(o->net, "host") == 0 || str_starts(o->net, "container:"))
		return ns_share(o, s, &flags_ns[0]);
	if (str_starts(o->net, "ns:")) {
		s->ns_new &= ~(1u << NS_NET);
		s->ns_path[NS_NET] = xstrdup(o->net + 3);
		return 0;
	}
	if (strcmp(o->net, "none") != 0 && name_check("--net", o->net) < 0)
		return fail_as_usage();
	return 0;
}

int flags_namespaces(struct create_flags *o, struct spec *s)
{
	if (ns_flags_net(o, s) < 0)
		return -1;
	for (size_t i = 0; i < FLAGS_NS; i++)
		if (flags_ns[i].ns != NS_NET && flags_ns[i].ns != NS_USER &&
		    ns_share(o, s, &flags_ns[i]) < 0)
			return -1;
	if (!(s->ns_new & 1u << NS_UTS)) {
		if (o->hostname)
			return fail_usage("--hostname: the host's names are shared (--uts host)");
		free(s->hostname);
		s->hostname = NULL;
	}
	if (!o->uidmap.n && !o->gidmap.n && flags_shared(o, NS_USER))
		return 0;
	if (!o->uidmap.n && !o->gidmap.n)
		return userns_request(s, "--userns", o->userns) < 0 ? fail_as_usage() : 0;
	if (o->userns)
		return fail_usage("--userns and --uidmap say the same: give one");
	return userns_lines(
	    s, (const char *const[]){"--uidmap", "--gidmap"}, &o->uidmap, &o->gidmap);
}
