/* create.c: from ctr-run's and ctr-create's options to a spec and a record; see create.h.
 *
 * Everything is parsed and checked before anything is made. What the engine needs goes into the spec (config.json),
 * what only the monitor and the listings need into conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "caps.h"
#include "create.h"
#include "err.h"
#include "file.h"
#include "resources.h"
#include "signames.h"
#include "str.h"
#include "tty.h"
#include "usernsreq.h"
#include "volume.h"

bool create_detach;

static struct {
	bool tty, interactive, rm, keep, init, privileged, read_only, direct, no_pivot, no_healthcheck;
	const char *name, *hostname, *domainname, *user, *workdir, *entrypoint, *bundle, *stop_signal, *cidfile, *pidfile, *restart;
	const char *net, *pid, *ipc, *uts, *cgroupns, *userns, *log_files, *umask, *oom_score_adj;
	struct strv env, env_file, volumes, mounts, tmpfs, ulimits, sysctls, devices, cap_add, cap_drop, groups, labels, security;
	struct strv publish, dns, dns_search, add_host, net_alias;
	const char *ip, *ip6, *mac;
	bool publish_all;
	uint64_t shm_size, log_size;
	struct resource_flags res;
} o;

const struct opt create_opts[] = {
    {'i', "interactive", NULL, "keep stdin open (with -d through a fifo that ctr-attach writes to)", OPT_FLAG, &o.interactive, NULL},
    {'t', "tty", NULL, "give the command a terminal", OPT_FLAG, &o.tty, NULL},
    {'d', "detach", NULL, "run in the background and print the id", OPT_FLAG, &create_detach, NULL},
    {0, "name", "NAME", "name of the container (default: its id)", OPT_STR, &o.name, NULL},
    {0, "rm", NULL, "remove the container when it ends (default in the foreground)", OPT_FLAG, &o.rm, NULL},
    {0, "keep", NULL, "keep a foreground container when it ends", OPT_FLAG, &o.keep, NULL},
    {0, "restart", "POLICY", "no, on-failure[:N] or always (with -d)", OPT_STR, &o.restart, NULL},
    {'e', "env", "K=V|K", "set a variable, or pass the caller's", OPT_LIST, &o.env, NULL},
    {0, "env-file", "FILE", "variables from a file, a line each", OPT_LIST, &o.env_file, NULL},
    {'w', "workdir", "DIR", "working directory in the container", OPT_STR, &o.workdir, NULL},
    {'u', "user", "USER[:GROUP]", "user, by the container's own files, or numbers", OPT_STR, &o.user, NULL},
    {0, "group-add", "GROUP", "a further group", OPT_LIST, &o.groups, NULL},
    {'h', "hostname", "NAME", "host name (default: the id)", OPT_STR, &o.hostname, NULL},
    {0, "domainname", "NAME", "NIS domain name", OPT_STR, &o.domainname, NULL},
    {0, "entrypoint", "CMD", "run CMD with the arguments instead of the image's entrypoint", OPT_STR, &o.entrypoint, NULL},
    {'v', "volume", "SRC:DST[:OPTS]", "mount a folder, file or named volume", OPT_LIST, &o.volumes, NULL},
    {0, "mount", "K=V,...", "mount: type=bind|tmpfs|volume,source=,target=,...", OPT_LIST, &o.mounts, NULL},
    {0, "tmpfs", "DST[:OPTS]", "mount a tmpfs", OPT_LIST, &o.tmpfs, NULL},
    {0, "read-only", NULL, "make the root file system read-only", OPT_FLAG, &o.read_only, NULL},
    {0, "shm-size", "SIZE", "size of /dev/shm (default 64m)", OPT_SIZE, &o.shm_size, NULL},
    {0, "device", "HOST[:DST[:rwm]]", "give a device of the host", OPT_LIST, &o.devices, NULL},
    {0, "direct", NULL, "use ROOTFS itself, without a writable layer of its own", OPT_FLAG, &o.direct, NULL},
    {0, "bundle", "DIR", "run an OCI bundle (DIR/config.json) instead of ROOTFS", OPT_STR, &o.bundle, NULL},
    {0, "net", "NET", "none, host, bridge, NAME, container:NAME or ns:FILE", OPT_STR, &o.net, NULL},
    {'p', "publish", "[[IP:]HOST:]PORT[/udp]", "publish a port on the host", OPT_LIST, &o.publish, NULL},
    {'P', "publish-all", NULL, "publish every port the image exposes", OPT_FLAG, &o.publish_all, NULL},
    {0, "ip", "ADDR", "this IPv4 address on the network", OPT_STR, &o.ip, NULL},
    {0, "ip6", "ADDR", "this IPv6 address on the network", OPT_STR, &o.ip6, NULL},
    {0, "mac", "MAC", "this hardware address", OPT_STR, &o.mac, NULL},
    {0, "dns", "ADDR", "name server", OPT_LIST, &o.dns, NULL},
    {0, "dns-search", "DOMAIN", "search domain", OPT_LIST, &o.dns_search, NULL},
    {0, "add-host", "NAME:ADDR", "a further line in /etc/hosts", OPT_LIST, &o.add_host, NULL},
    {0, "network-alias", "NAME", "a further name on the network", OPT_LIST, &o.net_alias, NULL},
    {0, "pid", "host|container:NAME", "share a pid namespace", OPT_STR, &o.pid, NULL},
    {0, "ipc", "host|container:NAME", "share an ipc namespace", OPT_STR, &o.ipc, NULL},
    {0, "uts", "host", "share the host's names", OPT_STR, &o.uts, NULL},
    {0, "cgroupns", "host|private", "cgroup namespace", OPT_STR, &o.cgroupns, NULL},
    {0, "userns", "auto|host|keep-id|MAP", "user namespace", OPT_STR, &o.userns, NULL},
    {0, "cap-add", "CAP", "add a capability (or ALL)", OPT_LIST, &o.cap_add, NULL},
    {0, "cap-drop", "CAP", "drop a capability (or ALL)", OPT_LIST, &o.cap_drop, NULL},
    {0, "privileged", NULL, "all capabilities, all devices, nothing masked, no seccomp", OPT_FLAG, &o.privileged, NULL},
    {0, "security-opt", "OPT", "no-new-privileges, seccomp=unconfined|FILE.json", OPT_LIST, &o.security, NULL},
    {0, "ulimit", "NAME=SOFT[:HARD]", "a resource limit", OPT_LIST, &o.ulimits, NULL},
    {0, "sysctl", "KEY=VALUE", "a namespaced kernel setting", OPT_LIST, &o.sysctls, NULL},
    {0, "oom-score-adj", "N", "-1000 to 1000", OPT_STR, &o.oom_score_adj, NULL},
    {0, "umask", "MODE", "umask of the command (default 022)", OPT_STR, &o.umask, NULL},
    {0, "init", NULL, "a small init as PID 1 that forwards signals and reaps", OPT_FLAG, &o.init, NULL},
    {0, "stop-signal", "SIG", "what ctr-stop sends (default TERM)", OPT_STR, &o.stop_signal, NULL},
    {0, "log-max-size", "SIZE", "rotate the log at this size (default: never)", OPT_SIZE, &o.log_size, NULL},
    {0, "log-max-files", "N", "rotated logs to keep (default 1)", OPT_STR, &o.log_files, NULL},
    {'l', "label", "K=V", "a label", OPT_LIST, &o.labels, NULL},
    {0, "cidfile", "FILE", "write the id there", OPT_STR, &o.cidfile, NULL},
    {0, "pidfile", "FILE", "write the pid there", OPT_STR, &o.pidfile, NULL},
    {0, "no-pivot", NULL, "move the new root over the old instead of pivot_root", OPT_FLAG, &o.no_pivot, NULL},
    {'m', "memory", "SIZE", "memory limit", OPT_STR, &o.res.memory, NULL},
    {0, "memory-swap", "SIZE", "memory plus swap, -1 unlimited", OPT_STR, &o.res.memory_swap, NULL},
    {0, "memory-reservation", "SIZE", "memory kept for it (memory.low)", OPT_STR, &o.res.memory_reservation, NULL},
    {0, "cpus", "N", "processors, such as 1.5", OPT_STR, &o.res.cpus, NULL},
    {'c', "cpu-shares", "N", "relative weight, 2 to 262144", OPT_STR, &o.res.cpu_shares, NULL},
    {0, "cpu-period", "USEC", "period of the cpu limit", OPT_STR, &o.res.cpu_period, NULL},
    {0, "cpu-quota", "USEC", "time in each period", OPT_STR, &o.res.cpu_quota, NULL},
    {0, "cpuset-cpus", "LIST", "these processors", OPT_STR, &o.res.cpuset_cpus, NULL},
    {0, "cpuset-mems", "LIST", "these memory nodes", OPT_STR, &o.res.cpuset_mems, NULL},
    {0, "pids-limit", "N", "at most N processes", OPT_STR, &o.res.pids_limit, NULL},
    {0, "blkio-weight", "N", "relative weight of disk access, 10 to 1000", OPT_STR, &o.res.blkio_weight, NULL},
    {0, "device-read-bps", "DEV:RATE", "limit reading, bytes a second", OPT_LIST, &o.res.read_bps, NULL},
    {0, "device-write-bps", "DEV:RATE", "limit writing, bytes a second", OPT_LIST, &o.res.write_bps, NULL},
    {0, "device-read-iops", "DEV:N", "limit reading, operations a second", OPT_LIST, &o.res.read_iops, NULL},
    {0, "device-write-iops", "DEV:N", "limit writing, operations a second", OPT_LIST, &o.res.write_iops, NULL},
    {0, "cgroup", "KEY=VALUE", "any cgroup v2 setting", OPT_LIST, &o.res.raw, NULL},
    {0, "cgroup-parent", "GROUP", "make its group under this one", OPT_STR, &o.res.parent, NULL},
    /* docker's long names */
    {0, "network", "NET", NULL, OPT_STR, &o.net, NULL},
    {0, "mac-address", "MAC", NULL, OPT_STR, &o.mac, NULL},
    {0, "log-opt", "X", NULL, OPT_CALL, NULL, NULL},
    OPT_END,
};

