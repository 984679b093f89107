/* ctr-df: the disk space that images, containers and volumes use, and how much of it ctr-prune
 * would free.
 *
 * Kind: FILTER.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets.h"
#include "container_images.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "opt.h"
#include "record.h"
#include "rows.h"
#include "tree.h"
#include "volume.h"

static bool verbose, as_json;
static const char *format;

static const struct opt opts[] = {
    {'v', "verbose", NULL, "each image, container and volume", OPT_FLAG, &verbose},
    {0, "format", "TEMPLATE", "docker's, over .Type .TotalCount .Active .Size .Reclaimable",
	OPT_STR, &format},
    {0, "json", NULL, "an object a line", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {.synopsis = "", .opts = opts, .anywhere = true};

struct kind {
	const char *name;
	size_t total, active;
	uint64_t size, idle; /* idle: of those that nothing uses */
	struct strv lines;   /* -v */
};

static void count(struct kind *k, bool active, uint64_t bytes)
{
	k->total++;
	k->active += active;
	k->size += bytes;
	k->idle += active ? 0 : bytes;
}

/* A layer, and the archive that it came in, of several images count for the first of them: `seen`
 * has their names then. */
static void part_add(
    struct strv *seen, char kind, const char *hex, uint64_t n, uint64_t *own, uint64_t *shared)
{
	_cleanup_free_ char *name = xasprintf("%c%s", kind, hex);
	bool known = strv_has(seen, name);
	*(known ? shared : own) += n;
	if (!known)
		strv_add(seen, name);
}

static void image_add(
    struct kind *k, const struct store *s, const struct ref *r, struct strv *seen, size_t users)
{
	struct manifest m = {0};
	struct image_config c = {0};
	uint64_t shared = 0;
	char a[16], b[16];
	if (store_image(s, r->hex, &m, &c) < 0)
		warn_about(r->name ? r->name : r->hex);
	uint64_t own = r->size + m.config_size;
	for (size_t i = 0; i < c.n; i++) {
		char name[DIGEST_HEX];
		if (store_layer_name(s, c.diff_ids, i, name))
			part_add(seen, 'l', name, tree_size(s->layers, name), &own, &shared);
		part_add(seen, 'b', m.layers[i].hex, m.layers[i].size, &own, &shared);
	}
	count(k, users, own);
	strv_addf(&k->lines, "%s\t%.12s\t%s\t%s\t%zu", r->name ? r->name : "<none>", m.config,
	    size_text(format, shared, a), size_text(format, own, b), users);
	manifest_free(&m);
	config_free(&c);
}

/* Images in use come first, so that what they share with others counts as theirs. */
static void images(struct kind *k)
{
	struct store s;
	struct refs r;
	_cleanup_strv_ struct strv seen = {0};
	if (store_open(&s, ctr_lib(), STORE_READ) < 0 || store_refs(&s, &r) < 0)
		die_fail();
	for (int used = 1; used >= 0; used--)
		for (size_t i = 0; i < r.n; i++) {
			_cleanup_strv_ struct strv users = {0};
			if (container_image_users(r.v[i].hex, store_id(&s, &r.v[i]), &users) < 0)
				die_fail();
			if (used == (users.n > 0) && !strv_has(&seen, r.v[i].hex)) {
				/* An image with several names counts once. */
				strv_add(&seen, r.v[i].hex);
				image_add(k, &s, &r.v[i], &seen, users.n);
			}
		}
	refs_free(&r);
	store_close(&s);
}

static void containers(struct kind *k)
{
	_cleanup_strv_ struct strv names = {0};
	_cleanup_close_ int dir = record_dir();
	char size[16];
	if (container_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		if (container_read(&c, names.v[i]) == 0) {
			uint64_t n = tree_size(dir, names.v[i]);
			bool lives = c.pid || c.status == ST_RESTARTING;
			const char *image = kv_get(&c.conf, "image");
			count(k, lives, n);
			strv_addf(&k->lines, "%s\t%s\t%s\t%s", c.name, image ? image : "",
			    status_name(c.status), size_text(format, n, size));
		}
		container_close(&c);
	}
}

static void volumes(struct kind *k)
{
	_cleanup_strv_ struct strv names = {0};
	char size[16];
	if (volume_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_strv_ struct strv users = {0};
		_cleanup_free_ char *path = volume_path(names.v[i]);
		uint64_t n = tree_size(AT_FDCWD, path);
		if (volume_users(names.v[i], &users) < 0)
			die_fail();
		count(k, users.n, n);
		strv_addf(
		    &k->lines, "%s\t%zu\t%s", names.v[i], users.n, size_text(format, n, size));
	}
}

static void summary(struct kind *k, struct strv *lines, const char *words)
{
	char size[16], idle[16];
	size_text(words, k->size, size), size_text(words, k->idle, idle);
	_cleanup_free_ char *back =
	    xasprintf("%s (%d%%)", idle, k->size ? (int)(k->idle * 100 / k->size) : 0);
	if (as_json) {
		_cleanup_free_ char *line = json_text(
		    json_make("{Type:s,TotalCount:i,Active:i,Size:I,Reclaimable:I}", k->name,
			(int)k->total, (int)k->active, (json_int_t)k->size, (json_int_t)k->idle));
		puts(line);
		return;
	}
	if (!format)
		format =
		    "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}";
	if (rows_add(lines, format,
		json_make("{Type:s,TotalCount:i,Active:i,Size:s,Reclaimable:s}", k->name,
		    (int)k->total, (int)k->active, size, back)) < 0)
		die_fail();
}

int ctr_df_main(int argc, char **argv)
{
	static const char *const heads[] = {"TotalCount", "TOTAL", NULL};
	static const char *const titles[] = {"IMAGE\tID\tSHARED\tSIZE\tCONTAINERS",
	    "CONTAINER\tIMAGE\tSTATUS\tSIZE", "VOLUME\tCONTAINERS\tSIZE"};
	struct kind k[3] = {{.name = "Images"}, {.name = "Containers"}, {.name = "Local Volumes"}};
	struct strv lines = {0};
	if (opt_parse(&usage, argc, argv) < argc)
		die_usage("takes no operands");
	format = rows_format(format, false, NULL);
	const char *words = format; /* sizes as docker has them */
	images(&k[0]);
	containers(&k[1]);
	volumes(&k[2]);
	for (int i = 0; i < 3 && verbose && !format && !as_json; i++) {
		struct strv rows = {0};
		strv_add(&rows, titles[i]);
		strv_addall(&rows, &k[i].lines);
		rows_columns(&rows);
		puts("");
	}
	for (int i = 0; i < 3; i++)
		summary(&k[i], &lines, words);
	return format && rows_print(&lines, format, heads, true) < 0;
}
