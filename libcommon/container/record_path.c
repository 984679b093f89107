/* record_path.c: the paths of a container's files; see record.h. */
#include <fcntl.h>
#include <unistd.h>

#include "container_net.h"
#include "file.h"
#include "place.h"
#include "record.h"
#include "str.h"

static char *path_in(const char *top, const char *name, const char *file)
{
	return xasprintf("%s/containers%s%s%s%s", top, name ? "/" : "", name ? name : "",
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

/* --- the network --- */

char *container_net_hosts(const struct container *c)
{
	_cleanup_free_ char *dir = fd_where(c->dir);
	return dir && faccessat(c->dir, "hosts", F_OK, 0) == 0 ? path_join(dir, "hosts") : NULL;
}
