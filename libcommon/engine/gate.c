/* gate.c: the gate at which a created container waits after the process that made it has ended; see
 * engine.h.
 *
 * Two fifos in a directory of the caller's. The waiting child holds both open for reading and
 * writing. Its maker opened them, so the child needs no path, no /proc, no permission, and no
 * system call but read(2), which every seccomp profile allows: it reads from "go", and writes to
 * "said" when a later step fails. Executing the command closes both, and so does death: whoever
 * opens "go" for writing without blocking learns at once (ENXIO) that nobody is there, and whoever
 * reads "said" to its end knows that the command was executed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "engine_gate.h"
#include "err.h"
#include "report.h"
#include "str.h"

/* The names that runc gives its own, which others look for among a process's descriptors. */
static const char go_name[] = "exec.fifo", said_dir[] = "said", said_name[] = "said/exec.fifo";

static int gate_fifo(int dir, const char *name)
{
	if (mkfifoat(dir, name, 0600) < 0)
		return fail_tried(name, "mkfifo");
	int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail_errno(name) : fd;
}

int gate_make(int dir, struct gate *g)
{
	*g = (struct gate){-1, -1};
	engine_remove_gate(dir);
	if (mkdirat(dir, said_dir, 0700) < 0)
		return fail_tried(said_dir, "mkdir");
	if ((g->go = gate_fifo(dir, go_name)) >= 0 && (g->said = gate_fifo(dir, said_name)) >= 0)
		return 0;
	gate_close(g);
	engine_remove_gate(dir);
	return -1;
}

void gate_close(struct gate *g)
{
	if (g->go >= 0)
		close(g->go);
	if (g->said >= 0)
		close(g->said);
	*g = (struct gate){-1, -1};
}

static void gate_end(int sig)
{
	_exit(128 + sig);
}

void gate_signals(void)
{
	for (size_t i = 0; i < 4; i++)
		signal((const int[]){SIGTERM, SIGINT, SIGHUP, SIGQUIT}[i], gate_end);
}

int gate_wait(const struct gate *g)
{
	char c;
	ssize_t n;
	while ((n = read(g->go, &c, 1)) < 0 && errno == EINTR)
		;
	return n == 1 ? 0 : fail_errno("wait at the gate");
}

/* -1 with errno; EINVAL: it is no FIFO, so somebody has put another file in its place. */
static int open_go(int gate)
{
	struct stat st;
	int fd = openat(gate, go_name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)))
		return fd;
	close(fd);
	return errno = EINVAL, -1;
}

int engine_gate_waiting(int gate)
{
	_cleanup_close_ int go = open_go(gate);
	if (go >= 0)
		return 1;
	return errno == ENXIO || errno == ENOENT ? 0 : fail_errno(go_name);
}

int engine_open_gate(int gate, int *code)
{
	_cleanup_close_ int go = open_go(gate);
	*code = 125;
	if (go < 0 && errno != ENXIO && errno != ENOENT)
		return fail_errno(go_name);
	if (go < 0) {
		errno = ESRCH;
		return fail("no process waits at the gate: it has ended, or was started before");
	}
	/* The child holds it open for writing; whoever put another one there may not. */
	_cleanup_close_ int said =
	    openat(gate, said_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (said < 0 || fcntl(said, F_SETFL, 0) < 0 || write(go, "G", 1) != 1)
		return fail_errno(said < 0 ? said_name : go_name);
	return report_read(said, code);
}

void engine_remove_gate(int gate)
{
	unlinkat(gate, go_name, 0);
	unlinkat(gate, said_name, 0);
	unlinkat(gate, said_dir, AT_REMOVEDIR);
}
