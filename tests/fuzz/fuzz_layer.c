/* fuzz_layer.c: an archive, unpacked as a layer into a folder; nothing may appear beside it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "tree.h"
#include "layer.h"

static char dir[] = "/tmp/ctrt-fuzz-XXXXXX";

static void away(void)
{
	tree_remove_at(AT_FDCWD, dir);
}

static int count(int dirfd, const char *name, void *arg)
{
	(void)dirfd, (void)name;
	++*(int *)arg;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int top = -1;
	struct stream s;
	int n = 0;
	if (top < 0) {
		if (!mkdtemp(dir) || (top = dir_open_at(AT_FDCWD, dir)) < 0)
			abort();
		atexit(away);
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 2); /* warnings; a crash is told by the exit code */
	}
	/* a size that a header claims must not fill the disk; programs for zstd and the like are
	 * not ours to fuzz */
	if (size > 65536 || (size > 4 && (data[0] == 0x28 || data[0] == 0xfd)))
		return 0;
	int fd = memfd_create("layer", MFD_CLOEXEC);
	if (write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0 ||
	    mkdirat(top, "layer", 0700) < 0)
		abort();
	int to = dir_open_at(top, "layer");
	if (stream_open(&s, fd, "fuzz", stream_sniff(data, size) == COMP_GZIP, true, -1) == 0) {
		if (layer_unpack(&s, to, NULL) == 0)
			stream_finish(&s, NULL);
		stream_close(&s);
	}
	close(to);
	close(fd);
	if (dir_each(top, count, &n) != 0 || n != 1 || tree_remove_at(top, "layer") < 0)
		abort();
	return 0;
}
