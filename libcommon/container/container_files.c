/* container_files.c: a container's files; see container_files.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "create.h"
#include "container_files.h"
#include "err.h"
#include "file.h"
#include "image.h"
#include "rootfs.h"
#include "sys.h"
#include "str.h"
#include "undo.h"
#include "userns.h"

/* --- layers --- */

static int container_files_layer_dirs(struct ctree *t)
{
	const struct spec *s = &t->spec;
	_cleanup_free_ char *upper = record_path(t->c.name, "upper");
	if (s->x_lower.n == 0 && !s->x_image_file && !str_eq(s->root_path, upper))
		return errno = EINVAL, fail("%s: it runs on %s itself and has no layer of its own",
					   t->c.name, s->root_path);
	if (s->x_upper_size)
		return errno = EINVAL,
		       fail("%s: its writable layer is in memory (--storage-opt)", t->c.name);
	t->dirs = xcalloc(s->x_lower.n + 2, sizeof *t->dirs);
	t->dirs[0] = dir_open_at(t->c.dir, "upper");
	if (t->dirs[0] < 0)
		return -1;
	for (t->n = 1; t->n <= s->x_lower.n; t->n++)
		if ((t->dirs[t->n] = dir_open(s->x_lower.v[t->n - 1])) < 0)
			return fail_errno(s->x_lower.v[t->n - 1]);
	if (s->x_image_file && (t->dirs[t->n++] = image_loop_mount(s->x_image_file, NULL)) < 0)
		return t->n--, -1;
	return 0;
}

int container_files_open(struct ctree *t, const char *name)
{
	*t = (struct ctree){0};
	if (container_open(&t->c, name) < 0)
		return -1;
	if (t->c.status == ST_CORRUPT) {
		fail("%s: corrupt: %s", name, t->c.why ? t->c.why : "?");
		container_close(&t->c);
		return errno = EINVAL, -1;
	}
	if (create_reload(&t->c, &t->spec) == 0)
		return 0;
	container_close(&t->c);
	return -1;
}

int container_files_layers(struct ctree *t)
{
	return t->n ? 0 : container_files_layer_dirs(t);
}

/* --- keeping it still --- */

static struct {
	char *cgroup, *path;
	int fd;
} still = {.fd = -1};

