/* create_spec.c: what ctr-run's options mean for the spec; see create_flags.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "caps.h"
#include "create.h"
#include "create_flags.h"
#include "err.h"
#include "file.h"
#include "record.h"
#include "str.h"
#include "tty.h"
#include "userns_flag.h"
#include "volume.h"

#define o create_flags

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

void create_environment(struct spec *s)
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
static void share(struct spec *s, enum spec_ns ns, const char *flag, const char *value, const char *file)
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

void create_namespaces(struct spec *s)
{
	if (!o.net && (o.net = getenv("CTR_NET")) && !*o.net)
		o.net = NULL;
	if (strv_has(&o.publish, ""))
		die_usage("-p: no port is named");
	if (!o.net)
		o.net = o.publish.n || o.publish_all ? geteuid() ? "pasta" : "bridge" : "none";
	if (strcmp(o.net, "host") == 0 || str_starts(o.net, "container:"))
		share(s, NS_NET, "net", o.net, "net");
	else if (str_starts(o.net, "ns:")) {
		s->ns_new &= ~(1u << NS_NET);
		s->ns_path[NS_NET] = xstrdup(o.net + 3);
	} else if (strcmp(o.net, "none") != 0 && name_check("--net", o.net) < 0)
		die_fail_usage();
	share(s, NS_PID, "pid", o.pid, "pid");
	share(s, NS_IPC, "ipc", o.ipc, "ipc");
	share(s, NS_UTS, "uts", o.uts, "uts");
	share(s, NS_CGROUP, "cgroupns", o.cgroupns, "cgroup");
	if (!(s->ns_new & 1u << NS_UTS)) {
		if (o.hostname)
			die_usage("--hostname: the host's names are shared (--uts host)");
		free(s->hostname);
		s->hostname = NULL;
	}
	if (userns_request(s, o.userns) < 0)
		die_fail_usage();
}

/* --- mounts --- */

static void tmpfs(struct spec *s, const char *arg)
{
	const char *colon = strchr(arg, ':');
	if (arg[0] != '/')
		die_usage("--tmpfs: '%s' is not an absolute path", arg);
	_cleanup_free_ char *dst = colon ? xstrndup(arg, (size_t)(colon - arg)) : xstrdup(arg);
	_cleanup_free_ char *opts =
	    xasprintf("nosuid,nodev,noexec%s%s", colon ? "," : ",mode=1777", colon ? colon + 1 : "");
	spec_mount_add(s, dst, "tmpfs", "tmpfs", opts);
}

static int volume_parse(size_t i, struct volume_req *v)
{
	return i < o.volumes.n ? volume_parse_v(o.volumes.v[i], v) : volume_parse_mount(o.mounts.v[i - o.volumes.n], v);
}

static int volume_add(struct spec *s, struct volume_req *v, const char *name, int *anon)
{
	_cleanup_free_ char *dir = xasprintf("%s/containers/%s/volumes/%d", ctr_lib(), name, ++*anon);
	struct buf opts = {0};
	bool volume = str_eq(v->type, "volume");
	if (volume_prepare(v, s, dir) < 0)
		return -1;
	if (volume && s->uid_map.n && geteuid() == 0)
		strv_add(&v->options, "idmap");
	buf_puts(&opts, "");
	for (size_t i = 0; i < v->options.n; i++)
		buf_printf(&opts, "%s%s", i ? "," : "", v->options.v[i]);
	spec_mount_add(s, v->dst, v->type, v->src, opts.p);
	buf_free(&opts);
	return 0;
}

void create_mounts_check(void)
{
	struct volume_req v;
	struct strv seen = {0};
	for (size_t i = 0; i < o.volumes.n + o.mounts.n; i++) {
		if (volume_parse(i, &v) < 0)
			die_fail_usage();
		if (strv_has(&seen, v.dst))
			die_usage("%s: two mounts for one place", v.dst);
		strv_add(&seen, v.dst);
		volume_req_free(&v);
	}
	strv_free(&seen);
}

static size_t depth(const char *path)
{
	size_t n = 0;
	while ((path = strchr(path, '/')) && *++path)
		n++;
	return n;
}

/* What lies in another comes after it, in whatever order they were asked for. */
static void mounts_sort(struct spec *s)
{
	struct spec_mount *v = s->mounts.v;
	for (size_t i = 1; i < s->mounts.n; i++) {
		struct spec_mount m = v[i];
		size_t k = i;
		for (; k > 0 && depth(v[k - 1].dest) > depth(m.dest); k--)
			v[k] = v[k - 1];
		v[k] = m;
	}
}

/* Something is mounted there by a flag: the image's volume of that path is then not made. */
static bool taken(const struct spec *s, const char *dst)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, dst) == 0)
			return true;
	return false;
}

