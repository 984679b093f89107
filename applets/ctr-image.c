/* ctr-image.c: the image store for people (OWNER): what it adds is made aside and either all there
 * or not at all; what outlives a kill -9 is a .tmp- folder that the next call clears. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "container_files.h"
#include "container_images.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "opt.h"
#include "stamp.h"
#include "record.h"
#include "registry.h"
#include "table.h"
#include "undo.h"
#include "userns.h"

static struct {
	bool force, json, no_header, quiet, stdin_password;
	const char *name, *output, *user, *password, *upper;
	struct strv changes;
} o;

#define CHANGE                                                                                     \
	{                                                                                          \
		'c', "change", "INSTRUCTION",                                                      \
		    "set CMD, ENV, USER, ... of the image (as in a Dockerfile)", OPT_LIST,         \
		    &o.changes                                                                     \
	}
#define NAME                                                                                       \
	{                                                                                          \
		't', "name", "NAME[:TAG]", "name the image so, whatever the archive says",         \
		    OPT_STR, &o.name                                                               \
	}
#define FORCE                                                                                      \
	{                                                                                          \
		'f', "force", NULL, "also where a container uses it", OPT_FLAG, &o.force           \
	}
#define JSON                                                                                       \
	{                                                                                          \
		0, "json", NULL, "print JSON", OPT_FLAG, &o.json                                   \
	}
#define HEADER                                                                                     \
	{                                                                                          \
		'n', "no-header", NULL, "leave the header line out", OPT_FLAG, &o.no_header        \
	}
#define QUIET                                                                                      \
	{                                                                                          \
		'q', "quiet", NULL, "print IDs (the configs' digests) only", OPT_FLAG, &o.quiet    \
	}
#define OUTPUT                                                                                     \
	{                                                                                          \
		'o', "output", "FILE", "write to FILE instead of stdout", OPT_STR, &o.output       \
	}

#define RW                                                                                         \
	{                                                                                          \
		0, "rw", "UPPER", "mount: what is written goes to this directory", OPT_STR,        \
		    &o.upper                                                                       \
	}
#define LOGIN                                                                                      \
	{'u', "username", "USER", "login: who you are", OPT_STR, &o.user},                         \
	    {'p', "password", "PASSWORD", "login: the password (others see it in ps)", OPT_STR,    \
		&o.password},                                                                      \
	{                                                                                          \
		0, "password-stdin", NULL, "login: the password is the first line of stdin",       \
		    OPT_FLAG, &o.stdin_password                                                    \
	}

static const struct opt all_opts[] = {
    CHANGE, NAME, FORCE, JSON, HEADER, QUIET, OUTPUT, RW, LOGIN, OPT_END};
static const struct opt mount_opts[] = {RW, OPT_END};
static const struct opt login_opts[] = {LOGIN, OPT_END};
static const struct opt import_opts[] = {CHANGE, OPT_END};
static const struct opt load_opts[] = {NAME, OPT_END};
static const struct opt ls_opts[] = {JSON, HEADER, QUIET, OPT_END};
static const struct opt history_opts[] = {JSON, HEADER, OPT_END};
static const struct opt rm_opts[] = {FORCE, OPT_END};
static const struct opt out_opts[] = {OUTPUT, OPT_END};
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

static void output_remove(void *arg)
{
	unlink(arg);
}

static int output(void)
{
	if (!o.output || strcmp(o.output, "-") == 0) {
		if (isatty(1))
			die_usage(
			    "an archive is not for a terminal: redirect stdout, or use -o FILE");
		return 1;
	}
	int fd = open(o.output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		die("%s: create: %m", o.output);
	undo_push(output_remove, (void *)(uintptr_t)o.output);
	return fd;
}

/* --- adding --- */

static int do_import(int argc, char **argv)
{
	char hex[DIGEST_HEX];
	char *name;
	if (argc < 1 || argc > 2)
		die_usage("import takes NAME[:TAG] and a FILE, or - for stdin");
	if (ref_parse(argv[0], &name) < 0)
		die_usage("%s", fail_msg());
	const char *file = argc > 1 ? argv[1] : "-";
	_cleanup_json_ json_t *try = json_make("{s:{}}", "config");
	for (size_t i = 0; i < o.changes.n; i++)
		if (config_change(try, o.changes.v[i]) < 0)
			die_usage("%s", fail_msg());
	if (image_import(ctr_lib(), name, input(file), shown(file), &o.changes, hex) < 0)
		die_fail();
	printf("sha256:%s\n", hex);
	return 0;
}

