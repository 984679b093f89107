/* malloc_minimal.c: memory for the minimal build (make CONFIG=minimal), in place of musl's malloc,
 * whose code is six times as long. It serves a program with one thread that needs little. Sizes are
 * rounded up to powers of two; a freed block is reused for the next request of its size, and large
 * blocks are returned to the kernel. */
#if defined CTR_MINIMAL && !defined CTR_SAN
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

union piece { /* the header before the memory that the caller gets */
	union piece *next;
	size_t order;
	char pad[16];
} __attribute__((aligned(16)));

enum { LARGE = 17 }; /* blocks of 2^LARGE bytes and more are mapped one by one */
static union piece *spare[LARGE];
static char *place;
static size_t room;

static void *malloc_minimal_take(size_t n)
{
	if (n > PTRDIFF_MAX / 2)
		return errno = ENOMEM, NULL;
	size_t order = (size_t)(64 - __builtin_clzll(n + sizeof(union piece))),
	       size = (size_t)1 << order;
	union piece *p = order < LARGE ? spare[order] : NULL;
	if (p) {
		spare[order] = p->next;
	} else if (order < LARGE && size <= room) {
		p = (union piece *)place;
	} else {
		size_t all = order < LARGE ? (size_t)1 << LARGE : size;
		p = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		if (order < LARGE)
			place = (char *)p, room = all;
	}
	if ((char *)p == place)
		place += size, room -= size;
	p->order = order;
	return p + 1;
}

void *malloc(size_t n)
{
	return malloc_minimal_take(n);
}

void free(void *old)
{
	union piece *p = (union piece *)old - 1;
	int saved = errno;
	if (!old)
		return;
	size_t order = p->order;
	if (order >= LARGE) {
		munmap(p, (size_t)1 << order);
	} else {
		p->next = spare[order];
		spare[order] = p;
	}
	errno = saved;
}

void *calloc(size_t n, size_t size)
{
	size_t all;
	void *p = __builtin_mul_overflow(n, size, &all) ? (errno = ENOMEM, NULL)
							: malloc_minimal_take(all);
	return p ? memset(p, 0, all) : NULL;
}

void *realloc(void *old, size_t n)
{
	size_t had = old ? ((size_t)1 << ((union piece *)old)[-1].order) - sizeof(union piece) : 0;
	if (old && n <= had)
		return old;
	void *p = malloc_minimal_take(n);
	if (p && old) {
		memcpy(p, old, had);
		free(old);
	}
	return p;
}
#endif
