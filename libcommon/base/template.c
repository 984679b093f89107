/* template.c: Go templates over JSON; see template.h.
 *
 * The text is interpreted while it is read: a branch that is not taken is parsed without effect,
 * and a range parses its body once for each element. Depth and length are bounded, because the
 * template may come from anybody.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "template.h"
#include "template_expr.h"
#include "template_fn.h"
#include "template_text.h"

enum { MAX_OUT = 16 << 20, MAX_TIMES = 1 << 20 };
enum stop { STOP_EOF, STOP_END, STOP_ELSE, STOP_BAD };

static enum stop template_run_nodes(struct tmpl *t, json_t *dot, bool live);

/* Past the "}}", and past white space where it is "-}}". */
static void action_end(struct tmpl *t, const char *close)
{
	t->p = close + 2;
	if (close[-1] == '-')
		t->p += strspn(t->p, " \t\r\n");
}

/* {{else}} and {{else if ...}} up to {{end}}. `taken`: an earlier branch was taken. */
static enum stop branches(struct tmpl *t, json_t *dot, enum stop s, bool taken, bool live);

static enum stop conditional(struct tmpl *t, json_t *dot, bool with, bool live)
{
	const char *close = t->end + (t->end[0] == '-');
	int vars = t->n_vars;
	bool shown, yes;
	json_t *v = template_bound(t, dot, live, &shown);
	if (!v)
		return STOP_BAD;
	action_end(t, close);
	yes = template_true(v);
	enum stop s = template_run_nodes(t, with ? v : dot, live && yes);
	json_decref(v);
	s = branches(t, dot, s, yes, live);
	template_forget(t, vars);
	return s;
}

static enum stop branches(struct tmpl *t, json_t *dot, enum stop s, bool taken, bool live)
{
	if (s == STOP_ELSE) {
		bool with = template_keyword(t, "with");
		if (with || template_keyword(t, "if"))
			return conditional(t, dot, with, live && !taken);
		if (t->p < t->end)
			return template_bad("not understood", t->p), STOP_BAD;
		action_end(t, t->end + (t->end[0] == '-'));
		s = template_run_nodes(t, dot, live && !taken);
	}
	if (s == STOP_END)
		return STOP_EOF; /* everything is fine, go on */
	if (s != STOP_BAD)
		template_bad("an {{end}} is missing", NULL);
	return STOP_BAD;
}

static enum stop template_once(
    struct tmpl *t, char *names[2], int n, json_t *key, json_t *v, bool live)
{
	int vars = t->n_vars;
	bool ok = (n < 2 || template_set(t, xstrdup(names[0]), json_incref(key))) &&
		  (n < 1 || template_set(t, xstrdup(names[n - 1]), json_incref(v)));
	enum stop s = ok ? template_run_nodes(t, v, live) : STOP_BAD;
	template_forget(t, vars);
	return s;
}

/* How often a range runs over it; an object's keys are listed. */
static size_t times(const json_t *over, struct strv *keys)
{
	json_int_t n = json_integer_value(over);
	template_keys(over, keys, true);
	if (json_is_integer(over) && n > MAX_TIMES)
		n = MAX_TIMES;
	if (json_is_integer(over))
		return n > 0 ? (size_t)n : 0;
	return json_is_object(over) ? keys->n : json_array_size(over);
}

static enum stop each(struct tmpl *t, json_t *over, char *names[2], int n, bool live, bool *any)
{
	const char *body = t->p;
	enum stop s = STOP_END;
	_cleanup_strv_ struct strv keys = {0};
	size_t many = live ? times(over, &keys) : 0;
	*any = many > 0;
	for (size_t i = 0; i < many && s != STOP_BAD; i++) {
		t->p = body;
		_cleanup_json_ json_t *key =
		    json_is_object(over) ? json_string(keys.v[i]) : json_integer((json_int_t)i);
		json_t *v = json_is_object(over) ? json_object_get(over, keys.v[i])
						 : json_array_get(over, i);
		s = template_once(t, names, n, key, v ? v : key, true);
		if (t->skip == BREAK)
			many = 0;
		t->skip = GO_ON;
	}
	if (!*any)
		s = template_once(t, names, n, json_null(), json_null(), false);
	return s;
}