static int do_load(int argc, char **argv)
{
	struct strv loaded = {0};
	struct stat st;
	char *name = NULL;
	if (argc > 1)
		die_usage("load takes one FILE or folder, or - for stdin");
	if (o.name && ref_parse(o.name, &name) < 0)
		die_usage("%s", fail_msg());
	const char *file = argc ? argv[0] : "-";
	bool dir = strcmp(file, "-") != 0 && stat(file, &st) == 0 && S_ISDIR(st.st_mode);
	if ((dir ? image_load_dir(ctr_lib(), file, name, &loaded)
		 : image_load(ctr_lib(), input(file), shown(file), name, &loaded)) < 0)
		die_fail();
	for (size_t i = 0; i < loaded.n; i++)
		puts(loaded.v[i]);
	return 0;
}

/* --- looking --- */

static uint64_t image_size(const struct manifest *m)
{
	uint64_t n = m->config_size;
	for (size_t i = 0; i < m->n; i++)
		n += m->layers[i].size;
	return n;
}

static void age(const char *created, char out[32])
{
	static const struct {
		long seconds;
		const char *word;
	} units[] = {{31536000, "years"}, {2592000, "months"}, {604800, "weeks"}, {86400, "days"},
	    {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
	int64_t t = created ? stamp_parse(created, strlen(created)) : -1;
	if (t < 0) {
		strcpy(out, "-");
		return;
	}
	long s = (long)(time(NULL) - t / 1000000000);
	size_t i = 0;
	while (i < 6 && s < 2 * units[i].seconds)
		i++;
	long n = s < 0 ? 0 : s / units[i].seconds;
	snprintf(out, 32, "%ld %.*s ago", n, (int)strlen(units[i].word) - (n == 1), units[i].word);
}

/* One that cannot be read is said to be so; the others are listed all the same. */
static void ls_one(const struct store *s, const struct ref *r, struct table *t, json_t *list)
{
	struct manifest m = {0};
	struct image_config c = {0};
	char id[13], when[32] = "-", size[16] = "-";
	bool good = store_image(s, r->hex, &m, &c) == 0;
	if (!good)
		warn("%s: %s", r->name ? r->name : r->hex, fail_msg());
	snprintf(id, sizeof id, "%.12s", good ? m.config : r->hex);
	_cleanup_free_ char *name = r->name ? xstrdup(r->name) : xstrdup("<none>:<none>");
	char *tag = strrchr(name, ':');
	if (!tag)
		tag = name + strlen(name);
	else
		*tag++ = 0;
	if (good) {
		size_human(image_size(&m), size);
		age(c.created, when);
	}
	_cleanup_free_ char *digest = xasprintf("sha256:%s", r->hex);
	_cleanup_free_ char *config = xasprintf("sha256:%s", m.config);
	if (o.quiet)
		printf("sha256:%s\n", good ? m.config : r->hex);
	else if (list)
		json_array_append_new(
		    list, json_make("{s:s,s:s*,s:s,s:s,s:s*,s:I,s:b}", "name", name, "tag",
			      r->name ? tag : NULL, "digest", digest, "config", good ? config : "",
			      "created", c.created, "size", (json_int_t)(good ? image_size(&m) : 0),
			      "corrupt", !good));
	else
		table_row(t, 5, (const char *[]){name, tag, id, good ? when : "corrupt", size});
	manifest_free(&m);
	config_free(&c);
}

static int by_name(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	return strcmp(x->name ? x->name : "~", y->name ? y->name : "~");
}

/* An image of several names is one digest. */
static bool seen(const struct refs *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(r->v[k].hex, r->v[i].hex) == 0)
			return true;
	return false;
}

static void store_for(struct store *s, enum store_use use, struct refs *r)
{
	if (store_open(s, ctr_lib(), use) < 0 || store_refs(s, r) < 0)
		die_fail();
}

static int do_ls(int argc, char **argv)
{
	struct store s;
	struct refs r;
	struct table t = {0};
	if (argc)
		die_usage("ls takes no operand: '%s'", argv[0]);
	store_for(&s, STORE_READ, &r);
	qsort(r.v, r.n, sizeof *r.v, by_name);
	json_t *list = o.json ? json_array() : NULL;
	table_row(&t, 5, (const char *[]){"NAME", "TAG", "ID", "CREATED", "SIZE"});
	for (size_t i = 0; i < r.n; i++)
		if (!o.quiet || !seen(&r, i))
			ls_one(&s, &r.v[i], &t, list);
	if (list)
		puts(json_pretty(list));
	else if (!o.quiet)
		table_print(&t, !o.no_header);
	return 0;
}

static void found(const char *operand, struct store *s, struct ref *out, struct manifest *m,
    struct image_config *c)
{
	struct refs r;
	store_for(s, STORE_READ, &r);
	int i = store_find(s, &r, operand);
	if (i < 0 || store_image(s, r.v[i].hex, m, c) < 0)
		die_fail();
	*out = r.v[i];
}

/* The config as it is, and what stands in the manifest and the index, on top. */
static int do_inspect(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, 0, "IMAGE");
	json_t *list = json_array();
	for (size_t i = 0; i < names.n; i++) {
		struct store s;
		struct ref r;
		struct manifest m;
		struct image_config c;
		found(names.v[i], &s, &r, &m, &c);
		_cleanup_free_ char *digest = xasprintf("sha256:%s", r.hex);
		_cleanup_free_ char *id = xasprintf("sha256:%s", m.config);
		json_t *layers = json_array();
		for (size_t k = 0; k < m.n; k++) {
			_cleanup_free_ char *blob = xasprintf("sha256:%s", m.layers[k].hex);
			_cleanup_free_ char *dir =
			    xasprintf("%s/layers/%s", ctr_lib(), c.diff_ids[k]);
			json_array_append_new(
			    layers, json_make("{s:s,s:I,s:s*,s:s}", "digest", blob, "size",
					(json_int_t)m.layers[k].size, "mediaType", m.layers[k].type,
					"directory", dir));
		}
		json_t *j =
		    json_make("{s:s,s:s*,s:s,s:I,s:o,s:O}", "digest", digest, "name", r.name, "id",
			id, "size", (json_int_t)image_size(&m), "layers", layers, "config", c.json);
		if (!j)
			die("%s: cannot be shown as JSON", names.v[i]);
		json_array_append_new(list, j);
	}
	puts(json_pretty(list));
	return 0;
}

