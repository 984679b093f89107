/* create.c: from ctr-run's and ctr-create's options to a spec and a record; see create.h.
 *
 * Everything is parsed and checked before anything is made. What the engine needs goes into the
 * spec (config.json), what only the monitor and the listings need into conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "create.h"
#include "create_flags.h"
#include "create_nets.h"
#include "err.h"
#include "file.h"
#include "container_event.h"
#include "health.h"
#include "image.h"
#include "container_net.h"
#include "range.h"
#include "secret.h"
#include "share.h"
#include "stop.h"
#include "str.h"
#include "undo.h"
#include "userns.h"
#include "volume.h"

/* One container that is being made. */
struct making {
	struct buf nets; /* the text of the file `networks` */
	struct create_flags *o;
	struct container *c;
	struct spec *s;
	struct strv volumes; /* those of the image */
	int range;           /* of range.h; -1: none */
	int gate;            /* locked until the record says that the image is in use; -1: none */
};

/* --- the root and the command --- */

/* The command that a directory, a filesystem image or an image provides. An entrypoint that is a
 * single empty word counts as none, as in docker. How many of its words are the entrypoint. */
static size_t create_command(
    struct making *m, const struct strv *entry, const struct strv *cmd, int argc, char **argv)
{
	struct strv *args = &m->s->args;
	const char *given = m->o->entrypoint;
	strv_free(args);
	if (given && *given)
		strv_add(args, given);
	if (!given && !(entry->n == 1 && !*entry->v[0]))
		strv_addall(args, entry);
	size_t n = args->n;
	for (int i = 0; i < argc; i++)
		strv_add(args, argv[i]);
	if (argc == 0 && !given)
		strv_addall(args, cmd);
	if (args->n == 0)
		strv_add(args, "/bin/sh");
	return n;
}

#define NO_VERITY "--verity: ROOTFS is no image file"
static int root_path(struct making *m, const char *path)
{
	struct spec *s = m->s;
	struct stat st;
	char *abs = path_real(path);
	if (!abs || stat(abs, &st) < 0)
		return fail_errno(path);
	const char *verity = m->o->verity;
	bool file = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
	if (verity && (!file || verity[strspn(verity, "0123456789abcdef")] || !*verity))
		return fail_usage(
		    file ? "--verity: not a root hash, in small hexadecimal digits" : NO_VERITY);
	if (file) {
		s->x_image_file = verity ? xasprintf(IMAGE_VERITY "%s:%s", verity, abs) : abs;
	} else if (!S_ISDIR(st.st_mode)) {
		return fail("%s: neither a directory nor an image file", path);
	} else if (m->o->direct && !abs[strspn(abs, "/")]) {
		return fail_usage("--direct /: the host's own root cannot be taken away from it: "
				  "leave --direct out, or use ctr-unshare");
	} else if (m->o->direct) {
		free(s->root_path);
		s->root_path = abs;
	} else {
		strv_take(&s->x_lower, abs);
	}
	return 0;
}

