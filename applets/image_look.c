/* image_look.c: ctr-image's ls, inspect and history; see image_cli.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "docker_shape.h"
#include "err.h"
#include "image_cli.h"
#include "json.h"
#include "list_filter.h"
#include "opt.h"
#include "place.h"
#include "rows.h"
#include "stamp.h"
#include "table.h"
#include "template_fn.h"
#include "template_text.h"

/* The size of its layers, however they are compressed here. */
static uint64_t image_size(
    const struct store *s, const struct manifest *m, const struct image_config *c)
{
	uint64_t n = m->config_size;
	for (size_t i = 0; i < m->n; i++)
		n += i < c->n ? store_layer_size(s, c->diff_ids, i, m->layers[i].size)
			      : m->layers[i].size;
	return n;
}

static char *age(int64_t t)
{
	if (t < 0)
		return xstrdup("-");
	t /= 1000000000;
	if (!image_o.format)
		return stamp_ago(t + !t);
	_cleanup_free_ char *s = stamp_human(time(NULL) - t);
	return xasprintf("%s ago", s);
}

/* --- docker's filters --- */

/* What may be asked of an image: one of its names, and what it is. */
struct asked_of {
	const struct store *store;
	const struct ref *ref;
	const struct image_config *config;
};

/* When the image that a filter names was made. */
static int64_t made(const struct store *s, const char *name)
{
	struct ref r;
	struct manifest m;
	struct image_config c;
	size_t names;
	if (store_ref(s, name, &r, &names) < 0 || store_image(s, r.hex, &m, &c) < 0)
		die_fail();
	int64_t at = stamp_of(c.created);
	manifest_free(&m);
	config_free(&c);
	return at;
}

/* With * and ?. fnmatch(3) would bring the classes of all Unicode along, 12 KiB. */
static bool matches(const char *p, const char *s)
{
	for (; *p && *p != '*'; p++, s++)
		if (!*s || (*p != '?' && *p != *s))
			return false;
	if (!*p)
		return !*s;
	do
		if (matches(p + 1, s))
			return true;
	while (*s++);
	return false;
}

/* A pattern of names as the shell has them: `busybox`, `busy*:1.*`. */
static bool named(const char *pattern, const char *name)
{
	const char *colon = name ? strrchr(name, ':') : NULL;
	_cleanup_free_ char *bare = colon ? xstrndup(name, (size_t)(colon - name)) : NULL;
	return name && (matches(pattern, name) || (bare && matches(pattern, bare)));
}

static bool image_holds(const void *one, size_t key, const char *want)
{
	const struct asked_of *o = one;
	const struct image_config *c = o->config;
	if (key == 0)
		return named(want, o->ref->name);
	if (key == 1)
		return !o->ref->name == filter_true(want);
	struct buf lines = {0};
	for (size_t i = 0; i < c->image.labels.n; i++)
		buf_printf(&lines, "%s\n", c->image.labels.v[i]);
	bool hit = lines.p && str_label(lines.p, want);
	buf_free(&lines);
	if (key <= 3)
		return hit == (key == 2);
	int64_t at = stamp_of(c->created),
		then = key == 6 ? moment_parse("--filter until", want) : made(o->store, want);
	if (key == 6 && then < 0)
		die_fail();
	return key == 5 ? at > then : at < then;
}

static const struct filter_kind filter_image = {
    (const char *const[]){
	"reference", "dangling", "label", "label!", "before", "since", "until", NULL},
    image_holds, NULL};