static int do_history(int argc, char **argv)
{
	struct store s;
	struct ref r;
	struct manifest m;
	struct image_config c;
	struct table t = {0};
	size_t i, layer;
	if (argc != 1)
		die_usage("history takes one IMAGE");
	found(argv[0], &s, &r, &m, &c);
	const json_t *list = json_object_get(c.json, "history"), *h;
	if (o.json)
		return puts(list ? json_pretty(list) : "[]"), 0;
	table_row(&t, 4, (const char *[]){"CREATED", "SIZE", "CREATED BY", "COMMENT"});
	layer = m.n;
	for (i = json_array_size(list); i-- > 0;) { /* the newest first, as docker shows it */
		char when[32], size[16] = "0";
		h = json_array_get(list, i);
		age(json_string_value(json_object_get(h, "created")), when);
		if (!json_is_true(json_object_get(h, "empty_layer")) && layer > 0)
			size_human(m.layers[--layer].size, size);
		const char *by = json_string_value(json_object_get(h, "created_by")),
			   *comment = json_string_value(json_object_get(h, "comment"));
		table_row(
		    &t, 4, (const char *[]){when, size, by ? by : "", comment ? comment : ""});
	}
	table_print(&t, !o.no_header);
	return 0;
}

/* --- changing --- */

static int do_tag(int argc, char **argv)
{
	struct store s;
	struct ref r;
	size_t names;
	char *name;
	if (argc != 2)
		die_usage("tag takes an IMAGE and its new NAME[:TAG]");
	if (ref_parse(argv[1], &name) < 0)
		die_usage("%s", fail_msg());
	/* adding, so that no rm takes its blobs away meanwhile */
	if (store_open(&s, ctr_lib(), STORE_ADD) < 0 || store_ref(&s, argv[0], &r, &names) < 0 ||
	    store_ref_set(&s, name, r.hex, r.size) < 0)
		die_fail();
	store_close(&s);
	return 0;
}

/* One name of several goes without more ado; with the last the image goes, and that must not be in
 * use. */
static int rm_one(struct store *s, const char *operand)
{
	struct ref r;
	struct strv users = {0};
	size_t names;
	if (store_ref(s, operand, &r, &names) < 0)
		return -1;
	_cleanup_free_ char *name = NULL;
	bool by_ref = r.name && ref_parse(operand, &name) == 0 && strcmp(name, r.name) == 0;
	if ((!by_ref || names == 1) && !o.force) {
		if (container_image_users(r.hex, &users) < 0)
			return -1;
		if (users.n)
			return errno = EBUSY,
			       fail("%s: in use by container %s (ctr-rm it first, or -f)", operand,
				   users.v[0]);
	}
	int e = store_ref_remove(s, by_ref ? r.name : NULL, r.hex);
	free(r.name);
	return e;
}

