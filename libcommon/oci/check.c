/* check.c: refuses a config.json that can be read but not carried out: combinations that the
 * specification forbids or that would change the host's own settings. The messages are runc's where
 * callers and people know them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "err.h"
#include "file.h"
#include "oci.h"
#include "spec_names.h"
#include "str.h"

/* Settings that belong to a namespace; with the host's namespace they would change the host (as in
 * CVE-2022-0811). */
static int check_sysctl(const struct spec *s, const char *kv)
{
	static const struct {
		const char *prefix;
		enum spec_ns ns;
	} known[] = {{"net/", NS_NET}, {"fs/mqueue/", NS_IPC}, {"kernel/msg", NS_IPC},
	    {"kernel/shm", NS_IPC}, {"kernel/sem", NS_IPC}, {"kernel/auto_msgmni", NS_IPC},
	    {"kernel/domainname", NS_UTS}, {"user/", NS_USER}};
	_cleanup_free_ char *key = xstrndup(kv, strcspn(kv, "="));
	for (char *p = key; *p; p++)
		if (*p == '.' || *p == '/')
			*p = *p == '.' ? '/' : '.';
	if (strcmp(key, "kernel/hostname") == 0)
		return fail("sysctl \"%s\" is not allowed: hostname says it", key);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_starts(key, known[i].prefix)) {
			if (spec_has_ns(s, known[i].ns))
				return 0;
			return fail("sysctl \"%s\" is not allowed in the host's %s namespace", key,
			    spec_ns_names[known[i].ns]);
		}
	return fail("sysctl \"%s\" is not in a separate kernel namespace", key);
}

static int check_namespaces(const struct spec *s)
{
	bool user = spec_has_ns(s, NS_USER);
	if (user && !spec_has_ns(s, NS_MNT))
		return fail("linux.namespaces: a user namespace needs a mount namespace");
	if (s->hostname && *s->hostname && !spec_has_ns(s, NS_UTS))
		return fail("hostname: unable to set hostname without a private UTS namespace");
	if (s->domainname && *s->domainname && !spec_has_ns(s, NS_UTS))
		return fail("domainname: unable to set domainname without a private UTS namespace");
	if ((s->uid_map.n || s->gid_map.n) && !user)
		return fail("linux.uidMappings: user namespace mappings specified, but user "
			    "namespace isn't enabled "
			    "in the config");
	if (s->ns_new & 1u << NS_USER && (!s->uid_map.n || !s->gid_map.n))
		return fail("linux.%cidMappings: a new user namespace needs them",
		    s->uid_map.n ? 'g' : 'u');
	if ((s->offset_boottime.set || s->offset_monotonic.set) && !(s->ns_new & 1u << NS_TIME))
		return fail("linux.timeOffsets: time namespace offsets specified, but time "
			    "namespace isn't enabled "
			    "in the config");
	if (s->net_devices.n && !spec_has_ns(s, NS_NET))
		return fail(
		    "linux.netDevices: unable to move network devices without a NET namespace");
	return 0;
}

/* config.md, "Root": the directory must exist; a symlink at the end is refused, because its target
 * may be somebody else's. */
static int check_root(const struct spec *s)
{
	struct stat st;
	if (lstat(s->root_path, &st) < 0)
		return fail("root.path: %s: %m", s->root_path);
	errno = ENOTDIR;
	if (S_ISLNK(st.st_mode))
		return fail("root.path: %s is a symbolic link, not a directory", s->root_path);
	if (!S_ISDIR(st.st_mode))
		return fail("root.path: %s: %m", s->root_path);
	_cleanup_free_ char *real = path_real(s->root_path);
	if (str_eq(real, "/")) /* also as "../.." */
		return errno = EINVAL,
		       fail("root.path: the host's own root cannot be a container's");
	return 0;
}

static int check_resources(const struct spec *s)
{
	for (size_t i = 0; i < s->resources.n; i++)
		if (strchr(s->resources.v[i], '/') &&
		    strchr(s->resources.v[i], '/') < strchr(s->resources.v[i], '='))
			return fail(
			    "linux.resources.unified: '%s' must be the name of a file, not a path",
			    s->resources.v[i]);
	return 0;
}

/* Refuse what would be ignored, because to start without it would be a pretence. */
static int check_supported(const struct spec *s)
{
	if (s->seccomp && strstr(s->seccomp, "\"SCMP_ACT_NOTIFY\"") &&
	    !strstr(s->seccomp, "\"listenerPath\""))
		return fail(
		    "linux.seccomp.listenerPath: is missing, and SCMP_ACT_NOTIFY is asked for");
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		if (strv_has(&m->options, "tmpcopyup") && !str_eq(m->type, "tmpfs"))
			return fail("mounts[%zu]: tmpcopyup: only of a tmpfs", i);
		bool mapped = spec_mount_mapped(m);
		if (mapped && !spec_mount_binds(m))
			return fail("mounts[%zu]: id-mapped mounts are binds", i);
		if (mapped && !m->n_uid_map && !spec_has_ns(s, NS_USER))
			return fail(
			    "mounts[%zu]: an id-mapped mount needs uidMappings and gidMappings, "
			    "or a user namespace",
			    i);
		for (size_t k = 0; k < m->options.n; k++)
			if (strstr(m->options.v[k], "idmap="))
				return fail("mounts[%zu]: %s: give uidMappings, gidMappings", i,
				    m->options.v[k]);
	}
	return 0;
}

/* capabilities(7): only what is permitted and inheritable can be ambient; runc's own default config
 * once asked for more. */
static void check_ambient(const struct spec_caps *c)
{
	for (int i = 0; i < 64; i++)
		if (c->ambient & ~(c->inheritable & c->permitted) & 1ull << i)
			warn("can't raise ambient capability %s: it is not permitted and "
			     "inheritable",
			    caps_name(i));
}

int oci_spec_check(const struct spec *s)
{
	check_ambient(&s->caps);
	errno = EINVAL;
	if (check_namespaces(s) < 0 || check_supported(s) < 0 || check_resources(s) < 0)
		return -1;
	for (size_t i = 0; i < s->sysctl.n; i++)
		if (check_sysctl(s, s->sysctl.v[i]) < 0)
			return -1;
	return check_root(s);
}