/* --- environment --- */

static void env_take(struct spec *s, const char *kv)
{
	const char *eq = strchr(kv, '=');
	if (eq == kv || !*kv)
		die_usage("--env: '%s' has no name before the '='", kv);
	if (strpbrk(kv, "\n\r") && strcspn(kv, "\n\r") < (size_t)(eq ? eq - kv : (ptrdiff_t)strlen(kv)))
		die_usage("--env: a line break in the name");
	if (!eq) {
		const char *v = getenv(kv);
		if (v)
			strv_setenv(&s->env, kv, v);
		return;
	}
	_cleanup_free_ char *key = xstrndup(kv, (size_t)(eq - kv));
	strv_setenv(&s->env, key, eq + 1);
}

static void env_file(struct spec *s, const char *path)
{
	_cleanup_free_ char *text = file_read(path, 1 << 20, NULL);
	if (!text)
		die_fail();
	struct strv lines = {0};
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *l = lines.v[i] + strspn(lines.v[i], " \t");
		size_t n = strlen(l);
		if (n && l[n - 1] == '\r')
			l[n - 1] = 0;
		if (*l && *l != '#')
			env_take(s, l);
	}
	strv_free(&lines);
}

static void environment(struct spec *s)
{
	if (!strv_getenv(&s->env, "PATH"))
		strv_setenv(&s->env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (s->hostname)
		strv_setenv(&s->env, "HOSTNAME", s->hostname);
	if (o.tty && !strv_getenv(&s->env, "TERM"))
		strv_setenv(&s->env, "TERM", "xterm");
	for (size_t i = 0; i < o.env_file.n; i++)
		env_file(s, o.env_file.v[i]);
	for (size_t i = 0; i < o.env.n; i++)
		env_take(s, o.env.v[i]);
}

/* --- namespaces --- */

/* `host`, `container:NAME` or private for one of the namespaces. */
static void namespace(struct spec *s, enum spec_ns ns, const char *flag, const char *value, const char *file)
{
	if (!value || strcmp(value, "private") == 0)
		return;
	if (strcmp(value, "host") == 0) {
		s->ns_new &= ~(1u << ns);
		return;
	}
	if (!str_starts(value, "container:"))
		die_usage("--%s: '%s' is not host, private or container:NAME", flag, value);
	struct container other;
	if (container_open(&other, value + 10) < 0)
		die_fail();
	if (!other.pid)
		die("--%s: %s is not running", flag, other.name);
	s->ns_new &= ~(1u << ns);
	free(s->ns_path[ns]);
	s->ns_path[ns] = xasprintf("/proc/%d/ns/%s", (int)other.pid, file);
	container_close(&other);
}

static void namespaces(struct spec *s)
{
	if (!o.net)
		o.net = getenv("CTR_NET");
	if (!o.net || !*o.net)
		o.net = o.publish.n || o.publish_all ? "bridge" : "none";
	if (strcmp(o.net, "host") == 0 || str_starts(o.net, "container:"))
		namespace(s, NS_NET, "net", o.net, "net");
	else if (str_starts(o.net, "ns:")) {
		s->ns_new &= ~(1u << NS_NET);
		s->ns_path[NS_NET] = xstrdup(o.net + 3);
	} else if (strcmp(o.net, "none") != 0 && name_check("--net", o.net) < 0)
		die_usage("%s", fail_msg());
	namespace(s, NS_PID, "pid", o.pid, "pid");
	namespace(s, NS_IPC, "ipc", o.ipc, "ipc");
	namespace(s, NS_UTS, "uts", o.uts, "uts");
	namespace(s, NS_CGROUP, "cgroupns", o.cgroupns, "cgroup");
	if (!(s->ns_new & 1u << NS_UTS)) {
		if (o.hostname)
			die_usage("--hostname: the host's names are shared (--uts host)");
		free(s->hostname);
		s->hostname = NULL;
	}
	if (userns_request(s, o.userns) < 0)
		die_usage("%s", fail_msg());
}

/* --- mounts --- */

static void volume(struct spec *s, struct volume_req *v)
{
	struct buf opts = {0};
	buf_puts(&opts, "");
	for (size_t i = 0; i < v->options.n; i++)
		buf_printf(&opts, "%s%s", i ? "," : "", v->options.v[i]);
	if (strcmp(v->type, "bind") == 0)
		buf_printf(&opts, "%srbind", opts.n ? "," : "");
	spec_mount_add(s, v->dst, v->type, v->src, opts.p);
	buf_free(&opts);
}

static void mounts(struct spec *s)
{
	struct volume_req v;
	for (size_t i = 0; i < o.tmpfs.n; i++) {
		char *colon = strchr(o.tmpfs.v[i], ':');
		if (o.tmpfs.v[i][0] != '/')
			die_usage("--tmpfs: '%s' is not an absolute path", o.tmpfs.v[i]);
		_cleanup_free_ char *dst = colon ? xstrndup(o.tmpfs.v[i], (size_t)(colon - o.tmpfs.v[i])) : xstrdup(o.tmpfs.v[i]);
		_cleanup_free_ char *opts = xasprintf("nosuid,nodev,noexec%s%s", colon ? "," : ",mode=1777", colon ? colon + 1 : "");
		spec_mount_add(s, dst, "tmpfs", "tmpfs", opts);
	}
	for (size_t i = 0; i < o.volumes.n + o.mounts.n; i++) {
		bool m = i >= o.volumes.n;
		if ((m ? volume_parse_mount(o.mounts.v[i - o.volumes.n], &v) : volume_parse_v(o.volumes.v[i], &v)) < 0)
			die_usage("%s", fail_msg());
		volume(s, &v);
		volume_req_free(&v);
	}
}

/* The options of the default mount at `dest` where it must change. */
static struct spec_mount *mount_at(struct spec *s, const char *dest)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, dest) == 0)
			return &s->mounts.v[i];
	return NULL;
}