/* The gate is ours: no container is made of a layer meanwhile. */
static void prune(struct store *s, uint64_t *freed)
{
	struct buf used = {0};
	if (container_configs(&used) < 0 || store_prune(s, container_layer_used, &used, freed) < 0)
		die_fail();
	buf_free(&used);
}

static int do_rm(int argc, char **argv)
{
	struct store s;
	struct strv names = {0};
	int code = 0;
	opt_names(&names, argc, argv, 0, "IMAGE");
	if (store_open(&s, ctr_lib(), STORE_REMOVE) < 0)
		die_fail();
	if (s.images < 0)
		die("%s: no such image", names.v[0]);
	for (size_t i = 0; i < names.n; i++)
		if (rm_one(&s, names.v[i]) == 0) {
			puts(names.v[i]);
		} else {
			warn("%s", fail_msg());
			code = 1;
		}
	prune(&s, NULL);
	return code;
}

static int do_prune(int argc, char **argv)
{
	struct store s;
	uint64_t freed;
	char text[16];
	if (argc)
		die_usage("prune takes no operand: '%s'", argv[0]);
	if (store_open(&s, ctr_lib(), STORE_REMOVE) < 0)
		die_fail();
	prune(&s, &freed);
	printf("freed %s\n", size_human(freed, text));
	return 0;
}

/* --- giving --- */

static int do_save(int argc, char **argv)
{
	struct strv names = {0};
	opt_names(&names, argc, argv, 0, "IMAGE");
	int fd = output();
	if (image_save(ctr_lib(), &names, fd) < 0)
		die_fail();
	undo_commit();
	return 0;
}

static int do_export(int argc, char **argv)
{
	if (argc != 1)
		die_usage("export takes one IMAGE, after -o FILE");
	int fd = output();
	if (image_export(ctr_lib(), argv[0], userns_do, fd) < 0)
		die_fail();
	undo_commit();
	return 0;
}

/* --- registries --- */

static int do_pull(int argc, char **argv)
{
	struct strv names = {0}, loaded = {0};
	int code = 0;
	opt_names(&names, argc, argv, 0, "IMAGE");
	for (size_t i = 0; i < names.n; i++)
		if (registry_pull(ctr_lib(), names.v[i], &loaded) == 0) {
			puts(loaded.v[loaded.n - 1]);
		} else {
			warn("%s", fail_msg());
			code = 1;
		}
	return code;
}

static int do_push(int argc, char **argv)
{
	char hex[DIGEST_HEX];
	if (argc < 1 || argc > 2)
		die_usage("push takes an IMAGE, and where it goes when that is another name");
	if (registry_push(ctr_lib(), argv[0], argv[argc - 1], hex) < 0)
		die_fail();
	printf("sha256:%s\n", hex);
	return 0;
}

/* A line of stdin; a terminal does not show it. Caller frees. */
static char *password(void)
{
	struct termios t, quiet;
	bool tty = tcgetattr(0, &t) == 0;
	if (!tty && !o.stdin_password)
		die_usage("a password comes from a terminal, with -p, or with --password-stdin");
	if (tty) {
		quiet = t;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(0, TCSANOW, &quiet);
		fputs("Password: ", stderr);
	}
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	if (tty) {
		tcsetattr(0, TCSANOW, &t);
		fputc('\n', stderr);
	}
	if (n <= 0)
		die("no password was given");
	line[strcspn(line, "\r\n")] = 0;
	return line;
}

static int do_login(int argc, char **argv)
{
	if (argc > 1)
		die_usage("login takes one REGISTRY");
	if (!o.user)
		die_usage("login needs -u USER");
	if (registry_login(
		argc ? argv[0] : "docker.io", o.user, o.password ? o.password : password()) < 0)
		die_fail();
	return 0;
}

static int do_logout(int argc, char **argv)
{
	if (argc > 1)
		die_usage("logout takes one REGISTRY");
	if (registry_logout(argc ? argv[0] : "docker.io") < 0)
		die_fail();
	return 0;
}

static int do_search(int argc, char **argv)
{
	if (argc != 1)
		die_usage("search takes [REGISTRY/]TERM");
	const char *slash = strchr(argv[0], '/');
	_cleanup_free_ char *host = slash ? xstrndup(argv[0], (size_t)(slash - argv[0])) : NULL;
	bool named = host && (strpbrk(host, ".:") || strcmp(host, "localhost") == 0);
	if (registry_search(named ? host : "docker.io", named ? slash + 1 : argv[0]) < 0)
		die_fail();
	return 0;
}

