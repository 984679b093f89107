/* relay.h: bytes from one descriptor to another in an epoll loop, which neither end can block: what
 * was read and not yet taken is at most one buffer, and while that waits nothing more is read.
 */
#ifndef CTR_RELAY_H
#define CTR_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tty.h"

struct relay {
	int epoll, from, to; /* `to` is a descriptor of our own */
	uint32_t tag;        /* epoll's data of both */
	bool on, paused;
	bool always; /* `from` is a file, or /dev/null, which epoll does not take: it can always be
			read */
	bool terminal; /* `to` is a terminal's master: the end of the input is typed */
	bool refused;  /* nobody takes it any more */
	bool ended;    /* that was done; `to` stays open to do it again */
	struct tty_again again;
	size_t have, done;
	char last, buf[4096];
};

/* Begin. `from` stays the caller's and open until relay_close(). 0, or -1 with fail(). */
int relay_open(struct relay *r, int epoll, uint32_t tag, int from, int to, bool terminal);
/* Something can be done: do it. False when it has ended, and is closed. */
bool relay_step(struct relay *r);
/* After a terminal's command has written something: the end is typed again (tty_end_again). */
void relay_type_again(struct relay *r);
/* Is there something to do without epoll's word? */
bool relay_ready(const struct relay *r);
/* What is there still, as long as a reader takes something every `ms`. */
void relay_finish(struct relay *r, int ms);
void relay_close(struct relay *r);

#endif
