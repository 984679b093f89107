/* host_names.c: names in the hosts files of a network's containers; see host_names.h.
 *
 * The files are bind-mounted, so they are edited in place: a rename would leave the containers with
 * the old ones. What a container wrote itself outside our block stays.
 *
 * Whoever joins or leaves writes each member's file, so each costs five system calls and no more.
 * The file is the container's to write: nothing in it is believed, and of a large one only the end
 * is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "host_names.h"
#include "place.h"

#define ALL ".all"
#define HOSTS_MAX (4 << 20) /* bytes of a hosts file that are read */

char *host_names_dir(const char *network)
{
	return xasprintf("%s/hosts/%s", ctr_run(), network);
}

/* The folder, locked; -1 with fail(), with ENOENT when there is none and none is to be made. */
static int members(const char *network, bool make)
{
	_cleanup_free_ char *path = host_names_dir(network);
	for (int i = 0; i < 100; i++) {
		if (make && dir_make(path, 0700) < 0)
			return -1;
		int fd = dir_open(path);
		if (fd < 0)
			return fail_errno(path);
		struct stat st;
		int r = lock_wait(fd, LOCK_EX);
		if (r == 0 && fstat(fd, &st) == 0 && st.st_nlink)
			return fd;
		int saved = errno;
		close(fd); /* it was removed meanwhile, together with its network */
		if (r < 0)
			return errno = saved, fail_about(path);
		if (!make)
			return errno = ENOENT, -1;
	}
	return errno = EAGAIN, fail("%s: it is made and removed again and again", path);
}

/* --- one file --- */

/* Write p at `off` as the new end of the file, which has `size` bytes and up to `room` what the
 * disk has given it. */
static int host_names_put_at(int fd, off_t off, const char *p, size_t len, off_t size, off_t room)
{
	/* Extend the file first, so that a full disk does not cost the end marker. */
	off_t end = off + (off_t)len;
	if (end > room && fallocate(fd, FALLOC_FL_KEEP_SIZE, off, (off_t)len) < 0 &&
	    errno == ENOSPC)
		return -1;
	ssize_t n = pwrite(fd, p, len, off);
	if (n != (ssize_t)len)
		return errno = n < 0 ? errno : ENOSPC, -1;
	return end < size ? ftruncate(fd, end) : 0;
}

/* A link to a file that is gone is that of a container that is gone: it is removed, and errno is
 * ENOENT. */
static int open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		unlinkat(dir, name, 0), errno = ENOENT;
	return fd;
}

/* The block in a hosts file: *begin, the byte after the line that begins it, and *end, the line
 * that ends it. Each file is read into the same buffer, which host_names_finish() frees. Returns
 * the text; NULL: there is no block, or the file is too large. */
static char *text;
static char *host_names_block(int fd, char **begin, char **end, off_t *size)
{
	if (!text)
		text = xmalloc(HOSTS_MAX + 1);
	ssize_t n = pread(fd, text, HOSTS_MAX + 1, 0);
	if (n < 0 || n > HOSTS_MAX)
		return NULL;
	text[n] = 0;
	*size = n;
	*begin = strstr(text, HOSTS_BEGIN);
	*end = *begin ? strstr(*begin, HOSTS_END) : NULL;
	if (!*end)
		return NULL;
	*begin += sizeof HOSTS_BEGIN - 1;
	return text;
}

static int add_lines(int fd, const char *lines)
{
	const size_t tail = sizeof HOSTS_END - 1;
	char end[sizeof HOSTS_END] = "", *from, *to = NULL;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -1;
	off_t at = st.st_size - (off_t)tail;
	if (at < 0 || pread(fd, end, tail, at) != (ssize_t)tail || strcmp(end, HOSTS_END) != 0) {
		char *old = host_names_block(fd, &from, &to, &st.st_size);
		if (!old)
			return 0;
		at = to - old;
	}
	const char *was = to ? to : HOSTS_END;
	_cleanup_free_ char *out = xasprintf("%s%s", lines, was);
	/* st_blocks would count a block of attributes, too. */
	off_t room = ((st.st_size - 1) | (st.st_blksize - 1)) + 1;
	int r = host_names_put_at(fd, at, out, strlen(out), st.st_size, room), saved = errno;
	/* As it was: without its end marker it would be left alone from now on. */
	if (r < 0 && pwrite(fd, was, strlen(was), at) > 0)
		ftruncate(fd, st.st_size);
	errno = saved;
	return r;
}

