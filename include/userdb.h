/* userdb.h: users and groups from the passwd(5) and group(5) of a root file system, which may be
 * hostile. */
#ifndef CTR_USERDB_H
#define CTR_USERDB_H

#include <sys/types.h>
#include "str.h"

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary */
	size_t n_groups;
	char *home; /* NULL: it is not known */
};

/* Look up "USER[:GROUP]", names or numbers, and further groups, in etc/passwd and etc/group beneath
 * rootfd. A number need not be in the files. -1 with fail(). The caller frees groups and home. */
int userdb_lookup(int rootfd, const char *who, const struct strv *more_groups, struct user *out);
/* The same from texts (NULL: there is no such file); for tests and fuzzing. */
int userdb_parse(const char *passwd, const char *group, const char *who,
    const struct strv *more_groups, struct user *out);

/* userdb_name() gives the name of a user in this machine's own /etc/passwd, NULL when he has none
 * there; caller frees. userdb_find() is its inverse: -1 with errno. */
char *userdb_name(uid_t uid);
int userdb_find(const char *name, uid_t *uid, gid_t *gid);

#endif
