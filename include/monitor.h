/* monitor.h: the process that starts a container and stands by until it has ended: ctr-run itself
 * in the foreground, a forked copy of it with -d. It is the parent of the container's first
 * process, which dies with it (PR_SET_PDEATHSIG, prctl(2)).
 */
#ifndef CTR_MONITOR_H
#define CTR_MONITOR_H

#include <stdbool.h>
#include "spec.h"
#include "record.h"

/* Start the container `c` (lock held) by `spec` and wait for its end, with the caller's terminal
 * and descriptors. Returns the exit code (125, 126, 127 after a message when it did not start).
 * Removes the container afterwards when conf's rm says so, or if it is `fresh` (made just now) and
 * did not start. */
int monitor_foreground(struct container *c, struct spec *spec, bool fresh);

/* Fork a monitor that keeps nothing of the caller's, and wait until the command has been exec'd: 0;
 * or until it failed: the code, with fail() remembering why; the container is then removed if
 * `fresh`. */
int monitor_detached(struct container *c, struct spec *spec, bool fresh);

/* The file in the run directory whose presence says that the end is deliberate. */
#define STOPPING "stopping"
#define STOPPING_REMOVE "r" /* in it: the container is ended to be removed */

#endif
