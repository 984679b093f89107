/* ids.h: the index of containers by id: $CTR_LIB/ids/ID, a file that is there as long as the
 * container is, by whatever name. It is made before the container's folder gets its name and
 * removed after the folder has gone, so that a missing one proves absence, whatever is renamed
 * meanwhile; a listing of names proves nothing.
 *
 * Whoever holds a container's life (record.h) holds a flock on its file here, too. The text is the
 * container's name, as a hint: during a rename it may be the other one.
 */
#ifndef CTR_IDS_H
#define CTR_IDS_H

#include "str.h"

/* Lock the file of `id` exclusively, made where it is missing, and write `name` into it. Its
 * descriptor, the caller's; -1 with fail(). */
int ids_hold(const char *id, const char *name);
/* Another name, in place: a full disk cannot prevent it. 0 or -1 with fail(). */
int ids_rename(const char *id, const char *name);
/* Remove it: the container has gone. Missing is success. */
int ids_drop(const char *id);
/* The name it hints at, the caller's; NULL with errno ENOENT when there is no such id, else with
 * fail(). */
char *ids_name(const char *id);
/* Is there such an id? 1, 0, -1 with fail(). */
int ids_there(const char *id);
/* fn for every id and the name it hints at. 0, what fn returned when that was not 0, or -1 with
 * fail(). */
int ids_each(int (*fn)(const char *id, const char *name, void *arg), void *arg);
/* Every id there is that begins with `prefix`. 0 or -1 with fail(). */
int ids_list(const char *prefix, struct strv *out);
/* Is the file's lock held? 1, 0, -1 with fail() (errno ENOENT: no such id). */
int ids_held(const char *id);
/* Make the files that are missing; where the whole folder is missing, that is done at first use. 0
 * or -1 with fail().
 */
int ids_repair(void);

#endif
