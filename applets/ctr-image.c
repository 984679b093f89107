/* ctr-image.c: the commands of the image store (OWNER): what is added is made under a temporary
 * name, and is there completely or not at all; what outlives a kill -9 is a .tmp- folder that the
 * next call removes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "applets.h"
#include "container_event.h"
#include "container_images.h"
#include "create_flags.h"
#include "err.h"
#include "file.h"
#include "image_cli.h"
#include "image_store.h"
#include "json.h"
#include "opt.h"
#include "output.h"
#include "prune.h"
#include "record.h"
#include "rows.h"
#include "table.h"
#include "undo.h"
#include "userns.h"

#define CHANGE                                                                                     \
	{                                                                                          \
		'c', "change", "INSTRUCTION",                                                      \
		    "set CMD, ENV, USER, ... of the image (as in a Dockerfile)", OPT_LIST,         \
		    &image_o.changes                                                               \
	}
#define MESSAGE                                                                                    \
	{                                                                                          \
		'm', "message", "TEXT", "import: a comment in the image's history", OPT_STR,       \
		    &image_o.message                                                               \
	}
#define NAME                                                                                       \
	{                                                                                          \
		't', "name", "NAME[:TAG]", "name the image so, whatever the archive says",         \
		    OPT_STR, &image_o.name                                                         \
	}
#define FORCE                                                                                      \
	{                                                                                          \
		'f', "force", NULL, "also where a container uses it", OPT_FLAG, &image_o.force     \
	}
#define JSON                                                                                       \
	{                                                                                          \
		0, "json", NULL, "an object a line", OPT_FLAG, &image_o.json                       \
	}
#define HEADER                                                                                     \
	{                                                                                          \
		'n', "no-header", NULL, "leave the header line out", OPT_FLAG, &image_o.no_header  \
	}
#define QUIET                                                                                      \
	{                                                                                          \
		'q', "quiet", NULL, "print IDs (the configs' digests) only", OPT_FLAG,             \
		    &image_o.quiet                                                                 \
	}
#define INPUT                                                                                      \
	{                                                                                          \
		'i', "input", "FILE", "load: read FILE (as an operand)", OPT_STR, &image_o.input   \
	}
#define STILL                                                                                      \
	{                                                                                          \
		'q', "quiet", NULL, "without progress on the terminal", OPT_FLAG, &image_o.quiet   \
	}
#define FORMAT                                                                                     \
	{                                                                                          \
		0, "format", "TEMPLATE",                                                           \
		    "ls, inspect, history: docker's, over .Repository .Tag .ID .Size and more",    \
		    OPT_STR, &image_o.format                                                       \
	}
#define ALL                                                                                        \
	{'a', "all", NULL, NULL, OPT_FLAG, &image_o.all}, /* layers are not images here */         \
	{                                                                                          \
		0, "no-trunc", NULL, "ls: whole digests", OPT_FLAG, &image_o.no_trunc              \
	}
#define PLATFORM                                                                                   \
	{                                                                                          \
		0, "platform", "OS/ARCH", NULL, OPT_CALL, flags_platform                           \
	}
/* with the short letter that docker has, which is another option's elsewhere */
#define FILTER_F                                                                                   \
	{                                                                                          \
		'f', "filter", "K=V", NULL, OPT_LIST, &image_o.filters                             \
	}
#define FORMAT_F                                                                                   \
	{                                                                                          \
		'f', "format", "TEMPLATE", NULL, OPT_STR, &image_o.format                          \
	}
#define HUMAN                                                                                      \
	{                                                                                          \
		'H', "human", NULL, NULL, OPT_FLAG, &image_o.all                                   \
	}
#define FILTER                                                                                     \
	{                                                                                          \
		0, "filter", "K=V",                                                                \
		    "ls: only those: reference, dangling, label, label!, before, since, until",    \
		    OPT_LIST, &image_o.filters                                                     \
	}
