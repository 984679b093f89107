/* trace.h: telling each step of a start as it happens, for ctr-run --explain=trace.
 */
#ifndef CTR_TRACE_H
#define CTR_TRACE_H

#include <stdbool.h>

#ifdef CTR_MINIMAL /* tells nothing: the compiler leaves the lines out */
enum { trace_on = 0 };
#else
extern bool trace_on; /* off until trace_start() */
#endif
void trace_start(void);
/* Where lines go in place of stderr, without a time. */
extern void (*trace_to)(const char *line);
/* A line on stderr: the time since trace_start() in ms, and what is done next. The call is made
 * only where it is on, so that a start pays a comparison for each. */
void trace_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define TRACE(...)                                                                                 \
	do {                                                                                       \
		if (trace_on)                                                                      \
			trace_line(__VA_ARGS__);                                                   \
	} while (0)

#endif
