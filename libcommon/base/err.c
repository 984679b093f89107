/* err.c: messages and failures; see err.h. One remembered message is enough: a caller either
 * returns the failure at once or prints it. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "str.h"

const char *err_applet = "ctrbox", *err_summary, *err_unnamed;
int err_code = 1, err_usage_code = 2;
void (*err_undo)(void);

static char remembered[FAIL_MAX];
static bool wrong_usage; /* the remembered failure is the caller's own mistake */

/* A message may quote bytes from a container or an archive: none of them may control the
 * terminal. */
static void tame(char *s)
{
	for (size_t n; *s; s += n) {
		n = str_utf8_len(s, strnlen(s, 4));
		/* Some terminals interpret bytes that are not valid UTF-8: a lone 0x9b begins a
		 * control sequence. */
		if (n == 0 || str_c1(s) || (unsigned char)*s < ' ' || *s == 127) {
			n = n ? n : 1;
			memset(s, '?', n);
		}
	}
}

/* musl's strerror(3) has no words for some errors, among them the one that a damaged disk gives
 * (EUCLEAN). */
static void spell(char *s, int error)
{
	static const char none[] = "No error information";
	char *at = error ? strstr(s, none) : NULL, word[sizeof none];
	if (!at)
		return;
	int n = snprintf(
	    word, sizeof word, error == EUCLEAN ? "File system damaged" : "Error %d", error);
	memmove(at + n, at + sizeof none - 1, strlen(at + sizeof none - 1) + 1);
	memcpy(at, word, (size_t)n);
}

/* A message that is too long loses its middle: its end usually says what is wrong with the long
 * name. */
static void format(char *out, size_t size, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int error = errno;
	int n = vsnprintf(out, size, fmt, ap);
	char *whole = NULL;
	size_t err_end = size / 3; /* bytes kept of its end, the NUL included */
	if (n < 0)
		out[0] = 0;
	if (n >= (int)size) {
		memcpy(out + size - 4, "...", 4);
		if (vasprintf(&whole, fmt, again) >= 0)
			memcpy(out + size - err_end - 3, "...", 3),
			    memcpy(out + size - err_end, whole + n + 1 - err_end, err_end);
		free(whole);
	}
	va_end(again);
	spell(out, error);
	tame(out);
}

int fail(const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof remembered]; /* the arguments may point into `remembered` */
	va_list ap;
	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	memcpy(remembered, text, sizeof text);
	wrong_usage = false;
	errno = saved;
	return -1;
}

int fail_usage(const char *fmt, ...)
{
	char text[sizeof remembered];
	va_list ap;
	va_start(ap, fmt);
	format(text, sizeof text, fmt, ap);
	va_end(ap);
	errno = EINVAL;
	fail_again(text);
	return fail_as_usage();
}

int fail_as_usage(void)
{
	wrong_usage = true;
	return -1;
}

int fail_in(const char *fmt, ...)
{
	char prefix[256];
	va_list ap;
	va_start(ap, fmt);
	format(prefix, sizeof prefix, fmt, ap);
	va_end(ap);
	bool usage = wrong_usage;
	fail("%s: %s", prefix, remembered);
	wrong_usage = usage;
	return -1;
}

int fail_about(const char *what)
{
	return fail_in("%s", what);
}

int fail_errno(const char *what)
{
	return fail("%s: %m", what);
}

int fail_tried(const char *what, const char *tried)
{
	return fail("%s: %s: %m", what, tried);
}

int fail_tried_in(const char *what, const char *name, const char *tried)
{
	return fail("%s: %s: %s: %m", what, name, tried);
}

int fail_open(const char *what)
{
	return fail_tried(what, "open");
}

const char *fail_msg(void)
{
	return remembered;
}

int fail_again(const char *why)
{
	return fail("%s", why);
}

/* The message without "NAME: " at its beginning. */
static const char *without(const char *msg, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	return n && strncmp(msg, name, n) == 0 && strncmp(msg + n, ": ", 2) == 0 ? msg + n + 2
										 : msg;
}

int fail_without(const char *name)
{
	return fail_again(without(remembered, name));
}

/* One write(2), so that the lines of several processes do not mix. */
static void err_say(const char *msg, const char *tail)
{
	char line[sizeof remembered + 160];
	int n =
	    snprintf(line, sizeof line, "%s: %s%s\n", err_applet, without(msg, err_unnamed), tail);
	if (n >= (int)sizeof line) {
		n = sizeof line - 1;
		line[n - 1] = '\n';
	}
	if (write(2, line, (size_t)n) < 0)
		return; /* there is nowhere to report it */
}

static _Noreturn void err_end(int code, const char *msg, const char *tail)
{
	static char said[sizeof remembered]; /* an inverse may fail with the same message */
	if (strcmp(said, msg) != 0)
		err_say(msg, tail);
	snprintf(said, sizeof said, "%s", msg);
	if (err_undo)
		err_undo();
	exit(code);
}

#define FORMATTED(text)                                                                            \
	char text[sizeof remembered];                                                              \
	va_list ap;                                                                                \
	va_start(ap, fmt);                                                                         \
	format(text, sizeof text, fmt, ap);                                                        \
	va_end(ap)

void die(const char *fmt, ...)
{
	FORMATTED(text);
	err_end(err_code, text, "");
}

void die_errno(const char *what)
{
	die("%s: %m", what);
}

void die_code(int code, const char *fmt, ...)
{
	FORMATTED(text);
	err_end(code, text, "");
}

void die_fail(void)
{
	err_end(wrong_usage ? err_usage_code : err_code, remembered, "");
}

void err_no_memory(void)
{
	err_end(err_code, "out of memory", "");
}

void die_usage(const char *fmt, ...)
{
	FORMATTED(text);
	err_end(err_usage_code, text, "");
}

void die_fail_usage(void)
{
	err_end(err_usage_code, remembered, "");
}

void die_help(const char *fmt, ...)
{
	FORMATTED(text);
	char tail[128];
	snprintf(tail, sizeof tail, " (see %s --help)", err_applet);
	err_end(err_usage_code, text, tail);
}

void warn(const char *fmt, ...)
{
	int saved = errno;
	FORMATTED(text);
	err_say(text, "");
	errno = saved;
}

void warn_fail(void)
{
	warn("%s", fail_msg());
}

void warn_about(const char *what)
{
	warn("%s: %s", what, fail_msg());
}
