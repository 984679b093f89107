/* tty_relay.h: our stdin and stdout copied to and from a terminal's master, without ever blocking.
 */
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
	int master, out; /* -1: closed, or none */
	bool out_ours;   /* `out` is a description of our own, and does not block */
	bool in_ended, idle;
	char last; /* byte of the input */
	struct tty_again again;
	struct {
		char buf[4096];
		size_t have, done;
	} to_master, to_out;
};

/* master -1: nothing to copy. It becomes non-blocking; tty_relay_end() closes it. */
void tty_relay_start(struct tty_relay *r, int master);
/* What to wait for, into p[0..TTY_RELAY_FDS), and what to do when poll(2) has returned. At the
 * input's end the terminal gets its end-of-file character; when nobody reads the output any more,
 * the terminal is hung up. */
void tty_relay_poll(const struct tty_relay *r, struct pollfd *p);
void tty_relay_step(struct tty_relay *r, const struct pollfd *p);
/* When the command has ended: is there output left to pass on? */
bool tty_relay_rest(struct tty_relay *r);
void tty_relay_end(struct tty_relay *r);

#endif
