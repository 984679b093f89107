/* ctr-create: make a container without starting it; prints its id. ctr-start starts it.
 *
 * Kind: OWNER. What outlives it is the container's record, which is what was asked for.
 */
#include <stdio.h>

#include "applets.h"
#include "create.h"
#include "create_flags.h"
#include "undo.h"
#include "err.h"

static const struct usage usage = {
    .synopsis = "ROOTFS|IMAGE [COMMAND [ARG...]]",
    .more = "The options are ctr-run's. Start it with ctr-start, remove it with ctr-rm.\n",
    .opts = create_opts,
    .others = OTHERS(create_others),
};

int ctr_create_main(int argc, char **argv)
{
	struct container c;
	struct spec spec;
	struct create_flags *o = create_given();
	int n = opt_parse(&usage, argc, argv);
	o->detach = true; /* it is not a foreground container, which is removed at its end */
	if (create_container(o, &c, &spec, argc - n, argv + n) < 0) {
		undo_check_signals();
		die_fail();
	}
	printf("%s\n", c.id);
	return 0;
}
