/* ctr-run: make and start a container; in the foreground, or with -d in the background.
 *
 * Kind: OWNER. What can outlive it: the container's record, its cgroup, leases and published ports;
 * each names the container, and ctr-gc clears what a killed ctr-run leaves.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "create.h"
#include "create_flags.h"
#include "undo.h"
#include "err.h"
#include "explain.h"
#include "monitor.h"
#include "pidfd.h"
#include "table.h"
#include "trace.h"
#include "tty.h"

static const struct usage usage = {
    .synopsis = "ROOTFS|IMAGE [COMMAND [ARG...]]",
    .more = "ROOTFS is a folder (a path with a slash), the read-only lower layer of an overlay, or "
	    "a squashfs or erofs "
	    "file;\n"
	    "anything else is an image (ctr-image ls). COMMAND is PID 1; default: the image's, or "
	    "/bin/sh.\n"
	    "Exit code: the command's, 128+N if signal N ended it, 125 ctr-run failed, 126 not "
	    "executable, 127 not "
	    "found.\n",
    .opts = create_opts,
    .others = OTHERS(create_others),
};

static int detached(struct container *c, struct spec *spec)
{
	int code = monitor_detached(c, spec, true);
	if (code)
		die_code(code, "%s: %s", c->name, fail_msg());
	printf("%s\n", c->id);
	return 0;
}

int ctr_run_main(int argc, char **argv)
{
	struct container c;
	struct spec spec;
	struct create_flags *o = create_given();
	err_code = err_usage_code = 125;
	proc_own();
	int n = opt_parse(&usage, argc, argv);
	if (o->explain && strcmp(o->explain, "trace") == 0)
		trace_start();
	else if (o->explain && *o->explain)
		die_usage("--explain: '%s' is not trace", o->explain);
	/* Under `alias docker=ctrbox` one with a name is there until `docker rm`, as scripts have
	 * it. */
	if (table_docker && o->name && !o->rm)
		o->keep = true;
	if (create_container(o, &c, &spec, argc - n, argv + n) < 0) {
		undo_check_signals();
		die_fail();
	}
	if (o->explain && !*o->explain) {
		if (explain_script(stdout, o, &c, &spec, n < argc ? argv[n] : "") < 0)
			die_fail();
		return 0;
	}
	opt_hide(argc, argv, c.name);
	if (!o->detach)
		tty_input(o->tty, o->interactive, table_docker);
	return o->detach ? detached(&c, &spec) : monitor_foreground(&c, &spec, true);
}
