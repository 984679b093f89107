/* resident.h: how much of us stays in memory while we wait. */
#ifndef CTR_RESIDENT_H
#define CTR_RESIDENT_H

/* The pages of our program and its constants are no longer ours (the file has them): what is used
 * from here on comes back by itself. Nor is the stack that earlier calls used. For a process that
 * has started something and now waits for days: of ten monitors, 900 KB of a start's code count as
 * 90 each. */
void text_forget(void);

#endif
