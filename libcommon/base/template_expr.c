/* template_expr.c: the values of templates; see template_expr.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "template_expr.h"
#include "template_fn.h"
#include "template_text.h"

static json_t *template_expr_operand(struct tmpl *t, json_t *dot, bool live);
static json_t *pipeline(struct tmpl *t, json_t *dot, bool live);

json_t *template_bad(const char *what, const char *at)
{
	fail("--format: %s%s%s", what, at ? " at " : "", at ? at : "");
	errno = EBADMSG;
	return NULL;
}

json_t *template_wrong(const char *what, const char *at)
{
	template_bad(what, at);
	errno = EINVAL;
	return NULL;
}

/* --- words of an action --- */

static void template_expr_blank(struct tmpl *t)
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

bool template_keyword(struct tmpl *t, const char *template_expr_word)
{
	template_expr_blank(t);
	size_t n = name_len(t);
	if (n != strlen(template_expr_word) || strncmp(t->p, template_expr_word, n) != 0)
		return false;
	t->p += n;
	template_expr_blank(t);
	return true;
}

/* The object's own field. Go's names are .ID and .HostIP where docker's JSON has "Id" and
 * "HostIp". */
static json_t *template_expr_field(const json_t *v, const char *key)
{
	json_t *next = json_object_get(v, key);
	size_t n = strlen(key);
	if (next || n < 2 || (strcmp(key + n - 2, "ID") && strcmp(key + n - 2, "IP")))
		return next;
	_cleanup_free_ char *other = xstrdup(key);
	other[n - 1] = (char)(other[n - 1] - 'A' + 'a');
	return json_object_get(v, other);
}

/* A map that is not there: map[] as a value, null as JSON. */
static json_t *no_map(void)
{
	json_t *m = template_map();
	json_object_set_new(m, TEMPLATE_MAP, json_false());
	return m;
}

/* What docker's structures have as a pointer (*), a list, a map, a text, a truth (?) or a number
 * (#) and its JSON leaves out, or has null for, where it is not set; NULL: no such thing. */
static json_t *unset(const char *key)
{
	static const char names[] =
	    "* Health Healthcheck StopTimeout SizeRw SizeRootFs IPAMConfig MemorySwappiness "
	    "UsageData Cluster { Volumes Sysctls StorageOpt DriverOpts Options GraphDriver "
	    "Metadata "
	    "Plugins Runtimes RegistryConfig ClientInfo Services Status [ Shell OnBuild DNSNames "
	    "Warnings "
	    "DriverStatus Peers Components \" MacAddress Variant DockerVersion IPRange Platform "
	    "IndexServerAddress APIVersion OSVersion NodeID NodeAddr HTTPProxy HTTPSProxy NoProxy "
	    "GitCommit GoVersion BuildTime MinAPIVersion DefaultAPIVersion ? LiveRestoreEnabled "
	    "Debug ExperimentalBuild Experimental ControlAvailable # KernelMemory CpuCount "
	    "CpuPercent GwPriority Nodes Managers ";
	_cleanup_free_ char *word = xasprintf(" %s ", key);
	const char *at = strstr(names, word);
	while (at && (*at == ' ' || name_char(*at)))
		at--;
	switch (at ? *at : 0) {
	case 0:
		return NULL;
	case '{':
		return no_map();
	case '"':
		return json_string("");
	case '?':
		return json_false();
	case '#':
		return json_integer(0);
	default:
		return json_incref(template_nil(*at == '*'));
	}
}

/* What stands above a column that rows.h has no other words for: CreatedAt is "CREATED AT". */
static json_t *heading(const char *key)
{
	struct buf b = {0};
	for (const char *p = key; *p; p++) {
		char c = *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
		if (p > key && p[-1] >= 'a' && *p >= 'A' && *p == c)
			buf_puts(&b, " ");
		buf_add(&b, &c, 1);
	}
	json_t *v = json_string(b.p);
	buf_free(&b);
	return v;
}

