/* json.c: glue on jansson; see json.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>

#include "err.h"
#include "json.h"
#include "str.h"

void json_unref(json_t **j)
{
	json_decref(*j);
}

/* jansson allocates hundreds of small pieces and frees them all together. They come from one arena,
 * which is reset when the last piece is freed. The sanitizers check each piece, so their build has
 * no arena. */
#define PLACE ((size_t)64 << 10)
static char *place;
static size_t taken, live;

static void *piece(size_t n)
{
	n = (n + 15) & ~(size_t)15;
#ifndef CTR_SAN
	if (!place)
		place = xmalloc(PLACE);
	if (n <= PLACE - taken) {
		live++;
		taken += n;
		return place + taken - n;
	}
#endif
	return malloc(n);
}

static void piece_free(void *p)
{
	if (!place || (char *)p < place || (char *)p >= place + PLACE)
		free(p);
	else if (--live == 0)
		taken = 0;
}

/* jansson would read /dev/urandom for a number that makes the order of its tables unforeseeable:
 * the kernel has given each process sixteen random bytes (getauxval(3)). musl's guards are made of
 * them, too, so two parts are mixed. */
static void json_seed(void)
{
	uint32_t r[4] = {0};
	const void *given = (const void *)getauxval(AT_RANDOM);
	if (given)
		memcpy(r, given, sizeof r);
	json_object_seed((r[1] ^ r[3]) | 1);
}

json_t *json_parse(const char *what, const char *text, size_t len)
{
	json_error_t e;
	json_seed();
	json_set_alloc_funcs(piece, piece_free);
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (!j) {
		errno = EINVAL;
		fail("%s:%d:%d: %s", what, e.line, e.column, e.text);
	}
	return j;
}

static char *json_dump(const json_t *j, size_t flags)
{
	char *s = json_dumps(j, flags | JSON_ENCODE_ANY);
	struct buf b = {0};
	if (!s)
		err_no_memory();
	for (const char *p = s; *p; p++)
		if (str_c1(p))
			buf_printf(&b, "\\u%04x", (unsigned char)*++p);
		else
			buf_add(&b, p, 1);
	piece_free(s);
	return b.p;
}

char *json_text(const json_t *j)
{
	return json_dump(j, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

char *json_pretty(const json_t *j)
{
	return json_dump(j, JSON_INDENT(2));
}

void json_lines(const json_t *list)
{
	const json_t *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		_cleanup_free_ char *line = json_text(one);
		puts(line);
	}
}

static json_t *safe_string(const char *s, size_t n)
{
	json_t *j = json_stringn(s, n);
	if (j)
		return j;
	_cleanup_free_ char *whole = xstrndup(s, n), *safe = str_escape(whole);
	return json_string(safe);
}

/* One value for the format at *f, which is advanced past it; NULL for a NULL string where one is
 * allowed. */
static json_t *make_value(const char **f, va_list *ap)
{
	char c = *(*f)++;
	if (c == '{' || c == '[') {
		json_t *box = c == '{' ? json_object() : json_array();
		while (**f != '}' && **f != ']') {
			const char *key = *f;
			size_t n = 0;
			if (c == '{') {
				n = strcspn(key, ":");
				*f += n + 1;
				if (n == 1 && *key == 's') {
					key = va_arg(*ap, const char *);
					n = strlen(key);
				}
			}
			json_t *v = make_value(f, ap);
			if (v && (c == '{' ? json_object_setn_new(box, key, n, v)
					   : json_array_append_new(box, v)) < 0)
				err_no_memory();
			*f += **f == ',';
		}
		(*f)++;
		return box;
	}
	if (c == 's') {
		const char *s = va_arg(*ap, const char *);
		bool optional = **f == '*', counted = **f == '#';
		*f += optional || counted;
		size_t n = counted ? (size_t)va_arg(*ap, int) : 0;
		if (!counted && s)
			n = strlen(s);
		if (!s)
			return optional ? NULL : json_string("");
		return safe_string(s, n);
	}
	if (c == 'i' || c == 'b') {
		int i = va_arg(*ap, int);
		return c == 'i' ? json_integer(i) : json_boolean(i);
	}
	if (c == 'I')
		return json_integer(va_arg(*ap, json_int_t));
	if (c == 'n' || c == 'e')
		return c == 'n' ? json_null() : json_string("");
	json_t *j = va_arg(*ap, json_t *);
	return c == 'O' ? json_incref(j) : j;
}

json_t *json_make(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	json_set_alloc_funcs(piece, piece_free);
	json_t *j = make_value(&fmt, &ap);
	va_end(ap);
	return j;
}

/* The end of the JSON value (or of the key, the array or the object) at p. The text has been
 * accepted by json_parse() before. */
static const char *over(const char *p)
{
	int depth = 0;
	do {
		p += strspn(p, " \t\r\n,:");
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
			p += *p == '"';
		} else if (*p && strchr("{[}]", *p)) {
			depth += *p == '{' || *p == '[' ? 1 : -1;
			p++;
		} else {
			p += strcspn(p, " \t\r\n,:]}");
		}
	} while (*p && depth > 0);
	return p;
}

/* Where the member `name` of the object at p stands, or with name NULL element i of the array; NULL
 * when there is none. */
