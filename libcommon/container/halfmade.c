/* halfmade.c: the list of everything that is made under a temporary name; see halfmade.h.
 *
 * Whatever must appear complete is made under a hidden name in its folder, with a flock on it (or
 * on the folder, where makers exclude each other), and then renamed. The kernel releases the lock
 * when the maker dies: so whoever can take both locks knows that nobody is working on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "halfmade.h"
#include "ids.h"
#include "place.h"
#include "record.h"
#include "str.h"
#include "userns.h"

struct sweep {
	void (*said)(const char *what, const char *path);
	void (*trouble)(void);
	const char *path;
	/* Of `containers`: the id is part of the name, and is removed from the index, too. */
	bool records;
	/* The folder is a container's: while the container starts or is renamed, it is left
	 * alone. */
	bool lives;
};

/* ".new-X", ".rm-X", ".tmp-X", ".conf.renamed", and file_write_at()'s ".NAME.XXXXXXXXXXXX". */
static bool half_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	if (name[0] != '.')
		return false;
	if (str_starts(name, ".new-") || str_starts(name, ".rm-") || str_starts(name, ".tmp-") ||
	    strcmp(name, ".conf.renamed") == 0)
		return true;
	return dot > name + 1 && strlen(dot) == 13 && strspn(dot + 1, "0123456789abcdef") == 12;
}

static int half_one(int dir, const char *name, void *arg)
{
	struct sweep *s = arg;
	struct stat st;
	if (!half_name(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	_cleanup_close_ int started =
	    s->lives ? openat(dir, "started", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	if (started >= 0 && lock_try(started, LOCK_EX) != 1)
		return 0;
	bool folder = S_ISDIR(st.st_mode);
	_cleanup_free_ char *path = path_join(s->path, name);
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && (folder || S_ISREG(st.st_mode))) {
		fail_open(path);
		s->trouble();
		return 0;
	}
	if (fd >= 0 && lock_try(fd, LOCK_EX) != 1)
		return 0; /* its maker is alive */
	const char *id = s->records && folder && str_starts(name, ".new-") ? name + 5 : NULL;
	if (userns_tree_remove(dir, name) < 0 || (id && name_valid(id) && ids_drop(id) < 0))
		s->trouble();
	else
		s->said(folder ? "folder" : "file", path);
	return 0;
}

/* The lock of the folder is held only briefly, by processes that list, make or rename something in
 * it. */
static int half_lock(int dir)
{
	for (int i = 0; i < 500; i++) {
		int r = lock_try(dir, LOCK_EX);
		if (r)
			return r;
		nap_ms(2);
	}
	return 0;
}

static void half_folder(struct sweep *s, const char *path)
{
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return;
	/* Images and layers are made under the lock of the layers. */
	_cleanup_free_ char *layers =
	    str_ends(path, "/images") ? path_join(ctr_lib(), "layers") : NULL;
	_cleanup_close_ int order =
	    layers ? open(layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
	s->path = path;
	/* Makers of containers have locks of their own, and none of them waits while a tree is
	 * removed. */
	int r = dir < 0 ? fail_open(path) : 1;
	if (r == 1 && !s->records)
		r = half_lock(dir);
	if (r == 1 && order >= 0)
		r = half_lock(order);
	if (r < 0 || (r == 1 && dir_each(dir, half_one, s) < 0))
		s->trouble();
}

struct inner {
	struct sweep *s;
	const char *path;
	bool lives; /* the folders are containers: their lock is their life */
};

static int half_inner(int dir, const char *name, void *arg)
{
	struct inner *i = arg;
	(void)dir;
	if (name[0] == '.')
		return 0;
	_cleanup_free_ char *path = path_join(i->path, name);
	if (!i->lives) {
		half_folder(i->s, path);
		return 0;
	}
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	i->s->path = path;
	if (fd < 0 ? errno != ENOENT && errno != ENOTDIR && fail_open(path)
		   : dir_scan(fd, half_one, i->s) < 0)
		i->s->trouble();
	return 0;
}

static void half_inners(struct sweep *s, const char *path, bool lives)
{
	struct inner i = {s, path, lives};
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0 && errno == ENOENT)
		return;
	if (dir < 0 ? fail_open(path) : dir_each(dir, half_inner, &i) < 0)
		s->trouble();
}

void halfmade_clear(void (*said)(const char *what, const char *path), void (*trouble)(void))
{
	/* Everything that is made under a temporary name. "*" means: in each of the folders; "+":
	 * the same, where the folder's own lock is a container's life. */
	static const char *const lib[] = {"", "containers", "containers/+", "ids", "images",
	    "layers", "networks", "networks/*", "volumes"};
	static const char *const run[] = {"", "containers/+", "leases", "leases/*"};
	struct sweep s = {.said = said, .trouble = trouble};
	for (size_t i = 0; i < sizeof lib / sizeof lib[0] + sizeof run / sizeof run[0]; i++) {
		bool of_lib = i < sizeof lib / sizeof lib[0];
		const char *what = of_lib ? lib[i] : run[i - sizeof lib / sizeof lib[0]];
		size_t n = strlen(what);
		bool inner = n && strchr("*+", what[n - 1]);
		_cleanup_free_ char *path = xasprintf("%s%s%.*s", of_lib ? ctr_lib() : ctr_run(),
		    n ? "/" : "", (int)(inner ? n - 2 : n), what);
		s.records = strcmp(what, "containers") == 0;
		s.lives = n && what[n - 1] == '+';
		if (inner)
			half_inners(&s, path, what[n - 1] == '+');
		else
			half_folder(&s, path);
	}
}
