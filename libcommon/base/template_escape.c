/* template_escape.c: html, js and urlquery of templates, and numbers as characters and in other
 * bases; see template_text.h. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "template_fn.h"
#include "template_text.h"

void template_rune(struct buf *out, unsigned long c)
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

void template_base(struct buf *out, unsigned long long n, unsigned base, const char *digits)
{
	char s[65], *p = s + sizeof s - 1;
	*p = 0;
	do
		*--p = digits[n % base];
	while (n /= base);
	buf_puts(out, p);
}

enum how { HTML, JS, URL };

static void escape(struct buf *out, char c, enum how how)
{
	static const char html[] = "&<>'\"", *const names[] = {"amp", "lt", "gt", "#39", "#34"};
	const char *at = strchr(html, c);
	bool word = (c | 32) >= 'a' ? (c | 32) <= 'z' : c >= '0' && c <= '9';
	if (how == HTML && at)
		buf_printf(out, "&%s;", names[at - html]);
	else if (how == URL && c == ' ')
		buf_puts(out, "+");
	else if (how == URL && !word && !strchr("-_.~", c))
		buf_printf(out, "%%%02X", (unsigned char)c);
	else if (how == JS && strchr("\\'\"", c))
		buf_printf(out, "\\%c", c);
	else if (how == JS && ((unsigned char)c < ' ' || strchr("<>&=", c)))
		buf_printf(out, "\\u%04X", (unsigned char)c);
	else
		buf_add(out, &c, 1);
}

static json_t *escaped(const json_t *a, enum how how)
{
	struct buf in = {0}, out = {0};
	for (size_t i = 0; i < json_array_size(a); i++)
		template_print(&in, json_array_get(a, i));
	buf_puts(&out, "");
	for (const char *p = in.p; *p; p++)
		escape(&out, *p, how);
	json_t *v = json_string_nocheck(out.p);
	buf_free(&in);
	buf_free(&out);
	return v;
}

json_t *template_html(const json_t *a)
{
	return escaped(a, HTML);
}

json_t *template_js(const json_t *a)
{
	return escaped(a, JS);
}

json_t *template_urlquery(const json_t *a)
{
	return escaped(a, URL);
}
