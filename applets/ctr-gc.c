/* ctr-gc: clear what killed programs and crashes have left of this instance's containers; prints what it cleared.
 *
 * Kind: OWNER of nothing. It acts only on what names this instance, and only with the container's lock in hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cgroup.h"
#include "container_files.h"
#include "err.h"
#include "file.h"
#include "opt.h"
#include "pidfd.h"
#include "container_net.h"
#include "record.h"
#include "stop.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "", .opts = opts};

static int code;

static void trouble(void)
{
	warn("%s", fail_msg());
	code = 1;
}

/* A folder that never got its name, or was on its way out. Its maker holds its lock as long as it lives. */
static int half_made(int parent, const char *name, void *arg)
{
	(void)arg;
	if (!str_starts(name, ".new-"))
		return 0;
	_cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && lock_try(fd, LOCK_EX) != 1)
		return 0;
	if (tree_remove_at(parent, name) < 0)
		trouble();
	else
		printf("folder %s\n", name);
	return 0;
}

/* A commit that was killed has left it frozen (container_files.h). */
static void thaw(struct container *c)
{
	if (c->status != ST_PAUSED)
		return;
	int r = container_still_clear(c);
	if (r < 0)
		trouble();
	else if (r == 1)
		printf("thawed %s\n", c->name);
}

/* One that has no monitor: kill what is left of it, drop what only the living have, remove it if that was asked for. */
static void dead(struct container *c)
{
	bool orphan = c->status == ST_ORPHANED;
	_cleanup_free_ char *run = xasprintf("%s/containers/%s", ctr_run(), c->name);
	if (kv_num(&c->conf, "rm", 0)) {
		if (steer_remove(c, orphan) < 0)
			trouble();
		else
			printf("container %s\n", c->name);
		return;
	}
	const char *group = container_cgroup(c);
	if (orphan && steer_kill(c) < 0)
		trouble();
	if (cgroup_exists(group)) {
		if (cgroup_kill(group) < 0 || cgroup_remove(group) < 0)
			trouble();
		else
			printf("group %s\n", group);
	}
	if (access(run, F_OK) == 0) {
		if (state_remove(c->name) < 0)
			trouble();
		else
			printf("state %s\n", c->name);
	}
}

static void containers(void)
{
	struct strv names = {0};
	if (container_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		container_read(&c, names.v[i]);
		thaw(&c);
		if (c.dir >= 0 && c.status != ST_CORRUPT && container_lock(&c) == 1)
			dead(&c);
		container_close(&c);
	}
	strv_free(&names);
}

/* Groups of containers that are not there any more. */
static void groups(void)
{
	struct strv l = {0};
	char prefix[32];
	snprintf(prefix, sizeof prefix, "c-%s-", ctr_instance());
	cgroup_children(ctr_cgroup(), &l);
	for (size_t i = 0; i < l.n; i++) {
		if (!str_starts(l.v[i], prefix) || container_id_held(l.v[i] + strlen(prefix)))
			continue;
		_cleanup_free_ char *path = xasprintf("%s/%s", ctr_cgroup(), l.v[i]);
		if (cgroup_kill(path) < 0 || cgroup_remove(path) < 0)
			trouble();
		else
			printf("group %s\n", path);
	}
	strv_free(&l);
}

/* A run directory without its container, or with its container's old name (a rename cut short). */
static int stray_run(int dir, const char *name, void *arg)
{
	(void)arg;
	_cleanup_free_ char *lib = xasprintf("%s/containers/%s", ctr_lib(), name);
	if (access(lib, F_OK) == 0)
		return 0;
	_cleanup_free_ char *state = xasprintf("%s/state", name);
	struct kv kv = {0};
	struct container c;
	kv_read_at(&kv, dir, state);
	const char *id = kv_get(&kv, "id");
	if (id && container_open(&c, id) == 0) {
		if (faccessat(dir, c.name, F_OK, 0) < 0 && renameat(dir, name, dir, c.name) == 0)
			printf("renamed %s\n", c.name);
		container_close(&c);
	} else if (tree_remove_at(dir, name) < 0) {
		trouble();
	} else {
		printf("state %s\n", name);
	}
	kv_free(&kv);
	return 0;
}

int ctr_gc_main(int argc, char **argv)
{
	if (opt_parse(&usage, argc, argv) < argc)
		die_usage("takes no operands");
	_cleanup_free_ char *lib = xasprintf("%s/containers", ctr_lib()), *run = xasprintf("%s/containers", ctr_run());
	_cleanup_close_ int l = open(lib, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l >= 0 && dir_each(l, half_made, NULL) < 0)
		trouble();
	containers();
	if (access(ctr_lib(), F_OK) == 0)
		groups();
	_cleanup_close_ int r = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r >= 0 && dir_each(r, stray_run, NULL) < 0)
		trouble();
	if (plug_gc() < 0)
		trouble();
	return code;
}
