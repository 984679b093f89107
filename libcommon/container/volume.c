/* volume.c: named volumes, and making what a mount needs; see volume.h.
 *
 * A volume is filled under a temporary name and renamed, so that it never exists half filled; the
 * folder in which it is made is locked while its maker is alive, and the next maker removes what a
 * dead one left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "event.h"
#include "file.h"
#include "idmap.h"
#include "spec.h"
#include "record.h"
#include "str.h"
#include "userns.h"
#include "volume.h"

char *volume_path(const char *name)
{
	return xasprintf("%s/volumes/%s", ctr_lib(), name);
}

static int volumes_dir(bool make)
{
	/* Users in a container's user namespace pass through this folder, but nobody else can list
	 * it. */
	return place_dir(ctr_lib(), "volumes", make ? 0711 : 0);
}

/* --- looking --- */

static int volume_name_one(int dirfd, const char *name, void *arg)
{
	struct stat st;
	if (name_valid(name) && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)))
		strv_add(arg, name);
	return 0;
}

int volume_names(struct strv *out)
{
	_cleanup_close_ int dir = volumes_dir(false);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	int r = dir_each(dir, volume_name_one, out);
	strv_sort(out);
	return r;
}

struct users {
	const char *quoted; /* the volume's path as it is written in JSON */
	struct strv *out;
};

static int volume_user_one(struct container *c, void *arg)
{
	const struct users *u = arg;
	size_t len;
	_cleanup_free_ char *text = NULL;
	int r = container_config(c, &text, &len);
	if (r == 1 && memmem(text, len, u->quoted, strlen(u->quoted)))
		strv_add(u->out, c->name);
	return r < 0 ? -1 : 0;
}

int volume_users(const char *name, struct strv *out)
{
	_cleanup_free_ char *path = volume_path(name);
	_cleanup_free_ char *quoted = spec_quoted(path);
	return container_each(volume_user_one, &(struct users){quoted, out});
}

/* --- making --- */

static int volume_sweep_one(int dirfd, const char *name, void *arg)
{
	(void)arg;
	if (!str_starts(name, ".new-") && !str_starts(name, ".rm-"))
		return 0;
	_cleanup_close_ int fd = dir_open_at(dirfd, name);
	return fd < 0 || lock_try(fd, LOCK_EX) != 1 ? 0 : userns_tree_remove(dirfd, name);
}

static int not_empty(int dirfd, const char *name, void *arg)
{
	(void)dirfd, (void)name, (void)arg;
	return 1;
}

/* It is empty, and nobody could be putting something into it. */
static bool unused(int dir, const char *name)
{
	struct strv users = {0};
	_cleanup_close_ int fd = dir_open_at(dir, name);
	bool empty = fd >= 0 && dir_each(fd, not_empty, NULL) == 0 &&
		     volume_users(name, &users) == 0 && users.n == 0;
	strv_free(&users);
	return empty;
}

/* A volume on which something is mounted cannot be replaced by a rename. */
static int fill_mounted(int dir, const char *name, const struct spec *s, const char *dst)
{
	_cleanup_close_ int fd = dir_open_at(dir, name);
	return fd < 0 ? -1 : volume_fill(s, dst, fd);
}

/* `there`: an empty volume exists. It becomes what the image has there; where the image has
 * nothing, the owner and mode of the volume were set on purpose, and it stays. */
static int make_filled(int dir, const char *name, bool there, const struct spec *s, const char *dst)
{
	char hex[17], tmp[32];
	rand_hex(hex, 8);
	snprintf(tmp, sizeof tmp, ".new-%s", hex);
	if (mkdirat(dir, tmp, 0755) < 0)
		return fail("volume %s: mkdir: %m", name);
	_cleanup_close_ int fd = dir_open_at(dir, tmp);
	int r = fd < 0 || lock_take(fd, LOCK_EX) < 0 || fchmod(fd, 0755) < 0 ? -1 : 0;
	if (r == 0)
		r = volume_fill(s, dst, fd);
	bool keep = r == 0 && there;
	if (r > 0 && syncfs(fd) < 0) /* what is in it before its name */
		r = fail("volume %s: sync: %m", name);
	/* An empty directory of that name is replaced (rename(2)); one that is not empty is the
	 * volume, which was made meanwhile. */
	if (r >= 0 && !keep && renameat(dir, tmp, dir, name) == 0) {
		file_sync(dir, NULL);
		return 0;
	}
	if (r > 0 && errno == EBUSY)
		r = fill_mounted(dir, name, s, dst);
	else if (r >= 0 && !keep && errno != ENOTEMPTY && errno != EEXIST)
		r = fail("volume %s: rename: %m", name);
	int why = errno;
	userns_tree_remove(dir, tmp);
	errno = why;
	return r < 0 ? fail_in("volume %s", name) : 0;
}

