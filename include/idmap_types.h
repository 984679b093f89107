/* idmap_types.h: one line of an id map; the kernel room and the spec both name it. */
#ifndef CTR_IDMAP_TYPES_H
#define CTR_IDMAP_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* How an id that is not mapped is shown (kernel.overflowuid). */
#define ID_NOBODY 65534

struct idmap_entry { /* linux.uidMappings[] of OCI's config-linux.md */
	uint32_t container, host, size;
};

struct idmap {
	struct idmap_entry *v;
	size_t n;
};

#endif
