/* template_fn.c: the functions of templates; see template_fn.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "template_fn.h"

static json_t *wrong(const char *name, const char *why)
{
	errno = EINVAL;
	fail("--format: %s: %s", name, why);
	return NULL;
}

bool template_true(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_STRING:
		return json_string_length(v) > 0;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	case JSON_REAL:
		return json_real_value(v) != 0;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_OBJECT:
		return json_object_size(v) > (json_object_get(v, TEMPLATE_MAP) ? 1 : 0);
	default:
		return true;
	}
}

static void print_list(struct buf *out, const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_puts(out, i ? " " : "");
		template_print(out, json_array_get(v, i));
	}
}

static void keys_of(const json_t *v, struct strv *keys)
{
	const char *k;
	json_t *one;
	json_object_foreach((json_t *)v, k, one)
	{
		(void)one;
		if (strcmp(k, TEMPLATE_MAP) != 0)
			strv_add(keys, k);
	}
	strv_sort(keys);
}

static void print_text(struct buf *out, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, TEMPLATE_NL TEMPLATE_TAB);
		_cleanup_free_ char *part = xstrndup(s, n), *safe = str_escape(part);
		buf_puts(out, safe);
		s += n;
		if (*s)
			buf_puts(out, *s++ == *TEMPLATE_NL ? "\n" : "\t");
	}
}

void template_print(struct buf *out, const json_t *v)
{
	if (json_is_string(v)) {
		print_text(out, json_string_value(v));
	} else if (json_is_integer(v)) {
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		buf_printf(out, "%g", json_real_value(v));
	} else if (json_is_boolean(v)) {
		buf_puts(out, json_is_true(v) ? "true" : "false");
	} else if (json_is_array(v)) {
		buf_puts(out, "[");
		print_list(out, v);
		buf_puts(out, "]");
	} else if (json_is_object(v)) {
		_cleanup_strv_ struct strv keys = {0};
		keys_of(v, &keys);
		buf_puts(out, "map[");
		for (size_t i = 0; i < keys.n; i++) {
			buf_puts(out, i ? " " : "");
			print_text(out, keys.v[i]);
			buf_puts(out, ":");
			template_print(out, json_object_get(v, keys.v[i]));
		}
		buf_puts(out, "]");
	} else {
		buf_puts(out, "<no value>");
	}
}

static json_t *taken(struct buf *b)
{
	json_t *v = json_string_nocheck(b->p ? b->p : "");
	buf_free(b);
	return v;
}

/* The data without our own mark that it is a map. */
static json_t *unmarked(const json_t *v)
{
	json_t *out = json_is_object(v) ? json_object() : json_array(), *one;
	const char *k;
	size_t i;
	if (!json_is_object(v) && !json_is_array(v)) {
		json_decref(out);
		return json_is_string(v) ? json_string(json_string_value(v)) : json_deep_copy(v);
	}
	json_object_foreach((json_t *)v, k, one)
	{
		if (strcmp(k, TEMPLATE_MAP))
			json_object_set_new(out, k, unmarked(one));
	}
	json_array_foreach(v, i, one)
	{
		json_array_append_new(out, unmarked(one));
	}
	return out;
}

static json_t *fn_json(const json_t *a)
{
	json_t *plain = json_array_size(a) == 1 ? unmarked(json_array_get(a, 0)) : NULL;
	if (!plain)
		return wrong("json", "one value is needed");
	_cleanup_free_ char *text = json_text(plain);
	json_decref(plain);
	return json_string(text);
}

static json_t *fn_len(const json_t *a)
{
	const json_t *v = json_array_get(a, 0);
	if (json_is_string(v))
		return json_integer((json_int_t)json_string_length(v));
	if (json_is_array(v))
		return json_integer((json_int_t)json_array_size(v));
	if (json_is_object(v))
		return json_integer(
		    (json_int_t)json_object_size(v) - (json_object_get(v, TEMPLATE_MAP) ? 1 : 0));
	return wrong("len", "it is neither a string, a list nor a map");
}

static json_t *fn_index(const json_t *a)
{
	const json_t *v = json_array_get(a, 0);
	for (size_t i = 1; v && i < json_array_size(a); i++) {
		const json_t *k = json_array_get(a, i);
		if (json_is_array(v) && json_is_integer(k)) {
			v = json_array_get(v, (size_t)json_integer_value(k));
			if (!v)
				return wrong("index", "out of range");
		} else if (json_is_object(v) && json_is_string(k)) {
			v = json_object_get(v, json_string_value(k));
		} else if (!json_is_null(v)) {
			return wrong(
			    "index", "it is neither a list with a number nor a map with a string");
		}
	}
	return v ? json_incref((json_t *)v) : json_string("");
}

