/* trace_minimal.c: the minimal build reports no steps; see trace.h. */
#include "trace.h"

void trace_start(void)
{
}

void trace_line(const char *fmt, ...)
{
	(void)fmt;
}
