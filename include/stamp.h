/* stamp.h: times in RFC 3339, in UTC; without libc's tables of zones. */
#ifndef CTR_STAMP_H
#define CTR_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define STAMP_SIZE 40
/* "2026-11-24T10:00:00Z", with nine digits behind a point unless ns < 0. Returns its length. */
size_t stamp_text(char out[STAMP_SIZE], int64_t sec, long ns);
/* Nanoseconds since the epoch of the n bytes at s; -1 when they are no time (or one before 1970).
 */
int64_t stamp_parse(const char *s, size_t n);

/* "2 minutes", as docker says how long something lasts; "2 minutes ago". Caller frees. */
char *stamp_lasting(int64_t seconds);
char *stamp_ago(int64_t then);

/* How long: digits and letters as Go writes them, 90s, 1h30m, 500ms, 1.5d; in milliseconds. -1 with
 * fail_usage(). */
int duration_parse(const char *what, const char *s, int64_t *ms);
/* When: a date, seconds since the epoch, or how long ago; in nanoseconds. -1 with fail_usage(). */
int64_t moment_parse(const char *what, const char *s);

/* clock_gettime(2) as a bare call: a start asks three times, and finding the vdso's function first
 * costs more. */
void clock_now(clockid_t clock, struct timespec *t);

#endif
