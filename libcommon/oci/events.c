/* events.c: a container's statistics and events, as runc's `events` prints them; see oci.h. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "json.h"
#include "oci.h"

static json_t *events_num(const struct kv *kv, const char *key, int64_t scale)
{
	return json_integer(kv_num(kv, key, 0) * scale);
}

static json_t *events_limit(const char *group, const char *key)
{
	_cleanup_free_ char *v = cgroup_get(group, key);
	return json_integer(v && *v >= '0' && *v <= '9' ? strtoll(v, NULL, 10) : 0);
}

char *oci_stats(const struct oci_record *r)
{
	const char *group = oci_record_group(r);
	struct kv kv = {0};
	if (r->status == OCI_STOPPED) {
		errno = ESRCH;
		fail("container with id %s is not running", r->id);
		return NULL;
	}
	if (!group || cgroup_stat(group, &kv) < 0) {
		if (!group)
			fail("%s: it has no cgroup that counts", r->id);
		return NULL;
	}
	_cleanup_json_ json_t *j =
	    json_make("{type:s,id:s,data:{cpu:{usage:{total:o,kernel:o,user:o},"
		      "throttling:{periods:o,throttledPeriods:o,throttledTime:o}},"
		      "memory:{usage:{limit:o,usage:o},cache:o,swap:{usage:o}},"
		      "pids:{current:o,limit:o},blkio:{readBytes:o,writeBytes:o}}}",
		"stats", r->id, events_num(&kv, "cpu.usage_usec", 1000),
		events_num(&kv, "cpu.system_usec", 1000), events_num(&kv, "cpu.user_usec", 1000),
		events_num(&kv, "cpu.nr_periods", 1), events_num(&kv, "cpu.nr_throttled", 1),
		events_num(&kv, "cpu.throttled_usec", 1000), events_limit(group, "memory.max"),
		events_num(&kv, "memory.current", 1), events_num(&kv, "memory.file", 1),
		events_num(&kv, "memory.swap.current", 1), events_num(&kv, "pids.current", 1),
		events_limit(group, "pids.max"), events_num(&kv, "io.rbytes", 1),
		events_num(&kv, "io.wbytes", 1));
	kv_free(&kv);
	return json_text(j);
}

static void event_oom(const struct oci_record *r)
{
	_cleanup_json_ json_t *j = json_make("{type:s,id:s}", "oom", r->id);
	_cleanup_free_ char *text = json_text(j);
	puts(text);
	fflush(stdout);
}

/* OOM kills are counted by the kernel (on cgroup v1 since Linux 4.13, and on v2): the counter is
 * read every half second or more often, which works on every layout. */
int oci_events(struct oci_record *r, int interval)
{
	const char *group = oci_record_group(r);
	uint64_t kills = 0, now;
	int pidfd = oci_record_pidfd(r);
	if (pidfd < 0)
		return -1;
	if (group && cgroup_oom_kills(group, &kills) < 0)
		kills = 0;
	int parts = (interval + 499) / 500;
	for (int part = 0;; part = (part + 1) % parts) {
		struct pollfd p = {.fd = pidfd, .events = POLLIN};
		bool ended = poll(&p, 1, interval / parts) > 0;
		if (group && cgroup_oom_kills(group, &now) == 0)
			for (; kills < now; kills++)
				event_oom(r);
		if (ended)
			break;
		if (part)
			continue;
		oci_record_look(r);
		_cleanup_free_ char *text = oci_stats(r);
		if (text) {
			puts(text);
			fflush(stdout);
		}
	}
	close(pidfd);
	return 0;
}
