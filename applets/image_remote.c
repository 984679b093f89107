/* image_remote.c: ctr-image's commands that use a registry; see image_cli.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "err.h"
#include "image_cli.h"
#include "opt.h"
#include "place.h"
#include "registry.h"
#include "str.h"
#include "table.h"
#include "title.h"
#include "undo.h"

int image_do_pull(int argc, char **argv)
{
	struct strv names = {0}, loaded = {0};
	char hex[DIGEST_HEX];
	int code = 0;
	opt_names(&names, argc, argv, 0, "IMAGE");
	for (size_t i = 0; i < names.n; i++) {
		int r = registry_pull(ctr_lib(), names.v[i], &loaded, hex);
		if (r < 0) {
			warn_fail();
			code = 1;
			continue;
		}
		const char *name = loaded.v[loaded.n - 1];
		if (table_docker && !image_o.quiet)
			printf("Digest: sha256:%s\nStatus: %s for %s\n", hex,
			    r ? "Image is up to date" : "Downloaded newer image", name);
		puts(name);
	}
	return code;
}

int image_do_push(int argc, char **argv)
{
	char hex[DIGEST_HEX];
	image_operands(argc, 1, 2);
	const char *to = argv[argc - 1], *tag = strrchr(to, ':');
	int size = registry_push(ctr_lib(), argv[0], to, hex);
	if (size < 0)
		die_fail();
	if (!table_docker)
		printf("sha256:%s\n", hex);
	else if (image_o.quiet)
		puts(to);
	else
		printf("%s: digest: sha256:%s size: %d\n",
		    tag && !strchr(tag, '/') ? tag + 1 : "latest", hex, size);
	return 0;
}

static void echo_again(void *arg)
{
	tcsetattr(0, TCSANOW, arg);
}

/* A line from stdin; NULL: there is none. Caller frees. */
static char *answer(void)
{
	char *line = NULL;
	size_t room = 0;
	if (getline(&line, &room, stdin) <= 0)
		return NULL;
	line[strcspn(line, "\r\n")] = 0;
	return line;
}

/* A line that a terminal does not echo, until ^C ends us, too. Caller frees. */
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
	char *line = answer();
	if (tty) {
		undo_run();
		fputc('\n', stderr);
	}
	return line ? line : (die("no password was given"), NULL);
}

int image_do_login(int argc, char **argv)
{
	image_operands(argc, 0, 1);
	char *user = image_o.user ? xstrdup(image_o.user) : NULL;
	if (!user && !image_o.stdin_password && isatty(0)) {
		fputs("Username: ", stderr);
		user = answer();
	}
	if (!user || !*user)
		die_usage("login needs -u USER");
	char *host = xstrdup(argc ? argv[0] : "docker.io"),
	     *word = image_o.password ? xstrdup(image_o.password) : password();
	title_set(
	    "ctr-image login"); /* the registry may take long, and others see what -p was given */
	if (registry_login(host, user, word) < 0)
		die_fail();
	if (table_docker)
		puts("Login Succeeded");
	return 0;
}

int image_do_logout(int argc, char **argv)
{
	image_operands(argc, 0, 1);
	const char *host = argc ? argv[0] : "docker.io";
	if (table_docker)
		printf("Removing login credentials for %s\n", host);
	if (registry_logout(host) < 0)
		die_fail();
	return 0;
}

int image_do_search(int argc, char **argv)
{
	image_operands(argc, 1, 1);
	const char *slash = strchr(argv[0], '/');
	_cleanup_free_ char *host = slash ? xstrndup(argv[0], (size_t)(slash - argv[0])) : NULL;
	bool named = host && (strpbrk(host, ".:") || strcmp(host, "localhost") == 0);
	if (registry_search(named ? host : "docker.io", named ? slash + 1 : argv[0]) < 0)
		die_fail();
	return 0;
}
