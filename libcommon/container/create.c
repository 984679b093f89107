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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "create.h"
#include "create_flags.h"
#include "err.h"
#include "userns_flag.h"
#include "file.h"
#include "image.h"
#include "container_net.h"
#include "limit_flags.h"
#include "signames.h"
#include "stamp.h"
#include "str.h"

bool create_detach;
struct create_flags create_flags;
#define o create_flags

const struct opt create_opts[] = {
    {'i', "interactive", NULL, "keep stdin open (with -d through a fifo that ctr-attach writes to)", OPT_FLAG,
	&o.interactive},
    {'t', "tty", NULL, "give the command a terminal", OPT_FLAG, &o.tty},
    {'d', "detach", NULL, "run in the background and print the id", OPT_FLAG, &create_detach},
    {0, "name", "NAME", "name of the container (default: its id)", OPT_STR, &o.name},
    {0, "rm", NULL, "remove the container when it ends (default in the foreground)", OPT_FLAG, &o.rm},
    {0, "keep", NULL, "keep a foreground container when it ends", OPT_FLAG, &o.keep},
    {0, "restart", "POLICY", "no, on-failure[:N] or always (with -d)", OPT_STR, &o.restart},
    {'e', "env", "K=V|K", "set a variable, or pass the caller's", OPT_LIST, &o.env},
    {0, "env-file", "FILE", "variables from a file, a line each", OPT_LIST, &o.env_file},
    {'w', "workdir", "DIR", "working directory in the container", OPT_STR, &o.workdir},
    {'u', "user", "USER[:GROUP]", "user, by the container's own files, or numbers", OPT_STR, &o.user},
    {0, "group-add", "GROUP", "a further group", OPT_LIST, &o.groups},
    {'h', "hostname", "NAME", "host name (default: the id)", OPT_STR, &o.hostname},
    {0, "domainname", "NAME", "NIS domain name", OPT_STR, &o.domainname},
    {0, "entrypoint", "CMD", "run CMD with the arguments instead of the image's entrypoint", OPT_STR, &o.entrypoint},
    {'v', "volume", "SRC:DST[:OPTS]", "mount a folder, file or named volume", OPT_LIST, &o.volumes},
    {0, "mount", "K=V,...", "mount: type=bind|tmpfs|volume,source=,target=,...", OPT_LIST, &o.mounts},
    {0, "tmpfs", "DST[:OPTS]", "mount a tmpfs", OPT_LIST, &o.tmpfs},
    {0, "read-only", NULL, "make the root file system read-only", OPT_FLAG, &o.read_only},
    {0, "shm-size", "SIZE", "size of /dev/shm (default 64m)", OPT_SIZE, &o.shm_size},
    {0, "device", "HOST[:DST[:rwm]]", "give a device of the host", OPT_LIST, &o.devices},
    {0, "direct", NULL, "use ROOTFS itself, without a writable layer of its own", OPT_FLAG, &o.direct},
    {0, "bundle", "DIR", "run an OCI bundle (DIR/config.json) instead of ROOTFS", OPT_STR, &o.bundle},
    {0, "net", "NET", "none, host, bridge, NAME, pasta, container:NAME or ns:FILE", OPT_STR, &o.net},
    {'p', "publish", "HOST:PORT", "publish a port: [ADDR:]HOST:PORT[/tcp|udp], ranges too", OPT_LIST, &o.publish},
    {'P', "publish-all", NULL, "publish every port the image exposes", OPT_FLAG, &o.publish_all},
    {0, "ip", "ADDR", "this IPv4 address on the network", OPT_STR, &o.ip},
    {0, "ip6", "ADDR", "this IPv6 address on the network", OPT_STR, &o.ip6},
    {0, "mac", "MAC", "this hardware address", OPT_STR, &o.mac},
    {0, "dns", "ADDR", "name server", OPT_LIST, &o.dns},
    {0, "dns-search", "DOMAIN", "search domain", OPT_LIST, &o.dns_search},
    {0, "add-host", "NAME:ADDR", "a further line in /etc/hosts", OPT_LIST, &o.add_host},
    {0, "network-alias", "NAME", "a further name on the network", OPT_LIST, &o.net_alias},
    {0, "pid", "host|container:NAME", "share a pid namespace", OPT_STR, &o.pid},
    {0, "ipc", "host|container:NAME", "share an ipc namespace", OPT_STR, &o.ipc},
    {0, "uts", "host", "share the host's names", OPT_STR, &o.uts},
    {0, "cgroupns", "host|private", "cgroup namespace", OPT_STR, &o.cgroupns},
    {0, "userns", "auto|host|keep-id|MAP", "user namespace", OPT_STR, &o.userns},
    {0, "cap-add", "CAP", "add a capability (or ALL)", OPT_LIST, &o.cap_add},
    {0, "cap-drop", "CAP", "drop a capability (or ALL)", OPT_LIST, &o.cap_drop},
    {0, "privileged", NULL, "all capabilities, all devices, nothing masked, no seccomp", OPT_FLAG, &o.privileged},
    {0, "security-opt", "OPT", "no-new-privileges, seccomp=unconfined|FILE.json, systempaths=unconfined", OPT_LIST,
	&o.security},
    {0, "ulimit", "NAME=SOFT[:HARD]", "a resource limit", OPT_LIST, &o.ulimits},
    {0, "sysctl", "KEY=VALUE", "a namespaced kernel setting", OPT_LIST, &o.sysctls},
    {0, "oom-score-adj", "N", "-1000 to 1000", OPT_STR, &o.oom_score_adj},
    {0, "umask", "MODE", "umask of the command (default 022)", OPT_STR, &o.umask},
    {0, "init", NULL, "a small init as PID 1 that forwards signals and reaps", OPT_FLAG, &o.init},
    {0, "stop-signal", "SIG", "what ctr-stop sends (default TERM)", OPT_STR, &o.stop_signal},
    {0, "log-max-size", "SIZE", "rotate the log at this size (default: never)", OPT_SIZE, &o.log_size},
    {0, "log-max-files", "N", "rotated logs to keep (default 1)", OPT_STR, &o.log_files},
    {'l', "label", "K=V", "a label", OPT_LIST, &o.labels},
    {0, "cidfile", "FILE", "write the id there", OPT_STR, &o.cidfile},
    {0, "pidfile", "FILE", "write the pid there", OPT_STR, &o.pidfile},
    {0, "no-pivot", NULL, "move the new root over the old instead of pivot_root", OPT_FLAG, &o.no_pivot},
    {'m', "memory", "SIZE", "memory limit", OPT_STR, &o.res.memory},
    {0, "memory-swap", "SIZE", "memory plus swap, -1 unlimited", OPT_STR, &o.res.memory_swap},
    {0, "memory-reservation", "SIZE", "memory kept for it (memory.low)", OPT_STR, &o.res.memory_reservation},
    {0, "cpus", "N", "processors, such as 1.5", OPT_STR, &o.res.cpus},
    {'c', "cpu-shares", "N", "relative weight, 2 to 262144", OPT_STR, &o.res.cpu_shares},
    {0, "cpu-period", "USEC", "period of the cpu limit", OPT_STR, &o.res.cpu_period},
    {0, "cpu-quota", "USEC", "time in each period", OPT_STR, &o.res.cpu_quota},
    {0, "cpuset-cpus", "LIST", "these processors", OPT_STR, &o.res.cpuset_cpus},
    {0, "cpuset-mems", "LIST", "these memory nodes", OPT_STR, &o.res.cpuset_mems},
    {0, "pids-limit", "N", "at most N processes", OPT_STR, &o.res.pids_limit},
    {0, "blkio-weight", "N", "relative weight of disk access, 10 to 1000", OPT_STR, &o.res.blkio_weight},
    {0, "device-read-bps", "DEV:RATE", "limit reading, bytes a second", OPT_LIST, &o.res.read_bps},
    {0, "device-write-bps", "DEV:RATE", "limit writing, bytes a second", OPT_LIST, &o.res.write_bps},
    {0, "device-read-iops", "DEV:N", "limit reading, operations a second", OPT_LIST, &o.res.read_iops},
    {0, "device-write-iops", "DEV:N", "limit writing, operations a second", OPT_LIST, &o.res.write_iops},
    {0, "cgroup", "KEY=VALUE", "any cgroup v2 setting", OPT_LIST, &o.res.raw},
    {0, "cgroup-parent", "GROUP", "make its group under this one", OPT_STR, &o.res.parent},
    /* docker's long names */
    {0, "network", "NET", NULL, OPT_STR, &o.net},
    {0, "mac-address", "MAC", NULL, OPT_STR, &o.mac},
    OPT_END,
};

