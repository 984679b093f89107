/* ctr-prune: remove what is not used: exited containers, networks, images, volumes.
 *
 * Kind: OWNER of nothing. What is in use, or comes into use meanwhile, cannot be removed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "connect.h"
#include "container_images.h"
#include "err.h"
#include "network.h"
#include "opt.h"
#include "prune.h"
#include "record.h"
#include "rows.h"
#include "stamp.h"
#include "stop.h"
#include "table.h"
#include "tree.h"
#include "volume.h"

static bool force, all, volumes, listed, chosen; /* volumes by name, as docker wants it said */
static const char *keep;
static struct strv filters;
static int64_t until = INT64_MAX;
static uint64_t freed;

static const struct opt opts[] = {
    {'f', "force", NULL, "do it (without it nothing is removed)", OPT_FLAG, &force},
    {'a', "all", NULL, "images with a name, too", OPT_FLAG, &all},
    {0, "volumes", NULL, "volumes, too, where no kind is named", OPT_FLAG, &volumes},
    {0, "filter", "K=V",
	"only those: until=TIME (made before: a date, or so long ago), label=K[=V], label!=K[=V]",
	OPT_LIST, &filters},
    {0, "keep-storage", "SIZE", NULL, OPT_STR, &keep}, /* of the cache, which is none */
    OPT_END,
};
static const struct usage usage = {.synopsis = "[containers|networks|images|volumes]",
    .more =
	"Containers that have ended; networks that no container has; images without a name (-a: "
	"all) that no\ncontainer was made of; volumes that no container mounts. Without a kind: "
	"the first three.\n",
    .opts = opts,
    .anywhere = true};

static void filters_check(const char *only)
{
	bool volumes_too = only ? *only == 'v' : volumes, named = false, nameless = false;
	for (size_t i = 0; i < filters.n; i++) {
		const char *f = filters.v[i];
		/* docker's: as with -a, as without it, and what is so anyway */
		bool no = str_has_word("dangling=false dangling=0", f),
		     yes = str_has_word("dangling=true dangling=1", f);
		if (only && (*only == 'i' ? no || yes
					  : *only == 'v' && str_has_word("all=true all=1", f))) {
			named |= no;
			nameless |= yes;
			all |= *only == 'v';
			continue;
		}
		if (str_starts(f, "until=") && volumes_too)
			die_usage("--filter until= is not for volumes: nothing tells when they "
				  "were made");
		if (str_starts(f, "until=") && (until = moment_parse("--filter until", f + 6)) < 0)
			die_fail();
		if (!str_starts(f, "until=") && !str_starts(f, "label=") &&
		    !str_starts(f, "label!="))
			die_usage("--filter: '%s' is not until=, label= or label!= (of images also "
				  "dangling=true or false)",
			    f);
	}
	if (named && nameless)
		die_usage("--filter: dangling= is true and false");
	all = (all || named) && !nameless;
}

/* Was it made at the time (in nanoseconds; -1: not known) and does it have the labels that are
 * asked for? Of several labels each must be there. */
static bool meant(int64_t made, const char *labels)
{
	if (until != INT64_MAX && (made < 0 || made >= until))
		return false;
	for (size_t i = 0; i < filters.n; i++) {
		const char *f = filters.v[i];
		if ((str_starts(f, "label=") && !str_label(labels, f + 6)) ||
		    (str_starts(f, "label!=") && str_label(labels, f + 7)))
			return false;
	}
	return true;
}

/* As docker says it: a list has a blank line after it, and there is no empty one. */
static void headed(const char *what, size_t n)
{
	if (n)
		printf("%sDeleted %s:\n", listed ? "\n" : "", what);
	listed |= n > 0;
}

static int containers(void)
{
	_cleanup_strv_ struct strv names = {0}, gone = {0};
	_cleanup_close_ int dir = record_dir();
	if (container_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		if (container_read(&c, names.v[i]) == 0) {
			bool over =
			    c.status == ST_CREATED || c.status == ST_EXITED || c.status == ST_LOST;
			int64_t made = kv_num(&c.conf, "created", -1);
			const char *s = kv_get(&c.conf, "created");
			if (s)
				made = moment_parse("created", s);
			if (over && meant(made, kv_get(&c.conf, "label"))) {
				strv_add(&gone, c.name);
				freed += tree_size(dir, c.name);
			}
		}
		container_close(&c);
	}
	headed("Containers", gone.n);
	return stop_remove_all(&gone, false, stdout);
}

struct wanted {
	const char *net;
	bool is;
};

/* Does this container use the network? An exited one does, too, because it can be started again. */
static int wants_net(struct container *c, void *arg)
{
	struct wanted *w = arg;
	_cleanup_strv_ struct strv more = {0};
	w->is |= str_eq(kv_get(&c->conf, "net"), w->net) || c->status == ST_CORRUPT ||
		 connect_lines(c->dir, &more) < 0;
	for (size_t i = 0; i < more.n; i++) { /* NETWORK IP IP6 ... */
		more.v[i][strcspn(more.v[i], " ")] = 0;
		w->is |= strcmp(more.v[i], w->net) == 0;
	}
	return 0;
}

static void on_lease(const struct lease *l, void *arg)
{
	(void)l;
	*(bool *)arg = true;
}

