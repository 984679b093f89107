/* ctr-root: put a container's root together (layers, mounts, /dev, masks), enter it, and become a
 * command there.
 *
 * Kind: CHAIN. It applies the engine's own steps (rootfs.h) to the calling process, in a mount
 * namespace of its own: that of ctr-unshare -m, or a new one. All of it disappears with the
 * namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "chain.h"
#include "create_flags.h"
#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "image.h"
#include "mount_flags.h"
#include "ns.h"
#include "opt.h"
#include "place.h"
#include "rootfs.h"
#include "userns.h"
#include "volume.h"

static struct create_flags given;
static const char *image, *overlay, *direct, *upper, *work;
static struct strv masks, readonly;
static bool no_proc, no_sys, no_dev, no_cgroup, no_masks, nodev, lost;
static bool proc_goes; /* it is unmounted again at the end */

static const struct opt opts[] = {
    {0, "image", "NAME", "the layers of this image (ctr-image ls), with --upper", OPT_STR, &image},
    {0, "overlay", "DIR[:DIR...]", "these layers, the top-most first, with --upper", OPT_STR,
	&overlay},
    {0, "direct", "DIR", "this folder itself", OPT_STR, &direct},
    {0, "bundle", "DIR", "an OCI bundle's root, with the mounts that its config.json names",
	OPT_STR, &given.bundle},
    {0, "upper", "DIR", "the writable layer; made when missing", OPT_STR, &upper},
    {0, "work", "DIR", "overlayfs's work folder beside it (default: UPPER.work)", OPT_STR, &work},
    {'v', "volume", "SRC:DST[:OPTS]", "bind a path of the host, or a named volume, at DST",
	OPT_LIST, &given.volumes},
    {0, "mount", "SPEC", "type=bind|tmpfs|volume,src=...,dst=...,...", OPT_LIST, &given.mounts},
    {0, "tmpfs", "DST[:OPTS]", "an empty file system in memory", OPT_LIST, &given.tmpfs},
    {0, "device", "HOST[:DST[:rwm]]", "this device's node too", OPT_LIST, &given.devices},
    {0, "shm-size", "SIZE", "of /dev/shm (default 64m)", OPT_SIZE, &given.shm_size},
    {0, "ipc", "host|none", "the host's /dev/shm and /dev/mqueue, or no /dev/shm", OPT_STR,
	&given.ipc},
    {0, "sysctl", "KEY=VALUE", "a namespaced kernel setting", OPT_LIST, &given.sysctls},
    {0, "read-only", NULL, "the root read-only in the end", OPT_FLAG, &given.read_only},
    {0, "mask", "PATH", "hide this path as well", OPT_LIST, &masks},
    {0, "read-only-path", "PATH", "make this path read-only as well", OPT_LIST, &readonly},
    {0, "no-masks", NULL, "hide and protect only what is named", OPT_FLAG, &no_masks},
    {0, "no-proc", NULL, "no /proc", OPT_FLAG, &no_proc},
    {0, "no-sys", NULL, "no /sys", OPT_FLAG, &no_sys},
    {0, "no-dev", NULL, "the root's own /dev", OPT_FLAG, &no_dev},
    {0, "nodev", NULL, "device nodes can be used in /dev only, and made nowhere", OPT_FLAG, &nodev},
    {0, "no-cgroup", NULL, "no /sys/fs/cgroup", OPT_FLAG, &no_cgroup},
    {0, "privileged", NULL, "the host's /dev, /sys writable, nothing hidden", OPT_FLAG,
	&given.privileged},
    {0, "volatile", NULL, "what is written need not reach the disk (overlayfs's volatile)",
	OPT_FLAG, &lost},
    {0, "no-pivot", NULL, "move the new root over the old instead of pivot_root", OPT_FLAG,
	&given.no_pivot},
    OPT_END,
};
static const struct usage usage = {
    .placeless = true,
    .synopsis = "[COMMAND [ARG...]]",
    .more = "COMMAND is looked for in the new root, save that ctr-priv and the like are always "
	    "found.\nExit code: the command's, 125 ctr-root failed, 126 not executable, 127 not "
	    "found.\n",
    .opts = opts,
};

