/* output.c: what -o writes appears whole or not at all; see output.h. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "output.h"
#include "str.h"
#include "undo.h"

static const char *whole;
static char *part;

static void output_remove(void *arg)
{
	unlink(arg);
}

int output_open(const char *file)
{
	struct stat st;
	char hex[13];
	if (!file || strcmp(file, "-") == 0)
		return 1;
	bool there = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	rand_hex(hex, 6);
	if (!there)
		part = xasprintf("%.*s.%s.%s", (int)(name - file), file, name, hex);
	int fd = open(there ? file : part,
	    O_WRONLY | O_CLOEXEC | O_NOCTTY | (there ? 0 : O_CREAT | O_EXCL), 0600);
	if (fd < 0)
		return fail_tried(file, "create");
	whole = file;
	if (part)
		undo_push(output_remove, part);
	return fd;
}

int output_done(void)
{
	if (part && rename(part, whole) < 0)
		return fail_tried(whole, "create");
	undo_commit();
	return 0;
}
