/* quota.c: a limit for the writable layer by a project quota; see quota.h. quotactl(2),
 * ioctl_xfs_fsgetxattr(2). */
#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "quota.h"
#include "str.h"
#include "sysno.h"

#define PROJECT 2 /* PRJQUOTA of linux/quota.h, which defines what sys/quota.h does */

/* Before Linux 5.14 the file system is named by its device. A node of our own for that is sure to
 * be there; the mount table's name of it is not (/dev/root). -1 with errno. */
static int quota_call(int dir, int cmd, uint32_t id, void *arg)
{
	static const char node[] = ".device";
	struct stat st;
	long r = sys_new(SYS_quotactl_fd, "quotactl_fd", dir, QCMD(cmd, PROJECT), id, arg, 0, 0);
	if (r == 0 || errno != ENOSYS || fstat(dir, &st) < 0)
		return (int)r;
	unlinkat(dir, node, 0); /* left by a process that was killed */
	if (mknodat(dir, node, S_IFBLK | 0600, st.st_dev) < 0)
		return -1;
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d/%s", dir, node);
	r = quotactl(QCMD(cmd, PROJECT), path, (int)id, arg);
	int why = errno;
	unlinkat(dir, node, 0);
	errno = why;
	return (int)r;
}

static bool quota_limit(int dir, uint32_t id, uint64_t bytes)
{
	struct dqblk q = {.dqb_bhardlimit = (bytes + 1023) / 1024, .dqb_valid = QIF_BLIMITS};
	return quota_call(dir, Q_SETQUOTA, id, &q) == 0;
}

/* The project of this folder; it becomes `id` unless that is 0. 0 with errno. */
static uint32_t quota_project(int dir, const char *name, uint32_t id)
{
	struct fsxattr x;
	_cleanup_close_ int fd = dir_open_at(dir, name);
	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return 0;
	if (!id)
		return x.fsx_projid;
	x.fsx_projid = id;
	x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return ioctl(fd, FS_IOC_FSSETXATTR, &x) < 0 ? 0 : id;
}

bool quota_set(int dir, uint32_t hint, uint64_t bytes)
{
	struct fs_quota_stat on;
	struct dqblk q;
	uint32_t id = hint >> 2 | 1u << 30; /* projects that people number have small numbers */
	if (quota_call(dir, Q_XGETQSTAT, 0, &on) < 0)
		return false;
	errno = ENOSYS;
	if (!(on.qs_flags & FS_QUOTA_PDQ_ENFD)) /* it may count and not enforce */
		return false;
	int r;
	while (
	    (r = quota_call(dir, Q_GETQUOTA, id, &q)) == 0 && (q.dqb_curinodes || q.dqb_bhardlimit))
		id++;
	if (r < 0 && errno != ENOENT) /* xfs has none yet of this number */
		return false;
	return quota_project(dir, "upper", id) && quota_project(dir, "work", id) &&
	       quota_limit(dir, id, bytes);
}

/* The container's root can move "/", which is `upper`, to another project (chattr -p), but not
 * `work`. */
void quota_drop(int dir)
{
	uint32_t id = quota_project(dir, "work", 0);
	if (id)
		quota_limit(dir, id, 0);
}
