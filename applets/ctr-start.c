/* ctr-start: start containers that were made or have ended, with the same writable layer and the
 * same settings.
 *
 * Kind: OWNER. What outlives it is each container's monitor, as with ctr-run -d.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets.h"
#include "container_images.h"
#include "create.h"
#include "err.h"
#include "monitor.h"
#include "stop.h"

static bool attached, boot;

static const struct opt opts[] = {
    {'a', "attach", NULL, "stay in the foreground, with its output and exit code (one NAME)",
	OPT_FLAG, &attached},
    {0, "boot", NULL, "start those whose --restart policy wants it after a boot, and no others",
	OPT_FLAG, &boot},
    {'i', "interactive", NULL, "the same", OPT_FLAG, &attached},
    OPT_END,
};

static const struct usage usage = {.synopsis = "NAME...|-|--boot",
    .more = "With -a one that runs is joined, and the exit code is the command's; 125, 126 and 127 "
	    "as ctr-run's.\n",
    .opts = opts,
    .anywhere = true,
    .others = STOP_OTHERS};

/* Start one of them. Returns its exit code, or 125 and more after a message. */
static int start(const char *name)
{
	struct container c;
	struct spec spec;
	const struct applet *join = applet_find("attach"); /* not in the minimal build */
	if (container_open(&c, name) < 0) {
		warn_fail();
		return 125;
	}
	int code = 125, held = container_lock(&c);
	if (held < 0)
		warn_fail();
	else if (held == 0 && attached && join)
		exit(applet_run(join, 2, (char *[]){(char *)"ctr-attach", (char *)name, NULL}));
	else if (held == 0 && attached)
		warn("%s: runs already", c.name);
	else if (held == 0 && container_refresh(&c) == 0 && (c.pid || c.status == ST_RESTARTING))
		code = 0; /* as docker: starting a running container is no error */
	else if (held == 0)
		warn("%s: it is being started or removed", c.name);
	else if (c.status == ST_CORRUPT)
		warn("%s: corrupt: %s", c.name, c.why);
	else if (c.status == ST_ORPHANED)
		warn("%s: its processes live without a monitor: ctr-gc ends them", c.name);
	else if (container_spec_next(&c, &spec) < 0)
		warn_fail();
	else if (attached)
		return monitor_foreground(&c, &spec, false);
	else if ((code = monitor_detached(&c, &spec, false)) != 0)
		warn_about(c.name);
	if (code == 0)
		puts(name);
	container_close(&c);
	return code;
}

/* docker's meaning when its daemon starts: `always` in any case, `unless-stopped` unless somebody
 * stopped it, `on-failure` when it failed or was interrupted. A container that never ran is not
 * started. */
static bool wanted_at_boot(const struct container *c)
{
	const char *p = kv_get(&c->conf, "restart");
	bool ended = c->status == ST_LOST || c->status == ST_EXITED;
	/* a damaged record does not say what it wants: start() reports it */
	if (c->status == ST_CORRUPT)
		return true;
	if (!p || !ended)
		return false;
	if (str_starts(p, "on-failure"))
		return !c->stopped && (c->status == ST_LOST || c->exit_code != 0);
	return strcmp(p, "always") == 0 || (strcmp(p, "unless-stopped") == 0 && !c->stopped);
}

static void boot_names(struct strv *out)
{
	struct strv all = {0};
	if (container_names(&all) < 0)
		die_fail();
	for (size_t i = 0; i < all.n; i++) {
		struct container c;
		if (container_read(&c, all.v[i]) == 0 && wanted_at_boot(&c))
			strv_add(out, c.name);
		container_close(&c);
	}
	strv_free(&all);
}

int ctr_start_main(int argc, char **argv)
{
	struct strv names = {0};
	int worst = 0;
	int n = opt_parse(&usage, argc, argv);
	if (boot && n < argc)
		die_usage("--boot takes no NAME");
	if (boot)
		boot_names(&names);
	else
		opt_names(&names, argc, argv, n, "NAME");
	if (attached && names.n != 1)
		die_usage("-a takes one NAME");
	if (attached)
		return start(names.v[0]);
	for (size_t i = 0; i < names.n; i++)
		if (start(names.v[i]))
			worst = 1;
	return worst;
}