/* The absolute path of something that exists; with `make` it is made as a folder first. */
static char *absolute(const char *flag, const char *path, bool make)
{
	if (make && dir_make(path, 0755) < 0)
		die_fail();
	char *abs = path_real(path);
	if (!abs)
		die("--%s: %s: %m", flag, path);
	return abs;
}

struct where {
	char *path;
	dev_t dev;
};

/* Where a folder is, or will be when it is made, and on which file system. */
static struct where where(const char *path)
{
	struct stat st;
	char *abs = path_real(path), *slash = strrchr(path, '/');
	if (abs && stat(abs, &st) == 0)
		return (struct where){abs, st.st_dev};
	if (!slash)
		return where(xasprintf("./%s", path));
	_cleanup_free_ char *up = xstrndup(path, (size_t)(slash - path) + (slash == path));
	struct where w = where(up);
	w.path = path_join(w.path[1] ? w.path : "", slash + 1);
	return w;
}

/* Is the folder `a` the same as `b`, or in it, as far as their places show it? Mounts are not
 * looked through: overlayfs sees one file system of a layer. */
static bool within(struct where a, struct where b)
{
	size_t n = b.path[1] ? strlen(b.path) : 0;
	return a.dev == b.dev && strncmp(a.path, b.path, n) == 0 &&
	       (a.path[n] == 0 || a.path[n] == '/');
}

static bool overlap(struct where a, struct where b)
{
	return within(a, b) || within(b, a);
}

static void layers(struct spec *s)
{
	struct image im;
	_cleanup_strv_ struct strv l = {0};
	if (image && place_check() < 0)
		die_fail();
	if (image && image_open(ctr_lib(), image, userns_do, &im) < 0)
		die_fail();
	if (image)
		strv_addall(&s->x_lower, &im.layers);
	strv_split(&l, overlay ? overlay : "", ":");
	for (size_t i = 0; overlay && i < l.n; i++)
		strv_take(&s->x_lower, absolute("overlay", l.v[i], false));
	if (!s->x_lower.n)
		die_usage("--overlay: no layer in '%s'", overlay);
}

static void root(struct spec *s, struct rootfs *r)
{
	const char *itself = given.bundle ? "bundle" : "direct";
	if (!!image + !!overlay + !!direct + !!given.bundle != 1)
		die_usage(
		    "one of --image NAME, --overlay DIR[:DIR...], --direct DIR and --bundle DIR is "
		    "needed");
	if ((direct || given.bundle) && (upper || work))
		die_usage(
		    "--%s writes to the folder itself: it takes no --upper or --work", itself);
	if (given.bundle)
		return;
	if (direct) {
		s->root_path = absolute("direct", direct, false);
		if (!s->root_path[strspn(s->root_path, "/")])
			die_usage("--direct /: that is the root already: leave ctr-root out");
		return;
	}
	if (!upper)
		die_usage("--upper DIR, where what is written goes, is missing");
	layers(s);
	_cleanup_free_ char *beside = work ? NULL : xasprintf("%s.work", upper);
	const char *at_work = work ? work : beside;
	struct where up = where(upper), aside = where(at_work);
	if (overlap(up, aside))
		die_usage("--upper and --work: neither may lie in the other");
	for (size_t i = 0; i < s->x_lower.n; i++) {
		struct where low = where(s->x_lower.v[i]);
		if (overlap(up, low) || overlap(aside, low))
			die_usage("--upper, --work and the layers below: none may lie in another");
	}
	r->upper = absolute("upper", upper, true);
	r->work = absolute("work", at_work, true);
	image_upper_warn(r->upper);
	r->dir = r->work;
	r->can_copy = true; /* without overlayfs there is no other way: it is an error */
}

static void without(struct spec *s, bool flag, const char *dest)
{
	size_t n = strlen(dest);
	for (size_t i = 0; flag && i < s->mounts.n;)
		if (strncmp(s->mounts.v[i].dest, dest, n) == 0 &&
		    (s->mounts.v[i].dest[n] == 0 || s->mounts.v[i].dest[n] == '/'))
			mount_drop(s, &s->mounts.v[i]);
		else
			i++;
}

