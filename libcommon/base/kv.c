/* kv.c: quoted shell assignments; see kv.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "kv.h"

static bool key_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static bool plain_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       strchr("+,-./:=@_%", c);
}

/* The shell word at s (which ends before `end`), unquoted in place. Returns the position after it,
 * or NULL when it is not quoted as kv_text() quotes; *last is where its terminating NUL belongs. */
static char *kv_word(char *s, const char *end, char **last)
{
	char *out = s;
	while (s < end && *s != '\n') {
		if (*s == '\'') {
			char *q = memchr(s + 1, '\'', (size_t)(end - s - 1));
			if (!q)
				return NULL;
			memmove(out, s + 1, (size_t)(q - s - 1));
			out += q - s - 1;
			s = q + 1;
		} else if (*s == '\\' && s + 1 < end && s[1] == '\'') {
			*out++ = '\'';
			s += 2;
		} else if (plain_char(*s)) {
			*out++ = *s++;
		} else {
			return NULL;
		}
	}
	*last = out;
	return s;
}

static ssize_t kv_find(const struct kv *kv, const char *key)
{
	for (size_t i = 0; i < kv->keys.n; i++)
		if (strcmp(kv->keys.v[i], key) == 0)
			return (ssize_t)i;
	return -1;
}

static void string_free(const struct kv *kv, char *s)
{
	if (s < kv->text || s > kv->text + kv->len)
		free(s);
}

/* Takes ownership of both strings. */
static void kv_put(struct kv *kv, char *key, char *value)
{
	ssize_t i = kv_find(kv, key);
	if (i < 0) {
		strv_take(&kv->keys, key);
		strv_take(&kv->vals, value);
		return;
	}
	string_free(kv, key);
	string_free(kv, kv->vals.v[i]);
	kv->vals.v[i] = value;
}

static char *kv_line_parse(struct kv *kv, char *s, const char *end)
{
	char *eq = s, *last;
	while (eq < end && key_char(*eq, eq == s))
		eq++;
	if (eq == s || eq == end || *eq != '=')
		return NULL;
	char *next = kv_word(eq + 1, end, &last);
	if (!next || kv->keys.n > 999) /* no file of ours has so many, and the search for a key
					  among those before takes quadratic time */
		return NULL;
	*eq = *last = 0;
	kv_put(kv, s, eq + 1);
	return next;
}

int kv_parse(struct kv *kv, const char *text, size_t len)
{
	*kv = (struct kv){0};
	if (len && memchr(text, 0, len))
		return errno = EINVAL, fail("a NUL byte in it");
	/* One copy of the text; the strings point into it. Listing a thousand containers is
	 * measurably faster this way. */
	kv->text = xmalloc(len + 1);
	kv->len = len;
	memcpy(kv->text, text, len);
	char *s = kv->text, *end = s + len;
	kv->keys.room = kv->vals.room = 32; /* more than most have, so that it does not grow */
	kv->keys.v = xmalloc(32 * sizeof *kv->keys.v);
	kv->vals.v = xmalloc(32 * sizeof *kv->vals.v);
	for (int line = 1; s < end; line++) {
		if (*s == '#' || *s == '\n') {
			char *nl = memchr(s, '\n', (size_t)(end - s));
			s = nl ? nl + 1 : end;
			continue;
		}
		s = kv_line_parse(kv, s, end);
		if (!s) {
			kv_free(kv);
			errno = EINVAL;
			return fail("line %d is not key='value'", line);
		}
		if (s < end)
			s++; /* the newline */
	}
	return 0;
}

int kv_read_at(struct kv *kv, int dirfd, const char *name)
{
	return kv_read_held(kv, dirfd, name, NULL);
}

int kv_read_held(struct kv *kv, int dirfd, const char *name, bool *held)
{
	char small[4096];
	_cleanup_free_ char *text = NULL;
	*kv = (struct kv){0};
	/* A listing reads two files for each container. Most of them are short. A read that gives
	 * less than was asked for has met the end of the file, so there is no second one. */
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, small, sizeof small);
	size_t len = (size_t)n;
	if (n < 0)
		return fail_tried(name, fd < 0 ? "open" : "read");
	if (held)
		*held = lock_try(fd, LOCK_SH) == 0;
	if (len == sizeof small && !(text = file_read_at(dirfd, name, FILE_ANY, &len)))
		return -1;
	return kv_parse(kv, text ? text : small, len) < 0 ? fail_about(name) : 0;
}

int kv_write_at(const struct kv *kv, int dirfd, const char *name, bool durable)
{
	struct buf b = {0};
	kv_text(kv, &b);
	int r = file_write_at(dirfd, name, b.p, b.n, 0644, durable);
	buf_free(&b);
	return r;
}

const char *kv_get(const struct kv *kv, const char *key)
{
	ssize_t i = kv_find(kv, key);
	return i < 0 ? NULL : kv->vals.v[i];
}

int64_t kv_num(const struct kv *kv, const char *key, int64_t dflt)
{
	const char *s = kv_get(kv, key);
	char *end;
	if (!s || !*s)
		return dflt;
	errno = 0;
	long long n = strtoll(s, &end, 10);
	return errno || *end ? dflt : n;
}

void kv_set(struct kv *kv, const char *key, const char *value)
{
	char *new = xstrdup(value);
	kv_put(kv, xstrdup(key), new);
}

void kv_setf(struct kv *kv, const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	kv_put(kv, xstrdup(key), xvasprintf(fmt, ap));
	va_end(ap);
}

void kv_text(const struct kv *kv, struct buf *out)
{
	buf_puts(out, "");
	for (size_t i = 0; i < kv->keys.n; i++) {
		buf_printf(out, "%s='", kv->keys.v[i]);
		for (const char *s = kv->vals.v[i]; *s; s++)
			if (*s == '\'')
				buf_puts(out, "'\\''");
			else
				buf_add(out, s, 1);
		buf_puts(out, "'\n");
	}
}

void kv_free(struct kv *kv)
{
	for (size_t i = 0; i < kv->keys.n; i++) {
		string_free(kv, kv->keys.v[i]);
		string_free(kv, kv->vals.v[i]);
	}
	free(kv->keys.v);
	free(kv->vals.v);
	free(kv->text);
	*kv = (struct kv){0};
}
