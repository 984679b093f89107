/* ctr-attach: the output of a detached container from now on, and (with -d -i) its stdin; ends with
 * its exit code.
 *
 * Kind: FILTER. Two processes: one writes stdin into the container's fifo, one follows its log.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "file.h"
#include "logview.h"
#include "opt.h"
#include "record.h"
#include "sys.h"
#include "tty.h"

static bool no_stdin;
static const char *keys = "ctrl-p,ctrl-q";

static const struct opt opts[] = {
    {0, "no-stdin", NULL, "output only", OPT_FLAG, &no_stdin},
    {0, "detach-keys", "KEYS",
	"with a terminal: these leave the container alone (default ctrl-p,ctrl-q; empty: none do)",
	OPT_STR, &keys},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME",
    .more = "Exit code: the container's; 125 it does not run.\n",
    .opts = opts,
    .anywhere = true};

static int pts = -1;

static void resize(int sig)
{
	(void)sig;
	struct winsize w;
	if (pts >= 0 && tty_size(&w) == 0)
		ioctl(pts, TIOCSWINSZ, &w);
}

/* The window size is set on the terminal's own end in the container, whose /dev/pts/0 is resolved
 * inside its root. */
static void set_size(const struct container *c)
{
	char root[32];
	snprintf(root, sizeof root, "/proc/%d/root", (int)c->pid);
	_cleanup_close_ int dir = dir_hold(root);
	if (dir >= 0 && container_is_alive(c)) /* it was not another's by then */
		pts = path_open_in_root(dir, "/dev/pts/0", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	if (pts >= 0 && !isatty(pts)) {
		close(pts);
		pts = -1;
	}
	resize(0);
	signal(SIGWINCH, resize);
}

/* --- the keys that detach --- */

static struct {
	char want[16], held[16]; /* held: they may be the beginning of `want` */
	size_t n, have;
} detach;

/* "ctrl-p,ctrl-q", "a,b": letters, with @ [ \ ] ^ _ after ctrl-, as docker takes them. */
static void detach_parse(void)
{
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, keys, ",");
	for (size_t i = 0; i < l.n; i++) {
		const char *k = l.v[i];
		bool ctrl = strncasecmp(k, "ctrl-", 5) == 0;
		char c = ctrl ? k[5] : k[0];
		c = ctrl && c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
		if (!c || k[ctrl ? 6 : 1] || (ctrl && (c < '@' || c > '_')) ||
		    i == sizeof detach.want)
			die_usage(
			    "--detach-keys: '%s' is not a key (a letter, or ctrl- and one)", k);
		detach.want[detach.n++] = ctrl ? (char)(c & 31) : c;
	}
}

/* A key that was typed: true when it was the last of those that detach. *out: what is to be passed
 * on now. */
static bool detach_typed(char c, char out[17], size_t *n)
{
	*n = 0;
	if (detach.n &&
	    c != detach.want[detach.have]) { /* it was not meant so: what is held goes on */
		memcpy(out, detach.held, *n = detach.have);
		detach.have = 0;
	}
	if (detach.n && c == detach.want[detach.have]) {
		detach.held[detach.have++] = c;
		return detach.have == detach.n;
	}
	out[(*n)++] = c;
	return false;
}

static void detached(int sig)
{
	(void)sig;
	tty_restore();
	_exit(0);
}

static bool pass_on(int fd, const char *buf, size_t len, bool tty)
{
	char out[17];
	size_t n;
	if (!tty)
		return fd_write_all(fd, buf, len) == 0;
	for (size_t i = 0; i < len; i++) {
		if (detach_typed(buf[i], out, &n))
			kill(getppid(), SIGUSR1), pause();
		if (n && fd_write_all(fd, out, n) < 0)
			return false;
	}
	return true;
}

static pid_t feed(const struct container *c, bool tty)
{
	_cleanup_free_ char *p = record_run_path(c->name, "stdin");
	int fd = open(p, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0; /* it was made without -i */
	fcntl(fd, F_SETFL, 0);
	signal(SIGUSR1, detached);
	pid_t pid = fork();
	if (pid == 0) {
		char buf[4096];
		ssize_t n;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_DFL);
		while ((n = read(0, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
			if (n > 0 && !pass_on(fd, buf, (size_t)n, tty))
				break;
		_exit(0);
	}
	close(fd);
	return pid;
}

int ctr_attach_main(int argc, char **argv)
{
	struct container c;
	struct logview v = {.tail = -1, .follow = true, .only_new = true};
	err_code = err_usage_code = 125;
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != 1)
		die_usage("one NAME is needed");
	detach_parse();
	if (container_open(&c, argv[n]) < 0)
		die_fail();
	if (c.status != ST_RUNNING && c.status != ST_PAUSED)
		container_not_running(&c), die_fail();
	_cleanup_close_ int ended =
	    openat(c.dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool tty = kv_num(&c.conf, "tty", 0);
	/* Opened before anything is typed, so that the answer to it is seen. */
	v.fd = openat(c.dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (v.fd >= 0)
		lseek(v.fd, 0, SEEK_END);
	pid_t writer = 0;
	if (tty)
		set_size(&c);
	if (!no_stdin)
		writer = feed(&c, tty && isatty(0));
	if (tty && writer > 0)
		tty_raw();
	int r = logview(&c, &v);
	signal(SIGWINCH, SIG_IGN);
	tty_restore();
	if (writer > 0) {
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	if (r < 0 || record_exit_read(ended, &c) < 0)
		die("%s: %s", c.name, fail_msg());
	return c.has_exit ? c.exit_code : 0;
}
