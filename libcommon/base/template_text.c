/* template_text.c: constants, values and printf of templates; see template_text.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "template_fn.h"
#include "template_text.h"

enum { MAX_WIDTH = 1000 };

/* --- values as %v prints them --- */

json_t *template_nil(bool pointer)
{
	static json_t *nil[2];
	json_t **one = &nil[pointer];
	return *one ? *one : (*one = json_array());
}

static void print_list(struct buf *out, const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_puts(out, i ? " " : "");
		template_print(out, json_array_get(v, i));
	}
}

void template_keys(const json_t *v, struct strv *keys, bool sorted)
{
	const char *k;
	json_t *template_text_one;
	json_object_foreach((json_t *)v, k, template_text_one)
	{
		(void)template_text_one;
		if (*k != *TEMPLATE_MAP)
			strv_add(keys, k);
	}
	if (sorted)
		strv_sort(keys);
}

void template_show(struct buf *out, const char *s, bool breaks)
{
	while (*s) {
		size_t n =
		    strcspn(s, breaks ? TEMPLATE_NL TEMPLATE_TAB "\n\t" : TEMPLATE_NL TEMPLATE_TAB);
		_cleanup_free_ char *part = xstrndup(s, n);
		buf_escape(out, part);
		s += n;
		if (*s) {
			bool line = *s == *TEMPLATE_NL || *s == '\n';
			buf_puts(out, line ? "\n" : "\t");
			s++;
		}
	}
}

/* A map has its keys sorted, a structure is shown without them, in its order. */
static void print_object(struct buf *out, const json_t *v)
{
	bool map = json_object_get(v, TEMPLATE_MAP);
	_cleanup_strv_ struct strv keys = {0};
	template_keys(v, &keys, map);
	for (size_t i = 0; i < keys.n; i++) {
		buf_puts(out, i ? " " : "");
		if (map)
			buf_printf(out, "%s:", keys.v[i]);
		template_print(out, json_object_get(v, keys.v[i]));
	}
}

/* Append a character by its number. */
static void template_rune(struct buf *out, unsigned long c)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : 2;
	if (c > 0x10ffff || c - 0xd800 < 0x800)
		c = 0xfffd;
	n += (c >= 0x800) + (c >= 0x10000);
	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
	s[0] = (char)(first[n - 1] | c);
	buf_add(out, s, n);
}

static void template_base(
    struct buf *out, unsigned long long n, unsigned base, const char *template_text_digits)
{
	char s[65], *p = s + sizeof s - 1;
	*p = 0;
	do
		*--p = template_text_digits[n % base];
	while (n /= base);
	buf_puts(out, p);
}

static void print_between(struct buf *out, const char *open,
    void (*inside)(struct buf *, const json_t *), const json_t *v, const char *close)
{
	buf_puts(out, open);
	inside(out, v);
	buf_puts(out, close);
}

void template_print(struct buf *out, const json_t *v)
{
	if (v == template_nil(true))
		buf_puts(out, "<nil>");
	else if (json_is_string(v))
		buf_puts(out, json_string_value(v));
	else if (json_is_integer(v))
		buf_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(out, "%g", json_real_value(v));
	else if (json_is_boolean(v))
		buf_puts(out, json_is_true(v) ? "true" : "false");
	else if (json_is_array(v))
		print_between(out, "[", print_list, v, "]");
	else if (json_is_object(v) && json_object_get(v, TEMPLATE_MAP))
		print_between(out, "map[", print_object, v, "]");
	else if (json_is_object(v))
		print_between(out, "{", print_object, v, "}");
	else
		buf_puts(out, "<no value>");
}

/* --- constants --- */

/* What Go's \c stands for; *p is at the c, and is left at its last character. */
static char template_text_escaped(const char **p)
{
	static const char names[] = "abfnrtv",
			  values[] = "\a\b\f" TEMPLATE_NL "\r" TEMPLATE_TAB "\v";
	const char *at = strchr(names, **p);
	if (at && *at)
		return values[at - names];
	return **p;
}

/* \x41, \101, \u00e9, \U0001f600: its number; *p is left at its last character. -1: another one. */
static long numbered(const char **p)
{
	static const char kinds[] = "xuU", widths[] = {2, 4, 8};
	const char *at = strchr(kinds, **p);
	bool octal = **p >= '0' && **p <= '7';
	char template_text_digits[9] = "", *after;
	if (!octal && !at)
		return -1;
	strncat(template_text_digits, *p + !octal, octal ? 3 : (size_t)widths[at - kinds]);
	unsigned long c = strtoul(template_text_digits, &after, octal ? 8 : 16);
	*p += after - template_text_digits - octal;
	return c ? (long)c : '?';
}

/* The bytes of the first `most` characters. */
static size_t chars(const char *s, int most)
{
	size_t n = 0;
	while (s[n] && (((unsigned char)s[n] & 0xc0) == 0x80 || most-- > 0))
		n++;
	return n;
}

