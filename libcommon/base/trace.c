/* trace.c: reporting each step; see trace.h. One write(2) a line, because two processes report. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

bool trace_on;
void (*trace_to)(const char *line);
static struct timespec began;

void trace_start(void)
{
	trace_on = true;
	clock_gettime(CLOCK_MONOTONIC, &began);
}

void trace_line(const char *fmt, ...)
{
	char line[400];
	struct timespec now;
	va_list ap;
	clock_gettime(CLOCK_MONOTONIC, &now);
	long us = (now.tv_sec - began.tv_sec) * 1000000 + (now.tv_nsec - began.tv_nsec) / 1000;
	int n = trace_to ? 0 : snprintf(line, sizeof line, "%5ld.%03ld ms  ", us / 1000, us % 1000);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof line - 1) { /* a long path: its beginning tells */
		n = sizeof line - 1;
		memcpy(line + n - 3, "...", 4);
	}
	if (trace_to) {
		trace_to(line);
		return;
	}
	line[n++] = '\n';
	if (write(2, line, (size_t)n) < 0)
		trace_on = false;
}
