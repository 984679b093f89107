/* create.h: from a command line to a container: what ctr-run and ctr-create share.
 */
#ifndef CTR_CREATE_H
#define CTR_CREATE_H

#include "opt.h"
#include "spec.h"
#include "record.h"

/* The options of ctr-run and ctr-create (docker run's); they fill static variables of create.c. */
extern const struct opt create_opts[];
extern bool create_detach; /* --detach was given (ctr-run) */

/* Make a container from operands argv[0..argc) (IMAGE|ROOTFS [COMMAND...]) and the parsed options: spec filled, record
 * made, lock held. The rest of the options is in c->conf. Dies with a message on bad input, before anything is made;
 * on failure later everything is undone. */
void create_container(struct container *c, struct spec *spec, int argc, char **argv);

/* The spec of a container that exists, from its config.json. -1 with fail(). */
int create_reload(const struct container *c, struct spec *spec);

#endif
