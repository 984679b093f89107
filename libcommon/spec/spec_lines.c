/* spec_lines.c: what stands for config.json in a build without JSON (make CONFIG=minimal): the spec
 * as lines, written and read again by one table of its members; see spec.h. No bundles, so no hooks
 * either, and no seccomp profiles.
 *
 * A line is a member's name and value. Lists say how many lines follow, vectors how many times
 * their members do. A text that is NULL has no line; a newline in one is "\n", a backslash "\\".
 * The file is named config.json like the other build's, and refused by it (as the other's is here).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "filter.h"
#include "seccomp_profile.h"
#include "spec.h"

enum kind { END, TEXT, NUMBER, LIST, VECTOR };
struct member {
	const char *name;
	unsigned char kind;
	unsigned short at, size;     /* in its struct; of a vector: of an element */
	const struct member *inside; /* a vector's elements */
};
#define M(type, kind, m)                                                                           \
	{                                                                                          \
#m, kind, offsetof(type, m), sizeof(((type *)0)->m), NULL                          \
	}
#define V(m, inside)                                                                               \
	{                                                                                          \
#m, VECTOR, offsetof(struct spec, m), sizeof *((struct spec *)0)->m.v, inside      \
	}
#define S(kind, m) M(struct spec, kind, m)

static const struct member mount[] = {M(struct spec_mount, TEXT, dest),
    M(struct spec_mount, TEXT, type), M(struct spec_mount, TEXT, source),
    M(struct spec_mount, LIST, options), {0}};
static const struct member rlimit[] = {M(struct spec_rlimit, TEXT, type),
    M(struct spec_rlimit, NUMBER, soft), M(struct spec_rlimit, NUMBER, hard), {0}};
static const struct member device[] = {M(struct spec_device, TEXT, path),
    M(struct spec_device, NUMBER, type), M(struct spec_device, NUMBER, major),
    M(struct spec_device, NUMBER, minor), M(struct spec_device, NUMBER, mode),
    M(struct spec_device, NUMBER, uid), M(struct spec_device, NUMBER, gid), {0}};
static const struct member rule[] = {M(struct device_rule, NUMBER, allow),
    M(struct device_rule, NUMBER, type), M(struct device_rule, NUMBER, major),
    M(struct device_rule, NUMBER, minor), M(struct device_rule, NUMBER, access), {0}};
static const struct member idmap[] = {M(struct idmap_entry, NUMBER, container),
    M(struct idmap_entry, NUMBER, host), M(struct idmap_entry, NUMBER, size), {0}};
static const struct member gid[] = {{"gid", NUMBER, 0, sizeof(uint32_t), NULL}, {0}};

static const struct member spec[] = {S(TEXT, version), S(NUMBER, terminal), S(NUMBER, rows),
    S(NUMBER, cols), S(NUMBER, uid), S(NUMBER, gid), V(gids, gid), S(NUMBER, umask), S(LIST, args),
    S(LIST, env), S(TEXT, cwd), S(NUMBER, caps.bounding), S(NUMBER, caps.effective),
    S(NUMBER, caps.inheritable), S(NUMBER, caps.permitted), S(NUMBER, caps.ambient),
    V(rlimits, rlimit), S(NUMBER, no_new_privileges), S(NUMBER, has_oom_score_adj),
    S(NUMBER, oom_score_adj), S(TEXT, root_path), S(NUMBER, root_readonly), S(TEXT, hostname),
    S(TEXT, domainname), V(mounts, mount), S(NUMBER, ns_new), S(TEXT, ns_path[NS_MNT]),
    S(TEXT, ns_path[NS_PID]), S(TEXT, ns_path[NS_NET]), S(TEXT, ns_path[NS_IPC]),
    S(TEXT, ns_path[NS_UTS]), S(TEXT, ns_path[NS_CGROUP]), S(TEXT, ns_path[NS_USER]),
    S(TEXT, ns_path[NS_TIME]), V(uid_map, idmap), V(gid_map, idmap), V(devices, device),
    V(device_rules, rule), S(TEXT, cgroups_path), S(LIST, resources), S(LIST, sysctl),
    S(TEXT, seccomp), S(TEXT, apparmor), S(TEXT, selinux_label), S(TEXT, rootfs_propagation),
    S(LIST, masked_paths), S(LIST, readonly_paths), S(LIST, annotations), S(TEXT, x_user),
    S(LIST, x_groups), S(LIST, x_lower), S(TEXT, x_image_file), S(TEXT, x_upper_size),
    S(NUMBER, x_init), S(NUMBER, x_privileged), S(NUMBER, x_no_pivot), S(NUMBER, x_keep_id),
    S(NUMBER, x_systemd), {0}};

typedef VEC(char) vector;
_Static_assert(
    sizeof(vector) == sizeof((struct spec *)0)->mounts, "all vectors are a pointer and a count");

