/* index.c: the store's index.json: the images in it and their names; see image_store.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "str.h"

#define REF_NAME "org.opencontainers.image.ref.name"

/* {"schemaVersion":2,"manifests":[...]}; a missing file stands for an empty one. */
static json_t *index_load(const struct store *s)
{
	_cleanup_free_ char *path = path_join(s->lib, "images/index.json");
	size_t len;
	if (s->images < 0 || (faccessat(s->images, "index.json", F_OK, 0) < 0 && errno == ENOENT))
		return json_make("{schemaVersion:i,mediaType:s,manifests:[]}", 2,
		    "application/vnd.oci.image.index.v1+json");
	_cleanup_free_ char *text = file_read_at(s->images, "index.json", IMAGE_META_MAX, &len);
	json_t *j = text ? json_parse(path, text, len) : NULL;
	if (j && !json_is_array(json_object_get(j, "manifests"))) {
		json_decref(j);
		errno = EINVAL;
		fail("%s: no list of manifests", path);
		return NULL;
	}
	return j;
}

/* --- our own text, without parsing all of it --- */

/* What index_save() writes begins with this, is compact and ends with "]}"; each of our entries
 * ends with its name. With thousands of images a start would otherwise have to parse all of them to
 * find one. */
#define OURS                                                                                       \
	"{\"schemaVersion\":2,\"mediaType\":\"application/"                                        \
	"vnd.oci.image.index.v1+json\",\"manifests\":["
#define ENTRY "{\"mediaType\":"

/* The text when we wrote it; NULL when another tool did, or there is none. Caller frees. */
static char *ours_read(const struct store *s, size_t *len)
{
	if (s->images < 0 || faccessat(s->images, "index.json", F_OK, 0) < 0)
		return NULL;
	char *text = file_read_at(s->images, "index.json", IMAGE_META_MAX, len);
	if (text && str_starts(text, OURS) && *len >= sizeof OURS + 1 &&
	    strcmp(text + *len - 2, "]}") == 0)
		return text;
	free(text);
	return NULL;
}

/* Where the only entry with this name stands; false when there is none, or it is not in our
 * form. */
static bool ours_span(const char *text, const char *name, const char **from, const char **to)
{
	_cleanup_free_ char *end = xasprintf("\"annotations\":{\"" REF_NAME "\":\"%s\"}}", name);
	const char *hit = strstr(text, end), *p = hit;
	if (!hit || strstr(hit + 1, end))
		return false;
	while (p > text && *p != '{')
		p--;
	*from = p;
	*to = hit + strlen(end);
	return str_starts(p, ENTRY);
}