/* --- in our own mount namespace --- */

/* A container that does not run: its layer and what lies beneath. One that runs shows its files
 * itself. */
static int mount_container(const char *name, const char *dir)
{
	struct ctree t;
	if (ctree_open(&t, name) < 0)
		return -1;
	if (t.c.pid > 0)
		return errno = EBUSY,
		       fail("%s: it runs: /proc/%d/root shows its files", name, (int)t.c.pid);
	return ctree_layers(&t) < 0 ? -1 : image_mount(t.dirs, t.n, o.upper, dir);
}

static int mount_image(const char *ref, const char *dir)
{
	struct image im;
	_cleanup_close_ int gate = image_gate(ctr_lib());
	(void)gate;
	if (image_open(ctr_lib(), ref, userns_do, &im) < 0)
		return -1;
	int *dirs = xcalloc(im.layers.n + 1, sizeof *dirs);
	for (size_t i = 0; i < im.layers.n; i++)
		if ((dirs[i] = dir_open_at(AT_FDCWD, im.layers.v[i])) < 0)
			return -1;
	return image_mount(dirs, im.layers.n, o.upper, dir);
}

static int do_mount(int argc, char **argv)
{
	struct stat st;
	if (argc != 2)
		die_usage("mount takes an IMAGE or CONTAINER and a DIR");
	if (stat(argv[1], &st) < 0 || !S_ISDIR(st.st_mode))
		die("%s: not a directory that is there", argv[1]);
	if (mount_image(argv[0], argv[1]) == 0)
		return 0;
	if (errno != ENOENT && errno != EINVAL)
		die_fail();
	_cleanup_free_ char *why = xstrdup(fail_msg());
	if (mount_container(argv[0], argv[1]) == 0)
		return 0;
	die("%s", errno == ENOENT ? why : fail_msg());
}

static int do_umount(int argc, char **argv)
{
	struct strv names = {0};
	int code = 0;
	opt_names(&names, argc, argv, 0, "DIR");
	for (size_t i = 0; i < names.n; i++)
		if (umount2(names.v[i], UMOUNT_NOFOLLOW) < 0) {
			warn("%s: umount: %s", names.v[i],
			    errno == EINVAL ? "nothing is mounted there" : strerror(errno));
			code = 1;
		}
	return code;
}

static const struct word words[] = {
    {"import", do_import, import_opts, "import [-c INSTRUCTION] NAME[:TAG] [FILE|-]"},
    {"load", do_load, load_opts, "load [-t NAME[:TAG]] [FILE|DIR|-]"},
    {"ls", do_ls, ls_opts, "ls [-nq] [--json]"},
    {"inspect", do_inspect, no_opts, "inspect IMAGE..."},
    {"history", do_history, history_opts, "history [-n] [--json] IMAGE"},
    {"tag", do_tag, no_opts, "tag IMAGE NAME[:TAG]"},
    {"rm", do_rm, rm_opts, "rm [-f] IMAGE..."},
    {"export", do_export, out_opts, "export [-o FILE] IMAGE"},
    {"save", do_save, out_opts, "save [-o FILE] IMAGE..."},
    {"prune", do_prune, no_opts, "prune"},
    {"mount", do_mount, mount_opts, "mount [--rw UPPER] IMAGE|CONTAINER DIR"},
    {"umount", do_umount, no_opts, "umount DIR..."},
    {"pull", do_pull, no_opts, "pull IMAGE..."},
    {"push", do_push, no_opts, "push IMAGE [REGISTRY/NAME[:TAG]]"},
    {"login", do_login, login_opts, "login -u USER [-p PASSWORD|--password-stdin] [REGISTRY]"},
    {"logout", do_logout, no_opts, "logout [REGISTRY]"},
    {"search", do_search, no_opts, "search [REGISTRY/]TERM"},
    {0},
};

int ctr_image_main(int argc, char **argv)
{
	struct buf forms = {0};
	int first;
	for (const struct word *w = words; w->name; w++)
		buf_printf(&forms, "%s%s", w == words ? "" : "\n", w->synopsis);
	struct usage u = {
	    forms.p, "IMAGE is NAME[:TAG], a digest, or the beginning of one.\n", all_opts, true};
	const struct word *w = opt_word(&u, words, argc, argv, &first);
	undo_on_signals();
	if (!userns_single() && userns_enter(NULL, NULL) < 0) /* layers have owners of their own */
		die_fail();
	return w->fn(argc - first, argv + first);
}