/* --- the root and the command --- */

static void join_conf(struct kv *conf, const char *key, const struct strv *l)
{
	struct buf b = {0};
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%s", i ? "\n" : "", l->v[i]);
	if (b.n)
		kv_set(conf, key, b.p);
	buf_free(&b);
}

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

static int gate = -1; /* held until the record says that the image is in use */

/* docker's meaning of an image's config: flags win over it, its environment comes first. */
static void image(struct spec *s, struct kv *conf, int argc, char **argv, struct strv *volumes)
{
	struct image im;
	gate = image_gate(ctr_lib());
	if (image_open(ctr_lib(), argv[0], userns_do, &im) < 0)
		die_fail();
	if (geteuid() != 0 && str_eq(o.userns, "keep-id")) /* as --userns auto has them on disk */
		warn("--userns keep-id: what belongs to root in a user's image is yours in this container");
	strv_addall(&s->x_lower, &im.layers);
	for (size_t i = 0; i < im.env.n; i++)
		strv_add(&s->env, im.env.v[i]);
	if (im.workdir && *im.workdir) {
		free(s->cwd);
		s->cwd = xstrdup(im.workdir);
	}
	if (!o.user && im.user && *im.user)
		s->x_user = xstrdup(im.user);
	if (!o.stop_signal && im.stopsignal && *im.stopsignal)
		kv_set(conf, "stop_signal", im.stopsignal);
	for (size_t i = 0; i < im.labels.n; i++) /* the record has them a line each */
		for (char *p = im.labels.v[i]; (p = strchr(p, '\n'));)
			*p = ' ';
	strv_addall(&o.labels, &im.labels);
	strv_addall(volumes, &im.volumes);
	join_conf(conf, "expose", &im.exposed);
	kv_set(conf, "image", im.ref);
	kv_set(conf, "image_digest", im.digest);
	command(s, &im.entrypoint, &im.cmd, argc - 1, argv + 1);
	image_free(&im);
}