static json_t *fn_join(const json_t *a)
{
	const char *sep = json_string_value(json_array_get(a, 1));
	const json_t *list = json_array_get(a, 0);
	struct buf b = {0};
	if (!sep || !json_is_array(list))
		return wrong("join", "a list and a string are needed");
	for (size_t i = 0; i < json_array_size(list); i++) {
		buf_puts(&b, i ? sep : "");
		template_print(&b, json_array_get(list, i));
	}
	return taken(&b);
}

static json_t *fn_split(const json_t *a)
{
	const char *s = json_string_value(json_array_get(a, 0)),
		   *sep = json_string_value(json_array_get(a, 1));
	json_t *out = json_array();
	if (!s || !sep || !*sep) {
		json_decref(out);
		return wrong("split", "two strings are needed");
	}
	if (*sep == *TEMPLATE_NL)
		sep = "\n"; /* what the data has */
	for (const char *hit; (hit = strstr(s, sep)); s = hit + strlen(sep))
		json_array_append_new(out, json_stringn_nocheck(s, (size_t)(hit - s)));
	json_array_append_new(out, json_string_nocheck(s));
	return out;
}

static json_t *letters(const json_t *a, char from, char to, bool first)
{
	const char *s = json_string_value(json_array_get(a, 0));
	if (!s)
		return wrong("upper, lower and title", "a string is needed");
	_cleanup_free_ char *out = xstrdup(s);
	for (char *p = out; *p; p++)
		if ((!first || p == out || p[-1] == ' ') && *p >= from && *p < from + 26)
			*p = (char)(*p - from + to);
	return json_string_nocheck(out);
}

static json_t *fn_upper(const json_t *a)
{
	return letters(a, 'a', 'A', false);
}

static json_t *fn_lower(const json_t *a)
{
	return letters(a, 'A', 'a', false);
}

static json_t *fn_title(const json_t *a)
{
	return letters(a, 'a', 'A', true);
}

/* Counts characters, not bytes. */
static json_t *fn_truncate(const json_t *a)
{
	const char *s = json_string_value(json_array_get(a, 0)), *p = s;
	json_int_t n = json_integer_value(json_array_get(a, 1));
	if (!s || !json_is_integer(json_array_get(a, 1)) || n < 0)
		return wrong("truncate", "a string and a number are needed");
	for (; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && n-- == 0)
			break;
	return json_stringn_nocheck(s, (size_t)(p - s));
}

static json_t *fn_print(const json_t *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < json_array_size(a); i++) {
		/* fmt.Sprint: a blank between two operands when neither is a string. */
		bool gap = i && !json_is_string(json_array_get(a, i)) &&
			   !json_is_string(json_array_get(a, i - 1));
		buf_puts(&b, gap ? " " : "");
		template_print(&b, json_array_get(a, i));
	}
	return taken(&b);
}

static json_t *fn_println(const json_t *a)
{
	struct buf b = {0};
	print_list(&b, a);
	buf_puts(&b, TEMPLATE_NL);
	return taken(&b);
}

/* One verb with flags and width as in C, for those verbs that make sense with JSON. */
static void verb(struct buf *out, const char *spec, size_t n, char kind, const json_t *v)
{
	struct buf text = {0};
	int width = atoi(spec + 1 + strspn(spec + 1, "-+# 0"));
	bool left = memchr(spec, '-', n) != NULL;
	buf_puts(&text, "");
	if (kind == 'q' && json_is_string(v))
		buf_json(&text, json_string_value(v));
	else if ((kind == 'x' || kind == 'X') && json_is_integer(v))
		buf_printf(&text, kind == 'x' ? "%llx" : "%llX", (long long)json_integer_value(v));
	else if (kind == 'f' && json_is_number(v))
		buf_printf(&text, "%f", json_number_value(v));
	else
		template_print(&text, v);
	if (width < 0 || width > 1000)
		width = 0;
	buf_printf(out, "%*s", left ? -width : width, text.p);
	buf_free(&text);
}

