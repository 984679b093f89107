/* volume_fill.c: copying what an image has at a path into a volume; see volume.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "image.h"
#include "layer.h"
#include "merge.h"
#include "str.h"
#include "userns.h"
#include "volume.h"

const bool volume_can_fill = true;

/* Descriptors of the directories that the root consists of, topmost first; *n of them. */
static int lowers_open(const struct spec *s, int *dirs, size_t *n)
{
	const struct strv *l = &s->x_lower;
	for (; *n < l->n; ++*n)
		if ((dirs[*n] = dir_open_at(AT_FDCWD, l->v[*n])) < 0)
			return -1;
	if (s->x_image_file && (dirs[*n] = image_loop_mount(s->x_image_file, NULL)) >= 0)
		++*n;
	else if (s->x_image_file) /* before Linux 5.2 */
		warn("%s: no volume is filled from it: %m", s->x_image_file);
	return 0;
}

struct copy {
	const struct merged *m;
	const char *what;
	int to;
};

static int copy_tree(void *arg)
{
	const struct copy *c = arg;
	return layer_copy(c->m->fds, c->m->n, c->to, c->what);
}

int volume_fill(const struct spec *s, const char *dst, int to)
{
	int *dirs = xcalloc(s->x_lower.n + 1, sizeof *dirs);
	struct merged m;
	size_t n = 0;
	int r = lowers_open(s, dirs, &n);
	if (r == 0 && n)
		r = merged_at(dirs, n, dst, &m);
	while (n-- > 0)
		close(dirs[n]);
	free(dirs);
	if (r <= 0)
		return r;
	struct copy c = {&m, dst, to};
	r = userns_do(copy_tree, &c);
	merged_close(&m);
	return r < 0 ? -1 : 1;
}
