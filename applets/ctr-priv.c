/* ctr-priv: give up what the command shall not have (user, capabilities, system calls, limits), and
 * become it.
 *
 * Kind: CHAIN. It does what setpriv(1) does, by the last step of the engine (become()): without
 * options nothing changes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <unistd.h>

#include "applets.h"
#include "caps.h"
#include "create_flags.h"
#include "err.h"
#include "become.h"
#include "file.h"
#include "opt.h"

extern char **environ;
static struct create_flags given;
static const char *seccomp, *config, *apparmor, *selinux;
static bool no_new_privs, clean_env, new_keyring, new_session, close_fds, die_too;

static const struct opt opts[] = {
    {'u', "user", "USER[:GROUP]", "become this user, by name or number", OPT_STR, &given.user},
    {0, "group-add", "GROUP", "a further group", OPT_LIST, &given.groups},
    {0, "cap-add", "CAP", "with --cap-drop ALL: keep this one (or ALL)", OPT_LIST, &given.cap_add},
    {0, "cap-drop", "CAP", "drop a capability (or ALL)", OPT_LIST, &given.cap_drop},
    {0, "seccomp", "default|FILE|none", "which system calls there are", OPT_STR, &seccomp},
    {0, "no-new-privs", NULL, "set-id programs give nothing any more", OPT_FLAG, &no_new_privs},
    {0, "apparmor-profile", "NAME", "AppArmor's profile of the command", OPT_STR, &apparmor},
    {0, "selinux-label", "LABEL", "its SELinux label", OPT_STR, &selinux},
    {0, "config", "FILE", "all that this OCI config.json says of the process", OPT_STR, &config},
    {0, "ulimit", "NAME=SOFT[:HARD]", "a resource limit", OPT_LIST, &given.ulimits},
    {0, "umask", "MODE", "mode bits that its new files do not get", OPT_STR, &given.umask},
    {0, "oom-score-adj", "N", "how soon it is killed for want of memory, -1000 to 1000", OPT_STR,
	&given.oom_score_adj},
    {'w', "workdir", "DIR", "its working directory; made when missing", OPT_STR, &given.workdir},
    {'e', "env", "K[=V]", "an environment variable", OPT_LIST, &given.env},
    {0, "env-file", "FILE", "variables, a line each", OPT_LIST, &given.env_file},
    {'i', "ignore-environment", NULL, "start with an empty environment", OPT_FLAG, &clean_env},
    {0, "new-keyring", NULL, "a session keyring of its own", OPT_FLAG, &new_keyring},
    {0, "new-session", NULL, "a session of its own, away from the caller's terminal", OPT_FLAG,
	&new_session},
    {0, "close-fds", NULL, "no descriptors but 0, 1 and 2", OPT_FLAG, &close_fds},
    {0, "die-with-parent", NULL, "be killed when our caller ends", OPT_FLAG, &die_too},
    {0, "init", NULL, "stay as PID 1 that forwards signals and reaps", OPT_FLAG, &given.init},
    OPT_END,
};
/* setpriv(1)'s and capsh(1)'s */
static const char others[] =
    "nnp:--no-new-privs\n"
    "d dump print current:/proc/self/status, which `ctr-priv OPTIONS grep Cap /proc/self/status` "
    "shows\n"
    "ruid euid reuid rgid egid regid uid gid:-u USER:GROUP, of all ids at once\n"
    "init-groups:-u USER without a group\n"
    "clear-groups:-u USER:GROUP\n"
    "keep-groups groups:--group-add GROUP for each\n"
    "ambient-caps addamb inh-caps inh caps iab:--cap-drop ALL --cap-add CAP, of all sets at once\n"
    "bounding-set drop:--cap-drop CAP\n"
    "securebits secbits:not to be had: no container has any\n"
    "pdeathsig:--die-with-parent\n"
    "reset-env:-i, with -e for each variable\n"
    "chroot:ctr-root --direct DIR before it\n";
static const struct usage usage = {
    .placeless = true,
    .others = others,
    .synopsis = "[COMMAND [ARG...]]",
    .more = "COMMAND defaults to $SHELL or /bin/sh. Without options nothing changes.\n"
	    "Exit code: the command's, 125 ctr-priv failed, 126 not executable, 127 not found.\n",
    .opts = opts,
};

