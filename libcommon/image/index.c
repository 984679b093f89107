/* index.c: the store's index.json: which images there are, and their names; see image_store.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* {"schemaVersion":2,"manifests":[...]}; a missing file is an empty one. */
static json_t *index_load(const struct store *s)
{
	_cleanup_free_ char *path = xasprintf("%s/images/index.json", s->lib);
	size_t len;
	if (s->images < 0 || (faccessat(s->images, "index.json", F_OK, 0) < 0 && errno == ENOENT))
		return json_make("{s:i,s:s,s:[]}", "schemaVersion", 2, "mediaType",
		    "application/vnd.oci.image.index.v1+json", "manifests");
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
		if (!hex || size <= 0) /* not ours to run; who wrote it here knows what it is */
			continue;
		struct ref *r = &out->v[out->n++];
		r->name = entry_name(m) ? xstrdup(entry_name(m)) : NULL;
		memcpy(r->hex, hex, DIGEST_HEX);
		r->size = (uint64_t)size;
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

/* The lock of index.json: on the folder, since the file itself is replaced. */
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

/* Of a full disk: what gets shorter fits where it was. Blanks after it are JSON too. Not atomic, hence only then. */
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

static int index_save(const struct store *s, const json_t *j)
{
	_cleanup_free_ char *text = json_text(j);
	if (file_write_at(s->images, "index.json", text, strlen(text), 0644, true) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? index_in_place(s, text, strlen(text)) : -1;
}

/* Drop entries of this name, and where `hex` is given those of this digest without a name (all of it when there is no
 * name). How many. */
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
	_cleanup_json_ json_t *j = lock < 0 ? NULL : index_load(s);
	if (!j)
		return -1;
	json_t *list = json_object_get(j, "manifests"), *m;
	size_t i;
	if (!name) /* it keeps the names that it has */
		json_array_foreach(list, i, m) if (str_eq(entry_hex(m), hex)) return 0;
	entries_drop(list, name, hex);
	_cleanup_free_ char *digest = xasprintf("sha256:%s", hex);
	m = json_make("{s:s,s:s,s:I}", "mediaType", "application/vnd.oci.image.manifest.v1+json", "digest", digest,
	    "size", (json_int_t)size);
	if (m && name)
		json_object_set_new(m, "annotations", json_make("{s:s}", REF_NAME, name));
	if (!m || json_array_append_new(list, m) < 0)
		return fail("%s: out of memory", name ? name : hex);
	return index_save(s, j);
}

int store_ref_remove(struct store *s, const char *name, const char *hex)
{
	_cleanup_close_ int lock = index_lock(s);
	_cleanup_json_ json_t *j = lock < 0 ? NULL : index_load(s);
	if (!j)
		return -1;
	if (entries_drop(json_object_get(j, "manifests"), name, name ? NULL : hex) == 0)
		return errno = ENOENT, fail("%s: no such image", name ? name : hex);
	return index_save(s, j);
}
