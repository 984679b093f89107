/* template.c: Go templates over JSON; see template.h.
 *
 * The text is interpreted while it is read: a branch that is not taken is parsed without effect,
 * and a range parses its body once for each element. Depth and length are bounded, because the
 * template may come from anybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "template.h"
#include "template_fn.h"

enum { MAX_DEPTH = 40, MAX_VARS = 32, MAX_OUT = 16 << 20 };
enum stop { STOP_EOF, STOP_END, STOP_ELSE, STOP_BAD };

struct tmpl {
	const char *p, *end; /* `end` is that of the action being read */
	json_t *root;
	struct buf *out;
	bool escapes;
	int depth, n_vars;
	struct {
		char *name;
		json_t *value;
	} vars[MAX_VARS];
};

static enum stop run(struct tmpl *t, json_t *dot, bool live);
static json_t *pipeline(struct tmpl *t, json_t *dot, bool live);

static json_t *bad(const char *what, const char *at)
{
	errno = EINVAL;
	fail("--format: %s%s%s", what, at ? " at " : "", at ? at : "");
	return NULL;
}

/* --- words of an action --- */

static void blank(struct tmpl *t)
{
	while (t->p < t->end && strchr(" \t\r\n", *t->p))
		t->p++;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static size_t name_len(const struct tmpl *t)
{
	size_t n = 0;
	while (t->p + n < t->end && name_char(t->p[n]))
		n++;
	return n;
}

static bool keyword(struct tmpl *t, const char *word)
{
	blank(t);
	size_t n = name_len(t);
	if (n != strlen(word) || strncmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	blank(t);
	return true;
}

/* The fields .A.B after a value. A field that an object does not have is "no value"; on anything
 * else it is an error. */
static json_t *fields(struct tmpl *t, json_t *v, bool live)
{
	while (v && t->p < t->end && *t->p == '.') {
		t->p++;
		size_t n = name_len(t);
		if (n == 0)
			break;
		_cleanup_free_ char *key = xstrndup(t->p, n);
		t->p += n;
		json_t *next = json_object_get(v, key);
		if (live && !next && !(json_is_object(v) && json_object_get(v, TEMPLATE_MAP))) {
			json_decref(v);
			return bad("there is no field", key);
		}
		next = next ? json_incref(next) : json_null();
		json_decref(v);
		v = next;
	}
	return v;
}

static json_t *quoted(struct tmpl *t)
{
	char q = *t->p++;
	struct buf b = {0};
	buf_puts(&b, "");
	for (; t->p < t->end && *t->p != q; t->p++) {
		char c = *t->p;
		if (q == '"' && c == '\\' && t->p + 1 < t->end) {
			c = *++t->p;
			if (c == 'n' || c == 't')
				c = c == 'n' ? *TEMPLATE_NL : *TEMPLATE_TAB;
		}
		buf_add(&b, &c, 1);
	}
	json_t *v = t->p < t->end ? json_string_nocheck(b.p) : NULL;
	t->p += t->p < t->end;
	buf_free(&b);
	return v ? v : bad("a string without its end", NULL);
}

static json_t *variable(struct tmpl *t)
{
	size_t n = name_len(t);
	if (n == 0)
		return json_incref(t->root);
	for (int i = t->n_vars - 1; i >= 0; i--)
		if (strlen(t->vars[i].name) == n && strncmp(t->vars[i].name, t->p, n) == 0) {
			t->p += n;
			return json_incref(t->vars[i].value);
		}
	return bad("no such variable", t->p - 1);
}

static json_t *word(struct tmpl *t)
{
	if (keyword(t, "true"))
		return json_true();
	if (keyword(t, "false"))
		return json_false();
	if (keyword(t, "nil"))
		return json_null();
	return bad("not understood", t->p);
}

static json_t *number(struct tmpl *t)
{
	char *after;
	json_t *v = json_integer(strtoll(t->p, &after, 10));
	t->p = after;
	return v;
}

static json_t *operand(struct tmpl *t, json_t *dot, bool live)
{
	json_t *v = NULL;
	blank(t);
	if (t->p >= t->end)
		return bad("a value is missing", NULL);
	if (*t->p == '(') {
		t->p++;
		v = pipeline(t, dot, live);
		blank(t);
		if (v && (t->p >= t->end || *t->p++ != ')')) {
			json_decref(v);
			return bad("a parenthesis is not closed", NULL);
		}
	} else if (*t->p == '.') {
		v = json_incref(dot);
		if (t->p + 1 >= t->end || !name_char(t->p[1])) {
			t->p++;
			return v;
		}
	} else if (*t->p == '$') {
		t->p++;
		v = variable(t);
	} else if (*t->p == '"' || *t->p == '`') {
		return quoted(t);
	} else if ((*t->p >= '0' && *t->p <= '9') || (*t->p == '-' && t->p + 1 < t->end)) {
		return number(t);
	} else {
		return word(t);
	}
	return fields(t, v, live);
}

/* --- commands and pipes --- */

static bool command_ends(struct tmpl *t)
{
	blank(t);
	return t->p >= t->end || *t->p == '|' || *t->p == ')';
}

/* FUNCTION ARG..., or a value. What came through the pipe is the last argument. Takes ownership of
 * `piped`. */
static json_t *command(struct tmpl *t, json_t *dot, json_t *piped, bool live)
{
	const struct template_fn *fn = NULL;
	blank(t);
	size_t n = name_len(t);
	if (n && !(*t->p >= '0' && *t->p <= '9') && (fn = template_fn_find(t->p, n)))
		t->p += n;
	if (!fn) {
		if (piped)
			json_decref(piped);
		return piped ? bad("no such function", t->p) : operand(t, dot, live);
	}
	json_t *args = json_array(), *v = args;
	while (v && !command_ends(t)) {
		v = operand(t, dot, live);
		if (v)
			json_array_append_new(args, v);
	}
	if (piped)
		json_array_append_new(args, piped);
	if (v)
		v = live ? fn->call(args) : json_null();
	json_decref(args);
	return v;
}

static json_t *pipeline(struct tmpl *t, json_t *dot, bool live)
{
	if (++t->depth > MAX_DEPTH)
		return bad("nested too deeply", NULL);
	json_t *v = command(t, dot, NULL, live);
	while (v && (blank(t), t->p < t->end) && *t->p == '|') {
		t->p++;
		v = command(t, dot, v, live);
	}
	t->depth--;
	return v;
}

/* The pipeline up to the end of the action. */
static json_t *rest(struct tmpl *t, json_t *dot, bool live)
{
	json_t *v = pipeline(t, dot, live);
	blank(t);
	if (v && t->p < t->end) {
		json_decref(v);
		return bad("not understood", t->p);
	}
	return v;
}

/* --- variables --- */

static bool set(struct tmpl *t, char *name, json_t *v)
{
	if (t->n_vars == MAX_VARS) {
		free(name);
		json_decref(v);
		return bad("too many variables", NULL);
	}
	t->vars[t->n_vars].name = name;
	t->vars[t->n_vars++].value = v;
	return true;
}

static void forget(struct tmpl *t, int from)
{
	while (t->n_vars > from) {
		free(t->vars[--t->n_vars].name);
		json_decref(t->vars[t->n_vars].value);
	}
}

/* "$a := " or "$a, $b := " before a pipeline: returns the number of names; without any, nothing is
 * consumed. */
static int declared(struct tmpl *t, char *names[2])
{
	const char *start = t->p;
	int n = 0;
	for (; n < 2 && (blank(t), t->p < t->end) && *t->p == '$'; n++) {
		t->p++;
		size_t len = name_len(t);
		names[n] = xstrndup(t->p, len);
		t->p += len;
		blank(t);
		if (t->p < t->end && *t->p == ',') {
			t->p++;
			continue;
		}
		n++;
		break;
	}
	if (n && t->end - t->p >= 2 && t->p[0] == ':' && t->p[1] == '=') {
		t->p += 2;
		return n;
	}
	while (n > 0)
		free(names[--n]);
	t->p = start;
	return 0;
}

/* --- control --- */

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
	json_t *v = rest(t, dot, live);
	if (!v)
		return STOP_BAD;
	action_end(t, close);
	bool yes = template_true(v);
	enum stop s = run(t, with ? v : dot, live && yes);
	json_decref(v);
	return branches(t, dot, s, yes, live);
}

static enum stop branches(struct tmpl *t, json_t *dot, enum stop s, bool taken, bool live)
{
	if (s == STOP_ELSE) {
		if (keyword(t, "if"))
			return conditional(t, dot, false, live && !taken);
		action_end(t, t->end + (t->end[0] == '-'));
		s = run(t, dot, live && !taken);
	}
	if (s == STOP_END)
		return STOP_EOF; /* everything is fine, go on */
	if (s != STOP_BAD)
		bad("an {{end}} is missing", NULL);
	return STOP_BAD;
}

static enum stop once(struct tmpl *t, char *names[2], int n, json_t *key, json_t *v, bool live)
{
	int vars = t->n_vars;
	bool ok = (n < 2 || set(t, xstrdup(names[0]), json_incref(key))) &&
		  (n < 1 || set(t, xstrdup(names[n - 1]), json_incref(v)));
	enum stop s = ok ? run(t, v, live) : STOP_BAD;
	forget(t, vars);
	return s;
}

static enum stop each(struct tmpl *t, json_t *over, char *names[2], int n, bool live, bool *any)
{
	const char *body = t->p;
	enum stop s = STOP_END;
	size_t many = live ? json_array_size(over) : 0;
	_cleanup_strv_ struct strv keys = {0};
	const char *k;
	json_t *v;
	if (json_is_object(over))
		json_object_foreach(over, k, v) if (strcmp(k, TEMPLATE_MAP)) strv_add(&keys, k);
	strv_sort(&keys);
	if (json_is_object(over))
		many = live ? keys.n : 0;
	*any = many > 0;
	for (size_t i = 0; i < many && s != STOP_BAD; i++) {
		t->p = body;
		json_t *key =
		    json_is_array(over) ? json_integer((json_int_t)i) : json_string(keys.v[i]);
		v = json_is_array(over) ? json_array_get(over, i)
					: json_object_get(over, keys.v[i]);
		s = once(t, names, n, key, v, true);
		json_decref(key);
	}
	if (!*any)
		s = once(t, names, n, json_null(), json_null(), false);
	return s;
}

static enum stop range(struct tmpl *t, json_t *dot, bool live)
{
	const char *close = t->end + (t->end[0] == '-');
	char *names[2];
	int n = declared(t, names);
	json_t *over = rest(t, dot, live);
	enum stop s = STOP_BAD;
	if (over) {
		bool any;
		action_end(t, close);
		s = each(t, over, names, n, live, &any);
		s = branches(t, dot, s, any, live);
		json_decref(over);
	}
	while (n > 0)
		free(names[--n]);
	return s;
}

static enum stop value(struct tmpl *t, json_t *dot, bool live)
{
	const char *close = t->end + (t->end[0] == '-');
	char *names[2];
	int n = declared(t, names);
	json_t *v = rest(t, dot, live);
	enum stop s = v ? STOP_EOF : STOP_BAD;
	if (n == 1 && v)
		s = set(t, xstrdup(names[0]), json_incref(v)) ? s : STOP_BAD;
	else if (v && live)
		template_print(t->out, v);
	while (n > 0)
		free(names[--n]);
	if (v)
		json_decref(v);
	action_end(t, close);
	return s;
}

static char quote_after(char open, char c)
{
	if (!open)
		return c;
	return open == c ? 0 : open;
}

/* One action; t->p is just after its "{{". STOP_EOF: go on. */
static enum stop action(struct tmpl *t, json_t *dot, bool live)
{
	const char *close = NULL;
	char q = 0;
	for (const char *p = t->p; *p && !close; p++) {
		if (!q && p[0] == '}' && p[1] == '}')
			close = p;
		else if (q && *p == '\\' && q == '"' && p[1])
			p++;
		else if (*p == '"' || *p == '`')
			q = quote_after(q, *p);
	}
	if (!close)
		return bad("a {{ is not closed", NULL), STOP_BAD;
	bool trims = close > t->p && close[-1] == '-';
	t->end = close - trims;
	if (*t->p == '-' && t->p + 1 < t->end && strchr(" \t\n", t->p[1]))
		t->p++;
	blank(t);
	if (t->end - t->p >= 2 && t->p[0] == '/' && t->p[1] == '*')
		return action_end(t, close), STOP_EOF;
	if (keyword(t, "end"))
		return action_end(t, close), STOP_END;
	if (keyword(t, "else"))
		return STOP_ELSE;
	if (keyword(t, "if"))
		return conditional(t, dot, false, live);
	if (keyword(t, "with"))
		return conditional(t, dot, true, live);
	if (keyword(t, "range"))
		return range(t, dot, live);
	return value(t, dot, live);
}

static void plain(struct tmpl *t, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (t->escapes && c == '\\' && i + 1 < n &&
		    (text[i + 1] == 't' || text[i + 1] == 'n'))
			c = text[++i] == 't' ? '\t' : '\n';
		buf_add(t->out, &c, 1);
	}
}

