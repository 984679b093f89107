/* bundle.c: --bundle: the spec is an OCI bundle's own; see create_flags.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "create_flags.h"
#include "err.h"
#include "file.h"

/* config.md: a relative path is relative to the bundle. */
static void in_bundle(char **path, const char *dir)
{
	char *rel = *path;
	if (!rel || rel[0] == '/')
		return;
	*path = path_join(dir, rel);
	free(rel);
}

/* Refuse what the engine does not implement, because to start without it would be a pretence.
 * ctr-oci implements some of it. */
static int unsupported(const struct spec *s)
{
	const char *key = NULL;
	if (s->net_devices.n)
		key = "linux.netDevices";
	else if (s->rdt)
		key = "linux.intelRdt";
	else if (s->mount_label && *s->mount_label)
		key = "linux.mountLabel";
	else if (s->seccomp && strstr(s->seccomp, "\"SCMP_ACT_NOTIFY\""))
		key = "linux.seccomp: SCMP_ACT_NOTIFY";
	for (size_t i = 0; i < s->mounts.n && !key; i++)
		if (spec_mount_mapped(&s->mounts.v[i]))
			key = "mounts: an id-mapped mount";
	errno = ENOTSUP;
	return key ? fail("%s: is not supported by --bundle", key) : 0;
}

int flags_bundle(const struct create_flags *o, struct spec *s, char **dir)
{
	size_t len;
	*dir = path_real(o->bundle);
	if (!*dir)
		return fail("--bundle: %s: %m", o->bundle);
	_cleanup_free_ char *path = path_join(*dir, "config.json");
	_cleanup_free_ char *text = file_read(path, FILE_ANY, &len);
	spec_free(s);
	if (!text || spec_parse_bundle(s, path, text, len) < 0)
		return -1;
	if (unsupported(s) < 0)
		return fail_about(path);
	if (s->cgroups_path) {
		char *plain = str_plain_path(s->cgroups_path);
		if (!plain)
			return fail(
			    "%s: linux.cgroupsPath: '%s' is not a group", path, s->cgroups_path);
		free(s->cgroups_path);
		s->cgroups_path = plain;
	}
	spec_default_nodes(s);
	in_bundle(&s->root_path, *dir);
	for (size_t i = 0; i < s->mounts.n; i++) {
		struct spec_mount *m = &s->mounts.v[i];
		if (spec_mount_binds(m))
			in_bundle(&m->source, *dir);
	}
	return 0;
}