static json_t *fn_printf(const json_t *a)
{
	const char *f = json_string_value(json_array_get(a, 0));
	struct buf b = {0};
	size_t next = 1;
	if (!f)
		return wrong("printf", "the first word is no string");
	for (; *f; f++) {
		size_t n = *f == '%' ? 1 + strspn(f + 1, "-+# 0123456789.") : 0;
		if (n == 0 || !f[n]) {
			buf_add(&b, f, 1);
			continue;
		}
		if (f[n] == '%')
			buf_puts(&b, "%");
		else if (next < json_array_size(a))
			verb(&b, f, n, f[n], json_array_get(a, next++));
		else
			buf_printf(&b, "%%!%c(MISSING)", f[n]);
		f += n;
	}
	return taken(&b);
}

/* --- comparing --- */

/* -1, 0 or 1; 2 when they cannot be compared. */
static int compare(const json_t *x, const json_t *y)
{
	if (json_is_string(x) && json_is_string(y)) {
		int d = strcmp(json_string_value(x), json_string_value(y));
		return (d > 0) - (d < 0);
	}
	if (json_is_number(x) && json_is_number(y)) {
		double d = json_number_value(x) - json_number_value(y);
		return (d > 0) - (d < 0);
	}
	return json_equal(x, y) ? 0 : 2;
}

static json_t *fn_eq(const json_t *a)
{
	for (size_t i = 1; i < json_array_size(a); i++)
		if (compare(json_array_get(a, 0), json_array_get(a, i)) == 0)
			return json_true();
	return json_array_size(a) < 2 ? wrong("eq", "two values are needed") : json_false();
}

static json_t *ordered(const json_t *a, const char *name, bool (*holds)(int))
{
	int r = json_array_size(a) == 2 ? compare(json_array_get(a, 0), json_array_get(a, 1)) : 2;
	if (r == 2 && strcmp(name, "ne") != 0)
		return wrong(name, "two numbers or two strings are needed");
	return json_boolean(holds(r));
}

#define ORDER(name, test)                                                                          \
	static bool holds_##name(int r)                                                            \
	{                                                                                          \
		return test;                                                                       \
	}                                                                                          \
	static json_t *fn_##name(const json_t *a)                                                  \
	{                                                                                          \
		return ordered(a, #name, holds_##name);                                            \
	}
ORDER(ne, r != 0)
ORDER(lt, r < 0)
ORDER(le, r <= 0)
ORDER(gt, r > 0)
ORDER(ge, r >= 0)

/* `and`: the first argument that is false, or the last; `or`: the first that is true, or the
 * last. */
static json_t *first_that(const json_t *a, bool want)
{
	size_t n = json_array_size(a), i = 0;
	while (i + 1 < n && template_true(json_array_get(a, i)) != want)
		i++;
	return n ? json_incref(json_array_get(a, i)) : wrong("and, or", "a value is needed");
}

static json_t *fn_and(const json_t *a)
{
	return first_that(a, false);
}

static json_t *fn_or(const json_t *a)
{
	return first_that(a, true);
}

static json_t *fn_not(const json_t *a)
{
	return json_array_size(a) == 1 ? json_boolean(!template_true(json_array_get(a, 0)))
				       : wrong("not", "one value is needed");
}

const struct template_fn *template_fn_find(const char *name, size_t len)
{
	static const struct template_fn all[] = {{"json", fn_json}, {"len", fn_len},
	    {"index", fn_index}, {"join", fn_join}, {"split", fn_split}, {"upper", fn_upper},
	    {"lower", fn_lower}, {"title", fn_title}, {"truncate", fn_truncate},
	    {"print", fn_print}, {"println", fn_println}, {"printf", fn_printf}, {"eq", fn_eq},
	    {"ne", fn_ne}, {"lt", fn_lt}, {"le", fn_le}, {"gt", fn_gt}, {"ge", fn_ge},
	    {"and", fn_and}, {"or", fn_or}, {"not", fn_not}};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strlen(all[i].name) == len && strncmp(all[i].name, name, len) == 0)
			return &all[i];
	return NULL;
}

json_t *template_map(void)
{
	json_t *j = json_object();
	json_object_set_new(j, TEMPLATE_MAP, json_true());
	return j;
}

void template_plain(json_t *j)
{
	const char *k;
	size_t i;
	json_t *one;
	if (json_is_object(j))
		json_object_del(j, TEMPLATE_MAP);
	json_object_foreach(j, k, one)
	{
		template_plain(one);
	}
	json_array_foreach(j, i, one)
	{
		template_plain(one);
	}
}
