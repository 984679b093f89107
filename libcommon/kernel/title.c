/* title.c: what others see of our command line and environment; see title.h.
 *
 * The kernel shows the memory itself, whatever was passed to execve(2), so what must not be seen is
 * overwritten there. A process that enters a container does so before it becomes visible inside: a
 * container with CAP_SYS_PTRACE could otherwise read the caller's secrets.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "str.h"
#include "title.h"

extern char **environ;

static char *args, *args_end, *env_end;

/* The strings lie one after the other; a string that does not was moved elsewhere by setenv(3). */
static char *run_end(char *end, char **strings)
{
	for (; *strings && *strings == end; strings++)
		end += strlen(end) + 1;
	return end;
}

void title_keep(char **argv)
{
	if (!argv[0])
		return;
	args = argv[0];
	args_end = run_end(args, argv);
	env_end = run_end(args_end, environ);
}

/* The last byte stays NUL: otherwise the kernel takes the environment for a continuation of the
 * command line (proc(5), cmdline). */
void title_set(const char *text)
{
	size_t room = args ? (size_t)(args_end - args) : 0, n = strlen(text);
	if (room < 2)
		return;
	memset(args, 0, room);
	memcpy(args, text, n < room ? n : room - 1);
}

void title_wipe(const char *text)
{
	static char *none[1];
	environ = none;
	if (!args)
		return;
	memset(args_end, 0, (size_t)(env_end - args_end));
	title_set(text);
}

/* Only the beginning, as far as ps(1) reads it: a command line may have two megabytes. A
 * container's processes can all share the memory of one, so that it costs the container hardly
 * anything, but a listing would have to copy it for each of them. */
char *title_of(int proc)
{
	static char text[128 << 10] LARGE;
	_cleanup_close_ int fd = openat(proc, "cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (n < 0)
		return NULL;
	/* a process that renames itself leaves blanks */
	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		n--;
	for (ssize_t i = 0; i < n; i++)
		text[i] = text[i] ? text[i] : ' ';
	return xstrndup(text, (size_t)n);
}