static enum stop run(struct tmpl *t, json_t *dot, bool live)
{
	int vars = t->n_vars;
	enum stop s = STOP_EOF;
	if (++t->depth > MAX_DEPTH)
		return bad("nested too deeply", NULL), STOP_BAD;
	while (s == STOP_EOF && *t->p) {
		const char *open = strstr(t->p, "{{");
		size_t n = open ? (size_t)(open - t->p) : strlen(t->p);
		if (open && open[2] == '-' && open[3] && strchr(" \t\n", open[3]))
			while (n > 0 && strchr(" \t\r\n", t->p[n - 1]))
				n--;
		if (live)
			plain(t, t->p, n);
		if (!open) {
			t->p += strlen(t->p);
			break;
		}
		t->p = open + 2;
		s = action(t, dot, live);
		if (t->out->n > MAX_OUT)
			s = (bad("the output is too long", NULL), STOP_BAD);
	}
	t->depth--;
	forget(t, vars);
	return s;
}

bool template_is(const char *text)
{
	return text && (strstr(text, "{{") || strcmp(text, "json") == 0);
}

int template_run(const char *text, json_t *dot, bool escapes, struct buf *out)
{
	if (strcmp(text, "json") == 0) /* docker's short form */
		text = "{{json .}}";
	struct tmpl t = {.p = text, .root = dot, .out = out, .escapes = escapes};
	buf_puts(out, "");
	enum stop s = run(&t, dot, true);
	forget(&t, 0);
	if (s == STOP_END || s == STOP_ELSE)
		bad("an {{end}} or {{else}} too many", NULL);
	return s == STOP_EOF ? 0 : -1;
}
