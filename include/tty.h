/* tty.h: terminals: raw mode, sizes, a container's pty, descriptors over sockets.
 */
#ifndef CTR_TTY_H
#define CTR_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* Put the caller's terminal (stdin) into raw mode, until tty_restore(), the exit of the process, or
 * die(). Does nothing where stdin is no terminal. 0; or -1 when the terminal stopped us, because we
 * are in the background, and we were woken to end: then reading stdin would stop us again. */
int tty_raw(void);
void tty_restore(void);
/* The size of the caller's terminal (the first of stdin, stdout and stderr that is one). -1 with
 * errno. */
int tty_size(struct winsize *w);

/* What a command in the foreground reads. -t and -i where stdin is a file or a pipe: what a
 * terminal would do to it is said. `word`: docker's word was used, and then a command without -i
 * has no input but a terminal's for -t, so that it does not eat the list of a `while read` loop
 * around it. */
void tty_input(bool tty, bool interactive, bool word);

/* Open a new pair of a terminal from the ptmx of a devpts. The slave is opened by TIOCGPTPEER, and
 * so by no path that could be swapped. -1 with fail(). */
int tty_open_pair(const char *ptmx, int *master, int *slave);
/* Open the slave of a master once more; -1 with errno. */
int tty_peer(int master);

/* The end of the input as one types it (termios(3), VEOF). A reader gets what it has of a line, and
 * only at the beginning of a line does it get nothing, which is the end. `last` is the byte before.
 * Returns how many bytes of `out` are to be written. */
size_t tty_end_type(int master, char last, char out[2]);
/* A shell that has just set the terminal up for its next prompt has thrown away what was typed
 * before, and the end of the input with it. So the end is typed again after something was written
 * there: the first times at once, then at most a hundred times a second, because some programs echo
 * it. Is it time to? */
struct tty_again {
	unsigned times;
	int64_t at; /* the last, ms */
};
bool tty_end_again(struct tty_again *a);

/* Send or receive a message with a descriptor over a unix socket (unix(7), SCM_RIGHTS). fd_recv
 * sets *fd to -1 when none came. Both return the number of bytes, or -1 with errno. */
ssize_t fd_send(int sock, const void *msg, size_t n, int fd);
ssize_t fd_recv(int sock, void *msg, size_t n, int *fd);

#endif