static void option_replace(struct spec_mount *m, const char *prefix, const char *value)
{
	for (size_t i = 0; m && i < m->options.n; i++)
		if (str_starts(m->options.v[i], prefix)) {
			free(m->options.v[i]);
			m->options.v[i] = xstrdup(value);
		}
}

static void host_mounts(struct spec *s)
{
	if (o.shm_size) {
		char size[40];
		snprintf(size, sizeof size, "size=%" PRIu64, o.shm_size);
		option_replace(mount_at(s, "/dev/shm"), "size=", size);
	}
	struct {
		enum spec_ns ns;
		const char *dest;
	} shared[] = {{NS_IPC, "/dev/mqueue"}, {NS_IPC, "/dev/shm"}};
	for (size_t i = 0; i < 2; i++) {
		struct spec_mount *m = mount_at(s, shared[i].dest);
		if (!m || (s->ns_new & 1u << shared[i].ns) || access(shared[i].dest, F_OK) < 0 || s->ns_path[shared[i].ns])
			continue; /* the host's queues and shared memory go with its IPC namespace */
		free(m->type);
		free(m->source);
		m->type = xstrdup("bind");
		m->source = xstrdup(shared[i].dest);
		strv_free(&m->options);
		strv_split(&m->options, "rbind,nosuid,noexec,nodev", ",");
	}
}

