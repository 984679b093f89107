/* template.h: Go's text/template over JSON, as far as docker's --format and -f use it.
 *
 * It knows fields (.A.B, $, $x), strings, numbers, true, false, nil, parentheses, pipes; the
 * functions json join index len upper lower title truncate split print println printf eq ne lt le
 * gt ge and or not; if, else if, else, range, with, end, variables, comments, and trimming ({{-
 * -}}).
 */
#ifndef CTR_TEMPLATE_H
#define CTR_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* Is this a template, or the word `json`, rather than a list of fields or a path? */
bool template_is(const char *text);
/* Append what the template makes of `dot`. `escapes`: outside of actions \t and \n are a tab and a
 * line break, as in docker's lists. Strings from the data are escaped for the terminal. 0, or -1
 * with fail() that names what is wrong. */
int template_run(const char *text, json_t *dot, bool escapes, struct buf *out);

#endif
