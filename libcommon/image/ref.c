/* ref.c: the names of images; see image.h and image_store.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "event.h"
#include "image.h"
#include "image_store.h"
#include "str.h"

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz" DIGITS

static int ref_bad(const char *in, const char *why)
{
	return errno = EINVAL, fail("'%s' is not an image name (%s)", in, why);
}

/* A component of the name's path, or (first) the host of a registry. */
static bool part_valid(const char *s, size_t n, bool first)
{
	bool host = first && strcspn(s, ".:" UPPER) < n;
	size_t i = 0;
	if (first && *s == '[') { /* an address of IPv6 */
		i = 1 + strspn(s + 1, DIGITS "abcdefABCDEF:");
		if (i == 1 || s[i++] != ']')
			return false;
		return i == n ||
		       (s[i] == ':' && i + 1 < n && i + 1 + strspn(s + i + 1, DIGITS) == n);
	}
	for (;;) {
		size_t run = host ? str_alnum(s + i, "") : strspn(s + i, LOWER);
		i += run;
		if (run && i == n)
			return true;
		if (run && host && s[i] == ':')
			return i + 1 < n && i + 1 + strspn(s + i + 1, DIGITS) == n;
		size_t dashes = strspn(s + i, "-"), lines = host ? 0 : strspn(s + i, "_");
		size_t sep = dashes ? dashes : lines;
		if (!sep)
			sep = s[i] == '.';
		if (!run || !sep || lines > 2)
			return false;
		i += sep;
	}
}

int ref_parse(const char *in, char **out)
{
	static const char *const defaults[] = {
	    "docker.io/", "index.docker.io/", "registry-1.docker.io/", "localhost/", "library/"};
	const char *name = in;
	if (strlen(in) > 255)
		return ref_bad(in, "longer than 255 bytes");
	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		if (str_starts(name, defaults[i]) && name[strlen(defaults[i])])
			name += strlen(defaults[i]);
	const char *slash = strrchr(name, '/'), *colon = strchr(slash ? slash : name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);
	const char *tag = colon ? colon + 1 : "latest";
	for (size_t at = 0; at <= len;) {
		size_t n = strcspn(name + at, "/");
		bool last = at + n >= len;
		if (last)
			n = len - at;
		if (!part_valid(name + at, n, at == 0 && !last))
			return ref_bad(
			    in, "NAME[:TAG] of a-z, 0-9 and /, with . _ __ or - between");
		at += n + 1;
	}
	if (len == 6 && str_starts(name, "sha256"))
		return ref_bad(in, "that is a digest's");
	size_t t = strlen(tag);
	if (t == 0 || t > 128 || strchr(".-", tag[0]) || str_alnum(tag, "._-") != t)
		return ref_bad(in, "a tag is up to 128 letters, digits and ._-");
	*out = xasprintf("%.*s:%s", (int)len, name, tag);
	return 0;
}

bool image_is_ref(const char *operand)
{
	if (operand[0] == '/' || operand[0] == '.' || operand[0] == 0 ||
	    str_ends(operand, "/")) /* such as nodir/ */
		return false;
	return !strchr(operand, '/') || access(operand, F_OK) < 0;
}

const char *store_id(const struct store *s, struct ref *r)
{
	struct manifest m;
	size_t len;
	if (r->looked)
		return r->config;
	r->looked = true;
	memcpy(r->config, r->hex, DIGEST_HEX);
	_cleanup_free_ char *text = store_get(s, r->hex, &len);
	if (text && manifest_parse(r->hex, text, len, &m) == 0) {
		memcpy(r->config, m.config, DIGEST_HEX);
		manifest_free(&m);
	}
	return r->config;
}

void image_tell(const char *action, const char *id, const char *name)
{
	_cleanup_free_ char *digest = xasprintf("sha256:%s", id);
	event_tell("image", action, digest, "name", name, EVENT_END);
}

bool store_same(const struct store *s, struct ref *a, struct ref *b)
{
	return strcmp(a->hex, b->hex) == 0 || strcmp(store_id(s, a), store_id(s, b)) == 0;
}

int store_find(const struct store *s, const struct refs *r, const char *operand)
{
	/* NAME@DIGEST: the digest alone identifies it. */
	const char *at = strstr(operand, "@sha256:");
	const char *hex = str_starts(operand, "sha256:") ? operand + 7 : operand;
	if (at)
		hex = at + 8;
	_cleanup_free_ char *name = NULL;
	if (hex == operand && ref_parse(operand, &name) == 0)
		for (size_t i = 0; i < r->n; i++)
			if (str_eq(r->v[i].name, name))
				return (int)i;
	size_t n = strlen(hex);
	int found = -1;
	if (n >= 4 && n < DIGEST_HEX && strspn(hex, "0123456789abcdef") == n) {
		for (size_t i = 0; i < r->n; i++) {
			bool mine = strncmp(r->v[i].hex, hex, n) == 0 ||
				    strncmp(store_id(s, &r->v[i]), hex, n) == 0;
			if (mine && found >= 0 && !store_same(s, &r->v[found], &r->v[i]))
				return errno = EINVAL,
				       fail("%s: several images begin with this", operand);
			if (mine && found < 0)
				found = (int)i;
		}
	}
	if (found >= 0)
		return found;
	if (hex == operand && ref_parse(operand, &name) < 0)
		return errno = ENOENT, -1;
	if (*operand != '/' && access(operand, F_OK) == 0)
		return errno = ENOENT,
		       fail("%s: no such image (what lies here is ./%s)", operand, operand);
	return errno = ENOENT, fail(str_eq(err_applet, "ctr-image")
					? "%s: no such image (ctr-image ls lists them)"
					: "%s: no such image (ctr-image pull %s, or ctr-image "
					  "import %s FILE.tar; ctr-image ls lists what there is)",
				   operand, operand, operand);
}
