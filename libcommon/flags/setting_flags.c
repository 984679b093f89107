/* setting_flags.c: those of docker run's options that are a single value; see create_flags.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "create_flags.h"
#include "err.h"
#include "place.h"
#include "portspec.h"
#include "tty.h"
#include "userns.h"

static int limit_value(const char *arg, const char *value, uint64_t *out)
{
	int64_t n;
	if (str_has_word("unlimited -1", value)) {
		*out = ~0ull;
		return 0;
	}
	if (num_parse("--ulimit", value, 0, INT64_MAX, &n) < 0)
		return fail_usage(
		    "--ulimit: '%s': '%s' is neither a number nor unlimited", arg, value);
	*out = (uint64_t)n;
	return 0;
}

static int ulimit(struct spec *s, const char *arg)
{
	static const char known[] = " as core cpu data fsize locks memlock msgqueue nice nofile "
				    "nproc rss rtprio rttime sigpending stack ";
	const char *eq = strchr(arg, '=');
	_cleanup_strv_ struct strv f = {0};
	uint64_t soft, hard;
	strv_split(&f, eq ? eq + 1 : "", ":");
	if (f.n < 1 || f.n > 2)
		return fail_usage("--ulimit: '%s' is not NAME=SOFT[:HARD]", arg);
	_cleanup_free_ char *name = xasprintf("RLIMIT_%.*s", (int)(eq - arg), arg);
	_cleanup_free_ char *word = xasprintf(" %.*s ", (int)(eq - arg), arg);
	if (!strcasestr(known, word))
		return fail_usage(
		    "--ulimit: '%.*s' is not a limit: %sare", (int)(eq - arg), arg, known + 1);
	for (char *p = name; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	if (limit_value(arg, f.v[0], &soft) < 0 || limit_value(arg, f.v[f.n - 1], &hard) < 0)
		return -1;
	if (soft > hard)
		return fail_usage("--ulimit: %s: the soft limit is above the hard one", arg);
	spec_rlimit_set(s, name, soft, hard);
	return 0;
}

/* The namespace that a sysctl key belongs to; -1 when it applies to the whole machine. */
static int sysctl_ns(const char *key)
{
	static const char ipc[] = "msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced";
	if (str_starts(key, "fs.mqueue.") ||
	    (str_starts(key, "kernel.") && str_has_word(ipc, key + strlen("kernel."))))
		return NS_IPC;
	if (str_starts(key, "net."))
		return NS_NET;
	return strcmp(key, "kernel.domainname") == 0 ? NS_UTS : -1;
}

/* Only keys of a namespace that is the container's own (CVE-2022-0811: and nothing smuggled in with
 * the value). */
static int sysctl(struct spec *s, const char *arg)
{
	const char *eq = strchr(arg, '=');
	if (!eq || eq == arg || strpbrk(arg, "\r\n+") || strstr(arg, ".."))
		return fail_usage("--sysctl: '%s' is not KEY=VALUE", arg);
	_cleanup_free_ char *key = xstrndup(arg, (size_t)(eq - arg));
	for (char *p = key; *p; p++)
		*p = *p == '/' ? '.' : *p;
	if (key[str_alnum(key, "_.-")])
		return fail_usage("--sysctl: '%s' is not a key", key);
	int ns = sysctl_ns(key);
	if (ns < 0)
		return fail_usage("--sysctl: %s is not a container's own: net.*, fs.mqueue.*, "
				  "kernel.msg*, sem, shm* are%s",
		    key, str_eq(key, "kernel.hostname") ? " (--hostname)" : "");
	if (!(s->ns_new & 1u << ns))
		return fail_usage("--sysctl: %s: the container has no %s namespace of its own", key,
		    spec_ns_names[ns]);
	strv_setenv(&s->sysctl, key, eq + 1); /* the last one counts */
	return 0;
}

