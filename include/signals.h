/* signals.h: signals that arrive through a descriptor (signalfd(2)), for processes that stay with a
 * command and pass them on.
 */
#ifndef CTR_SIGNALS_H
#define CTR_SIGNALS_H

/* Block every signal but those that faults and the terminal's job control raise, and take them
 * through a descriptor, which does not block. -1 with errno. */
int signals_open(void);
/* The next signal that has arrived; 0 when there is none. SIGPIPE and SIGURG are dropped: they
 * concern our own descriptors, not the command. */
int signals_next(int fd);

#endif
