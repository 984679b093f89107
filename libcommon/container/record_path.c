/* record_path.c: the paths of a container's files and of its group; see record.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "container_net.h"
#include "err.h"
#include "file.h"
#include "place.h"
#include "record.h"
#include "str.h"

#define FOLDER "containers"

static char *path_in(const char *top, const char *name, const char *file)
{
	return xasprintf("%s/" FOLDER "%s%s%s%s", top, name ? "/" : "", name ? name : "",
	    file ? "/" : "", file ? file : "");
}

char *record_path(const char *name, const char *file)
{
	return path_in(ctr_lib(), name, file);
}

char *record_run_path(const char *name, const char *file)
{
	return path_in(ctr_run(), name, file);
}

int record_dir(void)
{
	_cleanup_free_ char *p = record_path(NULL, NULL);
	return dir_open(p);
}

int record_dir_make(void)
{
	return place_dir(ctr_lib(), FOLDER, 0700);
}

int record_still(void)
{
	int parent = record_dir();
	if (parent < 0)
		return fail("%s/" FOLDER ": %m", ctr_lib());
	if (lock_wait(parent, LOCK_SH) == 0)
		return parent;
	close(parent);
	return -1;
}

char *container_group_path(const char *parent, const char *id)
{
	return xasprintf("%s/" CONTAINER_GROUP "%s-%s", parent && *parent ? parent : ctr_cgroup(),
	    ctr_instance(), id);
}

const char *container_cgroup(const struct container *c)
{
	static char *path;
	const char *s = kv_get(&c->state, "cgroup");
	if (s && *s)
		return s;
	free(path);
	path = container_group_path(kv_get(&c->conf, "cgroup_parent"), c->id);
	return path;
}

/* --- the network --- */

const char *const container_net_etc[] = {"hosts", "hostname", "resolv.conf", NULL};

bool container_net_wanted(const struct container *c)
{
	return net_named(kv_get(&c->conf, "net"));
}

char *container_net_hosts(const struct container *c)
{
	_cleanup_free_ char *dir = fd_where(c->dir);
	return dir && faccessat(c->dir, "hosts", F_OK, 0) == 0 ? path_join(dir, "hosts") : NULL;
}
