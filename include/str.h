/* str.h: memory, strings, string vectors, numbers. */
#ifndef CTR_STR_H
#define CTR_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

/* Allocation that ends the process when there is no memory (err_no_memory()). The caller frees. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *fail_copy(void); /* of fail_msg() */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap);
char *path_join(const char *dir, const char *name); /* xasprintf("%s/%s", dir, name) */

/* A variable that is freed (closed) at the end of its scope: `_cleanup_free_ char *s =
 * xasprintf(...)`. Freeing is inline, so that the variable may stay in a register. */
static inline __attribute__((always_inline)) void cleanup_free(void *pp)
{
	free(*(void **)pp);
}
void cleanup_close(int *fd);
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
#define _cleanup_strv_ __attribute__((cleanup(strv_free)))
/* A static buffer of many pages, most of which are never used: by its alignment the linker puts it
 * apart from what is small, which then lies on few pages. */
#ifdef CTR_MINIMAL
#define LARGE /* the alignment costs the file 200 bytes */
#else
#define LARGE __attribute__((aligned(4096)))
#endif

/* A function that no start of a container calls. The compiler puts it, and all that only such ones
 * call, apart from what does run; the kernel, which maps a program's file by 64 KB around each
 * fault, then leaves it out. */
#define COLD __attribute__((cold))

/* A growing vector of strings that it owns, with a NULL behind the last; begin with zeros. `v` is
 * NULL while n is 0 and nothing was ever added (use strv_argv() where a vector is needed). */
struct strv {
	char **v;
	size_t n, room;
};
void strv_add(struct strv *l, const char *s); /* copies s */
void strv_take(struct strv *l, char *s);      /* owns s */
void strv_addf(struct strv *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_addall(struct strv *l, const struct strv *from);
void strv_free(struct strv *l);
char **strv_argv(struct strv *l); /* never NULL */
bool strv_has(const struct strv *l, const char *s);
/* The same of a list that strv_sort() has sorted. */
bool strv_among(const struct strv *l, const char *s);
/* In a list of KEY=VALUE: the value of KEY or NULL. strv_setenv() replaces or appends an entry. */
const char *strv_getenv(const struct strv *l, const char *key);
void strv_setenv(struct strv *l, const char *key, const char *value);
void strv_unsetenv(struct strv *l, const char *key);
void strv_sort(struct strv *l); /* by strcmp() */
/* Split s at each character of `seps` and append the fields to l; empty fields are dropped. */
void strv_split(struct strv *l, const char *s, const char *seps);

/* A growing byte buffer with a NUL behind its bytes once something was added; begin with zeros.
 * buf_free() releases it. */
struct buf {
	char *p;
	size_t n, room;
};
void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_json(struct buf *b, const char *s); /* as a JSON string (RFC 8259, section 7) */
void buf_free(struct buf *b);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_eq(const char *a, const char *b); /* NULL-safe */
/* Have two NAME[=VALUE] the same NAME? */
bool str_same_name(const char *a, const char *b);

/* How many bytes at its beginning are ASCII letters, digits or among `more`. */
size_t str_alnum(const char *s, const char *more);
/* Is this word in a list whose words are apart by blanks, commas or line ends? */
bool str_has_word(const char *list, const char *word);
/* Is the label KEY or KEY=VALUE among these lines? (NULL: there are none.) */
bool str_label(const char *lines, const char *want);

/* Read a number: the whole string without blanks, with no sign but '-', in this range. 0, or -1
 * with fail() that names `what`. */
int num_parse(const char *what, const char *s, int64_t min, int64_t max, int64_t *out);
/* Read a size in bytes: digits, then optionally one of k m g t (in either case, powers of 1024),
 * then optionally b. */
int size_parse(const char *what, const char *s, uint64_t *out);
/* Is this a name for a container, a network or a volume, [A-Za-z0-9][A-Za-z0-9_.-]{0,127}? 0, or -1
 * with fail(). */
int name_check(const char *what, const char *s);
bool name_valid(const char *s);
/* A container's name without the slash that docker's inspect shows before it. */
#define name_bare(s) ((s) + (*(s) == '/'))
/* Is this value of --net the name of a network, or pasta, and not none (NULL, ""), host,
 * container:NAME or ns:FILE? */
bool net_named(const char *net);

/* s with control characters, DEL and invalid UTF-8 written as \xNN, so that it does no harm to a
 * terminal. Caller frees; the other appends it to b. */
char *str_escape(const char *s);
void buf_escape(struct buf *b, const char *s);
/* Is the next character one of U+0080 to U+009F, which control terminals as ESC does? It has two
 * bytes. */
static inline bool str_c1(const char *s)
{
	return (s[0] & 0xff) == 0xc2 && (s[1] & 0xe0) == 0x80;
}
/* The length of the well-formed UTF-8 sequence at s (at most n bytes), 0 when there is none (RFC
 * 3629, section 4). */
size_t str_utf8_len(const char *s, size_t n);
/* The path without needless parts: "/a//./b/" becomes "a/b", and nothing but those becomes "". NULL
 * with EINVAL when ".." is in it. Caller frees. */
char *str_plain_path(const char *path);
/* An absolute path other than "/", however that is written with slashes; a NULL is none. */
bool str_below_root(const char *path);

/* n random bytes as lower-case hex into out[2n+1], for names that should not be equal by chance.
 * They are no secret: where getrandom(2) is refused they come from the clock. */
void rand_hex(char *out, size_t n);

#endif
