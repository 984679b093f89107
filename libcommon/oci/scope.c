/* scope.c: groups by systemd; see scope.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cgroup.h"
#include "dbus.h"
#include "err.h"
#include "file.h"
#include "pidfd.h"
#include "scope.h"
#include "str.h"

/* A list of numbers such as "0-3,7" as systemd's bit mask. */
static int put_mask(struct buf *b, const char *name, const char *list)
{
	unsigned char mask[1024] = {0};
	size_t n = 0;
	for (const char *p = list; *p;) {
		char *end;
		unsigned long from = strtoul(p, &end, 10),
			      to = *end == '-' ? strtoul(end + 1, &end, 10) : from;
		errno = EINVAL;
		if (end == p || to < from || to >= sizeof mask * 8 || (*end && *end != ','))
			return fail("linux.resources.cpu: '%s' is not a list", list);
		for (; from <= to; from++)
			mask[from / 8] |= (unsigned char)(1u << from % 8);
		n = to / 8 + 1 > n ? to / 8 + 1 : n;
		p = end + (*end == ',');
	}
	bus_property(b, name, "ay");
	struct bus_array a = bus_array_begin(b, 1);
	buf_add(b, mask, n);
	bus_array_end(b, a);
	return 0;
}

/* Limits that systemd would otherwise set back when it reads its units again. */
static int scope_put_limits(struct buf *b, const struct strv *limits)
{
	static const struct {
		const char *key, *property;
	} known[] = {{"memory.max=", "MemoryMax"}, {"memory.high=", "MemoryHigh"},
	    {"memory.low=", "MemoryLow"}, {"memory.swap.max=", "MemorySwapMax"},
	    {"cpu.weight=", "CPUWeight"}, {"io.weight=", "IOWeight"},
	    {"io.bfq.weight=", "IOWeight"}, {"pids.max=", "TasksMax"},
	    {"cpu.max=", "CPUQuotaPerSecUSec"}, {"cpuset.cpus=", "AllowedCPUs"},
	    {"cpuset.mems=", "AllowedMemoryNodes"}};
	for (size_t i = 0; i < limits->n; i++)
		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
			if (!str_starts(limits->v[i], known[k].key))
				continue;
			const char *v = limits->v[i] + strlen(known[k].key);
			if (known[k].property[0] == 'A') {
				if (*v && put_mask(b, known[k].property, v) < 0)
					return -1;
				continue;
			}
			if (strchr(v, ':')) /* of one disk */
				continue;
			if (str_starts(v, "default "))
				v += 8;
			char *end;
			uint64_t n = UINT64_MAX;
			if (known[k].key[4] == 'm' && *v != 'm') { /* cpu.max: QUOTA PERIOD */
				n = strtoull(v, &end, 10) * 1000000;
				uint64_t period = strtoull(end, NULL, 10);
				n /= period ? period : 100000;
			} else if (*v != 'm' && size_parse(known[k].key, v, &n) < 0) {
				return -1;
			}
			if (known[k].key[3] == 'b')
				n = cgroup_io_of_blkio(n);
			bus_property(b, known[k].property, "t");
			bus_u64(b, n);
		}
	return 0;
}

/* Annotations that are properties, as runc takes them: org.systemd.property.NAME, of GVariant's
 * text the strings, booleans and whole numbers. */
static int put_annotations(struct buf *b, const struct strv *notes)
{
	static const char prefix[] = "org.systemd.property.";
	static const struct {
		const char *prefix, *type;
		int64_t least, most;
	} numbers[] = {{"uint64 ", "t", 0, INT64_MAX}, {"uint32 ", "u", 0, UINT32_MAX},
	    {"int32 ", "i", INT32_MIN, INT32_MAX}, {"", "i", INT32_MIN, INT32_MAX}};
	for (size_t i = 0; i < notes->n; i++) {
		if (!str_starts(notes->v[i], prefix))
			continue;
		const char *eq = strchr(notes->v[i], '='), *v = eq + 1;
		size_t n = strlen(v);
		_cleanup_free_ char *name = xstrndup(notes->v[i] + sizeof prefix - 1,
		    (size_t)(eq - notes->v[i]) - sizeof prefix + 1);
		size_t k = 0;
		while (!str_starts(v, numbers[k].prefix))
			k++;
		int64_t num;
		if (strcmp(v, "true") == 0 || strcmp(v, "false") == 0) {
			bus_bool(b, name, *v == 't');
		} else if (n > 1 && (*v == '\'' || *v == '"') && v[n - 1] == *v) {
			_cleanup_free_ char *text = xstrndup(v + 1, n - 2);
			bus_string(b, name, text);
		} else if (num_parse(name, v + strlen(numbers[k].prefix), numbers[k].least,
			       numbers[k].most, &num) == 0) {
			bus_property(b, name, numbers[k].type);
			if (k == 0)
				bus_u64(b, (uint64_t)num);
			else
				bus_u32(b, (uint32_t)num);
		} else {
			return fail_in("annotations: %s", notes->v[i]);
		}
	}
	return 0;
}

/* --- scopes --- */

