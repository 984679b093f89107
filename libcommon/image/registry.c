/* registry.c: pulling an image; see registry.h.
 *
 * The largest layer is unpacked while it arrives; meanwhile the others arrive, a few at a time, as
 * images/.part-HEX. These parts stay when a signal ends the pull, so that the next one can
 * continue; a failure removes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "registry.h"
#include "tree.h"
#include "str.h"
#include "undo.h"

#define AT_ONCE 3
#define TRIES 10
#define ACCEPT                                                                                     \
	"Accept: application/vnd.oci.image.index.v1+json, "                                        \
	"application/vnd.oci.image.manifest.v1+json, "                                             \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.docker.distribution.manifest.v2+json"

struct want {
	const char *hex;
	size_t layer; /* its number in the image */
	uint64_t size;
	char part[DIGEST_HEX + 8]; /* the name of its part in images/ */
	int fd;                    /* the open, locked part; -1: not begun */
	struct fetch f;
	bool done, old; /* the part was there before us */
};

struct pull {
	struct store s;
	struct registry r;
	struct registry_ref ref;
	struct manifest m;
	struct image_config c;
	struct want *v;
	size_t n;
};

/* Has what came (hex) the digest that it should have (want)? 0, or -1 with fail(). */
static int right(const struct pull *p, const char *what, const char *hex, const char *want)
{
	if (strcmp(hex, want) == 0)
		return 0;
	return errno = EBADMSG,
	       fail("%s: %s: lies: sends sha256:%s, not sha256:%s", p->r.host, what, hex, want);
}

/* --- manifests --- */

/* The manifest or index with this tag or digest; its digest goes to hex. NULL with fail(). */
static char *manifest_get(struct pull *p, const char *tag, char hex[DIGEST_HEX], size_t *len)
{
	_cleanup_free_ char *path = xasprintf("/v2/%s/manifests/%s", p->r.repo, tag);
	_cleanup_free_ char *what = xasprintf("%s:%s", p->r.repo, tag);
	struct reply a;
	if (registry_ask(
		&p->r, &(struct request){.method = "GET", .path = path, .accept = ACCEPT}, &a) < 0)
		return NULL;
	_cleanup_free_ char *said = reply_header(&a, "Docker-Content-Digest");
	char *text = NULL;
	const char *want = str_starts(tag, "sha256:") || !said ? tag : said;
	digest_of(a.body, a.len, hex);
	_cleanup_free_ char *type = reply_header(&a, "Content-Type"),
			    *coded = reply_header(&a, "Content-Encoding");
	if (!type)
		type = xstrdup("something else");
	if (a.status != 200)
		reply_refused(&p->r, what, &a);
	else if (a.body[strspn(a.body, " \t\r\n")] != '{') /* the page of a proxy, for example */
		errno = EPROTO, fail("%s: %s: answers with %s, not with a manifest", p->r.host,
				    what, coded ? coded : type);
	else if (!str_starts(want, "sha256:") || right(p, what, hex, want + 7) == 0)
		text = memcpy(xmalloc(a.len + 1), a.body, (*len = a.len) + 1);
	reply_free(&a);
	return text;
}

/* The digest of the first manifest for this machine in an index; NULL and *index false when `j` is
 * not an index. */
static char *index_choose(const struct pull *p, const json_t *j, bool *index)
{
	const json_t *list = json_object_get(j, "manifests"), *d;
	size_t i;
	*index = json_is_array(list);
	if (*index && manifest_plain(p->ref.name, j) < 0)
		return NULL;
	json_array_foreach(list, i, d)
	{
		const json_t *at = json_object_get(d, "platform");
		const char *os = json_string_value(json_object_get(at, "os"));
		const char *arch = json_string_value(json_object_get(at, "architecture"));
		const char *digest = json_string_value(json_object_get(d, "digest"));
		if ((os && strcmp(os, "linux") != 0) || (arch && strcmp(arch, image_arch()) != 0))
			continue;
		if (!digest_parse(p->ref.name, digest ? digest : ""))
			return NULL;
		return xstrdup(digest);
	}
	if (*index)
		errno = ENOENT, fail("%s: no image for linux/%s in it", p->ref.name, image_arch());
	return NULL;
}

