/* cni_minimal.c: the minimal build is no CNI plugin, because it has neither JSON nor networks. */
#include <stddef.h>

#include "cni.h"

bool cni_is_plugin(const char *name, int argc)
{
	(void)name, (void)argc;
	return false;
}

int cni_main(const char *name, cni_heal_fn *heal)
{
	(void)name, (void)heal;
	return 1;
}

const char *cni_plugin_name(int i)
{
	(void)i;
	return NULL;
}
