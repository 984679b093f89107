/* pattern.h: regular expressions, as far as filters of names need them. */
#ifndef CTR_PATTERN_H
#define CTR_PATTERN_H

#include <stdbool.h>

/* May it be understood? It has characters, \X, . [SET] ^ $, each of which may have * + ? after it,
 * and | and (A|B). 0, or -1 with fail_usage(), where a group is counted or a count is in braces. */
int pattern_check(const char *re);
/* Is it found in the text? */
bool pattern_found(const char *re, const char *s);

#endif
