/* cni.h: ctrbox as a plugin of the Container Network Interface (CNI specification 1.1): called with
 * CNI_COMMAND in the environment and the network's configuration on standard input, it answers with
 * JSON on standard output. */
#ifndef CTR_CNI_H
#define CTR_CNI_H

#include <stdbool.h>
#include "str.h"

/* Is this program's name (argv[0]) that of a plugin? ctr-netcfg and ctr-ipam are plugins only when
 * CNI_COMMAND is in the environment, the reference plugins' names always. */
bool cni_is_plugin(const char *name, int argc);
/* Put back what others than this face keep in nf_tables: `always`, or only where somebody else has
 * changed the ruleset. 0 or more, or -1 with fail(). */
typedef int cni_heal_fn(bool always);
/* Do what the environment asks for, as that plugin. Returns the exit code. */
int cni_main(const char *name, cni_heal_fn *heal) COLD;
/* The i-th of the reference plugins' names that we answer to; NULL after the last. */
const char *cni_plugin_name(int i);

#endif