struct edit {
	const char *id; /* all files but this container's */
	const char *add;
	char at[2][ADDR_TEXT + 2]; /* lines that begin with these: a newline, address, tab */
	struct cidr in[2];         /* if there are none: with addresses in these subnets */
	const char *from, *to;
	int failed;
};

static bool is_in(const char *line, const struct cidr *c)
{
	char t[ADDR_TEXT];
	struct addr a;
	size_t len = strcspn(line, "\t\n");
	if (len >= sizeof t || line[len] != '\t')
		return false;
	memcpy(t, line, len);
	t[len] = 0;
	if (addr_parse("hosts", t, &a) < 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (c[i].a.family == a.family && cidr_has(&c[i], &a))
			return true;
	return false;
}

/* The newline before the next such line. Addresses are looked for as text: to parse each line of
 * each file would cost a second at each end of one of a thousand containers. `at` is where each was
 * found, so that a file with only one of them is not searched for the other again and again. */
static char *next_of(char *nl, const struct edit *e, char **at)
{
	for (int i = 0; i < 2; i++)
		if (at[i] && at[i] < nl)
			at[i] = strstr(nl, e->at[i]);
	if (*e->at[0] || *e->at[1])
		return !at[0] || (at[1] && at[1] < at[0]) ? at[1] : at[0];
	while (nl && !is_in(nl + 1, e->in))
		nl = strchr(nl + 1, '\n');
	return nl;
}

/* A line in which the word `from` is replaced. */
static void host_names_renamed(
    struct buf *out, const char *line, size_t len, const char *from, const char *to)
{
	size_t n = strlen(from);
	for (size_t i = 0; i < len;) {
		bool start = i > 0 && strchr("\t ", line[i - 1]);
		if (start && strncmp(line + i, from, n) == 0 && strchr(" \n", line[i + n])) {
			buf_puts(out, to);
			i += n;
		} else {
			buf_add(out, line + i++, 1);
		}
	}
}

/* Remove the lines with these addresses from the block, or with `to` give them another name. */
static int edit_lines(int fd, const struct edit *e)
{
	off_t size;
	char *nl, *end, *first = NULL, *kept = NULL;
	char *old = host_names_block(fd, &nl, &end, &size);
	if (!old)
		return 0;
	char *at[2] = {*e->at[0] ? old : NULL, *e->at[1] ? old : NULL};
	struct buf out = {0};
	nl--;
	while ((nl = next_of(nl, e, at)) && nl + 1 < end) {
		char *line = nl + 1;
		if (!first)
			first = kept = line;
		buf_add(&out, kept, (size_t)(line - kept));
		nl = strchr(line, '\n');
		kept = nl + 1;
		if (e->to)
			host_names_renamed(&out, line, (size_t)(kept - line), e->from, e->to);
	}
	int r = 0;
	if (first) {
		buf_puts(&out, kept);
		r = host_names_put_at(fd, first - old, out.p, out.n, size, size);
	}
	buf_free(&out);
	return r;
}

/* --- all of them --- */

/* One file: 0, or -1 with fail(). */
static int edit_file(int dir, const char *name, const struct edit *e)
{
	_cleanup_close_ int fd = open_file(dir, name);
	if (fd < 0 && errno == ENOENT)
		return 0;
	int r = -1;
	if (fd >= 0)
		r = e->add ? add_lines(fd, e->add) : edit_lines(fd, e);
	return r < 0 ? fail("hosts file of %s: %m", name) : 0;
}

/* What a container does to its own file (a lease on it, an attribute, a size) is not to keep its
 * neighbours from starting: it is warned of. */
static int edit_member(int dir, const char *name, void *arg)
{
	struct edit *e = arg;
	bool all = strcmp(name, ALL) == 0, id = strspn(name, "0123456789abcdef") == 12 && !name[12];
	if ((!all && !id) || str_eq(name, e->id) || edit_file(dir, name, e) == 0)
		return 0;
	if (all)
		e->failed = -1;
	else
		warn_fail();
	return 0; /* the other files are changed all the same */
}

static int host_names_finish(int r)
{
	free(text);
	text = NULL;
	return r;
}

static void address_lines(struct buf *b, const struct cidr *addr, const char *names)
{
	char t[ADDR_TEXT];
	for (int i = 0; i < 2; i++)
		if (addr[i].a.family)
			buf_printf(b, "%s\t%s\n", addr_text(&addr[i].a, t), names);
}

static int make_all(int dir)
{
	static const char empty[] = HOSTS_BEGIN HOSTS_END;
	if (faccessat(dir, ALL, F_OK, 0) == 0)
		return 0;
	return file_write_at(dir, ALL, empty, sizeof empty - 1, 0600, false);
}

/* The lines between the markers of `.all`. */
static char *host_names_all_lines(int dir)
{
	_cleanup_close_ int fd = open_file(dir, ALL);
	off_t size;
	char *from, *to;
	if (fd < 0 || !host_names_block(fd, &from, &to, &size))
		return NULL;
	return xstrndup(from, (size_t)(to - from));
}

static int link_member(int dir, const char *id, const char *file)
{
	if (unlinkat(dir, id, 0) < 0 && errno != ENOENT)
		return fail("hosts/%s: %m", id);
	return symlinkat(file, dir, id) < 0 ? fail("hosts/%s: %m", id) : 0;
}

int host_names_join(const struct host_names *h)
{
	struct buf others = {0}, own = {0};
	_cleanup_close_ int dir = members(h->network, true);
	if (dir < 0 || make_all(dir) < 0)
		return -1;
	int r = 0;
	address_lines(&others, h->addr, h->names);
	_cleanup_free_ char *all = host_names_all_lines(dir);
	if (h->file && !h->again) {
		address_lines(&own, h->addr, h->own);
		buf_puts(&own, all ? all : "");
	}
	struct edit e = {.id = h->id, .add = own.p};
	if (h->file &&
	    (link_member(dir, h->id, h->file) < 0 || (own.n && edit_file(dir, h->id, &e) < 0)))
		r = -1;
	e.add = others.p;
	if (h->again ? all && !strstr(all, others.p) && edit_file(dir, ALL, &e) < 0
		     : others.n && (dir_each(dir, edit_member, &e) < 0 || e.failed))
		r = -1;
	buf_free(&others);
	buf_free(&own);
	return host_names_finish(r);
}

static void exactly(struct edit *e, const struct cidr *addr)
{
	char t[ADDR_TEXT];
	for (int i = 0; i < 2; i++)
		if (addr[i].a.family)
			snprintf(e->at[i], sizeof e->at[i], "\n%s\t", addr_text(&addr[i].a, t));
}

int host_names_leave(
    const char *network, const char *id, const struct cidr *addr, const struct cidr *subnet)
{
	_cleanup_close_ int dir = members(network, false);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	struct edit e = {.id = id};
	exactly(&e, addr);
	int r = dir_each(dir, edit_member, &e);
	struct edit own = {.id = id};
	if (subnet)
		memcpy(own.in, subnet, sizeof own.in);
	if (subnet && edit_file(dir, id, &own) < 0)
		r = -1;
	unlinkat(dir, id, 0);
	return host_names_finish(r < 0 || e.failed ? -1 : 0);
}

int host_names_rename(const char *network, const char *id, const struct cidr *addr,
    const char *from, const char *to, const char *file)
{
	_cleanup_close_ int dir = members(network, false);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	/* A neighbour that joined meanwhile removed the link if it led nowhere. */
	if (*file && link_member(dir, id, file) < 0)
		return -1;
	struct edit e = {.from = from, .to = to};
	exactly(&e, addr);
	return host_names_finish(dir_each(dir, edit_member, &e) < 0 || e.failed ? -1 : 0);
}
