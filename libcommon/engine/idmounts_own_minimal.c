/* idmounts_own_minimal.c: no mount has id maps of its own here; see idmounts.h. */
#include <fcntl.h>

#include "err.h"
#include "idmounts.h"
#include "sys.h"

int idmounts_mount(const struct spec_mount *m, int userns)
{
	(void)userns;
	int fd = sys_mount_copy(
	    AT_FDCWD, m->source, strv_has(&m->options, "rbind") ? AT_RECURSIVE : 0, NULL);
	return fd < 0 ? fail("%s: %s: %m", m->dest, m->source) : fd;
}

int idmounts_later(const struct spec_mount *m, bool user)
{
	return idmounts_mount(m, user);
}

int idmounts_late(const struct spec_mount *m, int fd)
{
	return idmounts_mount(m, fd);
}
