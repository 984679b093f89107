/* docker_host.c: what docker's HostConfig tells of privileges and limits, and the names of
 * networks; see docker_shape.h. */
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "connect.h"
#include "docker_shape.h"
#include "json.h"
#include "log.h"
#include "portspec.h"
#include "share.h"
#include "str.h"
#include "template_fn.h"
#include "template_text.h"

json_t *docker_text(const char *s)
{
	return json_make("s", s);
}

json_t *docker_lines(const char *s)
{
	json_t *a = json_array();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, s ? s : "", "\n");
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(a, docker_text(l.v[i]));
	return a;
}

const char *docker_limit_raw(const json_t *cfg, const char *key)
{
	const json_t *r = json_object_get(json_object_get(cfg, "linux"), "resources");
	return json_string_value(json_object_get(json_object_get(r, "unified"), key));
}

const char *docker_limit_text(const json_t *cfg, const char *key)
{
	const char *s = docker_limit_raw(cfg, key);
	return s && strcmp(s, "max") != 0 ? s : "";
}

long long docker_shape_limit(const json_t *cfg, const char *key)
{
	return strtoll(docker_limit_text(cfg, key), NULL, 10);
}

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

/* The devices, without those that every container has. The last rule about a device says what may
 * be done with it. */
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
		char to[PATH_MAX] = "";
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

json_t *docker_published(const struct container *c)
{
	const char *text = kv_get(&c->conf, "publish");
	json_t *all = template_map();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, text ? text : "", "\n");
	for (size_t i = 0; i < l.n; i++) {
		struct portspec p;
		char ip[ADDR_TEXT] = "";
		if (portspec_parse("-p", l.v[i], &p) < 0)
			continue;
		if (p.host.family)
			addr_text(&p.host, ip);
		for (int k = 0; k <= p.c1 - p.c0; k++) {
			_cleanup_free_ char *port = xasprintf("%d/%s", p.c0 + k,
						p.proto == IPPROTO_TCP ? "tcp" : "udp"),
					    *host = xasprintf("%d", p.h0 + k);
			if (!json_object_get(all, port))
				json_object_set_new(all, port, json_array());
			json_array_append_new(json_object_get(all, port),
			    json_make("{HostIp:s,HostPort:s}", ip, p.h0 ? host : ""));
		}
	}
	return all;
}

void docker_exposed(const struct container *c, json_t *ports, json_t *none)
{
	const char *text = kv_get(&c->conf, "expose");
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, text ? text : "", "\n");
	for (size_t i = 0; i < l.n; i++)
		if (!json_object_get(ports, l.v[i]))
			json_object_set(ports, l.v[i], none);
	json_decref(none);
}

json_t *docker_log(const struct kv *conf)
{
	static const char *const names[][2] = {
	    {"max-size", "log_max_size"}, {"max-file", "log_max_files"}};
	json_t *map = template_map();
	for (int i = 0; i < 2; i++) {
		int64_t n = kv_num(conf, names[i][1], 0), usual = i ? 1 : LOG_SIZE_DEFAULT;
		_cleanup_free_ char *text = xasprintf("%lld", (long long)n + i);
		if (n && n != usual) /* docker counts the file that is written, too */
			json_object_set_new(map, names[i][0], json_string(text));
	}
	return map;
}

/* --tmpfs: their options by their places. */
static json_t *docker_host_tmpfs(const json_t *cfg)
{
	const json_t *one, *option;
	json_t *map = template_map();
	size_t i, k;
	json_array_foreach(json_object_get(cfg, "mounts"), i, one)
	{
		const char *at = docker_host_text(one, "destination");
		struct buf b = {0};
		if (strcmp(docker_host_text(one, "type"), "tmpfs") || str_starts(at, "/dev") ||
		    str_starts(at, "/sys"))
			continue;
		json_array_foreach(json_object_get(one, "options"), k, option)
		{
			if (json_is_string(option))
				buf_printf(&b, "%s%s", k ? "," : "", json_string_value(option));
		}
		json_object_set_new(map, at, docker_text(b.p));
		buf_free(&b);
	}
	return map;
}

/* Our limit is one text, "QUOTA PERIOD"; docker has a member for each. */
static json_int_t docker_host_cpu(const json_t *cfg, bool period)
{
	const char *s = docker_limit_text(cfg, "cpu.max"), *blank = strchr(s, ' ');
	if (*s == 'm' || !blank)
		return 0;
	return atoll(period ? blank : s);
}

