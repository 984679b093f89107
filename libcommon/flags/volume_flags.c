/* volume_flags.c: -v and --mount as people and scripts write them for docker; see volume_flags.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "str.h"
#include "volume_flags.h"

static int volume_flags_bad(const char *opt, const char *arg, const char *why)
{
	return errno = EINVAL, fail("%s: '%s': %s", opt, arg, why);
}

void volume_req_free(struct volume_req *v)
{
	free(v->type);
	free(v->src);
	free(v->dst);
	strv_free(&v->options);
	memset(v, 0, sizeof *v);
}

/* The place in the container, in its plain form: "/a//./b/" becomes "/a/b". ".." is refused,
 * because it leads elsewhere than it seems to where there is a link, and "/", because the volume
 * would hide everything. Caller frees; NULL with fail(). */
static char *target(const char *opt, const char *arg, const char *path)
{
	if (*path != '/') {
		volume_flags_bad(opt, arg, "the place in the container is not an absolute path");
		return NULL;
	}
	_cleanup_free_ char *plain = str_plain_path(path);
	if (plain && *plain)
		return path_join("", plain);
	volume_flags_bad(opt, arg,
	    plain ? "the place in the container is its root"
		  : "'..' in the place in the container");
	return NULL;
}

/* A path on the host, absolute from here on, because the working directory may be another later,
 * and in its plain form. With a ".." it is where that leads: a link may stand before it. */
static char *host_path(const char *path)
{
	_cleanup_free_ char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = cwd ? path_join(cwd, path) : xstrdup(path);
	_cleanup_free_ char *plain = str_plain_path(whole);
	char *clear = plain ? path_join("", plain) : path_real(whole);
	if (!clear)
		return whole;
	free(whole);
	return clear;
}

static bool known_word(const char *w)
{
	return str_has_word("ro rw rro exec noexec suid nosuid dev nodev atime noatime relatime "
			    "norelatime strictatime nodiratime diratime sync async nosymfollow "
			    "symfollow shared rshared slave rslave private rprivate unbindable "
			    "runbindable bind rbind idmap ridmap",
	    w);
}

/* A bind shows what is mounted beneath, too, unless the words say "bind". */
static void bind_words(struct volume_req *v)
{
	if (!strv_has(&v->options, "bind") && !strv_has(&v->options, "rbind"))
		strv_add(&v->options, "rbind");
	/* A read-only volume is read-only with all that is mounted in it, which is what a person
	 * means by it. The specification's "ro" is for the topmost mount only. */
	if (strv_has(&v->options, "ro") && strv_has(&v->options, "rbind"))
		strv_add(&v->options, "rro");
}

static int v_words(struct volume_req *out, const char *arg, const char *words)
{
	struct strv l = {0};
	int r = 0;
	strv_split(&l, words, ",");
	for (size_t i = 0; i < l.n && r == 0; i++) {
		const char *w = l.v[i];
		if (strcmp(w, "nocopy") == 0)
			out->nocopy = true;
		else if (known_word(w) || strcmp(w, "U") == 0)
			strv_add(&out->options, w);
		/* SELinux labels are not set by us; the others meant something on another system */
		else if (!str_has_word("z Z cached delegated consistent", w))
			r = (errno = EINVAL, fail("-v: '%s': '%s' is not an option (ro, "
						  "rw, U, nocopy, rprivate, "
						  "rslave, nosuid, ...)",
						 arg, w));
	}
	strv_free(&l);
	return r;
}

/* mount_namespaces(7) */
static bool propagation(const char *w)
{
	return str_ends(w, "shared") || str_ends(w, "slave") || str_ends(w, "private") ||
	       str_ends(w, "unbindable");
}

/* Over the container's own /proc and /sys only the host's may be mounted (and runc wants that to be
 * a proc at /proc, too). */
static int special(const char *opt, const char *arg, const struct volume_req *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->options.n; i++)
		n += propagation(v->options.v[i]);
	if (n > 1 || (n && strcmp(v->type, "tmpfs") == 0))
		return volume_flags_bad(opt, arg,
		    n > 1 ? "more than one propagation" : "nothing is shared with a tmpfs");
	if ((strcmp(v->dst, "/proc") == 0 || strcmp(v->dst, "/sys") == 0) &&
	    !str_eq(v->src, v->dst))
		return volume_flags_bad(opt, arg, "only the host's own can be mounted there");
	return 0;
}

