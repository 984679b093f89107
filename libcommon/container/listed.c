/* listed.c: a listing learns by the fewest calls that a container runs; see record.h.
 *
 * The monitor of a detached container has locked the file `state` while that names the first
 * process. So the usual proof, the lock on the container's folder, need not be looked at.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "file.h"
#include "monitor_parts.h"
#include "record.h"
#include "str.h"

/* The containers that had a folder in $CTR_RUN when the listing began: no other can be running. */
static struct strv listed_all;
static bool listed_mark;

static int listed_add(int parent, const char *name, void *arg)
{
	(void)parent;
	listed_mark |= strcmp(name, ".paused") == 0;
	strv_add(arg, name);
	return 0;
}

static void listed_look(int run)
{
	static bool looked;
	if (looked)
		return;
	looked = true;
	if (run < 0 || dir_each(run, listed_add, &listed_all) < 0)
		listed_mark = true; /* it is not known */
	strv_sort(&listed_all);
}

bool record_any_paused(int run)
{
	listed_look(run);
	return listed_mark;
}

/* Not by snprintf(3), which would take a tenth of a listing's time. */
static const char *listed_path(char *out, const char *name, const char *file)
{
	strcpy(stpcpy(out, name), file);
	return out;
}

bool record_told(struct container *c, int lib, int run)
{
	listed_look(run);
	if (!strv_among(&listed_all, c->name))
		return false;
	char path[NAME_MAX + sizeof "/state"]; /* the name was found as a file's */
	bool held = false;
	if (kv_read_at(&c->conf, lib, listed_path(path, c->name, "/conf")) == 0 &&
	    kv_read_held(&c->state, run, listed_path(path, c->name, "/state"), &held) == 0 &&
	    held && kv_num(&c->state, "pid", 0) > 0) {
		const char *id = kv_get(&c->conf, "id");
		if (id && str_eq(kv_get(&c->state, "id"), id))
			return true;
	}
	kv_free(&c->conf);
	kv_free(&c->state);
	return false;
}

void record_unlisted(struct container *c, int lib)
{
	if (c->listed && c->dir < 0 && c->pid)
		c->dir = openat(lib, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

void monitor_hold_state(struct monitor *m)
{
	_cleanup_free_ char *path = record_run_path(m->c->name, "state");
	monitor_drop_state(m);
	m->state = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	lock_wait(m->state, LOCK_EX);
}

void monitor_drop_state(struct monitor *m)
{
	if (m->state > 0)
		close(m->state);
	m->state = 0;
}