/* What is in a registry need not be an image. (An old image's config may be of no certain type.) */
static int is_image(struct pull *p, const json_t *j)
{
	const json_t *c = json_object_get(j, "config"), *l;
	const char *type = json_string_value(json_object_get(c, "mediaType"));
	size_t i;
	if (type && str_starts(type, "application/vnd.") && !strstr(type, "image"))
		return errno = EINVAL,
		       fail("%s: an artifact (%s), not an image", p->ref.name, type);
	json_array_foreach(json_object_get(j, "layers"), i, l)
	{
		const char *url = json_string_value(json_array_get(json_object_get(l, "urls"), 0));
		const char *digest = json_string_value(json_object_get(l, "digest"));
		const char *hex = url && digest ? digest_parse(p->ref.name, digest) : NULL;
		struct reply a;
		if (!hex || registry_ask_blob(&p->r, "HEAD", hex, &a) < 0)
			continue;
		int status = a.status;
		reply_free(&a);
		if (status == 404)
			return errno = ENOENT,
			       fail("%s: layer %.12s is kept elsewhere (%s), and not fetched from "
				    "there",
				   p->ref.name, hex, url);
	}
	return 0;
}

static int manifest(struct pull *p, char hex[DIGEST_HEX], uint64_t *size)
{
	_cleanup_free_ char *tag = xstrdup(p->ref.tag);
	for (int depth = 0; depth < 4; depth++) {
		size_t len = 0;
		bool index;
		_cleanup_free_ char *text = manifest_get(p, tag, hex, &len);
		_cleanup_json_ json_t *j = text ? json_parse(p->ref.name, text, len) : NULL;
		char *next = j ? index_choose(p, j, &index) : NULL;
		if (!j || (!next && index))
			return -1;
		if (!next) {
			*size = len;
			return is_image(p, j) < 0 ||
				       manifest_parse(p->ref.name, text, len, &p->m) < 0
				   ? -1
				   : store_put(&p->s, text, len, hex);
		}
		free(tag);
		tag = next;
	}
	return errno = EINVAL, fail("%s: indexes in indexes", p->ref.name);
}

static int registry_config(struct pull *p)
{
	struct reply a;
	char hex[DIGEST_HEX];
	if (registry_ask_blob(&p->r, "GET", p->m.config, &a) < 0)
		return -1;
	int r = 0;
	if (a.status != 200)
		r = reply_refused(&p->r, "the image's config", &a);
	else if (store_put(&p->s, a.body, a.len, hex) < 0 ||
		 right(p, "the image's config", hex, p->m.config) < 0)
		r = -1;
	if (r == 0)
		r = config_parse(p->ref.name, a.body, a.len, &p->c);
	reply_free(&a);
	if (r == 0 && p->c.n != p->m.n)
		r = (errno = EINVAL, fail("%s: a manifest of %zu layers whose config has %zu",
					 p->ref.name, p->m.n, p->c.n));
	return r;
}

/* --- layers --- */

/* A blob whose layer is missing will be unpacked, so a damaged one is fetched again. */
static bool have(const struct pull *p, const struct want *w)
{
	char hex[DIGEST_HEX];
	_cleanup_close_ int fd = store_blob_open(&p->s, w->hex);
	return fd >= 0 && (store_layer_name(&p->s, p->c.diff_ids, w->layer, hex) ||
			      (digest_fd(fd, hex) == 0 && strcmp(hex, w->hex) == 0));
}

static int by_size(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return strcmp(x->hex, y->hex);
}

static void registry_wants(struct pull *p)
{
	p->v = xcalloc(p->m.n + 1, sizeof *p->v);
	for (size_t i = 0; i < p->m.n; i++) {
		struct want *w = &p->v[p->n];
		*w = (struct want){p->m.layers[i].hex, i, p->m.layers[i].size, .fd = -1};
		snprintf(w->part, sizeof w->part, ".part-%s", w->hex);
		bool twice = false;
		for (size_t k = 0; k < p->n; k++)
			twice |= strcmp(p->v[k].hex, w->hex) == 0;
		if (!twice && !have(p, w))
			p->n++;
	}
	if (p->n)
		qsort(p->v, p->n, sizeof *p->v, by_size);
}

