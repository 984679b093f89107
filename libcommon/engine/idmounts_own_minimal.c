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
	return fd < 0 ? fail_tried(m->dest, m->source) : fd;
}

int idmounts_later(const struct spec *s, const struct spec_mount *m)
{
	(void)s;
	return idmounts_mount(m, -1);
}

int idmounts_late(const struct spec *s, const struct spec_mount *m, int fd)
{
	(void)s;
	return idmounts_mount(m, fd);
}
