/* ctrbox.c: the dispatcher. The name by which it is called decides which applet runs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "caps.h"
#include "cni.h"
#include "container_net.h"
#include "err.h"
#include "rlimits.h"
#include "selfexe.h"
#include "file.h"
#include "opt.h"
#include "str.h"
#include "title.h"

#ifndef CTR_VERSION
#define CTR_VERSION "0.1"
#endif

#ifdef CTR_MINIMAL
#define APPLET_FULL(n, k, s)
#else
#define APPLET_FULL(n, k, s) APPLET_MINIMAL(n, k, s)
#endif
#define APPLET(n, k, in, s) APPLET_##in(n, k, s)

/* Ended by a row without a name. */
static const struct applet applet_table[] = {
#define APPLET_MINIMAL(n, k, s) {"ctr-" #n, k, ctr_##n##_main, s},
#include "applets.def"
    {NULL, FILTER, NULL, NULL}};

const struct applet *applet_find(const char *name)
{
	for (const struct applet *a = applet_table; a->name; a++)
		if (strcmp(a->name, name) == 0 || strcmp(a->name + strlen("ctr-"), name) == 0)
			return a;
	return NULL;
}

/* "rnu" is taken for "run", as a mistyped option is for the one that was meant. */
static int no_applet(const char *word)
{
	struct opt all[sizeof applet_table / sizeof applet_table[0] + DOCKER_WORDS] = {OPT_END};
	struct usage u = {.opts = all};
	size_t skip = str_starts(word, "ctr-") ? 0 : 4, i = 0;
	for (; applet_table[i].name; i++)
		all[i].l = applet_table[i].name + skip;
	docker_names(all + i);
	const char *meant = opt_meant(&u, word, strlen(word) + skip > 8 ? 2 : 1);
	warn(meant ? "%s: no such applet: did you mean %s?" : "%s: no such applet (%s lists them)",
	    word, meant ? meant : "--help");
	return 127;
}

static int usage(void)
{
	fputs("Usage: ctrbox [ctr-]NAME [ARG...]   or through a link: ctr-NAME [ARG...]\n"
	      "       ctrbox --list | --install [-s] DIR | --install-cni DIR | --version | "
	      "--help\n\nApplets:\n",
	    stdout);
	for (const struct applet *a = applet_table; a->name; a++)
		printf("  %-13s %s\n", a->name, a->summary);
	return opt_said(0);
}

/* A link that is ours already stays. */
static void link_make(const char *self, const char *to, bool soft)
{
	if ((soft ? symlink(self, to) : link(self, to)) < 0 &&
	    (errno != EEXIST || !file_same(AT_FDCWD, to, AT_FDCWD, self)))
		die("%s: link: %s", to,
		    errno == EXDEV ? "other file system (use --install -s)" : strerror(errno));
}

/* Make links for every applet in DIR: hard links, or with -s symbolic ones. Links of ours that
 * exist already stay. */
static int install(int argc, char **argv)
{
	bool soft = argc > 2 && strcmp(argv[2], "-s") == 0;
	if (argc != (soft ? 4 : 3))
		die_usage("--install takes [-s] DIR");
	const char *dir = argv[soft ? 3 : 2];
	_cleanup_free_ char *self = path_real("/proc/self/exe");
	if (!self)
		die_errno("/proc/self/exe");
	if (dir_make(dir, 0755) < 0)
		die_fail();
	for (const struct applet *a = applet_table; a->name; a++) {
		_cleanup_free_ char *to = path_join(dir, a->name);
		link_make(self, to, soft);
	}
	return 0;
}

/* Make links in DIR under the names of the CNI plugins that ctrbox implements. What is there and is
 * not ours stays, with a warning. */
static int install_cni(int argc, char **argv)
{
	if (argc != 3)
		die_usage("--install-cni takes DIR");
	if (!cni_plugin_name(0))
		die("this build is no CNI plugin");
	_cleanup_free_ char *self = path_real("/proc/self/exe");
	if (!self)
		die_errno("/proc/self/exe");
	if (dir_make(argv[2], 0755) < 0)
		die_fail();
	for (int i = -2; i < 0 || cni_plugin_name(i); i++) {
		const char *own[] = {"ctr-netcfg", "ctr-ipam"};
		const char *name = i < 0 ? own[i + 2] : cni_plugin_name(i);
		_cleanup_free_ char *to = path_join(argv[2], name);
		link_make(self, to, true);
	}
	return 0;
}

mode_t applet_umask;

