/* stamp.c: times in RFC 3339; see stamp.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "stamp.h"
#include "str.h"

size_t stamp_text(char out[STAMP_SIZE], int64_t sec, long ns)
{
	time_t t = (time_t)sec;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof tm);
	int n =
	    snprintf(out, STAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (tm.tm_year + 1900) % 10000,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	n += ns < 0 ? snprintf(out + n, STAMP_SIZE - (size_t)n, "Z")
		    : snprintf(out + n, STAMP_SIZE - (size_t)n, ".%09ldZ", ns);
	return (size_t)n;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap
 * day is the last of its year. */
static int64_t days(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = y / 400, yoe = y - era * 400,
		doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* Exactly n digits at *s, which is advanced past them; -1 when they are not all there. */
static int stamp_digits(const char **s, const char *end, int n)
{
	int v = 0;
	for (; n > 0; n--, (*s)++) {
		if (*s == end || **s < '0' || **s > '9')
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

int64_t stamp_parse(const char *s, size_t n)
{
	static const char after[] = "--T::";
	const char *end = s + n;
	int f[6];
	for (int i = 0; i < 6; i++) {
		f[i] = stamp_digits(&s, end, i == 0 ? 4 : 2);
		if (f[i] < 0 || (i < 5 && (s == end || (*s != after[i] &&
							   !(i == 2 && (*s == 't' || *s == ' '))))))
			return -1;
		s += i < 5;
	}
	if (f[0] < 1970 || f[0] > 2261 /* the range of 64 bits of nanoseconds */ || f[1] < 1 ||
	    f[1] > 12 || f[2] < 1 || f[2] > 31 || f[3] > 24 || f[4] > 59 || f[5] > 60)
		return -1;
	int64_t ns = 0, unit = 100000000,
		sec = days(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
	if (s < end && *s == '.')
		for (s++; s < end && *s >= '0' && *s <= '9'; s++, unit /= 10)
			ns += (*s - '0') * unit;
	if (s < end && (*s == '+' || *s == '-')) {
		int sign = *s++ == '+' ? 1 : -1, h = stamp_digits(&s, end, 2);
		if (h < 0 || s == end || *s++ != ':')
			return -1;
		int m = stamp_digits(&s, end, 2);
		if (m < 0)
			return -1;
		sec -= sign * (h * 3600 + m * 60);
	} else if (s < end && (*s == 'Z' || *s == 'z')) {
		s++;
	}
	return s == end ? sec * 1000000000 + ns : -1;
}

int64_t stamp_of(const char *s)
{
	return s ? stamp_parse(s, strlen(s)) : -1;
}

/* The decimal number from s to end (`90`, `1.5`) times `unit`, in whole numbers, because strtod()
 * alone would be 5 KB of the minimal build. -1 when it is none, or too large. */
static int64_t decimal_times(const char *s, const char *end, int64_t unit)
{
	int64_t n = 0;
	bool any = false;
	for (; s < end && *s != '.'; s++, any = true)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n))
			return -1;
	if (__builtin_mul_overflow(n, unit, &n) || n > INT64_MAX - unit)
		return -1;
	for (s += s < end; s < end; s++, any = true) {
		if (*s < '0' || *s > '9')
			return -1;
		n += (*s - '0') * (unit /= 10);
	}
	return any ? n : -1;
}

int duration_parse(const char *what, const char *s, int64_t *ms)
{
	static const struct {
		char name[3];
		int64_t ns;
	} units[] = {{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000},
	    {"d", 86400000000000}, {"us", 1000}, {"ns", 1}};
	int64_t all = 0;
	for (const char *p = s, *end; *p || p == s; p = end) {
		const char *unit = p + strspn(p, "0123456789.");
		int64_t n = decimal_times(p, unit, 1), times = 0;
		end = unit + strspn(unit, "mshdun");
		for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
			if (strlen(units[i].name) == (size_t)(end - unit) &&
			    strncmp(units[i].name, unit, (size_t)(end - unit)) == 0)
				times = units[i].ns;
		if (n == 0 && !*unit)
			continue; /* "0" */
		if (unit == p)
			return fail_usage("%s: '%s' is not a time (90s, 1h30m, 500ms)", what, s);
		n = times ? decimal_times(p, unit, times) : -1;
		if (n < 0 || __builtin_add_overflow(all, n, &all))
			return fail_usage(
			    "%s: '%s' is not a time (90s, 1h30m, 500ms: with a unit)", what, s);
	}
	*ms = all / 1000000;
	return 0;
}

int64_t moment_parse(const char *what, const char *s)
{
	int64_t t = stamp_parse(s, strlen(s)), ago = 0;
	struct timespec now;
	size_t len = strlen(s);
	int64_t n = decimal_times(s, s + len, 1000000000);
	if (t < 0 && len >= 10 && len < 19 && s[4] == '-') { /* the day's or the hour's beginning */
		_cleanup_free_ char *whole = xasprintf("%s%s", s, &"0000-00-00T00:00:00"[len]);
		t = stamp_parse(whole, 19);
	}
	if (t >= 0)
		return t;
	if (n >= 0)
		return n;
	if (duration_parse(what, s, &ago) < 0)
		return fail_usage("%s: '%s' is not a time (a date, 90s, 1h30m, 2d)", what, s);
	clock_now(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec - ago * 1000000;
}

/* In fewer words than docker's: our own table fits 80 columns. */
static char *stamp_lasting(int64_t seconds)
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = {{86400 * 365, "year"}, {86400 * 30, "month"}, {86400 * 7, "week"},
	    {86400, "day"}, {3600, "hour"}, {60, "minute"}};
	if (seconds < 0) /* the clock was set back */
		seconds = 0;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (seconds >= units[i].unit) {
			long long n = seconds / units[i].unit;
			return xasprintf("%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
		}
	return xasprintf("%lld second%s", (long long)seconds, seconds == 1 ? "" : "s");
}

char *stamp_local(int64_t seconds)
{
	struct tm tm;
	time_t t = (time_t)seconds;
	if (!localtime_r(&t, &tm)) /* the year is no int */
		tm = (struct tm){0};
	return xasprintf("%04d-%02d-%02d %02d:%02d:%02d %+.4d %s", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(tm.tm_gmtoff / 3600 * 100 + tm.tm_gmtoff % 3600 / 60),
	    tm.tm_zone ? tm.tm_zone : "");
}

char *stamp_human(int64_t seconds)
{
	long long minutes = seconds / 60, hours = (seconds + 1800) / 3600, n = seconds;
	const char *unit = "second";
	if (seconds < 1)
		return xstrdup("Less than a second");
	if (minutes == 1 || (minutes >= 60 && hours == 1))
		return xstrdup(minutes == 1 ? "About a minute" : "About an hour");
	if (minutes)
		n = minutes, unit = "minute";
	if (minutes >= 60)
		n = hours, unit = "hour";
	if (hours >= 48)
		n = hours / 24, unit = "day";
	if (hours >= 24 * 14)
		n = hours / 24 / 7, unit = "week";
	if (hours >= 24 * 60)
		n = hours / 24 / 30, unit = "month";
	if (hours >= 24 * 365 * 2)
		n = hours / 24 / 365, unit = "year";
	return xasprintf("%lld %s%s", n, unit, n == 1 ? "" : "s");
}

char *stamp_ago(int64_t then)
{
	_cleanup_free_ char *s = stamp_lasting(then ? time(NULL) - then : 0);
	return xasprintf("%s ago", s);
}

void clock_now(clockid_t clock, struct timespec *t)
{
#ifdef __LP64__
	if (syscall(SYS_clock_gettime, clock, t) == 0)
		return;
#endif
	clock_gettime(clock, t);
}
