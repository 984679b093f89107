/* scope.c: groups by systemd; see scope.h. What goes over the socket is D-Bus (dbus-specification,
 * "Message Protocol"): one call, its answer and, where systemd works at it, the signal JobRemoved.
 * A direct connection to systemd needs no Hello, and gets every signal. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "oci.h"
#include "pidfd.h"
#include "scope.h"
#include "str.h"

#define WAIT_S 60
#define MESSAGE_MAX (1u << 27) /* the specification's */

/* --- writing --- */

static void put_pad(struct buf *b, size_t to)
{
	while (b->n % to)
		buf_add(b, "", 1);
}

static void put_u32(struct buf *b, uint32_t v)
{
	put_pad(b, 4);
	buf_add(b, &v, 4);
}

static void put_u64(struct buf *b, uint64_t v)
{
	put_pad(b, 8);
	buf_add(b, &v, 8);
}

static void put_text(struct buf *b, const char *s)
{
	put_u32(b, (uint32_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

static void put_signature(struct buf *b, const char *s)
{
	unsigned char n = (unsigned char)strlen(s);
	buf_add(b, &n, 1);
	buf_add(b, s, n + 1u);
}

/* An array's length is written when it has ended; it does not count what aligns the first item. */
struct array {
	size_t length_at, from;
};

static struct array array_begin(struct buf *b, size_t align)
{
	struct array a;
	put_u32(b, 0);
	a.length_at = b->n - 4;
	put_pad(b, align);
	a.from = b->n;
	return a;
}

static void array_end(struct buf *b, struct array a)
{
	uint32_t n = (uint32_t)(b->n - a.from);
	memcpy(b->p + a.length_at, &n, 4);
}

static void put_property(struct buf *b, const char *name, const char *type)
{
	put_pad(b, 8);
	put_text(b, name);
	put_signature(b, type);
}

static void put_bool(struct buf *b, const char *name, bool on)
{
	put_property(b, name, "b");
	put_u32(b, on);
}

static void put_string(struct buf *b, const char *name, const char *value)
{
	put_property(b, name, "s");
	put_text(b, value);
}

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
	put_property(b, name, "ay");
	struct array a = array_begin(b, 1);
	buf_add(b, mask, n);
	array_end(b, a);
	return 0;
}

/* Limits that systemd would otherwise set back when it reads its units again. */
static int put_limits(struct buf *b, const struct strv *limits)
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
			put_property(b, known[k].property, "t");
			put_u64(b, n);
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
			put_bool(b, name, *v == 't');
		} else if (n > 1 && (*v == '\'' || *v == '"') && v[n - 1] == *v) {
			_cleanup_free_ char *text = xstrndup(v + 1, n - 2);
			put_string(b, name, text);
		} else if (num_parse(name, v + strlen(numbers[k].prefix), numbers[k].least,
			       numbers[k].most, &num) == 0) {
			put_property(b, name, numbers[k].type);
			if (k == 0)
				put_u64(b, (uint64_t)num);
			else
				put_u32(b, (uint32_t)num);
		} else {
			return fail_in("annotations: %s", notes->v[i]);
		}
	}
	return 0;
}

/* --- the connection --- */

