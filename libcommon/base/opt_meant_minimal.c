/* opt_meant_minimal.c: the minimal build makes no suggestions; see opt.h. */
#include <stddef.h>

#include "opt.h"

const char *opt_meant(const struct usage *u, const char *word, size_t most)
{
	(void)u, (void)word, (void)most;
	return NULL;
}

char *opt_begun(const struct usage *u, const char *word)
{
	(void)u, (void)word;
	return NULL;
}

const char *opt_instead(const char *own, const char *word, int *len)
{
	(void)own, (void)word, (void)len;
	return NULL;
}

bool opt_unset(const char *name)
{
	(void)name;
	return false;
}
