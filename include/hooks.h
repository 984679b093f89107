/* hooks.h: OCI hooks (runtime-spec, config.md "POSIX-platform Hooks"): programs run at points of a
 * container's life with its state as JSON on stdin.
 *
 * prestart, createRuntime, poststart and poststop run in the namespaces of the runtime;
 * createContainer and startContainer run in the container's, where the path of a createContainer
 * hook is still the runtime's.
 */
#ifndef CTR_HOOKS_H
#define CTR_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>
#include "json.h"
#include "spec.h"

/* What hooks are told beside what the spec says itself (ociVersion, annotations) and the point
 * (status). */
struct hook_subject {
	const char *id;     /* NULL: "" */
	const char *bundle; /* an absolute path; NULL: "/" */
	pid_t pid; /* the container's process, as the one that runs the hook sees it; 0: none */
	/* Is a hook that takes longer than 5 s to be killed? NULL: never; it may be asked in the
	 * process of the container, too. */
	bool (*given_up)(const void *arg);
	const void *arg;
};

/* The spec's annotations as a JSON object. Caller frees. */
json_t *hook_annotations(const struct spec *s);
bool hooks_any(const struct spec *s, enum spec_hook_when when);
/* Run those of one point, in order. What a failure means is the specification's (runtime.md,
 * "Lifecycle"): -1 with fail() when one fails, takes longer than its timeout or is given up, and
 * the later ones do not run; the caller stops the container. Only a poststop hook that fails is
 * warned of, and the others run; 0 then. */
int hooks_run(const struct spec *s, enum spec_hook_when when, const struct hook_subject *about);

#endif
