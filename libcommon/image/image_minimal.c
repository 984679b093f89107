/* image_minimal.c: takes the place of the image store in the minimal build: roots are directories
 * and filesystem images, and volumes are not filled. See image.h and volume.h. */
#include <errno.h>
#include <string.h>

#include "err.h"
#include "image.h"
#include "layer.h"
#include "loop.h"

bool image_is_ref(const char *operand)
{
	return !strchr(operand, '/');
}

int layer_copy(const int *dirs, size_t n, int to, const char *what)
{
	(void)dirs, (void)n, (void)to, (void)what;
	return errno = ENOTSUP, fail("this is the minimal build");
}

int image_gate(const char *lib)
{
	(void)lib;
	return -1;
}

int image_open(const char *lib, const char *ref, image_apart_fn *apart, struct image *out)
{
	(void)apart;
	(void)lib;
	memset(out, 0, sizeof *out);
	return errno = ENOSYS, fail("%s: this is the minimal build, which has no images (a "
				    "directory is named with a '/')",
				   ref);
}

int image_obtain(
    const char *lib, const char *ref, const char *policy, image_apart_fn *apart, struct image *out)
{
	(void)policy;
	return image_open(lib, ref, apart, out);
}

void image_free(struct image *im)
{
	strv_free(&im->layers);
}

int verity_open(const char *file, const char *hash, int data, char dev[40])
{
	(void)hash, (void)data, (void)dev;
	errno = ENOSYS;
	fail("%s: the minimal build makes no dm-verity device", file);
	return -1; /* as a constant, so that what would come after it is not linked */
}

void image_verity_gc(void (*removed)(const char *what, const char *name))
{
	(void)removed;
}
