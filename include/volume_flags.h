/* volume_flags.h: what -v and --mount ask for.
 */
#ifndef CTR_VOLUME_FLAGS_H
#define CTR_VOLUME_FLAGS_H

#include <stdbool.h>
#include "str.h"

struct volume_req {
	char *type; /* "bind", "tmpfs" or "volume" */
	char *src;  /* bind: absolute path on the host; volume: its name, NULL for a nameless one;
		       tmpfs: "tmpfs" */
	char *dst;  /* absolute path in the container, without "." and ".." */
	struct strv options; /* mount(8)'s words: "ro", "rprivate", "size=64m", ...; for a bind
				"rbind" is among them */
	bool make; /* bind: make src, as a directory, when it is missing (-v asks for that, --mount
		      does not) */
	bool nocopy; /* volume: do not fill it from the image */
};

/* Read `-v SRC:DST[:OPTS]`, or `-v DST` for a volume without a name. A SRC that begins with a
 * slash or with '.' is a path (relative to the working directory unless it is absolute); anything
 * else is the name of a volume, which has no slash. OPTS are ro rw z Z nocopy, the words for
 * propagation and mount flags, separated by commas. 0, or -1 with fail(), and then *out is empty.
 */
int volume_parse_v(const char *arg, struct volume_req *out);

/* Read `--mount type=bind|tmpfs|volume,src=...,dst=...,readonly,...` (docker's words; the type is
 * volume if none is given). A field in double quotes may have commas in it, and "" is a quote there
 * (CSV, as docker reads it). Errors as above. */
int volume_parse_mount(const char *arg, struct volume_req *out);
/* The inverse: a bind mount as --mount has it. Caller frees. */
char *volume_csv(const char *src, const char *dst, const struct strv *options);
void volume_req_free(struct volume_req *v);

#endif