/* The fields .A.B after a value. A field that a map does not have is "no value", as are its own
 * fields; on anything else it is an error. */
static json_t *fields(struct tmpl *t, json_t *v, bool live)
{
	while (v && t->p < t->end && *t->p == '.') {
		t->p++;
		size_t n = name_len(t);
		_cleanup_free_ char *key = xstrndup(t->p, n);
		t->p += n;
		json_t *next = template_expr_field(v, key);
		bool map = json_is_null(v) || json_object_get(v, TEMPLATE_MAP);
		bool null = next && json_is_null(next);
		if (!next && t->use == TEMPLATE_HEAD)
			next = heading(key);
		else if (null || (!next && !map && json_is_object(v)))
			next = unset(key);
		else
			json_incref(next);
		if (n == 0 || (live && !next && !map && !null)) {
			json_decref(v);
			return template_wrong("there is no field", n ? key : t->p - 1);
		}
		if (!next && null)
			next = map ? no_map() : json_incref(template_nil(false));
		else if (!next)
			next = json_null();
		json_decref(v);
		v = next;
	}
	return v;
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
	return template_bad("no such variable", t->p - 1);
}

static json_t *template_expr_word(struct tmpl *t)
{
	if (template_keyword(t, "true"))
		return json_true();
	if (template_keyword(t, "false"))
		return json_false();
	if (template_keyword(t, "nil"))
		return json_incref(template_nil(true));
	size_t n = name_len(t);
	_cleanup_free_ char *name = xstrndup(t->p, n);
	return n ? template_bad("there is no function", name)
		 : template_bad("not understood", t->p);
}

/* .Label "KEY" of a row; a table has the key itself above it. */
static json_t *template_expr_label(struct tmpl *t, json_t *dot, bool live)
{
	json_t *labels = json_object_get(dot, TEMPLATE_LABELS);
	template_keyword(t, "Label");
	_cleanup_json_ json_t *key = template_expr_operand(t, dot, live);
	if (!key)
		return NULL;
	const char *k = json_is_string(key) ? json_string_value(key) : "",
		   *otherwise = t->use == TEMPLATE_HEAD ? k : "";
	json_t *v = json_object_get(labels ? labels : json_object_get(dot, "Labels"), k);
	return v ? json_incref(v) : json_string(otherwise);
}

static json_t *template_expr_operand(struct tmpl *t, json_t *dot, bool live)
{
	json_t *v = NULL;
	template_expr_blank(t);
	if (t->p >= t->end)
		return template_bad("a value is missing", NULL);
	if (*t->p == '(') {
		t->p++;
		v = pipeline(t, dot, live);
		template_expr_blank(t);
		if (v && (t->p >= t->end || *t->p++ != ')')) {
			json_decref(v);
			return template_bad("a parenthesis is not closed", NULL);
		}
	} else if (*t->p == '.') {
		if (str_starts(t->p, ".Label ") && t->use != TEMPLATE_ONE)
			return t->p++, template_expr_label(t, dot, live);
		v = json_incref(dot);
		if (t->p + 1 >= t->end || (!name_char(t->p[1]) && t->p[1] != '.')) {
			t->p++;
			return v;
		}
	} else if (*t->p == '$') {
		t->p++;
		v = variable(t);
	} else if (strchr("\"`'-+0123456789", *t->p)) {
		return template_constant(&t->p, t->end);
	} else {
		return template_expr_word(t);
	}
	return fields(t, v, live);
}

/* --- commands and pipes --- */

static bool command_ends(struct tmpl *t)
{
	template_expr_blank(t);
	return t->p >= t->end || *t->p == '|' || *t->p == ')';
}

/* FUNCTION ARG..., or a value. What came through the pipe is the last argument. Takes ownership of
 * `piped`. */
