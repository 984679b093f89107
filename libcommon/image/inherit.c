/* inherit.c: folders that a layer's archive leaves out; see image_store.h.
 *
 * A layer with tmp/x and no entry for tmp/ means the existing /tmp: its mode, owner and time are
 * those of the layers below, not those of a new folder, which would hide them. A layer is stored
 * once, so of two images that share it the first one decides; their lower layers agree on such
 * folders.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "image_store.h"
#include "str.h"
#include "sys.h"

/* Open a folder of a layer, wherever the layer is by now; -1 with errno. */
static int folder(const struct store *s, const char *diff_id, const char *path)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int made = openat(s->ltmp, diff_id, flags);
	_cleanup_close_ int kept = made < 0 ? openat(s->layers, diff_id, flags) : -1;
	int layer = made < 0 ? kept : made;
	return layer < 0 ? -1 : path_open_in_root(layer, path, flags, 0);
}

static int take_over(int from, int to, const char *path)
{
	struct stat st;
	if (fstat(from, &st) < 0)
		return fail("%s: stat: %m", path);
	/* In a user namespace an owner may not be mapped: the folder then stays ours, as a file
	 * would. */
	if (fchown(to, st.st_uid, st.st_gid) < 0 && errno != EPERM && errno != EINVAL)
		return fail("%s: chown: %m", path);
	if (fchmod(to, st.st_mode & 07777) < 0 ||
	    futimens(to, (struct timespec[]){st.st_atim, st.st_mtim}) < 0)
		return fail("%s: mode and time: %m", path);
	return 0;
}

static int inherit_one(
    const struct store *s, char (*diff_ids)[DIGEST_HEX], size_t layer, const char *path)
{
	for (size_t below = layer; below-- > 0;) {
		_cleanup_close_ int from = folder(s, diff_ids[below], path);
		/* It is something else there, or deleted: then the folder is a new one. */
		if (from < 0 && errno != ENOENT)
			return 0;
		if (from < 0)
			continue;
		_cleanup_close_ int to = folder(s, diff_ids[layer], path);
		return to < 0 ? 0 : take_over(from, to, path);
	}
	return 0;
}

int store_inherit(const struct store *s, char (*diff_ids)[DIGEST_HEX], size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < s->implied.n; k++)
			if (str_starts(s->implied.v[k], diff_ids[i]) &&
			    inherit_one(s, diff_ids, i, s->implied.v[k] + DIGEST_HEX) < 0)
				return -1;
	return 0;
}
