/* dbus.c: calls to systemd; see dbus.h. What goes over the socket is D-Bus (dbus-specification,
 * "Message Protocol"): one call, its answer and, where systemd works at it, the signal JobRemoved.
 * A direct connection to systemd needs no Hello, and gets every signal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dbus.h"
#include "err.h"
#include "file.h"
#include "oci.h"
#include "userns.h"

#define WAIT_S 60
#define MESSAGE_MAX (1u << 27) /* the specification's */

/* --- writing --- */

static void bus_pad(struct buf *b, size_t to)
{
	while (b->n % to)
		buf_add(b, "", 1);
}

void bus_u32(struct buf *b, uint32_t v)
{
	bus_pad(b, 4);
	buf_add(b, &v, 4);
}

void bus_u64(struct buf *b, uint64_t v)
{
	bus_pad(b, 8);
	buf_add(b, &v, 8);
}

void bus_text(struct buf *b, const char *s)
{
	bus_u32(b, (uint32_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

static void bus_signature(struct buf *b, const char *s)
{
	unsigned char n = (unsigned char)strlen(s);
	buf_add(b, &n, 1);
	buf_add(b, s, n + 1u);
}

struct bus_array bus_array_begin(struct buf *b, size_t align)
{
	struct bus_array a;
	bus_u32(b, 0);
	a.length_at = b->n - 4;
	bus_pad(b, align);
	a.from = b->n;
	return a;
}

void bus_array_end(struct buf *b, struct bus_array a)
{
	uint32_t n = (uint32_t)(b->n - a.from);
	memcpy(b->p + a.length_at, &n, 4);
}

void bus_property(struct buf *b, const char *name, const char *type)
{
	bus_pad(b, 8);
	bus_text(b, name);
	bus_signature(b, type);
}

void bus_bool(struct buf *b, const char *name, bool on)
{
	bus_property(b, name, "b");
	bus_u32(b, on);
}

void bus_string(struct buf *b, const char *name, const char *value)
{
	bus_property(b, name, "s");
	bus_text(b, value);
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
			return fail_errno("systemd: no answer");
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* That systemd has gone must not end us by SIGPIPE. */
static int bus_write(int fd, const struct buf *b)
{
	for (size_t done = 0; done < b->n;) {
		ssize_t r = send(fd, b->p + done, b->n - done, MSG_NOSIGNAL);
		if (r < 0 && errno != EINTR)
			return fail_errno("systemd");
		done += r > 0 ? (size_t)r : 0;
	}
	return 0;
}

bool bus_is_user(void)
{
	return geteuid() != 0 || userns_nested();
}

/* Our id outside the user namespace that we may be in: that is what the other end sees. */
static unsigned bus_uid(void)
{
	unsigned uid = geteuid();
	_cleanup_free_ char *map = file_read("/proc/self/uid_map", 65536, NULL);
	for (char *p = map; p && *p; p += strspn(p, "\n")) {
		unsigned long in = strtoul(p, &p, 10), out = strtoul(p, &p, 10),
			      n = strtoul(p, &p, 10);
		if (uid - in < n)
			return (unsigned)(uid - in + out);
	}
	return uid;
}

/* Root's systemd itself; a user's over the bus of the session, as runc, itself, or over the bus
 * that is at the usual place. *bus says which it is. */
static int bus_connect(unsigned uid, bool *bus)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = getenv("XDG_RUNTIME_DIR");
	*bus = false;
	if (!bus_is_user())
		return oci_connect("/run/systemd/private");
	_cleanup_free_ char *usual = xasprintf("/run/user/%u", uid);
	if (!run || *run != '/')
		run = usual;
	_cleanup_free_ char *own = path_join(run, "systemd/private"), *at = path_join(run, "bus"),
			    *said = NULL;
	if (address && str_starts(address, "unix:path="))
		said = xstrndup(address + 10, strcspn(address + 10, ",;"));
	const char *const paths[] = {said ? said : own, own, at};
	int fd = -1;
	for (int i = 0; i < 3 && fd < 0; i++) {
		*bus = paths[i] != own;
		fd = oci_connect(paths[i]);
	}
	return fd;
}

/* dbus-specification, "Authentication Protocol" (EXTERNAL): the kernel has told the other end who
 * we are. */
static int bus_open(bool *bus)
{
	struct timeval t = {.tv_sec = WAIT_S};
	unsigned id = bus_uid();
	char c = 0, first = 0;
	struct buf b = {0};
	int fd = bus_connect(id, bus);
	if (fd < 0)
		return fail_in("systemd cgroup flag passed, but systemd support for managing "
			       "cgroups is not available");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	buf_add(&b, "", 1);
	buf_puts(&b, "AUTH EXTERNAL ");
	_cleanup_free_ char *uid = xasprintf("%u", id);
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
		fail("systemd: it does not let us in");
	close(fd);
	return -1;
}

static void bus_field(struct buf *b, int code, const char *type, const char *value)
{
	unsigned char c = (unsigned char)code;
	bus_pad(b, 8);
	buf_add(b, &c, 1);
	bus_signature(b, type);
	if (*type == 'g')
		bus_signature(b, value);
	else
		bus_text(b, value);
}

/* The addressee of a call: an object, its interface, and the name on the bus that has it. */
static const char *const bus_systemd[] = {
    "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "org.freedesktop.systemd1"};
static const char *const bus_itself[] = {
    "/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus"};

static int bus_send(int fd, const char *const to[3], const char *method, const char *signature,
    const struct buf *body)
{
	static const char begin[4] = {'l', 1, 0, 1}; /* bytes in our order: see bus_u32() */
	struct buf b = {0};
	buf_add(&b, begin, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	b.p[0] = 'B';
#endif
	bus_u32(&b, (uint32_t)body->n);
	bus_u32(&b, 1); /* its number: the next one follows the answer only */
	struct bus_array a = bus_array_begin(&b, 8);
	bus_field(&b, 1, "o", to[0]);
	bus_field(&b, 2, "s", to[1]);
	bus_field(&b, 3, "s", method);
	bus_field(&b, 6, "s", to[2]);
	bus_field(&b, 8, "g", signature);
	bus_array_end(&b, a);
	bus_pad(&b, 8);
	if (body->n)
		buf_add(&b, body->p, body->n);
	int r = bus_write(fd, &b);
	buf_free(&b);
	return r;
}

struct bus_message {
	unsigned char head[16];
	uint32_t n; /* of the body */
	char *fields, *body;
};

/* It is in our byte order: both run on one machine. */
static int bus_receive(int fd, struct bus_message *m)
{
	uint32_t n;
	m->fields = m->body = NULL;
	if (bus_read(fd, m->head, 16) < 0)
		return -1;
	memcpy(&m->n, m->head + 4, 4);
	memcpy(&n, m->head + 12, 4);
	errno = EBADMSG;
	if (n > MESSAGE_MAX || m->n > MESSAGE_MAX)
		return fail_errno("systemd");
	m->fields = xcalloc(n + 9, 1);
	m->body = xcalloc(m->n + 1, 1);
	return bus_read(fd, m->fields, (n + 7) & ~7u) < 0 || bus_read(fd, m->body, m->n) < 0 ? -1
											     : 0;
}

/* The string at *at of a body; NULL when it does not end within it. */
static const char *bus_get_text(const struct bus_message *m, size_t *at)
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
static int bus_job_removed(const struct bus_message *m, const char *unit)
{
	static const char name[] = "JobRemoved";
	uint32_t n;
	size_t at = 4;
	memcpy(&n, m->head + 12, 4);
	if (m->head[1] != 4 || !memmem(m->fields, n, name, sizeof name) || !bus_get_text(m, &at))
		return 0;
	const char *whose = bus_get_text(m, &at), *result = whose ? bus_get_text(m, &at) : NULL;
	if (!result || strcmp(whose, unit) != 0)
		return 0;
	errno = EIO;
	return strcmp(result, "done") == 0 ? 1 : fail("%s: systemd says: %s", unit, result);
}

static int bus_ask(int fd, const char *const to[3], const char *method, const char *signature,
    const struct buf *body, const char *unit, bool job, uint32_t *answer)
{
	struct bus_message m;
	bool answered = false, done = !job;
	if (bus_send(fd, to, method, signature, body) < 0)
		return -1;
	for (int r = 0; r >= 0 && !(answered && done);) {
		size_t at = 0;
		r = bus_receive(fd, &m);
		if (r == 0 && m.head[1] == 3) {
			const char *why = bus_get_text(&m, &at);
			errno = EIO;
			r = fail("%s: systemd: %s: %s", unit, method, why ? why : "error");
		} else if (r == 0 && m.head[1] == 2) {
			answered = true;
			if (answer)
				memcpy(answer, m.body, m.n < 4 ? 0 : 4);
		} else if (r == 0 && (r = bus_job_removed(&m, unit)) > 0) {
			done = true;
		}
		free(m.fields);
		free(m.body);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* A bus wants a greeting, and passes on only the signals that one asks for. */
static int bus_join(int fd, const char *unit)
{
	struct buf none = {0}, match = {0};
	bus_text(&match, "type='signal',member='JobRemoved'");
	int r = bus_ask(fd, bus_itself, "Hello", "", &none, unit, false, NULL) < 0 ||
			bus_ask(fd, bus_itself, "AddMatch", "s", &match, unit, false, NULL) < 0
		    ? -1
		    : bus_ask(fd, bus_systemd, "Subscribe", "", &none, unit, false, NULL);
	buf_free(&match);
	return r;
}

int bus_call(const char *method, const char *signature, const struct buf *body, const char *unit,
    bool job, uint32_t *answer)
{
	bool bus;
	_cleanup_close_ int fd = bus_open(&bus);
	if (fd < 0 || (bus && bus_join(fd, unit) < 0))
		return -1;
	return bus_ask(fd, bus_systemd, method, signature, body, unit, job, answer);
}
