/* fnv.h: a short fixed name for a long one: FNV-1a, 64 bits.
 */
#ifndef CTR_FNV_H
#define CTR_FNV_H

#include <stdint.h>

static inline uint64_t fnv1a(const char *s)
{
	uint64_t h = 14695981039346656037u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

#endif