static int bus_read(int fd, void *to, size_t n)
{
	for (char *p = to; n;) {
		ssize_t r = recv(fd, p, n, MSG_WAITALL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			errno = ECONNRESET;
		if (r <= 0)
			return fail("systemd: no answer: %m");
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* A systemd that has gone is no signal for us. */
static int bus_write(int fd, const struct buf *b)
{
	for (size_t done = 0; done < b->n;) {
		ssize_t r = send(fd, b->p + done, b->n - done, MSG_NOSIGNAL);
		if (r < 0 && errno != EINTR)
			return fail("systemd: %m");
		done += r > 0 ? (size_t)r : 0;
	}
	return 0;
}

/* dbus-specification, "Authentication Protocol": who we are, the kernel has told it. */
static int bus_open(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	if (geteuid() == 0)
		run = "/run";
	_cleanup_free_ char *path = xasprintf("%s/systemd/private", run ? run : "");
	struct timeval t = {.tv_sec = WAIT_S};
	char c = 0, first = 0;
	struct buf b = {0};
	int fd = oci_connect(path);
	if (fd < 0)
		return fail_in("systemd cgroup flag passed, but systemd support for managing "
			       "cgroups is not available");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	buf_add(&b, "", 1);
	buf_puts(&b, "AUTH EXTERNAL ");
	_cleanup_free_ char *uid = xasprintf("%u", geteuid());
	for (const char *p = uid; *p; p++)
		buf_printf(&b, "%02x", *p);
	/* In one write, and no message before the answer: one that systemd reads together with
	 * BEGIN lies there until more comes (seen with systemd 252: no answer to one call of four).
	 */
	buf_puts(&b, "\r\nBEGIN\r\n");
	bool sent = bus_write(fd, &b) == 0;
	buf_free(&b);
	while (sent && c != '\n' && bus_read(fd, &c, 1) == 0)
		first = first ? first : c;
	if (c == '\n' && first == 'O')
		return fd;
	if (c == '\n')
		fail("%s: it does not let us in", path);
	close(fd);
	return -1;
}

static void put_field(struct buf *b, int code, const char *type, const char *value)
{
	unsigned char c = (unsigned char)code;
	put_pad(b, 8);
	buf_add(b, &c, 1);
	put_signature(b, type);
	if (*type == 'g')
		put_signature(b, value);
	else
		put_text(b, value);
}

static int bus_send(int fd, const char *method, const char *signature, const struct buf *body)
{
	static const char begin[4] = {'l', 1, 0, 1}; /* bytes in our order: see put_u32() */
	struct buf b = {0};
	buf_add(&b, begin, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	b.p[0] = 'B';
#endif
	put_u32(&b, (uint32_t)body->n);
	put_u32(&b, 1);
	struct array a = array_begin(&b, 8);
	put_field(&b, 1, "o", "/org/freedesktop/systemd1");
	put_field(&b, 2, "s", "org.freedesktop.systemd1.Manager");
	put_field(&b, 3, "s", method);
	put_field(&b, 6, "s", "org.freedesktop.systemd1");
	put_field(&b, 8, "g", signature);
	array_end(&b, a);
	put_pad(&b, 8);
	buf_add(&b, body->p, body->n);
	int r = bus_write(fd, &b);
	buf_free(&b);
	return r;
}

struct message {
	unsigned char head[16];
	uint32_t n; /* of the body */
	char *fields, *body;
};

/* It is in our byte order: both run on one machine. */
static int bus_receive(int fd, struct message *m)
{
	uint32_t n;
	m->fields = m->body = NULL;
	if (bus_read(fd, m->head, 16) < 0)
		return -1;
	memcpy(&m->n, m->head + 4, 4);
	memcpy(&n, m->head + 12, 4);
	errno = EBADMSG;
	if (n > MESSAGE_MAX || m->n > MESSAGE_MAX)
		return fail("systemd: %m");
	m->fields = xcalloc(n + 9, 1);
	m->body = xcalloc(m->n + 1, 1);
	return bus_read(fd, m->fields, (n + 7) & ~7u) < 0 || bus_read(fd, m->body, m->n) < 0 ? -1
											     : 0;
}

/* The string at *at of a body; NULL when it does not end within it. */
static const char *get_text(const struct message *m, size_t *at)
{
	uint32_t n;
	size_t from = (*at + 3) & ~(size_t)3;
	if (from + 4 > m->n)
		return NULL;
	memcpy(&n, m->body + from, 4);
	if (n >= m->n - from - 4)
		return NULL;
	*at = from + 5 + n;
	return m->body[*at - 1] ? NULL : m->body + from + 4;
}

/* JobRemoved(u id, o job, s unit, s result): 1 when the unit's job is done, -1 when it has failed,
 * 0: another message. */
static int job_removed(const struct message *m, const char *unit)
{
	static const char name[] = "JobRemoved";
	uint32_t n;
	size_t at = 4;
	memcpy(&n, m->head + 12, 4);
	if (m->head[1] != 4 || !memmem(m->fields, n, name, sizeof name) || !get_text(m, &at))
		return 0;
	const char *whose = get_text(m, &at), *result = whose ? get_text(m, &at) : NULL;
	if (!result || strcmp(whose, unit) != 0)
		return 0;
	errno = EIO;
	return strcmp(result, "done") == 0 ? 1 : fail("%s: systemd says: %s", unit, result);
}

static uint32_t answer; /* the first number of the last one; of an array, its length */

/* A call about this unit, and its answer; with `job` the end of the work that it begins. */
static int bus_call(
    const char *method, const char *signature, const struct buf *body, const char *unit, bool job)
{
	struct message m;
	bool answered = false, done = !job;
	_cleanup_close_ int fd = bus_open();
	if (fd < 0 || bus_send(fd, method, signature, body) < 0)
		return -1;
	for (int r = 0; r >= 0 && !(answered && done);) {
		size_t at = 0;
		r = bus_receive(fd, &m);
		if (r == 0 && m.head[1] == 3) {
			const char *why = get_text(&m, &at);
			errno = EIO;
			r = fail("%s: systemd: %s: %s", unit, method, why ? why : "error");
		} else if (r == 0 && m.head[1] == 2) {
			answered = true;
			answer = 0;
			memcpy(&answer, m.body, m.n < 4 ? 0 : 4);
		} else if (r == 0 && (r = job_removed(&m, unit)) > 0) {
			done = true;
		}
		free(m.fields);
		free(m.body);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* --- scopes --- */

/* "SLICE:PREFIX:NAME" in its parts; `parts` holds them. */
static int scope_names(struct strv *parts, const char *cgroups_path, const char *id)
{
	const char *slice = geteuid() == 0 ? "system.slice" : "user.slice";
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

/* Stands in the scope, because systemd wants a process in it, until the container's own is there.
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

/* Its group: on the v2 side where systemd has that, else in the hierarchy name=systemd. */
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
	put_text(b, names->v[1]);
	put_text(b, "replace");
	struct array all = array_begin(b, 8);
	put_string(b, "Description", about);
	put_string(b, "Slice", names->v[0]);
	put_string(b, "CollectMode", "inactive-or-failed");
	put_bool(b, "Delegate", true);
	put_bool(b, "DefaultDependencies", false);
	put_property(b, "PIDs", "au");
	struct array pids = array_begin(b, 4);
	put_u32(b, (uint32_t)pid);
	array_end(b, pids);
	if (put_limits(b, &s->resources) < 0 || put_annotations(b, &s->annotations) < 0)
		return -1;
	array_end(b, all);
	array_end(b, array_begin(b, 8));
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
		return c->pid = 0, fail("fork: %m");
	int r = scope_body(&b, &c->names, s, id, c->pid);
	if (r == 0)
		r = bus_call("StartTransientUnit", "ssa(sv)a(sa(sv))", &b, c->unit, true);
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

int scope_update(const char *unit, const struct strv *limits)
{
	struct buf b = {0};
	put_text(&b, unit);
	put_u32(&b, true); /* until it ends */
	struct array all = array_begin(&b, 8);
	int r = put_limits(&b, limits);
	array_end(&b, all);
	if (r == 0)
		r = bus_call("SetUnitProperties", "sba(sv)", &b, unit, false);
	buf_free(&b);
	return r;
}

void scope_stop(const char *unit)
{
	struct buf b = {0};
	put_text(&b, unit);
	if (bus_call("GetUnitProcesses", "s", &b, unit, false) < 0 || answer) {
		buf_free(&b);
		return;
	}
	put_text(&b, "replace");
	bus_call("StopUnit", "ss", &b, unit, true);
	buf_free(&b);
}
