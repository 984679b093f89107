/* security_flags.c: capabilities, --security-opt and --privileged; see create_flags.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "caps.h"
#include "create_flags.h"
#include "err.h"
#include "file.h"
#include "mount_flags.h"

/* "NET_RAW,cap_mknod", "ALL": the capabilities named, and whether "all" is among them. */
static int cap_list(const char *flag, const struct strv *given, uint64_t *named, bool *all)
{
	_cleanup_strv_ struct strv l = {0};
	for (size_t i = 0, before; i < given->n; i++) {
		before = l.n;
		strv_split(&l, given->v[i], ",");
		if (l.n == before) /* an empty variable of a script, such as --cap-drop=$CAPS */
			return fail_usage("--%s: '%s' names no capability", flag, given->v[i]);
	}
	for (size_t i = 0; i < l.n; i++) {
		uint64_t bits;
		if (strcasecmp(l.v[i], "all") == 0)
			*all = true;
		else if (caps_from_name(l.v[i], &bits) < 0)
			return fail_in("--%s", flag), fail_as_usage();
		else
			*named |= bits;
	}
	return 0;
}

/* docker's meaning, in any order: with "add ALL" all but those that are dropped by name; with "drop
 * ALL" only those that are added by name; otherwise first the dropped ones go, then the added ones
 * come. */
static int security_flags_capabilities(const struct create_flags *o, struct spec *s)
{
	uint64_t add = 0, drop = 0, set = o->privileged ? caps_all() : s->caps.bounding;
	bool add_all = false, drop_all = false;
	if (cap_list("cap-add", &o->cap_add, &add, &add_all) < 0 ||
	    cap_list("cap-drop", &o->cap_drop, &drop, &drop_all) < 0)
		return -1;
	if (add_all)
		set = caps_all() & ~drop;
	else if (drop_all)
		set = add;
	else
		set = (set & ~drop) | add;
	/* The inheritable set stays empty (CVE-2022-29162). */
	s->caps = (struct spec_caps){.bounding = set, .effective = set, .permitted = set};
	return 0;
}

static int seccomp(struct spec *s, const char *value)
{
	free(s->seccomp);
	s->seccomp = NULL;
	if (strcmp(value, "unconfined") == 0)
		s->seccomp = xstrdup(value);
	else if (strcmp(value, "builtin") != 0 && !(s->seccomp = file_read(value, 4 << 20, NULL)))
		return fail_in("--security-opt: seccomp");
	return 0;
}

static bool security_is(const char *given, const char *key, const char *value)
{
	size_t n = strlen(key);
	return strncmp(given, key, n) == 0 && (given[n] == '=' || given[n] == ':') &&
	       strcmp(given + n + 1, value) == 0;
}

/* docker's label=user:U, role:R, type:T, level:L: parts of the process's SELinux label, the rest of
 * which is what container policies use. Passed on unchanged; a host without SELinux refuses it at
 * the start. */
static int selinux(struct spec *s, const char *v)
{
	static const char *const parts[] = {"user:", "role:", "type:", "level:"};
	_cleanup_free_ char *was =
	    s->selinux_label ? s->selinux_label : xstrdup("system_u:system_r:container_t:s0");
	char *part[4] = {was}, *colon;
	s->selinux_label = NULL;
	for (int i = 1; i < 4 && (colon = strchr(part[i - 1], ':')); i++) {
		*colon = 0;
		part[i] = colon + 1;
	}
	for (int i = 0; i < 4; i++)
		if (str_starts(v, parts[i]) && v[strlen(parts[i])]) {
			part[i] = (char *)v + strlen(parts[i]);
			s->selinux_label =
			    xasprintf("%s:%s:%s:%s", part[0], part[1], part[2], part[3]);
			return 0;
		}
	return fail_usage("--security-opt: 'label=%s' is not known (disable, user:U, role:R, "
			  "type:T, level:L)",
	    v);
}

static int security_flags_security(struct spec *s, const char *v)
{
	if (strcmp(v, "no-new-privileges") == 0 || security_is(v, "no-new-privileges", "true"))
		s->no_new_privileges = true;
	else if (security_is(v, "no-new-privileges", "false"))
		s->no_new_privileges = false;
	else if (str_starts(v, "seccomp=") || str_starts(v, "seccomp:"))
		return seccomp(s, v + strlen("seccomp="));
	else if (security_is(v, "systempaths", "unconfined")) {
		strv_free(&s->masked_paths);
		strv_free(&s->readonly_paths);
	} else if (security_is(v, "label", "disable")) {
		free(s->selinux_label);
		s->selinux_label = NULL;
	} else if (str_starts(v, "label=") || str_starts(v, "label:")) {
		return selinux(s, v + strlen("label="));
	} else if ((str_starts(v, "apparmor=") || str_starts(v, "apparmor:")) && v[9]) {
		/* Whether the profile is loaded, the kernel knows at the start. */
		free(s->apparmor);
		s->apparmor = xstrdup(v + strlen("apparmor="));
	} else {
		return fail_usage("--security-opt: '%s' is not known (no-new-privileges, "
				  "seccomp=unconfined|FILE, systempaths=unconfined, "
				  "apparmor=PROFILE|unconfined, label=disable|type:T)",
		    v);
	}
	return 0;
}

static void privileged(struct spec *s)
{
	s->x_privileged = true;
	strv_free(&s->masked_paths);
	strv_free(&s->readonly_paths);
	if (!s->seccomp)
		s->seccomp = xstrdup("unconfined");
	for (size_t i = 0; i < s->mounts.n; i++) { /* /sys and the cgroups are writable */
		struct strv *w = &s->mounts.v[i].options;
		for (size_t j = 0; j < w->n; j++)
			if (strcmp(w->v[j], "ro") == 0)
				memcpy(w->v[j], "rw", 2);
	}
	s->device_rules.n = 0;
}

int flags_privileges(const struct create_flags *o, struct spec *s)
{
	ipc_mounts(o, s);
	if (security_flags_capabilities(o, s) < 0)
		return -1;
	for (size_t i = 0; i < o->security.n; i++)
		if (security_flags_security(s, o->security.v[i]) < 0)
			return -1;
	if (o->privileged)
		privileged(s);
	if (o->privileged && devices_all(s) < 0)
		return -1;
	for (size_t i = 0; i < o->tmpfs.n; i++)
		if (tmpfs_flag(s, o->tmpfs.v[i]) < 0)
			return -1;
	flags_mounts_sort(s);
	return 0;
}
