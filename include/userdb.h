/* userdb.h: users and groups from a root file system's own passwd(5) and group(5), which may be
 * hostile.
 */
#ifndef CTR_USERDB_H
#define CTR_USERDB_H

#include <sys/types.h>
#include "str.h"

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary */
	size_t n_groups;
	char *home; /* NULL: not known */
};

/* "USER[:GROUP]", names or numbers, and further groups, looked up in etc/passwd and etc/group
 * beneath rootfd. A number need not be in the files. -1 with fail(). The caller frees groups and
 * home. */
int userdb_lookup(int rootfd, const char *who, const struct strv *more_groups, struct user *out);
/* The same on texts (NULL: no such file); for tests and fuzzing. */
int userdb_parse(const char *passwd, const char *group, const char *who,
    const struct strv *more_groups, struct user *out);

/* The name of a user of this machine's own /etc/passwd; NULL when it has none. Caller frees. And
 * back: -1 with errno.
 */
char *userdb_name(uid_t uid);
int userdb_find(const char *name, uid_t *uid, gid_t *gid);

#endif
