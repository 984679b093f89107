/* ctr-gc: remove what killed programs and crashes have left of this instance's containers; prints
 * what it removed.
 *
 * Kind: OWNER of nothing. It only acts on what names this instance, and only while it holds the
 * container's lock; what is not known to be dead it leaves alone, with a warning.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "cgroup.h"
#include "container_files.h"
#include "container_net.h"
#include "err.h"
#include "file.h"
#include "halfmade.h"
#include "ids.h"
#include "image.h"
#include "opt.h"
#include "record.h"
#include "stop.h"
#include "sys.h"
#include "userns.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "", .opts = opts, .anywhere = true};

static int code;
/* What reading every record once has shown, sorted: the ids of those that are alive (their things
 * are left alone without another look: what has ended since is left to the next run), those among
 * them that have a record of further networks, and "ID NAME" of all whose record is complete. */
static struct strv living, joined, seen, names;

static int alive(const char *owner, void *arg)
{
	return strv_among(&living, owner) ? 1 : container_owner_alive(owner, arg);
}

static void trouble(void)
{
	warn_fail();
	code = 1;
}

static void cleared(const char *what, const char *path)
{
	printf("%s %s\n", what, path);
}

/* A killed commit has left it frozen (container_files.h). */
static void thaw(struct container *c)
{
	int r = container_still_clear(c);
	if (r < 0)
		trouble();
	else if (r == 1)
		printf("thawed %s\n", c->name);
}

/* It has no monitor: kill what is left of it, remove what only a living container has, and remove
 * the container if that was asked for. */
static void dead(struct container *c)
{
	bool orphan = c->status == ST_ORPHANED;
	_cleanup_free_ char *run = record_run_path(c->name, NULL);
	if (container_passing(c)) {
		if (stop_remove(c, orphan) < 0)
			trouble();
		else
			printf("container %s\n", c->name);
		return;
	}
	const char *group = container_cgroup(c);
	if (orphan && stop_kill(c) < 0)
		trouble();
	if (cgroup_exists(group)) {
		if (cgroup_kill(group) < 0 || cgroup_remove(group) < 0)
			trouble();
		else
			printf("group %s\n", group);
	}
	if (access(run, F_OK) == 0) {
		if (record_state_remove(c->name) < 0)
			trouble();
		else
			printf("state %s\n", c->name);
	}
}

static void set_aside(struct container *c)
{
	_cleanup_free_ char *from = record_path(c->name, NULL);
	if (c->pid) {
		fail("%s: its record is damaged (%s), but it lives: it is left alone", c->name,
		    c->why);
		trouble();
		return;
	}
	fail("%s: %s", c->name, c->why);
	if (record_aside(from, c->name) < 0)
		trouble();
}

static void one(struct container *c)
{
	if (c->status == ST_RUNNING || c->status == ST_RESTARTING) {
		thaw(c);
		strv_add(&living, c->id); /* its lock is held, so it is alive */
		_cleanup_free_ char *further = record_path(c->name, "networks");
		if (access(further, F_OK) == 0)
			strv_add(&joined, c->id);
		return;
	}
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = c->dir < 0 ? fail("%s: %s", c->name, c->why) : container_lock(c);
	if (r < 0 && errno == ENOENT)
		return; /* it was removed or renamed meanwhile */
	if (r == 1 && !container_passing(c))
		container_config(c, &text, &n);
	if (r < 0)
		trouble();
	else if (r == 1 && c->status == ST_CORRUPT && c->damaged)
		set_aside(c);
	else if (c->status == ST_CORRUPT) {
		fail("%s: %s: it is left alone", c->name, c->why);
		trouble();
	} else if (r == 1)
		dead(c);
}

static void containers(void)
{
	if (container_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		if (container_read_life(&c, names.v[i]) == 0) {
			if (c.status != ST_CORRUPT)
				strv_take(&seen, xasprintf("%s %s", c.id, c.name));
			one(&c);
		}
		container_close(&c);
	}
	strv_sort(&living);
	strv_sort(&seen);
}

struct index_look {
	size_t right; /* files that agree with what was seen */
	struct strv others;
};

static int index_one(const char *id, const char *name, void *arg)
{
	struct index_look *l = arg;
	_cleanup_free_ char *pair = xasprintf("%s %s", id, name);
	if (strv_among(&seen, pair))
		l->right++;
	else
		strv_add(&l->others, id);
	return 0;
}

