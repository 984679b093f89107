/* env_flags.c: --env and --env-file; see create_flags.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "create_flags.h"
#include "err.h"
#include "file.h"

static int env_take(struct strv *env, const char *kv)
{
	const char *eq = strchr(kv, '=');
	size_t n = eq ? (size_t)(eq - kv) : strlen(kv);
	if (n == 0)
		return fail_usage("'%s' has no name before the '='", kv);
	if (strcspn(kv, "\n\r") < n)
		return fail_usage("a line break in the name");
	const char *value = eq ? eq + 1 : getenv(kv);
	_cleanup_free_ char *key = xstrndup(kv, n);
	if (value)
		strv_setenv(env, key, value);
	return 0;
}

/* Anything that can be read to its end: a file, /dev/stdin, a shell's <(command). */
static char *env_flags_file_text(const char *option, const char *path)
{
	size_t n;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = fd < 0 ? NULL : fd_read_all(fd, path, 1 << 20, &n);
	if (text && strlen(text) == n)
		return text;
	if (text)
		fail("%s: a NUL byte in it, as UTF-16 has", path);
	else if (fd < 0)
		fail_errno(path);
	free(text);
	return fail_about(option), NULL;
}

/* A line is KEY=VALUE or KEY, as docker reads it. What editors and shells add is removed: a
 * byte-order mark, a carriage return, the word `export`. */
static char *line_trim(char *line)
{
	char *s = line + strspn(line, " \t");
	size_t n = strlen(s);
	if (n && s[n - 1] == '\r')
		s[n - 1] = 0;
	if (str_starts(s, "export") && (s[6] == ' ' || s[6] == '\t'))
		s += 6 + strspn(s + 6, " \t");
	return s;
}

static int lines_of(struct strv *out, const char *option, const char *path,
    int (*take)(struct strv *out, const char *line))
{
	_cleanup_free_ char *text = env_flags_file_text(option, path);
	if (!text)
		return -1;
	char *next = text + (str_starts(text, "\xef\xbb\xbf") ? 3 : 0);
	for (size_t number = 1; next; number++) {
		char *line = strsep(&next, "\n");
		char *s = line_trim(line);
		if (!*s || *s == '#')
			continue;
		size_t name = strcspn(s, "=");
		if (strcspn(s, " \t") < name)
			return fail_usage("%s: %s:%zu: a blank in the name '%.*s'", option, path,
			    number, (int)name, s);
		if (take(out, s) < 0)
			return fail_in("%s: %s:%zu", option, path, number);
	}
	return 0;
}

int env_flags(struct strv *env, const struct strv *files, const struct strv *vars)
{
	for (size_t i = 0; i < files->n; i++)
		if (lines_of(env, "--env-file", files->v[i], env_take) < 0)
			return -1;
	for (size_t i = 0; i < vars->n; i++)
		if (env_take(env, vars->v[i]) < 0)
			return fail_in("--env");
	return 0;
}

static int label_take(struct strv *labels, const char *line)
{
	strv_add(labels, line);
	return 0;
}

int label_files(struct strv *labels, const struct strv *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (lines_of(labels, "--label-file", files->v[i], label_take) < 0)
			return -1;
	return 0;
}

char *label_lines(const struct strv *labels)
{
	struct buf b = {0};
	buf_puts(&b, "");
	for (size_t i = 0; i < labels->n; i++) {
		const char *l = labels->v[i];
		if (!*l || *l == '=' || strchr(l, '\n')) {
			buf_free(&b);
			fail_usage("--label: '%s' is not K=V", l);
			return NULL;
		}
		buf_printf(&b, "%s%s", i ? "\n" : "", l);
	}
	return b.p;
}

#ifdef CTR_MINIMAL
#define zone_seen(o, s, path) ((s) != NULL)
#else
/* Without the file programs show UTC, and say nothing. A filesystem image is not looked into. */
static bool zone_seen(const struct create_flags *o, const struct spec *s, const char *path)
{
	bool seen = !s->x_lower.n;
	for (size_t i = 0; i < o->volumes.n; i++)
		seen |= strstr(o->volumes.v[i], "/zoneinfo") != NULL;
	for (size_t i = 0; i < s->x_lower.n; i++) {
		_cleanup_free_ char *there = xasprintf("%s%s", s->x_lower.v[i], path);
		seen |= access(there, F_OK) == 0;
	}
	return seen;
}
#endif

/* A name of the host's zones, if it has any, or a rule as CET-1CEST. Nothing is mounted: a file of
 * the host's there could not be replaced by the image's own package of zones, and at /etc/localtime
 * it would hide what a link there leads to, which may be UTC. */
static int zone_check(const struct create_flags *o, const struct spec *s)
{
	static const char dir[] = "/usr/share/zoneinfo";
	struct stat st;
	_cleanup_free_ char *path = path_join(dir, o->tz);
	if (strpbrk(o->tz, "0123456789"))
		return 0;
	if (access(dir, F_OK) == 0 && (stat(path, &st) < 0 || !S_ISREG(st.st_mode)))
		return fail_usage(
		    "--tz: '%s' is no time zone (as Europe/Berlin or CET-1CEST)", o->tz);
	if (!zone_seen(o, s, path))
		warn("--tz: the image has no %s: times are UTC's (--tz local needs none)", path);
	return 0;
}

/* The host's own zone as a rule, which needs no files: the last line of its file (tzfile(5)), which
 * there is since version 2. */
static char *zone_local(void)
{
	size_t n = 0;
	_cleanup_free_ char *text = file_read("/etc/localtime", 1 << 20, &n);
	char *end = text && n > 44 && text[4] >= '2' ? text + n - 1 : NULL, *line = end;
	while (line > text && line[-1] != '\n')
		line--;
	return end > line && *end == '\n' ? xstrndup(line, (size_t)(end - line)) : xstrdup("UTC0");
}

int flags_environment(const struct create_flags *o, struct spec *s)
{
	extern char **environ;
	for (size_t i = 0; i < o->unsetenv.n; i++)
		strv_unsetenv(&s->env, o->unsetenv.v[i]);
	for (char **e = environ; o->env_host && *e; e++)
		if (env_take(&s->env, *e) < 0)
			return -1;
	_cleanup_free_ char *local = str_eq(o->tz, "local") ? zone_local() : NULL;
	if (o->tz && !local && zone_check(o, s) < 0)
		return -1;
	if (o->tz)
		strv_setenv(&s->env, "TZ", local ? local : o->tz);
	if (!strv_getenv(&s->env, "PATH"))
		strv_setenv(&s->env, "PATH", SPEC_PATH);
	if (s->hostname)
		strv_setenv(&s->env, "HOSTNAME", s->hostname);
	if (o->tty && !strv_getenv(&s->env, "TERM"))
		strv_setenv(&s->env, "TERM", "xterm");
	return env_flags(&s->env, &o->env_file, &o->env);
}