static json_t *template_expr_command(struct tmpl *t, json_t *dot, json_t *piped, bool live)
{
	const struct template_fn *fn = NULL;
	template_expr_blank(t);
	size_t n = name_len(t);
	if (n && !(*t->p >= '0' && *t->p <= '9') && (fn = template_fn_find(t->p, n)))
		t->p += n;
	if (!fn) {
		if (piped)
			json_decref(piped);
		return piped ? template_bad("no such function", t->p)
			     : template_expr_operand(t, dot, live);
	}
	json_t *args = json_array(), *v = args;
	bool known = false; /* what `and` or `or` will be */
	while (v && !command_ends(t)) {
		v = template_expr_operand(t, dot, live && !known);
		if (v)
			json_array_append_new(args, v);
		known |= v && (fn->kind == 'a' || fn->kind == 'o') &&
			 template_true(v) == (fn->kind == 'o');
	}
	if (piped)
		json_array_append_new(args, piped);
	if (v)
		v = live ? template_fn_call(fn, args, t->use == TEMPLATE_HEAD) : json_null();
	json_decref(args);
	return v;
}

static json_t *pipeline(struct tmpl *t, json_t *dot, bool live)
{
	if (++t->depth > TEMPLATE_DEPTH)
		return template_bad("nested too deeply", NULL);
	json_t *v = template_expr_command(t, dot, NULL, live);
	while (v && (template_expr_blank(t), t->p < t->end) && *t->p == '|') {
		t->p++;
		v = template_expr_command(t, dot, v, live);
	}
	t->depth--;
	return v;
}

json_t *template_rest(struct tmpl *t, json_t *dot, bool live)
{
	json_t *v = pipeline(t, dot, live);
	template_expr_blank(t);
	if (v && t->p < t->end) {
		json_decref(v);
		return template_bad("not understood", t->p);
	}
	return v;
}

/* --- variables --- */

bool template_set(struct tmpl *t, char *name, json_t *v)
{
	if (t->n_vars == TEMPLATE_VARS) {
		free(name);
		json_decref(v);
		return template_bad("too many variables", NULL);
	}
	t->vars[t->n_vars].name = name;
	t->vars[t->n_vars++].value = v;
	return true;
}

void template_forget(struct tmpl *t, int from)
{
	while (t->n_vars > from) {
		free(t->vars[--t->n_vars].name);
		json_decref(t->vars[t->n_vars].value);
	}
}

/* $a = VALUE, for a variable that there is. */
static bool assign(struct tmpl *t, const char *name, json_t *v)
{
	for (int i = t->n_vars - 1; i >= 0; i--)
		if (strcmp(t->vars[i].name, name) == 0) {
			json_decref(t->vars[i].value);
			t->vars[i].value = json_incref(v);
			return true;
		}
	return template_bad("there is no variable", name);
}

int template_declared(struct tmpl *t, char *names[2])
{
	const char *start = t->p;
	int n = 0;
	for (; n < 2 && (template_expr_blank(t), t->p < t->end) && *t->p == '$'; n++) {
		t->p++;
		size_t len = name_len(t);
		names[n] = xstrndup(t->p, len);
		t->p += len;
		template_expr_blank(t);
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
	if (n == 1 && t->p < t->end && *t->p == '=') {
		t->p++;
		return -1;
	}
	while (n > 0) {
		free(names[--n]);
		names[n] = NULL;
	}
	t->p = start;
	return 0;
}

json_t *template_bound(struct tmpl *t, json_t *dot, bool live, bool *shown)
{
	char *names[2] = {NULL, NULL};
	int n = template_declared(t, names);
	json_t *v =
	    n == 2 ? template_bad("one variable is enough", NULL) : template_rest(t, dot, live);
	bool ok = true;
	if (v && n == 1)
		ok = template_set(t, xstrdup(names[0]), json_incref(v));
	else if (v && n < 0 && live)
		ok = assign(t, names[0], v);
	if (!ok) {
		json_decref(v);
		v = NULL;
	}
	free(names[0]);
	free(names[1]);
	*shown = n == 0;
	return v;
}