/* docker's meaning of an image's config: options override it, and its environment comes first. */
static int create_image(struct making *m, int argc, char **argv)
{
	struct create_flags *o = m->o;
	struct kv *conf = &m->c->conf;
	struct spec *s = m->s;
	struct image im;
	if (o->verity)
		return fail_usage(NO_VERITY);
	m->gate = image_gate(ctr_lib());
	if (image_obtain(ctr_lib(), argv[0], o->pull, userns_do, &im) < 0)
		return -1;
	/* The ids on disk, as with --userns auto. */
	if (geteuid() != 0 && str_eq(o->userns, "keep-id"))
		warn("--userns keep-id: what belongs to root in a user's image is yours in this "
		     "container");
	strv_addall(&s->x_lower, &im.layers);
	/* A config.json with other words or a relative folder is not read again. */
	for (size_t i = 0; i < im.env.n; i++)
		if (im.env.v[i][0] != '=' && strchr(im.env.v[i], '='))
			strv_add(&s->env, im.env.v[i]);
	if (im.workdir && *im.workdir) {
		free(s->cwd);
		s->cwd = xasprintf("%s%s", *im.workdir == '/' ? "" : "/", im.workdir);
	}
	if (!o->user && im.user && *im.user)
		s->x_user = xstrdup(im.user);
	if (!o->stop_signal && im.stopsignal && *im.stopsignal)
		kv_set(conf, "stop_signal", im.stopsignal);
	/* The record has each label in a line of its own. */
	for (size_t i = 0; i < im.labels.n; i++)
		for (char *p = im.labels.v[i]; (p = strchr(p, '\n'));)
			*p = ' ';
	strv_addall(&o->labels, &im.labels);
	strv_addall(&m->volumes, &im.volumes);
	for (size_t i = 0; i < im.exposed.n; i++)
		if (!strv_has(&o->expose, im.exposed.v[i]))
			strv_add(&o->expose, im.exposed.v[i]);
	kv_set(conf, "image", argv[0]); /* as it was typed */
	kv_set(conf, "image_digest", im.digest);
	kv_set(conf, "image_id", im.id);
	int r = health_record(o, &im, conf);
	kv_setf(conf, "entrypoint", "%zu",
	    create_command(m, &im.entrypoint, &im.cmd, argc - 1, argv + 1));
	image_free(&im);
	return r;
}

static int create_root(struct making *m, int argc, char **argv)
{
	struct kv *conf = &m->c->conf;
	struct spec *s = m->s;
	const struct strv none = {0};
	if (argc < 1)
		return fail_usage("ROOTFS or IMAGE is missing (see %s --help)", err_applet);
	if (!*argv[0])
		return fail_usage("ROOTFS or IMAGE is empty");
	if (!m->o->rootfs && image_is_ref(argv[0]))
		return create_image(m, argc, argv);
	if (health_record(m->o, NULL, conf) < 0 || root_path(m, argv[0]) < 0)
		return -1;
	if (m->o->root_link && (m->o->direct || m->o->verity))
		return fail_usage("--root-link does not go with --direct and --verity");
	if (m->o->root_link) {
		_cleanup_free_ char *here = argv[0][0] == '/' ? NULL : getcwd(NULL, 0);
		kv_setf(conf, "root_link", "%s%s%s", here ? here : "", here ? "/" : "", argv[0]);
	}
	if (s->x_lower.n)
		kv_set(conf, "rootfs", s->x_lower.v[0]);
	else
		kv_set(conf, "rootfs", s->x_image_file ? s->x_image_file : s->root_path);
	kv_set(conf, "image", argv[0]);
	create_command(m, &none, &none, argc - 1, argv + 1);
	return 0;
}

/* --- volumes --- */

static int volume_add(struct making *m, struct volume_req *v, int *anon)
{
	struct spec *s = m->s;
	_cleanup_free_ char *file = xasprintf("volumes/%d", ++*anon),
			    *dir = record_path(m->c->name, file);
	struct buf opts = {0};
	bool volume = str_eq(v->type, "volume");
	if (flags_own_cgroups(s, v))
		return 0;
	if (volume_prepare(v, s, dir) < 0)
		return -1;
	if (volume && s->uid_map.n && geteuid() == 0)
		strv_add(&v->options, "idmap");
	buf_puts(&opts, "");
	for (size_t i = 0; i < v->options.n; i++)
		buf_printf(&opts, "%s%s", i ? "," : "", v->options.v[i]);
	spec_mount_add(s, v->dst, v->type, v->src, opts.p);
	buf_free(&opts);
	return 0;
}

/* An option already mounts something there: then the image's volume with that path is not made. */
static bool create_taken(const struct spec *s, const char *dst)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (strcmp(s->mounts.v[i].dest, dst) == 0)
			return true;
	return false;
}

static int image_volume(struct making *m, const char *path, int *anon)
{
	struct volume_req v;
	if (strchr(path, ':')) /* "/:/host" would be a folder of the host */
		return errno = EINVAL, fail("the image's volume '%s': a colon in it", path);
	if (volume_parse_v(path, &v) < 0)
		return fail_in("an image's volume");
	int r = create_taken(m->s, v.dst) ? 0 : volume_add(m, &v, anon);
	volume_req_free(&v);
	return r;
}

