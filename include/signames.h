/* signames.h: names of signals (signal(7)). */
#ifndef CTR_SIGNAMES_H
#define CTR_SIGNAMES_H

/* The number of a signal that is written as "TERM" or "SIGTERM" in any case, "15" or "RTMIN+3"; -1
 * with fail(). */
int signal_from_name(const char *s);
/* The name of a signal, "TERM" for 15; NULL where it has none. */
const char *signal_name(int sig);

#endif
