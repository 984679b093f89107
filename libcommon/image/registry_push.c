/* registry_push.c: pushing an image to a registry; logging in and searching; see registry.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "json.h"
#include "registry.h"
#include "str.h"

struct push {
	const char *lib;
	struct store s;
	struct refs refs;
	struct registry r;
	struct registry_ref to;
};

/* Another repository of the same registry that has the blob, as far as our own images tell; NULL
 * when there is none. Caller frees. */
static char *registry_push_elsewhere(struct push *p, const char *hex)
{
	for (size_t i = 0; i < p->refs.n; i++) {
		struct registry_ref x;
		struct manifest m;
		size_t len;
		if (!p->refs.v[i].name || registry_ref_parse(p->refs.v[i].name, &x) < 0)
			continue;
		bool same = strcmp(x.host, p->to.host) == 0 && strcmp(x.repo, p->to.repo) != 0;
		_cleanup_free_ char *text = same ? store_get(&p->s, p->refs.v[i].hex, &len) : NULL;
		bool has = false;
		if (text && manifest_parse(x.name, text, len, &m) == 0) {
			has = strcmp(m.config, hex) == 0;
			for (size_t k = 0; k < m.n; k++)
				has |= strcmp(m.layers[k].hex, hex) == 0;
			manifest_free(&m);
		}
		char *repo = has ? xstrdup(x.repo) : NULL;
		registry_ref_free(&x);
		if (repo)
			return repo;
	}
	return NULL;
}

/* Where an upload goes on: the Location that POST /v2/REPO/blobs/uploads/ answered (RFC 3986,
 * section 4.2). Caller frees. */
static char *upload_url(const struct registry *r, const char *location)
{
	if (location[strcspn(location, ":/?")] == ':')
		return xstrdup(location);
	if (str_starts(location, "//"))
		return xasprintf("%.*s%s", (int)strcspn(r->base, "/"), r->base, location);
	if (*location == '/')
		return xasprintf("%s%s", r->base, location);
	return xasprintf("%s/v2/%s/blobs/uploads/%s", r->base, r->repo, location);
}

static int blob_send(struct push *p, const char *hex, const char *location, const char *what)
{
	struct reply a;
	_cleanup_free_ char *file = xasprintf("%s/images/blobs/sha256/%s", p->lib, hex);
	_cleanup_free_ char *to = upload_url(&p->r, location);
	_cleanup_free_ char *url =
	    xasprintf("%s%cdigest=sha256:%s", to, strchr(to, '?') ? '&' : '?', hex);
	struct request q = {
	    .method = "PUT", .path = url, .type = "application/octet-stream", .file = file};
	if (registry_ask(&p->r, &q, &a) < 0)
		return -1;
	int r = a.status == 201 || a.status == 204 ? 0 : reply_refused(&p->r, what, &a);
	reply_free(&a);
	return r;
}

static int registry_push_blob(struct push *p, const char *hex)
{
	struct reply a;
	_cleanup_free_ char *what = xasprintf("blob %.12s", hex);
	if (registry_ask_blob(&p->r, "HEAD", hex, &a) < 0)
		return -1;
	int status = a.status;
	reply_free(&a);
	if (status == 200)
		return 0;
	_cleanup_free_ char *from = registry_push_elsewhere(p, hex);
	_cleanup_free_ char *mount =
	    from ? xasprintf("?mount=sha256:%s&from=%s", hex, from) : xstrdup("");
	_cleanup_free_ char *path = xasprintf("/v2/%s/blobs/uploads/%s", p->r.repo, mount);
	if (registry_ask(&p->r, &(struct request){.method = "POST", .path = path, .body = ""}, &a) <
	    0)
		return -1;
	_cleanup_free_ char *location = reply_header(&a, "Location");
	int r = 0;
	if (a.status == 202 && location)
		r = blob_send(p, hex, location, what);
	else if (a.status != 201) /* 201: it is now in this repository, too */
		r = reply_refused(&p->r, what, &a);
	reply_free(&a);
	return r;
}

static int manifest_send(struct push *p, const char *hex, const char *text, size_t len)
{
	struct reply a;
	_cleanup_json_ json_t *j = json_parse(p->to.name, text, len);
	const char *type = json_string_value(json_object_get(j, "mediaType"));
	_cleanup_free_ char *path = xasprintf("/v2/%s/manifests/%s", p->r.repo, p->to.tag);
	_cleanup_free_ char *file = xasprintf("%s/images/blobs/sha256/%s", p->lib, hex);
	struct request q = {.method = "PUT",
	    .path = path,
	    .type = type ? type : "application/vnd.oci.image.manifest.v1+json",
	    .file = file};
	if (registry_ask(&p->r, &q, &a) < 0)
		return -1;
	int r = a.status == 201 ? 0 : reply_refused(&p->r, p->to.name, &a);
	reply_free(&a);
	return r;
}

