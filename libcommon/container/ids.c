/* ids.c: the index of containers by id; see ids.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "userns.h"
#include "file.h"
#include "ids.h"
#include "kv.h"
#include "place.h"
#include "record.h"
#include "sys.h"

/* A name has at most 128 bytes; the file always has the same length, so that it can be overwritten
 * in place. */
#define IDS_TEXT 130

static int ids_put(int fd, const char *name)
{
	char text[IDS_TEXT + 1];
	snprintf(text, sizeof text, "%-*s\n", IDS_TEXT - 1, name);
	return pwrite(fd, text, IDS_TEXT, 0) == IDS_TEXT ? 0 : -1;
}

static bool ids_valid(const char *id)
{
	return name_valid(id) && strlen(id) < 64;
}

/* --- the folder --- */

/* One container whose id has no file yet: its record is older than the index, or the index was
 * lost. */
static int ids_add(int parent, const char *name, void *arg)
{
	int ids = *(int *)arg;
	struct kv conf;
	if (name[0] == '.')
		return 0;
	_cleanup_free_ char *path = path_join(name, "conf");
	if (kv_read_at(&conf, parent, path) < 0)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE
			   ? -1
			   : 0; /* it is damaged and has no id */
	const char *id = kv_get(&conf, "id");
	int r = 0;
	if (id && ids_valid(id) && faccessat(ids, id, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		_cleanup_close_ int fd =
		    openat(ids, id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 ? errno != EEXIST : ids_put(fd, name) < 0)
			r = fail("ids/%s: write: %m", id);
	}
	kv_free(&conf);
	return r;
}

static int ids_fill(int ids)
{
	_cleanup_free_ char *path = record_path(NULL, NULL);
	_cleanup_close_ int parent = dir_open(path);
	if (parent < 0)
		return errno == ENOENT ? 0 : fail_open(path);
	return dir_each(parent, ids_add, &ids);
}

/* The folder, opened; if it is missing, it is made complete at once, because a missing file in it
 * proves something. */
static int ids_dir(void)
{
	_cleanup_free_ char *path = path_join(ctr_lib(), "ids");
	int fd = dir_open(path);
	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? fail_open(path) : fd;
	char hex[13], tmp[32];
	if (place_make(ctr_lib()) < 0)
		return -1;
	_cleanup_close_ int lib = dir_open_at(AT_FDCWD, ctr_lib());
	rand_hex(hex, 6);
	snprintf(tmp, sizeof tmp, ".new-ids-%s", hex);
	if (lib < 0 || mkdirat(lib, tmp, 0700) < 0)
		return lib < 0 ? -1 : fail_tried(path, "mkdir");
	_cleanup_close_ int new = dir_open_at(lib, tmp);
	int r = new < 0 ? -1 : ids_fill(new);
	if (r == 0 && sys_rename_new(lib, tmp, "ids") < 0 && errno != EEXIST && errno != ENOTEMPTY)
		r = fail_tried(path, "rename");
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	userns_tree_remove(lib, tmp); /* another process was faster, or it failed */
	if (r < 0)
		return fail_again(why);
	fd = dir_open(path);
	return fd < 0 ? fail_open(path) : fd;
}

int ids_repair(void)
{
	_cleanup_close_ int ids = ids_dir();
	return ids < 0 ? -1 : ids_fill(ids);
}

/* --- one id --- */

/* The file, made where it is missing. A folder, a link or a fifo in its place is none of ours, and
 * makes way for it. */
static int ids_make(int ids, const char *id)
{
	for (int tries = 0;; tries++) {
		int fd =
		    openat(ids, id, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd >= 0)
			return fd;
		if (tries || !file_is_none() || userns_tree_remove(ids, id) < 0)
			return fail("ids/%s: create: %m", id);
	}
}

int ids_hold(const char *id, const char *name)
{
	_cleanup_close_ int ids = ids_dir();
	if (ids < 0)
		return -1;
	if (!ids_valid(id))
		return errno = EINVAL, fail("'%s' is not an id", id);
	for (;;) {
		int fd = ids_make(ids, id);
		struct stat st;
		if (fd < 0)
			return -1;
		/* ctr-gc may have removed it as abandoned between the two calls: then it is made
		 * again. */
		if (lock_take(fd, LOCK_EX) == 0 && fstat(fd, &st) == 0) {
			if (st.st_nlink && ids_put(fd, name) == 0)
				return fd;
			if (!st.st_nlink) {
				close(fd);
				continue;
			}
			fail("ids/%s: write: %m", id);
		}
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
}

int ids_rename(const char *id, const char *name)
{
	_cleanup_close_ int ids = ids_dir();
	_cleanup_close_ int fd = ids < 0 ? -1 : ids_make(ids, id);
	if (fd < 0)
		return -1;
	return ids_put(fd, name) < 0 ? fail("ids/%s: write: %m", id) : 0;
}

int ids_drop(const char *id)
{
	_cleanup_close_ int ids = ids_dir();
	if (ids < 0)
		return -1;
	return unlinkat(ids, id, 0) < 0 && errno != ENOENT ? fail("ids/%s: unlink: %m", id) : 0;
}

static int ids_open(const char *id)
{
	_cleanup_close_ int ids = ids_dir();
	if (ids < 0)
		return -1;
	if (!ids_valid(id))
		return errno = ENOENT, fail("'%s' is not an id", id);
	int fd = openat(ids, id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? fail("ids/%s: open: %m", id) : fd;
}

static void ids_get(int fd, char text[IDS_TEXT + 1])
{
	ssize_t n = pread(fd, text, IDS_TEXT, 0);
	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, " \n")] = 0;
}

char *ids_name(const char *id)
{
	char text[IDS_TEXT + 1];
	_cleanup_close_ int fd = ids_open(id);
	if (fd < 0)
		return NULL;
	ids_get(fd, text);
	return xstrdup(text);
}

int ids_there(const char *id)
{
	_cleanup_close_ int fd = ids_open(id);
	return fd < 0 && errno != ENOENT ? -1 : fd >= 0;
}

struct ids_visit {
	int (*fn)(const char *id, const char *name, void *arg);
	void *arg;
};

static int ids_one(int dir, const char *id, void *arg)
{
	struct ids_visit *v = arg;
	char text[IDS_TEXT + 1];
	if (id[0] == '.')
		return 0;
	_cleanup_close_ int fd = openat(dir, id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || file_is_none() /* none of ours */
			   ? 0
			   : fail("ids/%s: open: %m", id);
	ids_get(fd, text);
	return v->fn(id, text, v->arg);
}

int ids_each(int (*fn)(const char *id, const char *name, void *arg), void *arg)
{
	struct ids_visit v = {fn, arg};
	_cleanup_close_ int ids = ids_dir();
	return ids < 0 ? -1 : dir_each(ids, ids_one, &v);
}

int ids_held(const char *id)
{
	_cleanup_close_ int fd = ids_open(id);
	if (fd < 0)
		return -1;
	int r = lock_try(fd, LOCK_SH);
	return r < 0 ? fail_in("ids/%s", id) : !r;
}

struct ids_search {
	const char *prefix;
	struct strv *out;
};

static int ids_match(int dir, const char *name, void *arg)
{
	(void)dir;
	struct ids_search *s = arg;
	if (name[0] != '.' && str_starts(name, s->prefix))
		strv_add(s->out, name);
	return 0;
}

int ids_list(const char *prefix, struct strv *out)
{
	struct ids_search s = {prefix, out};
	_cleanup_close_ int ids = ids_dir();
	return ids < 0 ? -1 : dir_each(ids, ids_match, &s);
}
