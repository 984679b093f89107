/* rlimits.h: the caller's limits of files, which are for what we start, not for us. */
#ifndef CTR_RLIMITS_H
#define CTR_RLIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

/* For ourselves: as many descriptors, as long files and as much memory as we may have; too long a
 * file is an error and no signal (setrlimit(2)). -1 with fail(): too little to work with; `files`:
 * too few of them, too. */
int rlimits_widen(bool files);
/* In a process that becomes another: the caller's again, if rlimits_widen() was called. */
void rlimits_back(void);
/* In two parts: the stack's last, directly before the command is executed, for what comes before
 * may need more; another than the caller's when that was said. */
void rlimits_back_early(void);
/* Not this one: what follows is to be above the caller's, perhaps, and was raised for that. */
void rlimits_keep(int which);
void rlimits_stack(const struct rlimit *r);
void rlimits_back_stack(void);

#endif