static void root(struct spec *s, struct kv *conf, int argc, char **argv, struct strv *volumes)
{
	struct strv none = {0};
	if (argc < 1)
		die_usage("ROOTFS or IMAGE is missing");
	if (image_is_ref(argv[0])) {
		image(s, conf, argc, argv, volumes);
		return;
	}
	root_path(s, argv[0]);
	kv_set(conf, "rootfs", s->x_lower.n ? s->x_lower.v[0] : s->x_image_file ? s->x_image_file : s->root_path);
	kv_set(conf, "image", argv[0]);
	command(s, &none, &none, argc - 1, argv + 1);
}

static void restart_policy(struct kv *conf)
{
	const char *p = o.restart;
	int64_t n;
	if (!p)
		return;
	if (strcmp(p, "no") && strcmp(p, "always") && strcmp(p, "unless-stopped") && strcmp(p, "on-failure") &&
	    !str_starts(p, "on-failure:"))
		die_usage("--restart: '%s' is not no, on-failure[:N] or always", p);
	if (str_starts(p, "on-failure:") && num_parse("--restart", p + 11, 1, 1000000, &n) < 0)
		die_fail_usage();
	if (strcmp(p, "no") != 0 && o.rm)
		die_usage("--restart and --rm contradict each other");
	kv_set(conf, "restart", p);
}

