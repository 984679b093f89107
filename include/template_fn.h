/* template_fn.h: the functions that templates can call, and how values are printed (template.h). */
#ifndef CTR_TEMPLATE_FN_H
#define CTR_TEMPLATE_FN_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* Keys that begin with \001 are never shown. This one marks an object as a map, where a key that is
 * absent is no error; */
#define TEMPLATE_MAP "\001map"
/* A new map, and the mark taken out of everything that is to be printed as JSON. */
json_t *template_map(void);
void template_plain(json_t *j);
/* Print a list without them: as an array, or (lines) an object a line. */
void template_json(json_t *list, bool lines);
/* and this one has the labels of a row, for {{.Label "KEY"}}. */
#define TEMPLATE_LABELS "\001labels"
/* A line break and a tab that the template itself has, as "\n" in it or by println: they are
 * printed as they are, those of the data are not. Not UTF-8, so no data has them. */
#define TEMPLATE_NL "\376"
#define TEMPLATE_TAB "\377"

struct template_fn {
	/* A new value, or NULL with fail(). */
	json_t *(*call)(const json_t *args, int which);
	char name[9];
	unsigned char min, max; /* how many values it takes */
	/* 'h': a table's heading stays as it is; 'p': the template's own line breaks are as those
	 * of the data; 'a' and 'o': `and` and `or`, which look at no more values than they need. */
	char kind;
	unsigned char which; /* of those that share a function */
};
const struct template_fn *template_fn_find(const char *name, size_t len);
/* Call it with the values, as far as it takes them. */
json_t *template_fn_call(const struct template_fn *fn, const json_t *args, bool heading);
/* Does the value count as true? false, 0, "", empty lists and objects, and null do not. */
bool template_true(const json_t *v);

#endif
