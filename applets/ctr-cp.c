/* ctr-cp.c: copy between a container and the host, or a pipe (OWNER: what arrives at the
 * destination stays there, as with cp(1)).
 *
 * Both ends are archives: one process packs, and the other unpacks, name by name below a
 * descriptor; a path in a container is resolved below its root by the kernel. So a container that
 * exchanges links meanwhile achieves nothing (CVE-2018-15664).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets.h"
#include "container_files.h"
#include "apart.h"
#include "err.h"
#include "file.h"
#include "layer.h"
#include "opt.h"
#include "pidfd.h"
#include "sys.h"
#include "undo.h"

static bool archive, follow, quiet;

static const struct opt opts[] = {
    {'a', "archive", NULL, "keep owners (else: the copying user's, in a container its root's)",
	OPT_FLAG, &archive},
    {'L', "follow-link", NULL, "copy what a link SRC points to", OPT_FLAG, &follow},
    /* accepted without effect: there is no output anyway */
    {'q', "quiet", NULL, NULL, OPT_FLAG, &quiet},
    OPT_END,
};
static const struct usage usage = {.synopsis = "CONTAINER:SRC DEST|-\nSRC|- CONTAINER:DEST",
    .more = "With - the other side is a tar archive on stdout or stdin. SRC/. is the content of a "
	    "directory.\n",
    .opts = opts,
    .anywhere = true};

struct end {
	const char *what; /* as given */
	char *container;  /* NULL: the host */
	const char *path;
	int root; /* AT_FDCWD for the host */
	uid_t uid;
	gid_t gid;
	struct ctree t;
	struct pack_of ids; /* the ids of the owners there and here; empty: the same ids */
};

/* NAME:PATH; a path with a slash before the colon is the host's. */
static void end_parse(struct end *e, const char *arg)
{
	const char *colon = strchr(arg, ':');
	*e = (struct end){
	    .what = arg, .path = arg, .root = AT_FDCWD, .uid = geteuid(), .gid = getegid()};
	if (!colon || colon == arg || memchr(arg, '/', (size_t)(colon - arg)) || *arg == '.')
		return;
	e->container = xstrndup(arg, (size_t)(colon - arg));
	e->path = colon + 1;
	if (!*e->path)
		die_usage("%s: no path behind the colon", arg);
}

static void end_open(struct end *e)
{
	if (!e->container)
		return;
	if (container_files_open(&e->t, e->container) < 0 ||
	    (e->root = container_files_root(&e->t, &e->uid, &e->gid)) < 0)
		die_fail();
	const struct spec *s = &e->t.spec;
	if (e->t.shifted)
		e->ids =
		    (struct pack_of){s->uid_map.v, s->gid_map.v, s->uid_map.n, s->gid_map.n, NULL};
}

static int end_at(const struct end *e, const char *path, int flags)
{
	if (!e->container)
		return open(path, flags | O_CLOEXEC);
	return path_open_in_root(e->root, path, flags | O_CLOEXEC, 0);
}

/* The directory of a path, opened, and its last component; for "." and "/" and "x/." the directory
 * itself and ".". */
static int end_split(const struct end *e, const char *path, char **base)
{
	_cleanup_free_ char *dir = xstrdup(path);
	size_t n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = 0;
	char *slash = strrchr(dir, '/');
	*base = xstrdup(slash ? slash + 1 : dir);
	if (!**base || strcmp(*base, ".") == 0 || strcmp(*base, "..") == 0) {
		free(*base);
		*base = xstrdup(".");
		return end_at(e, path, O_RDONLY | O_DIRECTORY);
	}
	if (slash)
		slash[slash == dir] = 0;
	const char *top = e->container ? "/" : ".";
	return end_at(e, slash ? dir : top, O_RDONLY | O_DIRECTORY);
}

/* Where the link leads that is the end of `path`, as its own side sees it; NULL: it is no link. */
static char *link_leads(const char *path, int dir, const char *base)
{
	char target[4096];
	ssize_t n = readlinkat(dir, base, target, sizeof target - 1);
	char *up = strrchr(path, '/');
	if (n < 0)
		return NULL;
	target[n] = 0;
	return *target == '/' || !up ? xstrdup(target)
				     : xasprintf("%.*s/%s", (int)(up - path), path, target);
}