static void paths(struct strv *l, const struct strv *more)
{
	struct strv kept = {0};
	for (size_t i = 0; i < l->n; i++)
		if (!no_masks && !(no_proc && strncmp(l->v[i], "/proc/", 6) == 0) &&
		    !(no_sys && strncmp(l->v[i], "/sys/", 5) == 0))
			strv_add(&kept, l->v[i]);
	for (size_t i = 0; i < more->n; i++) {
		if (more->v[i][0] != '/')
			die_usage("'%s' is not an absolute path", more->v[i]);
		strv_add(&kept, more->v[i]);
	}
	*l = kept;
}

static void volumes(struct spec *s)
{
	struct volume_req v;
	int r;
	if (flags_volumes_check(&given) < 0)
		die_fail();
	for (size_t i = 0; (r = flags_volume(&given, i, &v)) > 0; i++) {
		struct buf opts_text = {0};
		if (strcmp(v.type, "volume") == 0 && !v.src)
			die_usage("-v %s: a volume without a name has nobody to remove it", v.dst);
		if (strv_has(&v.options, "U"))
			die_usage("-v %s: U: chown -R the source", v.dst);
		if (volume_prepare(&v, s, NULL) < 0)
			die_fail();
		buf_puts(&opts_text, "");
		for (size_t k = 0; k < v.options.n; k++)
			buf_printf(&opts_text, "%s%s", k ? "," : "", v.options.v[k]);
		spec_mount_add(s, v.dst, v.type, v.src, opts_text.p);
		buf_free(&opts_text);
	}
	if (r < 0)
		die_fail();
}

static void fill(struct spec *s)
{
	_cleanup_free_ char *dir = NULL;
	spec_default(s);
	if (given.bundle && flags_bundle(&given, s, &dir) < 0)
		die_fail();
	for (int i = 0; i < NS_COUNT; i++)
		s->ns_new = (s->ns_new & ~(1u << i)) | (unsigned)(ns_is_own(i) != 0) << i;
	if (given.ipc && !str_has_word("host none", given.ipc))
		die_usage("--ipc: '%s' is neither host nor none", given.ipc);
	without(s, no_sys, "/sys");
	without(s, no_dev, "/dev");
	s->x_dev_kept = no_dev;
	without(s, no_cgroup, "/sys/fs/cgroup");
	paths(&s->masked_paths, &masks);
	paths(&s->readonly_paths, &readonly);
	if (flags_privileges(&given, s) < 0 || flags_settings(&given, s) < 0)
		die_fail();
	/* Paths are hidden through descriptors, which takes a /proc until that is done. */
	proc_goes = no_proc && s->masked_paths.n + s->readonly_paths.n + s->sysctl.n;
	without(s, no_proc && !proc_goes, "/proc");
}

int ctr_root_main(int argc, char **argv)
{
	struct spec s;
	struct rootfs r = {.spec = &s, .proc = -1, .image = -1, .fd = -1};
	err_code = err_usage_code = 125;
	int n = opt_parse(&usage, argc, argv);
	chain_ready();
	fill(&s);
	/* so that what is made, an upper folder too, gets the mode that is given */
	mode_t mask = umask(0);
	root(&s, &r);
	volumes(&s);
	flags_mounts_sort(&s);
	if (ns_is_own(NS_MNT) != 1 && unshare(CLONE_NEWNS) < 0)
		die("mount namespace: %m%s",
		    errno == EPERM ? " (not root: ctr-unshare -Um -- ctr-root ...)" : "");
	r.userns = userns_nested();
	r.nodev = nodev && !r.userns; /* nobody makes any in a user namespace */
	r.passing = lost;
	r.cgroup = s.ns_new & 1u << NS_CGROUP ? NULL : cgroup_of_self(false);
	if (rootfs_prepare(&r) < 0 || rootfs_mounts(&r) < 0 || rootfs_cgroups(&r) < 0 ||
	    rootfs_enter(&r) < 0 || rootfs_finish(&r) < 0)
		die_fail();
	if (chdir("/") < 0)
		die_errno("/");
	if (proc_goes && umount2("/proc", MNT_DETACH) < 0)
		die_errno("/proc: unmount");
	umask(mask);
	chain_run(argv + n);
}
