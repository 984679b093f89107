/* docker_shape.c: records in the form of docker's JSON; see docker_shape.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connect.h"
#include "container_net.h"
#include "docker_shape.h"
#include "health.h"
#include "json.h"
#include "lease.h"
#include "network.h"
#include "place.h"
#include "stamp.h"
#include "str.h"
#include "template_fn.h"

/* A time in docker's form; 0 is Go's zero time. */
static json_t *docker_when(int64_t t, long ns)
{
	char s[STAMP_SIZE] = "0001-01-01T00:00:00Z"; /* Go's zero time */
	if (t)
		stamp_text(s, t, ns);
	return json_string(s);
}

static void docker_shape_set(json_t *j, const char *key, json_t *value)
{
	json_object_set_new(j, key, value);
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
		docker_shape_set(m, key, docker_text(eq ? eq + 1 : ""));
	}
	return m;
}

const char *docker_status(const struct container *c)
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
	return docker_when(sec, ns);
}

/* State.Health: NULL when there are no health checks. */
static json_t *shape_health(const struct container *c)
{
	struct kv kv;
	if (!kv_get(&c->conf, "health"))
		return NULL;
	json_t *log = json_array();
	health_read(c, &kv);
	for (char i = '0'; i < '0' + HEALTH_LOGS; i++) {
		const char *v = kv_get(&kv, (char[]){'l', 'o', 'g', i, 0});
		char *p = (char *)v;
		if (!v)
			continue;
		json_t *start = shape_stamp(&p), *end = shape_stamp(&p);
		int exit_code = (int)strtol(p, &p, 10);
		json_array_append_new(log, json_make("{Start:o,End:o,ExitCode:i,Output:s}", start,
					       end, exit_code, *p ? p + 1 : p));
	}
	json_t *j = json_make("{Status:s,FailingStreak:i,Log:o}", health_status(c),
	    (int)kv_num(&kv, "failing", 0), log);
	kv_free(&kv);
	return j;
}

