/* kv.h: the format of conf and state files (ctrbox-files(5)): lines `key='value'` that any POSIX sh
 * can source. Keys are [a-z_][a-z0-9_]*; values any bytes but NUL; a quote inside is
 * written '\''.
 */
#ifndef CTR_KV_H
#define CTR_KV_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

struct kv {
	struct strv keys, vals;
	char *text; /* what was parsed: most of those strings lie in it */
	size_t len;
};
/* Parse what kv_text() wrote (and nothing more general but unquoted words, blank lines and #
 * comments). -1 with fail() naming the line; kv is then empty. */
int kv_parse(struct kv *kv, const char *text, size_t len);
/* kv_parse() of a whole file. */
int kv_read_at(struct kv *kv, int dirfd, const char *name);
/* The same, and whether somebody has locked the file meanwhile. */
int kv_read_held(struct kv *kv, int dirfd, const char *name, bool *held);
/* file_write_at of kv_text. */
int kv_write_at(const struct kv *kv, int dirfd, const char *name, bool durable);
const char *kv_get(const struct kv *kv, const char *key); /* NULL when missing */
int64_t kv_num(
    const struct kv *kv, const char *key, int64_t dflt); /* dflt when missing or not a number */
void kv_set(struct kv *kv, const char *key, const char *value); /* replaces or appends; copies */
void kv_setf(struct kv *kv, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void kv_text(const struct kv *kv, struct buf *out);
void kv_free(struct kv *kv);

#endif