static size_t index_count(const char *text, const char *what)
{
	size_t n = 0;
	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Parse the text of an entry as a ref. False when it is not one. */
static bool ours_entry(const char *from, const char *to, struct ref *out)
{
	_cleanup_json_ json_t *m = json_parse("index.json", from, (size_t)(to - from));
	const char *d = json_string_value(json_object_get(m, "digest"));
	json_int_t size = json_integer_value(json_object_get(m, "size"));
	if (!d || !str_starts(d, "sha256:") || !digest_hex_valid(d + 7) || size <= 0)
		return false;
	memcpy(out->hex, d + 7, DIGEST_HEX);
	out->size = (uint64_t)size;
	return true;
}

int store_ref(const struct store *s, const char *operand, struct ref *out, size_t *names)
{
	size_t len;
	const char *from, *to;
	struct refs refs;
	_cleanup_free_ char *name = NULL;
	_cleanup_free_ char *text = strstr(operand, "sha256:") ? NULL : ours_read(s, &len);
	*out = (struct ref){0};
	if (text && ref_parse(operand, &name) == 0 && ours_span(text, name, &from, &to) &&
	    ours_entry(from, to, out)) {
		*names = index_count(text, out->hex);
		out->name = name;
		name = NULL;
		return 0;
	}
	if (store_refs(s, &refs) < 0)
		return -1;
	int i = store_find(s, &refs, operand);
	*names = 0;
	if (i >= 0) {
		*out = refs.v[i];
		refs.v[i].name = NULL;
		for (size_t k = 0; k < refs.n; k++)
			*names += strcmp(refs.v[k].hex, out->hex) == 0;
	}
	int why = errno;
	refs_free(&refs);
	errno = why;
	return i < 0 ? -1 : 0;
}

static const char *entry_name(const json_t *m)
{
	return json_string_value(json_object_get(json_object_get(m, "annotations"), REF_NAME));
}

static const char *entry_hex(const json_t *m)
{
	const char *d = json_string_value(json_object_get(m, "digest"));
	return d && str_starts(d, "sha256:") && digest_hex_valid(d + 7) ? d + 7 : NULL;
}

int store_refs(const struct store *s, struct refs *out)
{
	size_t i;
	json_t *m;
	_cleanup_json_ json_t *j = index_load(s);
	*out = (struct refs){0};
	if (!j)
		return -1;
	json_t *list = json_object_get(j, "manifests");
	out->v = xcalloc(json_array_size(list) + 1, sizeof *out->v);
	json_array_foreach(list, i, m)
	{
		const char *hex = entry_hex(m);
		json_int_t size = json_integer_value(json_object_get(m, "size"));
		/* Not an image that we can run; whoever put it here knows what it is. */
		if (!hex || size <= 0)
			continue;
		struct ref *r = &out->v[out->n++];
		r->name = entry_name(m) ? xstrdup(entry_name(m)) : NULL;
		memcpy(r->hex, hex, DIGEST_HEX);
		r->size = (uint64_t)size;
	}
	return 0;
}

int store_digests(const struct store *s, struct refs *out)
{
	static const char key[] = "\"digest\":\"sha256:";
	size_t len;
	_cleanup_free_ char *text = ours_read(s, &len);
	if (!text)
		return store_refs(s, out);
	*out = (struct refs){.v = xcalloc(index_count(text, key) + 1, sizeof *out->v)};
	for (const char *p = text; (p = strstr(p, key));) {
		struct ref *r = &out->v[out->n];
		p += sizeof key - 1;
		memcpy(r->hex, p, strnlen(p, DIGEST_HEX - 1));
		if (digest_hex_valid(r->hex))
			out->n++;
	}
	return 0;
}

void refs_free(struct refs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].name);
	free(r->v);
	*r = (struct refs){0};
}

