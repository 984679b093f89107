/* ctr-commit.c: a container's files as an image, or as an archive on stdout (OWNER: the image is
 * made aside; the container is frozen meanwhile, and thawed by ctr-gc should this be killed). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "container_event.h"
#include "container_files.h"
#include "container_images.h"
#include "docker_shape.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "layer.h"
#include "opt.h"
#include "output.h"
#include "template_fn.h"
#include "undo.h"
#include "userns.h"

static struct {
	struct strv changes;
	const char *author, *message, *output;
	bool pause, no_pause;
} o = {.pause = true};

static const struct opt opts[] = {
    {'a', "author", "NAME", "who made the image", OPT_STR, &o.author},
    {'c', "change", "INSTRUCTION", "set CMD, ENV, USER, ... of the image (as in a Dockerfile)",
	OPT_LIST, &o.changes},
    {'m', "message", "TEXT", "a comment in the image's history", OPT_STR, &o.message},
    {'p', "pause", NULL, "freeze the container meanwhile (default; --pause=false: do not)",
	OPT_FLAG, &o.pause},
    {'o', "output", "FILE", "with -: not to stdout but there", OPT_STR, &o.output},
    {0, "no-pause", NULL, NULL, OPT_FLAG, &o.no_pause},
    OPT_END,
};
static const struct usage usage = {.synopsis = "CONTAINER [IMAGE[:TAG]|-]",
    .more = "With - the container's whole tree is written to stdout as a tar archive; volumes are "
	    "left out "
	    "of both.\n",
    .opts = opts,
    .anywhere = true,
    .others = "f:one form: OCI's\n"};

static bool entered;

struct base {
	/* The container's image is known: its layers stay as they are, and one is added. */
	bool known;
	struct manifest m;
	struct image_config c;
};

/* The image that the container was made from: does it still exist, and is it what the container
 * runs on? */
static void base_find(const struct store *s, const struct ctree *t, struct base *b)
{
	const char *digest = kv_get(&t->c.conf, "image_digest");
	if (!digest)
		return;
	char top[DIGEST_HEX];
	b->known = container_image(&t->c, s, &b->m, &b->c) == 0 && b->c.n && t->spec.x_lower.n &&
		   store_layer_name(s, b->c.diff_ids, b->c.n - 1, top) &&
		   str_ends(t->spec.x_lower.v[0], top);
	if (!b->c.json)
		warn("%s: its image %.19s is gone; the whole tree becomes one layer", t->c.name,
		    digest);
}

/* For a user, in the container's own user namespace, the ids are the container's already. */
static struct pack_of of(const struct spec *s)
{
	struct pack_of p = {.opaque = spec_opaque(s)};
	if (!entered)
		p.uids = s->uid_map.v, p.n_uids = s->uid_map.n, p.gids = s->gid_map.v,
		p.n_gids = s->gid_map.n;
	return p;
}

static void pack(
    struct store *s, struct ctree *t, bool as_layer, char hex[DIGEST_HEX], uint64_t *size)
{
	_cleanup_close_ int fd =
	    openat(s->tmp, "copy", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct sink out = {.fd = fd, .hash = true};
	struct pack_of c = of(&t->spec);
	if (fd < 0)
		die_errno("create a blob");
	if (layer_pack(t->dirs, as_layer ? 1 : t->n, as_layer, &c, &out) < 0)
		die_fail();
	digest_end(&out.digest, hex);
	*size = out.size;
	if (renameat(s->tmp, "copy", s->tmp, hex) < 0)
		die_errno("rename a blob");
}

/* As docker does it: the image starts what the container started, as the same user, with the same
 * environment. */
static void keep_settings(const struct container *c, json_t *config)
{
	static const char *const keys[] = {"Cmd", "Entrypoint", "Env", "User", "WorkingDir",
	    "Labels", "ExposedPorts", "Healthcheck", "StopSignal"};
	_cleanup_free_ char *text = file_read_at(c->dir, "config.json", FILE_ANY, NULL);
	_cleanup_json_ json_t *cfg = text ? json_parse("config.json", text, strlen(text)) : NULL;
	_cleanup_json_ json_t *shape = docker_shape(c, cfg);
	json_t *run = json_object_get(config, "config"), *from = json_object_get(shape, "Config"),
	       *env = json_object_get(from, "Env");
	template_plain(from);
	for (size_t i = json_array_size(env); i-- > 0;) { /* what a start adds */
		const char *s = json_string_value(json_array_get(env, i));
		if (s && !docker_shape_has_word(json_object_get(run, "Env"), s) &&
		    (str_starts(s, "HOSTNAME=") || str_eq(s, "TERM=xterm") ||
			str_eq(s, "PATH=" SPEC_PATH)))
			json_array_remove(env, i);
	}
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		json_t *v = json_object_get(from, keys[i]);
		const char *s = json_string_value(v);
		if (json_object_size(v) || json_array_size(v) || (s && *s))
			json_object_set(run, keys[i], v);
		else if (i < 2)
			json_object_del(run, keys[i]);
	}
}

