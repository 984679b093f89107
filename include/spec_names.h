/* spec_names.h: what the files that read and write config.json share. */
#ifndef CTR_SPEC_NAMES_H
#define CTR_SPEC_NAMES_H

#include "json.h"
#include "spec.h"

extern const char *const spec_ns_names[NS_COUNT];     /* linux.namespaces[].type */
extern const char *const spec_hook_names[HOOK_COUNT]; /* hooks.NAME */

/* --- the readers'; errors as in json.h --- */
extern const struct jctx *spec_doc; /* the document that is read; one at a time */

#define SPEC_GROW(vec)                                                                                                 \
	((vec).v = xrealloc((vec).v, ((vec).n + 1) * sizeof *(vec).v), memset(&(vec).v[(vec).n], 0, sizeof *(vec).v),  \
	    &(vec).v[(vec).n++])

int spec_missing(const char *path, const char *key);
/* After jget_obj() gave nothing: 0 when there is nothing, -1 when it had the wrong type (the message stands). */
int spec_absent(const json_t *o, const char *key);
/* Item i of an array as an object; its path in `at`. */
const json_t *spec_item(const json_t *arr, size_t i, const char *path, char at[80]);
int spec_u32(const json_t *o, const char *path, const char *key, uint32_t *out);
/* An object of strings as "key=value". */
int spec_pairs(const json_t *o, const char *path, const char *key, struct strv *out);
int spec_read_linux(struct spec *s, const json_t *root);

#endif