/* What a caller hands down must not change what an applet does. An ignored SIGCHLD lets children
 * vanish unseen (waitpid(2) then waits for ever), a blocked or ignored SIGTERM cannot end us, and a
 * descriptor that is opened as number 0, 1 or 2 is written to as if it were stdout (what looks
 * says at the end that a closed one took nothing; what acts has acted). SIGHUP, SIGINT
 * and SIGQUIT stay ignored, for nohup(1) and background jobs. A command that a CHAIN applet becomes
 * has the caller's umask and limits; with others, what a container is started with has them. */
static int repair_inherited(enum applet_kind kind)
{
	static const int reset[] = {SIGCHLD, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGWINCH};
	sigset_t none;
	/* A machine's first process opens its own. */
	for (int fd = getpid() == 1 ? 3 : 0; fd < 3; fd++)
		/* Without /dev, at least the number is taken. */
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 1 && kind == FILTER ? O_RDONLY : O_RDWR) < 0 &&
		    open("/", O_RDONLY | O_DIRECTORY) < 0)
			break;
	for (size_t i = 0; i < sizeof reset / sizeof reset[0]; i++)
		signal(reset[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	applet_umask = umask(022);
	if (kind == CHAIN)
		umask(applet_umask);
	return rlimits_widen(kind != CHAIN);
}

static char *other_name; /* runc or crun: ctr-oci speaks as they do */

int applet_run(const struct applet *a, int argc, char **argv)
{
	enum applet_kind kind = a->kind & ~ENTERS;
	bool enters = a->kind & ENTERS;
	err_applet = a->name;
	/* The name by which an applet that executes itself again (selfexe.h) is found. */
	argv[0] = other_name ? other_name : (char *)a->name;
	err_summary = a->summary;
	if (enters)
		self_protect(argv, false);
	int poor = repair_inherited(kind);
	if (poor == 0 && enters)
		poor = self_protect(argv, true);
	if (poor < 0 && strcmp(a->name, "ctr-init") != 0) /* it needs little */
		die_code(
		    kind == CHAIN || strcmp(a->name, "ctr-run") == 0 ? 125 : 1, "%s", fail_msg());
	return opt_said(a->main(argc, argv));
}

int applet_run_word(const struct applet *a, int argc, char **argv)
{
	if (!str_has_word("ctr-run ctr-exec", a->name))
		return applet_run(a, argc, argv);
	argv[0] = (char *)"--by-word"; /* in place of the word; the name of the applet before it */
	return applet_run(a, argc + 1, argv - 1);
}

#ifdef CTR_SAN
/* An applet leaves freeing its memory to the kernel, whatever its caller's environment says. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
	title_keep(argv);
	/* It does everything that it is told, for whoever calls it. */
	if (caps_borrowed())
		die_code(125, "must not be set-uid, set-gid or have file capabilities (use sudo)");
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = argc ? argv[0] : "ctrbox";
	if (slash)
		name = slash + 1;
	if (*name == '-') /* the mark of a login shell */
		name++;
	if (strcmp(name, "runc") == 0 ||
	    strcmp(name, "crun") == 0) { /* some callers insist on a name */
		other_name = (char *)name;
		name = "ctr-oci";
	}
	if (cni_is_plugin(name, argc))
		return cni_main(name, container_net_heal);
	const struct applet *a = applet_find(name);
	if (str_starts(name, "ctr-"))
		return a ? applet_run(a, argc, argv) : no_applet(name);
	if (argc < 2 || str_has_word("--help -h", argv[1]))
		return usage();
	if (strcmp(argv[1], "--list") == 0) {
		for (const struct applet *a = applet_table; a->name; a++)
			puts(a->name);
		return opt_said(0);
	}
	if (str_has_word("--version -v", argv[1]))
		return puts("ctrbox " CTR_VERSION), opt_said(0);
	if (strcmp(argv[1], "--install") == 0)
		return install(argc, argv);
	if (strcmp(argv[1], "help") == 0 && argc < 3)
		return usage();
	if (strcmp(argv[1], "help") == 0) { /* `help container ls` */
		memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof *argv);
		argv[argc - 1] = (char *)"--help";
	}

	if (strcmp(argv[1], "--install-cni") == 0)
		return install_cni(argc, argv);
	docker_word(argc, argv);
	if (strcmp(argv[1], "version") == 0)
		return puts("ctrbox " CTR_VERSION), opt_said(0);
	a = applet_find(argv[1]);
	if (a && str_has_word("run exec", argv[1]))
		return applet_run_word(a, argc - 1, argv + 1);
	if (a)
		return applet_run(a, argc - 1, argv + 1);
	return no_applet(argv[1]);
}
