/* err.h: messages and failure. One line each, on stderr: "APPLET: subject: what was tried: why".
 *
 * Library functions return -1 (or NULL) after fail(); applets die(). `%m` in any format here is
 * errno in words. Nothing here touches stdout.
 */
#ifndef CTR_ERR_H
#define CTR_ERR_H

/* The running applet's name as messages show it, and its summary (applets.def); set by the
 * dispatcher. */
extern const char *err_applet, *err_summary;
/* A name that nobody gave: a message does not begin with it. */
extern const char *err_unnamed;

/* Exit code of die()/die_fail() (default 1) and of wrong usage (default 2). Applets that run a
 * command set both to 125 before they parse, as docker does: smaller codes are the command's own
 * (ctr-run(1), EXIT STATUS). */
extern int err_code, err_usage_code;

/* Remember a failure; returns -1 so that `return fail("mount %s: %m", path);` reads well. errno is
 * kept. Of a message of FAIL_MAX bytes or more the middle is left out ("..."); control characters
 * are shown as '?'. The newest message wins. */
#define FAIL_MAX 1000
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Put "PREFIX: " before the remembered message; returns -1. */
int fail_in(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int fail_about(const char *what); /* fail_in("%s", what) */
/* Take "NAME: " off its beginning, if it is there: a name that means nothing to the reader. -1. */
int fail_without(const char *name);
int fail_errno(const char *what); /* fail("%s: %m", what) */
int fail_open(const char *what);  /* fail("%s: open: %m", what) */
/* fail("%s: %m", ...) of "WHAT: TRIED" and of "WHAT: NAME: TRIED". */
int fail_tried(const char *what, const char *tried);
int fail_tried_in(const char *what, const char *name, const char *tried);

/* fail() for what the command line is to blame for (EINVAL): die_fail() then exits with
 * err_usage_code. fail_as_usage() marks what is remembered already. Both return -1. */
int fail_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int fail_as_usage(void);

/* The remembered message ("" when there is none); valid until the next fail(). */
const char *fail_msg(void);

/* Steps that follow a failure (taking back, say) may fail, too: a copy of the message (fail_copy(),
 * str.h) is kept over them, and then remembered again. Returns -1. */
int fail_again(const char *why);

/* What is called before an exit with an error: undo_push() puts undo_run() there. */
extern void (*err_undo)(void);

/* Print "APPLET: MESSAGE", run the undo stack (undo.h), exit with err_code. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same with a code of its own. */
_Noreturn void die_code(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

_Noreturn void die_errno(const char *what); /* die("%s: %m", what) */

/* die() with the message that fail() remembered; with err_usage_code if it was fail_usage(). */
_Noreturn void die_fail(void);

/* Print "APPLET: MESSAGE" and exit with err_usage_code. die_help() adds "(see APPLET --help)", for
 * messages that do not themselves say what to type instead. */
_Noreturn void die_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_help(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same with the message that fail() remembered. */
_Noreturn void die_fail_usage(void);

/* malloc() has said no: the one thing that ends the process from inside a library room, as die()
 * does (libcommon/README.md tells why). */
_Noreturn void err_no_memory(void);

/* Print "APPLET: MESSAGE" and go on. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* warn() of fail_msg(). */
void warn_fail(void);
void warn_about(const char *what); /* of "WHAT: fail_msg()" */

#endif
