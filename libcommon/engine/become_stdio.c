/* become_stdio.c: to whom the command's standard streams belong; see become.h. */
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "become.h"
#include "idmap.h"

static bool is_pipe(int fd)
{
	struct statfs fs;
	return fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

void become_give_stdio(const struct become *b, uid_t uid, gid_t gid)
{
	struct stat st;
	for (int i = 0; i < 3; i++) {
		bool pipe = is_pipe(i); /* a terminal keeps its group, tty */
		if ((!pipe && !b->spec->terminal) || fstat(i, &st) < 0 || st.st_uid == uid)
			continue;
		if (fchown(i, uid, pipe ? gid : (gid_t)-1) < 0)
			continue; /* it belongs to another user namespace, so nothing can be done */
	}
}

static struct stat lent[3];

static void stdio_take_back(void)
{
	struct stat st;
	for (int i = 0; i < 3; i++)
		if (lent[i].st_ino && fstat(i, &st) == 0 && st.st_ino == lent[i].st_ino &&
		    (st.st_uid != lent[i].st_uid || st.st_gid != lent[i].st_gid) &&
		    fchown(i, lent[i].st_uid, lent[i].st_gid) < 0)
			continue; /* nobody else could do it either */
}

void become_lend_stdio(void)
{
	bool root = geteuid() == 0;
	for (int i = 0; i < 3; i++)
		if (!root || !is_pipe(i) || fstat(i, &lent[i]) < 0)
			lent[i].st_ino = 0;
	atexit(stdio_take_back);
}

void become_hand_stdio(const struct spec *s, const int fd[3])
{
	uid_t uid;
	gid_t gid;
	if (s->terminal || geteuid() != 0 || !idmap_outside(s->uid_map.v, s->uid_map.n, 0, &uid) ||
	    !idmap_outside(s->gid_map.v, s->gid_map.n, 0, &gid))
		return;
	for (int i = 0; i < 3; i++)
		if (is_pipe(fd[i]) && fchown(fd[i], uid, gid) < 0)
			continue; /* then /dev/stdout cannot be opened again */
}
