/* undo.h: what applets of the kind OWNER (include/applets.def tells the three kinds) use so that a
 * failure half-way leaves nothing.
 *
 * Make a named thing, then push its inverse at once. die(), and SIGINT, SIGTERM, SIGHUP and SIGPIPE
 * after undo_on_signals(), run the stack, the newest inverse first. Success commits. A forked child
 * must call undo_forget() first.
 *
 * No inverse ever runs inside a signal handler. After undo_on_signals() each inverse is run by a
 * child that was forked when it was pushed, so what `arg` points to must already contain all that
 * the inverse needs. Where that grows later (in ctr-netcfg), the applet uses undo_hold_signals()
 * and undo_check_signals() instead.
 */
#ifndef CTR_UNDO_H
#define CTR_UNDO_H

#include <stdbool.h>

typedef void undo_fn(void *arg);

/* Push an inverse. `arg` must stay valid until undo_run() or undo_commit(). */
void undo_push(undo_fn *fn, void *arg);
/* Run all inverses, the newest first, and empty the stack. One that fails warns, and the others
 * still run. */
void undo_run(void);
/* What was made is meant to stay: empty the stack without running it. */
void undo_commit(void);
/* For a forked child: what was made is the parent's to undo. This also restores the default
 * dispositions of the four signals. */
void undo_forget(void);
/* From now on SIGINT, SIGTERM, SIGHUP and SIGPIPE undo what is on the stack and then kill this
 * process with that signal. After a SIGKILL it is undone, too, a moment later. */
void undo_on_signals(void);
/* From now on the four signals are held back until undo_check_signals(), which runs the stack and
 * dies of a signal that has come. */
void undo_hold_signals(void);
void undo_check_signals(void);
/* The signals are no longer held back: one that has come ends this process here. */
void undo_release_signals(void);
/* Has one of them come and is held back? */
bool undo_signal_waits(void);

#endif