static const char *step_in(const char *p, const char *name, size_t len, long i)
{
	if (*p != (name ? '{' : '['))
		return NULL;
	for (p++;; p = over(p)) {
		p += strspn(p, " \t\r\n,");
		if (!*p || *p == '}' || *p == ']')
			return NULL;
		if (name ? strncmp(p + 1, name, len) == 0 && p[len + 1] == '"' : i-- == 0)
			return p;
		if (name)
			p = over(p);
	}
}

/* jansson does not keep the position of a value: PATH (a.b[2]) and then KEY are followed through
 * the text once more, as far as they lead. */
static const char *position(const char *text, const char *path, const char *key)
{
	const char *value = text + strspn(text, " \t\r\n"), *at = value;
	while (path || key) {
		bool last = !path || !*path, elem = !last && *path == '[';
		const char *name = elem ? NULL : path;
		if (last)
			name = key;
		const char *ends = elem ? "]" : ".[";
		size_t n = last ? strlen(key) : strcspn(path, ends);
		const char *hit = step_in(value, name, n, elem ? strtol(path + 1, NULL, 10) : 0);
		if (!hit)
			break;
		value = at = hit;
		if (name) {
			value = over(value);
			value += strspn(value, " \t\r\n:");
		}
		if (last)
			break;
		path += n + elem;
		path += *path == '.';
	}
	return at;
}

int jwrong(const struct jctx *c, const char *path, const char *key, const char *why, ...)
{
	int line = 1, col = 1;
	const char *under = c->under ? c->under : "";
	_cleanup_free_ char *whole = xasprintf("%s%s%s", under, *under && *path ? "." : "", path);
	path = whole;
	size_t in = c->inside && str_starts(path, c->inside) ? strlen(c->inside) : 0;
	in += in && path[in] == '.';
	const char *at = c->text ? position(c->text, path + in, key) : NULL;
	for (const char *s = c->text; s < at; s++) {
		col = *s == '\n' ? 1 : col + 1;
		line += *s == '\n';
	}
	va_list ap;
	va_start(ap, why);
	_cleanup_free_ char *text = xvasprintf(why, ap);
	va_end(ap);
	errno = EINVAL;
	return fail("%s:%d:%d: %s%s%s%s%s", c->what, line, col, path, *path && *key ? "." : "", key,
	    *path || *key ? ": " : "", text);
}

bool json_any_case;

const json_t *json_member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (!v && json_any_case) {
		const char *k;
		json_t *other;
		json_object_foreach((json_t *)o, k, other) if (strcasecmp(k, key) == 0) v = other;
	}
	return json_is_null(v) ? NULL : v;
}

/* 1 and *out when it is there, -1 when it is of another type. */
static int json_of(const struct jctx *c, const json_t *o, const char *path, const char *key,
    json_type type, json_t **out)
{
	static const char *const types[] = {
	    "an object", "an array", "a string", "an integer", NULL, "true or false"};
	const json_t *v = json_member(o, key);
	if (!v)
		return 0;
	if (json_typeof(v) != type && !(type == JSON_TRUE && json_is_false(v)))
		return jwrong(c, path, key, "must be %s", types[type]);
	*out = (json_t *)v;
	return 1;
}

int jget_str(const struct jctx *c, const json_t *o, const char *path, const char *key, char **out)
{
	json_t *v;
	int r = json_of(c, o, path, key, JSON_STRING, &v);
	if (r <= 0)
		return r;
	if (strlen(json_string_value(v)) != json_string_length(v))
		return jwrong(c, path, key, "must not hold a NUL");
	free(*out);
	*out = xstrdup(json_string_value(v));
	return 1;
}

int jget_int(const struct jctx *c, const json_t *o, const char *path, const char *key, int64_t min,
    int64_t max, int64_t *out)
{
	json_t *v;
	int r = json_of(c, o, path, key, JSON_INTEGER, &v);
	if (r <= 0)
		return r;
	int64_t n = json_integer_value(v);
	if (n < min || n > max)
		return jwrong(c, path, key, "must be between %" PRId64 " and %" PRId64, min, max);
	*out = n;
	return 1;
}

int jget_bool(const struct jctx *c, const json_t *o, const char *path, const char *key, bool *out)
{
	json_t *v;
	int r = json_of(c, o, path, key, JSON_TRUE, &v);
	if (r > 0)
		*out = json_is_true(v);
	return r;
}

int jget_strv(
    const struct jctx *c, const json_t *o, const char *path, const char *key, struct strv *out)
{
	json_t *a = NULL;
	int r = jget_arr(c, o, path, key, &a);
	if (r <= 0)
		return r;
	strv_free(out);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *v = json_array_get(a, i);
		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return jwrong(c, path, key, "must be an array of strings (without NUL)");
		strv_add(out, json_string_value(v));
	}
	return 1;
}

int jget_obj(const struct jctx *c, const json_t *o, const char *path, const char *key, json_t **out)
{
	return json_of(c, o, path, key, JSON_OBJECT, out);
}

int jget_arr(const struct jctx *c, const json_t *o, const char *path, const char *key, json_t **out)
{
	return json_of(c, o, path, key, JSON_ARRAY, out);
}
