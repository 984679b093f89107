/* pattern.h: filters of lists ("KEY=VALUE"), and the regular expressions that those of names need.
 */
#ifndef CTR_PATTERN_H
#define CTR_PATTERN_H

#include <stdbool.h>
#include "str.h"

/* May it be understood? It has characters, \X, . [SET] ^ $, each of which may have * + ? after it,
 * and | and (A|B). 0, or -1 with fail_usage(), where a group is counted or a count is in braces. */
int pattern_check(const char *re);
/* Is it found in the text? */
bool pattern_found(const char *re, const char *s);
/* Do all filters hold, with docker's meaning? Values of one key are alternatives (of labels only
 * those of one label, and of label! none), several keys must all hold. `holds` says whether a
 * single one does. */
bool pattern_all(const struct strv *filters, bool (*holds)(const void *one, const char *filter),
    const void *one);

#endif