/* --volumes-from NAME[:ro|:rw]: its -v, --mount and image volumes, as its config.json has them.
 * Where this container has an option of its own for the path, that takes precedence, as in
 * docker. */
static int volumes_of(struct making *m, const char *arg)
{
	struct container c;
	struct spec from;
	const char *colon = strchr(arg, ':');
	_cleanup_free_ char *name = xstrndup(arg, colon ? (size_t)(colon - arg) : strlen(arg));
	if (colon && strcmp(colon, ":ro") && strcmp(colon, ":rw"))
		return fail_usage("--volumes-from: '%s' is not NAME[:ro|:rw]", arg);
	if (container_open(&c, name) < 0 || create_reload(&c, &from) < 0)
		return fail_in("--volumes-from");
	for (size_t i = 0; i < from.mounts.n; i++) {
		struct spec_mount *v = &from.mounts.v[i];
		struct buf opts = {0};
		bool theirs = str_eq(v->type, "volume") || str_eq(v->type, "bind");
		if (!theirs || create_taken(m->s, v->dest))
			continue;
		for (size_t k = 0; k < v->options.n; k++)
			buf_printf(&opts, "%s,", v->options.v[k]);
		const char *same = strv_has(&v->options, "ro") ? "ro" : "rw";
		buf_puts(&opts, colon ? colon + 1 : same);
		spec_mount_add(m->s, v->dest, v->type, v->source, opts.p);
		buf_free(&opts);
	}
	spec_free(&from);
	container_close(&c);
	return 0;
}

/* -v and --mount. This creates what is missing, so it comes after the container's directory, which
 * holds the anonymous ones. */
static int create_volumes(struct making *m)
{
	struct volume_req v;
	int anon = 0, r;
	for (size_t i = 0; (r = flags_volume(m->o, i, &v)) > 0; i++) {
		r = volume_add(m, &v, &anon);
		volume_req_free(&v);
		if (r < 0)
			return -1;
	}
	for (size_t i = 0; i < m->o->volumes_from.n && r == 0; i++)
		r = volumes_of(m, m->o->volumes_from.v[i]);
	for (size_t i = 0; i < m->volumes.n && r == 0 && !undo_signal_waits(); i++)
		r = image_volume(m, m->volumes.v[i], &anon);
	if (!m->o->bundle)
		flags_mounts_sort(m->s);
	return r;
}

/* --explain makes nothing: volumes that do not come from -v and --mount are added there as if they
 * did. */
static int told(struct making *m)
{
	struct create_flags *o = m->o;
	struct volume_req v;
	size_t known = m->s->mounts.n;
	int r = 0;
	for (size_t i = 0; flags_volume(o, i, &v) > 0; i++)
		spec_mount_add(m->s, v.dst, NULL, NULL, "");
	for (size_t i = 0; i < o->volumes_from.n && r == 0; i++)
		r = volumes_of(m, o->volumes_from.v[i]);
	for (size_t i = 0; i < m->volumes.n; i++)
		if (!create_taken(m->s, m->volumes.v[i]))
			strv_add(&o->volumes, m->volumes.v[i]);
	for (size_t i = known; i < m->s->mounts.n; i++) {
		struct spec_mount *e = &m->s->mounts.v[i];
		if (e->source)
			strv_take(&o->mounts, volume_csv(e->source, e->dest, &e->options));
	}
	m->s->mounts.n = known;
	return r;
}

/* --- all of it --- */

/* These become words in /etc/hosts. */
static int host_check(const char *what, const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 127 || *p == '/' || p - s == 64)
			return fail_usage(
			    "%s: '%s' has more than 64 bytes, a blank or a slash", what, s);
	return 0;
}

/* The other container's id maps are used if it has any (1), and not if it has the host's (0); -1
 * with fail(). */
