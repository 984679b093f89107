/* ps_template.c: the columns of ctr-ps --format; see ps_template.h. */
#include <fcntl.h>

#include "create.h"
#include "docker_shape.h"
#include "ps_template.h"
#include "rows.h"
#include "tree.h"

int ps_template(struct strv *lines, const char *format, const struct container *c, const char *size)
{
	return rows_add(lines, format, docker_ps_row(c, size));
}

int ps_template_print(struct strv *lines, const char *format, bool header)
{
	/* docker's headings: the fields' names in capitals, some with a blank. */
	static const char *const heads[] = {"ID", "CONTAINER ID", "Names", "NAMES", "Image",
	    "IMAGE", "Command", "COMMAND", "CreatedAt", "CREATED AT", "RunningFor", "CREATED",
	    "Status", "STATUS", "State", "STATE", "Ports", "PORTS", "Networks", "NETWORKS",
	    "Labels", "LABELS", "Size", "SIZE", "Pid", "PID", "ExitCode", "EXIT CODE", NULL};
	return rows_print(lines, format, heads, header);
}

int container_sizes(const struct container *c, uint64_t *own, uint64_t *all)
{
	struct spec s;
	if (c->dir < 0 || create_reload(c, &s) < 0)
		return -1;
	*all = *own = tree_size(c->dir, "upper");
	for (size_t i = 0; i < s.x_lower.n; i++)
		*all += tree_size(AT_FDCWD, s.x_lower.v[i]);
	spec_free(&s);
	return 0;
}
