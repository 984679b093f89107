/* hooks.h: OCI hooks (runtime-spec, config.md "POSIX-platform Hooks"): programs run at points of a container's life
 * with its state as JSON on stdin.
 */
#ifndef CTR_HOOKS_H
#define CTR_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>
#include "spec.h"

bool hooks_any(const struct spec *s, enum spec_hook_when when);
/* Run those of one point, in order. -1 with fail() when one fails or takes longer than its timeout. `pid` is the
 * container's process, 0 when it is ourselves. */
int hooks_run(const struct spec *s, enum spec_hook_when when, pid_t pid);
/* What hooks are told: the container's id and bundle; set once by who starts it. */
void hooks_identity(const char *id, const char *bundle);

#endif
