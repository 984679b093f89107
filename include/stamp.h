/* stamp.h: times as RFC 3339 writes them, in UTC, without the time zone tables of libc. */
#ifndef CTR_STAMP_H
#define CTR_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define STAMP_SIZE 40
/* "2026-11-24T10:00:00Z", with nine digits behind a point unless ns < 0. Returns the length. */
size_t stamp_text(char out[STAMP_SIZE], int64_t sec, long ns);
/* The time that the n bytes at s tell, in nanoseconds since the epoch; -1 when they are no time, or
 * one before 1970. */
int64_t stamp_parse(const char *s, size_t n);
/* stamp_parse() of a whole string; -1 for NULL. */
int64_t stamp_of(const char *s);

/* How long something lasts, in docker's own words: "2 minutes", "About a minute", "Less than a
 * second". Caller frees. */
char *stamp_human(int64_t seconds);
/* A time as docker's lists have it, in the caller's time zone: "2024-05-06 07:08:09 +0000 UTC".
 * Caller frees. */
char *stamp_local(int64_t seconds);
/* "2 minutes ago". Caller frees. */
char *stamp_ago(int64_t then);

/* Read a duration as Go writes it, with digits and letters (90s, 1h30m, 500ms, 1.5d), into
 * milliseconds. -1 with fail_usage(). */
int duration_parse(const char *what, const char *s, int64_t *ms);
/* Read a moment, which is a date, seconds since the epoch, or how long ago it was, into
 * nanoseconds. -1 with fail_usage(). */
int64_t moment_parse(const char *what, const char *s);

/* clock_gettime(2) as a bare system call: a start asks for the time three times, and to find the
 * function in the vdso first would cost more. */
void clock_now(clockid_t clock, struct timespec *t);

#endif
