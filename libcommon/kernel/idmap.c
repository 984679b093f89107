/* idmap.c: user and group id maps; see idmap.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "pidfd.h"
#include "str.h"

static int write_direct(pid_t pid, const char *file, const struct idmap_entry *v, size_t n)
{
	struct buf b = {0};
	char path[48];
	buf_puts(&b, "");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%u %u %u\n", v[i].container, v[i].host, v[i].size);
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int r = file_poke(path, b.p);
	if (r < 0 && errno == EINVAL) /* user_namespaces(7) */
		fail("%s: two lines overlap, or there are more than 340: %s", file, b.p);
	else if (r < 0 && errno == EPERM)
		fail("%s: %m (the caller needs CAP_SETUID, CAP_SETGID and these ids)", file);
	buf_free(&b);
	return r;
}

/* Without privileges, only a set-uid program that checks /etc/subuid may map more than one's own
 * id. */
static int by_helper(const char *program, pid_t pid, const struct idmap_entry *v, size_t n)
{
	struct strv args = {0};
	strv_add(&args, program);
	strv_addf(&args, "%d", (int)pid);
	for (size_t i = 0; i < n; i++) {
		strv_addf(&args, "%u", v[i].container);
		strv_addf(&args, "%u", v[i].host);
		strv_addf(&args, "%u", v[i].size);
	}
	pid_t child = fork();
	if (child == 0) {
		_cleanup_free_ char *usual = xasprintf("/usr/bin/%s", program);
		execv(usual, args.v);
		execvp(program, args.v);
		_exit(127);
	}
	strv_free(&args);
	int status = pid_reap(child);
	if (status < 0)
		return fail_errno(program);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return fail("%s: cannot be run", program);
	return WEXITSTATUS(status)
		   ? fail("%s: refused the id map (see /etc/subuid and /etc/subgid)", program)
		   : 0;
}

static bool own_only(const struct idmap_entry *v, size_t n, uint32_t own)
{
	return n == 1 && v[0].size == 1 && v[0].host == own;
}

int idmap_write(pid_t pid, const struct idmap_entry *uids, size_t n_uids,
    const struct idmap_entry *gids, size_t n_gids)
{
	char path[48];
	bool root = geteuid() == 0;
	if (!root && own_only(gids, n_gids,
			 getegid())) { /* user_namespaces(7): setgroups must be denied first */
		snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
		if (file_poke(path, "deny") < 0)
			return -1;
	}
	int r = root || own_only(uids, n_uids, geteuid())
		    ? write_direct(pid, "uid_map", uids, n_uids)
		    : by_helper("newuidmap", pid, uids, n_uids);
	if (r < 0)
		return -1;
	return root || own_only(gids, n_gids, getegid())
		   ? write_direct(pid, "gid_map", gids, n_gids)
		   : by_helper("newgidmap", pid, gids, n_gids);
}

/* The user's next line; returns what follows it, or NULL. */
static const char *subid_next(
    const char *l, const char *user, uid_t uid, uint32_t *start, uint32_t *count)
{
	char number[16];
	snprintf(number, sizeof number, "%u", (unsigned)uid);
	while (*l) {
		size_t n = strcspn(l, "\n");
		_cleanup_free_ char *line = xstrndup(l, n);
		struct strv f = {0};
		int64_t a, c;
		strv_split(&f, line, ":");
		bool hit = f.n == 3 && (str_eq(f.v[0], user) || str_eq(f.v[0], number)) &&
			   num_parse("subid", f.v[1], 1, 0xfffffffe, &a) == 0 &&
			   num_parse("subid", f.v[2], 1, 0xfffffffe, &c) == 0 &&
			   a + c <= 0xffffffffll;
		strv_free(&f);
		l += n + (l[n] == '\n');
		if (!hit)
			continue;
		*start = (uint32_t)a;
		*count = (uint32_t)c;
		return l;
	}
	return NULL;
}

int subid_find(const char *text, const char *user, uid_t uid, uint32_t *start, uint32_t *count)
{
	return subid_next(text, user, uid, start, count) ? 0 : -1;
}

/* Has an earlier line of the user some of these ids? */
static bool subid_again(
    const char *text, const char *line, const char *user, uid_t uid, uint32_t start, uint32_t count)
{
	uint32_t s, c;
	while ((text = subid_next(text, user, uid, &s, &c)) && text < line)
		if (start < s + c && s < start + count)
			return true;
	return false;
}

uint32_t subid_nth(
    const char *text, const char *user, uid_t uid, uint32_t nth, struct idmap_entry *e)
{
	const char *next = text;
	uint32_t start, count, all = 0;
	while ((next = subid_next(next, user, uid, &start, &count))) {
		if (subid_again(text, next, user, uid, start, count))
			continue;
		uint32_t here = count < SUBID_SIZE ? 1 : count / SUBID_SIZE;
		if (nth >= all && nth - all < here) {
			e->host = start + (nth - all) * SUBID_SIZE;
			e->size = count < SUBID_SIZE ? count : SUBID_SIZE;
		}
		all += here;
	}
	return all;
}

bool idmap_inside(const struct idmap_entry *map, size_t n, uint32_t outside, uint32_t *inside)
{
	for (size_t i = 0; i < n; i++)
		if (outside >= map[i].host && outside - map[i].host < map[i].size)
			return *inside = map[i].container + (outside - map[i].host), true;
	return false;
}

bool idmap_outside(const struct idmap_entry *map, size_t n, uint32_t inside, uint32_t *outside)
{
	for (size_t i = 0; i < n; i++)
		if (inside >= map[i].container && inside - map[i].container < map[i].size)
			return *outside = map[i].host + (inside - map[i].container), true;
	return false;
}

void idmap_add(struct idmap *m, uint32_t container, uint32_t host, uint32_t size)
{
	if (size == 0)
		return;
	m->v = xrealloc(m->v, (m->n + 1) * sizeof *m->v);
	m->v[m->n++] = (struct idmap_entry){container, host, size};
}

int idmap_parse(const char *text, struct idmap_entry **v, size_t *n)
{
	struct strv parts = {0};
	strv_split(&parts, text, ",");
	for (size_t i = 0; i < parts.n; i++) {
		struct strv f = {0};
		int64_t num[3] = {0};
		strv_split(&f, parts.v[i], ":");
		bool ok = f.n == 3;
		for (size_t j = 0; ok && j < 3; j++)
			ok = num_parse("id map", f.v[j], j == 2, 0xfffffffe, &num[j]) == 0;
		strv_free(&f);
		if (!ok || num[0] + num[2] > 0xffffffffll || num[1] + num[2] > 0xffffffffll) {
			strv_free(&parts);
			return errno = EINVAL,
			       fail("id map: '%s' is not CONTAINER:HOST:SIZE[,...]", text);
		}
		*v = xrealloc(*v, (*n + 1) * sizeof **v);
		(*v)[(*n)++] =
		    (struct idmap_entry){(uint32_t)num[0], (uint32_t)num[1], (uint32_t)num[2]};
	}
	strv_free(&parts);
	return *n ? 0 : (errno = EINVAL, fail("id map: nothing in '%s'", text));
}
