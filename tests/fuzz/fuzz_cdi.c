/* A file of /etc/cdi from anyone: no crash, one line for what is wrong, and what is taken makes a
 * config.json that is taken. */
#include <stdlib.h>
#include <unistd.h>

#include "../../libcommon/flags/cdi.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char file[] = "/dev/shm/fuzz-cdi.XXXXXX";
	static int fd = -1;
	struct spec s = {0}, t;
	struct strv has = {0};
	if (fd < 0) {
		fd = mkstemp(file);
		unlink(file);
	}
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
		abort();
	spec_default(&s);
	s.root_path = xstrdup("/");
	strv_add(&s.args, "a");
	int r = from_file(&s, path, "a/b", "c", &has);
	if (r < 0 && (!*fail_msg() || strchr(fail_msg(), '\n')))
		abort();
	if (r > 0) {
		char *text = spec_text(&s);
		if (spec_parse(&t, "f", text, strlen(text)) < 0)
			abort();
		spec_free(&t);
		free(text);
	}
	strv_free(&applied);
	strv_free(&has);
	spec_free(&s);
	return 0;
}
