/* place.c: where our folders are; see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "fnv.h"
#include "place.h"
#include "str.h"

/* What the functions return when a place cannot be determined: nothing can be created or found
 * below these, and no group has a newline in its name (the kernel refuses it). */
#define NOWHERE "/dev/null"
#define NO_GROUP "\n"
#define NO_INSTANCE "--------"

/* $VAR, or the default for root, or that for a user. NULL with fail(). */
static char *place_place(
    const char *var, const char *root_dflt, const char *xdg, const char *home_dflt)
{
	const char *s = getenv(var);
	char *p;
	if (s && *s == '/' && strcmp(s, NOWHERE) != 0)
		p = xstrdup(s);
	else if (s && *s)
		return fail("%s: '%s' is not a folder's absolute path", var, s), NULL;
	else if (geteuid() == 0)
		p = xstrdup(root_dflt);
	else if ((s = getenv(xdg)) && *s == '/')
		p = path_join(s, "ctr");
	else if (home_dflt && (s = getenv("HOME")) && *s == '/')
		p = path_join(s, home_dflt);
	else
		p = xasprintf("/tmp/ctr-%u", (unsigned)geteuid());
	for (size_t n = p ? strlen(p) : 0; n > 1 && p[n - 1] == '/'; n--)
		p[n - 1] = 0;
	return p;
}

bool place_others(uid_t uid)
{
	return uid && uid != geteuid();
}

/* Is it something that ctrbox did not create, or that another user put there while he could? Names
 * that begin with a dot do not count. */
static int stranger(int dir, const char *name, void *arg)
{
	(void)arg;
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && place_others(st.st_uid))
		return 1;
	_cleanup_free_ char *word = xasprintf(" %s ", name);
	return *name != '.' &&
	       !strstr(" containers images layers networks volumes ids ranges cache "
		       "damaged leases hosts cni nft events events.1 cgroup.lock no-cgroup "
		       "forward4 forward6 "
		       "lost+found ", /* on a file system of its own */
		   word);
}

/* CTR_LIB=/tmp is a mistake: a folder that holds other people's files is not closed to them. */
static bool ours_alone(const char *path)
{
	_cleanup_close_ int dir = dir_open(path);
	return dir >= 0 && strcmp(path, "/") != 0 && dir_each(dir, stranger, NULL) == 0;
}

/* May others create names in the folder that it lies in (/tmp)? */
static bool place_shared(char *path)
{
	struct stat st;
	char *slash = strrchr(path, '/');
	*slash = 0;
	bool r = stat(path, &st) == 0 && st.st_mode & 022;
	*slash = '/';
	return r;
}

/* Close a folder to every other user, because a container leaves programs of any owner and mode in
 * it. A folder that was made open, by hand or by an earlier version, is closed when it is first
 * used. One that belongs to another user is refused: he would decide what we start and whom we
 * kill. (Root's are not: root may do that anyway, and ctr-cgset, run by a user in a group that was
 * delegated to him, needs nothing in them.) Where others may create names (/tmp), a missing folder
 * is made at once, before they can make one; a link that another user made counts as his folder.
 * Returns path, or NULL with fail() after freeing it. */
static char *closed(char *path)
{
	struct stat st;
	if (!path)
		return NULL;
	while (lstat(path, &st) < 0)
		if (!place_shared(path) || (mkdir(path, 0700) < 0 && errno != EEXIST))
			return path;
	if (S_ISLNK(st.st_mode) && !place_others(st.st_uid) && stat(path, &st) < 0)
		return path;
	if (place_others(st.st_uid))
		fail(PLACE_ANOTHERS, path);
	else if (st.st_uid != geteuid() || !S_ISDIR(st.st_mode) || !(st.st_mode & 077))
		return path;
	else if (!ours_alone(path))
		fail("%s: others may enter it, and more lies in it than ours: chmod 700, or name "
		     "another",
		    path);
	else if (chmod(path, 0700) == 0 || errno == EROFS)
		return path;
	else
		fail_tried(path, "chmod 700");
	free(path);
	return NULL;
}