static json_t *config(const struct ctree *t, const struct base *b, const char *diff_id)
{
	const char *command = kv_get(&t->c.conf, "command");
	/* For a copied root: one layer, with the config of the image. */
	if (!b->known && b->c.json) {
		json_object_del(b->c.json, "rootfs");
		json_object_del(b->c.json, "history");
	}
	json_t *j = config_make(b->c.json, diff_id, command, o.message);
	if (o.author && json_object_set_new(j, "author", json_string(o.author)) < 0)
		die("--author: not UTF-8");
	keep_settings(&t->c, j);
	for (size_t i = 0; i < o.changes.n; i++)
		if (config_change(j, o.changes.v[i]) < 0)
			die_fail();
	return j;
}

static void commit(struct ctree *t, const char *name)
{
	struct store s;
	struct base b = {0};
	char layer[DIGEST_HEX], hex[DIGEST_HEX], id[DIGEST_HEX];
	uint64_t layer_size, size;
	if (store_open(&s, ctr_lib(), STORE_ADD) < 0)
		die_fail();
	base_find(&s, t, &b);
	if (o.pause && container_still(&t->c) < 0)
		die_fail();
	pack(&s, t, b.known, layer, &layer_size);
	container_still_end();
	_cleanup_json_ json_t *j = config(t, &b, layer);
	if (store_put_image(&s, j, b.known ? &b.m : NULL, layer, layer_size, layer_type(COMP_NONE),
		hex, id, &size) < 0 ||
	    store_commit(&s) < 0 || store_ref_set(&s, name, hex, size) < 0)
		die_fail();
	store_close(&s);
	event_container(&t->c, "commit", "imageRef", name);
	printf("sha256:%s\n", id);
}

int ctr_commit_main(int argc, char **argv)
{
	struct ctree t;
	char *name = NULL;
	int i = opt_parse(&usage, argc, argv);
	o.pause &= !o.no_pause;
	if (argc - i != 1 && argc - i != 2)
		die_usage("CONTAINER is needed, and a name for the image, or -");
	bool named = argc - i == 2, out = named && strcmp(argv[i + 1], "-") == 0;
	if (named && !out && ref_parse(argv[i + 1], &name) < 0)
		die_usage("%s", fail_msg());
	if (o.output && !out)
		die_usage("-o is for -, an archive");
	if (out && !o.output && isatty(1))
		die_usage("an archive is not for a terminal: redirect stdout, or use -o FILE");
	if (out && (o.changes.n || o.message || o.author))
		die_usage("an archive of files has no --author, --change or --message");
	_cleanup_json_ json_t *try = json_make("{config:{}}");
	for (size_t k = 0; k < o.changes.n; k++)
		if (config_change(try, o.changes.v[k]) < 0)
			die_usage("%s", fail_msg());
	undo_on_signals();
	entered = geteuid() != 0;
	if (container_files_open(&t, argv[i]) < 0 ||
	    userns_enter(&t.spec.uid_map, &t.spec.gid_map) < 0 || container_files_layers(&t) < 0)
		die_fail();
	if (!out) {
		commit(&t, name);
		undo_commit();
		return 0;
	}
	struct sink to = {.fd = output_open(o.output)};
	struct pack_of c = of(&t.spec);
	if (to.fd < 0 || (o.pause && container_still(&t.c) < 0) ||
	    layer_pack(t.dirs, t.n, false, &c, &to) < 0 || output_done() < 0)
		die_fail();
	container_still_end();
	return 0;
}
