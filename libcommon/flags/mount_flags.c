/* mount_flags.c: -v, --mount, --tmpfs, --shm-size and --device; see create_flags.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cdi.h"
#include "create_flags.h"
#include "err.h"
#include "mount_flags.h"

int tmpfs_flag(struct spec *s, const char *arg)
{
	const char *colon = strchr(arg, ':');
	if (arg[0] != '/')
		return fail_usage("--tmpfs: '%s' is not an absolute path", arg);
	if (colon && (strstr(colon, "shared") || strstr(colon, "slave")))
		return fail_usage("--tmpfs: '%s': nothing is shared with a tmpfs", arg);
	_cleanup_free_ char *dst = colon ? xstrndup(arg, (size_t)(colon - arg)) : xstrdup(arg);
	if (dst[strspn(dst, "/.")] == 0)
		return fail_usage("--tmpfs: '%s': the place in the container is its root", arg);
	_cleanup_free_ char *opts = xasprintf(
	    "nosuid,nodev,noexec%s%s", colon ? "," : ",mode=1777", colon ? colon + 1 : "");
	struct spec_mount *ours = mount_at(s, dst);
	if (ours && str_eq(ours->type, "cgroup")) /* it is mounted last, and would cover this one */
		mount_drop(s, ours);
	spec_mount_add(s, dst, "tmpfs", "tmpfs", opts);
	return 0;
}

int flags_volume(const struct create_flags *o, size_t i, struct volume_req *v)
{
	int r;
	if (i < o->volumes.n)
		r = volume_parse_v(o->volumes.v[i], v);
	else if (i < o->volumes.n + o->mounts.n)
		r = volume_parse_mount(o->mounts.v[i - o->volumes.n], v);
	else
		return 0;
	return r < 0 ? fail_as_usage() : 1;
}

int flags_volumes_check(const struct create_flags *o)
{
	struct volume_req v;
	_cleanup_strv_ struct strv seen = {0};
	int r;
	for (size_t i = 0; (r = flags_volume(o, i, &v)) > 0; i++) {
		bool twice = strv_has(&seen, v.dst);
		strv_add(&seen, v.dst);
		volume_req_free(&v);
		if (twice)
			return fail_usage("%s: two mounts for one place", seen.v[i]);
	}
	return r;
}

static size_t depth(const char *path)
{
	size_t n = 0;
	while ((path = strchr(path, '/')) && *++path)
		n++;
	return n;
}

void flags_mounts_sort(struct spec *s)
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

struct spec_mount *mount_at(struct spec *s, const char *dest)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, dest) == 0)
			return &s->mounts.v[i];
	return NULL;
}

void mount_drop(struct spec *s, struct spec_mount *m)
{
	free(m->dest);
	free(m->type);
	free(m->source);
	strv_free(&m->options);
	size_t at = (size_t)(m - s->mounts.v);
	memmove(m, m + 1, (--s->mounts.n - at) * sizeof *m);
}

static void option_replace(struct spec_mount *m, const char *prefix, const char *value)
{
	for (size_t i = 0; m && i < m->options.n; i++)
		if (str_starts(m->options.v[i], prefix)) {
			free(m->options.v[i]);
			m->options.v[i] = xstrdup(value);
		}
}

/* The host's message queues and shared memory belong to its IPC namespace. */
static void share_from_host(struct spec *s, const char *dest)
{
	struct spec_mount *m = mount_at(s, dest);
	if (!m || access(dest, F_OK) < 0)
		return;
	free(m->type);
	free(m->source);
	m->type = xstrdup("bind");
	m->source = xstrdup(dest);
	strv_free(&m->options);
	strv_split(&m->options, "rbind,nosuid,noexec,nodev", ",");
}

void ipc_mounts(const struct create_flags *o, struct spec *s)
{
	struct spec_mount *shm = mount_at(s, "/dev/shm");
	if (o->shm_size) {
		_cleanup_free_ char *size = xasprintf("size=%" PRIu64, o->shm_size);
		option_replace(shm, "size=", size);
	}
	if (shm && str_eq(o->ipc, "none"))
		mount_drop(s, shm);
	if (str_eq(o->ipc, "host")) {
		share_from_host(s, "/dev/mqueue");
		share_from_host(s, "/dev/shm");
	}
}

/* --- devices --- */

#define DEVICE_DEPTH 8