/* ls --digests: docker's table with one column more */
static int with_digests(const char *value)
{
	(void)value;
	image_o.format = "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t"
			 "{{.CreatedSince}}\t{{.Size}}";
	return 0;
}

#define OUTPUT                                                                                     \
	{                                                                                          \
		'o', "output", "FILE", "write to FILE instead of stdout", OPT_STR, &image_o.output \
	}

#define RW                                                                                         \
	{                                                                                          \
		0, "rw", "UPPER", "mount: what is written goes to this directory", OPT_STR,        \
		    &image_o.upper                                                                 \
	}
#define LOGIN                                                                                      \
	{'u', "username", "USER", "login: who you are", OPT_STR, &image_o.user},                   \
	    {'p', "password", "PASSWORD", "login: the password (others see it in ps)", OPT_STR,    \
		&image_o.password},                                                                \
	{                                                                                          \
		0, "password-stdin", NULL, "login: the password is the first line of stdin",       \
		    OPT_FLAG, &image_o.stdin_password                                              \
	}

static const struct opt all_opts[] = {CHANGE, MESSAGE, NAME, INPUT, FORCE, JSON, HEADER, QUIET, ALL,
    FILTER, FORMAT, OUTPUT, RW, LOGIN, OPT_END};
static const struct opt mount_opts[] = {RW, OPT_END};
static const struct opt login_opts[] = {LOGIN, OPT_END};
static const struct opt import_opts[] = {PLATFORM, CHANGE, MESSAGE, OPT_END};
static const struct opt load_opts[] = {PLATFORM, NAME, INPUT, STILL, OPT_END};
static const struct opt ls_opts[] = {JSON, HEADER, QUIET, ALL, FILTER_F, FORMAT,
    {0, "digests", NULL, NULL, OPT_CALL, with_digests}, OPT_END};
static const struct opt history_opts[] = {
    PLATFORM, JSON, HEADER, QUIET, ALL, HUMAN, FORMAT, OPT_END};
static const struct opt inspect_opts[] = {PLATFORM, JSON, FORMAT_F, OPT_END};
static const struct opt rm_opts[] = {PLATFORM, FORCE, OPT_END};
static const struct opt out_opts[] = {PLATFORM, OUTPUT, OPT_END};
static const struct opt still_opts[] = {PLATFORM, STILL, OPT_END};
static const struct opt no_opts[] = {OPT_END};

/* --- input and output --- */

static int input(const char *file)
{
	if (strcmp(file, "-") == 0) {
		if (isatty(0))
			die_usage("the archive comes on stdin, and that is a terminal");
		return 0;
	}
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		die("%s: open: %m", file);
	return fd;
}

static const char *shown(const char *file)
{
	return strcmp(file, "-") == 0 ? "stdin" : file;
}

static int output(void)
{
	int fd = output_open(image_o.output);
	if (fd == 1 && isatty(1))
		die_usage("an archive is not for a terminal: redirect stdout, or use -o FILE");
	if (fd < 0)
		die_fail();
	return fd;
}

/* --- adding --- */

/* What is no name of an image, and what to type in its place. */
static void import_looks_at(const char *given, bool as_name)
{
	if (strstr(given, "://"))
		die_usage("%s: by a pipe: curl %s | ctr-image import NAME", given, given);
	const char *tar = strstr(given, ".tar");
	if (!as_name ||
	    !(strchr("/.", *given) || (tar && (!tar[4] || tar[4] == '.')) || strstr(given, ".tgz")))
		return;
	if (access(given, F_OK) < 0)
		die_errno(given);
	die_usage("%s: a NAME comes first: ctr-image import NAME %s", given, given);
}

