/* record_write.c: making, renaming and filling in the containers' records; see record.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "ids.h"
#include "pidfd.h"
#include "record.h"
#include "stamp.h"
#include "str.h"
#include "userns.h"
#include "sys.h"

/* --- making --- */

static int record_write_put(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return fd < 0 || fd_write_all(fd, text, len) < 0 ? fail_tried(name, "write") : 0;
}

/* Blanks that are overwritten in place later: the end of a container must be recorded even on a
 * full disk. */
static int put_blank(int dir, const char *name)
{
	static const char blank[] = "                                               \n";
	return record_write_put(dir, name, blank, sizeof blank - 1, 0644);
}

int container_starting(struct container *c)
{
	if (c->starting >= 0)
		return 0;
	int fd = openat(c->dir, "started", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || lock_wait(fd, LOCK_EX) < 0) {
		if (fd < 0)
			fail_errno("started");
		fail_about(c->name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	c->starting = fd;
	return 0;
}

void container_started(struct container *c)
{
	if (c->starting < 0)
		return;
	flock(c->starting, LOCK_UN); /* a forked launcher has it open, too */
	close(c->starting);
	c->starting = -1;
}

int record_claim(struct container *c)
{
	if (c->life < 0 && (c->life = ids_hold(c->id, c->name)) < 0)
		return fail_about(c->name);
	return container_starting(c);
}

static int fill_new(int dir, const struct kv *conf, const char *config_json)
{
	struct buf b = {0};
	kv_text(conf, &b);
	int r = record_write_put(dir, "conf", b.p, b.n, 0644);
	buf_free(&b);
	if (r < 0 ||
	    record_write_put(dir, "config.json", config_json, strlen(config_json), 0600) < 0 ||
	    put_blank(dir, "started") < 0 || put_blank(dir, "exit") < 0)
		return -1;
	if (mkdirat(dir, "upper", 0755) < 0 || mkdirat(dir, "work", 0700) < 0)
		return fail_errno("upper, work: mkdir");
	return 0;
}

/* The folder, locked, under a name that contains the id. */
static int make_aside(int parent, const char *tmp)
{
	for (;;) {
		if (mkdirat(parent, tmp, 0711) < 0)
			return fail_errno("make its folder");
		int dir = dir_open_at(parent, tmp);
		if (dir < 0 && errno != ENOENT)
			return fail_errno("open its folder");
		/* Without the lock it would not count as alive. */
		if (dir >= 0 && lock_take(dir, LOCK_EX) < 0) {
			close(dir);
			return -1;
		}
		if (dir >= 0 && faccessat(parent, tmp, F_OK, 0) == 0)
			return dir;
		if (dir >= 0) /* ctr-gc was faster than the lock, and removed it as abandoned */
			close(dir);
	}
}

/* Before it gets its name it is in the index, its locks are held and its start is under way. */
static int make_whole(struct container *c, int parent, const char *tmp, const char *config_json)
{
	if (fill_new(c->dir, &c->conf, config_json) < 0 || record_claim(c) < 0)
		return -1;
	bool kept = !container_passing(c);
	static const char *const durable[] = {"conf", "config.json", "started", "exit", NULL};
	for (size_t i = 0; kept && i < sizeof durable / sizeof durable[0]; i++)
		file_sync(c->dir, durable[i]);
	/* ctr-gc, which removes what is left under an unused name, locks the folder so that no name
	 * is taken meanwhile. */
	if (lock_wait(parent, LOCK_SH) < 0)
		return -1;
	bool named = sys_rename_new(parent, tmp, c->name) == 0;
	int why = errno;
	flock(parent, LOCK_UN);
	errno = why;
	if (named) {
		if (kept)
			file_sync(parent, NULL);
		return 0;
	}
	if (errno == EEXIST || errno == ENOTEMPTY)
		return fail("there is a container of this name already");
	return fail_errno("rename");
}

int container_create(struct container *c, const char *config_json)
{
	_cleanup_free_ char *tmp = xasprintf(".new-%s", c->id);
	if (!boot_id()) /* it could not be found again */
		return -1;
	_cleanup_close_ int parent = record_dir_make();
	if (parent < 0)
		return -1;
	if (faccessat(parent, c->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return errno = EEXIST,
		       fail("%s: there is a container of this name already (ctr-rm -f %s, or "
			    "--replace)",
			   c->name, c->name);
	c->dir = make_aside(parent, tmp);
	if (c->dir >= 0 && make_whole(c, parent, tmp, config_json) == 0)
		return 0;
	int saved = errno;
	_cleanup_free_ char *why = fail_copy();
	userns_tree_remove(parent, tmp);
	if (c->life >= 0)
		ids_drop(c->id);
	int *fds[] = {&c->starting, &c->life, &c->dir};
	for (size_t i = 0; i < 3; i++) {
		cleanup_close(fds[i]);
		*fds[i] = -1;
	}
	errno = saved;
	return fail("%s: %s", c->name, why);
}

int record_aside(const char *from, const char *name)
{
	char hex[13];
	_cleanup_free_ char *why = fail_copy(), *top = path_join(ctr_lib(), "damaged");
	rand_hex(hex, 6);
	_cleanup_free_ char *to = xasprintf("%s/%s-%s", top, name, hex);
	if (dir_make(top, 0700) < 0)
		return -1;
	if (rename(from, to) < 0)
		return fail_tried(from, "rename");
	printf("damaged %s; its files are kept in %s\n", why, to);
	return 0;
}

/* --- another name --- */

/* Under the lock that excludes scans (container_each()), both folders and the index are renamed. */
static int rename_both(struct container *c, int parent, const char *name)
{
	_cleanup_free_ char *from = record_run_path(c->name, NULL),
			    *to = record_run_path(name, NULL);
	_cleanup_close_ int lock = dir_open_at(parent, ".");
	if (lock < 0 || lock_wait(lock, LOCK_EX) < 0)
		return -1;
	/* First what a living one needs; an exited one has none. */
	bool ran =
	    faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && access(from, F_OK) == 0;
	if (ran && rename(from, to) < 0)
		return errno == ENOTEMPTY || errno == EEXIST
			   ? fail("%s: left by a rename that was killed: ctr-gc clears it", to)
			   : fail_tried(from, "rename");
	if (sys_rename_new(parent, c->name, name) < 0) {
		int why = errno;
		if (ran && rename(to, from) < 0)
			warn("%s: %m (ctr-gc renames it)", to);
		errno = why;
		return errno == EEXIST || errno == ENOTEMPTY
			   ? fail("%s: there is a container of this name already", name)
			   : fail_tried(c->name, "rename");
	}
	if (ids_rename(c->id, name) < 0)
		warn("%s (ctr-gc mends it)", fail_msg());
	return 0;
}

int container_rename(struct container *c, const char *name)
{
	_cleanup_close_ int parent = record_dir();
	/* A start under way is waited for, because it writes the record under its name. */
	if (parent < 0 || container_starting(c) < 0)
		return parent < 0 ? fail_errno(c->name) : -1;
	if (!file_same(c->dir, "", parent, c->name))
		return errno = ENOENT, fail("%s: it was removed or renamed meanwhile", c->name);
	/* What needs space on the disk comes first. The name in conf is for people who read the
	 * file; the folder's name is the one that counts. */
	kv_set(&c->conf, "name", name);
	if (kv_write_at(&c->conf, c->dir, ".conf.renamed", true) < 0)
		return fail_about(c->name);
	if (rename_both(c, parent, name) < 0) {
		int saved = errno;
		unlinkat(c->dir, ".conf.renamed", 0);
		errno = saved;
		return -1;
	}
	free(c->name);
	c->name = xstrdup(name);
	if (renameat(c->dir, ".conf.renamed", c->dir, "conf") < 0)
		warn("%s: conf: rename: %m", name);
	file_sync(c->dir, NULL);
	file_sync(parent, NULL);
	container_started(c);
	return 0;
}

void container_refresh_name(struct container *c)
{
	_cleanup_free_ char *path = fd_where(c->dir);
	char *slash = path ? strrchr(path, '/') : NULL;
	if (!slash || str_ends(path, " (deleted)") || strcmp(slash + 1, c->name) == 0 ||
	    !name_valid(slash + 1))
		return;
	free(c->name);
	c->name = xstrdup(slash + 1);
}

int record_state_write(const char *name, const struct kv *state)
{
	_cleanup_free_ char *dir = record_run_path(name, NULL);
	_cleanup_close_ int fd = dir_open(dir);
	if (fd < 0 &&
	    (place_make(ctr_run()) < 0 || dir_make(dir, 0700) < 0 || (fd = dir_open(dir)) < 0))
		return fail_errno(dir);
	return kv_write_at(state, fd, "state", false);
}

int record_state_remove(const char *name)
{
	_cleanup_free_ char *dir = record_run_path(name, NULL),
			    *file = record_run_path(name, "state");
	unlink(file); /* usually the folder has nothing else, and the removal is quick */
	return userns_tree_remove(AT_FDCWD, dir);
}

/* Overwrite in place, with blanks up to the end of the old text. */
static int fill_in(int dir, const char *name, const char *text)
{
	char line[49];
	snprintf(line, sizeof line, "%-47.47s\n", text);
	_cleanup_close_ int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 || fd_write_all(fd, line, 48) < 0 ? fail_tried(name, "write") : 0;
}

int record_started_write(int dir, bool fresh)
{
	char text[48];
	struct timespec t;
	clock_now(CLOCK_REALTIME, &t);
	snprintf(text, sizeof text, "%lld.%09ld", (long long)t.tv_sec, t.tv_nsec);
	return !fresh && fill_in(dir, "exit", "") < 0 ? -1 : fill_in(dir, "started", text);
}

int record_exit_write(int dir, int code, bool oom, int restarts)
{
	char text[48];
	struct timespec t;
	clock_now(CLOCK_REALTIME, &t);
	int n = snprintf(text, sizeof text, "%d %lld.%09ld%s", code, (long long)t.tv_sec, t.tv_nsec,
	    oom ? " oom" : "");
	if (restarts)
		snprintf(text + n, sizeof text - (size_t)n, " r%d", restarts % 1000000);
	return fill_in(dir, "exit", text);
}

void record_exit_stopped(int dir)
{
	_cleanup_free_ char *was = file_read_at(dir, "exit", 96, NULL);
	size_t n = was ? strlen(was) : 0;
	while (n && strchr(" \n", was[n - 1]))
		was[--n] = 0;
	if (!n || strstr(was, " stopped"))
		return;
	_cleanup_free_ char *text = xasprintf("%s stopped", was);
	if (fill_in(dir, "exit", text) == 0)
		file_sync(dir, "exit");
}

void record_error_write(int dir, const char *why)
{
	if (!why)
		unlinkat(dir, "error", 0);
	else if (file_write_at(dir, "error", why, strlen(why), 0600, false) < 0)
		unlinkat(dir, "error", 0); /* no reason is better than that of an earlier start */
}
