/* record_path.c: where a container's files are; see record.h. */
#include <fcntl.h>
#include <unistd.h>

#include "container_net.h"
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
	return openat(AT_FDCWD, p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- the network --- */

char *plug_hosts(const struct container *c)
{
	char self[32], dir[4096];
	snprintf(self, sizeof self, "/proc/self/fd/%d", c->dir);
	ssize_t n = readlink(self, dir, sizeof dir - 1);
	if (n <= 0 || faccessat(c->dir, "hosts", F_OK, 0) < 0)
		return NULL;
	dir[n] = 0;
	return xasprintf("%s/hosts", dir);
}
