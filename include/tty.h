/* tty.h: terminals: raw mode, sizes, a container's pty, descriptors over sockets.
 */
#ifndef CTR_TTY_H
#define CTR_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
/* The slave of a master, opened once more; -1 with errno. */
int tty_peer(int master);

/* One direction of a copy between two descriptors, kept across short writes. */
struct tty_copy {
	char buf[4096];
	size_t have, done;
};
/* Read what is there and write it. 0, or -1 at the end (EOF, EIO of a terminal whose last slave
 * closed, errors). */
int tty_copy_step(struct tty_copy *c, int from, int to);

/* The end of the input, as one types it (termios(3), VEOF): a reader gets what it has of a line,
 * and nothing, which is the end, at the beginning of one only. `last` is the byte before. Returns
 * how many bytes of `out` are to be written. */
size_t tty_end_type(int master, char last, char out[2]);
/* A shell that has just set the terminal up for its next prompt has thrown away what was typed
 * before, the end too. So it is typed again after something was written there: the first times at
 * once, then a hundred times a second at most, for some echo it. Is it time to? */
struct tty_again {
	unsigned times;
	int64_t at; /* the last, ms */
};
bool tty_end_again(struct tty_again *a);

/* A message with a descriptor over a unix socket (unix(7), SCM_RIGHTS). fd_recv sets *fd to -1 when
 * none came. Bytes or -1 with errno. */
ssize_t fd_send(int sock, const void *msg, size_t n, int fd);
ssize_t fd_recv(int sock, void *msg, size_t n, int *fd);

#endif
