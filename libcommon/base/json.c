/* json.c: glue on jansson; see json.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"

void json_unref(json_t **j)
{
	json_decref(*j);
}

json_t *json_parse(const char *what, const char *text, size_t len)
{
	json_error_t e;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!j) {
		errno = EINVAL;
		fail("%s:%d:%d: %s", what, e.line, e.column, e.text);
	}
	return j;
}

static char *dump(const json_t *j, size_t flags)
{
	char *s = json_dumps(j, flags | JSON_ENCODE_ANY);
	if (!s)
		die("out of memory");
	return s;
}

char *json_text(const json_t *j)
{
	return dump(j, JSON_COMPACT);
}

char *json_pretty(const json_t *j)
{
	return dump(j, JSON_INDENT(2));
}

static json_t *safe_string(const char *s, size_t n)
{
	json_t *j = json_stringn(s, n);
	if (j)
		return j;
	_cleanup_free_ char *whole = xstrndup(s, n), *safe = str_escape(whole);
	return json_string(safe);
}

/* One value at *f, which moves behind it; NULL for a string that is NULL and may be. */
static json_t *make_value(const char **f, va_list *ap)
{
	char c = *(*f)++;
	if (c == '{' || c == '[') {
		json_t *box = c == '{' ? json_object() : json_array();
		while (**f != '}' && **f != ']') {
			const char *key = NULL;
			if (c == '{') {
				key = va_arg(*ap, const char *);
				*f += 2; /* "s:" */
			}
			json_t *v = make_value(f, ap);
			if (v && (key ? json_object_set_new(box, key, v) : json_array_append_new(box, v)) < 0)
				die("out of memory");
			*f += **f == ',';
		}
		(*f)++;
		return box;
	}
	if (c == 's') {
		const char *s = va_arg(*ap, const char *);
		bool optional = **f == '*', counted = **f == '#';
		*f += optional || counted;
		size_t n = counted ? (size_t)va_arg(*ap, int) : s ? strlen(s) : 0;
		return s ? safe_string(s, n) : optional ? NULL : json_string("");
	}
	if (c == 'i' || c == 'b') {
		int i = va_arg(*ap, int);
		return c == 'i' ? json_integer(i) : json_boolean(i);
	}
	if (c == 'I')
		return json_integer(va_arg(*ap, json_int_t));
	json_t *j = va_arg(*ap, json_t *);
	return c == 'O' ? json_incref(j) : j;
}

json_t *json_make(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	json_t *j = make_value(&fmt, &ap);
	va_end(ap);
	return j;
}

/* jansson forgets where a value stood, so the position of a message is found again in the text: each key of the path
 * is looked for after the one before it. Good for a person; a wrong guess costs nothing. */
static void position(const struct jctx *c, const char *path, const char *key, int *line, int *col)
{
	const char *at = c->text, *p = path;
	*line = *col = 1;
	if (!at)
		return;
	_cleanup_free_ char *all = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
	for (p = all; *p;) {
		size_t n = strcspn(p, ".[");
		_cleanup_free_ char *quoted = xasprintf("\"%.*s\"", (int)n, p);
		const char *hit = n ? strstr(at, quoted) : NULL;
		if (hit)
			at = hit + (p[n] ? n + 2 : 0);
		p += n;
		p += p[0] == '[' ? strcspn(p, "].") + (strchr(p, ']') != NULL) : 0;
		p += p[0] == '.';
	}
	for (const char *s = c->text; s < at; s++) {
		*col = *s == '\n' ? 1 : *col + 1;
		*line += *s == '\n';
	}
}

static int wrong(const struct jctx *c, const char *path, const char *key, const char *why)
{
	int line, col;
	position(c, path, key, &line, &col);
	errno = EINVAL;
	return fail("%s:%d:%d: %s%s%s: %s", c->what, line, col, path, *path ? "." : "", key, why);
}

static const json_t *member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	return json_is_null(v) ? NULL : v;
}

int jget_str(const struct jctx *c, const json_t *o, const char *path, const char *key, char **out)
{
	const json_t *v = member(o, key);
	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(c, path, key, "must be a string");
	if (strlen(json_string_value(v)) != json_string_length(v))
		return wrong(c, path, key, "must not hold a NUL");
	free(*out);
	*out = xstrdup(json_string_value(v));
	return 1;
}

int jget_int(
    const struct jctx *c, const json_t *o, const char *path, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = member(o, key);
	if (!v)
		return 0;
	if (!json_is_integer(v))
		return wrong(c, path, key, "must be an integer");
	int64_t n = json_integer_value(v);
	if (n < min || n > max) {
		char why[96];
		snprintf(why, sizeof why, "must be between %" PRId64 " and %" PRId64, min, max);
		return wrong(c, path, key, why);
	}
	*out = n;
	return 1;
}

int jget_bool(const struct jctx *c, const json_t *o, const char *path, const char *key, bool *out)
{
	const json_t *v = member(o, key);
	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return wrong(c, path, key, "must be true or false");
	*out = json_is_true(v);
	return 1;
}

int jget_strv(const struct jctx *c, const json_t *o, const char *path, const char *key, struct strv *out)
{
	json_t *a = NULL;
	int r = jget_arr(c, o, path, key, &a);
	if (r <= 0)
		return r;
	strv_free(out);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *v = json_array_get(a, i);
		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return wrong(c, path, key, "must be an array of strings (without NUL)");
		strv_add(out, json_string_value(v));
	}
	return 1;
}

int jget_obj(const struct jctx *c, const json_t *o, const char *path, const char *key, json_t **out)
{
	const json_t *v = member(o, key);
	if (!v)
		return 0;
	if (!json_is_object(v))
		return wrong(c, path, key, "must be an object");
	*out = (json_t *)v;
	return 1;
}

int jget_arr(const struct jctx *c, const json_t *o, const char *path, const char *key, json_t **out)
{
	const json_t *v = member(o, key);
	if (!v)
		return 0;
	if (!json_is_array(v))
		return wrong(c, path, key, "must be an array");
	*out = (json_t *)v;
	return 1;
}
