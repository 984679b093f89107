/* rdt.c: linux.intelRdt: a class of service of resctrl for a container; see oci.h. config-linux.md,
 * "IntelRdt"; the kernel's Documentation/arch/x86/resctrl.rst. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "oci.h"
#include "str.h"

/* Where resctrl is mounted; NULL when it is not. Caller frees. */
static char *rdt_root(void)
{
	_cleanup_free_ char *text = file_read("/proc/self/mountinfo", FILE_ANY, NULL);
	for (char *l = text, *end; l && *l; l = end + (*end == '\n')) {
		end = l + strcspn(l, "\n");
		_cleanup_free_ char *line = xstrndup(l, (size_t)(end - l));
		struct strv f = {0};
		strv_split(&f, line, " ");
		char *at = strstr(line, " - resctrl ") && f.n > 4 ? xstrdup(f.v[4]) : NULL;
		strv_free(&f);
		if (at)
			return at;
	}
	return NULL;
}

/* When memBwSchema has a "MB:" line, those of l3CacheSchema are left out. */
static void rdt_schema(const struct spec_rdt *d, struct buf *out)
{
	struct strv lines = {0};
	strv_split(&lines, d->l3 ? d->l3 : "", "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!d->mb || !str_starts(lines.v[i], "MB:"))
			buf_printf(out, "%s\n", lines.v[i]);
	strv_free(&lines);
	if (d->mb)
		buf_printf(out, "%s\n", d->mb);
	for (size_t i = 0; i < d->schemata.n; i++)
		buf_printf(out, "%s\n", d->schemata.v[i]);
}

char *oci_rdt_up(const struct spec *s, const char *id, pid_t pid)
{
	const struct spec_rdt *d = s->rdt;
	_cleanup_free_ char *root = rdt_root();
	struct buf schema = {0};
	char num[24];
	errno = ENODEV;
	if (!root)
		return fail("linux.intelRdt: no resctrl file system is mounted here"), NULL;
	_cleanup_free_ char *dir = path_join(root, d->clos_id ? d->clos_id : id),
			    *tasks = path_join(dir, "tasks"), *file = path_join(dir, "schemata");
	rdt_schema(d, &schema);
	bool there = access(dir, F_OK) == 0;
	if (!there && d->clos_id && !schema.n)
		return fail("linux.intelRdt.closID: %s: no such class of service", dir), NULL;
	if (!there && mkdir(dir, 0755) < 0)
		return fail_tried_in("linux.intelRdt", dir, "mkdir"), NULL;
	snprintf(num, sizeof num, "%d", (int)pid);
	int r = schema.n && file_poke(file, schema.p) < 0 ? -1 : file_poke(tasks, num);
	buf_free(&schema);
	_cleanup_free_ char *mon = xasprintf("%s/mon_groups/%s", dir, id);
	if (r == 0 && d->monitoring) {
		_cleanup_free_ char *watched = path_join(mon, "tasks");
		r = mkdir(mon, 0755) < 0 ? fail_tried_in("linux.intelRdt", mon, "mkdir")
					 : file_poke(watched, num);
	}
	if (r < 0 && d->monitoring)
		rmdir(mon);
	if (r < 0 && !there)
		rmdir(dir);
	if (r < 0)
		return NULL;
	if (d->clos_id)
		return xstrdup(d->monitoring ? mon : "");
	return xstrdup(dir); /* the monitoring group goes with it */
}

void oci_rdt_down(const char *made)
{
	if (made && *made && rmdir(made) < 0 && errno != ENOENT)
		warn("%s: rmdir: %m", made);
}
