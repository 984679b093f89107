/* container_images.c: what our containers use of the image store; see container_images.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_images.h"
#include "digest.h"
#include "file.h"
#include "kv.h"
#include "place.h"

#define CONFIG_MAX (4 << 20)

static int containers(void)
{
	_cleanup_free_ char *path = xasprintf("%s/containers", ctr_lib());
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct users {
	const char *hex;
	struct strv *out;
};

/* A container's conf names the digest of its image. */
static int user_one(int dirfd, const char *name, void *arg)
{
	struct users *u = arg;
	struct kv conf = {0};
	_cleanup_free_ char *path = xasprintf("%s/conf", name);
	if (name[0] == '.' || kv_read_at(&conf, dirfd, path) < 0)
		return 0;
	const char *digest = kv_get(&conf, "image_digest");
	if (digest && str_starts(digest, "sha256:") && strcmp(digest + 7, u->hex) == 0)
		strv_add(u->out, name);
	kv_free(&conf);
	return 0;
}

int container_image_users(const char *hex, struct strv *out)
{
	_cleanup_close_ int dir = containers();
	return dir < 0 ? 0 : dir_each(dir, user_one, &(struct users){hex, out});
}

static int config_one(int dirfd, const char *name, void *arg)
{
	_cleanup_free_ char *path = xasprintf("%s/config.json", name);
	size_t n;
	struct stat st;
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	_cleanup_free_ char *text = file_read_at(dirfd, path, CONFIG_MAX, &n);
	if (!text)
		return -1;
	buf_add(arg, text, n);
	return 0;
}

int container_configs(struct buf *texts)
{
	_cleanup_close_ int dir = containers();
	return dir < 0 ? 0 : dir_each(dir, config_one, texts);
}

bool container_layer_used(const char *diff_id, void *texts)
{
	const struct buf *b = texts;
	return b->n && memmem(b->p, b->n, diff_id, DIGEST_HEX - 1);
}