/* "SLICE:PREFIX:NAME" in its parts; `parts` holds them. */
static int scope_names(struct strv *parts, const char *cgroups_path, const char *id)
{
	const char *slice = bus_is_user() ? "user.slice" : "system.slice";
	_cleanup_free_ char *plain = xasprintf("%s:ctr-oci:%s", slice, id);
	const char *from = cgroups_path && *cgroups_path ? cgroups_path : plain;
	const char *one = strchr(from, ':'), *two = one ? strchr(one + 1, ':') : NULL;
	errno = EINVAL;
	if (!two || !two[1] || strpbrk(from, "/"))
		return fail("linux.cgroupsPath: expected cgroupsPath to be of format "
			    "\"slice:prefix:name\" for systemd cgroups, got \"%s\" instead",
		    from);
	strv_addf(parts, "%.*s", (int)(one - from), from);
	if (one == from) {
		free(parts->v[0]);
		parts->v[0] = xstrdup(slice);
	}
	strv_addf(parts, "%.*s%s%s.scope", (int)(two - one - 1), one + 1, two - one > 1 ? "-" : "",
	    two + 1);
	return 0;
}

/* A process that stands in the scope until the container's own is there, because systemd wants one
 * in it.
 */
static pid_t scope_stand_in(void)
{
	pid_t up = getpid(), pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == up)
		pause();
	_exit(0);
}

/* The group of the scope: on the v2 side where systemd has that, else in the hierarchy
 * name=systemd. */
static char *scope_group(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid),
			    *text = file_read(path, FILE_ANY, NULL);
	const char *named = text ? strstr(text, ":name=systemd:/") : NULL,
		   *v2 = text ? strstr(text, "0::/") : NULL, *at = named || !v2 ? named : v2;
	if (at)
		at = strchr(at, '/') + 1;
	return at ? xstrndup(at, strcspn(at, "\n")) : NULL;
}

static int scope_body(
    struct buf *b, const struct strv *names, const struct spec *s, const char *id, pid_t pid)
{
	_cleanup_free_ char *about = xasprintf("container %s", id);
	bus_text(b, names->v[1]);
	bus_text(b, "replace");
	struct bus_array all = bus_array_begin(b, 8);
	bus_string(b, "Description", about);
	bus_string(b, "Slice", names->v[0]);
	bus_string(b, "CollectMode", "inactive-or-failed");
	bus_bool(b, "Delegate", true);
	bus_bool(b, "DefaultDependencies", false);
	bus_property(b, "PIDs", "au");
	struct bus_array pids = bus_array_begin(b, 4);
	bus_u32(b, (uint32_t)pid);
	bus_array_end(b, pids);
	if (put_annotations(b, &s->annotations) < 0 || scope_put_limits(b, &s->resources) < 0)
		return -1;
	bus_array_end(b, all);
	bus_array_end(b, bus_array_begin(b, 8));
	return 0;
}

int scope_name(struct scope *c, const struct spec *s, const char *id)
{
	if (scope_names(&c->names, s->cgroups_path, id) < 0)
		return -1;
	c->unit = c->names.v[1];
	return 0;
}

int scope_start(struct scope *c, const struct spec *s, const char *id)
{
	struct buf b = {0};
	if ((c->pid = scope_stand_in()) < 0)
		return c->pid = 0, fail_errno("fork");
	int r = scope_body(&b, &c->names, s, id, c->pid);
	if (r == 0)
		r = bus_call("StartTransientUnit", "ssa(sv)a(sa(sv))", &b, c->unit, true, NULL);
	buf_free(&b);
	if (r < 0)
		return -1;
	c->path = scope_group(c->pid);
	errno = ENOENT;
	return c->path && str_ends(c->path, c->unit)
		   ? 0
		   : fail("%s: systemd has not moved the process into it", c->unit);
}

void scope_settled(struct scope *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		pid_reap(c->pid);
	}
	c->pid = 0;
}

/* The kernel looks at the groups from and to and at the one above both, so it is tried. */
bool scope_joinable(const char *path)
{
	if (!bus_is_user())
		return true;
	pid_t pid = fork();
	if (pid == 0)
		_exit(cgroup_join(path, getpid()) < 0);
	return pid_reap(pid) == 0;
}

void scope_attach(const char *unit, pid_t pid)
{
	struct buf b = {0};
	bus_text(&b, unit);
	bus_text(&b, "");
	struct bus_array pids = bus_array_begin(&b, 4);
	bus_u32(&b, (uint32_t)pid);
	bus_array_end(&b, pids);
	if (bus_call("AttachProcessesToUnit", "ssau", &b, unit, false, NULL) < 0)
		warn_fail();
	buf_free(&b);
}

int scope_update(const char *unit, const struct strv *limits)
{
	struct buf b = {0};
	bus_text(&b, unit);
	bus_u32(&b, true); /* the scope lives until this process ends */
	struct bus_array all = bus_array_begin(&b, 8);
	int r = scope_put_limits(&b, limits);
	bus_array_end(&b, all);
	if (r == 0)
		r = bus_call("SetUnitProperties", "sba(sv)", &b, unit, false, NULL);
	buf_free(&b);
	return r;
}

void scope_stop(const char *unit)
{
	struct buf b = {0};
	bus_text(&b, unit);
	uint32_t processes = 0;
	if (bus_call("GetUnitProcesses", "s", &b, unit, false, &processes) < 0 || processes) {
		buf_free(&b);
		return;
	}
	bus_text(&b, "replace");
	bus_call("StopUnit", "ss", &b, unit, true, NULL);
	buf_free(&b);
}