/* --- devices --- */

static void device(struct spec *s, const char *arg)
{
	struct strv f = {0};
	struct stat st;
	strv_split(&f, arg, ":");
	if (f.n < 1 || f.n > 3 || f.v[0][0] != '/')
		die_usage("--device: '%s' is not HOST[:DST[:rwm]]", arg);
	const char *dst = f.n > 1 && f.v[1][0] == '/' ? f.v[1] : f.v[0];
	const char *perm = f.n == 3 ? f.v[2] : f.n == 2 && f.v[1][0] != '/' ? f.v[1] : "rwm";
	if (strspn(perm, "rwm") != strlen(perm) || strlen(perm) > 3)
		die_usage("--device: '%s' is not made of r, w and m", perm);
	if (stat(f.v[0], &st) < 0)
		die("%s: %m", f.v[0]);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		die("%s: not a device", f.v[0]);
	char type = S_ISBLK(st.st_mode) ? 'b' : 'c';
	spec_device_add(s, dst, type, major(st.st_rdev), minor(st.st_rdev), st.st_mode & 0777, st.st_uid, st.st_gid);
	spec_device_rule_add(s, true, type, major(st.st_rdev), minor(st.st_rdev), perm);
	strv_free(&f);
}

/* --- privileges --- */

static uint64_t cap_bits(const char *flag, const char *name)
{
	uint64_t bits;
	if (caps_from_name(name, &bits) < 0)
		die_usage("--%s: '%s' is not a capability", flag, name);
	return bits;
}

