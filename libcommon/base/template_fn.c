/* template_fn.c: the functions of templates; see template_fn.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "template_fn.h"
#include "template_text.h"

static json_t *template_fn_wrong(const char *name, const char *why)
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

static json_t *template_fn_taken(struct buf *b)
{
	json_t *v = json_string_nocheck(b->p ? b->p : "");
	buf_free(b);
	return v;
}

static json_t *plain_text(const char *s)
{
	_cleanup_free_ char *text = xstrdup(s);
	for (char *p = text; *p; p++)
		if (*p == *TEMPLATE_NL || *p == *TEMPLATE_TAB)
			*p = *p == *TEMPLATE_NL ? '\n' : '\t';
	return json_make("s", text);
}

/* The data without our own marks, in the order in which Go writes it. */
static json_t *unmarked(const json_t *v)
{
	if (v == template_nil(false) || v == template_nil(true) ||
	    json_is_false(json_object_get(v, TEMPLATE_MAP)))
		return json_null();
	if (json_is_string(v))
		return plain_text(json_string_value(v));
	if (!json_is_object(v) && !json_is_array(v))
		return json_incref((json_t *)v);
	json_t *out = json_is_object(v) ? json_object() : json_array(), *one;
	_cleanup_strv_ struct strv keys = {0};
	size_t i;
	if (json_is_object(v))
		template_keys(v, &keys, json_object_get(v, TEMPLATE_MAP));
	for (i = 0; i < keys.n; i++)
		json_object_set_new(out, keys.v[i], unmarked(json_object_get(v, keys.v[i])));
	json_array_foreach(v, i, one)
	{
		json_array_append_new(out, unmarked(one));
	}
	return out;
}

static json_t *fn_json(const json_t *a, int which)
{
	(void)which;
	_cleanup_json_ json_t *plain = unmarked(json_array_get(a, 0));
	_cleanup_free_ char *text = json_text(plain);
	return json_string(text);
}

static json_t *fn_len(const json_t *a, int which)
{
	(void)which;
	const json_t *v = json_array_get(a, 0);
	if (json_is_string(v))
		return json_integer((json_int_t)json_string_length(v));
	if (json_is_array(v))
		return json_integer((json_int_t)json_array_size(v));
	if (json_is_object(v))
		return json_integer(
		    (json_int_t)json_object_size(v) - (json_object_get(v, TEMPLATE_MAP) ? 1 : 0));
	return template_fn_wrong("len", "it is neither a string, a list nor a map");
}

static json_t *fn_index(const json_t *a, int which)
{
	(void)which;
	const json_t *v = json_array_get(a, 0);
	for (size_t i = 1; v && i < json_array_size(a); i++) {
		const json_t *k = json_array_get(a, i);
		if (json_is_array(v) && json_is_integer(k)) {
			v = json_array_get(v, (size_t)json_integer_value(k));
			if (!v)
				return template_fn_wrong("index", "out of range");
		} else if (json_is_string(v) && json_is_integer(k)) { /* a byte */
			size_t at = (size_t)json_integer_value(k);
			return at < json_string_length(v)
				   ? json_integer((unsigned char)json_string_value(v)[at])
				   : template_fn_wrong("index", "out of range");
		} else if (json_is_object(v) && json_is_string(k)) {
			v = json_object_get(v, json_string_value(k));
		} else {
			return template_fn_wrong(
			    "index", "it is neither a list with a number nor a map with a string");
		}
	}
	return v ? json_incref((json_t *)v) : json_string("");
}

static json_t *fn_join(const json_t *a, int which)
{
	(void)which;
	const char *sep = json_string_value(json_array_get(a, 1));
	const json_t *list = json_array_get(a, 0);
	struct buf b = {0};
	if (!sep || !json_is_array(list))
		return template_fn_wrong("join", "a list and a string are needed");
	for (size_t i = 0; i < json_array_size(list); i++) {
		buf_puts(&b, i ? sep : "");
		template_print(&b, json_array_get(list, i));
	}
	return template_fn_taken(&b);
}