static void record(struct kv *conf, const struct spec *s, const char *name, const char *id)
{
	struct buf cmd = {0};
	struct timespec now;
	clock_now(CLOCK_REALTIME, &now);
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
	if (s->cgroups_path && *s->cgroups_path)
		kv_set(conf, "cgroup_parent", s->cgroups_path);
	if (o.pidfile) {
		_cleanup_free_ char *here = o.pidfile[0] == '/' ? xstrdup("") : getcwd(NULL, 0);
		kv_setf(conf, "pidfile", "%s%s%s", here ? here : "", here && *here ? "/" : "", o.pidfile);
	}
	if (o.log_size) {
		int64_t files = 1;
		if (o.log_files && num_parse("--log-max-files", o.log_files, 0, 1000, &files) < 0)
			die_fail_usage();
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
}

/* They go into /etc/hosts. */
static void host_check(const char *what, const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 127 || p - s == 64)
			die_usage("%s: longer than 64 bytes, or with a blank", what);
}

static void fill(struct spec *s, struct kv *conf, const char *id, int argc, char **argv, struct strv *volumes)
{
	if (o.bundle) {
		create_bundle(s, conf, argc);
		return;
	}
	spec_default(s);
	s->hostname = xstrdup(o.hostname ? o.hostname : id);
	host_check("--hostname", s->hostname);
	if (o.domainname) {
		host_check("--domainname", o.domainname);
		s->domainname = xstrdup(o.domainname);
	}
	create_namespaces(s);
	root(s, conf, argc, argv, volumes);
	create_environment(s);
	create_privileges(s);
	create_settings(s);
	create_mounts_check();
}

/* The container's directory, then what lies in it or beside it. */
static int make(struct container *c, struct spec *s, const struct strv *volumes)
{
	bool mounts = o.volumes.n || o.mounts.n || volumes->n;
	_cleanup_free_ char *first = spec_text(s);
	c->dir = container_create(c->name, &c->conf, first);
	if (gate >= 0)
		close(gate);
	if (c->dir < 0)
		return -1;
	if (mounts) {
		int r = create_mounts(s, c->name, volumes);
		_cleanup_free_ char *json = r < 0 ? NULL : spec_text(s);
		if (r < 0 || file_write_at(c->dir, "config.json", json, strlen(json), 0600, false) < 0)
			return -1;
	}
	return o.cidfile && file_write_at(AT_FDCWD, o.cidfile, c->id, strlen(c->id), 0644, false) < 0
		   ? fail_in("--cidfile")
		   : 0;
}

void create_container(struct container *c, struct spec *spec, int argc, char **argv)
{
	char id[13];
	struct strv volumes = {0};
	*c = (struct container){.dir = -1};
	rand_hex(id, 6);
	c->name = xstrdup(o.name ? o.name : id);
	c->id = xstrdup(id);
	if (name_check("--name", c->name) < 0)
		die_fail_usage();
	if (o.keep && o.rm)
		die_usage("--keep and --rm contradict each other");
	if (o.cidfile && access(o.cidfile, F_OK) == 0)
		die("--cidfile: %s exists already", o.cidfile);
	if (!create_detach && !o.keep)
		o.rm = true;
	memset(spec, 0, sizeof *spec);
	fill(spec, &c->conf, id, argc, argv, &volumes);
	record(&c->conf, spec, c->name, id);
	if (plug_check(&c->conf) < 0)
		die_fail_usage();
	if (make(c, spec, &volumes) == 0)
		return;
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (c->dir >= 0 && container_destroy(c) < 0)
		warn("%s", fail_msg());
	die("%s", why);
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
