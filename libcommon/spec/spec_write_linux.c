/* spec_write_linux.c: the spec as config.json's `linux` part; see spec_write.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spec_names.h"

static void spec_write_linux_namespaces(struct buf *b, const struct spec *s)
{
	spec_put_key(b, "namespaces");
	buf_puts(b, "[");
	for (int i = 0; i < NS_COUNT; i++) {
		if (!(s->ns_new & 1u << i) && !s->ns_path[i])
			continue;
		spec_put_comma(b);
		buf_puts(b, "{");
		spec_put_str(b, "type", spec_ns_names[i]);
		spec_put_str(b, "path", s->ns_path[i]);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void spec_write_linux_devices(struct buf *b, const struct spec *s)
{
	if (!s->devices.n)
		return;
	spec_put_key(b, "devices");
	buf_puts(b, "[");
	for (size_t i = 0; i < s->devices.n; i++) {
		const struct spec_device *d = &s->devices.v[i];
		spec_put_comma(b);
		buf_puts(b, "{");
		spec_put_str(b, "path", d->path);
		spec_put_str(b, "type", (char[]){d->type, 0});
		buf_printf(b,
		    ",\"major\":%" PRId64 ",\"minor\":%" PRId64
		    ",\"fileMode\":%u,\"uid\":%u,\"gid\":%u}",
		    d->major, d->minor, d->mode, d->uid, d->gid);
	}
	buf_puts(b, "]");
}

/* All limits but cpu.shares go into `unified`, which holds cgroup v2 names as they stand. */
static void resources(struct buf *b, const struct spec *s)
{
	spec_put_open(b, "resources");
	if (s->device_rules.n) {
		spec_put_key(b, "devices");
		buf_puts(b, "[");
		for (size_t i = 0; i < s->device_rules.n; i++) {
			const struct device_rule *r = &s->device_rules.v[i];
			spec_put_comma(b);
			buf_printf(b, "{\"allow\":%s", r->allow ? "true" : "false");
			spec_put_str(b, "type", (char[]){r->type, 0});
			if (r->major >= 0)
				spec_put_num(b, "major", r->major);
			if (r->minor >= 0)
				spec_put_num(b, "minor", r->minor);
			spec_put_str(b, "access", r->access);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	const char *shares = strv_getenv(&s->resources, "cpu.shares");
	if (shares) {
		spec_put_open(b, "cpu");
		spec_put_num(b, "shares", atoll(shares));
		buf_puts(b, "}");
	}
	/* A key may come more than once (a line for each disk): an object cannot hold that, so they
	 * are put in one text. */
	struct strv merged = {0};
	for (size_t i = 0; i < s->resources.n; i++) {
		const char *eq = strchr(s->resources.v[i], '=');
		_cleanup_free_ char *name =
		    xstrndup(s->resources.v[i], (size_t)(eq - s->resources.v[i]));
		if (strcmp(name, "cpu.shares") == 0)
			continue;
		const char *had = strv_getenv(&merged, name);
		_cleanup_free_ char *both =
		    had ? xasprintf("%s\n%s", had, eq + 1) : xstrdup(eq + 1);
		strv_setenv(&merged, name, both);
	}
	spec_put_pairs(b, "unified", &merged);
	if (s->check_before_update) {
		spec_put_open(b, "memory");
		spec_put_flag(b, "checkBeforeUpdate", true);
		buf_puts(b, "}");
	}
	strv_free(&merged);
	buf_puts(b, "}");
}

static void spec_write_linux_offset(
    struct buf *b, const char *clock, const struct spec_time_offset *t)
{
	if (!t->set)
		return;
	spec_put_open(b, clock);
	spec_put_num(b, "secs", t->secs);
	spec_put_num(b, "nanosecs", t->nanosecs);
	buf_puts(b, "}");
}

static void spec_write_linux_placement(struct buf *b, const struct spec *s)
{
	if (s->offset_monotonic.set || s->offset_boottime.set) {
		spec_put_open(b, "timeOffsets");
		spec_write_linux_offset(b, "monotonic", &s->offset_monotonic);
		spec_write_linux_offset(b, "boottime", &s->offset_boottime);
		buf_puts(b, "}");
	}
	if (s->has_personality) {
		spec_put_open(b, "personality");
		spec_put_str(b, "domain", spec_word_of(spec_personalities, (long)s->personality));
		buf_puts(b, "}");
	}
	if (s->memory_policy) {
		spec_put_open(b, "memoryPolicy");
		spec_put_str(b, "mode", spec_word_of(spec_memory_modes, s->memory_policy->mode));
		spec_put_str(b, "nodes", s->memory_policy->nodes);
		spec_put_words(b, "flags", spec_memory_flags, s->memory_policy->flags);
		buf_puts(b, "}");
	}
	if (s->rdt) {
		spec_put_open(b, "intelRdt");
		spec_put_str(b, "closID", s->rdt->clos_id);
		spec_put_str(b, "l3CacheSchema", s->rdt->l3);
		spec_put_str(b, "memBwSchema", s->rdt->mb);
		spec_put_list(b, "schemata", &s->rdt->schemata);
		spec_put_flag(b, "enableMonitoring", s->rdt->monitoring);
		buf_puts(b, "}");
	}
}

static void spec_write_linux_net_devices(struct buf *b, const struct spec *s)
{
	if (!s->net_devices.n)
		return;
	spec_put_open(b, "netDevices");
	for (size_t i = 0; i < s->net_devices.n; i++) {
		const char *eq = strchr(s->net_devices.v[i], '=');
		_cleanup_free_ char *host =
		    xstrndup(s->net_devices.v[i], (size_t)(eq - s->net_devices.v[i]));
		spec_put_open(b, host);
		spec_put_str(b, "name", eq + 1);
		buf_puts(b, "}");
	}
	buf_puts(b, "}");
}

void spec_put_linux(struct buf *b, const struct spec *s)
{
	spec_put_open(b, "linux");
	spec_write_linux_namespaces(b, s);
	spec_put_idmaps(b, "uidMappings", s->uid_map.v, s->uid_map.n);
	spec_put_idmaps(b, "gidMappings", s->gid_map.v, s->gid_map.n);
	spec_write_linux_devices(b, s);
	resources(b, s);
	spec_put_str(b, "cgroupsPath", s->cgroups_path);
	spec_put_pairs(b, "sysctl", &s->sysctl);
	if (s->seccomp && s->seccomp[0] == '{') {
		spec_put_key(b, "seccomp");
		buf_puts(b, s->seccomp);
	}
	spec_put_str(b, "rootfsPropagation", s->rootfs_propagation);
	spec_put_str(b, "mountLabel", s->mount_label);
	spec_write_linux_placement(b, s);
	spec_write_linux_net_devices(b, s);
	spec_put_list(b, "maskedPaths", &s->masked_paths);
	spec_put_list(b, "readonlyPaths", &s->readonly_paths);
	buf_puts(b, "}");
}
