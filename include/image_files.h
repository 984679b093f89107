/* image_files.h: the files of an archive or folder that holds images, by name, whichever it is.
 *
 * An archive may come from a pipe with its table of contents last, so its files are spooled
 * into the store's tmp as f-0, f-1, ...; names lead nowhere but into a table.
 */
#ifndef CTR_IMAGE_FILES_H
#define CTR_IMAGE_FILES_H

#include "image_store.h"

struct image_files {
	struct store *store;
	const char *what;
	int dir;  /* of a folder, else -1 */
	int root; /* where files are spooled, in the child that does it */
	struct image_file {
		char *name,
		    *link; /* link: a symbolic link's target, made relative to the archive's root */
		size_t spool;
	} * v;
	size_t n, room, spooled;
};

/* Read an archive whole. -1 with fail(). */
int image_files_spool(struct image_files *f, struct store *s, int fd, const char *what);
/* Take a folder (borrowed). */
void image_files_dir(struct image_files *f, struct store *s, int dir, const char *what);
void image_files_free(struct image_files *f);
bool image_files_has(const struct image_files *f, const char *name);
/* Open one for reading. *file (may be NULL) is its row, NULL for a folder. -1 with fail(), ENOENT.
 */
int image_files_open(const struct image_files *f, const char *name, const struct image_file **file);
char *image_files_read(const struct image_files *f, const char *name, size_t *len);

#endif
