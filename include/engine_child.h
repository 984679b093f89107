/* engine_child.h: what the two halves of a start share (engine.c, engine_child.c).
 *
 * They hold a SOCK_SEQPACKET pair. The child goes into its group before all else, and then waits up
 * to three times: for the id maps (a user namespace), for "go on", when its network is there and
 * the hooks of the runtime's side have run, and at its gate.
 */
#ifndef CTR_ENGINE_CHILD_H
#define CTR_ENGINE_CHILD_H

#include <linux/filter.h>
#include "engine.h"
#include "engine_gate.h"

struct handed;

struct sides {
	int ours, childs;
	int ns_fd[NS_COUNT];   /* namespaces to join, -1 none */
	int own_pidns;         /* to come back to, when a pid namespace is joined */
	int proc;              /* of the pid namespace that is joined last of all; -1 none, or it
				  was joined before the clone */
	int image;             /* x_image_file's mount, detached; -1 none */
	int *idmounts;         /* idmounts.h; NULL none */
	struct handed *handed; /* handed.h; NULL none */
	int group;     /* the v2 side of the container's group, for CLONE_INTO_CGROUP; -1 none */
	bool borrowed; /* the child runs in the parent's memory, which stands still: no one says go
			*/
	bool mapped;   /* the idmounts are, by a user namespace that is joined */
	bool joined;   /* in the child: the namespaces are, and its group is entered */
	bool waits;    /* the child stops at a gate: this one, or (where it has none) the socket */
	struct gate gate;
	struct sock_fprog *seccomp;
};

/* Do hooks of the runtime's side run while the child waits? */
bool engine_hooks_meanwhile(const struct spec *s);

/* CLONE_NEW* of what the spec wants new and the clone makes. */
uint64_t engine_new_namespaces(const struct spec *s, const struct sides *x);

/* A user namespace is joined first, so that the new namespaces are its own, as runc does: by a
 * process in between, for what joins is not PID 1 of a new pid namespace; its child is, which is
 * ours by CLONE_PARENT. Writes that one's pid to `tell`. */
_Noreturn void engine_join_user(struct engine *e, const struct sides *x, int tell);
/* The child's whole life until exec. */
_Noreturn void engine_child(struct engine *e, const struct sides *x);

#endif
