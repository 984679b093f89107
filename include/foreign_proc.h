/* foreign_proc.h: the /proc of a pid namespace that nobody of ours has entered.
 */
#ifndef CTR_FOREIGN_PROC_H
#define CTR_FOREIGN_PROC_H

/* Mount the /proc of that namespace detached, nosuid, nodev, noexec. A proc file system shows the
 * pid namespace of the process that opened it, and a process that is in there can be traced by the
 * root of there (appear.c). So a process is born there that has nothing: no capability, no files,
 * no network, no user of the host's. It hands out its open context, and the mount is made here.
 * `pidns` is the namespace's file, `data` proc's options, "A=B,C" or NULL. A descriptor, or -1 with
 * fail(); with errno ENOSYS before Linux 5.2. */
int foreign_proc(int pidns, const char *data);

/* Wait for so long (-1: for ever) until the process that joins says something. Whoever is in that
 * pid namespace may stop it as soon as he sees it: then a signal that is held back and is to end us
 * does so. 0, or -1 with fail(). */
int foreign_proc_wait(int sock, int ms);

#endif
