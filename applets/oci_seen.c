/* oci_seen.c: a record of ctr-oci's as the struct of our own containers; see oci_seen.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "oci_record.h"
#include "oci_seen.h"
#include "stamp.h"

bool seen_is(const char *name)
{
	return str_starts(name, "oci:");
}

/* "oci:DIR/ID" in its two parts; returns ID, within `name`. */
static const char *seen_split(const char *name, char **dir)
{
	const char *at = name + strlen("oci:"), *slash = strrchr(at, '/');
	_cleanup_free_ char *given = slash ? xstrndup(at, (size_t)(slash - at)) : NULL;
	*dir = oci_root(given);
	return slash ? slash + 1 : at;
}

int seen_names(struct strv *out, const char *name)
{
	struct strv ids = {0};
	_cleanup_free_ char *dir = NULL;
	if (!seen_is(name) || *seen_split(name, &dir))
		return strv_add(out, name), 0;
	if (oci_record_names(dir, &ids) < 0)
		return -1;
	for (size_t i = 0; i < ids.n; i++)
		strv_addf(out, "%s%s", name, ids.v[i]);
	strv_free(&ids);
	return 0;
}

/* The whole id of a shortened one; as it is where there is not exactly one. Caller frees. */
static char *seen_whole(const char *dir, const char *id)
{
	struct strv ids = {0};
	const char *found = id;
	size_t n = 0;
	if (strlen(id) >= 3 && oci_record_names(dir, &ids) == 0 && !strv_has(&ids, id))
		for (size_t i = 0; i < ids.n; i++)
			if (str_starts(ids.v[i], id) && n++ == 0)
				found = ids.v[i];
	char *whole = xstrdup(n == 1 ? found : id);
	strv_free(&ids);
	return whole;
}

static void seen_fill(struct container *c, struct oci_record *r)
{
	static const enum status as[] = {ST_CREATED, ST_CREATED, ST_RUNNING, ST_PAUSED, ST_EXITED};
	const char *made = kv_get(&r->state, "created"), *root = kv_get(&r->state, "rootfs");
	struct spec s = {0};
	c->dir = r->dir;
	c->pid = r->pid;
	c->starttime = r->starttime;
	c->status = as[r->status];
	c->state = r->state;
	kv_set(&c->conf, "name", c->name);
	kv_set(&c->conf, "image", root ? root : "");
	c->started = stamp_of(made) / 1000000000; /* 0: no other is known */
	kv_setf(&c->conf, "created", "%lld", (long long)c->started);
	if (oci_record_spec(r, &s) == 0) {
		struct buf line = {0};
		for (size_t i = 0; i < s.args.n; i++)
			buf_printf(&line, "%s%s", i ? " " : "", s.args.v[i]);
		kv_set(&c->conf, "command", line.p);
		buf_free(&line);
		if (!(s.ns_new & 1u << NS_NET) && !s.ns_path[NS_NET])
			kv_set(&c->conf, "net", "host"); /* what goes over it is not its own */
		spec_free(&s);
	}
	free(r->root);
}

int seen_open(struct container *c, const char *name)
{
	struct oci_record r;
	_cleanup_free_ char *dir = NULL;
	if (!seen_is(name))
		return container_open(c, name);
	*c = (struct container){.dir = -1, .life = -1, .starting = -1};
	const char *part = seen_split(name, &dir);
	_cleanup_free_ char *id = seen_whole(dir, part);
	if (oci_record_open(&r, dir, id, OCI_LOOK) < 0) {
		fail_in("oci:%s", id);
		int why = errno;
		oci_record_close(&r);
		return errno = why, -1;
	}
	c->name = xasprintf("%.*s%s", (int)(part - name), name, id);
	c->id = r.id;
	seen_fill(c, &r);
	return 0;
}
