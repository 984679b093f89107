/* files.c: the files in an archive or folder that holds images; see image_files.h. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "err.h"
#include "file.h"
#include "image_files.h"
#include "str.h"

#define FILES_MAX 100000

/* "./a//b" becomes "a/b"; with `base`, relative to the folder of that name; ".." goes up, and fails
 * above the root. Caller frees; NULL with fail(). */
static char *files_clean(const char *what, const char *base, const char *name)
{
	_cleanup_free_ char *in = base ? xasprintf("%s/../%s", base, name) : xstrdup(name);
	if (strlen(in) >= PATH_MAX || *name == '/') {
		errno = EINVAL;
		fail("%s: %s: absolute, or too long a name in an archive", what, name);
		return NULL;
	}
	char *out = xcalloc(1, strlen(in) + 1);
	size_t n = 0;
	for (char *save = NULL, *p = strtok_r(in, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		if (strcmp(p, ".") == 0)
			continue;
		if (strcmp(p, "..") == 0 && (!base || n == 0)) {
			free(out);
			errno = EINVAL;
			fail("%s: %s: a name that leads out of the archive", what, name);
			return NULL;
		}
		if (strcmp(p, "..") == 0) {
			char *slash = memrchr(out, '/', n);
			n = slash ? (size_t)(slash - out) : 0;
		} else {
			n += (size_t)sprintf(out + n, "%s%s", n ? "/" : "", p);
		}
		out[n] = 0;
	}
	return out;
}

static const struct image_file *files_find(const struct image_files *f, const char *name)
{
	/* Of several entries with one name the last counts, as with tar. */
	for (size_t i = f->n; i-- > 0;)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

static int spool_data(struct image_files *f, struct archive *a, struct image_file *to)
{
	char name[32];
	snprintf(name, sizeof name, "f-%zu", to->spool);
	_cleanup_close_ int fd =
	    openat(f->root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_tried(f->what, "create a file in the store");
	const void *data;
	uint64_t size = 0;
	size_t n;
	la_int64_t offset;
	int r;
	while ((r = archive_read_data_block(a, &data, &n, &offset)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		if ((uint64_t)offset != size) /* no tool saves images as sparse files */
			return errno = EINVAL, fail("%s: %s: a sparse file", f->what, to->name);
		size += n;
		if (fd_write_all(fd, data, n) < 0)
			return fail_tried(f->what, "write to the store");
	}
	if (r != ARCHIVE_EOF)
		return errno = EINVAL,
		       fail("%s: %s: %s", f->what, to->name, archive_error_string(a));
	return 0;
}

static struct image_file *row_add(struct image_files *f)
{
	if (f->n == f->room) {
		f->room = f->room ? 2 * f->room : 64;
		f->v = xrealloc(f->v, f->room * sizeof *f->v);
	}
	return &f->v[f->n++];
}

static int spool_entry(struct image_files *f, struct archive *a, struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e), *hard = archive_entry_hardlink(e);
	const char *soft = archive_entry_filetype(e) == AE_IFLNK ? archive_entry_symlink(e) : NULL;
	if (!name)
		return errno = EILSEQ, fail("%s: an entry's name cannot be read", f->what);
	if (!hard && !soft && archive_entry_filetype(e) != AE_IFREG)
		return 0;
	if (strcmp(name + strspn(name, "./"), "etc/passwd") == 0 ||
	    strcmp(name + strspn(name, "./"), "bin/sh") == 0)
		return errno = EINVAL, fail("%s: a root filesystem, not an archive of images: "
					    "ctr-image import takes it",
					   f->what);
	if (soft && *soft == '/') /* no image has those; many root filesystems do */
		return 0;
	if (f->n == FILES_MAX)
		return errno = E2BIG,
		       fail("%s: more than %d files: not an archive of images", f->what, FILES_MAX);
	char *clean_name = files_clean(f->what, NULL, name);
	if (!clean_name)
		return -1;
	struct image_file *to = row_add(f);
	*to = (struct image_file){.name = clean_name, .spool = f->spooled};
	if (hard || soft) {
		to->link = files_clean(f->what, soft ? to->name : NULL, hard ? hard : soft);
		return to->link ? 0 : -1;
	}
	f->spooled++;
	return spool_data(f, a, to);
}

static int spool(struct image_files *f, struct stream *in, struct archive *a)
{
	struct archive_entry *e;
	archive_read_support_format_tar(a);
	int r = archive_read_open(a, in, NULL, stream_read, NULL);
	while (r >= ARCHIVE_WARN && (r = archive_read_next_header(a, &e)) != ARCHIVE_EOF &&
	       r >= ARCHIVE_WARN)
		if (spool_entry(f, a, e) < 0)
			return -1;
	if (r == ARCHIVE_EOF)
		return 0;
	return stream_archive_failed(in, a, NULL);
}

/* In the child: write the files into `root` and send the table of them to the parent. */
static int spool_in(struct stream *in, int root, struct buf *left, void *arg)
{
	struct image_files *f = arg;
	f->root = root;
	setlocale(LC_CTYPE, "C.UTF-8");
	struct archive *a = archive_read_new();
	if (!a || spool(f, in, a) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		const struct image_file *x = &f->v[i];
		buf_printf(
		    left, "%s%c%s%c%zu%c", x->name, 0, x->link ? x->link : "", 0, x->spool, 0);
	}
	return 0;
}

/* The table as the child reports it: not to be trusted. */
static int files_table(struct image_files *f, const struct buf *left)
{
	const char *p = left->p, *end = p + left->n, *field[3];
	while (p < end) {
		for (int i = 0; i < 3; i++) {
			field[i] = p;
			p = p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;
			if (!p++)
				return errno = EIO,
				       fail("%s: its table of contents is incomplete", f->what);
		}
		struct image_file *to = row_add(f);
		*to = (struct image_file){.name = xstrdup(field[0]),
		    .link = *field[1] ? xstrdup(field[1]) : NULL,
		    .spool = strtoul(field[2], NULL, 10)};
	}
	return 0;
}

int image_files_spool(struct image_files *f, struct store *s, int fd, const char *what)
{
	struct stream_sums sums;
	struct buf left = {0};
	*f = (struct image_files){.store = s, .what = what, .dir = -1};
	struct apart a = {.fd = fd,
	    .copy = -1,
	    .root = s->tmp,
	    .whole = true,
	    .what = what,
	    .fn = spool_in,
	    .arg = f};
	int r = apart_read(&a, &sums, &left) < 0 ? -1 : files_table(f, &left);
	buf_free(&left);
	return r;
}

void image_files_dir(struct image_files *f, struct store *s, int dir, const char *what)
{
	*f = (struct image_files){.store = s, .what = what, .dir = dir};
}

void image_files_free(struct image_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].link);
	}
	free(f->v);
	*f = (struct image_files){.dir = -1};
}

