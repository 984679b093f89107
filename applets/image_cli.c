/* image_cli.c: what was given to ctr-image; see image_cli.h. */
#include "image_cli.h"
#include "err.h"

struct image_options image_o;
const struct word *image_given;

void image_operands(int n, int least, int most)
{
	if (n < least || n > most)
		die_usage("not with %d operands: %s", n, image_given->synopsis);
}
