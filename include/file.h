/* file.h: whole files, atomic files, locks. Descriptors returned are close-on-exec and the
 * caller's. All return -1 with fail() and errno set, unless said otherwise. `dirfd` may be
 * AT_FDCWD.
 */
#ifndef CTR_FILE_H
#define CTR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* More than any file of /proc or /etc has: a guard against one that has no end. */
#define FILE_ANY (64u << 20)

/* Read a regular or /proc file of at most `max` bytes whole; NUL-terminated; *len (may be NULL)
 * without the NUL. Longer is an error (EFBIG). O_NONBLOCK, so that a fifo does not hang; not a
 * regular file: EINVAL. Caller frees. */
char *file_read_at(int dirfd, const char *path, size_t max, size_t *len);
char *file_read(const char *path, size_t max, size_t *len);
/* By errno: what stands in a file's place is a folder, a link, or a socket. */
bool file_is_none(void);
/* Everything from a descriptor (a pipe, say), at most max bytes. Caller frees. */
char *fd_read_all(int fd, const char *what, size_t max, size_t *len);

/* One write() of the whole text to an existing file (a kernel file: /proc, cgroup). */
int file_poke_at(int dirfd, const char *path, const char *text);
int file_poke(const char *path, const char *text);

/* A name in the same folder for what is not whole yet: .NAME.XXXX. Caller frees. */
char *file_aside(const char *name);
/* Make the file whole or not at all: written aside, renamed over. With `durable`,
 * it and its name are on the disk then. */
int file_write_at(
    int dirfd, const char *name, const void *data, size_t len, mode_t mode, bool durable);
/* The same; owner and mode are then those of `as`, where they can be. */
int file_write_as(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
    const struct stat *as, bool durable);

/* All of buf, restarting on EINTR and short writes. 0 or -1 (errno; no fail()). */
int fd_write_all(int fd, const void *buf, size_t len);

/* The path that a descriptor has now, as /proc shows it; NULL with errno. Caller frees. */
char *fd_where(int fd);
/* Where a name leads, without links (realpath(3), by the kernel); NULL with errno. Caller frees. */
char *path_real(const char *path);
/* May other users enter every folder on the way to this absolute path, itself included? */
bool path_is_open(const char *path);
/* mkdir -p; existing directories are fine. */
int dir_make(const char *path, mode_t mode);
/* For openat(2): a folder to read, and no link to one. */
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* open(2) of a directory to read it, close-on-exec. -1 (errno; no fail()). */
int dir_open(const char *path);
/* The same below `dirfd`; the last component may be no link. -1 with fail(). */
int dir_open_at(int dirfd, const char *path);
/* Give an open file or folder the times that stat(2) told. -1 (errno; no fail()). */
int fd_times(int fd, const struct stat *st);
/* Are these two, which exist, one file? Links lead to theirs; "" is the descriptor itself. */
bool file_same(int dir1, const char *name1, int dir2, const char *name2);
/* A directory to be looked beneath only (O_PATH), close-on-exec. -1 (errno; no fail()). */
int dir_hold(const char *path);
int dir_hold_at(int dirfd, const char *path);
/* Call fn for each entry but . and ..; a non-zero return stops and is returned. */
int dir_each(int dirfd, int (*fn)(int dirfd, const char *name, void *arg), void *arg);
/* The same by the position of `fd` itself, from where it stands: of a folder that was just opened.
 */
int dir_scan(int fd, int (*fn)(int dirfd, const char *name, void *arg), void *arg);

/* Locks by flock(2); `how` is LOCK_EX or LOCK_SH. lock_take() waits as long as need be: 0, or -1
 * with fail(). */
int lock_take(int fd, int how);
/* lock_take() for what is held for moments only: it gives up after 30 seconds (ETIMEDOUT), or after
 * 2 when a process that has the file open is stopped (the message names it), and at a signal to end
 * that is blocked and pending (EINTR), so that nobody who holds a lock can hang us. 0, or -1 with
 * fail(). */
int lock_wait(int fd, int how);
/* Is one of the signals that end us blocked and pending (to be read from a signalfd)? */
bool asked_to_end(void);
/* lock_take() that does not wait: 1 when the lock is taken, 0 when another holds it, -1 with
 * fail(). */
int lock_try(int fd, int how);
/* The process that has this file open and is stopped (SIGSTOP, Ctrl-Z), in words, which the caller
 * frees; NULL when there is none. With `wake`, processes of ours (proc_is_ours()) get SIGCONT. */
char *stopped_holder(int fd, bool wake);

/* Fields of /proc/PID/stat (proc(5)). */
struct proc {
	char name[32], state;
	int ppid;
	unsigned flags;
};
/* Read those of the process `pid` from /proc, which is open as `proc`; false when it is gone. */
bool proc_read(int proc, const char *pid, struct proc *p);
/* Is it one of our applets, by its name? */
bool proc_is_ours(const struct proc *p);

/* Write this file of the directory (NULL: the directory itself, with the names that came and went)
 * through to the disk. Warns of what fails. */
void file_sync(int dir, const char *name);

#endif
