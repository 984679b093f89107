/* tty_relay.h: copies our stdin to the master of a terminal and what comes from it to our stdout,
 * without ever blocking. */
#ifndef CTR_TTY_RELAY_H
#define CTR_TTY_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "tty.h"

enum {
	TTY_RELAY_FDS = 3,
	TTY_RELAY_PATIENCE = 10000 /* milliseconds for a reader that takes nothing */
};

struct tty_relay {
	int master, out; /* -1: it is closed, or there is none */
	bool out_ours;   /* `out` was opened by us, and does not block */
	bool in_ended, idle;
	char last; /* the last byte of the input */
	struct tty_again again;
	struct {
		char buf[4096];
		size_t have, done;
	} to_master, to_out;
};

/* With a master of -1 there is nothing to copy. The master is made non-blocking; tty_relay_end()
 * closes it. */
void tty_relay_start(struct tty_relay *r, int master);
/* tty_relay_poll() writes what to wait for into p[0..TTY_RELAY_FDS), and tty_relay_step() does what
 * is possible when poll(2) has returned. At the end of the input the terminal gets its end-of-file
 * character; when nobody reads the output any more, the terminal is hung up. */
void tty_relay_poll(const struct tty_relay *r, struct pollfd *p);
void tty_relay_step(struct tty_relay *r, const struct pollfd *p);
/* After the command has ended: is there output left to pass on? */
bool tty_relay_rest(struct tty_relay *r);
void tty_relay_end(struct tty_relay *r);

#endif