static int v_fill(const char *arg, struct volume_req *out)
{
	const char *colon = strchr(arg, ':');
	const char *rest = colon ? strchr(colon + 1, ':') : NULL;
	if (!*arg || *arg == ':' || (colon && (!colon[1] || colon[1] == ':')))
		return volume_flags_bad("-v", arg, "not SRC:DST[:OPTIONS]");
	_cleanup_free_ char *src = colon ? xstrndup(arg, (size_t)(colon - arg)) : NULL;
	const char *from = colon ? colon + 1 : arg;
	_cleanup_free_ char *dst = rest ? xstrndup(from, (size_t)(rest - from)) : xstrdup(from);
	if (!(out->dst = target("-v", arg, dst)) || (rest && v_words(out, arg, rest + 1) < 0))
		return -1;
	bool path = src && (src[0] == '.' || src[0] == '/');
	if (src && !path && strchr(src, '/'))
		return volume_flags_bad(
		    "-v", arg, "a folder begins with / or ./, and no volume's name has a slash");
	if (src && !path && name_check("-v", src) < 0)
		return -1;
	out->type = xstrdup(path ? "bind" : "volume");
	if (src)
		out->src = path ? host_path(src) : xstrdup(src);
	out->make = path;
	bind_words(out);
	return special("-v", arg, out);
}

int volume_parse_v(const char *arg, struct volume_req *out)
{
	memset(out, 0, sizeof *out);
	int r = v_fill(arg, out);
	if (r < 0)
		volume_req_free(out);
	return r;
}

/* --- --mount --- */

/* Go's words, which docker's --mount takes; -1 for others. */
static int yes(const char *value)
{
	if (!value || str_has_word("1 t T true True TRUE", value))
		return 1;
	return str_has_word("0 f F false False FALSE", value) ? 0 : -1;
}

static int mount_switch(struct volume_req *out, const char *arg, char which, const char *value)
{
	int on = yes(value);
	if (on < 0)
		return volume_flags_bad("--mount", arg, "a value is neither true nor false");
	if (which == 'v')
		out->nocopy = on;
	else if (which == 'r')
		strv_add(&out->options, on ? "ro" : "rw");
	else if (on)
		strv_add(&out->options, which == 'b' ? "bind" : "U");
	return 0;
}

static void volume_flags_set(char **to, const char *value)
{
	free(*to);
	*to = xstrdup(value);
}

static int mount_recursion(struct volume_req *out, const char *arg, const char *value)
{
	static const char *const how[][2] = {
	    {"enabled", "rbind"}, {"disabled", "bind"}, {"writable", "rbind"}, {"readonly", "rro"}};
	for (size_t i = 0; i < 4; i++)
		if (strcmp(value, how[i][0]) == 0)
			return strv_add(&out->options, how[i][1]), 0;
	return volume_flags_bad(
	    "--mount", arg, "bind-recursive is enabled, disabled, writable or readonly");
}

static int mount_tmpfs(struct volume_req *out, const char *key, const char *value)
{
	uint64_t n;
	if (str_ends(key, "size")) {
		if (size_parse("--mount: tmpfs-size", value, &n) < 0)
			return -1;
		strv_addf(&out->options, "size=%llu", (unsigned long long)n);
		return 0;
	}
	if (!*value || strspn(value, "01234567") != strlen(value) || strlen(value) > 5)
		return errno = EINVAL,
		       fail("--mount: tmpfs-mode: '%s' is not an octal mode", value);
	strv_addf(&out->options, "mode=%s", value);
	return 0;
}

static int mount_field(struct volume_req *out, const char *arg, const char *key, const char *value)
{
	if (value && str_has_word("source src", key))
		return volume_flags_set(&out->src, value), 0;
	if (value && str_has_word("target dst destination", key))
		return free(out->dst), out->dst = target("--mount", arg, value), out->dst ? 0 : -1;
	if (value && strcmp(key, "type") == 0)
		return volume_flags_set(&out->type, value), 0;
	if (str_has_word("readonly ro volume-nocopy bind-nonrecursive U chown", key))
		return mount_switch(out, arg, *key, value);
	if (value && strcmp(key, "bind-recursive") == 0)
		return mount_recursion(out, arg, value);
	if (value && strcmp(key, "bind-propagation") == 0)
		return known_word(value) && propagation(value)
			   ? (strv_add(&out->options, value), 0)
			   : volume_flags_bad("--mount", arg,
				 "bind-propagation is shared, slave or private, or one of them "
				 "with an r before it");
	if (value && str_has_word("tmpfs-size tmpfs-mode", key))
		return mount_tmpfs(out, key, value);
	if (strcmp(key, "consistency") == 0) /* it is the same file */
		return 0;
	if (!value && known_word(key))
		return strv_add(&out->options, key), 0;
	return errno = EINVAL,
	       fail("--mount: '%s': '%s' is not a field (type, source, target, readonly, "
		    "bind-propagation, tmpfs-size, ...)",
		   arg, key);
}

