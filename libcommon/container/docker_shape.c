/* docker_shape.c: records in the form of docker's JSON; see docker_shape.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "container_net.h"
#include "docker_shape.h"
#include "health.h"
#include "json.h"
#include "stamp.h"
#include "str.h"
#include "template_fn.h"

static json_t *shape_text(const char *s)
{
	json_t *j = json_string(s ? s : "");
	if (j)
		return j;
	_cleanup_free_ char *safe = str_escape(s); /* it is not UTF-8 */
	return json_string(safe);
}

static json_t *shape_when(int64_t t, long ns)
{
	char s[STAMP_SIZE] = "0001-01-01T00:00:00Z"; /* Go's zero time */
	if (t)
		stamp_text(s, t, ns);
	return json_string(s);
}

static void set(json_t *j, const char *key, json_t *value)
{
	json_object_set_new(j, key, value);
}

static json_t *shape_lines(const char *s)
{
	json_t *a = json_array();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, s ? s : "", "\n");
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(a, shape_text(l.v[i]));
	return a;
}

json_t *docker_labels(const char *s)
{
	json_t *m = template_map();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, s ? s : "", "\n");
	for (size_t i = 0; i < l.n; i++) {
		char *eq = strchr(l.v[i], '=');
		if (eq)
			*eq = 0;
		_cleanup_free_ char *key = str_escape(l.v[i]);
		set(m, key, shape_text(eq ? eq + 1 : ""));
	}
	return m;
}

/* docker has no word for what a power cut or a killed monitor leaves. */
static const char *shape_status(const struct container *c)
{
	switch (c->status) {
	case ST_LOST:
	case ST_CORRUPT:
		return "dead";
	case ST_ORPHANED:
		return "running";
	default:
		return status_name(c->status);
	}
}

/* "SECONDS.NANOS" at *s, which is advanced past it. */
static json_t *shape_stamp(char **s)
{
	char *end;
	int64_t sec = strtoll(*s, &end, 10);
	long ns = *end == '.' ? strtol(end + 1, &end, 10) : 0;
	*s = end;
	return shape_when(sec, ns);
}

/* State.Health: NULL when there are no health checks. */
static json_t *shape_health(const struct container *c)
{
	struct kv kv;
	if (!kv_get(&c->conf, "health"))
		return NULL;
	json_t *j = json_object(), *log = json_array();
	health_read(c, &kv);
	set(j, "Status", json_string(health_status(c)));
	set(j, "FailingStreak", json_integer(kv_num(&kv, "failing", 0)));
	for (char i = '0'; i < '0' + HEALTH_LOGS; i++) {
		const char *v = kv_get(&kv, (char[]){'l', 'o', 'g', i, 0});
		char *p = (char *)v;
		if (!v)
			continue;
		json_t *one = json_object();
		set(one, "Start", shape_stamp(&p));
		set(one, "End", shape_stamp(&p));
		set(one, "ExitCode", json_integer(strtol(p, &p, 10)));
		set(one, "Output", shape_text(*p ? p + 1 : p));
		json_array_append_new(log, one);
	}
	set(j, "Log", log);
	kv_free(&kv);
	return j;
}

static json_t *shape_state(const struct container *c)
{
	json_t *j = json_object();
	bool lives = c->pid != 0;
	const char *why = c->why ? c->why : c->error;
	set(j, "Status", json_string(shape_status(c)));
	set(j, "Running", json_boolean(lives));
	set(j, "Paused", json_boolean(c->status == ST_PAUSED));
	set(j, "Restarting", json_boolean(c->status == ST_RESTARTING));
	set(j, "OOMKilled", json_boolean(c->oom && !lives));
	set(j, "Dead", json_boolean(c->status == ST_LOST || c->status == ST_CORRUPT));
	set(j, "Pid", json_integer(c->pid));
	set(j, "ExitCode", json_integer(lives || !c->has_exit ? 0 : c->exit_code));
	set(j, "Error", shape_text(lives ? "" : why));
	set(j, "StartedAt", shape_when(c->started, c->started_ns));
	json_t *health = shape_health(c);
	if (health)
		set(j, "Health", health);
	set(j, "FinishedAt", lives ? shape_when(0, 0) : shape_when(c->finished, c->finished_ns));
	return j;
}