/* --- writing --- */

static void spec_lines_text(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (*s == '\n' || *s == '\\')
			buf_puts(b, *s == '\n' ? "\\n" : "\\\\");
		else
			buf_add(b, s, 1);
	buf_puts(b, "\n");
}

static void write_members(struct buf *b, const struct member *m, const char *in)
{
	for (; m->kind; m++) {
		const void *p = in + m->at;
		const char *s = m->kind == TEXT ? *(char *const *)p : NULL;
		const struct strv *l = p;
		const vector *v = p;
		int64_t n = 0;
		if (m->kind == TEXT && !s)
			continue;
		buf_printf(b, "%s ", m->name);
		if (m->kind == TEXT)
			spec_lines_text(b, s);
		else if (m->kind == NUMBER)
			memcpy(&n, p,
			    m->size); /* little-endian, as all machines are that it is built for */
		else
			n = (int64_t)(m->kind == LIST ? l->n : v->n);
		if (m->kind != TEXT)
			buf_printf(b, "%" PRId64 "\n", n);
		for (size_t i = 0; m->kind == LIST && i < l->n; i++)
			spec_lines_text(b, l->v[i]);
		for (size_t i = 0; m->kind == VECTOR && i < v->n; i++)
			write_members(b, m->inside, v->v + i * m->size);
	}
}

char *spec_text(const struct spec *s)
{
	struct buf b = {0};
	write_members(&b, spec, (const char *)s);
	return b.p;
}

char *spec_quoted(const char *s)
{
	struct buf b = {0};
	buf_puts(&b, " ");
	spec_lines_text(&b, s);
	return b.p;
}

/* --- reading --- */

/* The text of the line at *at, which ends before `end`; NULL when there is none. */
static char *line(const char **at, const char *end)
{
	const char *s = *at, *nl = memchr(s, '\n', (size_t)(end - s));
	if (!nl)
		return NULL;
	struct buf b = {0};
	buf_puts(&b, "");
	for (; s < nl; s++) {
		bool quoted = *s == '\\' && s + 1 < nl;
		s += quoted;
		buf_add(&b, quoted && *s == 'n' ? "\n" : s, 1);
	}
	*at = nl + 1;
	return b.p;
}

static bool spec_lines_number(const char **at, const char *end, int64_t *n)
{
	char *stop;
	_cleanup_free_ char *s = line(at, end);
	errno = 0;
	*n = s ? strtoll(s, &stop, 10) : 0;
	return s && *s && !*stop && !errno;
}

static bool read_members(const char **at, const char *end, const struct member *m, char *in)
{
	for (; m->kind; m++) {
		void *p = in + m->at;
		size_t len = strlen(m->name);
		int64_t n, back = 0;
		bool named =
		    (size_t)(end - *at) > len && !memcmp(*at, m->name, len) && (*at)[len] == ' ';
		if (m->kind == TEXT && !named)
			continue;
		*at += named ? len + 1 : 0;
		if (!named || (m->kind == TEXT ? !(*(char **)p = line(at, end))
					       : !spec_lines_number(at, end, &n)))
			return false;
		if (m->kind == NUMBER) {
			memcpy(p, &n, m->size);
			memcpy(&back, p, m->size);
			if (back != n)
				return false;
		}
		for (char *s; m->kind == LIST && n > 0; n--) {
			if (!(s = line(at, end)))
				return false;
			strv_take(p, s);
		}
		for (vector *v = p; m->kind == VECTOR && n > 0; n--) {
			v->v = xrealloc(v->v, (v->n + 1) * m->size);
			char *element = memset(v->v + v->n++ * m->size, 0, m->size);
			if (!read_members(at, end, m->inside, element))
				return false;
		}
	}
	return true;
}

int spec_parse(struct spec *s, const char *what, const char *spec_lines_text, size_t len)
{
	const char *at = spec_lines_text, *end = spec_lines_text + len;
	memset(s, 0, sizeof *s);
	if (!memchr(spec_lines_text, 0, len) && read_members(&at, end, spec, (char *)s) &&
	    at == end && s->args.n && s->cwd)
		return 0;
	int lines = 1;
	for (const char *p = spec_lines_text; p < at; p++)
		lines += *p == '\n';
	spec_free(s);
	errno = EINVAL;
	return fail(
	    "%s:%d: not what this build writes (CONFIG=minimal, which has no JSON)", what, lines);
}

/* --- what there is not --- */

struct sock_fprog *filter_compile_cached(
    const char *cache, const char *what, const char *spec_lines_text, size_t len, uint64_t caps)
{
	(void)cache, (void)spec_lines_text, (void)len, (void)caps;
	fail("%s: this build has no profiles but the built-in one (CONFIG=minimal)", what);
	return NULL;
}
