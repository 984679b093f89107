/* sort_minimal.c: qsort(3) in the minimal build: a heap sort, a fifth of musl's. It is linked by
 * name, as malloc_minimal.c. */
#include <stddef.h>
#include <stdlib.h>

#if defined CTR_MINIMAL && !defined CTR_SAN
typedef int compare(const void *, const void *);

static void swap(char *a, char *b, size_t size)
{
	for (; size--; a++, b++) {
		char c = *a;
		*a = *b;
		*b = c;
	}
}

/* The element at `i` sinks below those that are greater. */
static void sink(char *v, size_t i, size_t n, size_t size, compare *cmp)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && cmp(v + child * size, v + (child + 1) * size) < 0)
			child++;
		if (cmp(v + i * size, v + child * size) >= 0)
			return;
		swap(v + i * size, v + child * size, size);
	}
}

void qsort(void *base, size_t n, size_t size, compare *cmp)
{
	char *v = base;
	for (size_t i = n / 2; i--;)
		sink(v, i, n, size, cmp);
	for (; n > 1; n--) {
		swap(v, v + (n - 1) * size, size);
		sink(v, 0, n - 1, size, cmp);
	}
}
#endif