static int do_import(int argc, char **argv)
{
	char hex[DIGEST_HEX], id[DIGEST_HEX];
	char *name = NULL;
	image_operands(argc, 1, 2);
	for (int i = 0; i < argc; i++)
		import_looks_at(
		    argv[i], argc == 1 && !(table_docker && access(argv[i], F_OK) == 0));
	const char *file = argc > 1 ? argv[1] : "-";
	bool named =
	    argc > 1 || (strcmp(argv[0], "-") != 0 && (!table_docker || access(argv[0], F_OK) < 0));
	if (!named)
		file = argv[0];
	else if (argc > 1 && (strcmp(argv[0], "-") == 0 || ref_parse(argv[0], &name) < 0 ||
				 (access(argv[0], F_OK) == 0 && access(file, F_OK) < 0)))
		file = argv[0], argv++; /* docker's order: FILE NAME */
	if (named && ref_parse(argv[0], &name) < 0)
		die_usage("%s", fail_msg());
	_cleanup_json_ json_t *try = json_make("{config:{}}");
	for (size_t i = 0; i < image_o.changes.n; i++)
		if (config_change(try, image_o.changes.v[i]) < 0)
			die_usage("%s", fail_msg());
	int fd = input(file);
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		die_usage("%s: a folder: tar -C %s -c . | ctr-image import NAME", file, file);
	if (image_import(
		ctr_lib(), name, fd, shown(file), image_o.message, &image_o.changes, hex, id) < 0)
		die_fail();
	image_tell("import", id, name);
	printf("sha256:%s\n", id);
	return 0;
}

static int do_load(int argc, char **argv)
{
	struct strv loaded = {0};
	struct stat st;
	char *name = NULL;
	image_operands(argc, 0, image_o.input ? 0 : 1);
	if (image_o.name && ref_parse(image_o.name, &name) < 0)
		die_usage("%s", fail_msg());
	const char *file = image_o.input ? image_o.input : "-";
	if (argc)
		file = argv[0];
	bool dir = strcmp(file, "-") != 0 && stat(file, &st) == 0 && S_ISDIR(st.st_mode);
	if ((dir ? image_load_dir(ctr_lib(), file, name, &loaded)
		 : image_load(ctr_lib(), input(file), shown(file), name, &loaded)) < 0)
		die_fail();
	for (size_t i = 0; i < loaded.n; i++) {
		if (table_docker)
			printf("Loaded image%s: ", str_starts(loaded.v[i], "sha256:") ? " ID" : "");
		puts(loaded.v[i]);
	}
	return 0;
}

/* --- changing --- */

static int do_tag(int argc, char **argv)
{
	struct store s;
	struct ref r;
	size_t names;
	char *name;
	image_operands(argc, 2, 2);
	if (ref_parse(argv[1], &name) < 0)
		die_usage("%s", fail_msg());
	/* opened for adding, so that no rm removes its blobs meanwhile */
	if (store_open(&s, ctr_lib(), STORE_ADD) < 0 || store_ref(&s, argv[0], &r, &names) < 0 ||
	    store_ref_set(&s, name, r.hex, r.size) < 0)
		die_fail();
	image_tell("tag", store_id(&s, &r), name);
	store_close(&s);
	return 0;
}

static int rm_allowed(const struct store *s, struct ref *r, const char *operand)
{
	_cleanup_strv_ struct strv users = {0};
	if (image_o.force)
		return 0;
	if (container_image_users(r->hex, store_id(s, r), &users) < 0)
		return -1;
	return users.n ? (errno = EBUSY, fail("%s: in use by container %s (ctr-rm it first, or -f)",
					     operand, users.v[0]))
		       : 0;
}

static bool named_otherwise(const struct store *s, const struct refs *all, struct ref *it)
{
	size_t names = 0;
	for (size_t i = 0; i < all->n; i++)
		names += store_same(s, &all->v[i], it);
	return names > 1;
}

/* Move what an operand means from `all` to `gone`. One of several names goes alone; by an id all
 * that have it go. With its last name the image goes, which must not be in use. */
