/* template_expr.h: the inside of template.c: the words, values and variables of an action. */
#ifndef CTR_TEMPLATE_EXPR_H
#define CTR_TEMPLATE_EXPR_H

#include <jansson.h>
#include <stdbool.h>

#include "str.h"
#include "template.h"

enum { TEMPLATE_DEPTH = 40, TEMPLATE_VARS = 32 };

struct tmpl {
	const char *text;    /* from its beginning */
	const char *p, *end; /* `end` is that of the action being read */
	json_t *root;
	struct buf *out;
	enum template_use use;
	enum { GO_ON, CONTINUE, BREAK } skip; /* to the end of the innermost range's body */
	int depth, n_vars, ranges;
	struct {
		char *name;
		json_t *value;
	} vars[TEMPLATE_VARS];
};

/* fail() with what is wrong, and where; NULL, which is false. */
json_t *template_bad(const char *what, const char *at);
/* The same for what the template itself cannot be blamed for: with EINVAL instead of EBADMSG. */
json_t *template_wrong(const char *what, const char *at);
/* Take this word with the blanks around it, if it comes next. */
bool template_keyword(struct tmpl *t, const char *word);

/* The functions below return a value as a new reference, or NULL with fail(). When `live` is false,
 * the text is only read, and the value is null. */

/* "$a := ", "$a, $b := " or "$a = " before a pipeline: returns the number of names, less than 0 in
 * the last case; without any, nothing is consumed. The names are to be freed. */
int template_declared(struct tmpl *t, char *names[2]);
/* The value of the pipeline up to the end of the action. */
json_t *template_rest(struct tmpl *t, json_t *dot, bool live);
/* The same, where `$x := ` or `$x = ` may stand before the pipeline: the variable gets its value.
 * *shown is false then, because such an action prints nothing. */
json_t *template_bound(struct tmpl *t, json_t *dot, bool live, bool *shown);

/* A new variable; takes ownership of both. */
bool template_set(struct tmpl *t, char *name, json_t *v);
/* Forget the variables from this one on. */
void template_forget(struct tmpl *t, int from);

#endif
