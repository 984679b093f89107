/* tty.h: terminals: raw mode, sizes, a container's pty, descriptors over sockets.
 */
#ifndef CTR_TTY_H
#define CTR_TTY_H

#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* Put the caller's terminal (stdin) into raw mode; restored by tty_restore(), at exit and by die().
 * Nothing when it is no terminal. */
void tty_raw(void);
void tty_restore(void);
/* Size of the caller's terminal (the first of stdin, stdout, stderr that is one). -1 with errno. */
int tty_size(struct winsize *w);

/* Open a new pair from a devpts' ptmx; the slave by TIOCGPTPEER, so by no path that could be
 * swapped. -1 with fail().
 */
int tty_open_pair(const char *ptmx, int *master, int *slave);

/* One direction of a copy between two descriptors, kept across short writes. */
struct tty_copy {
	char buf[4096];
	size_t have, done;
};
/* Read what is there and write it. 0, or -1 at the end (EOF, EIO of a terminal whose last slave
 * closed, errors). */
int tty_copy_step(struct tty_copy *c, int from, int to);

/* A message with a descriptor over a unix socket (unix(7), SCM_RIGHTS). fd_recv sets *fd to -1 when
 * none came. Bytes or -1 with errno. */
ssize_t fd_send(int sock, const void *msg, size_t n, int fd);
ssize_t fd_recv(int sock, void *msg, size_t n, int *fd);

#endif
