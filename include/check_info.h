/* check_info.h: the parts of ctr-check that the minimal build does not have: networks, and what it
 * says in place of `docker info` and `docker version`. */
#ifndef CTR_CHECK_INFO_H
#define CTR_CHECK_INFO_H

#include <stdbool.h>

#ifndef CTR_VERSION
#define CTR_VERSION "0.1"
#endif

/* One thing that is tried. `fn` runs in a child of its own and returns 0 or an errno. */
struct probe {
	const char *name, *cost, *config;
	int (*fn)(void);
	bool needed;      /* ctr-run cannot work without it */
	int flag;         /* of clone(2) */
	const char *type; /* of a file system */
};
/* The probes of networks; the last row has no name. */
extern const struct probe check_net_probes[];
/* Warn of rules that stop our networks, and of ours that are gone. */
void check_net_rules(void);

/* Print what `docker info` (with only_version: `docker version`) says: as lines, by a Go template,
 * or as JSON. Returns the exit code. */
int check_info(bool only_version, const char *format, bool json);

#endif
