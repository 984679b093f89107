/* bundle.c: --bundle: the spec is an OCI bundle's own; see create_flags.h. */
#include <stdlib.h>

#include "create_flags.h"
#include "err.h"
#include "file.h"

void create_bundle(struct spec *s, struct kv *conf, int argc)
{
	char *dir = realpath(create_flags.bundle, NULL);
	if (argc > 0)
		die_usage("--bundle takes the command from config.json, not from the command line");
	if (!dir)
		die("%s: %m", create_flags.bundle);
	_cleanup_free_ char *path = xasprintf("%s/config.json", dir);
	size_t len;
	_cleanup_free_ char *text = file_read(path, 4 << 20, &len);
	spec_free(s);
	if (!text || spec_parse(s, path, text, len) < 0)
		die_fail();
	spec_default_nodes(s);
	if (s->root_path[0] != '/') {
		char *rel = s->root_path;
		s->root_path = xasprintf("%s/%s", dir, rel);
		free(rel);
	}
	for (size_t i = 0; i < s->mounts.n; i++) { /* config.md: a relative source of a bind is the bundle's */
		struct spec_mount *m = &s->mounts.v[i];
		if (m->source && m->source[0] != '/' &&
		    (str_eq(m->type, "bind") || strv_has(&m->options, "bind") || strv_has(&m->options, "rbind"))) {
			char *rel = m->source;
			m->source = xasprintf("%s/%s", dir, rel);
			free(rel);
		}
	}
	kv_set(conf, "rootfs", s->root_path);
	kv_set(conf, "image", create_flags.bundle);
	kv_set(conf, "bundle", dir);
	free(dir);
}
