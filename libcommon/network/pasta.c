/* pasta.c: running pasta(1) beside a container; see pasta.h. It stays in the foreground, so that it
 * is our child and a parent-death signal reaches it; when it has written its pid, it is ready. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "pasta.h"
#include "pidfd.h"
#include "portspec.h"
#include "str.h"
#include "undo.h"

/* One -p as pasta's -t or -u: [ADDR/]FROM-TO:FROM-TO. The ports are tried first, because pasta does
 * not say which one is taken. */
static int pasta_port(struct pasta *p, struct strv *args, const struct portspec *s)
{
	char t[ADDR_TEXT];
	uint16_t from = s->h0;
	struct addr any = s->host;
	struct buf shown = {0};
	if (!any.family)
		any.family = AF_INET;
	buf_puts(&shown, p->ports ? p->ports : "");
	for (unsigned k = 0; k <= (unsigned)(s->c1 - s->c0); k++) {
		uint16_t h = from ? (uint16_t)(from + k) : 0;
		int fd = port_hold(&any, s->proto, &h);
		if (fd < 0)
			return -1;
		close(fd);
		if (!from)
			from = h;
		buf_printf(&shown, "%s%s:%u->%u/%s", shown.n ? ", " : "", addr_text(&any, t), h,
		    s->c0 + k, s->proto == IPPROTO_UDP ? "udp" : "tcp");
	}
	free(p->ports);
	p->ports = shown.p;
	strv_add(args, s->proto == IPPROTO_UDP ? "-u" : "-t");
	strv_addf(args, "%s%s%u-%u:%u-%u", s->host.family ? addr_text(&any, t) : "",
	    s->host.family ? "/" : "", from, from + s->c1 - s->c0, s->c0, s->c1);
	return 0;
}

static int arguments(struct pasta *p, struct strv *args, const struct endpoint_req *r, pid_t pid)
{
	struct portspec s;
	bool proto[2] = {false, false};
	/* Nothing on the host's loopback can be reached from inside, in either way. */
	strv_split(args,
	    "pasta -f -q --config-net --no-map-gw -T none -U none --pid /proc/self/fd/1", " ");
	for (size_t i = 0; i < r->publish.n + r->exposed.n; i++) {
		memset(&s, 0, sizeof s);
		if ((i < r->publish.n ? portspec_parse("-p", r->publish.v[i], &s)
				      : port_range_parse("-P", r->exposed.v[i - r->publish.n],
					    &s.c0, &s.c1, &s.proto)) < 0 ||
		    pasta_port(p, args, &s) < 0)
			return -1;
		proto[s.proto == IPPROTO_UDP] = true;
	}
	for (int i = 0; i < 2; i++)
		if (!proto[i]) {
			strv_add(args, i ? "-u" : "-t");
			strv_add(args, "none");
		}
	/* The namespace is passed as stdin: once pasta has joined the user namespace, it may not
	 * look into ours. */
	strv_split(args, "--no-netns-quit --netns /proc/self/fd/0", " ");
	if (geteuid() == 0) {
		strv_split(args, "--netns-only --runas 0", " ");
	} else {
		strv_add(args, "--userns");
		strv_addf(args, "/proc/%d/ns/user", (int)pid);
	}
	return 0;
}

static _Noreturn void pasta_child(char **argv, int ns, int out, int err)
{
	sigset_t none;
	undo_forget();
	signal(SIGPIPE, SIG_DFL); /* with the signal ignored, it would not start */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(ns, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(126);
	execvp("pasta", argv);
	_exit(127);
}

/* Its last line, without the newline. */
static int pasta_failed(int errors, int status)
{
	char text[1024];
	ssize_t n = read(errors, text, sizeof text - 1);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return errno = ENOENT, fail("--net pasta: pasta is not installed (package passt)");
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n < 0 ? 0 : n] = 0;
	const char *nl = strrchr(text, '\n'), *last = nl ? nl + 1 : text;
	return errno = EIO, fail("--net pasta: %s%s", *last ? last : "it ended at once",
				strstr(last, "tun") ? " (may this user open /dev/net/tun?)" : "");
}

int pasta_up(struct pasta *p, const struct endpoint_req *r, pid_t pid, int ns)
{
	struct strv args = {0};
	int out[2], err[2];
	char c;
	*p = (struct pasta){.errors = -1};
	if (arguments(p, &args, r, pid) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	/* When it is full and nobody reads, it must not block. */
	if (pipe2(err, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(out[0]);
		close(out[1]);
		return fail_errno("pipe");
	}
	pid_t own = fork();
	if (own == 0)
		pasta_child(args.v, ns, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	strv_free(&args);
	bool ready = own > 0 && read(out[0], &c, 1) == 1;
	close(out[0]);
	p->errors = err[0];
	if (ready) {
		p->pid = own;
		return 0;
	}
	if (own < 0)
		fail_errno("fork");
	else
		pasta_failed(err[0], pid_reap(own));
	pasta_down(p);
	return -1;
}

void pasta_down(struct pasta *p)
{
	if (p->pid && waitpid(p->pid, NULL, WNOHANG) ==
			  0) { /* it is still our child and not reaped, so the pid is its own */
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->errors >= 0)
		close(p->errors);
	free(p->ports);
	*p = (struct pasta){.errors = -1};
}
