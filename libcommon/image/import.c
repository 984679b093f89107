/* import.c: turns an archive of a root filesystem into an image of one layer; and --change, which
 * edits an image's config. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "portspec.h"
#include "image_store.h"
#include "json.h"
#include "signames.h"
#include "stamp.h"
#include "str.h"

/* --- --change --- */

/* `["a", "b"]` is taken as it is; anything else is run by the shell. */
static json_t *import_command(const char *what, const char *value)
{
	if (*value != '[')
		return json_make("[s,s,s]", "/bin/sh", "-c", value);
	json_t *j = json_parse(what, value, strlen(value)), *v;
	size_t i = 0;
	while ((v = json_array_get(j, i)) && json_is_string(v))
		i++;
	if (j && i == json_array_size(j))
		return j;
	json_decref(j);
	fail("%s: '%s' is not a list of strings ([\"ls\", \"-l\"], say)", what, value);
	return NULL;
}

static json_t *import_list(json_t *run, const char *member)
{
	json_t *list = json_object_get(run, member);
	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(run, member, list);
	}
	return list;
}

static int env(json_t *run, const char *pair)
{
	size_t key = strcspn(pair, "=") + 1, i;
	json_t *list = import_list(run, "Env"), *v;
	json_array_foreach(list, i,
	    v) if (json_is_string(v) &&
		   strncmp(json_string_value(v), pair, key) == 0) return json_array_set_new(list, i,
	    json_string(pair));
	return json_array_append_new(list, json_string(pair));
}

static int import_into(json_t *run, const char *member, const char *key, json_t *value)
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
		_cleanup_free_ char *key =
		    xasprintf("%s%s", l.v[i], suffix && !strchr(l.v[i], '/') ? suffix : "");
		r = import_into(run, member, key, json_object());
	}
	strv_free(&l);
	return r;
}

static int import_label(json_t *run, const char *pair)
{
	const char *eq = strchr(pair, '=');
	_cleanup_free_ char *key = xstrndup(pair, (size_t)(eq - pair));
	return import_into(run, "Labels", key, json_string(eq + 1));
}

/* The next word, with quotes and backslashes removed as a shell would; NULL at the end. */
static char *import_word(const char **at)
{
	const char *p = *at + strspn(*at, " \t");
	char *out = *p ? xstrdup(p) : NULL, *to = out, quote = 0;
	for (; *p && (quote || !strchr(" \t", *p)); p++)
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else
			*to++ = *p == '\\' && quote != '\'' && p[1] ? *++p : *p;
	if (out)
		*to = 0;
	*at = p;
	return out;
}

/* K=V K="V W", or the old form K V. */
static int pairs(json_t *run, const char *value, int (*set)(json_t *run, const char *pair))
{
	size_t n = strcspn(value, " \t=");
	_cleanup_free_ char *old = value[n] == '=' ? NULL
						   : xasprintf("%.*s=%s", (int)n, value,
							 value + n + strspn(value + n, " \t"));
	int r = 0;
	if (old)
		r = old[n + 1] ? set(run, old) : -1;
	for (char *w; !old && r == 0 && (w = import_word(&value)); free(w))
		r = *w != '=' && strchr(w, '=') ? set(run, w) : -1;
	return r;
}

static int ports_check(const char *value)
{
	struct strv w = {0};
	uint16_t from, to;
	uint8_t proto;
	int r = 0;
	strv_split(&w, value, " \t");
	for (size_t i = 0; i < w.n && r == 0; i++)
		r = str_ends(w.v[i], "/sctp")
			? 0
			: port_range_parse("port", w.v[i], &from, &to, &proto);
	strv_free(&w);
	return r;
}

static int ports(json_t *run, const char *value)
{
	_cleanup_free_ char *lower = xstrdup(value);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return words(run, "ExposedPorts", lower, "/tcp");
}

/* A relative path continues from the previous one. */
static int workdir(json_t *run, const char *value)
{
	const char *was = json_string_value(json_object_get(run, "WorkingDir"));
	_cleanup_free_ char *dir = path_join(was && strcmp(was, "/") ? was : "", value);
	return json_object_set_new(run, "WorkingDir", json_string(*value == '/' ? value : dir));
}

static json_t *import_test(const char *command)
{
	json_t *test = *command == '[' ? import_command("CMD", command)
				       : json_make("[ss]", "CMD-SHELL", command);
	if (*command == '[' && test)
		json_array_insert_new(test, 0, json_string("CMD"));
	return test;
}

/* [--OPTION=VALUE...] CMD COMMAND, or NONE. */
static int import_health(json_t *run, const char *value)
{
	static const char *const names[][2] = {{"--interval=", "Interval"},
	    {"--timeout=", "Timeout"}, {"--start-period=", "StartPeriod"},
	    {"--start-interval=", "StartInterval"}, {"--retries=", "Retries"}};
	json_t *h = json_object(), *test = NULL;
	json_object_set_new(run, "Healthcheck", h);
	for (; *value == '-'; value += strspn(value, " \t")) {
		_cleanup_free_ char *w = import_word(&value);
		size_t i = 0;
		int64_t n;
		while (i < 5 && !str_starts(w, names[i][0]))
			i++;
		if (i == 5)
			return fail("%s: not an option of it", w);
		const char *given = w + strlen(names[i][0]);
		if ((i == 4 ? num_parse(names[i][0], given, 0, 1000000, &n)
			    : duration_parse(names[i][0], given, &n)) < 0)
			return -1;
		json_object_set_new(h, names[i][1], json_integer(i == 4 ? n : n * 1000000));
	}
	if (strcasecmp(value, "NONE") == 0)
		test = json_make("[s]", "NONE");
	else if (strncasecmp(value, "CMD", 3) == 0 && strchr(" \t[", value[3]) && value[3])
		test = import_test(value + 3 + strspn(value + 3, " \t"));
	else
		return fail("'%s': neither CMD and a command nor NONE", value);
	return test ? json_object_set_new(h, "Test", test) : -1;
}

