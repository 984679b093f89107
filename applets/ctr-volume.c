/* ctr-volume.c: named volumes (OWNER): make, list, show, remove. ctr-run -v makes them, too. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets.h"
#include "create_flags.h"
#include "docker_shape.h"
#include "err.h"
#include "json.h"
#include "list_filter.h"
#include "opt.h"
#include "rows.h"
#include "stamp.h"
#include "table.h"
#include "template_fn.h"
#include "volume.h"

static struct strv label_opts, filters, how;
static struct strv names; /* the operands, or all volumes */
static bool force, as_json, no_header, quiet;
static const char *format, *driver;

static const struct opt opts[] = {
    {'f', "force", NULL,
	"rm, prune: prune needs it; rm: also where a container mounts it, and one that is not "
	"there "
	"is no error",
	OPT_FLAG, &force},
    {'d', "driver", "local", NULL, OPT_STR, &driver},
    {'l', "label", "K=V", "create: a label", OPT_LIST, &label_opts},
    {'o', "opt", "K=V", "create: device=/DIR: it is this folder of the host", OPT_LIST, &how},
    {0, "name", "NAME", NULL, OPT_LIST, &names}, /* as old scripts of docker's have it */
    {0, "filter", "K=V", "ls, prune: only those: name, driver, label, dangling", OPT_LIST,
	&filters},
    {0, "format", "TEMPLATE", "ls, inspect: docker's, over .Name .Mountpoint .Links and more",
	OPT_STR, &format},
    LIST_ROWS("ls: "),
    OPT_END,
};
/* The short letter is another option's in `rm`. */
static const struct opt inspect_opts[] = {INSPECT_ROWS, OPT_END};
static const struct opt ls_opts[] = {
    {'f', "filter", "K=V", "only those: name, driver, label, dangling", OPT_LIST, &filters},
    {0, "format", "TEMPLATE", "docker's, over .Name .Mountpoint .Links and more", OPT_STR, &format},
    LIST_ROWS(""), OPT_END};
static const struct usage usage = {
    .synopsis = "create [OPTIONS] [NAME...]\nls [OPTIONS]\ninspect [OPTIONS] NAME...\nrm "
		"[OPTIONS] NAME...\nprune [OPTIONS]",
    .opts = opts,
    .anywhere = true,
    .others = "a all:ctr-volume ls -q | ctr-volume rm -\n"};

/* A listing goes on where a container cannot be looked at. */
static int row(struct table *t, const char *name)
{
	struct strv users = {0};
	struct buf b = {0};
	_cleanup_free_ char *path = volume_path(name);
	int r = volume_users(name, &users);
	if (r < 0)
		warn_fail();
	for (size_t i = 0; i < users.n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", users.v[i]);
	table_row(t, 3, (const char *[]){name, b.p ? b.p : "", path});
	buf_free(&b);
	strv_free(&users);
	return r;
}

static int look(const char *name)
{
	_cleanup_free_ char *path = volume_path(name);
	if (name_check("volume", name) < 0)
		return -1;
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("%s: no such volume (ctr-volume ls lists them)", name);
	return 0;
}

static json_t *record(const char *name)
{
	struct strv users = {0};
	_cleanup_free_ char *path = volume_path(name);
	if (volume_users(name, &users) < 0)
		die_fail();
	json_t *list = json_array();
	for (size_t i = 0; i < users.n; i++)
		json_array_append_new(list, json_string(users.v[i]));
	strv_free(&users);
	_cleanup_free_ char *labels = volume_labels(name);
	return json_make(
	    "{name:s,path:s,labels:o,containers:o}", name, path, docker_labels(labels), list);
}

/* In the form of docker's JSON. */
static json_t *as_docker(const char *name)
{
	_cleanup_json_ json_t *r = record(name);
	struct stat st;
	char made[STAMP_SIZE] = "";
	if (lstat(json_string_value(json_object_get(r, "path")), &st) == 0)
		stamp_text(made, st.st_ctim.tv_sec, -1);
	const char *path = json_string_value(json_object_get(r, "path"));
	char at[PATH_MAX] = "";
	bool bound = readlink(path, at, sizeof at - 1) > 0;
	return json_make(
	    "{CreatedAt:s,Driver:s,Labels:O,Mountpoint:s,Name:s,Options:o,Scope:s,Links:i}", made,
	    "local", json_object_get(r, "labels"), path, name,
	    bound ? json_make("{device:s,o:s,type:s}", at, "bind", "none") : json_null(), "local",
	    (int)json_array_size(json_object_get(r, "containers")));
}

static int templated(bool listing)
{
	static const char *const heads[] = {"Name", "VOLUME NAME", NULL};
	static const char *const none[] = {"Availability", "Group", "Size", "Status"};
	struct strv lines = {0};
	for (size_t i = 0; i < names.n; i++) {
		json_t *one = as_docker(names.v[i]);
		if (listing) {
			docker_row_labels(one);
			for (size_t k = 0; k < 4; k++)
				json_object_set_new(one, none[k], json_string("N/A"));
		}
		if (rows_add(&lines, format, one) < 0)
			die_fail_usage();
	}
	if (rows_print(&lines, format, heads, !no_header) < 0)
		die_fail_usage();
	return 0;
}

/* Keep only those of all volumes that --filter asks for. */
static void only_wanted(void)
{
	struct strv all = names;
	if (filter_check(&filters, &filter_listed) < 0)
		die_fail();
	names = (struct strv){0};
	for (size_t i = 0; i < all.n; i++) {
		struct strv users = {0};
		if (volume_users(all.v[i], &users) < 0)
			die_fail();
		_cleanup_free_ char *labels = volume_labels(all.v[i]);
		if (filter_holds(&filters, &filter_listed,
			&(struct listed){all.v[i], "local", labels, !users.n}))
			strv_add(&names, all.v[i]);
		strv_free(&users);
	}
}

static int do_ls(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (filters.n)
		only_wanted();
	if (format)
		return templated(true);
	int code = 0;
	struct table t = {0};
	json_t *list = json_array();
	table_row(&t, 3, (const char *[]){"NAME", "CONTAINERS", "PATH"});
	for (size_t i = 0; i < names.n; i++) {
		if (as_json)
			json_array_append_new(list, record(names.v[i]));
		else if (quiet)
			puts(names.v[i]);
		else if (row(&t, names.v[i]) < 0)
			code = 1;
	}
	if (as_json)
		template_json(list, true);
	else if (!quiet)
		table_print(&t, !no_header);
	return code;
}

static int do_inspect(int argc, char **argv)
{
	(void)argc, (void)argv;
	json_t *list = json_array();
	struct strv all = names;
	names = (struct strv){0};
	for (size_t i = 0; i < all.n; i++) {
		if (look(all.v[i]) < 0) {
			warn_fail();
			continue;
		}
		strv_add(&names, all.v[i]);
		json_array_append_new(list, as_json ? record(all.v[i]) : as_docker(all.v[i]));
	}
	if (format)
		templated(false);
	else
		template_json(list, as_json);
	return names.n < all.n;
}

/* The folder that -o device= names; NULL: none. Other file systems are mounted by mount(8). */
static const char *bound_to(void)
{
	const char *at = NULL;
	for (size_t i = 0; i < how.n; i++) {
		const char *o = how.v[i];
		if (str_starts(o, "device=/"))
			at = o + strlen("device=");
		else if (!str_has_word("type=none type=bind o=bind o=rbind", o))
			die_usage("-o '%s': only a folder of the host (type=none, o=bind, "
				  "device=/DIR); else --tmpfs, or mount(8) on the volume",
			    o);
	}
	if (how.n && !at)
		die_usage("-o: device=/DIR is missing");
	return at;
}

static int do_create(int argc, char **argv)
{
	(void)argc, (void)argv;
	const char *at = bound_to();
	for (size_t i = 0; i < names.n; i++)
		if (name_check("volume", names.v[i]) < 0)
			die_usage("%s", fail_msg());
	if (driver && strcmp(driver, "local") != 0)
		die_usage("--driver: there is only local (a mount on its folder serves others)");
	_cleanup_free_ char *labels = label_lines(&label_opts);
	if (!labels)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		if (volume_make(names.v[i], *labels ? labels : NULL, at) < 0)
			die_fail();
		puts(names.v[i]);
	}
	return 0;
}

