/* image_remote.c: ctr-image's commands that use a registry; see image_cli.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "err.h"
#include "event.h"
#include "image_cli.h"
#include "opt.h"
#include "place.h"
#include "registry.h"
#include "str.h"
#include "title.h"
#include "undo.h"

int image_do_pull(int argc, char **argv)
{
	struct strv names = {0}, loaded = {0};
	int code = 0;
	opt_names(&names, argc, argv, 0, "IMAGE");
	for (size_t i = 0; i < names.n; i++)
		if (registry_pull(ctr_lib(), names.v[i], &loaded) == 0) {
			puts(loaded.v[loaded.n - 1]);
		} else {
			warn_fail();
			code = 1;
		}
	return code;
}

int image_do_push(int argc, char **argv)
{
	char hex[DIGEST_HEX];
	if (argc < 1 || argc > 2)
		die_usage("push takes an IMAGE, and where it goes when that is another name");
	if (registry_push(ctr_lib(), argv[0], argv[argc - 1], hex) < 0)
		die_fail();
	event_tell("image", "push", argv[argc - 1], "name", argv[argc - 1], EVENT_END);
	printf("sha256:%s\n", hex);
	return 0;
}

static void echo_again(void *arg)
{
	tcsetattr(0, TCSANOW, arg);
}

/* A line from stdin; a terminal does not echo it, until ^C ends us, too. Caller frees. */
static char *password(void)
{
	struct termios t, quiet;
	bool tty = tcgetattr(0, &t) == 0;
	if (!tty && !image_o.stdin_password)
		die_usage("a password comes from a terminal, with -p, or with --password-stdin");
	if (tty) {
		quiet = t;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		undo_on_signals();
		undo_push(echo_again, &t);
		tcsetattr(0, TCSANOW, &quiet);
		fputs("Password: ", stderr);
	}
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	if (tty) {
		undo_run();
		fputc('\n', stderr);
	}
	if (n <= 0)
		die("no password was given");
	line[strcspn(line, "\r\n")] = 0;
	return line;
}

int image_do_login(int argc, char **argv)
{
	if (argc > 1)
		die_usage("login takes one REGISTRY");
	if (!image_o.user)
		die_usage("login needs -u USER");
	char *host = xstrdup(argc ? argv[0] : "docker.io"), *user = xstrdup(image_o.user),
	     *word = image_o.password ? xstrdup(image_o.password) : password();
	title_set(
	    "ctr-image login"); /* the registry may take long, and others see what -p was given */
	if (registry_login(host, user, word) < 0)
		die_fail();
	return 0;
}

int image_do_logout(int argc, char **argv)
{
	if (argc > 1)
		die_usage("logout takes one REGISTRY");
	if (registry_logout(argc ? argv[0] : "docker.io") < 0)
		die_fail();
	return 0;
}

int image_do_search(int argc, char **argv)
{
	if (argc != 1)
		die_usage("search takes [REGISTRY/]TERM");
	const char *slash = strchr(argv[0], '/');
	_cleanup_free_ char *host = slash ? xstrndup(argv[0], (size_t)(slash - argv[0])) : NULL;
	bool named = host && (strpbrk(host, ".:") || strcmp(host, "localhost") == 0);
	if (registry_search(named ? host : "docker.io", named ? slash + 1 : argv[0]) < 0)
		die_fail();
	return 0;
}
