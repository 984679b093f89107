/* template_fn.h: the functions of templates, and how values are printed (template.h).
 */
#ifndef CTR_TEMPLATE_FN_H
#define CTR_TEMPLATE_FN_H

#include <jansson.h>
#include <stdbool.h>
#include "str.h"

/* A key that says of an object that it is a map: a key that it lacks is no error. Never shown. */
#define TEMPLATE_MAP "\001map"

struct template_fn {
	const char *name;
	json_t *(*call)(const json_t *args); /* a new value, or NULL with fail() */
};
const struct template_fn *template_fn_find(const char *name, size_t len);
/* false, 0, "", empty and null are not. */
bool template_true(const json_t *v);
/* As Go's %v prints it. */
void template_print(struct buf *out, const json_t *v);

#endif
