/* docker_host.c: what docker's HostConfig tells of privileges and limits, and the names of
 * networks; see docker_shape.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "docker_shape.h"
#include "endpoint.h"
#include "json.h"
#include "str.h"

/* The capabilities that it has beyond docker's default ones, or (drop) those that it lacks. */
static json_t *docker_host_caps(const json_t *process, bool drop)
{
	const json_t *list = json_object_get(json_object_get(process, "capabilities"), "bounding"),
		     *one;
	uint64_t has = 0, bits;
	size_t n;
	json_array_foreach(list, n, one)
	{
		if (json_is_string(one) && caps_from_name(json_string_value(one), &bits) == 0)
			has |= bits;
	}
	uint64_t which = drop ? CAPS_DEFAULT & ~has : has & ~CAPS_DEFAULT;
	if (!process || !which)
		return json_null();
	if (drop ? !has : has == caps_all())
		return json_make("[s]", "ALL");
	json_t *out = json_array();
	for (int i = 0; i < 64; i++)
		if (which >> i & 1)
			json_array_append_new(out, json_string(caps_name(i)));
	return out;
}

/* A record may have been written by others. */
static const char *docker_host_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static json_t *ulimits(const json_t *process)
{
	const json_t *one;
	json_t *out = json_array();
	size_t i;
	json_array_foreach(json_object_get(process, "rlimits"), i, one)
	{
		const char *type = docker_host_text(one, "type");
		_cleanup_free_ char *name =
		    xstrdup(str_starts(type, "RLIMIT_") ? type + strlen("RLIMIT_") : type);
		for (char *p = name; *p; p++)
			*p |= ' '; /* small letters */
		json_array_append_new(
		    out, json_make("{Name:s,Hard:O,Soft:O}", name, json_object_get(one, "hard"),
			     json_object_get(one, "soft")));
	}
	return out;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* Those that not every container has. Its last rule says what may be done with one. */
static json_t *docker_host_devices(const json_t *linux_)
{
	const json_t *rules = json_object_get(json_object_get(linux_, "resources"), "devices"),
		     *one, *rule;
	static const char usual[] = " /dev/null /dev/zero /dev/full /dev/random /dev/urandom "
				    "/dev/tty ";
	json_t *out = json_array();
	size_t i, k;
	json_array_foreach(json_object_get(linux_, "devices"), i, one)
	{
		const char *path = docker_host_text(one, "path"), *may = "rwm";
		_cleanup_free_ char *word = xasprintf(" %s ", path);
		if (strstr(usual, word))
			continue;
		json_array_foreach(rules, k, rule)
		{
			if (same(one, rule, "major") && same(one, rule, "minor") &&
			    same(one, rule, "type"))
				may = docker_host_text(rule, "access");
		}
		char to[256] = "";
		_cleanup_free_ char *number = xasprintf("/sys/dev/%s/%lld:%lld",
		    *docker_host_text(one, "type") == 'b' ? "block" : "char",
		    (long long)json_integer_value(json_object_get(one, "major")),
		    (long long)json_integer_value(json_object_get(one, "minor")));
		if (readlink(number, to, sizeof to - 1) < 0)
			to[0] = 0;
		const char *slash = strrchr(to, '/');
		_cleanup_free_ char *host = xasprintf("/dev%s", slash ? slash : "/");
		json_array_append_new(
		    out, json_make("{PathOnHost:s,PathInContainer:s,CgroupPermissions:s}",
			     access(host, F_OK) == 0 && slash ? host : path, path, may));
	}
	return out;
}

static json_int_t shm_size(const json_t *cfg)
{
	const json_t *one, *option;
	size_t i, k;
	json_array_foreach(json_object_get(cfg, "mounts"), i, one)
	{
		if (!str_eq(json_string_value(json_object_get(one, "destination")), "/dev/shm"))
			continue;
		json_array_foreach(json_object_get(one, "options"), k, option)
		{
			char *end;
			if (!json_is_string(option) ||
			    !str_starts(json_string_value(option), "size="))
				continue;
			json_int_t n = strtoll(json_string_value(option) + 5, &end, 10);
			return *end == 'k' ? n << 10 : n;
		}
	}
	return 0;
}

static json_t *docker_host_security(const json_t *process, const json_t *cfg)
{
	json_t *out = json_array();
	if (json_is_true(json_object_get(process, "noNewPrivileges")))
		json_array_append_new(out, json_string("no-new-privileges"));
	if (json_object_get(json_object_get(cfg, "annotations"), "ctrbox.seccomp"))
		json_array_append_new(out, json_string("seccomp=unconfined"));
	return out;
}

void docker_host(json_t *host, const json_t *cfg)
{
	const json_t *process = json_object_get(cfg, "process"),
		     *linux_ = json_object_get(cfg, "linux"),
		     *score = json_object_get(process, "oomScoreAdj");
	bool all = json_is_true(json_object_get(host, "Privileged"));
	json_object_update_new(
	    host, json_make("{CapAdd:o,CapDrop:o,Devices:o,Ulimits:o,ShmSize:I,OomScoreAdj:I,"
			    "SecurityOpt:o}",
		      all ? json_null() : docker_host_caps(process, false),
		      all ? json_null() : docker_host_caps(process, true),
		      docker_host_devices(linux_), ulimits(process), shm_size(cfg),
		      json_integer_value(score), docker_host_security(process, cfg)));
}

void docker_nets(const struct container *c, struct strv *out)
{
	_cleanup_strv_ struct strv lines = {0};
	const char *first = kv_get(&c->conf, "net");
	bool off = false;
	if (c->dir >= 0)
		endpoint_further(c->dir, &lines);
	for (size_t i = 0; i < lines.n; i++)
		off |= str_eq(lines.v[i], "-");
	if (!off)
		strv_add(out, first ? first : "none");
	for (size_t i = 0; i < lines.n; i++)
		if (!strchr("-+!", lines.v[i][0]))
			strv_add(out, lines.v[i]);
}
