/* json.h: glue on jansson. Errors are one line: "WHAT:LINE:COL: PATH: what is wrong", through
 * fail().
 */
#ifndef CTR_JSON_H
#define CTR_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "str.h"

void json_unref(json_t **j);
#define _cleanup_json_ __attribute__((cleanup(json_unref)))

/* Parse text (rejects duplicate keys, bad UTF-8, trailing text, nesting over 200). NULL with
 * fail(). */
json_t *json_parse(const char *what, const char *text, size_t len);
/* j as compact text on one line, or indented. Caller frees. */
char *json_text(const json_t *j);
char *json_pretty(const json_t *j);
/* Print the members of a list, an object a line: the --json of every list. */
void json_lines(const json_t *list);

/* A document from a pattern, as jansson's json_pack() but smaller: {} [] and, apart by commas, s a
 * string (NULL: ""), s* one that may be NULL (the member is then left out), s# a string and its int
 * length, i an int, I a json_int_t, b an int as true or false, n null, e "", o a value that is
 * taken over, O one that is not. In an object a key stands before each, as in {Name:s}; the key s
 * is one that is given. Strings that are not UTF-8 are escaped (str_escape). Dies when memory is
 * out. */
json_t *json_make(const char *fmt, ...);

/* Typed getters for a document that was parsed as a whole: `c` carries where we are for messages. A
 * missing or null member is not an error: the out value is left alone and 0 is returned; 1 when
 * set; -1 with fail() on a wrong type or range. */
struct jctx {
	const char *what; /* file name for messages */
	const char *text; /* the text, to find line and column of a path; may be NULL */
	size_t len;
	const char
	    *inside; /* the path that the document itself has in messages ("process"); NULL: none */
	const char *under; /* where in the text stands what is read ("linux.seccomp"); NULL: it all
			      is */
};
/* Members are also found when their names differ in case: containerd gives port mappings as
 * "HostPort" (go-cni), and runc's own tests have "pagesize", because whoever reads with Go's
 * decoder does not mind. */
extern bool json_any_case;
/* The member of that name, as the getters find it; NULL: missing or null. Borrowed. */
const json_t *json_member(const json_t *o, const char *key);
/* Report what is wrong with PATH.KEY (KEY may be ""), with the position where it is, or of what
 * would contain it if it is missing. Always -1, with fail() and EINVAL. */
int jwrong(const struct jctx *c, const char *path, const char *key, const char *why, ...)
    __attribute__((format(printf, 4, 5)));
int jget_str(const struct jctx *c, const json_t *o, const char *path, const char *key,
    char **out); /* owned copy; NUL inside refused */
int jget_int(const struct jctx *c, const json_t *o, const char *path, const char *key, int64_t min,
    int64_t max, int64_t *out);
int jget_bool(const struct jctx *c, const json_t *o, const char *path, const char *key, bool *out);
int jget_strv(
    const struct jctx *c, const json_t *o, const char *path, const char *key, struct strv *out);
int jget_obj(const struct jctx *c, const json_t *o, const char *path, const char *key,
    json_t **out); /* borrowed */
int jget_arr(const struct jctx *c, const json_t *o, const char *path, const char *key,
    json_t **out); /* borrowed */

#endif