/* Go's 1_000, 0b101 and 0o17 are not C's. */
static json_t *number(const char **p)
{
	char s[64] = "", *after, *digits = s + (**p == '-' || **p == '+');
	size_t len = strspn(*p, "+-._0123456789ABCDEFOPXabcdefopx"), n = 0;
	for (; len; len--, ++*p)
		if (**p != '_' && n < sizeof s - 1)
			s[n++] = **p;
	int base = 0;
	if (*digits == '0' && ((digits[1] | 32) == 'b' || (digits[1] | 32) == 'o')) {
		base = (digits[1] | 32) == 'b' ? 2 : 8;
		memmove(digits, digits + 2, strlen(digits + 1));
	}
	json_int_t whole = strtoll(s, &after, base);
	if (!*after)
		return json_integer(whole);
	double real = strtod(s, &after);
	if (!*after)
		return json_real(real);
	errno = EBADMSG;
	fail("--format: '%s' is no number", s);
	return NULL;
}

json_t *template_constant(const char **p, const char *end)
{
	char q = **p;
	if (q != '"' && q != '`' && q != '\'')
		return number(p);
	struct buf b = {0};
	buf_puts(&b, "");
	for (++*p; *p < end && **p != q; ++*p) {
		char c = **p;
		if (q != '`' && c == '\\' && *p + 1 < end) {
			bool byte = *++*p != 'u' && **p != 'U';
			long n = numbered(p);
			if (n >= 0 && !byte) {
				template_rune(&b, (unsigned long)n);
				continue;
			}
			c = n >= 0 ? (char)n : template_text_escaped(p);
		}
		buf_add(&b, &c, 1);
	}
	json_t *v = NULL;
	if (*p >= end || (q == '\'' && chars(b.p, 1) < b.n)) {
		errno = EBADMSG;
		fail("--format: %s",
		    *p < end ? "'x' is one character (a text: \"x\")" : "a string without its end");
	} else {
		++*p;
		char c = *b.p == *TEMPLATE_NL ? '\n' : *b.p;
		v = q == '\'' ? json_integer((unsigned char)c) : json_string_nocheck(b.p);
	}
	buf_free(&b);
	return v;
}

/* --- printf --- */

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {"map[string]interface {}", "[]interface {}", "string",
	    "int", "float64", "bool", "bool", "<nil>"};
	return names[json_typeof(v)];
}

static void text_quoted(struct buf *out, const char *s)
{
	buf_puts(out, "\"");
	for (; *s; s++) {
		static const char names[] = "\"\\nt", values[] = "\"\\" TEMPLATE_NL TEMPLATE_TAB;
		char c = *s == '\n' ? *TEMPLATE_NL : *s;
		const char *at = strchr(values, c == '\t' ? *TEMPLATE_TAB : c);
		if (at)
			buf_printf(out, "\\%c", names[at - values]);
		else if ((unsigned char)c < ' ' || c == 127)
			buf_printf(out, "\\x%02x", (unsigned char)c);
		else
			buf_add(out, &c, 1);
	}
	buf_puts(out, "\"");
}

struct verb {
	char flags[8], kind;
	int width, precision;
	bool chosen; /* %[2]s */
};

static void template_text_one(struct buf *out, const struct verb *f, const json_t *v);

/* A number by C's printf, which has Go's flags and verbs. */
static void template_text_digits(struct buf *out, const struct verb *f, const json_t *v)
{
	bool real = json_is_real(v);
	_cleanup_free_ char *spec = xasprintf("%%%s*.*%s%c", f->flags, real ? "" : "ll", f->kind);
	if (real)
		buf_printf(out, spec, f->width, f->precision, json_real_value(v));
	else
		buf_printf(out, spec, f->width, f->precision, (long long)json_integer_value(v));
}

static void elements(struct buf *out, const struct verb *f, const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		buf_puts(out, i ? " " : "[");
		template_text_one(out, f, json_array_get(v, i));
	}
	buf_puts(out, json_array_size(v) ? "]" : "[]");
}

static void template_text_text(struct buf *out, const struct verb *f, const json_t *v)
{
	const char *s = json_string_value(v);
	for (; f->kind != 'q' && f->kind != 's' && f->kind != 'v' && *s; s++)
		buf_printf(out, f->kind == 'x' ? "%02x" : "%02X", (unsigned char)*s);
	if (f->kind == 'q')
		text_quoted(out, s);
	else if (f->precision >= 0)
		buf_add(out, s, chars(s, f->precision));
	else
		buf_puts(out, s);
}