/* By default, keep what we have now. */
static void caps_now(struct spec_caps *c)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct now[2] = {{0, 0, 0}, {0, 0, 0}};
	if (syscall(SYS_capget, &h, now) < 0)
		die_errno("capabilities");
	*c = (struct spec_caps){.bounding = caps_all(),
	    .effective = now[0].effective | (uint64_t)now[1].effective << 32,
	    .permitted = now[0].permitted | (uint64_t)now[1].permitted << 32,
	    .inheritable = now[0].inheritable | (uint64_t)now[1].inheritable << 32,
	    .ambient = caps_ambient()};
}

/* The text of a file. /dev/fd/N is read through the open descriptor, because it may not be possible
 * to open it again: in a new root it is the only way to a file of the old one. */
static char *text_of(const char *path, size_t *len)
{
	int64_t n;
	bool open_one = strncmp(path, "/dev/fd/", 8) == 0;
	if (open_one && num_parse(path, path + 8, 0, 1 << 20, &n) < 0)
		die_fail_usage();
	char *text =
	    open_one ? fd_read_all((int)n, path, 4 << 20, len) : file_read(path, 4 << 20, len);
	if (!text)
		die_fail();
	return text;
}

static void system_calls(struct spec *s)
{
	size_t len;
	if (!seccomp || strcmp(seccomp, "none") == 0)
		s->seccomp = xstrdup("unconfined");
	else if (strcmp(seccomp, "default"))
		s->seccomp = text_of(seccomp, &len);
	s->no_new_privileges = no_new_privs;
	s->apparmor = apparmor ? xstrdup(apparmor) : NULL;
	s->selinux_label = selinux ? xstrdup(selinux) : NULL;
}

/* The process of an OCI config, or another command when one is given. */
static void of_config(struct spec *s, bool command)
{
	size_t len;
	if (given.user || given.groups.n || given.cap_add.n || given.cap_drop.n || seccomp ||
	    apparmor || selinux || no_new_privs || given.ulimits.n || given.umask ||
	    given.oom_score_adj || given.workdir || given.env.n || given.env_file.n || given.init)
		die_usage("--config: the file says it: leave out what it would say");
	_cleanup_free_ char *text = text_of(config, &len);
	memset(s, 0, sizeof *s);
	if (spec_parse_bundle(s, config, text, len) < 0)
		die_fail();
	s->terminal = false;
	if (command)
		strv_free(&s->args);
}

static void fill(struct spec *s)
{
	spec_default(s);
	caps_now(&s->caps);
	struct spec_caps now = s->caps;
	if (flags_privileges(&given, s) < 0 || flags_settings(&given, s) < 0)
		die_fail();
	system_calls(s);
	if (!given.cap_add.n && !given.cap_drop.n)
		s->caps = now;
	if (!given.workdir) {
		free(s->cwd);
		s->cwd = xstrdup(".");
	}
	if (!given.umask) {
		s->umask = umask(0);
		umask((mode_t)s->umask);
	}
	strv_free(&s->env);
	for (char **e = environ; *e && !clean_env; e++)
		strv_add(&s->env, *e);
	if (env_flags(&s->env, &given.env_file, &given.env) < 0)
		die_fail();
}

int ctr_priv_main(int argc, char **argv)
{
	struct spec s;
	err_code = err_usage_code = 125;
	int n = opt_parse(&usage, argc, argv);
	if (config)
		of_config(&s, n < argc);
	else
		fill(&s);
	const char *sh = strv_getenv(&s.env, "SHELL");
	for (char **a = argv + n; *a; a++)
		strv_add(&s.args, *a);
	if (!s.args.n)
		strv_add(&s.args, sh && access(sh, X_OK) == 0 ? sh : "/bin/sh");
	struct become b = {.spec = &s,
	    .stdio = {0, 1, 2},
	    .report = -1,
	    .keyring_stays = !new_keyring,
	    .preserve = close_fds ? 0 : 1u << 30,
	    .pdeathsig = die_too,
	    .same_user = !config && !given.user && !given.groups.n};
	/* Compiled ones are kept nowhere: $CTR_LIB would be a folder of the new root, and what
	 * somebody put there not a filter of ours. */
	if (become_filter(&s, NULL, &b.seccomp) < 0)
		die_fail();
	if (new_session && setsid() < 0)
		die("a session: %m (the first process of a job has none: ctr-unshare -f before "
		    "it)");
	int code = become(&b);
	die_code(code, "%s", fail_msg());
}
