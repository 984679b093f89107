/* userdb.c: users and groups from a root's own files; see userdb.h.
 *
 * The files belong to the image: a fifo, a device, something huge or a link out of the root is
 * treated as no file. Lines that do not parse are skipped, as getpwent(3) does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "sys.h"
#include "userdb.h"

#define MAX_FILE (4 << 20)
#define MAX_GROUPS 65536

/* Field n of a colon-separated line, not NUL-terminated; its length goes to *len. NULL when the
 * line has fewer fields. */
static const char *userdb_field(const char *line, size_t linelen, int n, size_t *len)
{
	const char *s = line, *end = line + linelen;
	for (; n > 0; n--) {
		s = memchr(s, ':', (size_t)(end - s));
		if (!s)
			return NULL;
		s++;
	}
	const char *c = memchr(s, ':', (size_t)(end - s));
	*len = (size_t)((c ? c : end) - s);
	return s;
}

static bool id_parse(const char *s, size_t n, uint32_t *out)
{
	uint64_t v = 0;
	if (n == 0 || n > 10)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*out = (uint32_t)v;
	return v < 0xffffffffu; /* (uid_t)-1 means "leave unchanged" to setresuid(2) */
}

/* The line whose field `col` is `key`. */
static const char *userdb_find_line(const char *text, int col, const char *key, size_t *len)
{
	size_t kn = strlen(key), fl;
	for (const char *l = text; l && *l;) {
		size_t n = strcspn(l, "\n");
		const char *f = userdb_field(l, n, col, &fl);
		if (f && fl == kn && memcmp(f, key, kn) == 0) {
			*len = n;
			return l;
		}
		l += n + (l[n] == '\n');
	}
	return NULL;
}

static bool in_members(const char *s, size_t n, const char *name)
{
	size_t kn = strlen(name);
	while (n) {
		const char *c = memchr(s, ',', n);
		size_t w = c ? (size_t)(c - s) : n;
		if (w == kn && memcmp(s, name, kn) == 0)
			return true;
		s += w + (c != NULL);
		n -= w + (c != NULL);
	}
	return false;
}

/* Only the last ones are searched for it: a file of the image's may name 65536 groups, and a group
 * that is listed twice does no harm. */
static void add_group(struct user *u, gid_t g)
{
	if (u->n_groups >= MAX_GROUPS)
		return;
	for (size_t i = u->n_groups > 64 ? u->n_groups - 64 : 0; i < u->n_groups; i++)
		if (u->groups[i] == g)
			return;
	u->groups = xrealloc(u->groups, (u->n_groups + 1) * sizeof *u->groups);
	u->groups[u->n_groups++] = g;
}

static void memberships(const char *group, const char *name, struct user *u)
{
	size_t fl, ml;
	uint32_t gid;
	for (const char *l = group; l && *l;) {
		size_t n = strcspn(l, "\n");
		const char *id = userdb_field(l, n, 2, &fl), *members = userdb_field(l, n, 3, &ml);
		if (id && members && id_parse(id, fl, &gid) && in_members(members, ml, name))
			add_group(u, gid);
		l += n + (l[n] == '\n');
	}
}

/* A number is taken as a number, even where a name in the image's file looks the same
 * (CVE-2016-3697): 1 with *id, 0 for a name, -1 with fail() when no user can have that number. */
static int userdb_number(const char *what, const char *text, uint32_t *id)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!*digits || strspn(digits, "0123456789") != strlen(digits))
		return 0;
	if (digits == text && id_parse(text, strlen(text), id))
		return 1;
	errno = ERANGE;
	return fail("%s %s is not between 0 and 4294967294", what, text);
}

static int group_id(const char *group, const char *name, uint32_t *gid)
{
	size_t n, fl;
	int r = userdb_number("group", name, gid);
	if (r != 0)
		return r < 0 ? -1 : 0;
	const char *l = userdb_find_line(group, 0, name, &n),
		   *id = l ? userdb_field(l, n, 2, &fl) : NULL;
	if (id && id_parse(id, fl, gid))
		return 0;
	errno = ENOENT;
	return fail("group '%s' is not in the container's /etc/group", name);
}