static void capabilities(struct spec *s)
{
	uint64_t set = o.privileged ? caps_all() : s->caps.bounding, added = 0;
	for (size_t i = 0; i < o.cap_drop.n; i++)
		if (strcasecmp(o.cap_drop.v[i], "all") == 0)
			set = 0;
	for (size_t i = 0; i < o.cap_add.n; i++)
		added |= cap_bits("cap-add", o.cap_add.v[i]);
	set |= added;
	for (size_t i = 0; i < o.cap_drop.n; i++)
		if (strcasecmp(o.cap_drop.v[i], "all") != 0)
			set &= ~cap_bits("cap-drop", o.cap_drop.v[i]);
	/* Inheritable stays empty (CVE-2022-29162). */
	s->caps = (struct spec_caps){.bounding = set, .effective = set, .permitted = set};
}

static void security(struct spec *s)
{
	for (size_t i = 0; i < o.security.n; i++) {
		const char *v = o.security.v[i];
		if (strcmp(v, "no-new-privileges") == 0 || strcmp(v, "no-new-privileges=true") == 0 || strcmp(v, "no-new-privileges:true") == 0) {
			s->no_new_privileges = true;
		} else if (str_starts(v, "seccomp=") || str_starts(v, "seccomp:")) {
			free(s->seccomp);
			s->seccomp = NULL;
			if (strcmp(v + 8, "unconfined") == 0)
				s->seccomp = xstrdup("unconfined");
			else if (strcmp(v + 8, "builtin") != 0 && !(s->seccomp = file_read(v + 8, 4 << 20, NULL)))
				die_fail();
		} else {
			die_usage("--security-opt: '%s' is not known (no-new-privileges, seccomp=unconfined|FILE)", v);
		}
	}
}

static void privileged(struct spec *s)
{
	if (!o.privileged)
		return;
	s->x_privileged = true;
	strv_free(&s->masked_paths);
	strv_free(&s->readonly_paths);
	if (!s->seccomp)
		s->seccomp = xstrdup("unconfined");
	for (size_t i = 0; i < s->mounts.n; i++) { /* /sys and the cgroups can be written */
		struct strv *w = &s->mounts.v[i].options;
		for (size_t j = 0; j < w->n; j++)
			if (strcmp(w->v[j], "ro") == 0)
				memcpy(w->v[j], "rw", 2);
	}
	s->device_rules.n = 0;
	spec_mount_add(s, "/dev", "bind", "/dev", "rbind,nosuid");
	/* the host's /dev instead of the tmpfs: the last one wins, and the first is dropped */
	struct spec_mount last = s->mounts.v[--s->mounts.n];
	struct spec_mount *dev = mount_at(s, "/dev");
	if (dev) {
		struct spec_mount old = *dev;
		*dev = last;
		free(old.dest);
		free(old.type);
		free(old.source);
		strv_free(&old.options);
	}
}

static void ulimit(struct spec *s, const char *arg)
{
	char name[32] = "RLIMIT_";
	const char *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : 0;
	if (!eq || n == 0 || n > 20)
		die_usage("--ulimit: '%s' is not NAME=SOFT[:HARD]", arg);
	for (size_t i = 0; i < n; i++)
		name[7 + i] = arg[i] >= 'a' && arg[i] <= 'z' ? arg[i] - 32 : arg[i];
	struct strv f = {0};
	uint64_t v[2];
	strv_split(&f, eq + 1, ":");
	if (f.n < 1 || f.n > 2)
		die_usage("--ulimit: '%s' is not NAME=SOFT[:HARD]", arg);
	for (size_t i = 0; i < f.n; i++) {
		int64_t num;
		if (strcmp(f.v[i], "unlimited") == 0 || strcmp(f.v[i], "-1") == 0)
			v[i] = ~0ull;
		else if (num_parse("--ulimit", f.v[i], 0, INT64_MAX, &num) < 0)
			die_usage("%s", fail_msg());
		else
			v[i] = (uint64_t)num;
	}
	if (f.n == 2 && v[0] > v[1])
		die_usage("--ulimit: %s: the soft limit is above the hard one", arg);
	spec_rlimit_set(s, name, v[0], f.n == 2 ? v[1] : v[0]);
	strv_free(&f);
}

