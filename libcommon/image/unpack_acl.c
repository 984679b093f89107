/* unpack_acl.c: access control lists as tar writes them; see unpack.h.
 *
 * `tar --acls` has them as text in pax headers (SCHILY.acl.access), the kernel as an attribute:
 * a version, then tag, permissions and id of each entry (linux/posix_acl_xattr.h).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"
#include "unpack.h"

struct entry_s {
	uint16_t tag, perm;
	uint32_t id;
};

/* user::rwx, user:1000:r--, user:name:r--:1000, mask::r-x. False: no such entry, or a name that
 * only another machine's passwd knows. */
static bool unpack_acl_entry(char *text, struct entry_s *out)
{
	static const struct {
		const char *name;
		uint16_t plain, named;
	} tags[] = {{"user", 1, 2}, {"group", 4, 8}, {"mask", 0x10, 0}, {"other", 0x20, 0}};
	char *field[4] = {text, NULL, NULL, NULL}, *end;
	size_t k = 0;
	text[strcspn(text, " \t#")] = 0;
	for (int i = 1; i < 4 && field[i - 1] && (field[i] = strchr(field[i - 1], ':')); i++)
		*field[i]++ = 0;
	while (k < 4 && strcmp(tags[k].name, text) != 0 &&
	       !(*text && !text[1] && *text == *tags[k].name))
		k++;
	if (k == 4 || !field[2])
		return false;
	const char *id = field[3] ? field[3] : field[1];
	*out = (struct entry_s){*field[1] ? tags[k].named : tags[k].plain, 0, (uint32_t)-1};
	static const char bits[] = "xwr";
	for (const char *p = field[2]; *p; p++) {
		const char *bit = strchr(bits, *p);
		out->perm |= bit ? (uint16_t)(1 << (bit - bits)) : 0;
	}
	if (!*field[1])
		return true;
	unsigned long n = strtoul(id, &end, 10);
	out->id = (uint32_t)n;
	return out->tag && *id >= '0' && *id <= '9' && !*end && n < UINT32_MAX;
}

static int by_tag(const void *a, const void *b)
{
	const struct entry_s *x = a, *y = b;
	int r = (x->tag > y->tag) - (x->tag < y->tag);
	return r ? r : (x->id > y->id) - (x->id < y->id);
}

bool unpack_acl_parse(const void *text, size_t size, struct buf *out)
{
	_cleanup_free_ char *copy = xstrndup(text, size);
	uint32_t version = 2;
	bool whole = true;
	buf_add(out, &version, sizeof version);
	size_t from = out->n;
	for (char *save = NULL, *p = strtok_r(copy, ",\n", &save); p;
	     p = strtok_r(NULL, ",\n", &save)) {
		struct entry_s e;
		if (unpack_acl_entry(p, &e))
			buf_add(out, &e, sizeof e);
		else
			whole = false;
	}
	/* The kernel takes them in this order only; bsdtar writes the plain ones first. */
	qsort(out->p + from, (out->n - from) / sizeof(struct entry_s), sizeof(struct entry_s),
	    by_tag);
	return whole;
}
