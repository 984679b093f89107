/* ps_filter_more.c: the keys of ctr-ps --filter that the minimal build does not have; see
 * ps_filter.h. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "connect.h"
#include "container_images.h"
#include "create.h"
#include "err.h"
#include "health.h"
#include "image_store.h"
#include "place.h"
#include "portspec.h"
#include "ps_filter.h"
#include "ps_template.h"
#include "rows.h"
#include "spec.h"
#include "volume.h"

static bool by_exited(const struct container *c, const char *want)
{
	return c->has_exit && !c->pid && c->exit_code == atoi(want);
}

static bool by_network(const struct container *c, const char *want)
{
	const char *net = kv_get(&c->conf, "net");
	_cleanup_strv_ struct strv l = {0};
	if (c->dir >= 0 && connect_lines(c->dir, &l) < 0)
		warn("%s: networks: %m", c->name);
	bool hit = false, off = false;
	for (size_t i = 0; i < l.n; i++) {
		off |= strcmp(l.v[i], "-") == 0;
		hit |= strncmp(l.v[i], want, strcspn(l.v[i], " ")) == 0 &&
		       strcspn(l.v[i], " ") == strlen(want);
	}
	return hit || (!off && str_eq(net, want));
}

static bool by_volume(const struct container *c, const char *want)
{
	struct spec s;
	bool hit = false;
	if (c->dir < 0 || create_reload(c, &s) < 0)
		return false;
	_cleanup_free_ char *source = *want == '/' ? xstrdup(want) : volume_path(want);
	for (size_t i = 0; i < s.mounts.n; i++)
		hit |=
		    strcmp(s.mounts.v[i].dest, want) == 0 || str_eq(s.mounts.v[i].source, source);
	spec_free(&s);
	return hit;
}

static const char *made(const struct container *c)
{
	const char *s = kv_get(&c->conf, "created");
	return s ? s : "";
}

static char *limit[2]; /* when the containers that `before` and `since` name were made */

static bool by_before(const struct container *c, const char *want)
{
	(void)want;
	return limit[0] && strcmp(made(c), limit[0]) < 0;
}

static bool by_since(const struct container *c, const char *want)
{
	(void)want;
	return limit[1] && strcmp(made(c), limit[1]) > 0;
}

static int limit_find(char **out, const char *name)
{
	struct container c;
	if (container_open(&c, name) < 0)
		return fail_in("--filter");
	free(*out);
	*out = xstrdup(made(&c));
	container_close(&c);
	return 0;
}

static int check_before(const char *want)
{
	return limit_find(&limit[0], want);
}

static int check_since(const char *want)
{
	return limit_find(&limit[1], want);
}

static bool by_health(const struct container *c, const char *want)
{
	const char *h = c->pid ? health_status(c) : "";
	return strcmp(*h ? h : "none", want) == 0;
}

static int check_health(const char *want)
{
	for (int i = 0; i < HEALTH_STATES; i++)
		if (strcmp(health_names[i], want) == 0)
			return 0;
	return strcmp(want, "none") == 0 ? 0
					 : fail("--filter: '%s' is not a health status (starting, "
						"healthy, unhealthy or none)",
					       want);
}

static int check_exited(const char *want)
{
	int64_t n;
	return num_parse("--filter: exited", want, 0, 255, &n);
}

/* Is one of its own ports (after "->", where it is published) among these? */
static bool has_port(const char *text, const char *want, bool published)
{
	uint16_t from, to;
	uint8_t proto;
	_cleanup_strv_ struct strv l = {0};
	port_range_parse("--filter", want, &from, &to, &proto);
	strv_split(&l, text ? text : "", ", \n");
	for (size_t i = 0; i < l.n; i++) {
		char *arrow = strstr(l.v[i], "->");
		int port = atoi(arrow ? arrow + 2 : l.v[i]);
		if ((arrow || !published) && port >= from && port <= to &&
		    !strstr(l.v[i], "/udp") == (proto == IPPROTO_TCP))
			return true;
	}
	return false;
}