/* `own` for a namespace of its own; what it has none of is the host's. */
static json_t *docker_host_ns(const json_t *cfg, const char *type, const char *own)
{
	const json_t *all = json_object_get(json_object_get(cfg, "linux"), "namespaces"), *n;
	size_t i;
	json_array_foreach(all, i, n)
	{
		const char *path = json_string_value(json_object_get(n, "path"));
		if (!str_eq(json_string_value(json_object_get(n, "type")), type))
			continue;
		if (!path || !str_starts(path, SHARE_MARK))
			return docker_text(own);
		_cleanup_free_ char *mode = xasprintf("container:%s", path + strlen(SHARE_MARK));
		return docker_text(mode);
	}
	return docker_text(all ? "host" : own);
}

void docker_host(json_t *host, const struct container *c, const json_t *cfg)
{
	const json_t *process = json_object_get(cfg, "process"),
		     *linux_ = json_object_get(cfg, "linux"),
		     *score = json_object_get(process, "oomScoreAdj");
	bool all = json_is_true(json_object_get(host, "Privileged"));
	json_t *masked = json_object_get(linux_, "maskedPaths"),
	       *closed = json_object_get(linux_, "readonlyPaths"),
	       *sysctl = json_deep_copy(json_object_get(linux_, "sysctl"));
	json_object_set_new(sysctl, TEMPLATE_MAP, json_true());
	const char *added = docker_host_text(json_object_get(cfg, "annotations"), "ctrbox.groups");
	json_t *groups = json_parse("groups", added, strlen(added));
	json_t *notes = template_map(), *one;
	const char *ipc = kv_get(&c->conf, "ipc");
	const char *k;
	json_object_foreach(json_object_get(cfg, "annotations"), k, one)
	{
		if (!str_starts(k, "ctrbox."))
			json_object_set(notes, k, one);
	}
	json_object_update_new(host,
	    json_make(
		"{Annotations:o,CapAdd:o,CapDrop:o,Devices:o,Ulimits:o,ShmSize:I,OomScoreAdj:I,"
		"SecurityOpt:o,Tmpfs:o,Sysctls:o,MaskedPaths:o,ReadonlyPaths:o,"
		"CpuQuota:I,CpuPeriod:I,BlkioWeight:I,DnsOptions:o,DnsSearch:o,"
		"CgroupnsMode:o,IpcMode:o,PidMode:o,UTSMode:o,Runtime:s,GroupAdd:o,UsernsMode:e,"
		"DeviceCgroupRules:n,"
		"MemorySwappiness:n,OomKillDisable:b,CpuRealtimePeriod:i,CpuRealtimeRuntime:i,"
		"BlkioWeightDevice:n,BlkioDeviceReadBps:n,BlkioDeviceWriteBps:n,"
		"BlkioDeviceReadIOps:n,BlkioDeviceWriteIOps:n}",
		notes, all ? json_null() : docker_host_caps(process, false),
		all ? json_null() : docker_host_caps(process, true), docker_host_devices(linux_),
		ulimits(process), shm_size(cfg), json_integer_value(score),
		docker_host_security(process, cfg), docker_host_tmpfs(cfg),
		sysctl ? sysctl : json_null(), masked ? json_incref(masked) : json_null(),
		closed ? json_incref(closed) : json_null(), docker_host_cpu(cfg, false),
		docker_host_cpu(cfg, true), (json_int_t)docker_shape_limit(cfg, "io.weight"),
		docker_lines(kv_get(&c->conf, "dns_option")),
		docker_lines(kv_get(&c->conf, "dns_search")),
		docker_host_ns(cfg, "cgroup", "private"),
		docker_host_ns(cfg, "ipc", ipc ? ipc : "private"), docker_host_ns(cfg, "pid", NULL),
		docker_host_ns(cfg, "uts", NULL), "ctrbox", groups ? groups : json_null(), false, 0,
		0));
}

void docker_nets(const struct container *c, struct strv *out)
{
	_cleanup_strv_ struct strv lines = {0};
	const char *first = kv_get(&c->conf, "net");
	bool off = false;
	if (c->dir >= 0)
		connect_lines(c->dir, &lines);
	for (size_t i = 0; i < lines.n; i++)
		off |= str_eq(lines.v[i], "-");
	if (!off)
		strv_add(out, first ? first : "none");
	for (size_t i = 0; i < lines.n; i++)
		if (!strchr("-+!", lines.v[i][0]))
			strv_add(out, lines.v[i]);
}

void docker_row_labels(json_t *row)
{
	json_t *map = json_incref(json_object_get(row, "Labels"));
	struct buf b = {0};
	_cleanup_strv_ struct strv keys = {0};
	buf_puts(&b, "");
	template_keys(map, &keys, true);
	for (size_t i = 0; i < keys.n; i++)
		buf_printf(&b, "%s%s=%s", i ? "," : "", keys.v[i],
		    json_string_value(json_object_get(map, keys.v[i])));
	json_object_set_new(row, TEMPLATE_LABELS, map);
	json_object_set_new(row, "Labels", docker_text(b.p));
	buf_free(&b);
}
