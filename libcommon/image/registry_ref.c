/* registry_ref.c: references, challenges and the configuration of registries; see registry.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "registry.h"
#include "str.h"

#define FILE_MAX (256 << 10)

/* --- references --- */

/* The first component is a host name when it looks like one (docker's rule). */
static size_t host_len(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t n = slash ? (size_t)(slash - name) : 0;
	bool dots = n && (memchr(name, '.', n) || memchr(name, ':', n));
	return dots || (n == 9 && memcmp(name, "localhost", 9) == 0) ? n : 0;
}

int registry_ref_parse(const char *in, struct registry_ref *out)
{
	*out = (struct registry_ref){0};
	const char *at = strchr(in, '@');
	_cleanup_free_ char *plain = at ? xstrndup(in, (size_t)(at - in)) : xstrdup(in);
	if (at && !digest_parse(in, at + 1))
		return errno = EINVAL, -1;
	if (ref_parse(plain, &out->name) < 0)
		return -1;
	size_t n = host_len(out->name);
	char *colon = strrchr(out->name, ':');
	const char *repo = out->name + n + (n > 0);
	out->host = n ? xstrndup(out->name, n) : xstrdup("docker.io");
	out->repo = xasprintf(
	    "%s%.*s", n || strchr(repo, '/') ? "" : "library/", (int)(colon - repo), repo);
	out->tag = xstrdup(at ? at + 1 : colon + 1);
	return 0;
}

void registry_ref_free(struct registry_ref *r)
{
	free(r->name);
	free(r->host);
	free(r->repo);
	free(r->tag);
	*r = (struct registry_ref){0};
}

/* --- challenges (RFC 9110, section 11.6.1) --- */

/* What stands between quotes or before a comma, to *value. Returns its end, NULL when a quote is
 * missing. */
static const char *challenge_value(const char *p, char **value)
{
	struct buf b = {0};
	bool quoted = *p == '"';
	buf_puts(&b, "");
	for (p += quoted; *p && !strchr(quoted ? "\"" : ", \t", *p); p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		buf_add(&b, p, 1);
	}
	*value = b.p;
	if (quoted && !*p)
		return NULL;
	return p + quoted;
}

/* A word that '=' follows is a parameter of the last scheme; any other word is a scheme. */
int challenge_parse(const char *header, struct challenge *out)
{
	*out = (struct challenge){0};
	bool bearer = false;
	const char *p = header;
	while (p && *(p += strspn(p, ", \t"))) {
		_cleanup_free_ char *word = xstrndup(p, strcspn(p, "=, \t")), *value = NULL;
		p += strlen(word);
		const char *is = p + strspn(p, " \t");
		if (*is != '=') {
			bearer = strcasecmp(word, "Bearer") == 0;
			out->basic |= strcasecmp(word, "Basic") == 0;
			continue;
		}
		p = challenge_value(is + 1 + strspn(is + 1, " \t"), &value);
		char **to = NULL;
		if (strcasecmp(word, "realm") == 0)
			to = &out->realm;
		if (strcasecmp(word, "service") == 0)
			to = &out->service;
		if (strcasecmp(word, "scope") == 0)
			to = &out->scope;
		if (p && bearer && to && !*to)
			*to = xstrdup(value);
	}
	out->basic &= !out->realm; /* a token is preferred: it can be had without a name, too */
	if (p && (out->basic || out->realm))
		return 0;
	challenge_free(out);
	return errno = EINVAL, fail("the registry asks for '%s', which is not known here", header);
}

void challenge_free(struct challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	*c = (struct challenge){0};
}

/* --- the file --- */

/* The text of the first configuration file that exists; NULL when none does. Caller frees. */
static char *registry_ref_file_text(void)
{
	const char *given = getenv("CTR_REGISTRIES"), *home = getenv("HOME"),
		   *xdg = getenv("XDG_CONFIG_HOME");
	_cleanup_free_ char *own = NULL;
	if (xdg && *xdg)
		own = path_join(xdg, "ctr/registries");
	else if (home)
		own = path_join(home, ".config/ctr/registries");
	const char *const paths[] = {
	    given, given ? NULL : own, given ? NULL : "/etc/ctr/registries"};
	for (size_t i = 0; i < 3; i++)
		if (paths[i] && access(paths[i], F_OK) == 0)
			return file_read(paths[i], FILE_MAX, NULL);
	return NULL;
}

/* The n-th line that begins with these two words: returns its third word, and its last one in
 * *last. Caller frees. */
static char *line_find(const char *text, const char *word, const char *of, size_t n)
{
	for (const char *l = text; l && *l; l += strcspn(l, "\n"), l += *l == '\n') {
		_cleanup_free_ char *line = xstrndup(l, strcspn(l, "\n#"));
		struct strv f = {0};
		char *found = NULL;
		strv_split(&f, line, " \t\r");
		if (f.n >= 2 && strcmp(f.v[0], word) == 0 && strcmp(f.v[1], of) == 0 && n-- == 0)
			found = xstrdup(f.n > 2 ? f.v[2] : "");
		strv_free(&f);
		if (found)
			return found;
	}
	return NULL;
}

char *registry_alias(const char *name)
{
	_cleanup_free_ char *text = registry_ref_file_text();
	return line_find(text, "alias", name, 0);
}

static bool loopback(const char *host)
{
	return str_starts(host, "127.") || str_starts(host, "[::1]") ||
	       strcmp(host, "localhost") == 0 || str_starts(host, "localhost:");
}

int registry_at(const char *host, size_t mirror, struct registry *out)
{
	_cleanup_free_ char *text = registry_ref_file_text();
	bool itself = mirror == SIZE_MAX;
	_cleanup_free_ char *at = itself ? NULL : line_find(text, "mirror", host, mirror);
	*out = (struct registry){.timeout = 30, .scope = "pull"};
	_cleanup_free_ char *before =
	    mirror && !itself ? line_find(text, "mirror", host, mirror - 1) : NULL;
	if (!at && mirror && !itself && !before) /* the registry itself comes last */
		return 0;
	if (!at)
		at = xstrdup(strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host);
	bool whole = strstr(at, "://");
	const char *real = whole ? strstr(at, "://") + 3 : at;
	_cleanup_free_ char *plain = line_find(text, "http", real, 0);
	_cleanup_free_ char *seconds = line_find(text, "timeout", host, 0);
	out->host = xstrdup(real == at && strcmp(host, "docker.io") == 0 ? host : real);
	const char *scheme = plain ? "http://" : "https://";
	out->base = xasprintf("%s%s", whole ? "" : scheme, at);
	for (size_t n = strlen(out->base); out->base[n - 1] == '/'; n--)
		out->base[n - 1] = 0;
	out->ca = line_find(text, "ca", real, 0);
	if (seconds && num_parse("registries: timeout", seconds, 1, 86400, &out->timeout) < 0)
		return -1;
	return 1;
}

bool registry_loopback(const struct registry *r)
{
	return loopback(r->host);
}

void registry_free(struct registry *r)
{
	char *all[] = {r->host, r->base, r->repo, r->ca, r->user, r->auth};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		free(all[i]);
	if (r->password)
		explicit_bzero(r->password, strlen(r->password));
	free(r->password);
	*r = (struct registry){0};
}