static bool by_publish(const struct container *c, const char *want)
{
	return has_port(kv_get(&c->state, "ports"), want, true);
}

static bool by_expose(const struct container *c, const char *want)
{
	return has_port(kv_get(&c->state, "ports"), want, false) ||
	       has_port(kv_get(&c->conf, "expose"), want, false);
}

static int check_port(const char *want)
{
	uint16_t from, to;
	uint8_t proto;
	return port_range_parse("--filter", want, &from, &to, &proto);
}

char *ps_size(const struct container *c, const char *words)
{
	char own[16], whole[16];
	uint64_t n, all;
	if (container_sizes(c, &n, &all) < 0)
		return xstrdup("");
	if (str_eq(words, "json"))
		return xasprintf("%" PRIu64 ",\"virtual\":%" PRIu64, n, all);
	return xasprintf("%s (virtual %s)", size_text(words, n, own), size_text(words, all, whole));
}

/* The images that `ancestor` names, by its values. */
static struct base {
	struct base *next;
	const char *of;
	char *id; /* as a container has it; NULL: there is no such image */
	char top[DIGEST_HEX];
	json_t *history;
} * bases;

static const struct base *base_of(const char *want)
{
	struct store s;
	struct ref r = {0};
	struct manifest m;
	struct image_config im;
	size_t names;
	for (const struct base *b = bases; b; b = b->next)
		if (b->of == want)
			return b;
	struct base *b = xcalloc(1, sizeof *b);
	*b = (struct base){.next = bases, .of = want};
	bases = b;
	if (store_open(&s, ctr_lib(), STORE_READ) == 0 && store_ref(&s, want, &r, &names) == 0 &&
	    store_image(&s, r.hex, &m, &im) == 0) {
		b->id = xasprintf("sha256:%s", m.config);
		if (im.n)
			store_layer_name(&s, im.diff_ids, im.n - 1, b->top);
		b->history = json_incref(json_object_get(im.json, "history"));
		manifest_free(&m);
		config_free(&im);
	}
	free(r.name);
	store_close(&s);
	return b;
}

/* Does the history of a container's image begin with the other's, and go on? -1: not known. */
static int goes_on(const struct container *c, const struct base *b)
{
	struct store s;
	struct manifest m;
	struct image_config im;
	size_t n = json_array_size(b->history), i = 0;
	int r = -1;
	if (!n)
		return -1;
	if (store_open(&s, ctr_lib(), STORE_READ) == 0 && container_image(c, &s, &m, &im) == 0) {
		const json_t *all = json_object_get(im.json, "history");
		while (i < n && json_equal(json_array_get(all, i), json_array_get(b->history, i)))
			i++;
		r = i == n && json_array_size(all) > n;
		manifest_free(&m);
		config_free(&im);
	}
	store_close(&s);
	return r;
}

/* Its image, under whatever name, or one that was made of that: it has the other's layers below its
 * own, and a history that goes on from the other's where both have one. */
static bool by_ancestor(const struct container *c, const char *want)
{
	struct spec s;
	const struct base *b = base_of(want);
	bool hit = ps_by_image(c, want) || (b->id && str_eq(kv_get(&c->conf, "image_id"), b->id));
	if (hit || !*b->top || c->dir < 0 || create_reload(c, &s) < 0)
		return hit;
	for (size_t i = 0; i < s.x_lower.n; i++)
		if (str_ends(s.x_lower.v[i], b->top)) {
			int on = goes_on(c, b);
			hit |= on < 0 ? i > 0 : on;
		}
	spec_free(&s);
	return hit;
}

const struct ps_key ps_keys_more[] = {{"ancestor", by_ancestor, NULL, false},
    {"image", by_ancestor, NULL, false}, {"exited", by_exited, check_exited, true},
    {"health", by_health, check_health, false}, {"network", by_network, NULL, false},
    {"volume", by_volume, NULL, false}, {"before", by_before, check_before, false},
    {"since", by_since, check_since, false}, {"publish", by_publish, check_port, false},
    {"expose", by_expose, check_port, false}, {NULL, NULL, NULL, false}};
