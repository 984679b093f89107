/* mountopts.h: the words of a mount's options (mount(8), OCI config.md "Mounts") as mount(2) wants
 * them.
 */
#ifndef CTR_MOUNTOPTS_H
#define CTR_MOUNTOPTS_H

#include <stdbool.h>
#include "str.h"

struct mountopts {
	unsigned long flags;       /* MS_* of mount(2) */
	unsigned long cleared;     /* MS_* whose opposite is named: rw, dev, exec, ... */
	unsigned long propagation; /* MS_PRIVATE, ... and MS_REC; 0 when not named */
	bool rec_flags; /* the flags hold for everything beneath: rro and friends; "ro" with rbind
			   too */
	bool idmap, tmpcopyup;
	char *data; /* the rest, comma-separated; NULL when there is none */
};

/* 0, or -1 with fail() on options that contradict the mount. mountopts_free() releases `data`. */
int mountopts_parse(struct mountopts *o, const struct strv *words);
/* Every word that is known, sorted: for `ctr-oci features`. */
void mountopts_names(struct strv *out);
void mountopts_free(struct mountopts *o);

#endif
