/* handed.c: the caller's folder for a child that may not enter it; see handed.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "handed.h"
#include "str.h"
#include "sys.h"

struct handed {
	const char *home, *dir;
	struct strv closed; /* folders that only their owner passes: each is covered */
	struct strv paths;
	int *fds;
};

static bool handed_in(const char *path, const char *top)
{
	size_t n = strlen(top);
	return str_starts(path, top) && (path[n] == '/' || !path[n]);
}

/* Make the folders on the way to the mounts passable, and with `itself` the last one, too. */
static void handed_passable(const char *home, const char *path, bool itself)
{
	_cleanup_free_ char *p = xasprintf("%s%s", path, itself ? "/" : "");
	for (char *s = p + strlen(home); s; s = strchr(s + 1, '/')) {
		*s = 0;
		if (chmod(p, 0711) < 0)
			warn("%s: chmod: %m", p);
		*s = '/';
	}
}

/* The topmost folder on the way to `path` that not everybody may pass; NULL. Caller frees. */
static char *handed_closed(const char *path)
{
	struct stat st;
	char *p = xstrdup(path);
	for (char *s = p; (s = strchr(s + 1, '/')); *s = '/') {
		*s = 0;
		if (stat(p, &st) == 0 && !(st.st_mode & S_IXOTH))
			return p;
	}
	free(p);
	return NULL;
}

/* What lies below one that is handed over already is contained in it. */
static void handed_way(struct handed *h, const char *path, unsigned flags)
{
	_cleanup_free_ char *top = *path == '/' ? handed_closed(path) : NULL;
	if (!top)
		return;
	for (size_t i = 0; i < h->paths.n; i++)
		if (handed_in(path, h->paths.v[i]))
			return;
	int fd = sys_mount_copy(AT_FDCWD, path, flags, NULL);
	if (fd < 0 && errno == ENOSYS && h->home && handed_in(path, h->home)) {
		/* Before Linux 5.2 no mount can be handed over. */
		warn("%s: before Linux 5.2 everybody must be able to enter it: mode 0711", h->home);
		handed_passable(h->home, path, path == h->dir);
	}
	if (fd < 0)
		return; /* the child reports what it cannot reach */
	if (!strv_has(&h->closed, top))
		strv_add(&h->closed, top);
	h->fds = xrealloc(h->fds, (h->paths.n + 1) * sizeof *h->fds);
	h->fds[h->paths.n] = fd;
	strv_add(&h->paths, path);
}

/* By its name, and by the way that a link in it leads. */
static void handed_add(struct handed *h, const char *path, unsigned flags)
{
	_cleanup_free_ char *real = path ? path_real(path) : NULL;
	if (!real)
		return;
	handed_way(h, path, flags);
	if (!str_eq(real, path))
		handed_way(h, real, flags);
}

struct handed *handed_open(const struct spec *s, const char *home, const char *dir)
{
	bool wanted = spec_has_ns(s, NS_USER) && geteuid() == 0;
	if (!wanted)
		return NULL;
	struct handed *h = xcalloc(1, sizeof *h);
	h->home = home;
	h->dir = dir;
	handed_add(h, dir, 0); /* the upper layer is in it */
	for (size_t i = 0; i < s->x_lower.n; i++)
		handed_add(h, s->x_lower.v[i], 0);
	for (size_t i = 0; dir && i < s->mounts.n; i++) /* a bundle's: idmounts.h */
		handed_add(h, s->mounts.v[i].source,
		    strv_has(&s->mounts.v[i].options, "rbind") ? AT_RECURSIVE : 0);
	handed_add(h, s->root_path, AT_RECURSIVE);
	return h;
}

static int handed_point(const char *path, int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail_errno(path);
	_cleanup_free_ char *up = xstrdup(path);
	*strrchr(up, '/') = 0;
	if (dir_make(up, 0755) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return mkdir(path, 0755) < 0 && errno != EEXIST ? fail_tried(path, "mkdir") : 0;
	_cleanup_close_ int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return file < 0 ? fail_tried(path, "create") : 0;
}

int handed_mount(const struct handed *h, unsigned ns_new)
{
	if (!h || !h->paths.n || !(ns_new & 1u << NS_MNT))
		return 0;
	/* A mount namespace that belongs to a new user namespace is a slave of the host's from the
	 * start. */
	if (!(ns_new & 1u << NS_USER) && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail(NO_TIES);
	for (size_t i = 0; i < h->closed.n; i++)
		if (mount("tmpfs", h->closed.v[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0711") < 0)
			return fail_tried(h->closed.v[i], "mount tmpfs");
	for (size_t i = 0; i < h->paths.n; i++)
		if (handed_point(h->paths.v[i], h->fds[i]) < 0)
			return -1;
		else if (sys_move_mount(h->fds[i], AT_FDCWD, h->paths.v[i]) < 0)
			return fail_tried(h->paths.v[i], "mount");
	return 0;
}

void handed_close(struct handed *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->paths.n; i++)
		close(h->fds[i]);
	strv_free(&h->closed);
	strv_free(&h->paths);
	free(h->fds);
	free(h);
}