/* A folder, and missing ones above it: what is made is there after a power cut. */
static int make_kept(const char *path, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *up = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (mkdir(path, mode) == 0)
		return file_sync(AT_FDCWD, up), 0;
	if (errno != ENOENT || slash == path)
		return dir_make(path, mode); /* it says what is wrong with what is there */
	return make_kept(up, 0755) < 0 ? -1 : make_kept(path, mode);
}

int place_dir(const char *top, const char *name, mode_t make)
{
	_cleanup_free_ char *path = path_join(top, name);
	int fd = dir_open(path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR) && make) {
		if (place_make(top) < 0 || make_kept(path, make) < 0)
			return -1;
		fd = dir_open(path);
	}
	return fd < 0 ? fail_open(path) : fd;
}

int place_make(const char *path)
{
	if (strcmp(path, NOWHERE) == 0 && place_check() < 0)
		return -1;
	if (make_kept(path, 0700) == 0)
		return 0;
	const char *which = strcmp(path, ctr_run()) == 0 ? "RUN" : "LIB";
	return fail_in("CTR_%s (set it to a folder that can be written)", which);
}

int place_lock(const char *group)
{
	_cleanup_free_ char *file = path_join(ctr_run(), "cgroup.lock");
	int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(file, flags, 0600);
	if (fd < 0 && errno == ENOENT && place_make(ctr_run()) == 0)
		fd = open(file, flags, 0600);
	if (fd < 0)
		return -1;
	uint32_t h = fnv1a32(group, strlen(group));
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = h, .l_len = 1};
	for (int64_t end = now_ms() + 30000; fcntl(fd, F_OFD_SETLK, &l) < 0; nap_ms(5)) {
		if (errno == EAGAIN || errno == EACCES || errno == EINTR) {
			if (now_ms() < end)
				continue;
			errno = ETIMEDOUT;
			fail_tried(group, "another process is changing this group");
		} else {
			fail_tried(file, "lock");
		}
		close(fd);
		return -2;
	}
	return fd;
}

const char *ctr_lib(void)
{
	static char *p;
	if (!p)
		p = closed(
		    place_place("CTR_LIB", "/var/lib/ctr", "XDG_DATA_HOME", ".local/share/ctr"));
	return p ? p : NOWHERE;
}

const char *ctr_run(void)
{
	static char *p;
	if (!p)
		p = closed(place_place("CTR_RUN", "/run/ctr", "XDG_RUNTIME_DIR", NULL));
	return p ? p : NOWHERE;
}

const char *ctr_cgroup(void)
{
	static char *group;
	const char *s = getenv("CTR_CGROUP");
	s = s && *s ? s : "ctr";
	if (!group)
		group = str_plain_path(s);
	if (group && *group)
		return group;
	fail("CTR_CGROUP: '%s' is not a group", s);
	return NO_GROUP;
}

int place_check(void)
{
	bool good = strcmp(ctr_lib(), NOWHERE) != 0 && strcmp(ctr_run(), NOWHERE) != 0 &&
		    strcmp(ctr_cgroup(), NO_GROUP) != 0;
	return good ? 0 : -1;
}

static char instance[9];

int place_instance(void)
{
	struct stat st;
	if (*instance)
		return 0;
	if ((stat(ctr_lib(), &st) < 0 || !S_ISDIR(st.st_mode)) &&
	    (place_make(ctr_lib()) < 0 || stat(ctr_lib(), &st) < 0))
		return -1;
	uint64_t seed[2] = {st.st_dev, st.st_ino};
	snprintf(instance, sizeof instance, "%08x", fnv1a32(seed, sizeof seed));
	return 0;
}

const char *ctr_instance(void)
{
	return place_instance() < 0 ? NO_INSTANCE : instance;
}