static int mount_check(struct volume_req *out, const char *arg)
{
	if (!out->type)
		out->type = xstrdup("volume");
	if (!out->dst)
		return volume_flags_bad("--mount", arg, "no target");
	if (strcmp(out->type, "tmpfs") == 0) {
		if (strv_has(&out->options, "U"))
			return volume_flags_bad(
			    "--mount", arg, "a tmpfs has no source whose owner could change");
		if (out->src)
			return volume_flags_bad("--mount", arg, "a tmpfs has no source");
		out->src = xstrdup("tmpfs");
		strv_add(&out->options, "nosuid");
		strv_add(&out->options, "nodev");
		if (!strv_has(&out->options, "exec"))
			strv_add(&out->options, "noexec");
		return 0;
	}
	for (size_t i = 0; i < out->options.n; i++)
		if (strchr(out->options.v[i], '='))
			return volume_flags_bad(
			    "--mount", arg, "tmpfs-size and tmpfs-mode are for type=tmpfs");
	bind_words(out);
	if (strcmp(out->type, "volume") == 0)
		return out->src ? name_check("--mount", out->src) : 0;
	if (strcmp(out->type, "bind") != 0)
		return volume_flags_bad("--mount", arg, "type is bind, tmpfs or volume");
	if (!out->src || !*out->src)
		return volume_flags_bad("--mount", arg, "a bind needs a source");
	char *abs = host_path(out->src);
	free(out->src);
	out->src = abs;
	return 0;
}

/* The next field of a line of CSV (RFC 4180, as docker's --mount is read): in double quotes it may
 * have commas, and "" there is a quote. Cut out in place; *rest is what follows, NULL after the
 * last. NULL where the quotes do not fit. */
static char *csv_field(char **rest)
{
	char *field = *rest, *to = field, *p = field;
	bool quoted = *p == '"';
	for (p += quoted; *p && (quoted || *p != ','); p++) {
		if (*p == '"' && !quoted)
			return NULL;
		if (*p == '"' && p[1] != '"') {
			quoted = false;
			p++;
			break;
		}
		p += *p == '"';
		*to++ = *p;
	}
	if (quoted || (*p && *p != ','))
		return NULL;
	*rest = *p ? p + 1 : NULL;
	*to = 0;
	return field;
}

int volume_parse_mount(const char *arg, struct volume_req *out)
{
	_cleanup_free_ char *line = xstrdup(arg);
	char *rest = line;
	int r = 0;
	memset(out, 0, sizeof *out);
	while (rest && r == 0) {
		char *field = csv_field(&rest);
		if (!field)
			r = volume_flags_bad(
			    "--mount", arg, "a double quote stands alone in a field");
		if (!field || !*field)
			continue;
		char *eq = strchr(field, '=');
		if (eq)
			*eq = 0;
		r = mount_field(out, arg, field, eq ? eq + 1 : NULL);
	}
	if (r == 0)
		r = mount_check(out, arg) < 0 ? -1 : special("--mount", arg, out);
	if (r < 0)
		volume_req_free(out);
	return r;
}

static void csv_put(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, ",\"%s=", key);
	for (; *value; value++)
		buf_printf(b, *value == '"' ? "\"\"" : "%c", *value);
	buf_puts(b, "\"");
}

char *volume_csv(const char *src, const char *dst, const struct strv *options)
{
	struct buf b = {0};
	buf_puts(&b, "type=bind");
	csv_put(&b, "source", src);
	csv_put(&b, "target", dst);
	for (size_t i = 0; i < options->n; i++)
		if (!str_eq(options->v[i], "idmap"))
			buf_printf(&b, ",%s", options->v[i]);
	return b.p;
}