/* --- the source: an archive on a pipe --- */

static int source_dir(const struct end *src, char **base)
{
	int dir = end_split(src, src->path, base);
	struct stat st;
	int as = str_ends(src->path, "/") ? O_PATH | O_DIRECTORY : O_PATH | O_NOFOLLOW;
	_cleanup_close_ int there = end_at(src, src->path, as);
	if (there < 0 || dir < 0 || fstatat(dir, *base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		die_errno(src->what);
	if (!S_ISLNK(st.st_mode) || !follow)
		return dir;
	_cleanup_close_ int fd = end_at(src, src->path, O_PATH);
	char link[40];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (fd < 0 || fstat(fd, &st) < 0)
		die_errno(src->what);
	if (S_ISDIR(st.st_mode)) { /* of a directory: the contents, under the name of the link */
		close(dir);
		free(*base);
		*base = xstrdup(".");
		return dir_open(link);
	}
	struct end to = *src;
	to.path = link_leads(src->path, dir, *base);
	if (!to.path)
		die_errno(src->what);
	close(dir);
	free(*base);
	return source_dir(&to, base);
}

static _Noreturn void pack_child(
    int dir, const char *base, const char *as, int to, const struct end *src)
{
	struct sink out = {.fd = to};
	undo_forget();
	signal(SIGPIPE, SIG_DFL);
	if (layer_pack_path(dir, base, as, &src->ids, &out) == 0)
		_exit(0);
	warn_about(src->what);
	_exit(1);
}

/* --- the destination --- */

static const char *last_part(const char *path, char **keep)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	*keep = xstrndup(path, n);
	char *slash = strrchr(*keep, '/');
	return slash && slash[1] ? slash + 1 : *keep;
}

struct place {
	int dir;  /* where to unpack */
	char *as; /* the name of the top entry in the archive */
};

/* As cp(1) does it: into DEST when that is a directory, otherwise under the name DEST. A link that
 * leads to a file in the container stays, as docker does it: that file may be a volume. On the host
 * the link itself makes room, whoever made it. */
static void place(const struct end *src, const struct end *dst, bool src_is_dir,
    const char *src_base, struct place *p)
{
	struct stat st;
	_cleanup_close_ int fd = end_at(dst, dst->path, O_PATH);
	bool there = fd >= 0 && fstat(fd, &st) == 0;
	if (there && S_ISDIR(st.st_mode)) {
		p->dir = end_at(dst, dst->path, O_RDONLY | O_DIRECTORY);
		p->as = xstrdup(
		    strcmp(src_base, ".") == 0 || strcmp(src_base, "/") == 0 ? "." : src_base);
	} else {
		if (there && src_is_dir)
			die("%s: a directory cannot replace the file %s", src->what, dst->what);
		if (!there && str_ends(dst->path, "/") && !src_is_dir)
			die("%s: no such directory", dst->what);
		const char *path = dst->path;
		p->dir = end_split(dst, path, &p->as);
		for (int n = 0; there && dst->container && p->dir >= 0 && n < 40; n++) {
			const char *to = link_leads(path, p->dir, p->as);
			if (!to)
				break;
			close(p->dir);
			p->dir = end_split(dst, path = to, &p->as);
		}
	}
	if (p->dir < 0)
		die_errno(dst->what);
	/* The target of a link counts, too (/dev/stdout); a container's link would be resolved on
	 * the host. */
	if (fstatat(p->dir, p->as, &st, dst->container ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
	    (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISFIFO(st.st_mode) ||
		S_ISSOCK(st.st_mode)))
		die("%s: a device, fifo or socket is not replaced", dst->what);
}

/* In a file system of a user namespace the host's root is not mapped, and could not create a
 * file there (EOVERFLOW). The capabilities are kept, because a volume's folder may belong to the
 * host. */
static void made_by(uid_t uid, gid_t gid)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		die_errno("keep capabilities");
	setfsgid(gid);
	setfsuid(uid);
}

static int unpack_in(struct stream *s, int root, struct buf *left, void *arg)
{
	(void)left;
	return layer_unpack(s, root, arg);
}

/* An archive from outside (`foreign`) is read by a process that can do nothing else; for what our
 * own child packed another process is not needed. */
static int unpack(
    int from, const char *what, const struct place *p, const struct end *dst, bool foreign)
{
	struct stream in;
	struct stream_sums sums;
	struct buf left = {0};
	struct unpack_how how = {.plain = true,
	    .keep_dirs = true,
	    .harmless = !dst->container && !archive,
	    .common = !archive,
	    .one_owner = !archive && !foreign, /* an archive says who owns its files */
	    .uid = dst->uid,
	    .gid = dst->gid,
	    .ids = &dst->ids};
	struct apart a = {
	    .fd = from, .copy = -1, .root = p->dir, .what = what, .fn = unpack_in, .arg = &how};
	if (dst->ids.n_uids)
		made_by(dst->uid, dst->gid);
	if (foreign)
		return apart_read(&a, &sums, &left);
	if (stream_open(&in, from, what, false, false, -1) < 0)
		return -1;
	int r = layer_unpack(&in, p->dir, &how) < 0 || stream_finish(&in, NULL) < 0 ? -1 : 0;
	stream_close(&in);
	return r;
}

static int copy(struct end *src, struct end *dst)
{
	char *base, *keep;
	struct stat st;
	struct place p;
	int pipefd[2];
	int dir = source_dir(src, &base);
	if (dir < 0 || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		die_errno(src->what);
	size_t n = strlen(src->path);
	bool content =
	    strcmp(src->path, ".") == 0 || (n > 1 && strcmp(src->path + n - 2, "/.") == 0);
	place(src, dst, S_ISDIR(st.st_mode), content ? "." : last_part(src->path, &keep), &p);
	if (pipe2(pipefd, O_CLOEXEC) < 0)
		die_errno("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0) {
		close(pipefd[0]);
		pack_child(dir, base, p.as, pipefd[1], src);
	}
	close(pipefd[1]);
	int r = unpack(pipefd[0], src->what, &p, dst, false);
	close(pipefd[0]);
	int status = pid_reap(pid);
	/* the pipe that we closed has killed it: our own failure is the cause */
	if (r < 0 && WEXITSTATUS(status) == 0)
		warn_fail();
	return r < 0 || status != 0;
}

static int copy_out(struct end *src)
{
	char *base, *keep;
	if (isatty(1))
		die_usage("an archive is not for a terminal: redirect stdout");
	int dir = source_dir(src, &base);
	struct sink out = {.fd = 1};
	const char *as = last_part(src->path, &keep);
	if (dir < 0)
		die_errno(src->what);
	if (layer_pack_path(dir, base, *as == '/' ? "." : as, &src->ids, &out) < 0)
		die("%s: %s", src->what, fail_msg());
	return 0;
}

static int copy_in(struct end *dst)
{
	struct place p = {0};
	if (isatty(0))
		die_usage("the archive comes on stdin, and that is a terminal");
	p.dir = end_at(dst, dst->path, O_RDONLY | O_DIRECTORY);
	if (p.dir < 0)
		die_errno(dst->what);
	if (unpack(0, "stdin", &p, dst, true) < 0)
		die_fail();
	return 0;
}

int ctr_cp_main(int argc, char **argv)
{
	struct end src, dst;
	int i = opt_parse(&usage, argc, argv);
	if (argc - i != 2)
		die_usage("SRC and DEST are needed");
	end_parse(&src, argv[i]);
	end_parse(&dst, argv[i + 1]);
	if (!src.container && !dst.container)
		die_usage("one of SRC and DEST is CONTAINER:PATH");
	if (src.container && dst.container)
		die_usage("not between two: ctr-cp %s - | ctr-cp - %s", argv[i], argv[i + 1]);
	end_open(&src);
	end_open(&dst);
	if (!dst.container) { /* by now we may be in a user namespace */
		dst.uid = geteuid();
		dst.gid = getegid();
	}
	if (strcmp(argv[i + 1], "-") == 0)
		return copy_out(&src);
	if (strcmp(argv[i], "-") == 0)
		return copy_in(&dst);
	return copy(&src, &dst);
}