static int rm_one(struct store *s, const char *operand, struct refs *all, struct refs *gone)
{
	_cleanup_free_ char *name = NULL;
	int k = store_find(s, all, operand);
	if (k < 0)
		return -1;
	struct ref it = all->v[k];
	bool by_ref = it.name && ref_parse(operand, &name) == 0 && strcmp(name, it.name) == 0;
	for (size_t i = 0; i < all->n; i++)
		if ((by_ref ? i == (size_t)k : store_same(s, &all->v[i], &it)) &&
		    rm_allowed(s, &all->v[i], operand) < 0 &&
		    (!by_ref || errno != EBUSY || !named_otherwise(s, all, &it)))
			return -1;
	for (size_t i = all->n; i-- > 0;)
		if (by_ref ? i == (size_t)k : store_same(s, &all->v[i], &it)) {
			store_id(s, &all->v[i]); /* read while it is there */
			gone->v[gone->n++] = all->v[i];
			all->v[i] = all->v[--all->n];
		}
	return 0;
}

void image_gone(
    const struct store *s, const struct refs *gone, const char *untagged, const char *deleted)
{
	for (size_t i = 0; i < gone->n; i++) {
		struct ref *r = &gone->v[i];
		const char *id = store_id(s, r);
		_cleanup_close_ int config = store_blob_open(s, id);
		bool last = config < 0; /* the image goes with its last name */
		for (size_t k = i + 1; k < gone->n; k++)
			last &= !store_same(s, r, &gone->v[k]);
		if (r->name)
			image_tell("untag", id, r->name);
		if (table_docker && (r->name || !last))
			printf("%s: %s%s\n", untagged,
			    r->name ? "" : "sha256:", r->name ? r->name : r->hex);
		if (last)
			image_tell("delete", id, r->name);
		if (last && table_docker)
			printf("%s: sha256:%s\n", deleted, id);
	}
}

/* We hold the lock of the store, so no container is made from a layer meanwhile. */
void image_prune(struct store *s, uint64_t *freed)
{
	struct buf used = {0};
	if (container_configs(&used) < 0 || store_prune(s, container_layer_used, &used, freed) < 0)
		die_fail();
	buf_free(&used);
}

static int do_rm(int argc, char **argv)
{
	struct store s;
	struct strv names = {0}, done = {0};
	struct refs all, gone = {0};
	int code = 0, missing = 0;
	opt_names(&names, argc, argv, 0, "IMAGE");
	if (store_open(&s, ctr_lib(), STORE_REMOVE) < 0)
		die_fail();
	if (s.images < 0)
		return warn("%s: no such image (ctr-image ls lists them)", names.v[0]),
		       !image_o.force;
	if (store_refs(&s, &all) < 0)
		die_fail();
	gone.v = xcalloc(all.n + 1, sizeof *gone.v);
	for (size_t i = 0; i < names.n; i++) {
		if (rm_one(&s, names.v[i], &all, &gone) == 0) {
			strv_add(&done, names.v[i]);
		} else if (errno != ENOENT || !strv_has(&done, names.v[i])) {
			/* (ls -q has an id once for each name) */
			missing |= errno == ENOENT;
			code |= errno != ENOENT || !image_o.force;
			warn_fail();
		}
	}
	if (missing && !image_o.force) /* a slip of the hand loses nothing */
		return code;
	if (gone.n && store_refs_remove(&s, &gone) < 0)
		die_fail();
	for (size_t i = 0; i < done.n && !table_docker; i++)
		puts(done.v[i]);
	image_prune(&s, NULL);
	image_gone(&s, &gone, "Untagged", "Deleted");
	return code;
}

static int do_prune(int argc, char **argv)
{
	struct store s;
	uint64_t freed;
	char text[16];
	(void)argv;
	image_operands(argc, 0, 0);
	if (store_open(&s, ctr_lib(), STORE_REMOVE) < 0)
		die_fail();
	image_prune(&s, &freed);
	printf("freed %s\n", size_text(NULL, freed, text));
	return 0;
}

/* --- giving --- */

static int do_save(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, 0, "IMAGE");
	int fd = output();
	if (image_save(ctr_lib(), &names, fd) < 0 || output_done() < 0)
		die_fail();
	return 0;
}

