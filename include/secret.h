/* secret.h: --secret: a file or a variable that only the container has. What it is lies beside the
 * record (DIR/secrets/N, closed to others); config.json, images and listings never have it: it is
 * added to the spec in memory, at each start.
 */
#ifndef CTR_SECRET_H
#define CTR_SECRET_H

#include "create_flags.h"
#include "record.h"

#ifdef CTR_MINIMAL
#define secret_record(o, conf) ((void)(conf), 0)
#define secret_read(o) 0
#define secret_keep(o, c) 0
#define secret_give(c, s, files) ((void)0)
#else
/* Write where each secret goes into conf's `secrets`: a line each, a path or a variable. 0, or -1
 * with fail_usage(). */
int secret_record(const struct create_flags *o, struct kv *conf);
/* Read the secrets themselves. One may come from a pipe whose writer takes his time, so this is
 * called before signals are held back and before anything is locked. 0, or -1 with fail(). */
int secret_read(struct create_flags *o);
/* Write what was read into the container's folder. 0 or -1 with fail(). */
int secret_keep(const struct create_flags *o, const struct container *c);
/* Add the mounts (if `files`) and variables to the spec of a start or of a further command. */
void secret_give(const struct container *c, struct spec *s, bool files);
#endif

#endif