static enum stop template_range(struct tmpl *t, json_t *dot, bool live)
{
	const char *close = t->end + (t->end[0] == '-');
	char *names[2] = {NULL, NULL};
	int n = template_declared(t, names);
	_cleanup_json_ json_t *over =
	    n < 0 ? template_bad("= in a range", NULL) : template_rest(t, dot, live);
	enum stop s = STOP_BAD;
	if (live && (json_is_string(over) || json_is_boolean(over))) {
		template_wrong("a range over what is no list", NULL);
	} else if (over) {
		bool any;
		action_end(t, close);
		t->ranges++;
		s = each(t, over, names, n, live, &any);
		t->ranges--;
		s = branches(t, dot, s, any, live);
	}
	free(names[0]);
	free(names[1]);
	return s;
}

static enum stop template_value(struct tmpl *t, json_t *dot, bool live)
{
	const char *close = t->end + (t->end[0] == '-');
	bool shown;
	_cleanup_json_ json_t *v = template_bound(t, dot, live, &shown);
	if (v && shown && live) {
		struct buf b = {0};
		template_print(&b, v);
		template_show(t->out, b.p, t->use == TEMPLATE_ONE);
		buf_free(&b);
	}
	action_end(t, close);
	return v ? STOP_EOF : STOP_BAD;
}

/* {{break}} and {{continue}}: the rest of the range's body is read without effect. */
static enum stop template_leave(struct tmpl *t, const char *close, int skip, bool live)
{
	if (!t->ranges || t->p < t->end)
		return template_bad("not understood", t->p), STOP_BAD;
	if (live)
		t->skip = skip;
	return action_end(t, close), STOP_EOF;
}

static char quote_after(char open, char c)
{
	if (!open)
		return c;
	return open == c ? 0 : open;
}

/* The "}}" of an action, outside of its strings. */
static const char *closing(const char *p)
{
	char q = 0;
	for (; *p; p++) {
		if (!q && p[0] == '}' && p[1] == '}')
			return p;
		if (q && *p == '\\' && q == '"' && p[1])
			p++;
		else if (*p == '"' || *p == '`')
			q = quote_after(q, *p);
	}
	return NULL;
}

/* A comment ends at its own mark, whatever is in it. */
static enum stop comment(struct tmpl *t)
{
	const char *p = strstr(t->p, "*/");
	p = p ? p + 2 + strspn(p + 2, " \t\r\n") : "";
	p += *p == '-';
	if (!str_starts(p, "}}"))
		return template_bad("a comment is not closed", NULL), STOP_BAD;
	return action_end(t, p), STOP_EOF;
}

/* The text after `{{define "NAME"` or `{{block "NAME"`, wherever it stands; NULL: there is none. */
static const char *body_of(const struct tmpl *t, const char *name)
{
	struct tmpl at = *t;
	const char *p = t->text;
	while ((p = strstr(p, "{{"))) {
		p += 2;
		at.p = p + (*p == '-');
		at.end = at.p + strlen(at.p);
		if (!template_keyword(&at, "define") && !template_keyword(&at, "block"))
			continue;
		size_t n = strlen(name);
		if (strncmp(at.p, name, n) == 0)
			return at.p + n;
	}
	return NULL;
}

/* The body of a template with a name is read once for each use. */
static enum stop call(struct tmpl *t, const char *body, json_t *v, bool live)
{
	const char *close = closing(body);
	json_t *root = t->root;
	int ranges = t->ranges, vars = t->n_vars;
	if (!close)
		return template_bad("a {{ is not closed", NULL), STOP_BAD;
	action_end(t, close);
	t->root = v;
	t->ranges = 0;
	enum stop s = template_run_nodes(t, v, live);
	t->root = root;
	t->ranges = ranges;
	template_forget(t, vars);
	if (s == STOP_EOF || s == STOP_ELSE)
		template_bad("an {{end}} is missing", NULL);
	return s == STOP_END ? STOP_EOF : STOP_BAD;
}

