/* idmounts.c: id-mapped mounts of layers and volumes; see idmounts.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "idmounts.h"
#include "sys.h"

#define MNT_IDMAP 0x100000 /* MOUNT_ATTR_IDMAP */

static size_t count(const struct spec *s)
{
	return 1 + s->x_lower.n + s->mounts.n;
}

static int clone_of(const char *path)
{
	return sys_open_tree(AT_FDCWD, path, 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
}

/* A writable layer of a start without id-mapped mounts has the namespace's ids on disk, and stays
 * as it is. */
static bool shifted(const char *dir)
{
	struct stat st;
	_cleanup_free_ char *upper = xasprintf("%s/upper", dir);
	return lstat(upper, &st) < 0 || st.st_uid != 0;
}

int *idmounts_open(const struct spec *s, const char *dir)
{
	if (geteuid() != 0 || !(s->ns_new & 1u << NS_USER || s->ns_path[NS_USER]) ||
	    !s->uid_map.n || !dir || (!s->x_lower.n && !s->x_image_file) || shifted(dir))
		return NULL;
	size_t n = count(s), lowers = 1 + s->x_lower.n;
	int *v = xcalloc(n, sizeof *v);
	bool ok = true;
	for (size_t i = 0; i < n; i++) {
		const struct spec_mount *m = i < lowers ? NULL : &s->mounts.v[i - lowers];
		v[i] = -1;
		if (i == 0)
			v[i] = clone_of(dir);
		else if (!m)
			v[i] = clone_of(s->x_lower.v[i - 1]);
		else if (strv_has(&m->options, "idmap"))
			v[i] = clone_of(m->source);
		ok &= v[i] >= 0 || m;
	}
	if (ok)
		return v;
	idmounts_close(s, v);
	return NULL;
}

bool idmounts_map(const struct spec *s, const int *v, int image, int userns)
{
	struct mount_attr_s a = {.attr_set = MNT_IDMAP, .userns_fd = (uint64_t)userns};
	bool ok = v && userns >= 0;
	for (size_t i = 0; ok && i < 1 + s->x_lower.n; i++)
		ok = sys_mount_setattr(v[i], 0, &a) == 0;
	/* Squashfs supports it since 6.2: otherwise its files have owners that are not mapped. */
	if (ok && image >= 0)
		sys_mount_setattr(image, 0, &a);
	for (size_t i = 0; i < s->mounts.n; i++) {
		int fd = v ? v[1 + s->x_lower.n + i] : -1;
		if (strv_has(&s->mounts.v[i].options, "idmap") &&
		    (!ok || fd < 0 || sys_mount_setattr(fd, 0, &a) < 0))
			warn("%s: no id-mapped mounts here (Linux 5.19): its files are not the "
			     "container's own",
			    s->mounts.v[i].dest);
	}
	return ok;
}

void idmounts_close(const struct spec *s, int *v)
{
	for (size_t i = 0; v && i < count(s); i++)
		if (v[i] >= 0)
			close(v[i]);
	free(v);
}
