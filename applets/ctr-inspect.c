/* ctr-inspect: everything about containers, as JSON.
 *
 * Kind: FILTER.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "container_net.h"
#include "docker_shape.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "network.h"
#include "opt.h"
#include "stamp.h"
#include "ps_template.h"
#include "record.h"
#include "template.h"
#include "template_fn.h"
#include "volume.h"

static const char *format, *type;
static bool own_shape, size;

static const struct opt opts[] = {
    {'f', "format", "TEMPLATE|PATH",
	"a Go template over docker's shape, or one value of ours: State.Pid", OPT_STR, &format},
    {0, "json", NULL, "our own shape: the record, and the OCI config as it is", OPT_FLAG,
	&own_shape},
    {'s', "size", NULL, "SizeRw and SizeRootFs, too: the bytes of its own files, and of all",
	OPT_FLAG, &size},
    {'t', "type", "KIND", "container, image, network or volume; else what has this name", OPT_STR,
	&type},
    OPT_END,
};
static const struct usage usage = {.synopsis = "NAME...|-", .opts = opts, .anywhere = true};

static json_t *when(int64_t t, long ns)
{
	char s[STAMP_SIZE] = "";
	if (t)
		stamp_text(s, t, ns);
	return json_string(s);
}

static json_t *all_of(const struct kv *k)
{
	json_t *j = json_object();
	for (size_t i = 0; i < k->keys.n; i++)
		json_object_set_new(j, k->keys.v[i], docker_text(k->vals.v[i]));
	return j;
}

static json_t *state(const struct container *c)
{
	bool lives = c->pid != 0;
	return json_make("{Status:s,Running:b,Paused:b,Restarting:b,OOMKilled:b,Pid:i,ExitCode:i,"
			 "StartedAt:o,FinishedAt:o,Error:s*}",
	    status_name(c->status), c->status == ST_RUNNING || c->status == ST_PAUSED,
	    c->status == ST_PAUSED, c->status == ST_RESTARTING, c->oom && !lives, (int)c->pid,
	    lives || !c->has_exit ? 0 : c->exit_code, when(c->started, c->started_ns),
	    lives ? json_string("") : when(c->finished, c->finished_ns),
	    c->why || lives ? c->why : c->error);
}

static json_t *parts(const char *s, const char *seps)
{
	json_t *a = json_array();
	struct strv l = {0};
	strv_split(&l, s ? s : "", seps);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(a, docker_text(l.v[i]));
	strv_free(&l);
	return a;
}

static json_t *record(const struct container *c)
{
	const char *created = kv_get(&c->conf, "created"), *net = kv_get(&c->conf, "net"),
		   *ports = kv_get(&c->state, "ports"), *restart = kv_get(&c->conf, "restart");
	long ns = created && strchr(created, '.') ? strtol(strchr(created, '.') + 1, NULL, 10) : 0;
	_cleanup_free_ char *ip = container_addresses(c, true);
	_cleanup_free_ char *config =
	    c->dir < 0 ? NULL : file_read_at(c->dir, "config.json", FILE_ANY, NULL);
	json_t *cfg = config ? json_parse("config.json", config, strlen(config)) : NULL;
	json_t *mounts = json_object_get(cfg, "mounts");
	return json_make(
	    "{Id:s,Name:s,Created:o,State:o,Image:s,RestartPolicy:s,RestartCount:i,Labels:o,"
	    "NetworkSettings:{Network:s,IPAddress:s,Ports:o},Mounts:O,Config:o,conf:o,state:o}",
	    c->id, c->name, when(created ? strtoll(created, NULL, 10) : 0, ns), state(c),
	    kv_get(&c->conf, "image"), restart ? restart : "no",
	    (int)kv_num(&c->state, "restarts", 0), docker_labels(kv_get(&c->conf, "label")),
	    net ? net : "none", ip, parts(ports ? ports : kv_get(&c->conf, "publish"), ", \n"),
	    mounts, cfg ? cfg : json_null(), all_of(&c->conf), all_of(&c->state));
}

static int print_value(const json_t *j)
{
	struct strv path = {0};
	strv_split(&path, format, ".");
	for (size_t i = 0; i < path.n && j; i++) {
		char *end;
		unsigned long n = strtoul(path.v[i], &end, 10);
		j = json_is_array(j) && !*end ? json_array_get(j, n)
					      : json_object_get(j, path.v[i]);
	}
	strv_free(&path);
	if (!j)
		return fail("--format: there is no %s", format);
	/* `kill -9 $(ctr-inspect -f State.Pid NAME)` of a stopped container would be kill -9 0. */
	if (str_eq(format + (*format == '.'), "State.Pid") && !json_integer_value(j))
		return puts(""), 0;
	_cleanup_free_ char *s =
	    json_is_string(j) ? str_escape(json_string_value(j)) : json_text(j);
	puts(s);
	return 0;
}

