/* undo.h: what OWNER applets use so that a failure half-way leaves nothing (STYLE.md, three kinds
 * of applet).
 *
 * Make a named thing, then push its inverse at once. die(), and SIGINT/SIGTERM/SIGHUP/SIGPIPE after
 * undo_on_signals(), run the stack newest first. Success commits. A forked child must call
 * undo_forget() first thing.
 *
 * No inverse ever runs inside a signal handler. After undo_on_signals() it is run by a child that
 * was forked when it was pushed: what `arg` points to must say by then all that the inverse needs.
 * Where that grows meanwhile (ctr-netcfg), the applet uses undo_hold_signals() and
 * undo_check_signals() instead.
 */
#ifndef CTR_UNDO_H
#define CTR_UNDO_H

#include <stdbool.h>

typedef void undo_fn(void *arg);

/* Push an inverse. `arg` must stay valid until undo_run() or undo_commit(). */
void undo_push(undo_fn *fn, void *arg);
/* Run everything, newest first, and empty the stack. An inverse that fails warns and the rest still
 * runs. */
void undo_run(void);
/* The things are meant to stay: empty the stack without running it. */
void undo_commit(void);
/* In a forked child: the things are the parent's. Also restores the default dispositions of the
 * four signals. */
void undo_forget(void);
/* SIGINT, SIGTERM, SIGHUP and SIGPIPE undo what is on the stack and then kill this process with
 * that signal; so does SIGKILL, if a moment later. */
void undo_on_signals(void);
/* The four signals wait, for undo_check_signals(): that runs the stack and dies of one that has
 * come. */
void undo_hold_signals(void);
void undo_check_signals(void);
/* They wait no longer: one that has come ends this process here. */
void undo_release_signals(void);
/* Has one of them come that waits? */
bool undo_signal_waits(void);

#endif
