/* oci_record.c: ctr-oci's records; see oci_record.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "clock.h"
#include "engine.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "oci_record.h"
#include "pidfd.h"
#include "place.h"
#include "str.h"
#include "sys.h"
#include "tree.h"

const char *oci_status_name(enum oci_status s)
{
	static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};
	return names[s];
}

char *oci_root(const char *root)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	if (root)
		return xstrdup(root);
	if (geteuid() != 0 && run && *run == '/')
		return path_join(run, "ctr-oci");
	return xstrdup("/run/ctr-oci");
}

int oci_id_check(const char *id)
{
	size_t n = strlen(id);
	errno = EINVAL;
	for (const char *p = id; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && !strchr("_+-.", *p))
			return fail(
			    "'%s': invalid container ID: invalid character `%c` in the ID", id, *p);
	if (n > 0 && n < 256 && strspn(id, ".") < n)
		return 0;
	return fail("'%s': invalid container ID: 1 to 255 of letters, digits and _ + - .", id);
}

/* Whoever owns a record decides whom we kill, and its hooks are what we run. */
static int open_ours(int dirfd, const char *path)
{
	struct stat st;
	int fd = dir_open_at(dirfd, path);
	if (fd < 0 || (fstat(fd, &st) == 0 && !place_others(st.st_uid)))
		return fd;
	close(fd);
	errno = EPERM;
	return fail(PLACE_ANOTHERS, path);
}

static int record_root(const char *root, bool make)
{
	if (!boot_id())
		return -1;
	int fd = open_ours(AT_FDCWD, root);
	if (fd < 0 && errno == ENOENT && make && dir_make(root, 0711) == 0)
		fd = open_ours(AT_FDCWD, root);
	return fd;
}

int oci_record_make(struct oci_record *r, const char *root, const char *id)
{
	*r = (struct oci_record){.dir = -1};
	if (oci_id_check(id) < 0)
		return -1;
	_cleanup_close_ int top = record_root(root, true);
	if (top < 0)
		return -1;
	if (mkdirat(top, id, 0700) < 0) {
		if (errno == EEXIST)
			return fail("container with id exists: %s", id);
		return fail("%s/%s: mkdir: %m", root, id);
	}
	r->dir = open_ours(top, id);
	/* Meanwhile a `delete --force` may have removed it again. */
	if (r->dir < 0 || lock_take(r->dir, LOCK_EX) < 0 || !file_same(r->dir, "", top, id)) {
		errno = ENOENT;
		return fail("%s: deleted while it was made", id);
	}
	r->root = xstrdup(root);
	r->id = xstrdup(id);
	r->locked = true;
	return 0;
}

/* A process that has ended and was not reaped still has a pid. */
static bool record_alive(pid_t pid, uint64_t starttime)
{
	char path[40];
	uint64_t now;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	_cleanup_free_ char *s = file_read(path, 4096, NULL);
	const char *p = s ? strrchr(s, ')') : NULL;
	return p && starttime_parse(s, &now) == 0 && now == starttime && p[1] == ' ' &&
	       !strchr("ZX", p[2]);
}

static bool record_of_boot(const struct oci_record *r)
{
	const char *boot = boot_id();
	return boot && str_eq(kv_get(&r->state, "boot"), boot);
}

void oci_record_look(struct oci_record *r)
{
	const char *group = oci_record_group(r);
	pid_t pid = (pid_t)kv_num(&r->state, "pid", 0);
	r->starttime = (uint64_t)kv_num(&r->state, "starttime", 0);
	r->pid = 0;
	r->status = OCI_STOPPED;
	if (pid <= 0) {
		/* Somebody is working on it, or was killed while doing so: whoever gets the lock
		 * knows that it was the latter. */
		if (!r->locked && lock_try(r->dir, LOCK_SH) == 0)
			r->status = OCI_CREATING;
		return;
	}
	if (!record_of_boot(r) || !record_alive(pid, r->starttime))
		return;
	r->pid = pid;
	r->status = OCI_RUNNING;
	if (group && cgroup_frozen(group, false))
		r->status = OCI_PAUSED;
	else if (engine_gate_waiting(r->dir)) /* also where something else lies in its place */
		r->status = kv_num(&r->state, "created_done", 0) ? OCI_CREATED : OCI_CREATING;
}

void oci_record_keep(struct oci_record *r)
{
	uint64_t start = 0;
	pid_starttime(getpid(), &start);
	kv_setf(&r->state, "keeper", "%d", (int)getpid());
	kv_setf(&r->state, "keeper_starttime", "%llu", (unsigned long long)start);
}

/* Others hold the lock for moments, unless a hook keeps them. */
static int record_seize(struct oci_record *r)
{
	for (int i = 0; i < 300; i++) {
		if (lock_try(r->dir, LOCK_EX) == 1)
			return 0;
		nap_ms(10);
	}
	if (kv_read_at(&r->state, r->dir, "state") == 0 && record_of_boot(r)) {
		pidfd_signal_kept(&r->state, "pid", "starttime", SIGKILL);
		pidfd_signal_kept(&r->state, "keeper", "keeper_starttime", SIGKILL);
	}
	kv_free(&r->state);
	return lock_wait(r->dir, LOCK_EX);
}