/* Links are few and short: the shared layer of an old docker archive is one step away. */
static const struct image_file *files_follow(const struct image_files *f, const char *name)
{
	const struct image_file *x = files_find(f, name);
	for (int i = 0; x && x->link && i < 8; i++)
		x = files_find(f, x->link);
	return x && !x->link ? x : NULL;
}

/* Open a name below a folder, component by component, without following links. */
static int open_beneath(int dir, const char *name)
{
	_cleanup_free_ char *copy = xstrdup(name);
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	for (char *save = NULL, *p = strtok_r(copy, "/", &save); p && at >= 0;) {
		char *next = strtok_r(NULL, "/", &save);
		int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
		if (next)
			flags |= O_DIRECTORY;
		int fd = strcmp(p, "..") == 0 ? (errno = EINVAL, -1) : openat(at, p, flags);
		int why = errno;
		close(at);
		errno = why;
		at = fd;
		p = next;
	}
	struct stat st;
	if (at >= 0 && (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(at);
		return errno = EINVAL, -1;
	}
	return at;
}

bool image_files_has(const struct image_files *f, const char *name)
{
	if (f->dir < 0)
		return files_follow(f, name);
	_cleanup_close_ int fd = open_beneath(f->dir, name);
	return fd >= 0;
}

int image_files_open(const struct image_files *f, const char *name, const struct image_file **file)
{
	char path[PATH_MAX];
	const struct image_file *x = NULL;
	int fd;
	if (f->dir >= 0) {
		fd = open_beneath(f->dir, name);
	} else if ((x = files_follow(f, name))) {
		snprintf(path, sizeof path, "f-%zu", x->spool);
		fd = open_beneath(f->store->tmp, path); /* its child made it: it may be anything */
	} else {
		errno = ENOENT;
		fd = -1;
	}
	if (file)
		*file = x;
	if (fd < 0 && errno == ENOENT)
		return fail("%s: %s: not in it", f->what, name);
	return fd < 0 ? fail_tried_in(f->what, name, "open") : fd;
}

char *image_files_read(const struct image_files *f, const char *name, size_t *len)
{
	_cleanup_close_ int fd = image_files_open(f, name, NULL);
	return fd < 0 ? NULL : fd_read_all(fd, name, IMAGE_META_MAX, len);
}