static int do_export(int argc, char **argv)
{
	image_operands(argc, 1, 1);
	int fd = output();
	if (image_export(ctr_lib(), argv[0], userns_do, fd) < 0 || output_done() < 0)
		die_fail();
	return 0;
}

static int do_switch(int argc, char **argv)
{
	struct container c;
	image_operands(argc, 2, 2);
	if (container_open(&c, argv[0]) < 0)
		die_fail();
	if (c.status == ST_CORRUPT)
		die("%s: corrupt: %s", c.name, c.why);
	if (container_reroot(&c, argv[1]) < 0)
		die_fail();
	event_container(&c, "update", NULL, NULL);
	if (c.pid > 0)
		warn("%s runs: its next start takes the new root (ctr-restart)", c.name);
	return 0;
}

static const struct word words[] = {
    {"import", do_import, import_opts, "import [-c INSTRUCTION] [-m TEXT] [NAME[:TAG]] [FILE|-]"},
    {"load", do_load, load_opts, "load [-q] [-t NAME[:TAG]] [[-i] FILE|DIR|-]"},
    {"ls", image_do_ls, ls_opts,
	"ls [-nq] [--no-trunc] [-f K=V] [--json|--format TEMPLATE] [NAME...]"},
    {"inspect", image_do_inspect, inspect_opts, "inspect [--json|-f TEMPLATE] IMAGE..."},
    {"history", image_do_history, history_opts, "history [-nq] [--json|--format TEMPLATE] IMAGE"},
    {"tag", do_tag, no_opts, "tag IMAGE NAME[:TAG]"},
    {"rm", do_rm, rm_opts, "rm [-f] IMAGE..."},
    {"export", do_export, out_opts, "export [-o FILE] IMAGE"},
    {"save", do_save, out_opts, "save [-o FILE] IMAGE..."},
    {"prune", do_prune, no_opts, "prune"},
    {"mount", image_do_mount, mount_opts, "mount [--rw UPPER] IMAGE|CONTAINER DIR"},
    {"umount", image_do_umount, no_opts, "umount DIR..."},
    {"switch", do_switch, no_opts, "switch CONTAINER IMAGE|FILE|DIR"},
    {"pull", image_do_pull, still_opts, "pull [-q] IMAGE..."},
    {"push", image_do_push, still_opts, "push [-q] IMAGE [REGISTRY/NAME[:TAG]]"},
    {"login", image_do_login, login_opts,
	"login -u USER [-p PASSWORD|--password-stdin] [REGISTRY]"},
    {"logout", image_do_logout, no_opts, "logout [REGISTRY]"},
    {"search", image_do_search, no_opts, "search [REGISTRY/]TERM"},
    {0},
};

int ctr_image_main(int argc, char **argv)
{
	struct buf forms = {0};
	int first;
	for (const struct word *w = words; w->name; w++)
		buf_printf(&forms, "%s%s", w == words ? "" : "\n", w->synopsis);
	struct usage u = {.synopsis = forms.p,
	    .more = "IMAGE is NAME[:TAG], a digest, or the beginning of one.\n",
	    .opts = all_opts,
	    .anywhere = true,
	    .others = "a all:one call for each (ctr-image ls -q | ctr-image rm -)\n"
		      "f filter:grep(1); images are OCI's\n"
		      "m v:so anyway\n"};
	const struct word *w = image_given = opt_word(&u, words, argc, argv, &first);
	const char *columns = NULL;
	if (w->fn == image_do_ls)
		columns = "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	else if (w->fn == image_do_history)
		columns =
		    "table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
	image_o.format = rows_format(image_o.format, image_o.quiet || image_o.json, columns);
	progress_off = image_o.quiet;
	undo_on_signals();
	if (!userns_single() && userns_enter(NULL, NULL) < 0) /* the files in layers have owners */
		die_fail();
	int code = w->fn(argc - first, argv + first);
	undo_commit(); /* what would undo it holds the store for a moment longer than we live */
	return code;
}