static int user_of(struct spec *s, const struct container *other)
{
	struct spec from;
	if (create_reload(other, &from) < 0)
		return -1;
	bool own = spec_has_ns(&from, NS_USER);
	if (own) {
		s->uid_map = from.uid_map;
		s->gid_map = from.gid_map;
		from.uid_map = from.gid_map = (struct idmap){0};
	}
	spec_free(&from);
	return own;
}

/* The namespaces of other containers. Their ids are recorded; the process is looked up at each
 * start (share_up()), because a pid may belong to another process by then. */
static int shared_namespaces(struct making *m)
{
	for (const struct ns_flag *f = flags_ns; f < flags_ns + FLAGS_NS; f++) {
		const char *name = flags_shared(m->o, f->ns);
		struct container other;
		if (!name)
			continue;
		if (container_open(&other, name) < 0)
			return fail_in("--%s", f->name);
		if (!other.pid)
			return container_not_running(&other), fail_in("--%s", f->name);
		int own = f->ns == NS_USER ? user_of(m->s, &other) : 1;
		if (own <= 0) {
			container_close(&other);
			if (own < 0)
				return fail_in("--userns");
			continue;
		}
		free(m->s->ns_path[f->ns]);
		m->s->ns_path[f->ns] = xasprintf(SHARE_MARK "%s", other.id);
		if (f->ns == NS_NET)
			m->o->net = xasprintf("container:%s", other.id);
		container_close(&other);
	}
	return 0;
}

static int bundle(struct making *m, int argc)
{
	struct kv *conf = &m->c->conf;
	_cleanup_free_ char *dir = NULL;
	if (argc > 0)
		return fail_usage(
		    "--bundle takes the command from config.json, not from the command line");
	if (flags_bundle(m->o, m->s, &dir) < 0 || health_record(m->o, NULL, conf) < 0)
		return -1;
	kv_set(conf, "rootfs", m->s->root_path);
	kv_set(conf, "image", m->o->bundle);
	kv_set(conf, "bundle", dir);
	return 0;
}

static int create_fill(struct making *m, int argc, char **argv)
{
	struct create_flags *o = m->o;
	struct spec *s = m->s;
	int init;
	if (o->bundle)
		return bundle(m, argc);
	if (flags_exposed(o) < 0)
		return -1;
	spec_default(s);
	s->hostname = xstrdup(o->hostname && *o->hostname ? o->hostname : m->c->id);
	if (host_check("--hostname", s->hostname) < 0)
		return -1;
	if (o->domainname) {
		if (host_check("--domainname", o->domainname) < 0)
			return -1;
		s->domainname = xstrdup(o->domainname);
	}
	if (flags_namespaces(o, s) < 0 || shared_namespaces(m) < 0 ||
	    create_root(m, argc, argv) < 0 || flags_environment(o, s) < 0 ||
	    (init = flags_systemd(o, s)) < 0 || flags_privileges(o, s) < 0 ||
	    flags_settings(o, s) < 0 || flags_volumes_check(o) < 0)
		return -1;
	if (init == 2 && !o->stop_signal && !kv_get(&m->c->conf, "stop_signal"))
		o->stop_signal = "RTMIN+3"; /* systemd(1), SIGNALS: halt */
	flags_network_open(s);
	return 0;
}

/* An existing container of this name, if it was to be removed at its end and its monitor did not
 * live to do so (a power cut, kill -9); with --replace any. 0 when it has been removed. */
static int create_take_over(const struct making *m)
{
	struct container old;
	_cleanup_free_ char *why = fail_copy();
	if (container_open(&old, m->c->name) < 0)
		return errno == ENOENT ? 0 : -1;
	bool same = strcmp(old.name, m->c->name) == 0;
	bool ended = old.status == ST_LOST || old.status == ST_ORPHANED || old.status == ST_EXITED;
	bool garbage = container_passing(&old) && ended;
	int r = 0;
	if (same && (m->o->replace || garbage))
		r = stop_remove(&old, true);
	else if (same)
		r = (errno = EEXIST, fail_again(why));
	container_close(&old);
	return r;
}

