/* host_ps.c: what the host's ps(1) says of some processes; see host_ps.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "host_ps.h"
#include "pidfd.h"
#include "str.h"

static _Noreturn void ps_child(char *const *argv, int out)
{
	dup2(out, 1);
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
	execvp("ps", argv);
	_exit(127);
}

int host_ps(char *const *argv, bool head, bool (*is)(pid_t pid, void *arg), void *arg)
{
	int p[2], column = -1;
	_cleanup_strv_ struct strv lines = {0};
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	pid_t pid = fork();
	if (pid == 0)
		ps_child(argv, p[1]);
	close(p[1]);
	_cleanup_free_ char *text = fd_read_all(p[0], "ps", FILE_ANY, NULL);
	close(p[0]);
	int status = pid < 0 ? -1 : pid_reap(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return errno = ENOENT, fail_errno("ps");
	if (status || !text)
		return fail("the host's ps does not take these options (ps --help lists them)");
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		_cleanup_strv_ struct strv words = {0};
		strv_split(&words, lines.v[i], " ");
		bool shown = head && i == 0;
		for (size_t k = 0; i == 0 && column < 0 && k < words.n; k++)
			column = strcmp(words.v[k], "PID") == 0 ? (int)k : -1;
		if (column < 0)
			break;
		if (i && (size_t)column < words.n)
			shown = is((pid_t)atoi(words.v[column]), arg);
		if (shown)
			puts(lines.v[i]);
	}
	return column < 0 ? fail("ps shows no column PID: -o pid,...") : 0;
}
