/* template.h: Go's text/template over JSON, as far as docker's --format and -f use it.
 *
 * It knows fields (.A.B, $, $x), strings, numbers, true, false, nil, parentheses, pipes; the
 * functions json join index len slice upper lower title truncate pad split print println printf eq
 * ne lt le gt ge and or not html js urlquery call; if, else if, else, range, break, continue, with,
 * define, template, block, end, variables, comments, and trimming ({{- -}}).
 */
#ifndef CTR_TEMPLATE_H
#define CTR_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* Is this a template, or the word `json`, rather than a list of fields or a path? */
bool template_is(const char *text);
/* What a template is for: one thing, as inspect shows it; the row of a list, where outside of
 * actions \t and \n are a tab and a line break, and a line break of the data is escaped; or the
 * headings of a table. */
enum template_use { TEMPLATE_ONE, TEMPLATE_ROW, TEMPLATE_HEAD };
/* Append what the template makes of `dot`. Strings from the data are escaped for the terminal. 0,
 * or -1 with fail() that names what is wrong. */
int template_run(const char *text, json_t *dot, enum template_use use, struct buf *out);

#endif
