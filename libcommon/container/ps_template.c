/* ps_template.c: the columns of ctr-ps --format; see ps_template.h. */
#include "docker_shape.h"
#include "ps_template.h"
#include "rows.h"

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