/* Returns the user's name (caller frees) if there is one. */
static int user_id(const char *passwd, const char *who, struct user *u, char **name)
{
	size_t n, fl;
	char plain[16]; /* 007 stands for 7 */
	int is_number = userdb_number("user", who, &u->uid);
	if (is_number < 0)
		return -1;
	snprintf(plain, sizeof plain, "%u", u->uid);
	const char *l = userdb_find_line(passwd, is_number ? 2 : 0, is_number ? plain : who, &n);
	if (!l) {
		u->gid = 0;
		errno = ENOENT;
		return is_number ? 0 : fail("user '%s' is not in the container's /etc/passwd", who);
	}
	const char *uid = userdb_field(l, n, 2, &fl);
	if (!uid || !id_parse(uid, fl, &u->uid))
		return errno = EINVAL,
		       fail("user '%s': its line in /etc/passwd has no number", who);
	const char *gid = userdb_field(l, n, 3, &fl);
	if (!gid || !id_parse(gid, fl, &u->gid))
		u->gid = 0;
	const char *home = userdb_field(l, n, 5, &fl);
	if (home && fl && home[0] == '/')
		u->home = xstrndup(home, fl);
	userdb_field(l, n, 0, &fl);
	*name = xstrndup(l, fl);
	return 0;
}

int userdb_parse(const char *passwd, const char *group, const char *who, const struct strv *more,
    struct user *out)
{
	const char *colon = strchr(who, ':');
	_cleanup_free_ char *user = colon ? xstrndup(who, (size_t)(colon - who)) : xstrdup(who),
			    *name = NULL;
	*out = (struct user){0};
	if (user_id(passwd, *user ? user : "0", out, &name) < 0)
		return -1;
	if (colon && colon[1]) {
		if (group_id(group, colon + 1, &out->gid) < 0)
			return -1;
	} else if (name) {
		memberships(group, name, out); /* as docker: no other groups when one is named */
	}
	for (size_t i = 0; more && i < more->n; i++) {
		uint32_t g;
		if (group_id(group, more->v[i], &g) < 0)
			return -1;
		add_group(out, g);
	}
	return 0;
}

static char *read_beneath(int rootfd, const char *path)
{
	_cleanup_close_ int fd =
	    path_open_in_root(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	char *text = fd_read_all(fd, path, MAX_FILE, NULL);
	if (!text)
		warn("%s in the container: %s: not used", path, fail_msg());
	return text;
}

int userdb_lookup(int rootfd, const char *who, const struct strv *more, struct user *out)
{
	const char *colon = strchr(who, ':');
	uint32_t gid;
	bool need = !colon || more->n || !id_parse(colon + 1, strlen(colon + 1), &gid);
	_cleanup_free_ char *passwd = read_beneath(rootfd, "etc/passwd"),
			    *group = need ? read_beneath(rootfd, "etc/group") : NULL;
	return userdb_parse(passwd ? passwd : "", group ? group : "", who, more, out);
}

char *userdb_name(uid_t uid)
{
	char key[16];
	size_t n, fl;
	_cleanup_free_ char *text = file_read("/etc/passwd", MAX_FILE, NULL);
	snprintf(key, sizeof key, "%u", uid);
	const char *l = text ? userdb_find_line(text, 2, key, &n) : NULL,
		   *name = l ? userdb_field(l, n, 0, &fl) : NULL;
	return name ? xstrndup(name, fl) : NULL;
}

int userdb_find(const char *name, uid_t *uid, gid_t *gid)
{
	size_t n, ul, gl;
	_cleanup_free_ char *text = file_read("/etc/passwd", MAX_FILE, NULL);
	const char *l = text ? userdb_find_line(text, 0, name, &n) : NULL;
	const char *u = l ? userdb_field(l, n, 2, &ul) : NULL,
		   *g = l ? userdb_field(l, n, 3, &gl) : NULL;
	return u && g && id_parse(u, ul, uid) && id_parse(g, gl, gid) ? 0 : (errno = ENOENT, -1);
}