/* OS[/ARCH[/VARIANT]] as images have it. */
int flags_platform(const char *platform)
{
	static const char *const names[][2] = {
	    {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm"}, {"i686", "386"}};
	_cleanup_strv_ struct strv w = {0};
	struct utsname u;
	uname(&u);
	strv_split(&w, platform, "/");
	bool same =
	    w.n && strcmp(w.v[0], "linux") == 0 && (w.n == 1 || strcmp(w.v[1], u.machine) == 0);
	for (size_t i = 0; i < 4 && w.n > 1; i++)
		same |= !strcmp(w.v[0], "linux") && !strcmp(w.v[1], names[i][1]) &&
			!strcmp(u.machine, names[i][0]);
	return same ? 0
		    : fail_usage("--platform: '%s': this machine is linux/%s", platform, u.machine);
}

static void size_of_terminal(const struct create_flags *o, struct spec *s)
{
	struct winsize w;
	if (o->tty && !o->detach && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
}

static int setting_flags_numbers(const struct create_flags *o, struct spec *s)
{
	int64_t n;
	if (o->umask) {
		char *end;
		s->umask = strtol(o->umask, &end, 8);
		if (*end || !*o->umask || s->umask < 0 || s->umask > 0777)
			return fail_usage("--umask: '%s' is not an octal mode", o->umask);
	}
	if (o->oom_score_adj) {
		if (num_parse("--oom-score-adj", o->oom_score_adj, -1000, 1000, &n) < 0)
			return fail_as_usage();
		s->has_oom_score_adj = true;
		s->oom_score_adj = n;
	}
	return 0;
}

static int lists(const struct create_flags *o, struct spec *s)
{
	for (size_t i = 0; i < o->ulimits.n; i++)
		if (ulimit(s, o->ulimits.v[i]) < 0)
			return -1;
	for (size_t i = 0; i < o->sysctls.n; i++)
		if (sysctl(s, o->sysctls.v[i]) < 0)
			return -1;
	return flags_devices(o, s);
}

/* A fork bomb in one container must not use up the host's pids: podman's default. Only where a
 * limit can be set, because nobody asked for it. */
#define PIDS_DEFAULT "2048"
static bool pids_limited(void)
{
	const struct cgroup_hierarchy *h = geteuid() == 0 ? cgroup_with("pids") : NULL;
	return h && access(h->mount, W_OK) == 0;
}

int flags_settings(const struct create_flags *o, struct spec *s)
{
	s->terminal = o->tty;
	size_of_terminal(o, s);
	if (o->workdir) {
		if (o->workdir[0] != '/')
			return fail_usage("--workdir: '%s' is not an absolute path", o->workdir);
		free(s->cwd);
		s->cwd = xstrdup(o->workdir);
	}
	if (o->user) {
		free(s->x_user);
		s->x_user = xstrdup(o->user);
	}
	strv_addall(&s->x_groups, &o->groups);
	s->root_readonly |= o->read_only;
	s->x_init = o->init;
	s->x_no_pivot = o->no_pivot;
	if (setting_flags_numbers(o, s) < 0 || lists(o, s) < 0)
		return -1;
	if (resources_from_flags(&o->res, &s->resources) < 0)
		return fail_as_usage();
	if (!strv_getenv(&s->resources, "pids.max") && pids_limited())
		strv_add(&s->resources, "pids.max=" PIDS_DEFAULT);
	if (o->res.parent) {
		_cleanup_free_ char *below = o->res.parent[0] == '/'
						 ? xstrdup(o->res.parent)
						 : path_join(ctr_cgroup(), o->res.parent);
		free(s->cgroups_path);
		s->cgroups_path = str_plain_path(below);
		if (!s->cgroups_path)
			return fail_usage("--cgroup-parent: '%s' is not a group", o->res.parent);
	}
	return 0;
}

void flags_network_open(struct spec *s)
{
	static const char *const keys[][2] = {{"net.ipv4.ip_unprivileged_port_start", "0"},
	    {"net.ipv4.ping_group_range", "0 2147483647"}};
	size_t n = s->uid_map.n || userns_nested() ? 1 : 2;
	bool old = access("/proc/sys/net/ipv4/ip_unprivileged_port_start", F_OK) < 0;
	for (size_t i = 0; s->ns_new & 1u << NS_NET && !old && i < n; i++)
		if (!strv_getenv(&s->sysctl, keys[i][0]))
			strv_setenv(&s->sysctl, keys[i][0], keys[i][1]);
}

int flags_exposed(struct create_flags *o)
{
	struct strv each = {0};
	for (size_t i = 0; i < o->expose.n; i++) {
		uint16_t from, to;
		uint8_t proto;
		if (port_range_parse("--expose", o->expose.v[i], &from, &to, &proto) < 0)
			return fail_as_usage();
		for (unsigned port = from; port <= to; port++)
			strv_addf(&each, "%u/%s", port, proto == IPPROTO_UDP ? "udp" : "tcp");
	}
	strv_free(&o->expose);
	o->expose = each;
	return 0;
}
