/* str.c: memory, strings, vectors, numbers; see str.h. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "fnv.h"
#include "str.h"

static void *grown(void *p)
{
	if (!p)
		err_no_memory();
	return p;
}

void *xmalloc(size_t n)
{
	return grown(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return grown(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return grown(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
	return grown(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return grown(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;
	if (vasprintf(&s, fmt, ap) < 0)
		err_no_memory();
	return s;
}

char *fail_copy(void)
{
	return xstrdup(fail_msg());
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *path_join(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

void cleanup_close(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void strv_take(struct strv *l, char *s)
{
	if (l->n + 1 >= l->room) {
		l->room = l->room ? l->room * 2 : 8;
		l->v = xrealloc(l->v, l->room * sizeof *l->v);
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strv_add(struct strv *l, const char *s)
{
	strv_take(l, xstrdup(s));
}

void strv_addf(struct strv *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	strv_take(l, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_addall(struct strv *l, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(l, from->v[i]);
}

void strv_free(struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv){0};
}

char **strv_argv(struct strv *l)
{
	if (!l->v) {
		l->room = 8;
		l->v = xcalloc(l->room, sizeof *l->v);
	}
	return l->v;
}

bool strv_has(const struct strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool strv_among(const struct strv *l, const char *s)
{
	return l->n && bsearch(&s, l->v, l->n, sizeof *l->v, by_text);
}

static ssize_t env_index(const struct strv *l, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->v[i], key, n) == 0 && l->v[i][n] == '=')
			return (ssize_t)i;
	return -1;
}

const char *strv_getenv(const struct strv *l, const char *key)
{
	ssize_t i = env_index(l, key);
	return i < 0 ? NULL : l->v[i] + strlen(key) + 1;
}

void strv_setenv(struct strv *l, const char *key, const char *value)
{
	char *s = xasprintf("%s=%s", key, value);
	ssize_t i = env_index(l, key);
	if (i < 0) {
		strv_take(l, s);
		return;
	}
	free(l->v[i]);
	l->v[i] = s;
}

void strv_unsetenv(struct strv *l, const char *key)
{
	ssize_t i = env_index(l, key);
	if (i < 0)
		return;
	free(l->v[i]);
	memmove(l->v + i, l->v + i + 1, (l->n-- - (size_t)i - 1) * sizeof *l->v);
}

/* Shell sort. */
void strv_sort(struct strv *l)
{
	for (size_t gap = l->n / 2; gap; gap /= 2)
		for (size_t i = gap; i < l->n; i++)
			for (size_t k = i; k >= gap && strcmp(l->v[k - gap], l->v[k]) > 0;
			     k -= gap) {
				char *s = l->v[k];
				l->v[k] = l->v[k - gap];
				l->v[k - gap] = s;
			}
}

void strv_split(struct strv *l, const char *s, const char *seps)
{
	while (*s) {
		size_t n = strcspn(s, seps);
		if (n)
			strv_take(l, xstrndup(s, n));
		s += n;
		s += strspn(s, seps);
	}
}