/* Beside the volume, because what is in it is the user's. */
static char *labels_file(const char *name)
{
	return xasprintf(".label-%s", name);
}

char *volume_labels(const char *name)
{
	_cleanup_free_ char *file = labels_file(name);
	_cleanup_close_ int dir = volumes_dir(false);
	return dir < 0 ? NULL : file_read_at(dir, file, 1 << 20, NULL);
}

int volume_make(const char *name, const char *labels, const char *at)
{
	_cleanup_free_ char *file = labels_file(name);
	_cleanup_close_ int dir = volumes_dir(true);
	if (dir < 0)
		return -1;
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (labels && file_write_at(dir, file, labels, strlen(labels), 0600, true) < 0)
		return fail_in("volume %s", name);
	if ((at ? symlinkat(at, dir, name) : mkdirat(dir, name, 0755)) < 0)
		return errno == EEXIST ? 0 : fail("volume %s: mkdir: %m", name);
	if (!at && fchmodat(dir, name, 0755, 0) < 0)
		return fail("volume %s: chmod: %m", name);
	file_sync(dir, NULL);
	event_tell("volume", "create", name, "driver", "local", EVENT_END);
	return 0;
}

static int volume_named(const struct volume_req *v, const struct spec *s)
{
	_cleanup_close_ int dir = volumes_dir(true);
	if (dir < 0 || dir_each(dir, volume_sweep_one, NULL) != 0)
		return -1;
	bool there = faccessat(dir, v->src, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (v->nocopy)
		return there ? 0 : volume_make(v->src, NULL, NULL);
	if (there && (!volume_can_fill || !unused(dir, v->src)))
		return 0;
	int r = make_filled(dir, v->src, there, s, v->dst);
	if (r == 0 && !there)
		event_tell("volume", "create", v->src, "driver", "local", EVENT_END);
	return r;
}

static int nameless(const struct volume_req *v, const struct spec *s, const char *anon)
{
	if (dir_make(anon, 0755) < 0)
		return -1;
	_cleanup_close_ int fd = dir_open_at(AT_FDCWD, anon);
	if (fd < 0)
		return -1;
	return v->nocopy ? 0 : volume_fill(s, v->dst, fd);
}

char *volume_mount_of(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	_cleanup_free_ char *info = xasprintf("/proc/self/fdinfo/%d", fd),
			    *about = file_read(info, 4096, NULL),
			    *all = file_read("/proc/self/mountinfo", FILE_ANY, NULL);
	const char *id = about ? strstr(about, "mnt_id:") : NULL;
	_cleanup_free_ char *begin = id ? xasprintf("%d ", atoi(id + 7)) : NULL;
	for (const char *l = begin ? all : NULL; l && *l; l += strcspn(l, "\n"), l += *l == '\n') {
		if (!str_starts(l, begin))
			continue;
		/* The fields are ID PARENT MAJOR:MINOR ROOT POINT ... */
		for (int i = 0; i < 4 && l; i++)
			if ((l = strchr(l, ' ')))
				l++;
		return l ? xstrndup(l, strcspn(l, "\n")) : NULL;
	}
	return NULL;
}

/* To propagate mounts from and to the host, it has to be on a mount with peers
 * (mount_namespaces(7)); with a user namespace of its own a container can only receive them. */
static int tied(const struct volume_req *v, const struct spec *s)
{
	bool shared = strv_has(&v->options, "shared") || strv_has(&v->options, "rshared");
	if (!shared && !strv_has(&v->options, "slave") && !strv_has(&v->options, "rslave"))
		return 0;
	if (shared && s->ns_new & 1u << NS_USER)
		return errno = EINVAL,
		       fail("%s: shared: with a user namespace it can only be slave", v->src);
	_cleanup_free_ char *line = volume_mount_of(v->src);
	const char *end = line ? strstr(line, " - ") : NULL, *peers = line;
	if (!end || ((peers = strstr(line, " shared:")) && peers < end) ||
	    (!shared && (peers = strstr(line, " master:")) && peers < end))
		return 0;
	int n = (int)strcspn(line, " ");
	if (shared)
		return errno = EINVAL,
		       fail("%s: shared: it lies on %.*s, a private mount (mount --make-shared "
			    "%.*s)",
			   v->src, n, line, n, line);
	warn("%s: slave: it lies on %.*s, a private mount: nothing of the host's comes through",
	    v->src, n, line);
	return 0;
}

/* A missing folder on the host is made, writable for the container's root: what was made, and not
 * what another container, which can write above it, has put there since. */
static int bind_make(const char *path, const struct spec *s)
{
	uint32_t uid = 0, gid = 0;
	_cleanup_free_ char *up = xstrdup(path);
	while (up[1] && str_ends(up, "/"))
		up[strlen(up) - 1] = 0;
	char *name = strrchr(up, '/');
	*name++ = 0;
	if (*up && dir_make(up, 0755) < 0)
		return -1;
	_cleanup_close_ int in = dir_hold(*up ? up : "/");
	if (mkdirat(in, name, 0755) < 0)
		/* which says it of a link to nothing */
		return errno == EEXIST ? dir_make(path, 0755) : fail_tried(path, "mkdir");
	idmap_outside(s->uid_map.v, s->uid_map.n, 0, &uid);
	idmap_outside(s->gid_map.v, s->gid_map.n, 0, &gid);
	if (s->uid_map.n && geteuid() == 0 && fchownat(in, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_tried(path, "chown");
	return 0;
}

int volume_prepare(struct volume_req *v, const struct spec *s, const char *anon)
{
	if (strcmp(v->type, "tmpfs") == 0)
		return 0;
	if (strv_has(&v->options, "U") && volume_own_check(v->src) < 0)
		return -1;
	if (strcmp(v->type, "bind") == 0) {
		bool there = access(v->src, F_OK) == 0;
		if (!there && (errno != ENOENT || !v->make))
			return fail("%s: %m (to be mounted on %s)", v->src, v->dst);
		return (there ? 0 : bind_make(v->src, s)) < 0 ? -1 : tied(v, s);
	}
	if ((v->src ? volume_named(v, s) : nameless(v, s, anon)) < 0)
		return -1;
	char *path = v->src ? volume_path(v->src) : xstrdup(anon);
	free(v->src);
	free(v->type);
	v->src = path;
	v->type = xstrdup("bind");
	return tied(v, s);
}

/* --- removing --- */

int volume_remove(const char *name, bool force)
{
	struct strv users = {0};
	_cleanup_close_ int dir = volumes_dir(false);
	if (dir < 0 || faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(
		    errno == ENOENT ? "%s: no such volume (ctr-volume ls lists them)" : "%s: %m",
		    name);
	if (!force && volume_users(name, &users) < 0)
		return -1;
	if (users.n)
		return errno = EBUSY, fail("%s: in use by container %s (ctr-rm it first, or -f)",
					  name, users.v[0]);
	char hex[17], tmp[32];
	rand_hex(hex, 8);
	snprintf(tmp, sizeof tmp, ".rm-%s", hex);
	if (renameat(dir, name, dir, tmp) < 0)
		return fail(errno == EBUSY ? "%s: something is mounted on it: umount it first"
					   : "%s: rename: %m",
		    name);
	_cleanup_free_ char *labels = labels_file(name);
	unlinkat(dir, labels, 0);
	file_sync(dir, NULL);
	event_tell("volume", "destroy", name, "driver", "local", EVENT_END);
	return userns_tree_remove(dir, tmp) < 0 || dir_each(dir, volume_sweep_one, NULL) != 0 ? -1
											      : 0;
}