static json_t *dockers(const struct container *c)
{
	_cleanup_free_ char *text =
	    c->dir < 0 ? NULL : file_read_at(c->dir, "config.json", FILE_ANY, NULL);
	_cleanup_json_ json_t *cfg = text ? json_parse("config.json", text, strlen(text)) : NULL;
	return docker_shape(c, cfg);
}

static void add_sizes(const struct container *c, json_t *j)
{
	uint64_t own, all;
	if (!size || container_sizes(c, &own, &all) < 0)
		return;
	json_object_set_new(j, "SizeRw", json_integer((json_int_t)own));
	json_object_set_new(j, "SizeRootFs", json_integer((json_int_t)all));
}

static int print_template(json_t *j)
{
	struct buf out = {0};
	int r = template_run(format, j, TEMPLATE_ONE, &out);
	if (r == 0)
		puts(out.p);
	buf_free(&out);
	return r;
}

/* The applet that knows something of this name; NULL: a container is meant. */
static const char *other_kind(const char *name)
{
	static const char *const kinds[][2] = {{"image", "ctr-image"}, {"network", "ctr-net"},
	    {"volume", "ctr-volume"}, {"container", NULL}};
	struct store s;
	struct refs r;
	struct network n;
	_cleanup_free_ char *volume = volume_path(name);
	for (size_t i = 0; type && i < 4; i++)
		if (strcmp(kinds[i][0], type) == 0)
			return kinds[i][1];
	if (type)
		die_usage("--type: '%s' is not container, image, network or volume", type);
	if (own_shape || container_look(name) == 0)
		return NULL;
	if (store_open(&s, ctr_lib(), STORE_READ) == 0 && store_refs(&s, &r) == 0 &&
	    store_find(&s, &r, name) >= 0)
		return kinds[0][1];
	if (network_open(&n, name) == 0)
		return kinds[1][1];
	return name_valid(name) && faccessat(AT_FDCWD, volume, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		   ? kinds[2][1]
		   : NULL;
}

static int inspect_other(const char *applet, const char *name)
{
	char *argv[] = {(char *)applet, (char *)"inspect", (char *)name,
	    (char *)(format ? "--format" : NULL), (char *)format, NULL};
	return applet_run(applet_find(applet), format ? 5 : 3, argv);
}

int ctr_inspect_main(int argc, char **argv)
{
	struct strv names = {0};
	_cleanup_json_ json_t *all = json_array();
	size_t others = 0;
	int code = 0, n = opt_parse(&usage, argc, argv);
	bool is_template = template_is(format), path = format && !is_template;
	opt_names(&names, argc, argv, n, "NAME");
	for (size_t i = 0; i < names.n; i++) {
		struct container c;
		json_t *j = NULL;
		const char *other = other_kind(names.v[i]);
		if (other) {
			code |= inspect_other(other, names.v[i]);
			others++;
			continue;
		}
		if (container_open(&c, names.v[i]) == 0) {
			j = own_shape || path ? record(&c) : dockers(&c);
			add_sizes(&c, j);
			if (path)
				template_plain(j);
			container_close(&c);
		} else if (errno == ENOENT && !type && !own_shape) {
			fail(
			    "%s: no such object (container, image, network or volume)", names.v[i]);
		}
		if (!j || (path && print_value(j) < 0) || (is_template && print_template(j) < 0)) {
			/* docker's code for a template that cannot be read */
			code = is_template && j && errno == EBADMSG ? 64 : 1;
			warn_fail();
		}
		if (j)
			json_array_append_new(all, j);
	}
	if (!format && others < names.n)
		template_json(all, own_shape);
	return code;
}
