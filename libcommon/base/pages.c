/* pages.c: single pages for musl's malloc, which would map one for every size of memory that is
 * asked for, and unmap it when the last piece of that size is freed: both calls and the faults of a
 * fresh page cost more than what a short-lived program does with it. They come from one mapping, a
 * few of those that are given back are kept, and they are filled by the kernel some at a time. The
 * linker puts these functions before musl's (--wrap), so the file is linked by name. (musl's malloc
 * calls __mmap, but munmap.) */
#if !defined CTR_SAN && !defined CTR_MINIMAL
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14 */
#endif

enum { PAGE = 4096, PAGES = 32, AT_ONCE = 2, KEPT = 2 };
static char *pool;
static uint32_t next, spare; /* how many were handed out once; those that were given back */

void *__real___mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
int __real_munmap(void *p, size_t len);
void *__wrap___mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
int __wrap_munmap(void *p, size_t len);

/* Threads may call it at the same time, but not the first time. */
void *__wrap___mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	if (at || len != PAGE || prot != (PROT_READ | PROT_WRITE) ||
	    flags != (MAP_PRIVATE | MAP_ANONYMOUS))
		return __real___mmap(at, len, prot, flags, fd, off);
	for (uint32_t had = spare; had;) {
		uint32_t bit = had & -had;
		if (__atomic_compare_exchange_n(
			&spare, &had, had & ~bit, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return memset(pool + PAGE * __builtin_ctz(bit), 0, PAGE);
	}
	if (!pool)
		pool = __real___mmap(NULL, PAGE * PAGES, prot, flags, -1, 0);
	uint32_t n = pool == MAP_FAILED || next >= PAGES
			 ? PAGES
			 : __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
	if (n >= PAGES)
		return __real___mmap(at, len, prot, flags, fd, off);
	int saved = errno; /* a kernel that does not know this is no failure */
	if (n % AT_ONCE == 0)
		madvise(pool + PAGE * n, PAGE * AT_ONCE, MADV_POPULATE_WRITE);
	errno = saved;
	return pool + PAGE * n;
}

int __wrap_munmap(void *p, size_t len)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)pool;
	if (!pool || at >= PAGE * PAGES)
		return __real_munmap(p, len);
	uint32_t left = spare;
	for (int i = 0; i < KEPT; i++)
		left &= left - 1; /* one of its bits less */
	if (left)
		madvise(p, PAGE, MADV_DONTNEED);
	__atomic_or_fetch(&spare, UINT32_C(1) << at / PAGE, __ATOMIC_RELEASE);
	return 0;
}
#endif
