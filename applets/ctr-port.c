/* ctr-port: the published ports of a container that runs.
 *
 * Kind: FILTER.
 */
#include <stdio.h>
#include <string.h>

#include "applets.h"
#include "err.h"
#include "opt.h"
#include "record.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "NAME [PORT[/tcp|/udp]]",
    .more = "Lines of PORT/PROTOCOL -> ADDRESS:HOSTPORT; of one PORT only ADDRESS:HOSTPORT.\n",
    .opts = opts,
    .anywhere = true,
    .others = "a all:ctr-ps --format '{{.Names}} {{.Ports}}'\n"};

int ctr_port_main(int argc, char **argv)
{
	struct container c;
	int n = opt_parse(&usage, argc, argv), found = 0;
	const char *port = n + 1 < argc ? argv[n + 1] : NULL;
	_cleanup_strv_ struct strv l = {0};
	if (argc - n < 1 || argc - n > 2)
		die_usage("takes a NAME, and one PORT or none");
	_cleanup_free_ char *want = NULL;
	if (port)
		want = xasprintf("%s%s", port, strchr(port, '/') ? "" : "/tcp");
	if (container_open(&c, argv[n]) < 0)
		die_fail();
	if (!c.pid && port)
		container_not_running(&c), die_fail();
	const char *all = kv_get(&c.state, "ports");
	strv_split(&l, all ? all : "", ", ");
	for (size_t i = 0; i < l.n; i++) { /* 0.0.0.0:8080->80/tcp */
		char *arrow = strstr(l.v[i], "->");
		if (!arrow || (want && strcmp(arrow + 2, want) != 0))
			continue;
		*arrow = 0;
		found += want ? printf("%s\n", l.v[i]) : printf("%s -> %s\n", arrow + 2, l.v[i]);
	}
	if (want && !found)
		die("%s: port %s is not published (-p at its start)", c.name, want);
	return 0;
}