/* The container's directory, then what is in it or beside it. */
static int create_make(struct making *m)
{
	struct container *c = m->c;
	const char *cidfile = m->o->cidfile;
	if (geteuid() == 0 && !m->o->bundle && str_eq(m->o->userns, "auto") &&
	    (m->range = range_take(c->id, m->s, !m->o->rm)) < 0) {
		if (m->gate >= 0)
			close(m->gate);
		return -1;
	}
	if (m->s->ns_path[NS_USER])
		range_share(m->s);
	_cleanup_free_ char *first = spec_text(m->s);
	/* A signal that arrives from here on is noticed at the end, and what was made is
	 * removed. */
	undo_hold_signals();
	int made = container_create(c, first);
	/* Others may take the name again as soon as it is free. */
	for (int i = 0; i < 100 && made < 0 && errno == EEXIST && create_take_over(m) == 0; i++)
		made = container_create(c, first);
	if (m->gate >= 0)
		close(m->gate);
	if (m->range >= 0)
		close(m->range);
	if (made < 0)
		return -1;
	event_container(c, "create", NULL, NULL);
	if (secret_keep(m->o, c) < 0)
		return -1;
	bool volumes = create_layer_limit(m->c, m->s) || m->o->storage_opt || m->o->volumes.n ||
		       m->o->mounts.n || m->o->volumes_from.n || m->volumes.n;
	if (volumes) {
		int r = create_volumes(m);
		_cleanup_free_ char *json = r < 0 ? NULL : spec_text(m->s);
		if (r < 0 ||
		    file_write_at(c->dir, "config.json", json, strlen(json), 0600, !m->o->rm) < 0)
			return -1;
	}
	if (m->nets.n && file_write_at(c->dir, "networks", m->nets.p, m->nets.n, 0600, false) < 0)
		return -1;
	/* together with what volumes without a name were filled with */
	if (!m->o->rm && (volumes || m->nets.n || m->o->secrets.n) && syncfs(c->dir) < 0)
		warn("%s: write to the disk: %m", c->name);
	if (cidfile && *cidfile &&
	    file_write_at(AT_FDCWD, cidfile, c->id, strlen(c->id), 0644, false) < 0)
		return fail_in("--cidfile");
	return undo_signal_waits() ? (errno = EINTR, fail("%m")) : 0;
}

int create_container(
    struct create_flags *o, struct container *c, struct spec *spec, int argc, char **argv)
{
	static char id[13];
	struct making m = {.o = o, .c = c, .s = spec, .gate = -1, .range = -1};
	*c = (struct container){.dir = -1, .life = -1, .starting = -1};
	rand_hex(id, 6);
	c->name = xstrdup(o->name ? name_bare(o->name) : id);
	c->id = xstrdup(id);
	err_unnamed = o->name ? NULL : id;
	if (name_check("--name", c->name) < 0)
		return fail_as_usage();
	if (o->keep && o->rm)
		return fail_usage("--keep and --rm contradict each other");
	if (o->cidfile && access(o->cidfile, F_OK) == 0)
		return fail("--cidfile: %s exists already", o->cidfile);
	if (!o->detach && !o->keep)
		o->rm = true;
	memset(spec, 0, sizeof *spec);
	_cleanup_strv_ struct strv limits = {0}; /* `-m IMAGE` is a slip of its own */
	if (resources_from_flags(&o->res, &limits) < 0)
		return fail_as_usage();
	if (create_nets(o, &m.nets) < 0)
		return fail_as_usage();
	o->further = m.nets.p;
	if (secret_read(o) < 0 || create_fill(&m, argc, argv) < 0 || create_record(o, c, spec) < 0)
		return -1;
	if (container_net_check(&c->conf) < 0)
		return fail_as_usage();
	if (o->explain && !*o->explain) { /* nothing is made */
		if (m.gate >= 0)
			close(m.gate);
		return told(&m);
	}
	if (create_make(&m) == 0)
		return 0;
	_cleanup_free_ char *why = fail_copy();
	if (c->dir >= 0 && container_destroy(c) < 0)
		warn_fail();
	return fail_again(why);
}
