/* spec_read_linux.c: config.json's `linux` part into the spec; see spec_read.c. Its `resources` are
 * read by spec_read_resources.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "err.h"
#include "spec_names.h"

static int spec_read_linux_namespaces(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, lx, "linux", "namespaces", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL, *path = NULL;
		const json_t *o = spec_item(l, i, "linux.namespaces", at);
		if (!o || jget_str(spec_doc, o, at, "type", &type) < 0 ||
		    jget_str(spec_doc, o, at, "path", &path) < 0)
			return free(type), free(path), -1;
		int n = 0;
		while (n < NS_COUNT && !str_eq(type, spec_ns_names[n]))
			n++;
		bool twice = n < NS_COUNT && spec_has_ns(s, n);
		if (n == NS_COUNT || twice) {
			jwrong(spec_doc, at, "type", "'%s' %s", type ? type : "",
			    twice ? "is there twice" : "is not a namespace");
			return free(type), free(path), -1;
		}
		free(type);
		if (path && *path && *path != '/') {
			jwrong(spec_doc, at, "path", "'%s' is not absolute", path);
			return free(path), -1;
		}
		if (path && *path)
			s->ns_path[n] = path;
		else
			s->ns_new |= 1u << n, free(path);
	}
	return 0;
}

static int spec_read_linux_devices(struct spec *s, const json_t *lx)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, lx, "linux", "devices", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80];
		int64_t mode = 0666;
		const json_t *o = spec_item(l, i, "linux.devices", at);
		if (!o)
			return -1;
		struct spec_device *d = SPEC_GROW(s->devices);
		if (jget_str(spec_doc, o, at, "path", &d->path) < 0 ||
		    spec_device(o, at, &d->type, &d->major, &d->minor) < 0 ||
		    jget_int(spec_doc, o, at, "fileMode", 0, UINT32_MAX, &mode) < 0 ||
		    spec_u32(o, at, "uid", &d->uid) < 0 || spec_u32(o, at, "gid", &d->gid) < 0)
			return -1;
		for (size_t n = d->path ? strlen(d->path) : 0; n > 1 && d->path[n - 1] == '/'; n--)
			d->path[n - 1] = 0;
		d->mode = (uint32_t)mode & 07777; /* some writers put the type in */
		if (!d->path || d->path[0] != '/' || !d->path[1] || !d->type || d->type == 'a')
			return jwrong(spec_doc, at, "", "needs an absolute path and a type");
		if (d->type != 'p' && !json_member(o, "major"))
			return spec_missing(at, "major");
		if (d->type != 'p' && !json_member(o, "minor"))
			return spec_missing(at, "minor");
	}
	return 0;
}

/* clocks of time_namespaces(7) */
static int time_offsets(struct spec *s, const json_t *lx)
{
	json_t *all = NULL, *o;
	const char *clock;
	if (jget_obj(spec_doc, lx, "linux", "timeOffsets", &all) < 0)
		return -1;
	json_object_foreach(all, clock, o)
	{
		struct spec_time_offset *t = NULL;
		if (strcmp(clock, "monotonic") == 0)
			t = &s->offset_monotonic;
		else if (strcmp(clock, "boottime") == 0)
			t = &s->offset_boottime;
		if (!t)
			return jwrong(
			    spec_doc, "linux.timeOffsets", clock, "is not monotonic or boottime");
		char at[60];
		snprintf(at, sizeof at, "linux.timeOffsets.%s", clock);
		if (!json_is_object(o))
			return jwrong(spec_doc, "linux.timeOffsets", clock, "must be an object");
		if (jget_int(spec_doc, o, at, "secs", INT64_MIN, INT64_MAX, &t->secs) < 0 ||
		    spec_u32(o, at, "nanosecs", &t->nanosecs) < 0)
			return -1;
		if (t->nanosecs > 999999999)
			return jwrong(spec_doc, at, "nanosecs", "must be below 1000000000");
		t->set = true;
	}
	return 0;
}