/* The lock of index.json is on its folder, because the file itself is replaced. */
static int index_lock(const struct store *s)
{
	int fd = openat(s->images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("%s/images: open: %m", s->lib);
	if (lock_take(fd, LOCK_EX) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* On a full disk: a shorter text fits into the old file, and JSON allows blanks after it. Not
 * atomic, so only when nothing else works. */
static int index_in_place(const struct store *s, const char *text, size_t len)
{
	struct stat st;
	_cleanup_close_ int fd = openat(s->images, "index.json", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)len)
		return errno = ENOSPC, fail("%s/images/index.json: write: %m", s->lib);
	_cleanup_free_ char *padded = xmalloc((size_t)st.st_size);
	memset(padded, ' ', (size_t)st.st_size);
	memcpy(padded, text, len);
	if (pwrite(fd, padded, (size_t)st.st_size, 0) != st.st_size || fsync(fd) < 0)
		return fail("%s/images/index.json: write: %m", s->lib);
	return 0;
}

static int text_save(const struct store *s, const char *text, size_t len)
{
	if (file_write_at(s->images, "index.json", text, len, 0644, true) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? index_in_place(s, text, len) : -1;
}

static int index_save(const struct store *s, const json_t *j)
{
	_cleanup_free_ char *text = json_text(j);
	return text_save(s, text, strlen(text));
}

/* Remove what stands from `from` to `to`, and its comma, from the text. */
static void ours_cut(char *text, size_t *len, const char *from, const char *to)
{
	if (*to == ',')
		to++;
	else if (from[-1] == ',')
		from--;
	memmove((char *)(uintptr_t)from, to, *len - (size_t)(to - text) + 1);
	*len -= (size_t)(to - from);
}

/* Is there an entry of this digest without a name (which a named one would replace)? */
static bool ours_nameless(const char *text, const char *hex)
{
	static const char size[] = "\",\"size\":";
	for (const char *p = text; (p = strstr(p, hex));) {
		p += DIGEST_HEX - 1;
		if (!str_starts(p, size))
			return true;
		p += sizeof size - 1;
		p += strspn(p, "0123456789");
		if (!str_starts(p, ",\"annotations\":{\"" REF_NAME "\":"))
			return true;
	}
	return false;
}

/* store_ref_set() on a text that we wrote: 1 done, 0 cannot be done this way, -1 with fail(). */
static int ours_set(const struct store *s, const char *name, const char *hex, const json_t *entry)
{
	size_t len;
	const char *from, *to;
	_cleanup_free_ char *text = name ? ours_read(s, &len) : NULL;
	if (!text)
		return 0;
	if (ours_span(text, name, &from, &to))
		ours_cut(text, &len, from, to);
	_cleanup_free_ char *quoted = xasprintf(":\"%s\"", name);
	if (ours_nameless(text, hex) || strstr(text, quoted))
		return 0;
	_cleanup_free_ char *add = json_text(entry);
	_cleanup_free_ char *all =
	    xasprintf("%.*s%s%s]}", (int)(len - 2), text, text[len - 3] == '[' ? "" : ",", add);
	return text_save(s, all, strlen(all)) < 0 ? -1 : 1;
}

/* Remove the entries with this name, and with `hex` those of this digest that have no name (all of
 * that digest when there is no name). Returns how many. */
static size_t entries_drop(json_t *list, const char *name, const char *hex)
{
	size_t n = 0;
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *m = json_array_get(list, i);
		bool same_name = name && str_eq(entry_name(m), name);
		bool same_hex = hex && str_eq(entry_hex(m), hex) && (!name || !entry_name(m));
		if (!same_name && !same_hex)
			continue;
		json_array_remove(list, i);
		n++;
	}
	return n;
}

int store_ref_set(struct store *s, const char *name, const char *hex, uint64_t size)
{
	_cleanup_close_ int lock = index_lock(s);
	if (lock < 0)
		return -1;
	_cleanup_free_ char *digest = xasprintf("sha256:%s", hex);
	_cleanup_json_ json_t *entry = json_make("{mediaType:s,digest:s,size:I}",
	    "application/vnd.oci.image.manifest.v1+json", digest, (json_int_t)size);
	if (name)
		json_object_set_new(entry, "annotations", json_make("{s:s}", REF_NAME, name));
	int r = ours_set(s, name, hex, entry);
	if (r)
		return r < 0 ? -1 : 0;
	_cleanup_json_ json_t *j = index_load(s);
	if (!j)
		return -1;
	json_t *list = json_object_get(j, "manifests"), *m;
	size_t i;
	if (!name) /* it keeps the names that it has */
		json_array_foreach(list, i, m) if (str_eq(entry_hex(m), hex)) return 0;
	entries_drop(list, name, hex);
	if (json_array_append(list, entry) < 0)
		return fail("%s: out of memory", name ? name : hex);
	return index_save(s, j);
}

static int index_remove_one(struct store *s, const char *name, const char *hex)
{
	size_t len;
	const char *from, *to;
	_cleanup_close_ int lock = index_lock(s);
	_cleanup_free_ char *text = name && lock >= 0 ? ours_read(s, &len) : NULL;
	if (text && ours_span(text, name, &from, &to)) {
		ours_cut(text, &len, from, to);
		return text_save(s, text, len);
	}
	_cleanup_json_ json_t *j = lock < 0 ? NULL : index_load(s);
	if (!j)
		return -1;
	if (entries_drop(json_object_get(j, "manifests"), name, name ? NULL : hex) == 0)
		return errno = ENOENT,
		       fail("%s: no such image (ctr-image ls lists them)", name ? name : hex);
	return index_save(s, j);
}

int store_refs_remove(struct store *s, const struct refs *gone)
{
	if (gone->n == 1)
		return index_remove_one(s, gone->v->name, gone->v->hex);
	_cleanup_close_ int lock = index_lock(s);
	_cleanup_json_ json_t *j = lock < 0 ? NULL : index_load(s);
	if (!j)
		return -1;
	for (size_t i = 0; i < gone->n; i++) {
		const struct ref *r = &gone->v[i];
		entries_drop(json_object_get(j, "manifests"), r->name, r->name ? NULL : r->hex);
	}
	return index_save(s, j);
}
