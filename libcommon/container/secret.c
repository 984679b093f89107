/* secret.c: see secret.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "secret.h"

enum { MOST = 512000 }; /* bytes, as podman's */

struct secret {
	struct strv words; /* the texts below point into them */
	const char *id, *src, *env, *target, *type;
	int64_t ids[2], mode;
};

static int secret_bad(const char *arg, const char *why)
{
	return fail_usage("--secret: '%.100s': %s", arg, why);
}

static int secret_parse(const char *arg, struct secret *s)
{
	const struct {
		const char *key;
		const char **to;
	} texts[] = {{"id", &s->id}, {"src", &s->src}, {"source", &s->src}, {"env", &s->env},
	    {"target", &s->target}, {"type", &s->type}};
	static const char *const numbers[] = {"uid", "gid"};
	*s = (struct secret){.mode = 0444, .type = "mount"};
	strv_split(&s->words, arg, ",");
	for (size_t i = 0; i < s->words.n; i++) {
		char *word = s->words.v[i], *eq = strchr(word, '='), *end = NULL;
		const char **to = eq ? NULL : &s->id;
		if (eq)
			*eq++ = 0;
		for (size_t k = 0; eq && k < 6; k++)
			to = strcmp(texts[k].key, word) ? to : texts[k].to;
		if (to)
			*to = eq ? eq : word;
		for (int k = 0; k < 2 && !to; k++)
			if (strcmp(word, numbers[k]) == 0) {
				if (num_parse("--secret", eq, 0, 0xfffffffe, &s->ids[k]) < 0)
					return fail_as_usage();
				end = "";
			}
		if (!to && !end && strcmp(word, "mode") == 0)
			s->mode = strtol(eq, &end, 8);
		if (!to && (!end || *end || end == eq || s->mode & ~0777))
			return secret_bad(arg,
			    "not ID,src=FILE or ID,env=VARIABLE, with type=mount|env, "
			    "target=, uid=, gid=, mode=");
	}
	if (!s->id || name_check("--secret", s->id) < 0)
		return s->id ? fail_as_usage() : secret_bad(arg, "it has no ID");
	if (!s->src == !s->env)
		return secret_bad(arg, "where is it? src=FILE or env=VARIABLE");
	if (!str_has_word("mount file env", s->type))
		return secret_bad(arg, "type is mount or env");
	return 0;
}

static char *secret_place(const struct secret *s)
{
	if (strcmp(s->type, "env") == 0)
		return xstrdup(s->target ? s->target : s->id);
	_cleanup_free_ char *whole = xasprintf("%s%s",
	    s->target && *s->target == '/' ? "" : "/run/secrets/", s->target ? s->target : s->id);
	_cleanup_free_ char *plain = str_plain_path(whole);
	return plain && *plain ? path_join("", plain) : NULL;
}

int secret_record(const struct create_flags *o, struct kv *conf)
{
	struct buf b = {0};
	for (size_t i = 0; i < o->secrets.n; i++) {
		struct secret s;
		if (secret_parse(o->secrets.v[i], &s) < 0)
			return -1;
		_cleanup_free_ char *at = secret_place(&s);
		if (!at || strpbrk(at, *at == '/' ? "\n" : "\n= "))
			return secret_bad(o->secrets.v[i], "target is not a place for it");
		buf_printf(&b, "%s%s", i ? "\n" : "", at);
		strv_free(&s.words);
	}
	if (b.n && o->explain && !*o->explain)
		return fail_usage("--secret: a script would show it: not with --explain");
	if (b.n)
		kv_set(conf, "secrets", b.p);
	buf_free(&b);
	return 0;
}

static int secret_text_of(const struct secret *w, struct buf *to)
{
	const char *value = w->env ? getenv(w->env) : NULL;
	if (value)
		buf_puts(to, value);
	else if (w->env)
		return fail("--secret: %s: there is no variable %s", w->id, w->env);
	else { /* it may be a pipe: src=<(...) */
		_cleanup_close_ int fd = open(w->src, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return fail("--secret: %s: %s: %m", w->id, w->src);
		if (!(to->p = fd_read_all(fd, w->src, MOST, &to->n)))
			return fail_in("--secret: %s", w->id);
	}
	if (strcmp(w->type, "env") == 0 && to->n && strlen(to->p) != to->n)
		return fail("--secret: %s: a NUL byte in a variable", w->id);
	return 0;
}

int secret_read(struct create_flags *o)
{
	struct secret w;
	if (o->explain && !*o->explain) /* nothing is made */
		return 0;
	o->secret_texts = xcalloc(o->secrets.n + 1, sizeof *o->secret_texts);
	for (size_t i = 0; i < o->secrets.n; i++) {
		if (secret_parse(o->secrets.v[i], &w) < 0 ||
		    secret_text_of(&w, &o->secret_texts[i]) < 0)
			return -1;
		strv_free(&w.words);
	}
	return 0;
}

static int secret_keep_file(
    int dir, const char *file, const struct secret *w, const struct buf *text)
{
	uid_t uid = (uid_t)w->ids[0], gid = (gid_t)w->ids[1];
	if (file_write_at(dir, file, text->p, text->n, 0600, true) < 0)
		return fail_in("--secret: %s", w->id);
	if ((geteuid() == 0 && fchownat(dir, file, uid, gid, 0) < 0) ||
	    fchmodat(dir, file, (mode_t)w->mode, 0) < 0)
		return fail("--secret: %s: its owner and mode: %m", w->id);
	return 0;
}

int secret_keep(const struct create_flags *o, const struct container *c)
{
	struct secret w;
	if (!o->secrets.n)
		return 0;
	if (mkdirat(c->dir, "secrets", 0700) < 0)
		return fail_errno("secrets");
	_cleanup_close_ int dir = dir_open_at(c->dir, "secrets");
	for (size_t i = 0; i < o->secrets.n; i++) {
		_cleanup_free_ char *file = xasprintf("%zu", i);
		if (dir < 0 || secret_parse(o->secrets.v[i], &w) < 0 ||
		    secret_keep_file(dir, file, &w, &o->secret_texts[i]) < 0)
			return -1;
		strv_free(&w.words);
	}
	return 0;
}

void secret_give(const struct container *c, struct spec *s, bool files)
{
	const char *all = kv_get(&c->conf, "secrets");
	_cleanup_strv_ struct strv to = {0};
	strv_split(&to, all ? all : "", "\n");
	for (size_t i = 0; i < to.n; i++) {
		_cleanup_free_ char *file = xasprintf("secrets/%zu", i),
				    *path = record_path(c->name, file);
		bool var = *to.v[i] != '/';
		_cleanup_free_ char *value = var ? file_read_at(c->dir, file, MOST, NULL) : NULL;
		if (value)
			strv_setenv(&s->env, to.v[i], value);
		else if (!var && files)
			spec_mount_add(s, to.v[i], "bind", path,
			    s->uid_map.n && geteuid() == 0 ? "rbind,ro,nosuid,nodev,noexec,idmap"
							   : "rbind,ro,nosuid,nodev,noexec");
		else if (var)
			warn("%s: secret %s: %m", c->name, to.v[i]);
	}
}
