/* fnv.h: a short fixed name for a long one: FNV-1a, of 64 bits or of 32.
 */
#ifndef CTR_FNV_H
#define CTR_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FNV1A 14695981039346656037u

/* The hash of what had hash h, and then s[0..n-1]. */
static inline uint64_t fnv1a_add(uint64_t h, const char *s, size_t n)
{
	while (n--)
		h = (h ^ (unsigned char)*s++) * 1099511628211u;
	return h;
}

static inline uint64_t fnv1a(const char *s)
{
	return fnv1a_add(FNV1A, s, strlen(s));
}

static inline uint32_t fnv1a32(const void *p, size_t n)
{
	uint32_t h = 2166136261u;
	for (const unsigned char *s = p; n--; s++)
		h = (h ^ *s) * 16777619u;
	return h;
}

#endif
