/* ctr-update: change the limits of a running container; later starts use them, too.
 *
 * Kind: OWNER of nothing new.
 */
#include <stdio.h>
#include <string.h>

#include "applets.h"
#include "cgroup.h"
#include "container_event.h"
#include "create.h"
#include "err.h"
#include "file.h"
#include "limit_flags.h"
#include "opt.h"
#include "place.h"
#include "stop.h"
#include "undo.h"

static struct resource_flags f;
static const char *policy;

static const struct opt opts[] = {
    {'m', "memory", "SIZE", "memory limit", OPT_STR, &f.memory},
    {0, "memory-swap", "SIZE", "memory plus swap, -1 unlimited", OPT_STR, &f.memory_swap},
    {0, "memory-reservation", "SIZE", "memory that others do not take from it", OPT_STR,
	&f.memory_reservation},
    {0, "cpus", "N", "processors, such as 1.5", OPT_STR, &f.cpus},
    {'c', "cpu-shares", "N", "relative weight, 2 to 262144", OPT_STR, &f.cpu_shares},
    {0, "cpu-period", "USEC", "period of --cpu-quota", OPT_STR, &f.cpu_period},
    {0, "cpu-quota", "USEC", "processor time in each period", OPT_STR, &f.cpu_quota},
    {0, "blkio-weight", "N", "disk weight, 10 to 1000", OPT_STR, &f.blkio_weight},
    {0, "cpuset-cpus", "LIST", "these processors", OPT_STR, &f.cpuset_cpus},
    {0, "cpuset-mems", "LIST", "these memory nodes", OPT_STR, &f.cpuset_mems},
    {0, "pids-limit", "N", "at most N processes", OPT_STR, &f.pids_limit},
    {0, "restart", "POLICY", "no, on-failure[:N], always or unless-stopped", OPT_STR, &policy},
    OPT_END,
};
static const struct usage usage = {
    .synopsis = "NAME... [KEY=VALUE...]", .opts = opts, .anywhere = true};

/* Put the new value in place of the old one in config.json. */
static int remember(struct container *c, const struct strv *settings)
{
	struct spec s;
	if (create_reload(c, &s) < 0)
		return -1;
	for (size_t i = 0; i < settings->n; i++) {
		char *eq = strchr(settings->v[i], '=');
		_cleanup_free_ char *key = xstrndup(settings->v[i], (size_t)(eq - settings->v[i]));
		strv_setenv(&s.resources, key, eq + 1);
	}
	_cleanup_free_ char *json = spec_text(&s);
	return file_write_at(c->dir, "config.json", json, strlen(json), 0600, true);
}

/* Its monitor reads the policy at the end of a life. */
static int repolicy(struct container *c)
{
	if (container_passing(c) && strcmp(policy, "no") != 0)
		return fail("it is removed when it ends (--rm), so it cannot be restarted");
	kv_set(&c->conf, "restart", policy);
	return kv_write_at(&c->conf, c->dir, "conf", true);
}

static int apply(const char *group, const struct strv *settings)
{
	_cleanup_close_ int held = place_lock(group);
	return held == -2 ? -1 : cgroup_set(group, settings);
}

static int update(const char *name, const struct strv *settings)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return -1;
	/* A start that is under way has read the old limits already. Its end is waited for, and
	 * then the container is one that runs. */
	if (c.status == ST_CORRUPT)
		return fail("%s: corrupt: %s", c.name, c.why);
	if (container_starting(&c) < 0 || container_refresh(&c) < 0)
		return -1;
	undo_hold_signals(); /* the group and the record say the same */
	int r = (settings->n && c.pid && apply(container_cgroup(&c), settings) < 0) ||
			(settings->n && remember(&c, settings) < 0) || (policy && repolicy(&c) < 0)
		    ? fail_about(c.name)
		    : 0;
	undo_release_signals();
	if (r < 0)
		return r;
	event_container(&c, "update", NULL, NULL);
	container_close(&c);
	return 0;
}

int ctr_update_main(int argc, char **argv)
{
	struct strv settings = {0}, names = {0};
	int n = opt_parse(&usage, argc, argv), code = 0;
	for (int i = n; i < argc; i++)
		strv_add(strchr(argv[i], '=') ? &f.raw : &names, argv[i]);
	if (!names.n)
		die_usage("NAME is missing");
	f.change = true;
	if (resources_from_flags(&f, &settings) < 0)
		die_fail_usage();
	if (policy && create_restart_check(policy) < 0)
		die_fail_usage();
	if (!settings.n && !policy)
		die_usage("nothing to change");
	if (stop_look(&names) < 0)
		return 1;
	for (size_t i = 0; i < names.n; i++)
		if (update(names.v[i], &settings) == 0) {
			puts(names.v[i]);
		} else {
			warn_fail();
			code = 1;
		}
	return code;
}