/* Open and lock the part; another pull of the same layer is waited for. */
static int part_open(struct pull *p, struct want *w)
{
	struct stat st = {0};
	while (w->fd < 0) {
		int fd = openat(p->s.images, w->part,
		    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return fail("images/%s: create: %m", w->part);
		int r = lock_take(fd, LOCK_EX);
		if (r == 0 && fstat(fd, &st) == 0 && st.st_nlink)
			w->fd = fd;
		else
			close(fd);
		if (r < 0)
			return fail_in("images/%s", w->part);
	}
	w->done = have(p, w);
	w->old = st.st_size > 0;
	if (w->done)
		unlinkat(p->s.images, w->part, 0);
	return 0;
}

static uint64_t part_size(const struct want *w)
{
	struct stat st;
	return fstat(w->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int part_begin(struct pull *p, struct want *w)
{
	if (w->fd < 0 && part_open(p, w) < 0)
		return -1;
	if (w->done || part_size(w) == w->size)
		return 0;
	if (part_size(w) > w->size && ftruncate(w->fd, 0) < 0)
		return fail("images/%s: truncate: %m", w->part);
	return registry_fetch(&p->r, w->hex, w->fd, part_size(w), w->size, &w->f);
}

/* Fetch until the part is complete. What ends early is resumed as long as it makes progress. */
static int part_end(struct pull *p, struct want *w)
{
	for (int tries = 0; !w->done && (w->f.pid || part_size(w) != w->size); tries++) {
		uint64_t was = part_size(w);
		if (!w->f.pid && part_begin(p, w) < 0)
			return -1;
		int r = w->f.pid ? registry_fetch_end(&p->r, &w->f) : 0;
		/* The registry has nothing left (416), or less than is missing: what we have is of
		 * another blob, so begin again. */
		if (r == 0 && w->f.from && part_size(w) < w->size)
			r = 1;
		if (r == 1 && !w->f.from)
			r = -1;
		if (r == 1 && ftruncate(w->fd, 0) < 0)
			return fail("images/%s: truncate: %m", w->part);
		if (part_size(w) > w->size || (r == 0 && part_size(w) != w->size))
			return errno = EBADMSG,
			       fail("%s: layer %.12s: has %llu bytes, not %llu", p->r.host, w->hex,
				   (unsigned long long)part_size(w), (unsigned long long)w->size);
		if (r < 0 &&
		    (errno == ETIMEDOUT || tries + 1 >= TRIES || (tries && part_size(w) == was)))
			return fail_in("layer %.12s", w->hex);
		struct reply a; /* a token is valid for minutes, and a pull may take longer */
		if (r < 0 && registry_ask_blob(&p->r, "HEAD", w->hex, &a) == 0)
			reply_free(&a);
	}
	return 0;
}

static int part_unpack(struct pull *p, struct want *w)
{
	struct stream_sums in;
	_cleanup_free_ char *what = xasprintf("%s: layer %.12s", p->ref.name, w->hex);
	if (w->done)
		return 0;
	if (lseek(w->fd, 0, SEEK_SET) < 0)
		return fail_errno(what);
	if (store_layer(&p->s, w->fd, what, false, w->hex, p->c.diff_ids, w->layer, &in) < 0) {
		/* After a power cut a part may have its full size, but not the bytes that were
		 * written to it. So it is fetched once more, from the beginning. */
		bool again = w->old && errno != ENOSPC && errno != EDQUOT;
		w->old = false;
		return again && ftruncate(w->fd, 0) == 0 && part_end(p, w) == 0 ? part_unpack(p, w)
										: -1;
	}
	w->done = true;
	return renameat(p->s.images, w->part, p->s.tmp, w->hex) < 0 ? fail_tried(what, "rename")
								    : 0;
}

/* Unpack while it arrives; 1 when the connection broke and the part has to be completed. */
static int streamed(struct pull *p, struct want *w)
{
	int pipes[2];
	struct stream_sums in;
	_cleanup_free_ char *what = xasprintf("%s: layer %.12s", p->ref.name, w->hex);
	if (part_open(p, w) < 0)
		return -1;
	if (w->done || part_size(w) > 0)
		return 1;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	int r = registry_fetch(&p->r, w->hex, pipes[1], 0, w->size, &w->f);
	close(pipes[1]);
	w->f.fd = -1;
	p->s.part = w->part;
	p->s.part_max = w->size;
	if (r == 0)
		r = store_layer(&p->s, pipes[0], what, true, w->hex, p->c.diff_ids, w->layer, &in);
	p->s.part = NULL;
	close(pipes[0]);
	if (!w->f.pid)
		return -1;
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	int broke = registry_fetch_end(&p->r, &w->f);
	if (r == 0)
		return w->done = true, 0;
	if (broke && errno == ETIMEDOUT)
		return fail_in("layer %.12s", w->hex);
	if (broke && part_size(w) < w->size) /* and not because we stopped reading */
		return 1;
	return fail_again(why);
}

static int registry_layers(struct pull *p)
{
	registry_wants(p);
	size_t begun = 1;
	for (; begun < p->n && begun <= AT_ONCE; begun++)
		if (part_begin(p, &p->v[begun]) < 0)
			return -1;
	if (p->n && streamed(p, &p->v[0]) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		if (part_end(p, &p->v[i]) < 0)
			return -1;
		if (i && begun < p->n && part_begin(p, &p->v[begun++]) < 0)
			return -1;
		if (part_unpack(p, &p->v[i]) < 0)
			return -1;
	}
	return 0;
}

static void layers_end(struct pull *p, bool failed)
{
	for (size_t i = 0; i < p->n; i++) {
		struct want *w = &p->v[i];
		if (w->f.pid) {
			kill(w->f.pid, SIGTERM);
			registry_fetch_end(&p->r, &w->f);
		}
		if (w->fd >= 0 && failed && !w->done)
			unlinkat(p->s.images, w->part, 0);
		if (w->fd >= 0)
			close(w->fd);
	}
	free(p->v);
	p->v = NULL;
	p->n = 0;
}

/* --- the whole --- */

/* A signal ends it: blobs and complete layers stay for the next time. */
static struct pull *pulling;

static void undo_keep(void *arg)
{
	(void)arg;
	if (pulling)
		store_commit(&pulling->s);
}

static int pull_from(struct pull *p, char hex[DIGEST_HEX], uint64_t *size)
{
	p->r.repo = xstrdup(p->ref.repo);
	int r =
	    registry_credentials(&p->r) < 0 || manifest(p, hex, size) < 0 || registry_config(p) < 0
		? -1
		: 0;
	if (r == 0)
		r = registry_layers(p) < 0 ? -1 : store_unpack(&p->s, &p->m, &p->c);
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	int e = errno;
	layers_end(p, r < 0);
	manifest_free(&p->m);
	config_free(&p->c);
	errno = e;
	return why ? fail_again(why) : 0;
}

static int pull(struct pull *p, char hex[DIGEST_HEX], uint64_t *size)
{
	int r = -1;
	for (size_t i = 0;; i++) {
		struct registry next;
		int at = registry_at(p->ref.host, i, &next);
		if (at <= 0)
			return at < 0 ? -1 : r;
		if (i)
			warn("%s; trying %s", fail_msg(), next.host);
		registry_free(&p->r);
		p->r = next;
		r = pull_from(p, hex, size);
		if (r == 0)
			return 0;
	}
}

int registry_pull(const char *lib, const char *ref, struct strv *loaded, char hex[DIGEST_HEX])
{
	struct pull p = {0};
	struct ref old = {0};
	uint64_t size = 0;
	size_t names;
	const char *colon = strrchr(ref, ':'), *slash = strrchr(ref, '/');
	bool tagged = colon && (!slash || colon > slash);
	*hex = 0;
	_cleanup_free_ char *bare = tagged ? xstrndup(ref, (size_t)(colon - ref)) : xstrdup(ref);
	_cleanup_free_ char *alias = strchr(ref, '@') ? NULL : registry_alias(bare);
	_cleanup_free_ char *meant = xasprintf("%s%s", alias ? alias : bare, tagged ? colon : "");
	if (registry_ref_parse(meant, &p.ref) < 0)
		return -1;
	int r = store_open(&p.s, lib, STORE_ADD);
	pulling = &p;
	undo_push(undo_keep, NULL);
	if (r == 0)
		r = pull(&p, hex, &size);
	pulling = NULL;
	/* In NAME@DIGEST the tag is no name. */
	const char *name = str_starts(p.ref.tag, "sha256:") ? NULL : p.ref.name;
	_cleanup_free_ char *told = name ? xstrdup(name) : xasprintf("sha256:%s", hex);
	if (r == 0)
		r = store_commit(&p.s);
	if (r == 0)
		r = store_ref(&p.s, told, &old, &names) == 0 && strcmp(old.hex, hex) == 0;
	if (r >= 0 && store_ref_set(&p.s, name, hex, size) < 0)
		r = -1;
	if (r >= 0) {
		struct ref now = {0};
		memcpy(now.hex, hex, DIGEST_HEX);
		strv_add(loaded, told);
		image_tell("pull", store_id(&p.s, &now), meant);
	}
	free(old.name);
	store_close(&p.s);
	registry_free(&p.r);
	registry_ref_free(&p.ref);
	return r;
}

struct obtain {
	const char *lib, *ref;
};

static int obtain(void *arg)
{
	const struct obtain *x = arg;
	struct strv loaded = {0};
	char hex[DIGEST_HEX];
	int r = registry_pull(x->lib, x->ref, &loaded, hex);
	strv_free(&loaded);
	return r < 0 ? -1 : 0;
}

int image_obtain(
    const char *lib, const char *ref, const char *policy, image_apart_fn *apart, struct image *out)
{
	struct obtain x = {lib, ref};
	const char *what = policy ? "--pull" : "CTR_PULL";
	if (!policy)
		policy = getenv("CTR_PULL");
	bool always = str_eq(policy, "always"), missing = str_eq(policy, "missing");
	if (policy && *policy && !always && !missing && strcmp(policy, "never") != 0)
		return errno = EINVAL, fail("%s: '%s': not never, missing or always", what, policy);
	if (!always && (image_open(lib, ref, apart, out) == 0 || errno != ENOENT || !missing))
		return out->ref ? 0 : -1;
	if ((apart ? apart(obtain, &x) : obtain(&x)) < 0)
		return -1;
	return image_open(lib, ref, apart, out);
}
