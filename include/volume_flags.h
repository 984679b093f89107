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
	bool
	    make; /* bind: make src as a directory when it is missing (-v does, --mount does not) */
	bool nocopy; /* volume: do not fill it from the image */
};

/* `-v SRC:DST[:OPTS]`, or `-v DST` for a nameless volume. A SRC with a slash, or that begins with
 * '.', is a path (taken from the working directory when it is relative); anything else is a
 * volume's name. OPTS: ro rw z Z nocopy, propagation words and mount flags, apart by commas. 0, or
 * -1 with fail(); *out is then empty. */
int volume_parse_v(const char *arg, struct volume_req *out);

/* `--mount type=bind|tmpfs|volume,src=...,dst=...,readonly,...` (docker's words; type is volume
 * when not given). A field in double quotes may have commas in it, "" is a quote then (CSV, as
 * docker reads it). The same errors. */
int volume_parse_mount(const char *arg, struct volume_req *out);
/* The other way: a bind as --mount has it. Caller frees. */
char *volume_csv(const char *src, const char *dst, const struct strv *options);
void volume_req_free(struct volume_req *v);

#endif
