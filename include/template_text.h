/* template_text.h: the constants of templates, and what printf makes of values (template.h). */
#ifndef CTR_TEMPLATE_TEXT_H
#define CTR_TEMPLATE_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "str.h"

/* The string, character or number that begins at *p, which is advanced past it. NULL with fail()
 * for a string without its end. */
json_t *template_constant(const char **p, const char *end);
/* Go's fmt.Sprintf: args[0] is the format. A value that a verb does not fit is shown as Go shows
 * it. */
json_t *template_printf(const json_t *args, int which);

/* Go's html, js and urlquery of all the values. */
json_t *template_escaped(const json_t *args, int which);

/* A field of a structure that is null: an empty list, or (pointer) <nil>; in JSON null. Borrowed.
 */
json_t *template_nil(bool pointer);
/* Append the value as Go's %v prints it, with all its characters. */
void template_print(struct buf *out, const json_t *v);
/* Append text for the terminal. The line breaks and tabs of the data are kept if `breaks`. */
void template_show(struct buf *out, const char *text, bool breaks);
/* The keys of an object that are shown. */
void template_keys(const json_t *v, struct strv *keys, bool sorted);

#endif
