/* devrule.h: one line of a device allow-list; the kernel room and the spec both name it. */
#ifndef CTR_DEVRULE_H
#define CTR_DEVRULE_H

#include <stdbool.h>
#include <stdint.h>

struct device_rule { /* linux.resources.devices[] of OCI's config-linux.md */
	bool allow;
	char type;            /* a c b */
	int64_t major, minor; /* -1 any */
	char access[4];       /* subset of "rwm" */
};

#endif