/* Only what belongs to a namespace that is the container's own (CVE-2022-0811: and nothing smuggled in the value). */
static void sysctl(struct spec *s, const char *arg)
{
	static const char *const ipc[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
	    "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
	const char *eq = strchr(arg, '=');
	if (!eq || eq == arg || strpbrk(arg, "\r\n+") || strstr(arg, ".."))
		die_usage("--sysctl: '%s' is not KEY=VALUE", arg);
	_cleanup_free_ char *key = xstrndup(arg, (size_t)(eq - arg));
	for (char *p = key; *p; p++)
		*p = *p == '/' ? '.' : *p;
	if (strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != strlen(key))
		die_usage("--sysctl: '%s' is not a key", key);
	bool is_ipc = str_starts(key, "fs.mqueue.");
	for (size_t i = 0; i < sizeof ipc / sizeof ipc[0]; i++)
		is_ipc |= strcmp(key, ipc[i]) == 0;
	bool net = str_starts(key, "net."), uts = strcmp(key, "kernel.domainname") == 0;
	enum spec_ns ns = is_ipc ? NS_IPC : net ? NS_NET : NS_UTS;
	if (!is_ipc && !net && !uts)
		die_usage("--sysctl: %s is the whole machine's, not the container's own", key);
	if (!(s->ns_new & 1u << ns))
		die_usage("--sysctl: %s: the container has no %s namespace of its own", key, is_ipc ? "ipc" : net ? "network" : "uts");
	strv_addf(&s->sysctl, "%s=%s", key, eq + 1);
}

/* --- the root and the command --- */

/* What a directory, an image file or an image gives. */
static void command(struct spec *s, const struct strv *entry, const struct strv *cmd, int argc, char **argv)
{
	strv_free(&s->args);
	if (o.entrypoint) {
		if (*o.entrypoint)
			strv_add(&s->args, o.entrypoint);
	} else {
		strv_addall(&s->args, entry);
	}
	for (int i = 0; i < argc; i++)
		strv_add(&s->args, argv[i]);
	if (argc == 0 && !o.entrypoint)
		strv_addall(&s->args, cmd);
	if (s->args.n == 0)
		strv_add(&s->args, "/bin/sh");
}

static void root_path(struct spec *s, const char *path)
{
	struct stat st;
	char *abs = realpath(path, NULL);
	if (!abs || stat(abs, &st) < 0)
		die("%s: %m", path);
	if (S_ISREG(st.st_mode)) {
		s->x_image_file = abs;
		return;
	}
	if (!S_ISDIR(st.st_mode))
		die("%s: neither a directory nor an image file", path);
	if (o.direct) {
		free(s->root_path);
		s->root_path = abs;
		return;
	}
	strv_take(&s->x_lower, abs);
}

static void root(struct spec *s, struct kv *conf, int argc, char **argv)
{
	struct strv none = {0};
	if (argc < 1)
		die_usage("ROOTFS or IMAGE is missing");
	if (strchr(argv[0], '/')) {
		root_path(s, argv[0]);
		kv_set(conf, "rootfs", s->x_lower.n ? s->x_lower.v[0] : s->x_image_file ? s->x_image_file : s->root_path);
		kv_set(conf, "image", argv[0]);
		command(s, &none, &none, argc - 1, argv + 1);
		return;
	}
	create_image(s, conf, argv[0]);
}

static void bundle(struct spec *s, struct kv *conf, int argc)
{
	char *dir = realpath(o.bundle, NULL);
	if (argc > 0)
		die_usage("--bundle takes the command from config.json, not from the command line");
	if (!dir)
		die("%s: %m", o.bundle);
	_cleanup_free_ char *path = xasprintf("%s/config.json", dir);
	size_t len;
	_cleanup_free_ char *text = file_read(path, 4 << 20, &len);
	spec_free(s);
	if (!text || spec_parse(s, path, text, len) < 0)
		die_fail();
	if (s->root_path[0] != '/') {
		char *rel = s->root_path;
		s->root_path = xasprintf("%s/%s", dir, rel);
		free(rel);
	}
	for (size_t i = 0; i < s->mounts.n; i++) { /* config.md: a relative source of a bind is the bundle's */
		struct spec_mount *m = &s->mounts.v[i];
		if (m->source && m->source[0] != '/' && (str_eq(m->type, "bind") || strv_has(&m->options, "bind") || strv_has(&m->options, "rbind"))) {
			char *rel = m->source;
			m->source = xasprintf("%s/%s", dir, rel);
			free(rel);
		}
	}
	kv_set(conf, "rootfs", s->root_path);
	kv_set(conf, "image", o.bundle);
	kv_set(conf, "bundle", dir);
	free(dir);
}

static void size_of_terminal(struct spec *s)
{
	struct winsize w;
	if (o.tty && !create_detach && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
}

static void settings(struct spec *s)
{
	int64_t n;
	s->terminal = o.tty;
	size_of_terminal(s);
	if (o.workdir) {
		if (o.workdir[0] != '/')
			die_usage("--workdir: '%s' is not an absolute path", o.workdir);
		free(s->cwd);
		s->cwd = xstrdup(o.workdir);
	}
	if (o.user)
		s->x_user = xstrdup(o.user);
	strv_addall(&s->x_groups, &o.groups);
	s->root_readonly |= o.read_only;
	s->x_init = o.init;
	s->x_no_pivot = o.no_pivot;
	if (o.umask) {
		char *end;
		s->umask = strtol(o.umask, &end, 8);
		if (*end || s->umask < 0 || s->umask > 0777)
			die_usage("--umask: '%s' is not an octal mode", o.umask);
	}
	if (o.oom_score_adj) {
		if (num_parse("--oom-score-adj", o.oom_score_adj, -1000, 1000, &n) < 0)
			die_usage("%s", fail_msg());
		s->has_oom_score_adj = true;
		s->oom_score_adj = n;
	}
	for (size_t i = 0; i < o.ulimits.n; i++)
		ulimit(s, o.ulimits.v[i]);
	for (size_t i = 0; i < o.sysctls.n; i++)
		sysctl(s, o.sysctls.v[i]);
	for (size_t i = 0; i < o.devices.n; i++)
		device(s, o.devices.v[i]);
	if (resources_from_flags(&o.res, &s->resources) < 0)
		die_usage("%s", fail_msg());
	if (o.res.parent) {
		free(s->cgroups_path);
		s->cgroups_path = o.res.parent[0] == '/' ? xstrdup(o.res.parent + 1) : xasprintf("%s/%s", ctr_cgroup(), o.res.parent);
	}
}

/* --init: ctrbox itself, shown read-only in the container, runs the command as its child. */
static void init_process(struct spec *s)
{
	if (!s->x_init)
		return;
	struct strv args = {0};
	strv_add(&args, "/dev/ctr-init");
	strv_add(&args, "--");
	strv_addall(&args, &s->args);
	strv_free(&s->args);
	s->args = args;
	spec_mount_add(s, "/dev/ctr-init", "bind", "/proc/self/exe", "bind,ro,nosuid,nodev");
}

static void restart_policy(struct kv *conf)
{
	const char *p = o.restart;
	int64_t n;
	if (!p)
		return;
	if (strcmp(p, "no") && strcmp(p, "always") && strcmp(p, "unless-stopped") && strcmp(p, "on-failure") && !str_starts(p, "on-failure:"))
		die_usage("--restart: '%s' is not no, on-failure[:N] or always", p);
	if (str_starts(p, "on-failure:") && num_parse("--restart", p + 11, 1, 1000000, &n) < 0)
		die_usage("%s", fail_msg());
	if (strcmp(p, "no") != 0 && o.rm)
		die_usage("--restart and --rm contradict each other");
	kv_set(conf, "restart", p);
}

static void join_conf(struct kv *conf, const char *key, const struct strv *l)
{
	struct buf b = {0};
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%s", i ? "\n" : "", l->v[i]);
	if (b.n)
		kv_set(conf, key, b.p);
	buf_free(&b);
}

static void record(struct kv *conf, const struct spec *s, const char *name, const char *id)
{
	struct buf cmd = {0};
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	kv_set(conf, "name", name);
	kv_set(conf, "id", id);
	kv_setf(conf, "created", "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	for (size_t i = 0; i < s->args.n; i++)
		buf_printf(&cmd, "%s%s", i ? " " : "", s->args.v[i]);
	kv_set(conf, "command", cmd.p ? cmd.p : "");
	buf_free(&cmd);
	restart_policy(conf);
	if (o.stop_signal) {
		if (signal_from_name(o.stop_signal) < 0)
			die_usage("--stop-signal: %s", fail_msg());
		kv_set(conf, "stop_signal", o.stop_signal);
	}
	kv_set(conf, "rm", o.rm ? "1" : "0");
	kv_set(conf, "tty", o.tty ? "1" : "0");
	kv_set(conf, "stdin", o.interactive ? "1" : "0");
	if (o.user)
		kv_set(conf, "user", o.user);
	if (o.log_size) {
		int64_t files = 1;
		if (o.log_files && num_parse("--log-max-files", o.log_files, 0, 1000, &files) < 0)
			die_usage("%s", fail_msg());
		kv_setf(conf, "log_max_size", "%" PRIu64, o.log_size);
		kv_setf(conf, "log_max_files", "%" PRId64, files);
	}
	for (size_t i = 0; i < o.labels.n; i++)
		if (strchr(o.labels.v[i], '\n') || o.labels.v[i][0] == '=')
			die_usage("--label: '%s' is not K=V", o.labels.v[i]);
	join_conf(conf, "label", &o.labels);
	kv_set(conf, "net", o.bundle ? "none" : o.net);
	join_conf(conf, "publish", &o.publish);
	join_conf(conf, "dns", &o.dns);
	join_conf(conf, "dns_search", &o.dns_search);
	join_conf(conf, "add_host", &o.add_host);
	join_conf(conf, "net_alias", &o.net_alias);
	if (o.ip)
		kv_set(conf, "ip", o.ip);
	if (o.ip6)
		kv_set(conf, "ip6", o.ip6);
	if (o.mac)
		kv_set(conf, "mac", o.mac);
	if (o.publish_all)
		kv_set(conf, "publish_all", "1");
	(void)s;
}

static void fill(struct spec *s, struct kv *conf, const char *id, int argc, char **argv)
{
	if (o.bundle) {
		bundle(s, conf, argc);
		return;
	}
	spec_default(s);
	s->hostname = xstrdup(o.hostname ? o.hostname : id);
	if (strlen(s->hostname) > 64)
		die_usage("--hostname: longer than 64 bytes");
	if (o.domainname)
		s->domainname = xstrdup(o.domainname);
	namespaces(s);
	root(s, conf, argc, argv);
	environment(s);
	host_mounts(s);
	capabilities(s);
	security(s);
	privileged(s);
	settings(s);
	mounts(s);
	init_process(s);
}

void create_container(struct container *c, struct spec *spec, int argc, char **argv)
{
	char id[13];
	struct kv conf = {0};
	rand_hex(id, 6);
	const char *name = o.name ? o.name : id;
	if (name_check("--name", name) < 0)
		die_usage("%s", fail_msg());
	if (o.keep && o.rm)
		die_usage("--keep and --rm contradict each other");
	if (o.cidfile && access(o.cidfile, F_OK) == 0)
		die("--cidfile: %s exists already", o.cidfile);
	if (!create_detach && !o.keep)
		o.rm = true;
	memset(spec, 0, sizeof *spec);
	fill(spec, &conf, id, argc, argv);
	record(&conf, spec, name, id);
	_cleanup_free_ char *json = spec_text(spec);
	int dir = container_create(name, &conf, json);
	if (dir < 0)
		die_fail();
	*c = (struct container){.name = xstrdup(name), .id = xstrdup(id), .dir = dir, .conf = conf};
}

int create_idfiles(const struct container *c, pid_t pid)
{
	char num[24];
	if (o.cidfile && !pid && file_write_at(AT_FDCWD, o.cidfile, c->id, strlen(c->id), 0644, false) < 0)
		return fail_in("--cidfile");
	if (!o.pidfile || !pid)
		return 0;
	snprintf(num, sizeof num, "%d\n", (int)pid);
	return file_write_at(AT_FDCWD, o.pidfile, num, strlen(num), 0644, false) < 0 ? fail_in("--pidfile") : 0;
}

int create_reload(const struct container *c, struct spec *spec)
{
	size_t len;
	_cleanup_free_ char *text = file_read_at(c->dir, "config.json", 4 << 20, &len);
	memset(spec, 0, sizeof *spec);
	if (!text || spec_parse(spec, "config.json", text, len) < 0)
		return fail_in("%s", c->name);
	return 0;
}
