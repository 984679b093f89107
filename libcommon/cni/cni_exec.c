/* cni_exec.c: calling another plugin as the specification says (section 4): with the same
 * environment and our configuration on its standard input, and reading JSON from its standard
 * output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni_call.h"
#include "err.h"
#include "file.h"
#include "pidfd.h"
#include "sys.h"

#define ANSWER_MAX (1 << 20)

char *cni_find(struct cni_call *c, const char *type)
{
	struct strv dirs = {0};
	char *found = NULL;
	strv_split(&dirs, c->path ? c->path : "", ":");
	for (size_t i = 0; i < dirs.n && !found; i++) {
		struct stat st;
		char *path = path_join(dirs.v[i], type);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			found = path;
		else
			free(path);
	}
	strv_free(&dirs);
	if (!found)
		cni_fail(c, CNI_BAD_CONFIG, "ipam.type: no plugin %s in CNI_PATH (%s)", type,
		    c->path ? c->path : "");
	return found;
}

/* The plugin may write before it has read everything: both at once. When it has ended (`pidfd`, -1
 * before Linux 5.3), there is no more to come, whoever has its output still open. */
static void exec_talk(int to, int from, int pidfd, const char *text, size_t len, struct buf *out)
{
	char p[8192];
	fcntl(to, F_SETFL, O_NONBLOCK);
	while (from >= 0) {
		struct pollfd f[3] = {{.fd = from, .events = POLLIN}, {.fd = to, .events = POLLOUT},
		    {.fd = pidfd, .events = POLLIN}};
		if (poll(f, 3, -1) < 0 && errno != EINTR)
			break;
		if (f[1].revents) {
			ssize_t n = len ? write(to, text, len) : 0;
			if (n > 0) {
				text += n;
				len -= (size_t)n;
			}
			if (!len || (n < 0 && errno != EAGAIN && errno != EINTR)) {
				close(to);
				to = -1;
			}
		}
		if (f[0].revents) {
			ssize_t n = read(from, p, sizeof p);
			if (n > 0 && out->n + (size_t)n <= ANSWER_MAX)
				buf_add(out, p, (size_t)n);
			else if (n == 0 || (n < 0 && errno != EINTR) || n > 0)
				break;
		} else if (f[2].revents) {
			break;
		}
	}
	if (to >= 0)
		close(to);
	close(from);
}

/* Pass on its message and code as ours. */
static int exec_failed(struct cni_call *c, const char *type, const json_t *o, int status)
{
	const char *msg = json_string_value(json_object_get(o, "msg")),
		   *details = json_string_value(json_object_get(o, "details"));
	json_int_t code = json_integer_value(json_object_get(o, "code"));
	int r = code > 0 && code < 1000 ? (int)code : CNI_FAILED;
	if (msg)
		return cni_fail(c, r, "%s: %s%s%s", type, msg, details && *details ? ": " : "",
		    details && *details ? details : "");
	if (WIFSIGNALED(status))
		return cni_fail(c, CNI_FAILED, "%s: ended by signal %d", type, WTERMSIG(status));
	return cni_fail(c, CNI_FAILED, "%s: failed with code %d", type, WEXITSTATUS(status));
}

int cni_exec(struct cni_call *c, const char *type, json_t **out)
{
	int in[2], back[2];
	struct buf b = {0};
	_cleanup_free_ char *path = cni_find(c, type);
	*out = NULL;
	if (!path)
		return -1;
	if (pipe2(in, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	if (pipe2(back, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return fail_errno("pipe");
	}
	signal(SIGPIPE, SIG_IGN);
	signal(
	    SIGCHLD, SIG_DFL); /* a caller may ignore it: then there would be nothing to wait for */
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		if (dup2(in[0], 0) >= 0 && dup2(back[1], 1) >= 0)
			execl(path, type, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(back[1]);
	if (pid < 0) {
		close(in[1]);
		close(back[0]);
		return fail_tried(path, "fork");
	}
	_cleanup_close_ int pidfd = sys_pidfd_open(pid);
	exec_talk(in[1], back[0], pidfd, c->text, c->len, &b);
	int status = pid_reap(pid);
	if (b.n)
		*out = json_parse(type, b.p, b.n);
	buf_free(&b);
	if (status == 0)
		return 0;
	int r = exec_failed(c, type, *out, status);
	json_decref(*out);
	*out = NULL;
	return r;
}