/* A number in what C's printf does not have. */
static void template_text_number(struct buf *b, char kind, json_int_t n)
{
	static const char template_text_digits[] = "0123456789abcdef";
	unsigned base = (kind | 32) == 'x' ? 16 : 8;
	if (kind == 'q' || kind == 'c') {
		buf_puts(b, kind == 'q' ? "'" : "");
		template_rune(b, (unsigned long)n);
		buf_puts(b, kind == 'q' ? "'" : "");
	} else if (kind == 'U') {
		buf_printf(b, "U+%04llX", (unsigned long long)n);
	} else {
		buf_printf(b, "%s%s", n < 0 ? "-" : "", kind == 'O' ? "0o" : "");
		template_base(b, n < 0 ? 0ull - (unsigned long long)n : (unsigned long long)n,
		    kind == 'b' ? 2 : base,
		    kind == 'X' ? "0123456789ABCDEF" : template_text_digits);
	}
}

static void template_text_one(struct buf *out, const struct verb *f, const json_t *v)
{
	struct buf b = {0};
	json_int_t n = json_integer_value(v);
	if (json_is_array(v) && v != template_nil(true) && f->kind != 'T')
		return elements(out, f, v);
	if ((json_is_integer(v) && (f->kind == 'd' || (n >= 0 && strchr("xXo", f->kind)))) ||
	    (json_is_real(v) && strchr("eEfFgG", f->kind)))
		return template_text_digits(out, f, v);
	buf_puts(&b, "");
	if (json_is_integer(v) && strchr("bcoOqUxX", f->kind))
		template_text_number(&b, f->kind, n);
	else if (json_is_string(v) && strchr("svqxX", f->kind))
		template_text_text(&b, f, v);
	else if (f->kind == 'T')
		buf_puts(&b, type_name(v));
	else if (f->kind == 'v' || json_is_object(v) || (json_is_boolean(v) && f->kind == 't'))
		template_print(&b, v);
	else {
		buf_printf(&b, "%%!%c(%s%s", f->kind, type_name(v), json_is_null(v) ? "" : "=");
		if (!json_is_null(v))
			template_print(&b, v);
		buf_puts(&b, ")");
	}
	int width = f->width; /* in characters; C's is in bytes */
	for (size_t i = 0; i < b.n; i++)
		width += ((unsigned char)b.p[i] & 0xc0) == 0x80;
	buf_printf(out, "%*s", strchr(f->flags, '-') ? -width : width, b.p);
	buf_free(&b);
}

/* A width or a precision: digits, or `*` for the next value. */
static int template_text_amount(const char **s, const json_t *a, size_t *next)
{
	long n = **s == '*' ? (long)json_integer_value(json_array_get(a, *next))
			    : strtol(*s, (char **)s, 10);
	if (**s == '*') {
		++*s;
		++*next;
	}
	return n < 0 || n > MAX_WIDTH ? 0 : (int)n;
}

/* What stands after a '%'. */
static const char *parsed(struct verb *f, const char *s, const json_t *a, size_t *next)
{
	*f = (struct verb){.precision = -1};
	for (size_t n = 0; *s && strchr("-+# 0", *s); s++)
		if (n + 1 < sizeof f->flags)
			f->flags[n++] = *s;
	if (*s == '*' || (*s >= '1' && *s <= '9'))
		f->width = template_text_amount(&s, a, next);
	if (*s == '.') {
		s++;
		f->precision = template_text_amount(&s, a, next);
	}
	if (*s == '[') {
		f->chosen = true;
		*next = (size_t)strtol(s + 1, (char **)&s, 10) - 1;
		*next = *next < json_array_size(a) ? *next + 1 : json_array_size(a);
		s += *s == ']';
	}
	f->kind = *s;
	return s;
}

json_t *template_printf(const json_t *a, int which)
{
	(void)which;
	const char *s = json_string_value(json_array_get(a, 0));
	struct buf b = {0};
	struct verb f;
	size_t next = 1;
	bool chosen = false;
	if (!s) {
		errno = EINVAL;
		fail("--format: printf: the first word is no string");
		return NULL;
	}
	for (buf_puts(&b, ""); *s; s++) {
		if (*s != '%') {
			buf_add(&b, s, 1);
			continue;
		}
		s = parsed(&f, s + 1, a, &next);
		chosen |= f.chosen;
		if (!f.kind) {
			buf_puts(&b, "%!(NOVERB)");
			break;
		}
		if (f.kind == '%')
			buf_puts(&b, "%");
		else if (next < json_array_size(a))
			template_text_one(&b, &f, json_array_get(a, next++));
		else
			buf_printf(&b, "%%!%c(%s)", f.kind, f.chosen ? "BADINDEX" : "MISSING");
	}
	f = (struct verb){.kind = 'v', .precision = -1};
	for (bool extra = false; !chosen && next < json_array_size(a); next++, extra = true) {
		const json_t *v = json_array_get(a, next);
		buf_printf(&b, "%s%s=", extra ? ", " : "%!(EXTRA ", type_name(v));
		template_text_one(&b, &f, v);
		buf_puts(&b, next + 1 == json_array_size(a) ? ")" : "");
	}
	json_t *v = json_string_nocheck(b.p);
	buf_free(&b);
	return v;
}