static json_t *shape_state(const struct container *c)
{
	bool lives = c->pid != 0;
	const char *why = c->why ? c->why : c->error;
	json_t *j = json_make("{Status:s,Running:b,Paused:b,Restarting:b,OOMKilled:b,Dead:b,Pid:i,"
			      "ExitCode:i,Error:s,StartedAt:o,FinishedAt:o}",
	    docker_status(c), lives, c->status == ST_PAUSED, c->status == ST_RESTARTING,
	    c->oom && !lives, c->status == ST_LOST || c->status == ST_CORRUPT, (int)c->pid,
	    lives || !c->has_exit ? 0 : c->exit_code, lives ? "" : why,
	    docker_when(c->started, c->started_ns),
	    lives ? docker_when(0, 0) : docker_when(c->finished, c->finished_ns));
	json_t *health = shape_health(c);
	if (health)
		docker_shape_set(j, "Health", health);
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
		json_t *all = json_object_get(m, arrow + 2),
		       *one = json_make("{HostIp:s,HostPort:s}", ip, colon + 1);
		if (!all) {
			all = json_array();
			docker_shape_set(m, arrow + 2, all);
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
			return docker_text(l.v[i]);
	return json_string("");
}

/* The gateway and the length of the prefix that its addresses have. */
static void shape_way(const char *net, json_t *one)
{
	static const char *const names[2][2] = {
	    {"Gateway", "IPPrefixLen"}, {"IPv6Gateway", "GlobalIPv6PrefixLen"}};
	struct network n;
	bool known = network_open(&n, net) == 0;
	for (size_t i = 0; i < 2; i++) {
		char gw[ADDR_TEXT] = "";
		bool has =
		    known && n.subnet[i].a.family &&
		    *json_string_value(json_object_get(one, i ? "GlobalIPv6Address" : "IPAddress"));
		if (has && n.gateway[i].family)
			addr_text(&n.gateway[i], gw);
		docker_shape_set(one, names[i][0], json_string(gw));
		docker_shape_set(one, names[i][1], json_integer(has ? n.subnet[i].len : 0));
	}
	if (known)
		network_free(&n);
}

static void docker_shape_on_lease(const struct lease *l, void *arg)
{
	char t[ADDR_TEXT];
	buf_printf(arg, "%s\n", addr_text(&l->addr, t));
}

/* One network: its name, or a line of connect_lines(). */
static void shape_network(const struct container *c, const char *line, const char *ip, json_t *nets)
{
	size_t n = strcspn(line, " ");
	_cleanup_free_ char *net = xstrndup(line, n), *key = str_escape(net),
			    *leases = leases_of(net);
	struct buf own = {0};
	json_t *aliases = NULL;
	struct endpoint_req q = {.ip = kv_get(&c->conf, "ip"),
	    .ip6 = kv_get(&c->conf, "ip6"),
	    .mac = kv_get(&c->state, "mac")};
	_cleanup_strv_ struct strv words = {0};
	if (line[n]) {
		net_line_read(&q, &words, line);
		aliases = json_array();
		for (size_t i = 0; i < q.aliases.n; i++)
			json_array_append_new(aliases, docker_text(q.aliases.v[i]));
		buf_puts(&own, "");
		if (c->pid)
			lease_of_owner(leases, c->id, docker_shape_on_lease, &own);
		ip = own.p;
	}
	json_t *one = json_make("{IPAMConfig:o,Links:n,DriverOpts:n,NetworkID:s,EndpointID:s,"
				"IPAddress:o,GlobalIPv6Address:o,"
				"MacAddress:s,Aliases:o}",
	    q.ip || q.ip6 ? json_make("{IPv4Address:s*,IPv6Address:s*}", q.ip, q.ip6) : json_null(),
	    net, c->pid ? c->id : NULL, shape_ip(ip, false), shape_ip(ip, true), q.mac ? q.mac : "",
	    aliases ? aliases : docker_lines(kv_get(&c->conf, "net_alias")));
	shape_way(net, one);
	docker_shape_set(nets, key, one);
	buf_free(&own);
}

static json_t *shape_networks(const struct container *c, const char *ip)
{
	json_t *nets = template_map();
	_cleanup_strv_ struct strv lines = {0};
	docker_nets(c, &lines);
	for (size_t i = 0; i < lines.n; i++)
		if (!str_starts(lines.v[i], "container:"))
			shape_network(c, lines.v[i], ip, nets);
	return nets;
}

static json_t *shape_net(const struct container *c)
{
	const char *net = kv_get(&c->conf, "net");
	_cleanup_free_ char *ip = container_addresses(c, true),
			    *ns = c->pid ? xasprintf("/proc/%d/ns/net", c->pid) : NULL;
	net = net ? net : "none";
	json_t *nets = shape_networks(c, ip), *ports = shape_ports(kv_get(&c->state, "ports"));
	if (c->pid && kv_get(&c->state, "mac"))
		docker_exposed(c, ports, json_null());
	json_t *j = json_make("{Bridge:e,SandboxID:e,HairpinMode:b,LinkLocalIPv6Address:e,"
			      "LinkLocalIPv6PrefixLen:i,SecondaryIPAddresses:n,"
			      "SecondaryIPv6Addresses:n,SandboxKey:s,Ports:o,Networks:o}",
	    false, 0, ns, ports, nets);
	json_object_update_missing(j, json_object_iter_value(json_object_iter_at(nets, net)));
	static const char *const of_one[] = {
	    "NetworkID", "Aliases", "IPAMConfig", "Links", "DriverOpts"};
	for (size_t i = 0; i < 5; i++)
		json_object_del(j, of_one[i]);
	return j;
}

/* --- what config.json says --- */

bool docker_shape_has_word(const json_t *list, const char *word)
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
json_t *docker_mounts(const json_t *cfg)
{
	json_t *out = json_array(), *m;
	size_t i;
	json_array_foreach(json_object_get(cfg, "mounts"), i, m)
	{
		const json_t *opts = json_object_get(m, "options");
		const char *src = json_string_value(json_object_get(m, "source"));
		if (!src || src[0] != '/' ||
		    !(docker_shape_has_word(opts, "rbind") || docker_shape_has_word(opts, "bind")))
			continue;
		/* $CTR_LIB/volumes/NAME, $CTR_LIB/containers/CONTAINER/volumes/N */
		const char *at = str_starts(src, ctr_lib()) ? src + strlen(ctr_lib()) : "",
			   *name = str_starts(at, "/containers/") ? strstr(at, "/volumes/") : at;
		name = name && str_starts(name, "/volumes/") ? name : NULL;
		bool ro = docker_shape_has_word(opts, "ro");
		json_t *one =
		    json_make("{Type:s,Name:s,Source:s,Destination:O,Driver:s,Mode:s,RW:b,"
			      "Propagation:s}",
			name ? "volume" : "bind", name ? strrchr(src, '/') + 1 : "", src,
			json_object_get(m, "destination"), name ? "local" : "", ro ? "ro" : "", !ro,
			docker_shape_has_word(opts, "rslave") ? "rslave" : "rprivate");
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
		json_array_append_new(words, docker_text(l.v[i]));
	docker_shape_set(j, "Test", words);
	health_numbers(&c->conf, n);
	for (int i = 0; i < HEALTH_NUMBERS; i++)
		docker_shape_set(
		    j, names[i], json_integer(i == HEALTH_RETRIES ? n[i] : n[i] * 1000000));
	docker_shape_set(config, "Healthcheck", j);
}

/* The words of its command from `from` up to `to`. */
static json_t *shape_words(const json_t *cfg, size_t from, size_t to)
{
	json_t *words = json_array(), *one;
	size_t i;
	json_array_foreach(json_object_get(json_object_get(cfg, "process"), "args"), i, one)
	{
		if (i >= from && i < to)
			json_array_append(words, one);
	}
	return words;
}

/* null for no word. */
static json_t *shape_some(json_t *words)
{
	if (json_array_size(words))
		return words;
	json_decref(words);
	return json_null();
}

/* What only our own engine reads, as create.c noted it. */
static const char *shape_note(const json_t *cfg, const char *key)
{
	return json_string_value(json_object_get(json_object_get(cfg, "annotations"), key));
}

static bool noted(const json_t *cfg, const char *key)
{
	const char *s = shape_note(cfg, key);
	return s && *s && *s != '0' && *s != 'f';
}

static json_t *shape_config(const struct container *c, const json_t *cfg)
{
	const json_t *process = json_object_get(cfg, "process");
	size_t entry = (size_t)kv_num(&c->conf, "entrypoint", 0);
	const char *stop = kv_get(&c->conf, "stop_signal");
	json_t *ports = docker_published(c), *bound;
	const char *port;
	json_object_foreach(ports, port, bound)
	{
		if (json_is_array(bound))
			json_object_set_new(ports, port, json_object());
	}
	docker_exposed(c, ports, json_object());
	json_t *j = json_make(
	    "{Hostname:o,Domainname:o,User:s,AttachStdin:b,AttachStdout:b,AttachStderr:b,Tty:b,"
	    "OpenStdin:b,StdinOnce:b,Env:o,Cmd:o,Image:s,Volumes:n,WorkingDir:o,Entrypoint:o,"
	    "OnBuild:n,ExposedPorts:o,Labels:o,StopSignal:s}",
	    copy_of(cfg, "hostname", json_string("")), copy_of(cfg, "domainname", json_string("")),
	    shape_note(cfg, "ctrbox.user"), 0, 0, 0, (int)kv_num(&c->conf, "tty", 0),
	    (int)kv_num(&c->conf, "stdin", 0), 0, copy_of(process, "env", json_array()),
	    shape_some(shape_words(cfg, entry, SIZE_MAX)), kv_get(&c->conf, "image"),
	    copy_of(process, "cwd", json_string("")), shape_some(shape_words(cfg, 0, entry)), ports,
	    docker_labels(kv_get(&c->conf, "label")), stop ? stop : "SIGTERM");
	if (kv_get(&c->conf, "stop_timeout"))
		docker_shape_set(
		    j, "StopTimeout", json_integer(kv_num(&c->conf, "stop_timeout", 0)));
	shape_healthcheck(c, j);
	return j;
}

/* "QUOTA PERIOD" as billionths of a CPU. */
static long long nano_cpus(const json_t *cfg)
{
	char *end;
	long long quota = strtoll(docker_limit_text(cfg, "cpu.max"), &end, 10),
		  period = strtoll(end, NULL, 10);
	return quota > 0 && period > 0 ? quota * 1000000 / period * 1000 : 0;
}

/* The one limit that is not kept under cgroup v2's name. */
static json_int_t shape_shares(const json_t *cfg)
{
	const json_t *r = json_object_get(json_object_get(cfg, "linux"), "resources");
	return json_integer_value(json_object_get(json_object_get(r, "cpu"), "shares"));
}

/* docker's value is the sum of memory and swap. */
static long long memory_swap(const json_t *cfg)
{
	long long memory = docker_shape_limit(cfg, "memory.max");
	if (str_eq(docker_limit_raw(cfg, "memory.swap.max"), "max"))
		return -1;
	return memory ? memory + docker_shape_limit(cfg, "memory.swap.max") : 0;
}

static json_t *shape_restart(const char *policy)
{
	if (!policy)
		policy = "no";
	const char *colon = strchr(policy, ':');
	_cleanup_free_ char *name = xstrndup(policy, strcspn(policy, ":"));
	return json_make("{Name:s,MaximumRetryCount:i}", name, colon ? atoi(colon + 1) : 0);
}

/* "SOURCE:DESTINATION[:ro]", as -v has them. */
static json_t *shape_binds(const json_t *cfg)
{
	json_t *mounts = docker_mounts(cfg), *out = json_array(), *m;
	size_t i;
	json_array_foreach(mounts, i, m)
	{
		const char *name = json_string_value(json_object_get(m, "Name")),
			   *src = json_string_value(json_object_get(m, "Source"));
		_cleanup_free_ char *bind = xasprintf("%s:%s%s", *name ? name : src,
		    json_string_value(json_object_get(m, "Destination")),
		    json_is_true(json_object_get(m, "RW")) ? "" : ":ro");
		json_array_append_new(out, docker_text(bind));
	}
	json_decref(mounts);
	return out;
}

static json_t *shape_host(const struct container *c, const json_t *cfg)
{
	const struct kv *conf = &c->conf;
	const char *net = kv_get(conf, "net"), *log = kv_get(conf, "log"),
		   *opt = kv_get(conf, "storage_opt");
	json_t *j = json_make(
	    "{Binds:o,ContainerIDFile:e,LogConfig:{Type:s,Config:o},NetworkMode:s,"
	    "PortBindings:o,RestartPolicy:o,AutoRemove:b,VolumeDriver:e,VolumesFrom:n,Mounts:n,"
	    "Dns:o,ExtraHosts:o,Links:n,Privileged:b,"
	    "PublishAllPorts:b,"
	    "ReadonlyRootfs:o,StorageOpt:o,Isolation:e,CpuShares:I,Memory:I,NanoCpus:I,"
	    "CgroupParent:s,CpusetCpus:s,CpusetMems:s,DeviceRequests:n,MemoryReservation:I,"
	    "MemorySwap:I,PidsLimit:I,Init:b}",
	    shape_binds(cfg), log ? log : "json-file", docker_log(conf), net ? net : "none",
	    docker_published(c), shape_restart(kv_get(conf, "restart")), (int)kv_num(conf, "rm", 0),
	    docker_lines(kv_get(conf, "dns")), docker_lines(kv_get(conf, "add_host")),
	    noted(cfg, "ctrbox.privileged"), (int)kv_num(conf, "publish_all", 0),
	    copy_of(json_object_get(cfg, "root"), "readonly", json_false()),
	    opt ? docker_labels(opt) : json_null(), shape_shares(cfg),
	    docker_shape_limit(cfg, "memory.max"), nano_cpus(cfg), kv_get(conf, "cgroup_parent"),
	    docker_limit_text(cfg, "cpuset.cpus"), docker_limit_text(cfg, "cpuset.mems"),
	    docker_shape_limit(cfg, "memory.low"), memory_swap(cfg),
	    docker_shape_limit(cfg, "pids.max"), noted(cfg, "ctrbox.init"));
	docker_host(j, c, cfg);
	return j;
}

/* --- all of it --- */

long docker_created(const struct container *c, int64_t *sec)
{
	const char *s = kv_get(&c->conf, "created"), *point = s ? strchr(s, '.') : NULL;
	*sec = s ? strtoll(s, NULL, 10) : 0;
	return point ? strtol(point + 1, NULL, 10) : 0;
}

static json_t *path_of(const struct container *c, const char *file)
{
	_cleanup_free_ char *path = record_path(c->name, file);
	return docker_text(path);
}

json_t *docker_shape(const struct container *c, const json_t *cfg)
{
	_cleanup_free_ char *name = path_join("", c->name);
	_cleanup_json_ json_t *first = shape_words(cfg, 0, 1);
	const char *id = kv_get(&c->conf, "image_id");
	int64_t sec;
	long ns = docker_created(c, &sec);
	/* Where its root is seen from the host while it runs. */
	_cleanup_free_ char *root = c->pid ? xasprintf("/proc/%d/root", c->pid) : NULL;
	return json_make(
	    "{Id:s,Created:o,Path:s,Args:o,State:o,Image:s,ResolvConfPath:o,HostnamePath:o,"
	    "HostsPath:o,LogPath:o,Name:s,RestartCount:i,Driver:s,Platform:s,MountLabel:e,"
	    "ProcessLabel:e,AppArmorProfile:e,ExecIDs:n,HostConfig:o,"
	    "GraphDriver:{Data:{s:b,MergedDir:s,UpperDir:o},Name:s},Mounts:o,Config:o,"
	    "NetworkSettings:o}",
	    c->id, docker_when(sec, ns), json_string_value(json_array_get(first, 0)),
	    shape_words(cfg, 1, SIZE_MAX), shape_state(c),
	    id && *id ? id : kv_get(&c->conf, "image"), path_of(c, "resolv.conf"),
	    path_of(c, "hostname"), path_of(c, "hosts"),
	    kv_get(&c->conf, "log") ? json_string("") : path_of(c, "log"), name,
	    (int)kv_num(&c->state, "restarts", c->restarts), "overlay", "linux", shape_host(c, cfg),
	    TEMPLATE_MAP, 1, root, path_of(c, "upper"), "overlay", docker_mounts(cfg),
	    shape_config(c, cfg), shape_net(c));
}
