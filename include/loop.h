/* loop.h: block devices below an image file, for image_loop_mount() (image.h). */
#ifndef CTR_LOOP_H
#define CTR_LOOP_H

/* A loop device that is bound to the open file `file`, read-only, and frees itself with its last
 * user: one that is there already, or a new one. Its descriptor, which the caller closes when it is
 * mounted, its path in dev; -1 with fail(), which names `name`. */
int loop_of(int file, const char *name, char dev[40]);

/* The same for a device of the device mapper that reads `data` (a block device; `file` is its name)
 * and refuses every block that does not lead to the root hash `hash` (veritysetup(8), hexadecimal).
 */
int verity_open(const char *file, const char *hash, int data, char dev[40]);

#endif
