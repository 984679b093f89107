/* confine.h: takes from a process that reads what strangers made all rights that it does not need
 * for that. */
#ifndef CTR_CONFINE_H
#define CTR_CONFINE_H

#include <stdbool.h>

/* From here on this process has, of capabilities(7), only those about files, can gain none
 * (no_new_privs), makes none but the system calls that reading, writing and making files takes
 * (seccomp(2)), has at most 512 MiB of memory, dies with its parent, and its names end at the
 * directory `root` (borrowed): with `whole` it becomes the root directory, on a mount of its own
 * where no device can be opened and nothing executed (before Linux 5.12 without those); else, for a
 * directory of somebody else's mounts, landlock(7) holds it there as far as the kernel has it. For
 * a forked child that has one thread and no other descriptors of directories. What the kernel does
 * not have is left out; -1 with fail() where capabilities or the filter are refused. */
int confine(int root, bool whole);
/* For a program of the host that is executed next: no capabilities, no way to gain any, and at most
 * 512 MiB of memory. */
void confine_none(void);

#endif
