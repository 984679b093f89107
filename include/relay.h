/* relay.h: copying bytes from one descriptor to another in an epoll loop that neither end can
 * block. At most one buffer has been read and not been taken yet, and while that is so nothing more
 * is read. */
#ifndef CTR_RELAY_H
#define CTR_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tty.h"

struct relay {
	int epoll, from, to; /* `to` is a descriptor of our own */
	uint32_t tag;        /* epoll's data for both descriptors */
	bool on, paused;
	bool always; /* `from` is a file, or /dev/null, which epoll does not take: it can always be
			read */
	bool terminal; /* `to` is a terminal's master: the end of the input is typed */
	bool refused;  /* nobody reads from `to` any more */
	bool ended;    /* that was done; `to` stays open so that it can be done again */
	struct tty_again again;
	size_t have, done;
	char last, buf[4096];
};

/* Begin. `from` remains the caller's, and open until relay_close(). 0, or -1 with fail(). */
int relay_open(struct relay *r, int epoll, uint32_t tag, int from, int to, bool terminal);
/* Read and write what is possible now. False when the copy has ended and is closed. */
bool relay_step(struct relay *r);
/* To be called after the terminal's command has written something: the end of the input is typed
 * again (tty_end_again). */
void relay_type_again(struct relay *r);
/* Is there something to do that epoll does not report? */
bool relay_ready(const struct relay *r);
/* Copy what is left, as long as the reader takes something every `ms` milliseconds. */
void relay_finish(struct relay *r, int ms);
void relay_close(struct relay *r);

#endif