/* An image that cannot be read is listed as such, and does not prevent the rest of the list. */
static void ls_one(
    const struct store *s, const struct ref *r, struct table *t, json_t *list, struct strv *lines)
{
	struct manifest m = {0};
	struct image_config c = {0};
	char id[72], size[16] = "-";
	bool good = store_image(s, r->hex, &m, &c) == 0;
	if (!good)
		warn_about(r->name ? r->name : r->hex);
	if (!filter_holds(&image_o.filters, &filter_image, &(struct asked_of){s, r, &c}))
		return manifest_free(&m), config_free(&c);
	snprintf(
	    id, sizeof id, image_o.no_trunc ? "sha256:%.64s" : "%.12s", good ? m.config : r->hex);
	_cleanup_free_ char *name = r->name ? xstrdup(r->name) : xstrdup("<none>:<none>");
	char *tag = strrchr(name, ':');
	if (!tag)
		tag = name + strlen(name);
	else
		*tag++ = 0;
	if (good)
		size_text(image_o.format, image_size(s, &m, &c), size);
	int64_t at = stamp_of(c.created);
	_cleanup_free_ char *when = age(at), *then = stamp_local(at / 1000000000);
	_cleanup_free_ char *digest = xasprintf("sha256:%s", r->hex);
	_cleanup_free_ char *config = xasprintf("sha256:%s", good ? m.config : r->hex);
	if (image_o.format) {
		json_t *row =
		    json_make("{Repository:s,Tag:s,ID:s,Digest:s,CreatedSince:s,CreatedAt:s,Size:s,"
			      "VirtualSize:s,SharedSize:s,UniqueSize:s,Containers:s}",
			name, tag, id, digest, when, at < 0 ? "N/A" : then, size, size, "N/A",
			"N/A", "N/A");
		if (rows_add(lines, image_o.format, row) < 0)
			die_fail_usage();
	} else if (image_o.quiet) {
		/* Several names of one image have one line. */
		const char *from = table_docker && !image_o.no_trunc ? id : config;
		if (!strv_has(lines, from))
			strv_add(lines, from), puts(from);
	} else if (list)
		json_array_append_new(
		    list, json_make("{name:s,tag:s*,digest:s,config:s,created:s*,size:I,corrupt:b}",
			      name, r->name ? tag : NULL, digest, good ? config : "", c.created,
			      (json_int_t)(good ? image_size(s, &m, &c) : 0), !good));
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

/* Open the store and read its names; ends the program where that fails. */
static void image_store_for(struct store *s, enum store_use use, struct refs *r)
{
	if (store_open(s, ctr_lib(), use) < 0 || store_refs(s, r) < 0)
		die_fail();
}

int image_do_ls(int argc, char **argv)
{
	struct store s;
	struct refs r;
	static const char *const heads[] = {"ID", "IMAGE ID", "CreatedSince", "CREATED", NULL};
	struct table t = {0};
	struct strv lines = {0};
	for (int i = 0; i < argc; i++)
		strv_addf(&image_o.filters, "reference=%s", argv[i]);
	if (filter_check(&image_o.filters, &filter_image) < 0)
		die_fail_usage();
	image_store_for(&s, STORE_READ, &r);
	qsort(r.v, r.n, sizeof *r.v, by_name);
	json_t *list = image_o.json ? json_array() : NULL;
	table_row(&t, 5, (const char *[]){"NAME", "TAG", "ID", "CREATED", "SIZE"});
	for (size_t i = 0; i < r.n; i++)
		ls_one(&s, &r.v[i], &t, list, &lines);
	if (image_o.format && rows_print(&lines, image_o.format, heads, !image_o.no_header) < 0)
		die_fail_usage();
	if (image_o.format)
		return 0;
	if (list)
		json_lines(list);
	else if (!image_o.quiet)
		table_print(&t, !image_o.no_header);
	return 0;
}

static int found(const char *operand, struct store *s, struct ref *out, struct manifest *m,
    struct image_config *c)
{
	struct refs r;
	image_store_for(s, STORE_READ, &r);
	int i = store_find(s, &r, operand);
	if (i < 0 || store_image(s, r.v[i].hex, m, c) < 0)
		return -1;
	*out = r.v[i];
	return 0;
}

/* docker's shape of what --json shows. Its maps carry the template's mark. */
static json_t *as_docker(
    const json_t *j, const struct refs *all, const struct ref *r, const struct image_config *c)
{
	json_t *tags = json_array(), *digests = json_array(), *layers = json_array();
	for (size_t i = 0; i < all->n; i++) {
		const char *name = all->v[i].name, *colon = name ? strrchr(name, ':') : NULL;
		if (!colon || strcmp(all->v[i].hex, r->hex) != 0)
			continue;
		_cleanup_free_ char *at =
		    xasprintf("%.*s@sha256:%s", (int)(colon - name), name, r->hex);
		json_array_append_new(tags, json_string(name));
		json_array_append_new(digests, json_string(at));
	}
	for (size_t i = 0; i < c->n; i++) {
		_cleanup_free_ char *id = xasprintf("sha256:%s", c->diff_ids[i]);
		json_array_append_new(layers, json_string(id));
	}
	json_t *config = json_deep_copy(json_object_get(c->json, "config"));
	static const char *const maps[] = {"Labels", "ExposedPorts", "Volumes"};
	if (!config)
		config = json_object();
	json_object_set_new(config, TEMPLATE_MAP, json_true());
	for (size_t i = 0; i < 3; i++) {
		json_t *map = json_object_get(config, maps[i]);
		if (json_is_object(map))
			json_object_set_new(map, TEMPLATE_MAP, json_true());
		else
			json_object_set_new(config, maps[i], json_null());
	}
	static const char *const others[] = {
	    "Cmd", "Entrypoint", "Env", "User", "WorkingDir", "StopSignal"};
	for (size_t i = 0; i < 6; i++) /* Go's empty values */
		if (!json_is_array(json_object_get(config, others[i])) &&
		    !json_is_string(json_object_get(config, others[i])))
			json_object_set_new(config, others[i],
			    i < 3 ? json_incref(template_nil(false)) : json_string(""));
	const json_t *history = json_object_get(c->json, "history"),
		     *last = json_array_get(history, json_array_size(history) - 1);
	return json_make(
	    "{Id:O,RepoTags:o,RepoDigests:o,Created:s,Architecture:s,Os:s,Size:O,"
	    "VirtualSize:O,Author:s,Comment:s,Parent:e,RootFS:{Type:s,Layers:o},Config:o}",
	    json_object_get(j, "id"), tags, digests, c->created, c->architecture, c->os,
	    json_object_get(j, "size"), json_object_get(j, "size"),
	    json_string_value(json_object_get(c->json, "author")),
	    json_string_value(json_object_get(last, "comment")), "layers", layers, config);
}

/* docker's shape, or with --json our own: the config as it is, beside what the manifest and the
 * index say. No two members differ in their case alone. */
int image_do_inspect(int argc, char **argv)
{
	struct strv names = {0}, lines = {0};
	opt_names(&names, argc, argv, 0, "IMAGE");
	json_t *list = json_array();
	int code = 0;
	for (size_t i = 0; i < names.n; i++) {
		struct store s;
		struct ref r;
		struct manifest m;
		struct image_config c;
		if (found(names.v[i], &s, &r, &m, &c) < 0) {
			warn_fail();
			code = 1;
			continue;
		}
		_cleanup_free_ char *digest = xasprintf("sha256:%s", r.hex);
		_cleanup_free_ char *id = xasprintf("sha256:%s", m.config);
		json_t *layers = json_array();
		for (size_t k = 0; k < m.n; k++) {
			_cleanup_free_ char *blob = xasprintf("sha256:%s", m.layers[k].hex);
			char name[DIGEST_HEX];
			store_layer_name(&s, c.diff_ids, k, name);
			_cleanup_free_ char *dir = xasprintf("%s/layers/%s", ctr_lib(), name);
			json_array_append_new(
			    layers, json_make("{digest:s,size:I,mediaType:s*,directory:s}", blob,
					(json_int_t)m.layers[k].size, m.layers[k].type, dir));
		}
		json_t *j = json_make("{digest:s,name:s*,id:s,size:I,layers:o,config:O}", digest,
		    r.name, id, (json_int_t)image_size(&s, &m, &c), layers, c.json);
		if (!j)
			die("%s: cannot be shown as JSON", names.v[i]);
		if (!image_o.json) {
			struct refs all;
			json_t *own = j;
			image_store_for(&s, STORE_READ, &all);
			j = as_docker(own, &all, &r, &c);
			json_decref(own);
		}
		if (image_o.format && rows_add(&lines, image_o.format, json_incref(j)) < 0)
			die_fail_usage();
		json_array_append_new(list, j);
	}
	for (size_t i = 0; i < lines.n; i++)
		puts(lines.v[i]);
	if (!image_o.format)
		template_json(list, image_o.json);
	return code;
}

int image_do_history(int argc, char **argv)
{
	struct store s;
	struct ref r;
	struct manifest m;
	struct image_config c;
	static const char *const heads[] = {"ID", "IMAGE", "CreatedSince", "CREATED", NULL};
	struct table t = {0};
	struct strv lines = {0};
	size_t i, layer;
	bool first = true;
	image_operands(argc, 1, 1);
	if (found(argv[0], &s, &r, &m, &c) < 0)
		die_fail();
	const json_t *list = json_object_get(c.json, "history"), *h;
	if (image_o.json)
		return json_lines(list), 0;
	table_row(&t, 4, (const char *[]){"CREATED", "SIZE", "CREATED BY", "COMMENT"});
	layer = m.n;
	for (i = json_array_size(list); i-- > 0;) { /* the newest first, as in docker */
		char size[16];
		h = json_array_get(list, i);
		size_text(image_o.format, 0, size);
		const char *made = json_string_value(json_object_get(h, "created"));
		_cleanup_free_ char *when = age(stamp_of(made));
		if (!json_is_true(json_object_get(h, "empty_layer")) && layer > 0)
			size_text(image_o.format, m.layers[--layer].size, size);
		const char *by = json_string_value(json_object_get(h, "created_by")),
			   *comment = json_string_value(json_object_get(h, "comment"));
		char *id = xstrdup("<missing>");
		if (first)
			id = table_docker && !image_o.no_trunc ? xasprintf("%.12s", m.config)
							       : xasprintf("sha256:%s", m.config);
		first = false;
		if (image_o.quiet && !image_o.format)
			puts(id);
		else if (!image_o.format)
			table_row(&t, 4,
			    (const char *[]){when, size, by ? by : "", comment ? comment : ""});
		else if (rows_add(&lines, image_o.format,
			     json_make(
				 "{ID:s,CreatedSince:s,CreatedAt:s,CreatedBy:s,Size:s,Comment:s}",
				 id, when, made, by, size, comment)) < 0)
			die_fail_usage();
		free(id);
	}
	if (image_o.format)
		return rows_print(&lines, image_o.format, heads, !image_o.no_header) < 0;
	if (!image_o.quiet)
		table_print(&t, !image_o.no_header);
	return 0;
}
