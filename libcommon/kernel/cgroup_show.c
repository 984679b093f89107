/* cgroup_show.c: printing a group's counters and the events in it; see cgroup.h.
 *
 * Changes of v2's event files are reported by inotify. On v1 an eventfd reports when memory runs
 * out (cgroup-v1/memory.rst, "OOM Control"); v1's other counters are read once a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"

int cgroup_show_stat(const char *path)
{
	struct kv kv = {0};
	if (cgroup_stat(path, &kv) < 0)
		return -1;
	for (size_t i = 0; i < kv.keys.n; i++)
		printf("%s %s\n", kv.keys.v[i], kv.vals.v[i]);
	return 0;
}

enum { W_MEMORY, W_PIDS, W_CGROUP, W_N };
static const struct {
	const char *name, *controller, *file;
} watched[W_N] = {{"memory", "memory", "memory.events"}, {"pids", "pids", "pids.events"},
    {"cgroup", "", "cgroup.events"}};

static char *events(const char *path, int dir, int i, bool v1)
{
	uint64_t kills;
	if (i != W_MEMORY || !v1)
		return file_read_at(dir, watched[i].file, 4096, NULL);
	_cleanup_free_ char *hits = file_read_at(dir, "memory.failcnt", 64, NULL);
	return hits && cgroup_oom_kills(path, &kills) == 0
		   ? xasprintf("max %soom_kill %llu\n", hits, (unsigned long long)kills)
		   : NULL;
}

static void differences(const char *what, const char *before, const char *after)
{
	struct strv b = {0}, a = {0};
	strv_split(&b, before, "\n");
	strv_split(&a, after, "\n");
	for (size_t i = 0; i < a.n; i++)
		if (!strv_has(&b, a.v[i]))
			printf("%s %s\n", what, a.v[i]);
	strv_free(&b);
	strv_free(&a);
}

static int oom_eventfd(int memory)
{
	_cleanup_close_ int control = openat(memory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];
	snprintf(line, sizeof line, "%d %d", fd, control);
	return file_poke_at(memory, "cgroup.event_control", line) < 0 ? -1 : fd;
}

int cgroup_show_events(const char *path)
{
	int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), dirs[W_N], oom_fd = -1;
	char at[64], junk[4096], *seen[W_N] = {NULL};
	/* A container may have used up its user's inotify instances or watches: then the files are
	 * read once a second. */
	bool v1[W_N], look = in < 0;
	if (!cgroup_with(""))
		return fail(
		    "%s: --watch: there is no cgroup v2 here to tell of events (v1 can only be "
		    "polled: --stat)",
		    path);
	for (int i = 0; i < W_N; i++) {
		const struct cgroup_hierarchy *h = cgroup_with(watched[i].controller);
		dirs[i] = cgroup_dir(path, watched[i].controller);
		v1[i] = h && !h->v2;
		look |= v1[i];
		snprintf(at, sizeof at, "/proc/self/fd/%d/%s", dirs[i], watched[i].file);
		bool none = !v1[i] && in >= 0 && inotify_add_watch(in, at, IN_MODIFY) < 0;
		look |= none && errno == ENOSPC;
		if (none && errno != ENOSPC && i == W_CGROUP)
			return fail_tried(path, "watch");
	}
	if (v1[W_MEMORY])
		oom_fd = oom_eventfd(dirs[W_MEMORY]);
	for (bool empty = false; !empty;) {
		for (int i = 0; i < W_N; i++) {
			char *text = events(path, dirs[i], i, v1[i]);
			if (seen[i] || i == W_CGROUP)
				differences(
				    watched[i].name, seen[i] ? seen[i] : "", text ? text : "");
			empty = i == W_CGROUP && (!text || strstr(text, "populated 0"));
			free(seen[i]);
			seen[i] = text;
		}
		if (fflush(stdout))
			return fail_errno("stdout");
		struct pollfd p[2] = {
		    {.fd = in, .events = POLLIN}, {.fd = oom_fd, .events = POLLIN}};
		if (!empty)
			poll(p, 2, look ? 1000 : -1);
		while (read(in, junk, sizeof junk) > 0)
			;
		/* The eventfd reports before the kill has been counted. */
		if (oom_fd >= 0 && read(oom_fd, junk, 8) == 8)
			poll(NULL, 0, 100);
	}
	return 0;
}
