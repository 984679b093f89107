/* trace.h: reports each step of a start as it happens, for ctr-run --explain=trace. */
#ifndef CTR_TRACE_H
#define CTR_TRACE_H

#include <stdbool.h>

#ifdef CTR_MINIMAL /* reports nothing: the compiler leaves the calls out */
enum { trace_on = 0 };
#else
extern bool trace_on; /* off until trace_start() */
#endif
void trace_start(void);
/* Where the lines go instead of stderr; they have no time then. */
extern void (*trace_to)(const char *line);
/* Write a line to stderr: the time since trace_start() in ms, and what is done next. TRACE() makes
 * the call only when tracing is on, so that it costs a start no more than a comparison each. */
void trace_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define TRACE(...)                                                                                 \
	do {                                                                                       \
		if (trace_on)                                                                      \
			trace_line(__VA_ARGS__);                                                   \
	} while (0)

#endif