int oci_record_open(struct oci_record *r, const char *root, const char *id, enum oci_hold hold)
{
	*r = (struct oci_record){.dir = -1};
	if (oci_id_check(id) < 0)
		return -1;
	_cleanup_close_ int top = record_root(root, false);
	r->dir = top < 0 ? -1 : open_ours(top, id);
	if (r->dir < 0 || (hold == OCI_LOCK && lock_wait(r->dir, LOCK_EX) < 0) ||
	    (hold == OCI_SEIZE && record_seize(r) < 0) || !file_same(r->dir, "", top, id)) {
		if (r->dir < 0 && errno != ENOENT)
			return -1;
		if (errno == ETIMEDOUT || errno == EINTR) {
			fail_about(id);
		} else {
			errno = ENOENT;
			fail("container does not exist: %s", id);
		}
		oci_record_close(r); /* and leaves errno */
		return -1;
	}
	r->root = xstrdup(root);
	r->id = xstrdup(id);
	r->locked = hold != OCI_LOOK;
	/* It is written before config.json, so without it there is either none, or somebody is
	 * removing the record. */
	if (kv_read_at(&r->state, r->dir, "state") < 0 &&
	    (errno != ENOENT || ((r->locked || lock_try(r->dir, LOCK_SH) == 1) &&
				    faccessat(r->dir, "config.json", F_OK, 0) == 0 &&
				    kv_read_at(&r->state, r->dir, "state") < 0)))
		return fail("%s: %s (delete --force)", id, fail_msg());
	oci_record_look(r);
	return 0;
}

void oci_record_close(struct oci_record *r)
{
	int saved = errno;
	if (r->dir >= 0)
		close(r->dir);
	free(r->root);
	free(r->id);
	kv_free(&r->state);
	*r = (struct oci_record){.dir = -1};
	errno = saved;
}

int oci_record_write(const struct oci_record *r)
{
	return kv_write_at(&r->state, r->dir, "state", false);
}

/* The root of a container without a mount namespace of its own. Only when its folder is gone can
 * nothing be mounted there that would be removed with the record. */
static int record_unmount(const struct oci_record *r)
{
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d/root", r->dir);
	for (int i = 0; unlinkat(r->dir, "root", AT_REMOVEDIR) < 0 && errno != ENOENT; i++)
		if (i == 10 || umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return fail("%s/%s/root: unmount: %m", r->root, r->id);
	return 0;
}

int oci_record_remove(struct oci_record *r)
{
	_cleanup_close_ int top = record_root(r->root, false);
	if (top < 0)
		return errno == ENOENT ? 0 : -1;
	engine_remove_gate(r->dir);
	return record_unmount(r) < 0 ? -1 : tree_remove_at(top, r->id);
}

int oci_record_spec(const struct oci_record *r, struct spec *s)
{
	size_t len;
	_cleanup_free_ char *text = file_read_at(r->dir, "config.json", FILE_ANY, &len);
	_cleanup_free_ char *what = xasprintf("%s/%s/config.json", r->root, r->id);
	return text ? spec_parse(s, what, text, len) : -1;
}

int oci_record_pidfd(const struct oci_record *r)
{
	errno = ESRCH;
	if (r->pid <= 0)
		return fail("container not running: %s", r->id);
	int fd = pidfd_open_checked(r->pid, r->starttime);
	return fd < 0 ? fail("%s: process %d: %m", r->id, (int)r->pid) : fd;
}

const char *oci_record_group(const struct oci_record *r)
{
	const char *g = kv_get(&r->state, "cgroup");
	return g && *g ? g : NULL;
}

static int record_name(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	if (name[0] != '.' || oci_id_check(name) == 0)
		strv_add(arg, name);
	return 0;
}

int oci_record_names(const char *root, struct strv *out)
{
	_cleanup_close_ int top = record_root(root, false);
	if (top < 0)
		return errno == ENOENT ? 0 : -1;
	if (dir_each(top, record_name, out) < 0)
		return -1;
	strv_sort(out);
	return 0;
}

char *oci_record_json(const struct oci_record *r)
{
	const char *version = kv_get(&r->state, "version"),
		   *notes = kv_get(&r->state, "annotations"), *owner = kv_get(&r->state, "owner");
	_cleanup_json_ json_t *extra =
	    notes && *notes ? json_parse("annotations", notes, strlen(notes)) : json_make("{}");
	_cleanup_json_ json_t *j = json_make(
	    "{ociVersion:s,id:s,pid:i,status:s,bundle:s*,rootfs:s*,created:s*,"
	    "annotations:O,owner:s}",
	    version ? version : SPEC_VERSION_MAX, r->id, (int)r->pid, oci_status_name(r->status),
	    kv_get(&r->state, "bundle"), kv_get(&r->state, "rootfs"), kv_get(&r->state, "created"),
	    extra, owner ? owner : "");
	return json_pretty(j);
}