static const char *const changes[] = {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "USER",
    "VOLUME", "WORKDIR", "STOPSIGNAL", "ONBUILD", "HEALTHCHECK"};
#define CHANGES (sizeof changes / sizeof changes[0])

static int changes_unknown(const char *change)
{
	struct buf all = {0};
	for (size_t i = 0; i < CHANGES; i++)
		buf_printf(&all, "%s ", changes[i]);
	_cleanup_free_ char *text = all.p;
	errno = EINVAL;
	return fail("--change: '%s': not one of %sand a value", change, text);
}

int config_change(json_t *config, const char *change)
{
	size_t n = strcspn(change, " \t="), k = 0;
	const char *value = change + n + strspn(change + n, change[n] == '=' ? "=" : " \t");
	while (k < CHANGES && (strlen(changes[k]) != n || strncasecmp(changes[k], change, n) != 0))
		k++;
	if (k == CHANGES || !*value)
		return changes_unknown(change);
	json_t *run = json_object_get(config, "config"), *list = NULL;
	if (k < 2 || (k == 6 && *value == '[')) {
		list = import_command("--change", value);
		if (!list)
			return -1;
	}
	static bool cmd_given;
	int r = -1;
	switch (k) {
	case 0:
		cmd_given = true;
		return json_object_set_new(run, "Cmd", list);
	case 1: /* as docker: the old command belonged to the old entrypoint */
		if (!cmd_given)
			json_object_del(run, "Cmd");
		return json_object_set_new(run, "Entrypoint", list);
	case 2:
		r = pairs(run, value, env);
		break;
	case 3:
		if (ports_check(value) < 0)
			return errno = EINVAL, fail_in("--change: EXPOSE");
		r = ports(run, value);
		break;
	case 4:
		r = pairs(run, value, import_label);
		break;
	case 6:
		r = list ? 0 : words(run, "Volumes", value, NULL);
		for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
			r = import_into(run, "Volumes", json_string_value(json_array_get(list, i)),
			    json_object());
		json_decref(list);
		break;
	case 7:
		r = workdir(run, value);
		break;
	case 9:
		r = json_array_append_new(import_list(run, "OnBuild"), json_string(value));
		break;
	case 10:
		if (import_health(run, value) < 0)
			return errno = EINVAL, fail_in("--change: HEALTHCHECK");
		return 0;
	default:
		if (k == 8 && signal_from_name(value) < 0)
			return fail_in("--change");
		r = json_object_set_new(run, k == 5 ? "User" : "StopSignal", json_string(value));
	}
	if (r == 0)
		return 0;
	errno = EINVAL;
	return fail("--change: '%s': not %s", change, k == 2 || k == 4 ? "KEY=VALUE" : "UTF-8");
}

/* --- import --- */

/* Does it have what `docker save` and OCI archives have at their top, and nothing of a root
 * filesystem? */
static bool holds_images(const struct store *s, const char *layer)
{
	_cleanup_close_ int dir = openat(s->ltmp, layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || faccessat(dir, "bin", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    faccessat(dir, "etc", F_OK, 0) == 0)
		return false;
	return faccessat(dir, "manifest.json", F_OK, 0) == 0 ||
	       (faccessat(dir, "index.json", F_OK, 0) == 0 &&
		   faccessat(dir, "oci-layout", F_OK, 0) == 0);
}

static int import(struct store *s, int fd, const char *what, const char *message,
    const struct strv *changes, char hex[DIGEST_HEX], char id[DIGEST_HEX], uint64_t *size)
{
	struct stream_sums in;
	if (store_layer(s, fd, what, true, NULL, NULL, 0, &in) < 0)
		return -1;
	char layer[DIGEST_HEX];
	if (store_inherit(s, &in.plain_hex, 1) < 0)
		return fail_about(what);
	store_layer_name(s, &in.plain_hex, 0, layer);
	if (holds_images(s, layer))
		return errno = EINVAL, fail("%s: an archive of images, not a root filesystem: "
					    "ctr-image load takes it",
					   what);
	_cleanup_free_ char *comment =
	    message ? xstrdup(message) : xasprintf("imported from %s", what);
	_cleanup_json_ json_t *config = config_make(NULL, in.plain_hex, NULL, comment);
	for (size_t i = 0; i < changes->n; i++)
		if (config_change(config, changes->v[i]) < 0)
			return -1;
	return store_put_image(
	    s, config, NULL, in.copy_hex, in.copy_size, layer_type(in.comp), hex, id, size);
}

int image_import(const char *lib, const char *name, int fd, const char *what, const char *message,
    const struct strv *changes, char hex[DIGEST_HEX], char id[DIGEST_HEX])
{
	struct store s;
	uint64_t size;
	int r = store_open(&s, lib, STORE_ADD);
	if (r == 0)
		r = import(&s, fd, what, message, changes, hex, id, &size) < 0 ||
			    store_commit(&s) < 0 || store_ref_set(&s, name, hex, size) < 0
			? -1
			: 0;
	store_close(&s);
	return r;
}
