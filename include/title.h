/* title.h: what others see of our command line and environment (/proc/PID/cmdline, environ).
 */
#ifndef CTR_TITLE_H
#define CTR_TITLE_H

/* Remember where the kernel put our arguments and environment (execve(2): they are one run of
 * strings on the stack). To be called first in main(). */
void title_keep(char **argv);
/* Overwrite the command line with this text, as much of it as there is room for. argv[] must not be
 * used afterwards. */
void title_set(const char *text);
/* The same, but the environment is erased, too: getenv() and environ give nothing afterwards. */
void title_wipe(const char *text);
/* The command line of the process whose folder in /proc that is, with a blank between its words.
 * Caller frees. NULL: it has ended. */
char *title_of(int proc);

#endif