int create_mounts(struct spec *s, const char *name, const struct strv *image_volumes)
{
	struct volume_req v;
	int anon = 0, r = 0;
	for (size_t i = 0; i < o.volumes.n + o.mounts.n && r == 0; i++) {
		if (volume_parse(i, &v) < 0)
			return -1;
		r = volume_add(s, &v, name, &anon);
		volume_req_free(&v);
	}
	for (size_t i = 0; i < image_volumes->n && r == 0; i++) {
		if (strchr(image_volumes->v[i],
			':')) /* "/:/host" would be a folder of the host's (an image may be hostile) */
			return errno = EINVAL, fail("the image's volume '%.300s': a colon in it", image_volumes->v[i]);
		if (volume_parse_v(image_volumes->v[i], &v) < 0)
			return fail_in("an image's volume");
		if (taken(s, v.dst)) {
			volume_req_free(&v);
			continue;
		}
		r = volume_add(s, &v, name, &anon);
		volume_req_free(&v);
	}
	if (!o.bundle)
		mounts_sort(s);
	return r;
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
		if (!m || (s->ns_new & 1u << shared[i].ns) || access(shared[i].dest, F_OK) < 0 ||
		    s->ns_path[shared[i].ns])
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
	device_rule_add(s, true, type, major(st.st_rdev), minor(st.st_rdev), perm);
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
	for (size_t i = 0; i < o.cap_drop.n; i++)
		if (strcasecmp(o.cap_drop.v[i], "all") != 0)
			set &= ~cap_bits("cap-drop", o.cap_drop.v[i]);
	for (size_t i = 0; i < o.cap_add.n; i++)
		added |= cap_bits("cap-add", o.cap_add.v[i]);
	set |= added; /* what is dropped and added is there, as docker has it */
	/* Inheritable stays empty (CVE-2022-29162). */
	s->caps = (struct spec_caps){.bounding = set, .effective = set, .permitted = set};
}

static void security(struct spec *s)
{
	for (size_t i = 0; i < o.security.n; i++) {
		const char *v = o.security.v[i];
		if (strcmp(v, "no-new-privileges") == 0 || strcmp(v, "no-new-privileges=true") == 0 ||
		    strcmp(v, "no-new-privileges:true") == 0) {
			s->no_new_privileges = true;
		} else if (str_starts(v, "seccomp=") || str_starts(v, "seccomp:")) {
			free(s->seccomp);
			s->seccomp = NULL;
			if (strcmp(v + 8, "unconfined") == 0)
				s->seccomp = xstrdup("unconfined");
			else if (strcmp(v + 8, "builtin") != 0 && !(s->seccomp = file_read(v + 8, 4 << 20, NULL)))
				die_fail();
		} else if (strcmp(v, "no-new-privileges:false") == 0 || strcmp(v, "no-new-privileges=false") == 0) {
			s->no_new_privileges = false;
		} else if (strcmp(v, "apparmor=unconfined") == 0 || strcmp(v, "apparmor:unconfined") == 0 ||
			   strcmp(v, "label=disable") == 0 || strcmp(v, "label:disable") == 0) {
			continue; /* as it is: no label and no AppArmor profile is ever set */
		} else if (strcmp(v, "systempaths=unconfined") == 0) {
			strv_free(&s->masked_paths);
			strv_free(&s->readonly_paths);
		} else {
			die_usage("--security-opt: '%s' is not known (no-new-privileges, seccomp=unconfined|FILE, "
				  "systempaths=unconfined, apparmor=unconfined, label=disable)",
			    v);
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
			die_fail_usage();
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
	static const char *const ipc[] = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
	    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
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
		die_usage("--sysctl: %s: the container has no %s namespace of its own", key,
		    is_ipc ? "ipc"
		    : net  ? "network"
			   : "uts");
	strv_setenv(&s->sysctl, key, eq + 1); /* the last one counts */
}

static void size_of_terminal(struct spec *s)
{
	struct winsize w;
	if (o.tty && !create_detach && tty_size(&w) == 0) {
		s->rows = w.ws_row;
		s->cols = w.ws_col;
	}
}

void create_settings(struct spec *s)
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
			die_fail_usage();
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
		die_fail_usage();
	if (o.res.parent) {
		free(s->cgroups_path);
		s->cgroups_path =
		    o.res.parent[0] == '/' ? xstrdup(o.res.parent + 1) : xasprintf("%s/%s", ctr_cgroup(), o.res.parent);
	}
}

void create_privileges(struct spec *s)
{
	host_mounts(s);
	capabilities(s);
	security(s);
	privileged(s);
	for (size_t i = 0; i < o.tmpfs.n; i++)
		tmpfs(s, o.tmpfs.v[i]);
	mounts_sort(s);
}
