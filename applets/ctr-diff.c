/* ctr-diff.c: what a container has changed of its root (FILTER). Reads its writable layer from the
 * host, running or not. */
#include <stdio.h>
#include <stdlib.h>

#include "applets.h"
#include "container_files.h"
#include "err.h"
#include "json.h"
#include "layer.h"
#include "opt.h"
#include "userns.h"

static bool as_json;

static const struct opt opts[] = {
    {0, "json", NULL, "an object a line", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {.synopsis = "CONTAINER",
    .more = "Lines are A (added), C (changed) or D (deleted), a blank and the path.\n",
    .opts = opts,
    .anywhere = true};

static int print(char what, const char *path, void *arg)
{
	_cleanup_free_ char *shown = str_escape(path);
	if (arg)
		json_array_append_new(arg, json_make("{change:s#,path:s}", &what, 1, shown));
	else
		printf("%c %s\n", what, shown);
	return 0;
}

int ctr_diff_main(int argc, char **argv)
{
	struct ctree t;
	int i = opt_parse(&usage, argc, argv);
	if (argc - i != 1)
		die_usage("one CONTAINER is needed");
	json_t *list = as_json ? json_array() : NULL;
	if (container_files_open(&t, argv[i]) < 0 ||
	    userns_enter(&t.spec.uid_map, &t.spec.gid_map) < 0 || container_files_layers(&t) < 0)
		die_fail();
	if (t.n == 1)
		die("%s: its root is a copy (no overlay can be there): what it changed is not "
		    "known",
		    argv[i]);
	if (layer_diff(t.dirs[0], spec_opaque(&t.spec), t.dirs + 1, t.n - 1, print, list) < 0)
		die_fail();
	if (list)
		json_lines(list);
	return 0;
}
