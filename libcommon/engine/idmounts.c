/* idmounts.c: id-mapped mounts of layers and volumes; see idmounts.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "err.h"
#include "idmap.h"
#include "idmounts.h"
#include "sys.h"

static size_t idmounts_count(const struct spec *s)
{
	return 1 + s->x_lower.n + s->mounts.n + s->devices.n;
}

/* A writable layer of a start without id-mapped mounts has the namespace's ids on disk, and stays
 * as it is. */
static bool shifted(const char *dir)
{
	struct stat st;
	_cleanup_free_ char *upper = path_join(dir, "upper");
	return lstat(upper, &st) < 0 || st.st_uid != 0;
}

/* Does a mount's source lie in the container's root? Then an earlier mount may have to be there
 * before it can be opened. */
static bool idmounts_inside(const struct spec *s, const struct spec_mount *m)
{
	size_t n = s->root_path ? strlen(s->root_path) : 0;
	return n && m->source && strncmp(m->source, s->root_path, n) == 0 && m->source[n] == '/';
}

/* Is this a bind mount whose source is opened here? Root of the user namespace may not search every
 * folder on the way to it; we may. */
static bool bound(const struct spec *s, const struct spec_mount *m)
{
	return geteuid() == 0 && !idmounts_inside(s, m) && spec_mount_binds(m);
}

/* Root of a user namespace cannot make device nodes. A node that the host does not have with this
 * owner and mode is made here, on a tmpfs that is not mounted yet: its descriptor, otherwise -1. */
static int node_apart(const struct spec *s, const struct spec_device *d)
{
	dev_t dev = makedev((unsigned)d->major, (unsigned)d->minor);
	mode_t mode = (d->type == 'b' ? S_IFBLK : S_IFCHR) | (d->mode & 07777);
	uint32_t uid = d->uid, gid = d->gid;
	struct stat st;
	if (d->type == 'p' ||
	    (!uid && !gid && stat(d->path, &st) == 0 && st.st_rdev == dev && st.st_mode == mode))
		return -1;
	_cleanup_close_ int fs = sys_fs_open("tmpfs");
	int fd = sys_fs_mount(fs, "tmpfs", 0);
	idmap_outside(s->uid_map.v, s->uid_map.n, uid, &uid);
	idmap_outside(s->gid_map.v, s->gid_map.n, gid, &gid);
	if (fd < 0 || (mknodat(fd, "d", mode, dev) == 0 && fchownat(fd, "d", uid, gid, 0) == 0 &&
			  fchmodat(fd, "d", mode & 07777, 0) == 0))
		return fd;
	close(fd);
	return -1;
}

int idmounts_open(const struct spec *s, const char *dir, int **out)
{
	bool user = spec_has_ns(s, NS_USER), any = false;
	bool layers = geteuid() == 0 && user && s->uid_map.n && dir &&
		      (s->x_lower.n || s->x_image_file) && !shifted(dir);
	size_t n = idmounts_count(s), lowers = 1 + s->x_lower.n, nodes = n - s->devices.n;
	int *v = xcalloc(n, sizeof *v);
	bool ok = layers;
	*out = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct spec_mount *m =
		    i < lowers || i >= nodes ? NULL : &s->mounts.v[i - lowers];
		v[i] = -1;
		if (i >= nodes) {
			if (!dir && user && geteuid() == 0)
				v[i] = node_apart(s, &s->devices.v[i - nodes]);
			any |= v[i] >= 0;
			continue;
		}
		if (!m && layers)
			v[i] = sys_mount_copy(AT_FDCWD, i ? s->x_lower.v[i - 1] : dir, 0, NULL);
		else if (m && (layers || !dir) &&
			 (spec_mount_mapped(m) || (!dir && user && bound(s, m)))) {
			any = true;
			bool late = m->n_uid_map && idmounts_inside(s, m);
			v[i] = late ? idmounts_later(s, m) : idmounts_mount(m, -1);
			if (v[i] < 0 && !dir && spec_mount_mapped(m))
				return idmounts_close(s, v), -1;
			if (late)
				v[i] = IDMOUNTS_LATE(v[i]);
		}
		ok &= v[i] >= 0 || m;
	}
	if (ok || (any && !dir))
		*out = v;
	else
		idmounts_close(s, v);
	return 0;
}

int idmounts_map(const struct spec *s, const int *v, int image, int userns)
{
	bool ok = v && userns >= 0, own = v && v[0] < 0;
	for (size_t i = 0; ok && !own && i < 1 + s->x_lower.n; i++)
		ok = mount_map(v[i], false, userns) == 0;
	if (ok && image >= 0) /* squashfs can be id-mapped since Linux 6.2; before, its files belong
				 to nobody */
		mount_map(image, false, userns);
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		int fd = v ? v[1 + s->x_lower.n + i] : -1;
		if (!spec_mount_mapped(m) || m->n_uid_map ||
		    (ok && fd >= 0 && mount_map(fd, strv_has(&m->options, "ridmap"), userns) == 0))
			continue;
		if (own)
			return fail_tried(m->dest, "id-mapped mount");
		warn("%s: no id-mapped mounts here (Linux 5.19): its files are not the "
		     "container's own",
		    m->dest);
	}
	return ok;
}

void idmounts_close(const struct spec *s, int *v)
{
	for (size_t i = 0; v && i < idmounts_count(s); i++)
		if (v[i] != -1)
			close(v[i] < 0 ? IDMOUNTS_LATE(v[i]) : v[i]);
	free(v);
}
