/* image_cli.h: what the files of ctr-image's command line share: applets/ctr-image.c, image_look.c,
 * image_cli.c, image_mount.c, image_remote.c.
 */
#ifndef CTR_IMAGE_CLI_H
#define CTR_IMAGE_CLI_H

#include <stdbool.h>
#include "image_store.h"
#include "opt.h"
#include "str.h"

/* What the option table of ctr-image.c fills. */
extern struct image_options {
	bool force, json, no_header, quiet, stdin_password, all, no_trunc;
	const char *name, *input, *output, *format, *user, *password, *upper, *message;
	struct strv changes, filters;
} image_o;
extern const struct word *image_given; /* which command */

/* Ends the program, with the form of the command that was given, unless it has from `least` to
 * `most` operands. */
void image_operands(int n, int least, int most);

/* Each is a command, and returns the exit code. */
int image_do_ls(int argc, char **argv);
int image_do_inspect(int argc, char **argv);
int image_do_history(int argc, char **argv);
/* image_mount.c */
int image_do_mount(int argc, char **argv);
int image_do_umount(int argc, char **argv);
/* image_remote.c */
int image_do_pull(int argc, char **argv);
int image_do_push(int argc, char **argv);
int image_do_login(int argc, char **argv);
int image_do_logout(int argc, char **argv);
int image_do_search(int argc, char **argv);

#endif