static int push(struct push *p, const char *operand, char hex[DIGEST_HEX])
{
	struct manifest m;
	struct image_config c;
	size_t len;
	int i = store_find(&p->s, &p->refs, operand);
	if (i < 0 || store_image(&p->s, p->refs.v[i].hex, &m, &c) < 0)
		return -1;
	memcpy(hex, p->refs.v[i].hex, DIGEST_HEX);
	int r = 0;
	for (size_t k = 0; k < m.n && r == 0; k++)
		r = registry_push_blob(p, m.layers[k].hex);
	if (r == 0)
		r = registry_push_blob(p, m.config);
	_cleanup_free_ char *text = r == 0 ? store_get(&p->s, hex, &len) : NULL;
	if (r == 0)
		r = text && manifest_send(p, hex, text, len) == 0 ? (int)len : -1;
	if (r > 0)
		image_tell("push", m.config, p->to.name);
	manifest_free(&m);
	config_free(&c);
	return r;
}

int registry_push(const char *lib, const char *operand, const char *ref, char hex[DIGEST_HEX])
{
	struct push p = {.lib = lib};
	if (registry_ref_parse(ref, &p.to) < 0)
		return -1;
	if (str_starts(p.to.tag, "sha256:"))
		return errno = EINVAL, fail("%s: an image is pushed to a tag", ref);
	int r =
	    registry_at(p.to.host, SIZE_MAX, &p.r) < 0 || registry_credentials(&p.r) < 0 ? -1 : 0;
	p.r.repo = xstrdup(p.to.repo);
	p.r.scope = "pull,push";
	if (r == 0)
		r = store_open(&p.s, lib, STORE_READ) < 0 || store_refs(&p.s, &p.refs) < 0 ? -1 : 0;
	_cleanup_close_ int gate = image_gate(lib); /* keeps images from being removed meanwhile */
	(void)gate;
	if (r == 0)
		r = push(&p, operand, hex);
	refs_free(&p.refs);
	store_close(&p.s);
	registry_free(&p.r);
	registry_ref_free(&p.to);
	return r;
}

/* --- who we are, and what there is --- */

int registry_login(const char *host, const char *user, const char *password)
{
	struct registry r;
	struct reply a;
	if (registry_at(host, SIZE_MAX, &r) < 0)
		return -1;
	r.user = xstrdup(user);
	r.password = xstrdup(password);
	int e = registry_ask(&r, &(struct request){.method = "GET", .path = "/v2/"}, &a);
	if (e == 0 && a.status != 200)
		e = a.status == 401
			? (errno = EACCES, fail("%s: does not take this name and password", host))
			: reply_refused(&r, "login", &a);
	if (e == 0)
		reply_free(&a);
	registry_free(&r);
	return e < 0 ? -1 : registry_credentials_store(host, user, password);
}

int registry_logout(const char *host)
{
	return registry_credentials_store(host, NULL, NULL);
}

static void registry_push_found(const json_t *j, const char *term)
{
	const json_t *list = json_object_get(j, "results"), *x;
	size_t i;
	json_array_foreach(list, i, x)
	{
		const char *name = json_string_value(json_object_get(x, "name"));
		const char *text = json_string_value(json_object_get(x, "description"));
		_cleanup_free_ char *n = str_escape(name ? name : "");
		_cleanup_free_ char *d = str_escape(text ? text : "");
		printf("%s\t%s\n", n, d);
	}
	list = json_object_get(j, "repositories");
	json_array_foreach(list, i, x)
	{
		_cleanup_free_ char *n = str_escape(json_is_string(x) ? json_string_value(x) : "");
		if (*n && strstr(n, term))
			printf("%s\t\n", n);
	}
}

/* Where the answer goes on: Link: </v2/_catalog?last=x&n=1000>; rel="next" (distribution
 * specification, "Listing Tags"). To be freed; NULL at the end. */
static char *next_page(const struct reply *a)
{
	_cleanup_free_ char *link = reply_header(a, "Link");
	return link && link[0] == '<' && link[1] == '/' && link[2] != '/'
		   ? xstrndup(link + 1, strcspn(link + 1, ">"))
		   : NULL;
}

int registry_search(const char *host, const char *term)
{
	struct registry r;
	struct reply a;
	bool hub = strcmp(host, "docker.io") == 0;
	if (term[strspn(term, "abcdefghijklmnopqrstuvwxyz0123456789._/-")])
		return errno = EINVAL, fail("search: '%s': a-z, 0-9 and ._/-", term);
	if (registry_at(host, SIZE_MAX, &r) < 0 || registry_credentials(&r) < 0)
		return -1;
	_cleanup_free_ char *path =
	    hub ? xasprintf("https://index.docker.io/v1/search?n=25&q=%s", term)
		: xstrdup("/v2/_catalog?n=1000");
	int e = 0;
	for (int pages = 0; e == 0 && path && pages < 1000; pages++) {
		e = registry_ask(&r, &(struct request){.method = "GET", .path = path}, &a);
		if (e < 0)
			break;
		if (a.status != 200)
			e = reply_refused(&r, "search", &a);
		_cleanup_json_ json_t *j = e == 0 ? json_parse(host, a.body, a.len) : NULL;
		if (j)
			registry_push_found(j, term);
		else
			e = -1;
		free(path);
		path = e == 0 ? next_page(&a) : NULL;
		reply_free(&a);
	}
	registry_free(&r);
	return e;
}
