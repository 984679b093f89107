/* engine_child.h: what the two halves of a start share (engine.c, engine_child.c).
 *
 * They use a SOCK_SEQPACKET pair. The child enters its group before anything else, and then waits
 * up to three times: for the id maps (of a user namespace), for "go on" when its network is there
 * and the hooks on the runtime's side have run, and at its gate.
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
	int own_pidns;         /* to return to, when a pid namespace is joined */
	int proc;              /* of the pid namespace that is joined last of all; -1 none, or it
				  was joined before the clone */
	int image;             /* x_image_file's mount, detached; -1 none */
	int *idmounts;         /* idmounts.h; NULL none */
	struct handed *handed; /* handed.h; NULL none */
	int group; /* the v2 side of the container's group, for CLONE_INTO_CGROUP; -1 none */
	/* The child runs in the parent's memory, and the parent stands still: nobody says "go
	 * on" */
	bool borrowed;
	bool mapped; /* the idmounts are mapped, by a user namespace that is joined */
	bool joined; /* in the child: the namespaces are joined, and its group is entered */
	bool waits;  /* the child stops at a gate: this one, or (where it has none) the socket */
	struct gate gate;
	struct sock_fprog *seccomp;
};

/* Do hooks on the runtime's side run while the child waits? */
bool engine_hooks_meanwhile(const struct spec *s);

/* The CLONE_NEW* flags of the namespaces that are to be new and that the clone makes. */
uint64_t engine_new_namespaces(const struct spec *s, const struct sides *x);

/* Join the user namespace first, so that the new namespaces belong to it, as runc does. This is a
 * process in between: after it has joined, its child becomes PID 1 of the new pid namespace, and by
 * CLONE_PARENT that is a child of ours. Its pid is written to `tell`. */
_Noreturn void engine_join_user(struct engine *e, const struct sides *x, int tell);
/* The child's whole life up to exec. */
_Noreturn void engine_child(struct engine *e, const struct sides *x);

#endif
