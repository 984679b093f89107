/* scope.h: a container's group as a scope of systemd's (--systemd-cgroup), by systemd's own socket:
 * org.freedesktop.systemd1(5). A user's is the one of the user's own systemd.
 */
#ifndef CTR_SCOPE_H
#define CTR_SCOPE_H

#include "spec.h"

struct scope {
	struct strv names; /* its slice and its unit, the caller's */
	const char *unit;  /* "PREFIX-NAME.scope" */
	char *path;        /* its group, relative to the hierarchies' roots */
	pid_t pid;         /* stands in it until the container's process does, 0 */
};

/* Find its names: from linux.cgroupsPath "SLICE:PREFIX:NAME", or a default for `id`. 0, or -1 with
 * fail(). */
int scope_name(struct scope *c, const struct spec *s, const char *id);
/* Have systemd make the scope, with the spec's limits, so that it keeps them, and with what
 * annotations (org.systemd.property.) say. 0, or -1 with fail(); in both cases scope_settled()
 * follows. */
int scope_start(struct scope *c, const struct spec *s, const char *id);
/* End the process that stands in the scope: the container's own is there, or never will be. */
void scope_settled(struct scope *c);
/* Whether we may put a process into this group of a scope: a user's session is outside of what the
 * user may change. */
bool scope_joinable(const char *path);
/* Have systemd put a process into the scope, where we may not. Warns where it does not. */
void scope_attach(const char *unit, pid_t pid);
/* Tell systemd changed limits, "KEY=VALUE" (cgroup.h). 0, or -1 with fail(). */
int scope_update(const char *unit, const struct strv *limits);
/* End it, unless it has processes (it may be another's by now), and wait until it has gone; one
 * that has gone is no error. Best effort. */
void scope_stop(const char *unit);

#endif