/* Files of the index whose container is gone (a kill came between removing the two) or has another
 * name (a rename was interrupted), and containers that have no file. */
static void mend_index(void)
{
	struct index_look l = {0};
	if (ids_each(index_one, &l) < 0 || (l.right < seen.n && ids_repair() < 0))
		trouble();
	for (size_t i = 0; i < l.others.n; i++) {
		int r = container_forget_id(l.others.v[i]);
		if (r < 0)
			trouble();
		else if (r == 1)
			printf("id %s\n", l.others.v[i]);
	}
	strv_free(&l.others);
}

/* Groups of containers that no longer exist. */
static void groups(void)
{
	struct strv l = {0};
	_cleanup_free_ char *any = container_group_path(NULL, "");
	cgroup_children(ctr_cgroup(), &l);
	for (size_t i = 0; i < l.n; i++) {
		_cleanup_free_ char *path = path_join(ctr_cgroup(), l.v[i]);
		if (!str_starts(path, any))
			continue;
		int lives = alive(path + strlen(any), NULL);
		if (lives < 0)
			trouble();
		if (lives)
			continue;
		if (cgroup_kill(path) < 0 || cgroup_remove(path) < 0)
			trouble();
		else
			printf("group %s\n", path);
	}
	cgroup_sweep(ctr_cgroup(), CONTAINER_GROUP);
	strv_free(&l);
}

/* A run directory that has no container, or has its container's old name (an interrupted
 * rename). */
static int stray_run(int dir, const char *name, void *arg)
{
	if (name[0] == '.' || strv_among(&names, name))
		return 0;
	_cleanup_free_ char *lib = record_path(name, NULL), *state = path_join(name, "state");
	if (access(lib, F_OK) == 0)
		return 0;
	struct kv kv = {0};
	struct container c;
	bool none = errno == ENOENT, read = kv_read_at(&kv, dir, state) == 0;
	if (!none || (!read && errno != ENOENT && errno != EINVAL)) {
		fail("%s: %m: it is left alone", none ? state : lib);
		trouble();
		return 0;
	}
	const char *id = kv_get(&kv, "id");
	int found = id ? container_open_id(&c, id) : (errno = ENOENT, -1);
	if (found == 0) {
		/* Its monitor may have made another meanwhile, with only `state` in it. */
		_cleanup_free_ char *late = path_join(c.name, "state");
		renameat(dir, late, dir, state);
		if ((unlinkat(dir, c.name, AT_REMOVEDIR) == 0 || errno == ENOENT) &&
		    renameat(dir, name, dir, c.name) == 0)
			printf("renamed %s\n", c.name);
		else
			renameat(dir, state, dir, late);
		container_close(&c);
	} else if (errno != ENOENT) {
		trouble();
	} else if (id && container_owner_alive(id, NULL) != 0) {
		fail("%s: its container is not found, but somebody holds its life", name);
		trouble();
	} else {
		/* While the name is checked and removed, nobody can take it. */
		int still = *(int *)arg;
		if (lock_wait(still, LOCK_EX) < 0)
			trouble();
		else if (access(lib, F_OK) == 0 || errno != ENOENT)
			; /* taken meanwhile */
		else if (userns_tree_remove(dir, name) < 0)
			trouble();
		else
			printf("state %s\n", name);
		lock_take(still, LOCK_SH);
	}
	kv_free(&kv);
	return 0;
}

int ctr_gc_main(int argc, char **argv)
{
	if (opt_parse(&usage, argc, argv) < argc)
		die_usage("takes no operands");
	_cleanup_free_ char *run = record_run_path(NULL, NULL);
	if (access(ctr_lib(), R_OK | X_OK) < 0 && errno == EACCES) /* once, not for all in it */
		die_errno(ctr_lib());
	halfmade_clear(cleared, trouble);
	containers();
	image_verity_gc(cleared);
	if (access(ctr_lib(), F_OK) == 0) {
		mend_index();
		groups();
	}
	_cleanup_close_ int r = dir_open(run);
	_cleanup_close_ int still = r < 0 ? -1 : record_still();
	if (r >= 0 && still < 0 ? errno != ENOENT : r >= 0 && dir_each(r, stray_run, &still) < 0)
		trouble();
	if (container_net_gc(alive, &joined) < 0)
		code = 1;
	return code;
}
