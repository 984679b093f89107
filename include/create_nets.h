/* create_nets.h: what several --net mean. */
#ifndef CTR_CREATE_NETS_H
#define CTR_CREATE_NETS_H

#include "create_flags.h"

/* Settle o->net and its addresses from o->nets; append to *lines what the file `networks` is to
 * say (connect_lines()). 0, or -1 with fail(). */
int create_nets(struct create_flags *o, struct buf *lines);

#endif
