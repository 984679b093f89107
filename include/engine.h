/* engine.h: the one engine that starts a container, in two steps.
 *
 * engine_make() ends in *created*: the namespaces, the mounts, the user and the privileges are as
 * the command wants them, the hooks of the creation have run, and the child waits at a gate.
 * engine_go() opens the gate: the command is exec'd. engine_run() does both in one breath, which is
 * quicker. The engine knows the specification and nothing of anybody's records: its caller reserves
 * names, makes the group (group.h) and undoes what the caller has made.
 *
 * Our process must have a single thread. Errors are -1 with fail() and `code`.
 */
#ifndef CTR_ENGINE_H
#define CTR_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "report.h"
#include "spec.h"

struct engine {
	/* in: what */
	const struct spec *spec;
	const char *id;     /* what hooks are told; NULL: "" */
	const char *bundle; /* likewise, the bundle's own path; NULL: "/" */
	/* the directory that has upper and work; NULL where the spec has no overlay */
	const char *dir;
	/* files in `dir`, up to NULL, that are mounted at /etc/NAME unless they are missing or the
	 * spec mounts something there; NULL: none */
	const char *const *etc;
	const char *root_at; /* without a mount namespace of its own: the folder where its root is
				mounted, and all that is mounted in that; NULL: in its own */
	const char *home;    /* the caller's own folder, with cache/seccomp in it; NULL: none */
	const char *cgroup;  /* its group as given, made and limited, relative to the hierarchies'
				roots; NULL: none */
	bool no_device_list; /* one is wanted and not in force (group.h): no CAP_MKNOD, and no node
				but those that are asked for can be opened */
	/* in: how */
	bool again;    /* a further start by the same process */
	bool can_copy; /* where no overlay can be had a copied root would do (REPORT_NO_OVERLAY) */
	bool passing;  /* the writable layer dies with the command: it need not reach the disk */
	bool outlives; /* the child does not die with this process */
	bool no_new_keyring; /* the session keyring stays the caller's */
	/* a directory: the gate is made there (engine_open_gate), and outlives this process; -1:
	 * the gate is held by this process (engine_go) */
	int gate;
	int stdio[3];        /* the command's descriptors (unless spec->terminal); -1: /dev/null */
	unsigned preserve;   /* so many descriptors from 3 on are the command's as well */
	int ns_fd[NS_COUNT]; /* namespaces to join, in place of the spec's; -1: as the spec says */
	int apart[4]; /* descriptors that the child must let go of: the locks of a life, and an
			 epoll(7), whose events it would take by a look; -1: none */
	/* Called here when the child's namespaces exist and it waits: attach networks. 0, or -1
	 * with fail(). */
	int (*attach)(struct engine *e, void *arg);
	void *attach_arg;
	/* The same for a profile with SCMP_ACT_NOTIFY (report.h), with attach_arg; NULL: refused */
	report_agent *notify;
	/* For the hooks that run here (hooks.h), with attach_arg; NULL: they take their time */
	bool (*given_up)(const void *arg);
	/* out */
	pid_t
	    pid; /* our child: it is reaped by us, or when we have ended by the nearest subreaper */
	uint64_t starttime; /* of pid, clock ticks since boot */
	int master;         /* the terminal's master where spec->terminal, else -1; the caller's */
	int code;           /* on failure: 125, 126 or 127, or one of report.h's */
	bool no_filter;     /* on failure: spec->seccomp was refused */
	/* the engine's own */
	int sock;
};

/* Everything at its default, in place of designated initialisers: no descriptors, nothing to join.
 */
void engine_init(struct engine *e, const struct spec *spec);

/* Up to *created*. 0; -1 with everything of the child gone, whatever step failed. The poststop
 * hooks are the caller's to run then (hooks.h), once it has undone its own part. */
int engine_make(struct engine *e);
/* Let a child that waits at our own gate go, and run the poststart hooks. 0 when the command was
 * exec'd; -1 when not: the child is gone. */
int engine_go(struct engine *e);
/* engine_make() and engine_go() in one breath; `gate` must be -1. */
int engine_run(struct engine *e);
/* End a child that was made and is ours, and forget it: killed, reaped, its descriptors closed. */
void engine_drop(struct engine *e);

/* For another process than the one that made it: open the gate that lies in directory `gate`. 0
 * when the command was exec'd (or has died at that moment: look at the process); -1 with fail() and
 * *code when a startContainer hook (REPORT_HOOK_FAILED) or the exec failed, and the child has
 * ended; with errno ESRCH when nobody waits there: it has ended or was let go before. The caller
 * holds a lock, so that two do not open it at once, and runs the poststart hooks afterwards
 * (hooks.h). */
int engine_open_gate(int gate, int *code);
/* Does somebody wait at it? 1, 0; -1 with fail(). */
int engine_gate_waiting(int gate);
/* Remove its files from the directory. Missing ones are fine. */
void engine_remove_gate(int gate);

#endif
