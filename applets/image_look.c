/* image_look.c: ctr-image's ls, inspect and history; see image_cli.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "image_cli.h"
#include "json.h"
#include "opt.h"
#include "place.h"
#include "rows.h"
#include "stamp.h"
#include "table.h"

/* The size of its layers, however they are compressed here. */
static uint64_t image_size(
    const struct store *s, const struct manifest *m, const struct image_config *c)
{
	uint64_t n = m->config_size;
	for (size_t i = 0; i < m->n; i++)
		n += i < c->n ? store_layer_size(s, c->diff_ids[i], m->layers[i].size)
			      : m->layers[i].size;
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

/* An image that cannot be read is listed as such, and does not prevent the rest of the list. */
static void ls_one(
    const struct store *s, const struct ref *r, struct table *t, json_t *list, struct strv *lines)
{
	struct manifest m = {0};
	struct image_config c = {0};
	char id[72], when[32] = "-", size[16] = "-";
	bool good = store_image(s, r->hex, &m, &c) == 0;
	if (!good)
		warn("%s: %s", r->name ? r->name : r->hex, fail_msg());
	snprintf(
	    id, sizeof id, image_o.no_trunc ? "sha256:%.64s" : "%.12s", good ? m.config : r->hex);
	_cleanup_free_ char *name = r->name ? xstrdup(r->name) : xstrdup("<none>:<none>");
	char *tag = strrchr(name, ':');
	if (!tag)
		tag = name + strlen(name);
	else
		*tag++ = 0;
	if (good) {
		size_human(image_size(s, &m, &c), size);
		age(c.created, when);
	}
	_cleanup_free_ char *digest = xasprintf("sha256:%s", r->hex);
	_cleanup_free_ char *config = xasprintf("sha256:%s", m.config);
	if (image_o.format) {
		json_t *row = json_make("{s:s,s:s,s:s,s:s,s:s,s:s*,s:s}", "Repository", name, "Tag",
		    tag, "ID", id, "Digest", digest, "CreatedSince", when, "CreatedAt", c.created,
		    "Size", size);
		if (rows_add(lines, image_o.format, row) < 0)
			die_fail_usage();
	} else if (image_o.quiet)
		printf("sha256:%s\n", good ? m.config : r->hex);
	else if (list)
		json_array_append_new(
		    list, json_make("{s:s,s:s*,s:s,s:s,s:s*,s:I,s:b}", "name", name, "tag",
			      r->name ? tag : NULL, "digest", digest, "config", good ? config : "",
			      "created", c.created, "size",
			      (json_int_t)(good ? image_size(s, &m, &c) : 0), "corrupt", !good));
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

/* Several names of one image have the same digest. */
static bool seen(const struct refs *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(r->v[k].hex, r->v[i].hex) == 0)
			return true;
	return false;
}

void image_store_for(struct store *s, enum store_use use, struct refs *r)
{
	if (store_open(s, ctr_lib(), use) < 0 || store_refs(s, r) < 0)
		die_fail();
}

int image_do_ls(int argc, char **argv)
{
	struct store s;
	struct refs r;
	static const char *const heads[] = {"Repository", "REPOSITORY", "Tag", "TAG", "ID",
	    "IMAGE ID", "Digest", "DIGEST", "CreatedSince", "CREATED", "CreatedAt", "CREATED AT",
	    "Size", "SIZE", NULL};
	struct table t = {0};
	struct strv lines = {0};
	if (argc)
		die_usage("ls takes no operand: '%s'", argv[0]);
	image_store_for(&s, STORE_READ, &r);
	qsort(r.v, r.n, sizeof *r.v, by_name);
	json_t *list = image_o.json ? json_array() : NULL;
	table_row(&t, 5, (const char *[]){"NAME", "TAG", "ID", "CREATED", "SIZE"});
	for (size_t i = 0; i < r.n; i++)
		if (!image_o.quiet || !seen(&r, i))
			ls_one(&s, &r.v[i], &t, list, &lines);
	if (image_o.format && rows_print(&lines, image_o.format, heads, !image_o.no_header) < 0)
		die_fail_usage();
	if (image_o.format)
		return 0;
	if (list)
		puts(json_pretty(list));
	else if (!image_o.quiet)
		table_print(&t, !image_o.no_header);
	return 0;
}

static void found(const char *operand, struct store *s, struct ref *out, struct manifest *m,
    struct image_config *c)
{
	struct refs r;
	image_store_for(s, STORE_READ, &r);
	int i = store_find(s, &r, operand);
	if (i < 0 || store_image(s, r.v[i].hex, m, c) < 0)
		die_fail();
	*out = r.v[i];
}

/* The config as it is, with the members of the manifest and the index added. */
int image_do_inspect(int argc, char **argv)
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
		json_t *j = json_make("{s:s,s:s*,s:s,s:I,s:o,s:O}", "digest", digest, "name",
		    r.name, "id", id, "size", (json_int_t)image_size(&s, &m, &c), "layers", layers,
		    "config", c.json);
		if (!j)
			die("%s: cannot be shown as JSON", names.v[i]);
		json_array_append_new(list, j);
	}
	puts(json_pretty(list));
	return 0;
}

int image_do_history(int argc, char **argv)
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
	if (image_o.json)
		return puts(list ? json_pretty(list) : "[]"), 0;
	table_row(&t, 4, (const char *[]){"CREATED", "SIZE", "CREATED BY", "COMMENT"});
	layer = m.n;
	for (i = json_array_size(list); i-- > 0;) { /* the newest first, as in docker */
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
	table_print(&t, !image_o.no_header);
	return 0;
}
