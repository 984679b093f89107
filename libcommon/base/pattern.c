/* pattern.c: regular expressions; see pattern.h. regcomp(3) would bring the classes of all Unicode
 * along, 30 KiB. */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "pattern.h"
#include "str.h"

/* The length of the first element; *hit tells whether c is such a character. */
static size_t element(const char *re, char c, bool *hit)
{
	size_t n = 1 + (*re == '\\' && re[1]);
	if (*re != '[' || !re[1] || !strchr(re + 2 + (re[1] == '^' && re[2]), ']')) {
		*hit = c && ((n == 1 && *re == '.') || re[n - 1] == c);
		return n;
	}
	bool other = re[1] == '^', in = false;
	n += other;
	do {
		char from = re[n];
		if (re[n + 1] == '-' && re[n + 2] != ']')
			n += 2;
		in |= c >= from && c <= re[n];
	} while (re[++n] != ']');
	*hit = c && in != other;
	return n + 1;
}

/* What does not fit is tried once: a byte for each place of the pattern at each place of the text.
 * Without that, a*a*a*a*a*b would take for ever. */
struct tried {
	const char *re, *s;
	size_t len;
	char *failed;
};

/* Does the text begin with it? */
static bool begins(const struct tried *t, const char *re, const char *s)
{
	char *failed = t->failed + (size_t)(re - t->re) * t->len + (s - t->s);
	bool hit;
	if (*failed)
		return false;
	if (!*re || (*re == '$' && !re[1]))
		return !*re || !*s;
	size_t n = 0;
	const char *rest = re + element(re, *s, &hit);
	bool optional = *rest == '*' || *rest == '?', more = *rest == '*' || *rest == '+';
	rest += optional || more;
	while (hit && (more || n == 0))
		element(re, s[++n], &hit);
	for (size_t i = n + 1; i-- > !optional;)
		if (begins(t, rest, s + i))
			return true;
	*failed = 1;
	return false;
}

/* Alternatives behind one another multiply. */
#define WAYS_MAX 10000
static unsigned pattern_ways;

int pattern_check(const char *re)
{
	static const char *const not [] = {"{", ")*", ")+", ")?", "(?", "\\d", "\\w"};
	for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
		if (strstr(re, not [i]))
			return fail_usage(
			    "'%s': there is no %s here, only . [] * + ? ^ $ | and ()", re, not [i]);
	pattern_ways = 0;
	return pattern_found(re, NULL) ? fail_usage("'%s': too many alternatives", re) : 0;
}

/* The alternatives of the first group without a group in it, or of all, are tried one by one.
 * Without a text they are only counted. */
bool pattern_found(const char *re, const char *s)
{
	const char *end = strchr(re, ')'),
		   *group = end ? memrchr(re, '(', (size_t)(end - re)) : NULL,
		   *alt = group ? group + 1 : re;
	if (!group && !strchr(re, '|')) {
		if (!s)
			return ++pattern_ways > WAYS_MAX;
		struct tried t = {re, s, strlen(s) + 1, NULL};
		t.failed = xcalloc(strlen(re) + 1, t.len);
		bool found = begins(&t, re + (*re == '^'), s);
		while (*re != '^' && !found && *s)
			found = begins(&t, re, ++s);
		free(t.failed);
		return found;
	}
	for (;; alt++) {
		size_t n = strcspn(alt, group ? "|)" : "|");
		_cleanup_free_ char *one = xasprintf("%.*s%.*s%s", group ? (int)(group - re) : 0,
		    re, (int)n, alt, group ? end + 1 : "");
		if (pattern_found(one, s))
			return true;
		alt += n;
		if (*alt != '|')
			return false;
	}
}

static bool alternatives(const char *a, const char *b)
{
	static const char label[] = "label=";
	size_t n = str_starts(a, label) ? sizeof label - 1 : 0;
	if (str_starts(a, "label!"))
		return strcmp(a, b) == 0;
	return str_same_name(a, b) && str_same_name(a + n, b + n);
}

bool pattern_all(
    const struct strv *filters, bool (*holds)(const void *one, const char *filter), const void *one)
{
	for (size_t i = 0; i < filters->n; i++) {
		bool hit = false;
		for (size_t k = 0; k < filters->n && !hit; k++)
			hit =
			    alternatives(filters->v[i], filters->v[k]) && holds(one, filters->v[k]);
		if (!hit)
			return false;
	}
	return true;
}