static void buf_grow(struct buf *b, size_t n)
{
	if (b->n + n + 1 > b->room) {
		b->room = (b->n + n + 100) * 2;
		b->p = xrealloc(b->p, b->room);
	}
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	buf_grow(b, n);
	if (n)
		memcpy(b->p + b->n, data, n);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	buf_grow(b, 0);
	for (int twice = 0; twice < 2; twice++) {
		va_start(ap, fmt);
		int n = vsnprintf(b->p + b->n, b->room - b->n, fmt, ap);
		va_end(ap);
		if (n >= 0 && (size_t)n < b->room - b->n) {
			b->n += (size_t)n;
			return;
		}
		buf_grow(b, n < 0 ? 0 : (size_t)n);
	}
	b->p[b->n] = 0;
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return n == strcspn(b, "=") && strncmp(a, b, n) == 0;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_has_word(const char *list, const char *word)
{
	size_t n = strcspn(word, " ,\n");
	for (const char *s = list; n && !word[n] && (s = strstr(s, word)); s++)
		if ((s == list || strchr(" ,\n", s[-1])) && strchr(" ,\n", s[n]))
			return true;
	return false;
}

bool str_label(const char *lines, const char *want)
{
	size_t n = strlen(want);
	for (const char *l = lines; l && *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (strncmp(l, want, n) == 0 &&
		    (!l[n] || l[n] == '\n' || (l[n] == '=' && !strchr(want, '='))))
			return true;
	return false;
}

int num_parse(const char *what, const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	const char *digits = *s == '-' ? s + 1 : s;
	errno = 0;
	long long n = isdigit((unsigned char)*digits) ? strtoll(s, &end, 10) : (end = (char *)s, 0);
	if (end == s || *end || errno || n < min || n > max)
		return errno = EINVAL, fail("%s: '%s' is not a number from %" PRId64 " to %" PRId64,
					   what, s, min, max);
	*out = n;
	return 0;
}

int size_parse(const char *what, const char *s, uint64_t *out)
{
	static const char units[] = "kmgt";
	char *end = (char *)s;
	errno = 0;
	unsigned long long n = isdigit((unsigned char)*s) ? strtoull(s, &end, 10) : 0;
	bool range = errno, number = end != s;
	uint64_t part = 0, of = 1;
	if (number && *end == '.') /* such as 1.5g */
		for (end++; isdigit((unsigned char)*end); end++)
			if (of < 1000000)
				part = part * 10 + (uint64_t)(*end - '0'), of *= 10;
	unsigned shift = 0;
	const char *u = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (u) {
		shift = 10 * (unsigned)(u - units + 1);
		end++;
		end += (*end | 32) == 'i';
	}
	end += (*end | 32) == 'b';
	if (!number || *end)
		return errno = EINVAL,
		       fail("%s: '%s' is not a size (digits, then k, m, g or t)", what, s);
	if (range || n > ((unsigned long long)INT64_MAX >> shift))
		return errno = ERANGE, fail("%s: %s is too large", what, s);
	*out = ((uint64_t)n << shift) + (part << shift) / of;
	return 0;
}

size_t str_alnum(const char *s, const char *more)
{
	size_t n = 0;
	while (s[n] && ((unsigned)((s[n] | 32) - 'a') < 26 || (unsigned)(s[n] - '0') < 10 ||
			   strchr(more, s[n])))
		n++;
	return n;
}

bool name_valid(const char *s)
{
	size_t n = str_alnum(s, "_.-");
	return n > 0 && n <= 128 && !s[n] && !strchr("_.-", s[0]);
}

bool net_named(const char *net)
{
	return net && *net && strcmp(net, "none") && strcmp(net, "host") &&
	       !str_starts(net, "container:") && !str_starts(net, "ns:");
}

int name_check(const char *what, const char *s)
{
	if (name_valid(s))
		return 0;
	errno = EINVAL;
	return fail(
	    "%s: '%s' is not a name (a letter or digit, then up to 127 of A-Z a-z 0-9 _ . -)", what,
	    s);
}

bool str_below_root(const char *path)
{
	return path && *path == '/' && path[strspn(path, "/")];
}

char *str_plain_path(const char *path)
{
	char *out = xcalloc(1, strlen(path) + 1), *to = out;
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			free(out);
			return errno = EINVAL, NULL;
		}
		if (n && !(n == 1 && *p == '.')) {
			if (to > out)
				*to++ = '/';
			memcpy(to, p, n);
			to += n;
		}
		p += n + (p[n] == '/');
	}
	return out;
}

/* How many bytes at the start need no escape: nearly always all. */
static size_t str_plain(const char *s)
{
	size_t n = 0;
	while (s[n] >= ' ' && s[n] < 127)
		n++;
	return n;
}

void buf_escape(struct buf *b, const char *text)
{
	size_t len = str_plain(text);
	buf_add(b, text, len);
	const unsigned char *s = (const unsigned char *)text + len;
	for (size_t n = strlen((const char *)s); n; s += len, n -= len) {
		len = str_utf8_len((const char *)s, n);
		if (len == 0 || (len == 1 && (*s < ' ' || *s == 127)) || str_c1((const char *)s)) {
			buf_printf(b, "\\x%02x", *s);
			len = 1;
		} else {
			buf_add(b, s, len);
		}
	}
}

char *str_escape(const char *text)
{
	size_t len = str_plain(text);
	struct buf b = {0};
	if (!text[len])
		return memcpy(xmalloc(len + 1), text, len + 1);
	buf_escape(&b, text);
	return b.p;
}

void buf_json(struct buf *b, const char *s)
{
	size_t n;
	buf_puts(b, "\"");
	for (; *s; s++) {
		for (n = 0; s[n] >= ' ' && s[n] < 127 && s[n] != '"' && s[n] != '\\';)
			n++;
		buf_add(b, s, n);
		s += n;
		if (!*s)
			break;
		if (*s == '"' || *s == '\\')
			buf_printf(b, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			buf_printf(b, "\\u%04x", *s);
		else if (str_c1(s))
			s++, buf_printf(b, "\\u%04x", (unsigned char)*s);
		else if (!(n = str_utf8_len(
			       s, strnlen(s,
				      4)))) /* Linux takes any bytes, but JSON has to stay valid */
			buf_puts(b, "\xef\xbf\xbd");
		else
			buf_add(b, s, n), s += n - 1;
	}
	buf_puts(b, "\"");
}

static unsigned char less_random(void)
{
	static uint32_t h;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const uint32_t seed[3] = {h, (uint32_t)now.tv_nsec, (uint32_t)getpid()};
	h = fnv1a32(seed, sizeof seed);
	return (unsigned char)(h >> 24);
}

void rand_hex(char *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	/* The random bytes lie in the second half until they are replaced by digits. */
	unsigned char *c = (unsigned char *)out + n;
	if (getrandom(c, n, 0) != (ssize_t)n) /* a seccomp filter may refuse it */
		for (size_t i = 0; i < n; i++)
			c[i] = less_random();
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = c[i];
		out[2 * i] = digits[byte >> 4];
		out[2 * i + 1] = digits[byte & 15];
	}
	out[2 * n] = 0;
}
