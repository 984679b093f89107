/* import.c: a root filesystem's archive becomes an image of one layer; and --change, which edits a config. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "image_store.h"
#include "json.h"
#include "str.h"

/* --- --change --- */

/* `["a", "b"]` as it is; anything else is for the shell. */
static json_t *command(const char *what, const char *value)
{
	if (*value != '[')
		return json_make("[s,s,s]", "/bin/sh", "-c", value);
	json_t *j = json_parse(what, value, strlen(value)), *v;
	size_t i;
	if (!j)
		return NULL;
	json_array_foreach(j, i, v) if (!json_is_string(v))
	{
		json_decref(j);
		fail("%s: %s: not a list of strings", what, value);
		return NULL;
	}
	return j;
}

static int env(json_t *run, const char *value)
{
	const char *eq = strchr(value, '=');
	_cleanup_free_ char *pair = eq ? xstrdup(value) : NULL;
	if (!eq) { /* the old form: ENV KEY VALUE */
		size_t n = strcspn(value, " \t");
		pair = xasprintf("%.*s=%s", (int)n, value, value + n + strspn(value + n, " \t"));
	}
	size_t key = strcspn(pair, "=") + 1, i;
	json_t *list = json_object_get(run, "Env"), *v;
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(run, "Env", list);
	}
	json_array_foreach(list, i,
	    v) if (json_is_string(v) && strncmp(json_string_value(v), pair, key) == 0) return json_array_set_new(list,
	    i, json_string(pair));
	return json_array_append_new(list, json_string(pair));
}

static int into(json_t *run, const char *member, const char *key, json_t *value)
{
	json_t *o = json_object_get(run, member);
	if (!json_is_object(o)) {
		o = json_object();
		json_object_set_new(run, member, o);
	}
	return json_object_set_new(o, key, value);
}

static int words(json_t *run, const char *member, const char *value, const char *suffix)
{
	struct strv l = {0};
	int r = 0;
	strv_split(&l, value, " \t");
	for (size_t i = 0; i < l.n && r == 0; i++) {
		_cleanup_free_ char *key = xasprintf("%s%s", l.v[i], suffix && !strchr(l.v[i], '/') ? suffix : "");
		r = into(run, member, key, json_object());
	}
	strv_free(&l);
	return r;
}

static int label(json_t *run, const char *value)
{
	const char *eq = strchr(value, '=');
	_cleanup_free_ char *key = eq ? xstrndup(value, (size_t)(eq - value)) : xstrdup(value);
	return into(run, "Labels", key, json_string(eq ? eq + 1 : ""));
}

int config_change(json_t *config, const char *change)
{
	static const char *const names[] = {
	    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "USER", "VOLUME", "WORKDIR", "STOPSIGNAL"};
	size_t n = strcspn(change, " \t="), k = 0;
	const char *value = change + n + strspn(change + n, change[n] == '=' ? "=" : " \t");
	while (k < sizeof names / sizeof names[0] && (strlen(names[k]) != n || strncasecmp(names[k], change, n) != 0))
		k++;
	if (k == sizeof names / sizeof names[0] || !*value)
		return errno = EINVAL, fail("--change: '%s': not one of CMD ENTRYPOINT ENV EXPOSE LABEL USER VOLUME "
					    "WORKDIR STOPSIGNAL and a value",
					   change);
	json_t *run = json_object_get(config, "config"), *list = NULL;
	if (k < 2 || (k == 6 && *value == '[')) {
		list = command("--change", value);
		if (!list)
			return -1;
	}
	int r = -1;
	switch (k) {
	case 0:
		return json_object_set_new(run, "Cmd", list);
	case 1:
		return json_object_set_new(run, "Entrypoint", list);
	case 2:
		r = env(run, value);
		break;
	case 3:
		r = words(run, "ExposedPorts", value, "/tcp");
		break;
	case 4:
		r = label(run, value);
		break;
	case 6:
		r = list ? 0 : words(run, "Volumes", value, NULL);
		for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
			r = into(run, "Volumes", json_string_value(json_array_get(list, i)), json_object());
		json_decref(list);
		break;
	default:
		r = json_object_set_new(run,
		    k == 5   ? "User"
		    : k == 7 ? "WorkingDir"
			     : "StopSignal",
		    json_string(value));
	}
	return r < 0 ? (errno = EINVAL, fail("--change: '%s': not UTF-8", change)) : 0;
}

/* --- import --- */

static int import(
    struct store *s, int fd, const char *what, const struct strv *changes, char hex[DIGEST_HEX], uint64_t *size)
{
	struct stream in;
	if (store_layer(s, fd, what, true, NULL, NULL, &in) < 0)
		return -1;
	_cleanup_free_ char *comment = xasprintf("imported from %s", what);
	_cleanup_json_ json_t *config = config_make(NULL, in.plain_hex, NULL, comment);
	for (size_t i = 0; i < changes->n; i++)
		if (config_change(config, changes->v[i]) < 0)
			return -1;
	return store_put_image(s, config, NULL, in.copy_hex, in.copy_size, layer_type(in.comp), hex, size);
}

int image_import(
    const char *lib, const char *name, int fd, const char *what, const struct strv *changes, char hex[DIGEST_HEX])
{
	struct store s;
	uint64_t size;
	int r = store_open(&s, lib, STORE_ADD);
	if (r == 0)
		r = import(&s, fd, what, changes, hex, &size) < 0 || store_commit(&s) < 0 ||
			    store_ref_set(&s, name, hex, size) < 0
			? -1
			: 0;
	store_close(&s);
	return r;
}
