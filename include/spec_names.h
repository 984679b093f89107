/* spec_names.h: what the files that read and write config.json share. */
#ifndef CTR_SPEC_NAMES_H
#define CTR_SPEC_NAMES_H

#include "json.h"
#include "spec.h"

extern const char *const spec_hook_names[HOOK_COUNT]; /* hooks.NAME */

/* Words of config.json and the numbers that they stand for; a NULL name ends the table. */
struct spec_word {
	const char *name;
	long value;
};
extern const struct spec_word spec_sched_policies[], spec_sched_flags[], spec_io_classes[],
    spec_memory_modes[], spec_memory_flags[], spec_personalities[];
/* The word that stands for a number; NULL when there is none. */
const char *spec_word_of(const struct spec_word *words, long value);

/* --- for the files that read; errors as in json.h --- */
extern const struct jctx *spec_doc; /* the document that is being read; there is one at a time */

#define SPEC_GROW(vec)                                                                             \
	((vec).v = xrealloc((vec).v, ((vec).n + 1) * sizeof *(vec).v),                             \
	    memset(&(vec).v[(vec).n], 0, sizeof *(vec).v), &(vec).v[(vec).n++])

/* fail() "PATH.KEY: is missing"; -1. */
int spec_missing(const char *path, const char *key);
/* To be called after jget_obj() gave nothing: 0 when the key is absent, -1 when it had the wrong
 * type (the message has been set). */
int spec_absent(const json_t *o, const char *key);
/* Item i (borrowed) of an array, which must be an object; its path goes to `at`. NULL with fail()
 * when it is something else. */
const json_t *spec_item(const json_t *arr, size_t i, const char *path, char at[80]);
/* Read a number of 32 bits: 1 found, 0 the key is not there, -1 with fail(). */
int spec_u32(const json_t *o, const char *path, const char *key, uint32_t *out);
/* Read an object of strings and append its members to *out as "key=value". 1, 0 or -1 as above. */
int spec_pairs(const json_t *o, const char *path, const char *key, struct strv *out);
/* Read a word that stands in a table: 1 found, 0 the key is not there, -1 with fail(). */
int spec_word(
    const json_t *o, const char *path, const char *key, const struct spec_word *words, long *out);
/* Read a list of such words, and combine their numbers by or. 0, or -1 with fail(). */
int spec_words(const json_t *o, const char *path, const char *key, const struct spec_word *words,
    unsigned long *out);
/* Read a list of id mappings, and append them to *v, which the caller frees. `path` is that of the
 * list itself and ends with `key`. 0, or -1 with fail(). */
int spec_idmaps(
    const json_t *o, const char *path, const char *key, struct idmap_entry **v, size_t *n);
/* Read type, major and minor of a device, or of a rule about devices; what is not given stays as it
 * was. 0, or -1 with fail(). */
int spec_device(const json_t *o, const char *at, char *type, int64_t *major, int64_t *minor);
/* Read the objects `process` and `linux.resources`, and the member `linux` of the document's root,
 * into s. 0, or -1 with fail(). */
int spec_read_process(struct spec *s, const json_t *p);
int spec_read_resources(struct spec *s, const json_t *res);
int spec_read_linux(struct spec *s, const json_t *root);

/* --- for the files that write: each function appends a member to the object that is open at the
 * end of the buffer; lists that are empty are left out --- */
void spec_put_key(struct buf *b, const char *k); /* "k": with a comma where one is needed */
void spec_put_comma(struct buf *b);              /* a comma, but not behind [ or { */
void spec_put_str(struct buf *b, const char *k, const char *v); /* NULL: nothing */
void spec_put_num(struct buf *b, const char *k, int64_t v);
void spec_put_flag(struct buf *b, const char *k, bool v); /* false: nothing */
void spec_put_list(struct buf *b, const char *k, const struct strv *l);
void spec_put_pairs(
    struct buf *b, const char *k, const struct strv *l); /* "key=value" as an object */
void spec_put_open(struct buf *b, const char *k); /* an object, which the caller closes by "}" */
void spec_put_idmaps(struct buf *b, const char *k, const struct idmap_entry *v, size_t n);
/* The words whose bits are set in `bits`, as a list. */
void spec_put_words(
    struct buf *b, const char *k, const struct spec_word *words, unsigned long bits);
/* The whole members `process` and `linux`. */
void spec_put_process(struct buf *b, const struct spec *s);
void spec_put_linux(struct buf *b, const struct spec *s);

#endif