static void device_node(struct spec *s, const char *dst, const struct stat *st, const char *perm)
{
	char type = S_ISBLK(st->st_mode) ? 'b' : 'c';
	int64_t maj = major(st->st_rdev), min = minor(st->st_rdev);
	for (size_t i = 0; !perm && i < s->devices.n; i++)
		if (strcmp(s->devices.v[i].path, dst) == 0)
			return;
	spec_device_add(s, dst, type, maj, min, st->st_mode & 0777, st->st_uid, st->st_gid);
	if (perm)
		device_rule_add(s, true, type, maj, min, perm);
}

/* Devices of which each container has its own. */
static bool own_in_dev(const char *name)
{
	return str_has_word("console mqueue ptmx pts shm tty", name);
}

static int device_any(
    struct spec *s, const char *src, const char *dst, const char *perm, int levels);

/* Every device below a folder such as /dev/snd; everything else in it is skipped. */
static int device_folder(
    struct spec *s, const char *src, const char *dst, const char *perm, int levels)
{
	DIR *d = levels ? opendir(src) : NULL;
	if (!d)
		return levels ? fail("--device: %s: %m", src)
			      : fail("--device: %s: nested too deeply", src);
	int r = 0;
	for (struct dirent *e; r >= 0 && (e = readdir(d));) {
		if (e->d_name[0] == '.' && (!e->d_name[1] || str_eq(e->d_name, "..")))
			continue;
		if (!perm && levels == DEVICE_DEPTH && own_in_dev(e->d_name))
			continue;
		_cleanup_free_ char *from = path_join(src, e->d_name);
		_cleanup_free_ char *to = path_join(dst, e->d_name);
		int one = device_any(s, from, to, perm, levels - 1);
		r = one < 0 ? one : r + one;
	}
	closedir(d);
	return r;
}

/* Returns the number of devices. A link within a folder is not followed: its target is found by
 * another name, or is in another folder. */
static int device_any(
    struct spec *s, const char *src, const char *dst, const char *perm, int levels)
{
	struct stat st;
	bool top = levels == DEVICE_DEPTH;
	if ((top ? stat(src, &st) : lstat(src, &st)) < 0)
		return top ? fail("--device: %s: %m", src) : 0;
	if (S_ISDIR(st.st_mode))
		return device_folder(s, src, dst, perm, levels);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	device_node(s, dst, &st, perm);
	return 1;
}

static int device(struct spec *s, const char *arg)
{
	_cleanup_strv_ struct strv f = {0};
	const char *slash = strchr(arg, '/');
	if (slash && slash > arg && strchr(slash, '=') && !strchr(arg, ':'))
		return cdi_device(s, arg);
	strv_split(&f, arg, ":");
	bool has_dst = f.n > 1 && str_below_root(f.v[1]);
	if (f.n < 1 || f.n > 3 || f.v[0][0] != '/' || (f.n == 3 && !has_dst))
		return fail_usage(
		    "--device: '%s' is not HOST[:DST[:rwm]] or VENDOR/CLASS=NAME", arg);
	const char *perm = f.n == 3 || (f.n == 2 && !has_dst) ? f.v[f.n - 1] : "rwm";
	if (strspn(perm, "rwm") != strlen(perm) || strlen(perm) > 3)
		return fail_usage("--device: '%s' is not made of r, w and m", perm);
	int n = device_any(s, f.v[0], has_dst ? f.v[1] : f.v[0], perm, DEVICE_DEPTH);
	if (n == 0)
		return fail("--device: %s: neither a device nor a folder with devices", f.v[0]);
	return n < 0 ? -1 : 0;
}

int devices_all(struct spec *s)
{
	return device_folder(s, "/dev", "/dev", NULL, DEVICE_DEPTH) < 0 ? -1 : 0;
}

int flags_devices(const struct create_flags *o, struct spec *s)
{
	size_t had = s->device_rules.n;
	for (size_t i = 0; i < o->device_rules.n; i++)
		if (*o->device_rules.v[i] == '-' || device_rule_read(s, o->device_rules.v[i]) < 0)
			return fail_usage("--device-cgroup-rule: '%s' is not TYPE MAJOR:MINOR "
					  "ACCESS, such as 'c 1:3 rwm'",
			    o->device_rules.v[i]);
	if (s->x_privileged) /* all devices are allowed already */
		s->device_rules.n = had;
	for (size_t i = 0; i < o->devices.n; i++)
		if (device(s, o->devices.v[i]) < 0)
			return -1;
	return 0;
}
