/* selfexe.c: the process that enters a container runs from a binary that cannot be written; see
 * selfexe.h.
 *
 * A detached read-only clone of the mount that the binary is on needs no copy, and its pages are
 * those of the file. Being read-only is a property of the mount that the running program was
 * started from, so there is no race with whatever lies at our path, and no loop: after the second
 * exec the kernel itself makes the check true.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "rlimits.h"
#include "selfexe.h"
#include "str.h"
#include "sys.h"

#define SELF "/proc/self/exe"
#ifdef CTR_SAN /* the sanitizers' runtime needs its own /proc/self/exe */
#define NEVER true
#else
#define NEVER false
#endif
#define ST_RDONLY_F 0x1 /* f_flags of statfs(2) */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

/* 1: yes, 0: no, -1 with fail(). */
static int protected_already(void)
{
	struct statfs fs;
	if (statfs(SELF, &fs) == 0 && ((fs.f_flags & ST_RDONLY_F) || fs.f_type != TMPFS_MAGIC))
		return fs.f_flags & ST_RDONLY_F; /* a memfd is on a tmpfs */
	_cleanup_close_ int fd = openat(AT_FDCWD, SELF, O_RDONLY | O_CLOEXEC);
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	if (fd < 0) /* without this check we would start ourselves again and again */
		return fail("%s: %m (is /proc mounted?)", SELF);
	return seals >= 0 && (seals & SEALS) == SEALS;
}

static void from_mount(char **argv)
{
	struct mount_attr_s ro = {.attr_set = MOUNT_ATTR_RDONLY};
	_cleanup_close_ int fd = sys_mount_copy(AT_FDCWD, SELF, 0, &ro);
	if (fd < 0)
		return;
	rlimits_back();
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	rlimits_widen(false);
}

static void from_memory(char **argv)
{
	_cleanup_close_ int self = openat(AT_FDCWD, SELF, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int fd =
	    memfd_create("ctrbox", MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10u /* MFD_EXEC, 6.3 */);
	if (fd < 0)
		fd = memfd_create("ctrbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || self < 0 || fstat(self, &st) < 0)
		return;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(fd, self, NULL, (size_t)left);
		if (n <= 0)
			return;
		left -= n;
	}
	if (fchmod(fd, 0555) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return;
	rlimits_back();
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	fexecve(fd, argv, environ);
	rlimits_widen(false);
}

int self_protect(char **argv, bool repaired)
{
	int done = NEVER || geteuid() != 0 ? 1 : protected_already();
	if (done)
		return done < 0 ? -1 : 0;
	from_mount(argv);
	if (repaired) /* a limit of the size of files holds for memory, too */
		from_memory(argv);
	return fail("cannot protect %s from the container: %m (neither a read-only mount nor a "
		    "sealed memfd can be had)",
	    SELF);
}
