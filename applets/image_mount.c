/* image_mount.c: ctr-image's mount and umount, in our own mount namespace; see image_cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "container_files.h"
#include "err.h"
#include "file.h"
#include "image_cli.h"
#include "opt.h"
#include "place.h"
#include "userns.h"
#include "volume.h"

/* A container that does not run: its writable layer and the layers below. A running one shows its
 * files itself. */
static int mount_container(const char *name, const char *dir)
{
	struct ctree t;
	if (container_files_open(&t, name) < 0)
		return -1;
	if (t.c.pid > 0)
		return errno = EBUSY,
		       fail("%s: it runs: /proc/%d/root shows its files", name, (int)t.c.pid);
	return container_files_layers(&t) < 0 ? -1 : image_mount(t.dirs, t.n, image_o.upper, dir);
}

static int mount_image(const char *ref, const char *dir)
{
	struct image im;
	_cleanup_close_ int gate = image_gate(ctr_lib());
	(void)gate;
	if (image_open(ctr_lib(), ref, userns_do, &im) < 0)
		return -1;
	int *dirs = xcalloc(im.layers.n + 1, sizeof *dirs);
	for (size_t i = 0; i < im.layers.n; i++)
		if ((dirs[i] = dir_open_at(AT_FDCWD, im.layers.v[i])) < 0)
			return -1;
	return image_mount(dirs, im.layers.n, image_o.upper, dir);
}

int image_do_mount(int argc, char **argv)
{
	struct stat st;
	image_operands(argc, 2, 2);
	if (stat(argv[1], &st) < 0 || !S_ISDIR(st.st_mode))
		die("%s: not a directory that is there", argv[1]);
	if (mount_image(argv[0], argv[1]) == 0)
		return 0;
	if (errno != ENOENT && errno != EINVAL)
		die_fail();
	_cleanup_free_ char *why = fail_copy();
	if (mount_container(argv[0], argv[1]) == 0)
		return 0;
	die("%s", errno == ENOENT ? why : fail_msg());
}

static int is_layer(int layers, const char *name, void *arg)
{
	const struct stat *dir = arg;
	struct stat st;
	return fstatat(layers, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == dir->st_ino &&
	       st.st_dev == dir->st_dev;
}

/* Is it an overlay of image_mount()'s, or a layer's folder? What else somebody has mounted is not
 * ours to unmount. */
static bool is_image_mount(const char *dir)
{
	struct stat st;
	_cleanup_free_ char *line = volume_mount_of(dir), *path = path_join(ctr_lib(), "layers");
	_cleanup_close_ int layers = dir_open(path);
	if (line && strstr(line, " - overlay " IMAGE_SOURCE " "))
		return true;
	return layers >= 0 && stat(dir, &st) == 0 && dir_each(layers, is_layer, &st) == 1;
}

int image_do_umount(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0;
	opt_names(&names, argc, argv, 0, "DIR");
	for (size_t i = 0; i < names.n; i++)
		if (!is_image_mount(names.v[i])) {
			warn("%s: umount: no image is mounted there", names.v[i]);
			code = 1;
		} else if (umount2(names.v[i], UMOUNT_NOFOLLOW) < 0) {
			warn("%s: umount: %s", names.v[i],
			    errno == EINVAL ? "no image is mounted there" : strerror(errno));
			code = 1;
		}
	return code;
}
