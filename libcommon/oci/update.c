/* update.c: changing the limits of an existing container; see oci.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "oci.h"
#include "place.h"
#include "scope.h"
#include "str.h"

/* checkBeforeUpdate: a limit below the memory in use would kill the container (config-linux.md,
 * "Memory"). */
static int update_fits(const char *group, const struct spec *limits)
{
	const char *max = strv_getenv(&limits->resources, "memory.max");
	const char *swap = strv_getenv(&limits->resources, "memory.swap.max");
	_cleanup_free_ char *used =
	    max && limits->check_before_update ? cgroup_get(group, "memory.current") : NULL;
	if (!used || strcmp(max, "max") == 0)
		return 0;
	uint64_t want = strtoull(max, NULL, 10), now = strtoull(used, NULL, 10);
	if (want >= now)
		return 0;
	bool both = swap && *swap != 'm' && want + strtoull(swap, NULL, 10) < now;
	errno = EBUSY;
	return fail("memory.max=%s: rejecting memory%s limit: %s bytes are in use", max,
	    both ? "+swap" : "", used);
}

/* The half of cpu.max that was not said stays as it is. */
static void update_cpu(const char *group, struct spec *limits)
{
	const char *max = strv_getenv(&limits->resources, "cpu.max");
	_cleanup_free_ char *now = max ? cgroup_get(group, "cpu.max") : NULL, *both = NULL;
	if (!now || limits->cpu_quota == limits->cpu_period)
		return;
	if (limits->cpu_quota)
		both = xasprintf("%.*s%s", (int)strcspn(max, " "), max, now + strcspn(now, " "));
	else
		both = xasprintf("%.*s%s", (int)strcspn(now, " "), now, max + strcspn(max, " "));
	strv_setenv(&limits->resources, "cpu.max", both);
}

/* A key of disks has a line for each: "io.max=8:0 rbps=1", "io.bfq.weight=8:0 9". What stands there
 * for the same disk is replaced. */
static void update_record(struct strv *now, const char *kv)
{
	size_t n = strcspn(kv, "=") + 1, disk = strcspn(kv + n, " ");
	if (strcspn(kv + n, ":") < disk) {
		const char *eq = strchr(kv + n, '=');
		n = eq ? (size_t)(eq - kv) : n + disk;
	}
	for (size_t i = 0; i < now->n; i++)
		if (strncmp(now->v[i], kv, n) == 0) {
			free(now->v[i]);
			now->v[i] = xstrdup(kv);
			return;
		}
	strv_add(now, kv);
}

int oci_update(struct oci_record *r, struct spec *limits)
{
	const char *group = oci_record_group(r);
	struct spec s;
	if (r->status == OCI_STOPPED)
		return errno = ESRCH, fail("container not running: %s", r->id);
	if (!group)
		return errno = ENODEV, fail("%s: it has no cgroup", r->id);
	_cleanup_close_ int held = place_lock(group);
	update_cpu(group, limits);
	if (held == -2 || update_fits(group, limits) < 0 ||
	    cgroup_set(group, &limits->resources) < 0)
		return -1;
	if (limits->device_rules.n &&
	    cgroup_devices(group, limits->device_rules.v, limits->device_rules.n) < 0)
		return -1;
	const char *scope = kv_get(&r->state, "scope");
	if (scope && scope_update(scope, &limits->resources) < 0)
		return -1;
	/* The config.json that it was created with is updated, too. */
	if (oci_record_spec(r, &s) < 0)
		return -1;
	for (size_t i = 0; i < limits->resources.n; i++)
		update_record(&s.resources, limits->resources.v[i]);
	_cleanup_free_ char *text = spec_text(&s);
	spec_free(&s);
	return file_write_at(r->dir, "config.json", text, strlen(text), 0600, false);
}