static json_t *fn_split(const json_t *a, int which)
{
	(void)which;
	const char *s = json_string_value(json_array_get(a, 0)),
		   *sep = json_string_value(json_array_get(a, 1));
	if (!s || !sep)
		return template_fn_wrong("split", "two strings are needed");
	json_t *out = json_array();
	size_t n = strlen(sep);
	for (const char *hit; *sep && (hit = strstr(s, sep)); s = hit + n)
		json_array_append_new(out, json_stringn_nocheck(s, (size_t)(hit - s)));
	for (; !*sep && *s; s += n) { /* its characters */
		n = str_utf8_len(s, strlen(s));
		n += n == 0;
		json_array_append_new(out, json_stringn_nocheck(s, n));
	}
	if (*sep)
		json_array_append_new(out, json_string_nocheck(s));
	return out;
}

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* The other case of a letter of ASCII, Latin-1, Greek or Cyrillic; what has none as it is. */
static unsigned cased(unsigned c, bool up)
{
	static const unsigned short small[] = {
	    'a', 'z', 0xe0, 0xf6, 0xf8, 0xfe, 0x3b1, 0x3c1, 0x3c3, 0x3cb, 0x430, 0x44f};
	unsigned low = up ? c : c + 32;
	for (size_t i = 0; i < sizeof small / sizeof small[0]; i += 2)
		if (low >= small[i] && low <= small[i + 1])
			return up ? c - 32 : low;
	return c;
}

enum { LOWER, UPPER, TITLE };

static json_t *letters(const json_t *a, int which)
{
	const char *s = json_string_value(json_array_get(a, 0));
	if (!s)
		return template_fn_wrong("upper, lower and title", "a string is needed");
	_cleanup_free_ char *out = xstrdup(s);
	for (char *p = out; *p; p++) {
		bool two = (*p & 0xe0) == 0xc0;
		if (which == TITLE && p != out && in_word(p[-1]))
			continue;
		if (two && p[1]) {
			unsigned c = cased((p[0] & 0x1fu) << 6 | (p[1] & 0x3fu), which);
			*p++ = (char)(0xc0 | c >> 6);
			*p = (char)(0x80 | (c & 0x3f));
		} else if (!(*p & 0x80)) {
			*p = (char)cased((unsigned char)*p, which);
		}
	}
	return json_string_nocheck(out);
}

/* Counts bytes, as docker's. */
static json_t *fn_truncate(const json_t *a, int which)
{
	(void)which;
	const char *s = json_string_value(json_array_get(a, 0));
	json_int_t n = json_integer_value(json_array_get(a, 1));
	if (!s || !json_is_integer(json_array_get(a, 1)) || n < 0)
		return template_fn_wrong("truncate", "a string and a number are needed");
	return json_stringn_nocheck(s, strnlen(s, (size_t)n));
}

/* fmt.Sprint has a blank between two operands when neither is a string, (line) Sprintln between
 * any two. */
static json_t *fn_print(const json_t *a, int line)
{
	struct buf b = {0};
	for (size_t i = 0; i < json_array_size(a); i++) {
		bool gap = line || (!json_is_string(json_array_get(a, i)) &&
				       !json_is_string(json_array_get(a, i - 1)));
		buf_puts(&b, i && gap ? " " : "");
		template_print(&b, json_array_get(a, i));
	}
	buf_puts(&b, line ? TEMPLATE_NL : "");
	return template_fn_taken(&b);
}

/* slice LIST-OR-STRING [FROM [TO]] */
static json_t *fn_slice(const json_t *a, int which)
{
	(void)which;
	const json_t *v = json_array_get(a, 0);
	size_t given = json_array_size(a);
	json_int_t size =
		       (json_int_t)(json_is_string(v) ? json_string_length(v) : json_array_size(v)),
		   from = json_integer_value(json_array_get(a, 1)),
		   to = given > 2 ? json_integer_value(json_array_get(a, 2)) : size;
	if ((!json_is_string(v) && !json_is_array(v)) || from < 0 || from > to || to > size)
		return template_fn_wrong("slice", "it has no such part");
	if (json_is_string(v))
		return json_stringn_nocheck(json_string_value(v) + from, (size_t)(to - from));
	json_t *out = json_array();
	for (; from < to; from++)
		json_array_append(out, json_array_get(v, (size_t)from));
	return out;
}

/* pad STRING BEFORE AFTER: blanks around what is not empty. */
static json_t *fn_pad(const json_t *a, int which)
{
	(void)which;
	const char *s = json_string_value(json_array_get(a, 0));
	int n[2];
	for (size_t i = 0; i < 2; i++) {
		json_int_t want = json_integer_value(json_array_get(a, i + 1));
		n[i] = want < 0 || want > 1000 || !s || !*s ? 0 : (int)want;
	}
	struct buf b = {0};
	buf_printf(&b, "%*s%s%*s", n[0], "", s ? s : "", n[1], "");
	return template_fn_taken(&b);
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
	if (json_is_string(x) != json_is_string(y)) { /* a number as JSON has it */
		struct buf a = {0}, b = {0};
		template_print(&a, x);
		template_print(&b, y);
		int same = strcmp(a.p, b.p) == 0 ? 0 : 2;
		buf_free(&a);
		buf_free(&b);
		return same;
	}
	return json_equal(x, y) ? 0 : 2;
}

