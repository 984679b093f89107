/* signames.h: names of signals (signal(7)). */
#ifndef CTR_SIGNAMES_H
#define CTR_SIGNAMES_H

/* "TERM", "SIGTERM" in any case, "15", "RTMIN+3": the number, or -1 with fail(). */
int signal_from_name(const char *s);
/* "TERM" for 15; NULL where there is none. */
const char *signal_name(int sig);

#endif