static int networks(void)
{
	_cleanup_strv_ struct strv names = {0}, gone = {0};
	if (geteuid() != 0)
		return 0;
	if (network_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		struct network n;
		struct wanted w = {.net = names.v[i]};
		if (container_each(wants_net, &w) < 0)
			die_fail();
		if (strcmp(names.v[i], "bridge") == 0 || w.is || network_open(&n, names.v[i]) < 0)
			continue;
		network_lease_each(n.name, on_lease, &w.is);
		if (!w.is && meant(n.created * 1000000000, n.labels))
			strv_add(&gone, n.name);
		network_free(&n);
	}
	headed("Networks", gone.n);
	int r = 0;
	for (size_t i = 0; i < gone.n; i++)
		if (net_remove(gone.v[i]) == 0) {
			puts(gone.v[i]);
		} else {
			warn_fail();
			r = -1;
		}
	return r;
}

/* When a filter is given, an image that cannot be read is left alone. */
static bool image_meant(const struct store *s, const struct ref *r)
{
	struct manifest m = {0};
	struct image_config c = {0};
	struct buf labels = {0};
	if (!filters.n)
		return true;
	bool good = store_image(s, r->hex, &m, &c) == 0;
	for (size_t i = 0; i < c.image.labels.n; i++)
		buf_printf(&labels, "%s\n", c.image.labels.v[i]);
	good = good && meant(stamp_of(c.created), labels.p);
	buf_free(&labels);
	manifest_free(&m);
	config_free(&c);
	return good;
}

static int images(void)
{
	struct store s;
	struct refs r, gone = {0};
	uint64_t bytes = 0;
	if (store_open(&s, ctr_lib(), STORE_REMOVE) < 0 || store_refs(&s, &r) < 0)
		die_fail();
	gone.v = xcalloc(r.n + 1, sizeof *gone.v);
	for (size_t i = 0; i < r.n; i++) {
		struct ref *v = &r.v[i];
		_cleanup_strv_ struct strv users = {0};
		if (container_image_users(v->hex, store_id(&s, v), &users) < 0)
			die_fail();
		if ((v->name && !all) || users.n || !image_meant(&s, v))
			continue;
		gone.v[gone.n++] = *v;
	}
	if (gone.n && store_refs_remove(&s, &gone) < 0)
		die_fail();
	if (s.images >= 0)
		image_prune(&s, &bytes);
	headed("Images", gone.n);
	image_gone(&s, &gone, "untagged", "deleted");
	for (size_t i = 0; i < gone.n && !table_docker; i++)
		puts(gone.v[i].name ? gone.v[i].name : store_id(&s, &gone.v[i]));
	freed += bytes;
	free(gone.v);
	refs_free(&r);
	store_close(&s);
	return 0;
}

static int volumes_unused(void)
{
	_cleanup_strv_ struct strv names = {0}, gone = {0};
	int r = 0;
	if (volume_names(&names) < 0)
		die_fail();
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_strv_ struct strv users = {0};
		_cleanup_free_ char *labels = volume_labels(names.v[i]);
		if (volume_users(names.v[i], &users) < 0)
			die_fail();
		if (!users.n && meant(0, labels))
			strv_add(&gone, names.v[i]);
	}
	/* Volumes without a name end with their container (ctr-volume(1)). */
	if (table_docker && !chosen && gone.n) {
		warn("volumes with a name stay, as with docker: volume prune -a removes these %zu",
		    gone.n);
		return 0;
	}
	headed("Volumes", gone.n);
	for (size_t i = 0; i < gone.n; i++) {
		_cleanup_free_ char *path = volume_path(gone.v[i]);
		uint64_t bytes = tree_size(AT_FDCWD, path);
		if (volume_remove(gone.v[i], false) == 0) {
			puts(gone.v[i]);
			freed += bytes;
		} else {
			warn_fail();
			r = -1;
		}
	}
	return r;
}

/* `docker builder prune`: there is none. */
static int cache(void)
{
	return 0;
}

/* docker's question; without an answer nothing is removed, and that is no error. */
static bool agreed(const char *these)
{
	char answer[8] = "";
	printf("WARNING! This removes for good what is not used: %s.\n"
	       "Are you sure you want to continue? [y/N] ",
	    these);
	fflush(stdout);
	return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

int ctr_prune_main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(void);
	} kinds[] = {{"containers", containers}, {"networks", networks},
	    {"volumes", volumes_unused}, {"images", images}, {"cache", cache}};
	char text[16];
	int first = opt_parse(&usage, argc, argv), r = 0;
	const char *only = argc > first ? argv[first] : NULL;
	bool known = !only;
	for (size_t i = 0; i < 5 && !known; i++)
		known = strcmp(only, kinds[i].name) == 0;
	if (!known || argc > first + 1)
		die_usage("'%s' is not containers, networks, images or volumes", argv[argc - 1]);
	filters_check(only);
	chosen = only && all;
	const char *these = volumes ? "containers, networks, images and volumes"
				    : "containers, networks and images";
	if (!force && !table_docker)
		die_usage(
		    "prune removes for good what is not used (%s): use -f", only ? only : these);
	if (!force && !agreed(only ? only : these))
		return 0;
	for (size_t i = 0; i < 5; i++)
		if (only ? strcmp(only, kinds[i].name) == 0 : i != 2 || volumes)
			r |= kinds[i].fn();
	if (listed)
		puts("");
	if (!only || *only != 'n') /* a network takes no space */
		printf("Total reclaimed space: %s\n", size_text(NULL, freed, text));
	return r != 0;
}
