/* explain_parts.h: what the files of --explain share (container/explain*.c).
 */
#ifndef CTR_EXPLAIN_PARTS_H
#define CTR_EXPLAIN_PARTS_H

#include <stdio.h>
#include "create_flags.h"
#include "network.h"
#include "record.h"
#include "spec.h"

struct script {
	FILE *f;
	const struct create_flags *o;
	struct container *c;
	const struct spec *s;
	const char *root;    /* the operand */
	struct buf cleanup;  /* what the trap runs, lines */
	struct buf outside;  /* ctr-unshare's --outside, commands */
	struct network net;  /* the one at hand, open while has_net */
	struct strv further; /* the others' lines: NAME IP IP6 ALIAS... */
	bool group, has_net;
	bool nodev;   /* a device list is wanted, and nothing enforces one */
	bool out[2];  /* IPv4, IPv6: there is a default route already */
	unsigned etc; /* which of explain_etc[] there are */
};
extern const char *const explain_etc[3];

/* A word as sh reads it back, whatever bytes it has. */
void explain_word(FILE *f, const char *w);
/* An option of the tool at hand, unless it has no value (NULL) or is off. */
void explain_opt(struct script *x, const char *flag, const char *value);
void explain_opts(struct script *x, const char *flag, const struct strv *l);
void explain_flag(struct script *x, const char *flag, bool on);
/* The chain of tools that becomes the command. 0, or -1 with fail(): it has no such step. */
int explain_chain(struct script *x);

#endif
