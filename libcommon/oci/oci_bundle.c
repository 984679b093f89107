/* oci_bundle.c: a bundle's config.json as the spec to start, and the path of its group; see
 * oci.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "json.h"
#include "idmap.h"
#include "oci.h"
#include "seccomp_profile.h"
#include "str.h"

static void bundle_absolute(char **path, const char *dir)
{
	if (!*path || (*path)[0] == '/')
		return;
	char *rel = *path;
	*path = path_join(dir, rel);
	free(rel);
}

void oci_map_caller(struct spec *s)
{
	idmap_add(&s->uid_map, s->uid, geteuid(), 1);
	idmap_add(&s->gid_map, s->gid, getegid(), 1);
}

/* runc's default devices, and nothing of what ctr-run adds beyond the specification. */
static void bundle_settle(struct spec *s, const char *dir)
{
	bundle_absolute(&s->root_path, dir);
	size_t n = strlen(s->root_path);
	while (n > 1 && s->root_path[n - 1] == '/')
		s->root_path[--n] = 0;
	for (size_t i = 0; i < s->mounts.n; i++) {
		struct spec_mount *m = &s->mounts.v[i];
		/* As in runc: a destination may be named as the host sees it. */
		if (n > 1 && strncmp(m->dest, s->root_path, n) == 0 && m->dest[n] == '/')
			memmove(m->dest, m->dest + n, strlen(m->dest + n) + 1);
		if (spec_mount_binds(m))
			bundle_absolute(&m->source, dir);
	}
	/* As in runc: a device that is not listed cannot be used, but its node may be created,
	 * which linux.devices needs, whatever the list says. */
	if (!s->device_rules.n)
		device_rule_add(s, false, 'a', -1, -1, "rwm");
	device_rule_add(s, true, 'c', -1, -1, "m");
	device_rule_add(s, true, 'b', -1, -1, "m");
	spec_default_nodes(s);
	/* ctr-run has a default profile; a bundle has the one that it names, or none. */
	if (!s->seccomp)
		s->seccomp = xstrdup("unconfined");
	if (s->ns_new & 1u << NS_USER && !s->uid_map.n && !s->gid_map.n)
		oci_map_caller(s); /* as in crun */
}

void oci_bundle_seccomp(const struct spec *s, const char *dir, const char *config)
{
	size_t len;
	_cleanup_free_ char *path = xstrdup(config ? config : "config.json"), *text = NULL;
	bundle_absolute(&path, dir);
	text = file_read(path, FILE_ANY, &len);
	_cleanup_json_ json_t *j = text ? json_parse(path, text, len) : NULL;
	const json_t *sec = json_member(json_member(j, "linux"), "seccomp");
	struct jctx c = {.what = path, .text = text, .len = len, .under = "linux.seccomp"};
	if (sec)
		filter_free(filter_compile_at(&c, sec, s->caps.bounding));
}

int oci_bundle(struct spec *s, const char *bundle, const char *config, char **dir)
{
	size_t len;
	bundle = bundle ? bundle : ".";
	*dir = path_real(bundle);
	if (!*dir)
		return fail_errno(bundle);
	_cleanup_free_ char *path = xstrdup(config ? config : "config.json");
	bundle_absolute(&path, *dir);
	_cleanup_free_ char *text = file_read(path, FILE_ANY, &len);
	if (!text || spec_parse_bundle(s, path, text, len) < 0)
		return -1;
	bundle_settle(s, *dir);
	return oci_spec_check(s) < 0 ? fail_about(path) : 0;
}

char *oci_group_path(const char *cgroups_path, const char *id)
{
	const char *p = cgroups_path && *cgroups_path ? cgroups_path : NULL;
	/* A user can only have groups below one that is delegated to the user: the caller's own, on
	 * v2. */
	_cleanup_free_ char *own =
	    geteuid() != 0 && (!p || *p != '/') ? cgroup_of_self(true) : NULL;
	const char *top = own ? own : "";
	_cleanup_free_ char *all = p ? path_join(top, p) : xasprintf("%s/ctr-oci/%s", top, id);
	char *plain = str_plain_path(all);
	if (plain && *plain)
		return plain;
	free(plain);
	errno = EINVAL;
	fail("linux.cgroupsPath: '%s' is not the path of a group of its own", cgroups_path);
	return NULL;
}
