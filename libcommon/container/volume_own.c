/* volume_own.c: -v SRC:DST:U, podman's word for "whose the source is"; see volume.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "str.h"
#include "tree.h"
#include "userns.h"
#include "volume.h"

static bool volume_own_wanted(const struct spec_mount *m)
{
	return m->source && strv_has(&m->options, "U");
}

bool volume_owned(const struct spec *s)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (volume_own_wanted(&s->mounts.v[i]))
			return true;
	return false;
}

int volume_own_check(const char *path)
{
	/* podman's list (its DangerousHostPath). */
	static const char never[] = " / /bin /boot /dev /etc /home /lib /lib64 /media /opt /proc "
				    "/root /run /sbin /srv /sys /tmp /usr /var /var/lib /var/log ";
	_cleanup_free_ char *real = path && *path == '/' ? path_real(path) : NULL,
			    *word = xasprintf(" %s ", real ? real : "");
	const char *home = getenv("HOME");
	if (!real || (!strstr(never, word) && !str_eq(real, home) && !str_starts(word, " /etc/")))
		return 0;
	return errno = EINVAL,
	       fail("%s: U: it is not given to a container's user as a whole (chown "
		    "-R it by hand if you mean it)",
		   path);
}

struct owner {
	int fd; /* of the source: another container may be swapping what leads to it */
	uid_t uid;
	gid_t gid;
	dev_t dev;
};

static int volume_own_entry(int fd, const char *name, unsigned char type, void *arg)
{
	const struct owner *o = arg;
	struct stat st;
	(void)type;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_errno(name);
	if (st.st_dev != o->dev)
		return 0;
	if ((st.st_uid != o->uid || st.st_gid != o->gid) &&
	    fchownat(fd, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return fail_tried(name, "chown");
	return S_ISDIR(st.st_mode);
}

static int own(void *arg)
{
	static const struct tree_walk how = {.entry = volume_own_entry};
	struct owner *o = arg;
	struct stat st;
	if (fstat(o->fd, &st) < 0 || ((st.st_uid != o->uid || st.st_gid != o->gid) &&
					 fchownat(o->fd, "", o->uid, o->gid, AT_EMPTY_PATH) < 0))
		return fail_errno("chown");
	o->dev = st.st_dev;
	return S_ISDIR(st.st_mode) ? tree_walk(o->fd, ".", &how, o) : 0;
}

/* What proc(5) calls the real and the effective id of a process, as we see them. */
static int id_of(const char *status, const char *line, uint32_t *id)
{
	const char *l = strstr(status, line);
	char *at;
	if (!l)
		return fail("U: no %s", line + 1);
	/* sscanf(3) would be 8 KB of the minimal build. */
	strtoul(l + strlen(line), &at, 10);
	*id = (uint32_t)strtoul(at, NULL, 10);
	return 0;
}

/* Turn the id that the process has into the one that is written to the disk. On a mount that maps
 * ids (`mapped`) that is the id that the container knows; a user writes it from within the
 * namespace of userns_do(), whose map is `ours`. */
static int on_disk(const struct idmap *map, bool mapped, const struct idmap *ours, uint32_t *id)
{
	const struct idmap *m = mapped ? map : ours;
	return m->n && !idmap_inside(m->v, m->n, *id, id)
		   ? (errno = EINVAL, fail("U: the container's user has no id outside"))
		   : 0;
}

int volume_own(const struct spec *s, pid_t pid)
{
	char path[40];
	struct owner o = {0};
	struct idmap uids = {0}, gids = {0};
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	_cleanup_free_ char *status = file_read(path, FILE_ANY, NULL);
	if (!status || id_of(status, "\nUid:", &o.uid) < 0 || id_of(status, "\nGid:", &o.gid) < 0)
		return -1;
	int r = geteuid() && !userns_single() ? userns_auto(&uids, &gids, false) : 0;
	for (size_t i = 0; i < s->mounts.n && r == 0; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		bool mapped = spec_mount_mapped(m);
		_cleanup_close_ int fd =
		    volume_own_wanted(m) ? open(m->source, O_PATH | O_CLOEXEC) : -1;
		_cleanup_free_ char *at = xasprintf("/proc/self/fd/%d", fd);
		struct owner to = {.fd = fd, .uid = o.uid, .gid = o.gid};
		if (!volume_own_wanted(m))
			continue;
		if (fd < 0)
			r = fail_errno(m->source);
		else if (volume_own_check(at) < 0 ||
			 on_disk(&s->uid_map, mapped, &uids, &to.uid) < 0 ||
			 on_disk(&s->gid_map, mapped, &gids, &to.gid) < 0 ||
			 userns_do(own, &to) < 0)
			r = fail_about(m->source);
	}
	free(uids.v);
	free(gids.v);
	return r;
}
