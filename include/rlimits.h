/* rlimits.h: the caller's limits of files, which are for what we start, not for us. */
#ifndef CTR_RLIMITS_H
#define CTR_RLIMITS_H

/* For ourselves: as many descriptors and as long files as we may have; too long a file is an error
 * and no signal (setrlimit(2)). */
void rlimits_widen(void);
/* In a process that becomes another: the caller's again, if rlimits_widen() was called. */
void rlimits_back(void);

#endif
