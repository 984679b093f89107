/* create.h: from a command line to a container: what ctr-run and ctr-create share.
 */
#ifndef CTR_CREATE_H
#define CTR_CREATE_H

#include "opt.h"
#include "spec.h"
#include "record.h"

struct create_flags;

/* The options of ctr-run and ctr-create (docker run's), and what parsing them fills. */
extern const struct opt create_opts[];
/* Options that other tools have, each with what does the same here (struct usage, opt.h). */
extern const char create_others[];
struct create_flags *create_given(void);

/* Make a container from operands argv[0..argc) (IMAGE|ROOTFS [COMMAND...]) and its options: spec
 * filled, record made, lock held. The rest of the options is in c->conf. `o` gains what was left to
 * defaults (net, rm) and the image's labels. -1 with fail() (fail_usage() where the command line is
 * to blame, before anything was made); everything is undone then. */
int create_container(
    struct create_flags *o, struct container *c, struct spec *spec, int argc, char **argv);

/* create_container()'s step that fills c->conf: restart policy, log, labels, signals, what its
 * networks are to be. -1 with fail(), or fail_usage(). */
int create_record(const struct create_flags *o, struct container *c, struct spec *s);
/* --storage-opt, when the container's folder is there. A tmpfs that the container mounts for itself
 * has a size on every kernel, but is gone with it: 1 when that is to be, with the spec changed. */
int create_layer_limit(const struct container *c, struct spec *s);

/* Is it a restart policy? 0, or -1 with fail_usage(). */
int create_restart_check(const char *policy);

/* The spec of a container that exists, from its config.json. -1 with fail(). */
int create_reload(const struct container *c, struct spec *spec);

#endif