static json_t *fn_eq(const json_t *a, int which)
{
	(void)which;
	for (size_t i = 1; i < json_array_size(a); i++)
		if (compare(json_array_get(a, 0), json_array_get(a, i)) == 0)
			return json_true();
	return json_false();
}

enum { LESS = 1, SAME = 2, MORE = 4, OTHER = 8 };

static json_t *ordered(const json_t *a, int which)
{
	int r = compare(json_array_get(a, 0), json_array_get(a, 1));
	if (r == 2 && !(which & OTHER))
		return template_fn_wrong(
		    "lt, le, gt and ge", "two numbers or two strings are needed");
	return json_boolean(which & 1 << (r + 1));
}

/* `and`: the first argument that is false, or the last; `or`: the first that is true, or the
 * last. */
static json_t *first_that(const json_t *a, int want)
{
	size_t n = json_array_size(a), i = 0;
	while (i + 1 < n && template_true(json_array_get(a, i)) != want)
		i++;
	return json_incref(json_array_get(a, i));
}

static json_t *fn_not(const json_t *a, int which)
{
	(void)which;
	return json_boolean(!template_true(json_array_get(a, 0)));
}

static json_t *fn_call(const json_t *a, int which)
{
	(void)which;
	(void)a;
	return template_fn_wrong("call", "nothing here is a function");
}

enum { ANY = 255 };

const struct template_fn *template_fn_find(const char *name, size_t len)
{
	static const struct template_fn all[] = {{fn_json, "json", 1, 1, 'h', 0},
	    {fn_len, "len", 1, 1, 0, 0}, {fn_index, "index", 1, ANY, 0, 0},
	    {fn_join, "join", 2, 2, 'h', 0}, {fn_split, "split", 2, 2, 'p', 0},
	    {fn_slice, "slice", 1, 4, 0, 0}, {fn_pad, "pad", 3, 3, 0, 0},
	    {letters, "upper", 1, 1, 'h', UPPER}, {letters, "lower", 1, 1, 'h', LOWER},
	    {letters, "title", 1, 1, 'h', TITLE}, {fn_truncate, "truncate", 2, 2, 'h', 0},
	    {fn_print, "print", 0, ANY, 0, 0}, {fn_print, "println", 0, ANY, 0, 1},
	    {template_printf, "printf", 1, ANY, 0, 0}, {template_escaped, "html", 1, ANY, 'p', 0},
	    {template_escaped, "js", 1, ANY, 'p', 1},
	    {template_escaped, "urlquery", 1, ANY, 'p', 2}, {fn_call, "call", 1, ANY, 0, 0},
	    {fn_eq, "eq", 2, ANY, 'p', 0}, {ordered, "ne", 2, 2, 'p', LESS | MORE | OTHER},
	    {ordered, "lt", 2, 2, 'p', LESS}, {ordered, "le", 2, 2, 'p', LESS | SAME},
	    {ordered, "gt", 2, 2, 'p', MORE}, {ordered, "ge", 2, 2, 'p', MORE | SAME},
	    {first_that, "and", 1, ANY, 'a', false}, {first_that, "or", 1, ANY, 'o', true},
	    {fn_not, "not", 1, 1, 0, 0}};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strlen(all[i].name) == len && memcmp(all[i].name, name, len) == 0)
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

json_t *template_fn_call(const struct template_fn *fn, const json_t *args, bool heading)
{
	size_t n = json_array_size(args);
	if (n < fn->min || n > fn->max) {
		errno = EINVAL;
		fail("--format: %s needs %s%d %s, not %zu", fn->name,
		    fn->max == ANY ? "at least " : "", n < fn->min ? fn->min : fn->max,
		    fn->max == 1 ? "value" : "values", n);
		return NULL;
	}
	if (heading && fn->kind == 'h')
		return json_incref(json_array_get(args, 0));
	if (fn->kind != 'p')
		return fn->call(args, fn->which);
	_cleanup_json_ json_t *plain = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_array_get(args, i);
		json_array_append_new(
		    plain, json_is_string(v) ? plain_text(json_string_value(v)) : json_incref(v));
	}
	return fn->call(plain, fn->which);
}

void template_json(json_t *list, bool lines)
{
	template_plain(list);
	if (lines)
		json_lines(list);
	else
		puts(json_pretty(list));
}
