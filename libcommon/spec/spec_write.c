/* spec_write.c: the spec as config.json; see spec.h. Written straight into a buffer: it is on the
 * start path. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spec_names.h"

static void spec_write_mounts(struct buf *b, const struct spec *s)
{
	spec_put_key(b, "mounts");
	buf_puts(b, "[");
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct spec_mount *m = &s->mounts.v[i];
		spec_put_comma(b);
		buf_puts(b, "{");
		spec_put_str(b, "destination", m->dest);
		spec_put_str(b, "type", m->type);
		spec_put_str(b, "source", m->source);
		spec_put_list(b, "options", &m->options);
		spec_put_idmaps(b, "uidMappings", m->uid_map, m->n_uid_map);
		spec_put_idmaps(b, "gidMappings", m->gid_map, m->n_gid_map);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void spec_write_hooks(struct buf *b, const struct spec *s)
{
	bool any = false;
	for (int w = 0; w < HOOK_COUNT; w++)
		any |= s->hooks[w].n > 0;
	if (!any)
		return;
	spec_put_open(b, "hooks");
	for (int w = 0; w < HOOK_COUNT; w++) {
		if (!s->hooks[w].n)
			continue;
		spec_put_key(b, spec_hook_names[w]);
		buf_puts(b, "[");
		for (size_t i = 0; i < s->hooks[w].n; i++) {
			const struct spec_hook *h = &s->hooks[w].v[i];
			spec_put_comma(b);
			buf_puts(b, "{");
			spec_put_str(b, "path", h->path);
			spec_put_list(b, "args", &h->args);
			if (h->env.n)
				spec_put_list(b, "env", &h->env);
			else if (h->own_env)
				spec_put_key(b, "env"), buf_puts(b, "[]");
			if (h->timeout)
				spec_put_num(b, "timeout", h->timeout);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
}

static void spec_write_list_note(struct strv *notes, const char *name, const struct strv *l)
{
	struct buf b = {0};
	if (!l->n)
		return;
	buf_puts(&b, "[");
	for (size_t i = 0; i < l->n; i++) {
		spec_put_comma(&b);
		buf_json(&b, l->v[i]);
	}
	buf_puts(&b, "]");
	strv_addf(notes, "ctrbox.%s=%s", name, b.p);
	buf_free(&b);
}

static void spec_write_annotations(struct buf *b, const struct spec *s)
{
	struct strv notes = {0};
	strv_addall(&notes, &s->annotations);
	if (s->x_user)
		strv_addf(&notes, "ctrbox.user=%s", s->x_user);
	if (s->x_image_file)
		strv_addf(&notes, "ctrbox.image_file=%s", s->x_image_file);
	if (s->x_upper_size)
		strv_addf(&notes, "ctrbox.upper_size=%s", s->x_upper_size);
	if (s->seccomp && s->seccomp[0] != '{')
		strv_addf(&notes, "ctrbox.seccomp=%s", s->seccomp);
	spec_write_list_note(&notes, "groups", &s->x_groups);
	spec_write_list_note(&notes, "lower", &s->x_lower);
	const struct {
		const char *name;
		bool on;
	} flags[] = {{"init", s->x_init}, {"privileged", s->x_privileged},
	    {"no_pivot", s->x_no_pivot}, {"keep_id", s->x_keep_id}, {"systemd", s->x_systemd}};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flags[i].on)
			strv_addf(&notes, "ctrbox.%s=1", flags[i].name);
	spec_put_pairs(b, "annotations", &notes);
	strv_free(&notes);
}

char *spec_quoted(const char *s)
{
	struct buf b = {0};
	buf_json(&b, s);
	return b.p;
}

char *spec_text(const struct spec *s)
{
	struct buf b = {.p = xmalloc(8192), .room = 8192}; /* most fit */
	buf_puts(&b, "{");
	spec_put_str(&b, "ociVersion", s->version ? s->version : SPEC_VERSION);
	spec_put_process(&b, s);
	spec_put_open(&b, "root");
	spec_put_str(&b, "path", s->root_path ? s->root_path : "rootfs");
	spec_put_flag(&b, "readonly", s->root_readonly);
	buf_puts(&b, "}");
	spec_put_str(&b, "hostname", s->hostname);
	spec_put_str(&b, "domainname", s->domainname);
	spec_write_mounts(&b, s);
	spec_write_hooks(&b, s);
	spec_put_linux(&b, s);
	spec_write_annotations(&b, s);
	buf_puts(&b, "}\n");
	return b.p;
}
