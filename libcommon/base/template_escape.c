/* template_escape.c: html, js and urlquery of templates; see template_text.h. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "template_text.h"

enum { HTML, JS, URL };

static void escape(struct buf *out, char c, int how)
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

json_t *template_escaped(const json_t *a, int which)
{
	struct buf in = {0}, out = {0};
	for (size_t i = 0; i < json_array_size(a); i++)
		template_print(&in, json_array_get(a, i));
	buf_puts(&out, "");
	for (const char *p = in.p; *p; p++)
		escape(&out, *p, which);
	json_t *v = json_string_nocheck(out.p);
	buf_free(&in);
	buf_free(&out);
	return v;
}