/* --- networks --- */

/* Lines (or a list with commas) of "0.0.0.0:8080->80/tcp" as {"80/tcp": [{HostIp, HostPort}]}. */
static json_t *shape_ports(const char *s)
{
	json_t *m = template_map();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, s ? s : "", ", \n");
	for (size_t i = 0; i < l.n; i++) {
		char *arrow = strstr(l.v[i], "->");
		if (!arrow)
			continue;
		*arrow = 0;
		char *colon = strrchr(l.v[i], ':'), *ip = l.v[i];
		if (!colon)
			continue;
		*colon = 0;
		if (*ip == '[' && colon > ip && colon[-1] == ']') {
			ip++;
			colon[-1] = 0;
		}
		json_t *all = json_object_get(m, arrow + 2), *one = json_object();
		set(one, "HostIp", shape_text(ip));
		set(one, "HostPort", shape_text(colon + 1));
		if (!all) {
			all = json_array();
			set(m, arrow + 2, all);
		}
		json_array_append_new(all, one);
	}
	return m;
}

/* The first address of a family in the lines. */
static json_t *shape_ip(const char *s, bool v6)
{
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, s ? s : "", ", \n");
	for (size_t i = 0; i < l.n; i++)
		if ((strchr(l.v[i], ':') != NULL) == v6)
			return shape_text(l.v[i]);
	return json_string("");
}

static json_t *shape_networks(const struct container *c, const char *net, const char *ip)
{
	json_t *nets = template_map(), *one = json_object();
	set(one, "NetworkID", shape_text(net));
	set(one, "IPAddress", shape_ip(ip, false));
	set(one, "GlobalIPv6Address", shape_ip(ip, true));
	set(one, "MacAddress", shape_text(kv_get(&c->state, "mac")));
	set(one, "Aliases", shape_lines(kv_get(&c->conf, "net_alias")));
	_cleanup_free_ char *key = str_escape(net);
	set(nets, key, one);
	return nets;
}

static json_t *shape_net(const struct container *c)
{
	json_t *j = json_object();
	const char *net = kv_get(&c->conf, "net");
	_cleanup_free_ char *ip = container_addresses(c, true);
	set(j, "Ports", shape_ports(kv_get(&c->state, "ports")));
	set(j, "IPAddress", shape_ip(ip, false));
	set(j, "GlobalIPv6Address", shape_ip(ip, true));
	set(j, "MacAddress", shape_text(kv_get(&c->state, "mac")));
	set(j, "Networks", shape_networks(c, net ? net : "none", ip));
	return j;
}

/* --- what config.json says --- */

static bool has_word(const json_t *list, const char *word)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one)
	{
		if (str_eq(json_string_value(one), word))
			return true;
	}
	return false;
}

