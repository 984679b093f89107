/* rlimits.h: the caller's resource limits, which are meant for what we start and not for ourselves.
 */
#ifndef CTR_RLIMITS_H
#define CTR_RLIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

/* Give ourselves as many descriptors, as long files and as much memory as we may have. Too long a
 * file then is an error and no signal (setrlimit(2)). -1 with fail() when that is too little to
 * work with; with `files` too few descriptors are an error, too. */
int rlimits_widen(bool files);
/* For a process that becomes another program: the caller's limits again, if rlimits_widen() was
 * called. */
void rlimits_back(void);
/* rlimits_back() in two parts: rlimits_back_early() gives back all limits but that of the stack,
 * rlimits_back_stack() that one. It comes last, directly before the command is executed, because
 * what is done before that may need more. rlimits_stack() sets another limit of the stack than the
 * caller's. */
void rlimits_back_early(void);
/* Leave this limit alone when the others are given back: it was raised because what follows may
 * need more than the caller's. */
void rlimits_keep(int which);
void rlimits_stack(const struct rlimit *r);
void rlimits_back_stack(void);

#endif