static int still_path(const struct container *c, char **path)
{
	*path = record_run_path(c->name, "still");
	return open(*path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

int container_still_clear(const struct container *c)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = still_path(c, &path);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail_open(path);
	int r = lock_try(fd, LOCK_EX);
	if (r <= 0)
		return r < 0 ? -1 : 2;
	if (cgroup_thaw(container_cgroup(c)) < 0)
		return -1;
	unlink(path);
	return 1;
}

void container_still_end(void)
{
	if (still.fd < 0)
		return;
	if (cgroup_thaw(still.cgroup) < 0)
		warn("thaw %s: %s", still.cgroup, fail_msg());
	else
		unlink(still.path);
	close(still.fd);
	still.fd = -1;
}

static void undo_still(void *arg)
{
	(void)arg;
	container_still_end();
}

int container_still(struct container *c)
{
	int r = container_still_clear(c);
	if (r < 0)
		return -1;
	if (r == 2)
		goto busy;
	if (c->status != ST_RUNNING && !(r == 1 && c->status == ST_PAUSED))
		return 0;
	still.path = record_run_path(c->name, "still");
	still.cgroup = xstrdup(container_cgroup(c));
	still.fd = open(still.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (still.fd < 0)
		return fail_tried(still.path, "create");
	r = lock_try(still.fd, LOCK_EX);
	if (r != 1) {
		close(still.fd);
		still.fd = -1;
		if (r == 0)
			goto busy;
		return -1;
	}
	undo_push(undo_still, NULL);
	if (cgroup_freeze(still.cgroup, true) == 0)
		return 0;
	warn("%s: not frozen while it is read: %s", c->name, fail_msg());
	unlink(still.path);
	close(still.fd);
	still.fd = -1;
	return 0;
busy:
	errno = EBUSY;
	return fail("%s: another commit or copy of it is running", c->name);
}

/* --- its view --- */

/* The host ids of the container's root, from the map of its namespace: "0 100000 65536". */
static void root_ids(pid_t pid, uid_t *uid, gid_t *gid)
{
	static const char *const maps[] = {"uid_map", "gid_map"};
	uint32_t *out[] = {uid, gid};
	for (int i = 0; i < 2; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/%s", pid, maps[i]);
		_cleanup_free_ char *text = file_read(path, FILE_ANY, NULL);
		for (char *save = NULL, *l = text ? strtok_r(text, "\n", &save) : NULL; l;
		     l = strtok_r(NULL, "\n", &save))
			if (strtoul(l, &l, 10) == 0) /* the fields are INSIDE OUTSIDE COUNT */
				*out[i] = (uint32_t)strtoul(l, NULL, 10);
	}
}

static int root_running(struct ctree *t, uid_t *uid, gid_t *gid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/root", t->c.pid);
	int root = dir_hold(path);
	if (root < 0)
		return fail_tried_in(t->c.name, path, "open");
	root_ids(t->c.pid, uid, gid);
	snprintf(path, sizeof path, "/proc/%d/ns/user", t->c.pid);
	_cleanup_close_ int ns = geteuid() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	_cleanup_close_ int pidfd =
	    container_pidfd(&t->c); /* checked after the open, so that it was that process's */
	if (pidfd >= 0 || errno == ENOSYS) {
		if (geteuid() == 0)
			return root;
		place_check(); /* find a user's places now: from here on we seem to be root */
		/* There the files are ours, whatever their ids. */
		if (ns >= 0 && setns(ns, CLONE_NEWUSER) == 0) {
			*uid = *gid = 0;
			return root;
		}
		fail_tried(t->c.name, "join its user namespace");
	}
	close(root);
	return -1;
}

/* mount(2) on what a descriptor is. */
static int mount_on(int fd, const char *what, const char *type, unsigned long flags)
{
	char at[40];
	snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
	return mount(what ? what : at, at, type, flags, type ? "mode=755" : NULL);
}

/* 1: it is bound; 0: it is gone, or of another kind than what is there, with a warning. */
static int bind_volume(const struct spec_mount *m, int root)
{
	struct stat st;
	bool there = stat(m->source, &st) == 0;
	_cleanup_close_ int at =
	    there ? path_make_in_root(root, m->dest, S_ISDIR(st.st_mode), 0755) : -1;
	if (at < 0 || mount_on(at, m->source, NULL, MS_BIND | MS_REC) < 0) {
		warn("%s: %s: %m", m->dest, m->source);
		return 0;
	}
	if (!strv_has(&m->options, "ro") && !strv_has(&m->options, "rro"))
		return 1;
	_cleanup_close_ int top = path_open_in_root(root, m->dest, O_PATH, 0);
	return top < 0 || mount_set_flags_rec(top, MS_RDONLY, 0) < 0
		   ? fail_tried(m->dest, "remount read-only")
		   : 1;
}

/* An empty file system on a folder, which is made, or a file on itself; its O_PATH descriptor, or
 * -1. */
static int cover(int root, const char *dest)
{
	_cleanup_close_ int at = path_make_in_root(root, dest, true, 0755);
	if (at < 0 ||
	    (mount_on(at, "none", "tmpfs", 0) < 0 && mount_on(at, NULL, NULL, MS_BIND) < 0))
		return -1;
	return path_open_in_root(root, dest, O_PATH, 0);
}

/* The volumes, too, where they are whole directories or files of the host. What is a file system of
 * its own in the container (tmpfs, proc), and a volume that is gone, is empty while it does not
 * run, and read-only: the container would never see what is written beneath it. */
static int bind_volumes(const struct spec *s, int root)
{
	int *own = xcalloc(s->mounts.n + 1, sizeof *own), r = 0;
	size_t n = 0;
	for (size_t i = 0; i < s->mounts.n && r >= 0; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		r = m->source && str_eq(m->type, "bind") ? bind_volume(m, root) : 0;
		if (r == 0 && (own[n] = cover(root, m->dest)) >= 0)
			n++;
	}
	while (n-- > 0) { /* only now, because a volume's folder may have been made in it */
		if (r >= 0 && mount_on(own[n], NULL, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY) < 0)
			r = fail_errno("remount read-only");
		close(own[n]);
	}
	free(own);
	return r < 0 ? -1 : 0;
}

/* A mount namespace of our own; a user gets it together with a user namespace. */
static int namespace(const struct spec *s, bool *userns)
{
	*userns = geteuid() != 0;
	if (userns_enter(&s->uid_map, &s->gid_map) < 0)
		return -1;
	return unshare(CLONE_NEWNS) < 0 ? fail("unshare: %m (to read a stopped container's files)")
					: 0;
}

static int root_stopped(struct ctree *t, uid_t *uid, gid_t *gid)
{
	int r = container_lock(&t->c);
	if (r <= 0)
		return r < 0
			   ? -1
			   : (errno = EBUSY, fail("%s: it is being started or removed", t->c.name));
	bool userns;
	if (namespace(&t->spec, &userns) < 0)
		return -1;
	if (userns)
		*uid = *gid = 0;
	_cleanup_free_ char *dir = record_path(t->c.name, NULL);
	/* Its deletion marks are user.overlay attributes. */
	bool own = *spec_opaque(&t->spec) == 'u';
	struct rootfs fs = {
	    .spec = &t->spec, .dir = dir, .userns = userns || own, .image = -1, .fd = -1};
	_cleanup_close_ int cwd = dir_open(".");
	if (rootfs_prepare(&fs) < 0)
		return -1;
	if (cwd < 0 || fchdir(cwd) < 0)
		return fail_errno("working directory");
	char root[40];
	snprintf(root, sizeof root, "/proc/self/fd/%d", fs.fd);
	if (bind_volumes(&t->spec, fs.fd) < 0 ||
	    ((t->spec.root_readonly || t->spec.x_upper_size) && rootfs_readonly(root) < 0))
		return -1;
	return fs.fd;
}

int container_files_root(struct ctree *t, uid_t *uid, gid_t *gid)
{
	*uid = geteuid();
	*gid = getegid();
	t->shifted = geteuid() == 0;
	if (t->c.pid > 0)
		return root_running(t, uid, gid);
	/* The ids on disk are the namespace's only where id-mapped mounts could not be made. */
	struct stat st;
	bool shifted = fstatat(t->c.dir, "upper", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid != 0;
	t->shifted &= shifted;
	if (shifted && t->spec.uid_map.n)
		*uid = t->spec.uid_map.v[0].host;
	if (shifted && t->spec.gid_map.n)
		*gid = t->spec.gid_map.v[0].host;
	return root_stopped(t, uid, gid);
}