static int personality(struct spec *s, const json_t *lx)
{
	json_t *o = NULL, *flags = NULL;
	long domain = 0;
	if (jget_obj(spec_doc, lx, "linux", "personality", &o) <= 0)
		return spec_absent(lx, "personality");
	int r = spec_word(o, "linux.personality", "domain", spec_personalities, &domain);
	if (r < 0 || jget_arr(spec_doc, o, "linux.personality", "flags", &flags) < 0)
		return -1;
	if (r == 0)
		return spec_missing("linux.personality", "domain");
	if (json_array_size(flags))
		return jwrong(spec_doc, "linux.personality", "flags", "none is supported");
	s->has_personality = true;
	s->personality = (unsigned long)domain;
	return 0;
}

/* What dev_valid_name() of the kernel takes. */
static bool is_interface(const char *n)
{
	return *n && strlen(n) < 16 && strcmp(n, ".") && strcmp(n, "..") &&
	       !strpbrk(n, "/: \t\n\r\v\f");
}

/* Interfaces of the host that move into the container, and what they are called there. */
static int spec_read_linux_net_devices(struct spec *s, const json_t *lx)
{
	json_t *all = NULL, *o;
	const char *host;
	if (jget_obj(spec_doc, lx, "linux", "netDevices", &all) < 0)
		return -1;
	json_object_foreach(all, host, o)
	{
		_cleanup_free_ char *name = NULL;
		if (!is_interface(host))
			return jwrong(
			    spec_doc, "linux.netDevices", host, "is not the name of an interface");
		if (!json_is_object(o))
			return jwrong(spec_doc, "linux.netDevices", host, "must be an object");
		if (jget_str(spec_doc, o, "linux.netDevices", "name", &name) < 0)
			return -1;
		if (name && *name && !is_interface(name))
			return jwrong(
			    spec_doc, "linux.netDevices", host, "'%s' is no name for one", name);
		strv_addf(&s->net_devices, "%s=%s", host, name && *name ? name : host);
	}
	return 0;
}

static int memory_policy(struct spec *s, const json_t *lx)
{
	json_t *o = NULL;
	const char *at = "linux.memoryPolicy";
	long mode = 0;
	unsigned long flags = 0;
	if (jget_obj(spec_doc, lx, "linux", "memoryPolicy", &o) <= 0)
		return spec_absent(lx, "memoryPolicy");
	struct spec_memory_policy *p = s->memory_policy = xcalloc(1, sizeof *p);
	int r = spec_word(o, at, "mode", spec_memory_modes, &mode);
	if (r == 0)
		spec_missing(at, "mode");
	if (r <= 0)
		return fail_in("invalid memory policy mode");
	if (spec_words(o, at, "flags", spec_memory_flags, &flags) < 0)
		return fail_in("invalid memory policy flag");
	if (jget_str(spec_doc, o, at, "nodes", &p->nodes) < 0)
		return -1;
	if (p->nodes && strspn(p->nodes, "0123456789,-") != strlen(p->nodes))
		return jwrong(spec_doc, at, "nodes", "'%s' is not a list of nodes", p->nodes);
	p->mode = (int)mode;
	p->flags = (unsigned)flags;
	return 0;
}

static int rdt(struct spec *s, const json_t *lx)
{
	json_t *o = NULL;
	const char *at = "linux.intelRdt";
	if (jget_obj(spec_doc, lx, "linux", "intelRdt", &o) <= 0)
		return spec_absent(lx, "intelRdt");
	struct spec_rdt *r = s->rdt = xcalloc(1, sizeof *r);
	bool old[2] = {false, false}; /* what 1.2 and before called it */
	if (jget_str(spec_doc, o, at, "closID", &r->clos_id) < 0 ||
	    jget_str(spec_doc, o, at, "l3CacheSchema", &r->l3) < 0 ||
	    jget_str(spec_doc, o, at, "memBwSchema", &r->mb) < 0 ||
	    jget_strv(spec_doc, o, at, "schemata", &r->schemata) < 0 ||
	    jget_bool(spec_doc, o, at, "enableCMT", &old[0]) < 0 ||
	    jget_bool(spec_doc, o, at, "enableMBM", &old[1]) < 0 ||
	    jget_bool(spec_doc, o, at, "enableMonitoring", &r->monitoring) < 0)
		return -1;
	r->monitoring |= old[0] || old[1];
	if (r->clos_id && (!*r->clos_id || strchr(r->clos_id, '/') || !strcmp(r->clos_id, ".") ||
			      !strcmp(r->clos_id, "..")))
		return jwrong(
		    spec_doc, at, "closID", "'%s' is not the name of a folder", r->clos_id);
	if (r->mb && (!str_starts(r->mb, "MB:") || strchr(r->mb, '\n')))
		return jwrong(spec_doc, at, "memBwSchema", "must be one line that starts with MB:");
	return 0;
}