/* Of the mounts those that a user asked for: bind mounts and volumes. */
static json_t *shape_mounts(const json_t *cfg)
{
	json_t *out = json_array(), *m;
	size_t i;
	json_array_foreach(json_object_get(cfg, "mounts"), i, m)
	{
		const json_t *opts = json_object_get(m, "options");
		const char *src = json_string_value(json_object_get(m, "source"));
		if (!src || src[0] != '/' || !(has_word(opts, "rbind") || has_word(opts, "bind")))
			continue;
		const char *name = strstr(src, "/volumes/");
		json_t *one = json_object();
		set(one, "Type", json_string(name ? "volume" : "bind"));
		if (name)
			set(one, "Name", shape_text(strrchr(src, '/') + 1));
		json_object_set(one, "Source", json_object_get(m, "source"));
		json_object_set(one, "Destination", json_object_get(m, "destination"));
		set(one, "Mode", json_string(has_word(opts, "ro") ? "ro" : ""));
		set(one, "RW", json_boolean(!has_word(opts, "ro")));
		set(one, "Propagation",
		    json_string(has_word(opts, "rslave") ? "rslave" : "rprivate"));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *copy_of(const json_t *j, const char *key, json_t *otherwise)
{
	json_t *v = json_object_get(j, key);
	if (!v)
		return otherwise;
	json_decref(otherwise);
	return json_incref(v);
}

/* Config.Healthcheck: the command, and its times in nanoseconds. */
static void shape_healthcheck(const struct container *c, json_t *config)
{
	static const char *const names[] = {
	    "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"};
	const char *test = kv_get(&c->conf, "health");
	int64_t n[HEALTH_NUMBERS];
	if (!test)
		return;
	json_t *j = json_object(), *words = json_array();
	_cleanup_strv_ struct strv l = {0};
	strv_split(&l, test, HEALTH_SEP);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(words, shape_text(l.v[i]));
	set(j, "Test", words);
	health_numbers(&c->conf, n);
	for (int i = 0; i < HEALTH_NUMBERS; i++)
		set(j, names[i], json_integer(i == HEALTH_RETRIES ? n[i] : n[i] * 1000000));
	set(config, "Healthcheck", j);
}

static json_t *shape_config(const struct container *c, const json_t *cfg)
{
	const json_t *process = json_object_get(cfg, "process");
	const char *stop = kv_get(&c->conf, "stop_signal");
	json_t *j = json_object(), *ports = template_map();
	_cleanup_strv_ struct strv exposed = {0};
	strv_split(&exposed, kv_get(&c->conf, "expose") ? kv_get(&c->conf, "expose") : "", "\n");
	for (size_t i = 0; i < exposed.n; i++)
		set(ports, exposed.v[i], json_object());
	set(j, "Hostname", copy_of(cfg, "hostname", json_string("")));
	set(j, "Domainname", copy_of(cfg, "domainname", json_string("")));
	set(j, "User", shape_text(kv_get(&c->conf, "user")));
	set(j, "Tty", json_boolean(kv_num(&c->conf, "tty", 0)));
	set(j, "OpenStdin", json_boolean(kv_num(&c->conf, "stdin", 0)));
	set(j, "Env", copy_of(process, "env", json_array()));
	set(j, "Cmd", copy_of(process, "args", json_array()));
	set(j, "Image", shape_text(kv_get(&c->conf, "image")));
	set(j, "WorkingDir", copy_of(process, "cwd", json_string("")));
	set(j, "Entrypoint", json_null());
	set(j, "ExposedPorts", ports);
	set(j, "Labels", docker_labels(kv_get(&c->conf, "label")));
	shape_healthcheck(c, j);
	set(j, "StopSignal", shape_text(stop ? stop : "SIGTERM"));
	return j;
}

/* A limit as we keep it, in linux.resources.unified under cgroup v2's name; "" when there is
 * none. */
static const char *limit_text(const json_t *cfg, const char *key)
{
	const json_t *r = json_object_get(json_object_get(cfg, "linux"), "resources");
	const char *s = json_string_value(json_object_get(json_object_get(r, "unified"), key));
	return s && strcmp(s, "max") != 0 ? s : "";
}

static json_t *limit(const json_t *cfg, const char *key)
{
	return json_integer(strtoll(limit_text(cfg, key), NULL, 10));
}

/* "QUOTA PERIOD" as billionths of a CPU. */
static json_t *nano_cpus(const json_t *cfg)
{
	char *end;
	long long quota = strtoll(limit_text(cfg, "cpu.max"), &end, 10),
		  period = strtoll(end, NULL, 10);
	return json_integer(quota > 0 && period > 0 ? quota * 1000000 / period * 1000 : 0);
}

/* docker's value is the sum of memory and swap. */
static json_t *memory_swap(const json_t *cfg)
{
	long long memory = strtoll(limit_text(cfg, "memory.max"), NULL, 10);
	return json_integer(
	    memory ? memory + strtoll(limit_text(cfg, "memory.swap.max"), NULL, 10) : 0);
}

static json_t *shape_restart(const char *policy)
{
	json_t *j = json_object();
	if (!policy)
		policy = "no";
	const char *colon = strchr(policy, ':');
	_cleanup_free_ char *name = xstrndup(policy, strcspn(policy, ":"));
	set(j, "Name", json_string(name));
	set(j, "MaximumRetryCount", json_integer(colon ? atoi(colon + 1) : 0));
	return j;
}

/* "SOURCE:DESTINATION[:ro]", as -v has them. */
static json_t *shape_binds(const json_t *cfg)
{
	json_t *mounts = shape_mounts(cfg), *out = json_array(), *m;
	size_t i;
	json_array_foreach(mounts, i, m)
	{
		const char *name = json_string_value(json_object_get(m, "Name")),
			   *src = json_string_value(json_object_get(m, "Source"));
		_cleanup_free_ char *bind = xasprintf("%s:%s%s", name ? name : src,
		    json_string_value(json_object_get(m, "Destination")),
		    json_is_true(json_object_get(m, "RW")) ? "" : ":ro");
		json_array_append_new(out, shape_text(bind));
	}
	json_decref(mounts);
	return out;
}

static bool noted(const json_t *cfg, const char *key)
{
	const char *s =
	    json_string_value(json_object_get(json_object_get(cfg, "annotations"), key));
	return s && *s && *s != '0' && *s != 'f';
}

/* What it has no namespace of its own of is the host's. */
static json_t *shape_ns(const json_t *cfg, const char *type)
{
	const json_t *all = json_object_get(json_object_get(cfg, "linux"), "namespaces"), *n;
	size_t i;
	bool own = false;
	json_array_foreach(all, i, n)
	{
		own |= str_eq(json_string_value(json_object_get(n, "type")), type);
	}
	return json_string(own || !all ? "" : "host");
}

static json_t *shape_host(const struct container *c, const json_t *cfg)
{
	json_t *j = json_object();
	const char *net = kv_get(&c->conf, "net");
	set(j, "NetworkMode", shape_text(net ? net : "none"));
	set(j, "RestartPolicy", shape_restart(kv_get(&c->conf, "restart")));
	set(j, "AutoRemove", json_boolean(kv_num(&c->conf, "rm", 0)));
	set(j, "PublishAllPorts", json_boolean(kv_num(&c->conf, "publish_all", 0)));
	set(j, "PortBindings", shape_ports(kv_get(&c->state, "ports")));
	set(j, "Dns", shape_lines(kv_get(&c->conf, "dns")));
	set(j, "ExtraHosts", shape_lines(kv_get(&c->conf, "add_host")));
	set(j, "ReadonlyRootfs", copy_of(json_object_get(cfg, "root"), "readonly", json_false()));
	set(j, "Privileged", json_boolean(noted(cfg, "ctrbox.privileged")));
	set(j, "Init", json_boolean(noted(cfg, "ctrbox.init")));
	set(j, "Binds", shape_binds(cfg));
	set(j, "PidMode", shape_ns(cfg, "pid"));
	set(j, "IpcMode", shape_ns(cfg, "ipc"));
	set(j, "UTSMode", shape_ns(cfg, "uts"));
	const char *opt = kv_get(&c->conf, "storage_opt");
	set(j, "StorageOpt", opt ? docker_labels(opt) : json_null());
	const char *log = kv_get(&c->conf, "log");
	json_t *config = template_map(), *driver = json_object();
	set(driver, "Type", shape_text(log ? log : "json-file"));
	set(driver, "Config", config);
	set(j, "LogConfig", driver);
	set(j, "Memory", limit(cfg, "memory.max"));
	set(j, "MemorySwap", memory_swap(cfg));
	set(j, "NanoCpus", nano_cpus(cfg));
	set(j, "CpuShares", limit(cfg, "cpu.shares"));
	set(j, "PidsLimit", limit(cfg, "pids.max"));
	set(j, "CgroupParent", shape_text(kv_get(&c->conf, "cgroup_parent")));
	return j;
}

/* --- all of it --- */

static long created_of(const struct container *c, int64_t *sec)
{
	const char *s = kv_get(&c->conf, "created"), *point = s ? strchr(s, '.') : NULL;
	*sec = s ? strtoll(s, NULL, 10) : 0;
	return point ? strtol(point + 1, NULL, 10) : 0;
}

json_t *docker_shape(const struct container *c, const json_t *cfg)
{
	json_t *j = json_object(), *rest = json_array(), *one;
	const json_t *args = json_object_get(json_object_get(cfg, "process"), "args");
	_cleanup_free_ char *name = xasprintf("/%s", c->name);
	const char *digest = kv_get(&c->conf, "image_digest");
	int64_t sec;
	size_t i;
	long ns = created_of(c, &sec);
	json_array_foreach(args, i, one)
	{
		if (i)
			json_array_append(rest, one);
	}
	set(j, "Id", shape_text(c->id));
	set(j, "Created", shape_when(sec, ns));
	set(j, "Path", shape_text(json_string_value(json_array_get(args, 0))));
	set(j, "Args", rest);
	set(j, "State", shape_state(c));
	_cleanup_free_ char *log = record_path(c->name, "log");
	set(j, "LogPath", shape_text(kv_get(&c->conf, "log") ? "" : log));
	set(j, "Image", shape_text(digest ? digest : kv_get(&c->conf, "image")));
	set(j, "Name", shape_text(name));
	set(j, "RestartCount", json_integer(kv_num(&c->state, "restarts", c->restarts)));
	set(j, "Driver", json_string("overlay"));
	set(j, "Platform", json_string("linux"));
	set(j, "HostConfig", shape_host(c, cfg));
	set(j, "Mounts", shape_mounts(cfg));
	set(j, "Config", shape_config(c, cfg));
	set(j, "NetworkSettings", shape_net(c));
	return j;
}

static char *ps_status(const struct container *c, int64_t now)
{
	bool lives = c->pid != 0;
	_cleanup_free_ char *since = stamp_lasting(now - (lives ? c->started : c->finished));
	if (c->status == ST_CREATED)
		return xstrdup("Created");
	if (c->status == ST_RESTARTING)
		return xasprintf("Restarting (%d)", c->exit_code);
	const char *health = lives ? health_status(c) : "";
	if (c->status == ST_PAUSED)
		return xasprintf("Up %s (Paused)", since);
	if (lives && *health)
		return xasprintf("Up %s (%s%s)", since, *health == 's' ? "health: " : "", health);
	if (lives)
		return xasprintf("Up %s", since);
	return c->has_exit ? xasprintf("Exited (%d) %s ago", c->exit_code, since) : xstrdup("Dead");
}

static json_t *commas(const char *s)
{
	_cleanup_free_ char *text = xstrdup(s ? s : "");
	for (char *p = text; *p; p++)
		*p = *p == '\n' ? ',' : *p;
	return shape_text(text);
}

json_t *docker_ps_row(const struct container *c, const char *size)
{
	json_t *j = json_object();
	int64_t sec, now = time(NULL);
	long ns = created_of(c, &sec);
	const char *net = kv_get(&c->conf, "net"), *command = kv_get(&c->conf, "command");
	_cleanup_free_ char *ago = stamp_lasting(now - sec), *running = xasprintf("%s ago", ago);
	_cleanup_free_ char *status = ps_status(c, now),
			    *quoted = xasprintf("\"%s\"", command ? command : "");
	set(j, "ID", shape_text(c->id));
	set(j, "Names", shape_text(c->name));
	set(j, "Image", shape_text(kv_get(&c->conf, "image")));
	set(j, "Command", shape_text(quoted));
	set(j, "CreatedAt", shape_when(sec, ns));
	set(j, "RunningFor", shape_text(running));
	set(j, "Status", shape_text(status));
	set(j, "State", json_string(shape_status(c)));
	set(j, "Ports", commas(c->pid ? kv_get(&c->state, "ports") : ""));
	set(j, "Networks", shape_text(net ? net : "none"));
	set(j, "Labels", commas(kv_get(&c->conf, "label")));
	set(j, "Pid", json_integer(c->pid));
	set(j, "ExitCode", json_integer(c->exit_code));
	set(j, "Size", shape_text(size));
	return j;
}
