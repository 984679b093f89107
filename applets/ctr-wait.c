/* ctr-wait: wait until containers have ended; prints their exit codes, a line each.
 *
 * Kind: FILTER. The wait is a blocking lock: the kernel ends it, nothing polls.
 */
#include <fcntl.h>
#include <stdio.h>

#include "err.h"
#include "opt.h"
#include "record.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

static int wait_for(const char *name)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return -1;
	/* Opened before the wait: a container of --rm is gone after it, the file behind the
	 * descriptor is not. */
	_cleanup_close_ int fd =
	    c.dir < 0 ? -1 : openat(c.dir, "exit", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail("%s: %m", c.name);
	if (container_wait_end(&c, -1) < 0)
		return fail_in("%s", c.name);
	if (record_exit_read(fd, &c) < 0)
		return fail_in("%s", c.name);
	if (!c.has_exit)
		return fail("%s: no exit code is known", c.name);
	printf("%d\n", c.exit_code);
	container_close(&c);
	return fflush(stdout) ? fail("stdout: %m") : 0;
}

int ctr_wait_main(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0, n = opt_parse(&usage, argc, argv);
	opt_names(&names, argc, argv, n, "NAME");
	for (size_t i = 0; i < names.n; i++)
		if (wait_for(names.v[i]) < 0) {
			warn("%s", fail_msg());
			code = 1;
		}
	return code;
}