/* A slip of the hand loses nothing: all names are looked at first. With -f, as in docker, one that
 * is not there is no error. */
static int do_rm(int argc, char **argv)
{
	(void)argc, (void)argv;
	int code = 0;
	for (size_t pass = force; pass < 2 && !code; pass++)
		for (size_t i = 0; i < names.n; i++) {
			bool good = look(names.v[i]) == 0 &&
				    (!pass || volume_remove(names.v[i], force) == 0);
			if (!good && !(force && errno == ENOENT)) {
				warn_fail();
				code = 1;
			} else if (pass) {
				puts(names.v[i]);
			}
		}
	return code;
}

/* Those that no container mounts. A forgotten volume cannot be told from one that will be used
 * again, so -f is required. */
static int do_prune(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (!force)
		die_usage("prune removes every volume that no container mounts, with what is in "
			  "it: use -f");
	if (filters.n)
		only_wanted();
	int code = 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_strv_ struct strv users = {0};
		int r = volume_users(names.v[i], &users);
		if (r == 0 && !users.n && (r = volume_remove(names.v[i], false)) == 0)
			puts(names.v[i]);
		if (r < 0)
			warn_fail(), code = 1;
	}
	return code;
}

static const struct word words[] = {{"create", do_create, NULL, NULL},
    {"ls", do_ls, ls_opts, "ls [OPTIONS]"},
    {"inspect", do_inspect, inspect_opts, "inspect [--json|-f TEMPLATE] NAME..."},
    {"rm", do_rm, NULL, NULL}, {"prune", do_prune, NULL, NULL}, {0}};

int ctr_volume_main(int argc, char **argv)
{
	int first;
	const struct word *w = opt_word(&usage, words, argc, argv, &first);
	format =
	    rows_format(format, quiet || as_json || w->fn != do_ls, "table {{.Driver}}\t{{.Name}}");
	bool all = w->fn == do_ls || w->fn == do_prune; /* without operands, all volumes */
	char hex[33];
	rand_hex(hex, 16);
	if (w->fn == do_create && first == argc && !names.n)
		strv_add(&names, hex);
	else if (!all)
		opt_names(&names, argc, argv, first, names.n ? NULL : "NAME");
	else if (first < argc)
		die_usage("%s takes no operand: '%s'", argv[1], argv[first]);
	else if (volume_names(&names) < 0)
		die_fail();
	return w->fn(argc - first, argv + first);
}