/* {{define "NAME"}}, {{template "NAME" VALUE}} and {{block "NAME" VALUE}}. */
static enum stop template_named(
    struct tmpl *t, json_t *dot, char kind, const char *close, bool live)
{
	const char *quote = t->p + (*t->p == '"'), *name_end = strchr(quote, '"');
	if (quote == t->p || !name_end || name_end >= t->end || (kind == 'd' && t->ranges))
		return template_bad("a name is missing", NULL), STOP_BAD;
	_cleanup_free_ char *name = xstrndup(t->p, (size_t)(name_end + 1 - t->p));
	t->p = name_end + 1;
	if (kind == 'd')
		return call(t, t->p, dot, false);
	_cleanup_json_ json_t *v = kind == 't' && t->p + strspn(t->p, " ") >= t->end
				       ? json_null()
				       : template_rest(t, dot, live);
	const char *body = body_of(t, name);
	if (!v || !body)
		return v ? template_wrong("no template", name) : NULL, STOP_BAD;
	if (kind == 'b')
		return call(t, close, v, live);
	enum stop s = live ? call(t, body, v, true) : STOP_EOF;
	action_end(t, close);
	return s;
}

/* One action; t->p is just after its "{{". STOP_EOF: go on. */
static enum stop template_action(struct tmpl *t, json_t *dot, bool live)
{
	if (*t->p == '-' && t->p[1] && strchr(" \t\r\n", t->p[1]))
		t->p++;
	if (str_starts(t->p + strspn(t->p, " \t\r\n"), "/*"))
		return comment(t);
	const char *close = closing(t->p);
	if (!close)
		return template_bad("a {{ is not closed", NULL), STOP_BAD;
	t->end = close - (close > t->p && close[-1] == '-');
	if (template_keyword(t, "end"))
		return t->p < t->end ? (template_bad("not understood", t->p), STOP_BAD)
				     : (action_end(t, close), STOP_END);
	if (template_keyword(t, "else"))
		return STOP_ELSE;
	if (template_keyword(t, "if"))
		return conditional(t, dot, false, live);
	if (template_keyword(t, "with"))
		return conditional(t, dot, true, live);
	if (template_keyword(t, "range"))
		return template_range(t, dot, live);
	if (template_keyword(t, "define"))
		return template_named(t, dot, 'd', close, live);
	if (template_keyword(t, "template"))
		return template_named(t, dot, 't', close, live);
	if (template_keyword(t, "block"))
		return template_named(t, dot, 'b', close, live);
	if (template_keyword(t, "break"))
		return template_leave(t, close, BREAK, live);
	if (template_keyword(t, "continue"))
		return template_leave(t, close, CONTINUE, live);
	return template_value(t, dot, live);
}

static void template_plain_text(struct tmpl *t, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (t->use && c == '\\' && i + 1 < n && (text[i + 1] == 't' || text[i + 1] == 'n'))
			c = text[++i] == 't' ? '\t' : '\n';
		buf_add(t->out, &c, 1);
	}
}

static enum stop template_run_nodes(struct tmpl *t, json_t *dot, bool live)
{
	int vars = t->n_vars;
	enum stop s = STOP_EOF;
	if (++t->depth > TEMPLATE_DEPTH)
		return template_bad("nested too deeply", NULL), STOP_BAD;
	while (s == STOP_EOF && *t->p) {
		const char *open = strstr(t->p, "{{");
		size_t n = open ? (size_t)(open - t->p) : strlen(t->p);
		if (open && open[2] == '-' && open[3] && strchr(" \t\n", open[3]))
			while (n > 0 && strchr(" \t\r\n", t->p[n - 1]))
				n--;
		if (live && !t->skip)
			template_plain_text(t, t->p, n);
		if (!open) {
			t->p += strlen(t->p);
			break;
		}
		t->p = open + 2;
		s = template_action(t, dot, live && !t->skip);
		if (t->out->n > MAX_OUT)
			s = (template_bad("the output is too long", NULL), STOP_BAD);
	}
	t->depth--;
	template_forget(t, vars);
	return s;
}

bool template_is(const char *text)
{
	return text && (strstr(text, "{{") || strcmp(text, "json") == 0);
}

int template_run(const char *text, json_t *dot, enum template_use use, struct buf *out)
{
	if (strcmp(text, "json") == 0) /* docker's short form */
		text = "{{json .}}";
	struct tmpl t = {.text = text, .p = text, .root = dot, .out = out, .use = use};
	buf_puts(out, "");
	enum stop s = template_run_nodes(&t, dot, true);
	template_forget(&t, 0);
	if (s == STOP_END || s == STOP_ELSE)
		template_bad("an {{end}} or {{else}} too many", NULL);
	return s == STOP_EOF ? 0 : -1;
}
