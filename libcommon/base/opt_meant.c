/* opt_meant.c: which option a mistyped one was meant to be; see opt.h. */
#include <stddef.h>
#include <string.h>

#include "opt.h"

/* The number of letters to insert, delete, replace or exchange with their neighbour that turns a
 * into b (Damerau and Levenshtein's distance), for words of up to 31 letters; longer ones count as
 * far apart. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), d[32][32];
	if (la > 31 || lb > 31)
		return 99;
	for (size_t i = 0; i <= la; i++)
		for (size_t j = 0; j <= lb; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			size_t least = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < least)
				least = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < least)
				least = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < least)
				least = d[i - 2][j - 2] + 1;
			d[i][j] = least;
		}
	return d[la][lb];
}

const char *opt_meant(const struct usage *u, const char *word, size_t most)
{
	const char *best = NULL;
	for (const struct opt *o = u->opts; o->s || o->l; o++) {
		size_t d = o->l ? distance(word, o->l) : 99;
		if (d <= most && d < strlen(o->l)) {
			most = d;
			best = o->l;
		}
	}
	return best;
}
