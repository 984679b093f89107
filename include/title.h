/* title.h: what others see of our command line and environment (/proc/PID/cmdline, environ).
 */
#ifndef CTR_TITLE_H
#define CTR_TITLE_H

/* Remember where the kernel put them (execve(2): one run of strings on the stack). Call first in
 * main(). */
void title_keep(char **argv);
/* Overwrite the command line by this text, cut to the room there is. argv[] must not be used
 * afterwards. */
void title_set(const char *text);
/* The same, and nothing is left of the environment: what getenv() and environ give is gone, too. */
void title_wipe(const char *text);

#endif
