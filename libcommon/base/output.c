/* output.c: what -o writes appears whole or not at all; see output.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "output.h"
#include "undo.h"

static const char *whole;
static char *part;
static int fd;

static void output_remove(void *arg)
{
	unlink(arg);
}

int output_open(const char *file)
{
	struct stat st;
	if (!file || strcmp(file, "-") == 0)
		return 1;
	bool special = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
	if (!special)
		part = file_aside(file);
	fd = open(special ? file : part,
	    O_WRONLY | O_CLOEXEC | O_NOCTTY | (special ? 0 : O_CREAT | O_EXCL), 0600);
	if (fd < 0)
		return fail_tried(file, "create");
	whole = file;
	if (part)
		undo_push(output_remove, part);
	return fd;
}

int output_done(void)
{
	if (part && ((fsync(fd) < 0 && errno != EINVAL) || rename(part, whole) < 0))
		return fail_tried(whole, "create");
	undo_commit();
	if (part) {
		char *slash = strrchr(part, '/');
		strcpy(slash ? slash + 1 : part, ".");
		file_sync(AT_FDCWD, part);
	}
	return 0;
}
