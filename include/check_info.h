/* check_info.h: what ctr-check says in place of `docker info` and `docker version`. */
#ifndef CTR_CHECK_INFO_H
#define CTR_CHECK_INFO_H

#include <stdbool.h>

#ifndef CTR_VERSION
#define CTR_VERSION "0.1"
#endif

/* Print it: as lines, by a Go template, or as JSON. The exit code. */
int check_info(bool only_version, const char *format, bool json);

#endif
