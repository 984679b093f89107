/* ctr-rename: give a container another name. A running one keeps its monitor, its group and its
 * lock.
 *
 * Kind: OWNER of nothing new.
 */
#include <stdio.h>

#include "applets.h"
#include "container_event.h"
#include "err.h"
#include "container_net.h"
#include "opt.h"
#include "record.h"

static const struct opt opts[] = {OPT_END};
static const struct usage usage = {.synopsis = "NAME NEWNAME", .opts = opts, .anywhere = true};

int ctr_rename_main(int argc, char **argv)
{
	struct container c;
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != 2)
		die_usage("NAME and NEWNAME are needed");
	const char *to = name_bare(argv[n + 1]);
	if (name_check("NEWNAME", to) < 0)
		die_fail_usage();
	if (container_open(&c, argv[n]) < 0 || container_rename(&c, to) < 0)
		die_fail();
	container_net_rename(&c);
	event_container(&c, "rename", "oldName", name_bare(argv[n]));
	return 0;
}