static int spec_read_linux_sysctls(struct spec *s, const json_t *lx)
{
	if (spec_pairs(lx, "linux", "sysctl", &s->sysctl) < 0)
		return -1;
	for (size_t i = 0; i < s->sysctl.n;
	     i++) { /* a path under /proc/sys, . and / alike: it must not climb */
		char *k = s->sysctl.v[i], *eq = strchr(k, '='), *p = strpbrk(k, "./");
		bool slashes = p && *p == '/'; /* sysctl(8): the first tells which it is */
		for (; p && p < eq; p = strpbrk(p + 1, "./")) {
			if (p == k || strchr("./=", p[1]))
				return jwrong(spec_doc, "linux", "sysctl",
				    "'%s' contains an invalid path", k);
			if (slashes)
				*p = *p == '.' ? '/' : '.';
		}
	}
	return 0;
}

static int spec_read_linux_absolute(const struct strv *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i][0] != '/')
			return jwrong(
			    spec_doc, "linux", key, "'%s' is not an absolute path", l->v[i]);
	return 0;
}

static int spec_read_linux_paths(struct spec *s, const json_t *lx)
{
	if (jget_str(spec_doc, lx, "linux", "rootfsPropagation", &s->rootfs_propagation) < 0 ||
	    jget_str(spec_doc, lx, "linux", "mountLabel", &s->mount_label) < 0 ||
	    jget_strv(spec_doc, lx, "linux", "maskedPaths", &s->masked_paths) < 0 ||
	    jget_strv(spec_doc, lx, "linux", "readonlyPaths", &s->readonly_paths) < 0 ||
	    spec_read_linux_absolute(&s->masked_paths, "maskedPaths") < 0 ||
	    spec_read_linux_absolute(&s->readonly_paths, "readonlyPaths") < 0)
		return -1;
	const char *p = s->rootfs_propagation;
	if (!p || !*p)
		return 0;
	const char *bare = p + (*p == 'r');
	static const char words[] = "|shared|slave|private|unbindable|";
	const char *at = strstr(words + 1, bare);
	if (!at || at[-1] != '|' || at[strlen(bare)] != '|')
		return jwrong(spec_doc, "linux", "rootfsPropagation", "'%s' is not known", p);
	return 0;
}

int spec_read_linux(struct spec *s, const json_t *root)
{
	json_t *lx = NULL, *res = NULL, *sec = NULL;
	if (jget_obj(spec_doc, root, "", "linux", &lx) <= 0)
		return spec_absent(root, "linux");
	if (spec_read_linux_namespaces(s, lx) < 0 ||
	    spec_idmaps(lx, "linux.uidMappings", "uidMappings", &s->uid_map.v, &s->uid_map.n) < 0 ||
	    spec_idmaps(lx, "linux.gidMappings", "gidMappings", &s->gid_map.v, &s->gid_map.n) < 0 ||
	    spec_read_linux_devices(s, lx) < 0 ||
	    jget_obj(spec_doc, lx, "linux", "resources", &res) < 0)
		return -1;
	if (res && spec_read_resources(s, res) < 0)
		return -1;
	if (jget_str(spec_doc, lx, "linux", "cgroupsPath", &s->cgroups_path) < 0 ||
	    spec_read_linux_sysctls(s, lx) < 0 ||
	    jget_obj(spec_doc, lx, "linux", "seccomp", &sec) < 0 ||
	    spec_read_linux_paths(s, lx) < 0 || time_offsets(s, lx) < 0 || personality(s, lx) < 0 ||
	    spec_read_linux_net_devices(s, lx) < 0 || memory_policy(s, lx) < 0 || rdt(s, lx) < 0)
		return -1;
	if (sec)
		s->seccomp = json_text(sec);
	return 0;
}
