/* cni.c: the frame of a CNI plugin: environment, configuration, command, and answer; see cni.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cni.h"
#include "cni_call.h"
#include "err.h"
#include "file.h"

#define CONF_MAX (4 << 20) /* bytes of a configuration: GC names every attachment of a node */

static const struct {
	const char *name;
	unsigned does;
} plugins[] = {
    {"ctr-netcfg", CNI_BRIDGE | CNI_PORTS | CNI_BANDWIDTH | CNI_TUNING | CNI_SPOOF},
    {"ctr-ipam", CNI_IPAM},
    {"bridge", CNI_BRIDGE},
    {"host-local", CNI_IPAM},
    {"portmap", CNI_PORTS},
    {"loopback", CNI_LOOPBACK},
    {"macvlan", CNI_MACVLAN},
    {"ipvlan", CNI_IPVLAN},
    {"ptp", CNI_PTP},
    {"tuning", CNI_TUNING},
    {"bandwidth", CNI_BANDWIDTH},
    {"firewall", CNI_FIREWALL},
};
#define OWN 2 /* so many of the first names are applets, too */
#define PLUGINS ((int)(sizeof plugins / sizeof plugins[0]))

static const char *const commands[] = {"ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"};

const char *cni_plugin_name(int i)
{
	return i >= 0 && i + OWN < PLUGINS ? plugins[i + OWN].name : NULL;
}

bool cni_is_plugin(const char *name, int argc)
{
	for (int i = 0; i < PLUGINS; i++)
		if (strcmp(name, plugins[i].name) == 0)
			return i >= OWN || (argc == 1 && getenv("CNI_COMMAND"));
	return false;
}

/* --- the environment --- */

/* "KEY=VALUE;KEY=VALUE", as the specification's own library takes it: other keys than those that a
 * plugin reads are refused without IgnoreUnknown=1. DEL accepts everything. */
static int env_args(struct cni_call *c)
{
	static const char *const known[] = {"IgnoreUnknown", "IP", "MAC"};
	const char *s = getenv("CNI_ARGS"), *flag, *unknown = NULL;
	strv_split(&c->args, s ? s : "", ";");
	if (c->command == CNI_DEL)
		return 0;
	for (size_t i = 0; i < c->args.n; i++) {
		const char *arg = c->args.v[i], *eq = strchr(arg, '=');
		if (!eq || strchr(eq + 1, '='))
			return cni_fail(c, CNI_BAD_ENV, "CNI_ARGS: '%s' is not KEY=VALUE", arg);
		bool found = false;
		for (size_t k = 0; k < 3; k++)
			found |=
			    strncmp(arg, known[k], (size_t)(eq - arg)) == 0 && !known[k][eq - arg];
		if (!found)
			unknown = arg;
	}
	flag = strv_getenv(&c->args, "IgnoreUnknown");
	bool ignore = flag && (str_eq(flag, "1") || strcasecmp(flag, "true") == 0);
	if (flag && !ignore && !str_eq(flag, "0") && strcasecmp(flag, "false") != 0)
		return cni_fail(
		    c, CNI_BAD_ENV, "CNI_ARGS: IgnoreUnknown=%s: 1 or 0 is wanted", flag);
	/* Plugins that read none of the keys never check. */
	if (unknown && !ignore && c->does & (CNI_BRIDGE | CNI_MACVLAN | CNI_IPAM | CNI_TUNING))
		return cni_fail(c, CNI_BAD_ENV,
		    "CNI_ARGS: unknown: '%s' (IgnoreUnknown=1 passes over it)", unknown);
	return 0;
}

static bool id_valid(const char *s)
{
	return strlen(s) < 1000 && (*s == '_' || *s == '.' ? false : *s != '-') &&
	       !s[str_alnum(s, "_.-")];
}

static int env_read(struct cni_call *c)
{
	const char *command = getenv("CNI_COMMAND");
	c->id = getenv("CNI_CONTAINERID");
	c->netns = getenv("CNI_NETNS");
	c->ifname = getenv("CNI_IFNAME");
	c->path = getenv("CNI_PATH");
	size_t i = 0;
	while (i < 6 && !str_eq(command, commands[i]))
		i++;
	if (i == 6)
		return cni_fail(c, CNI_BAD_ENV, "CNI_COMMAND: %s%s",
		    command ? "unknown command " : "missing", command ? command : "");
	c->command = (enum cni_command)i;
	if (i == CNI_VERSION || i == CNI_GC || i == CNI_STATUS) {
		c->id = c->ifname = NULL;
		return 0;
	}
	bool netns = i == CNI_DEL || c->does & CNI_IPAM || (c->netns && *c->netns);
	bool id = c->id && *c->id, ifname = c->ifname && *c->ifname;
	if (!id || !netns || !ifname)
		return cni_fail(c, CNI_BAD_ENV, "missing:%s%s%s", id ? "" : " CNI_CONTAINERID",
		    netns ? "" : " CNI_NETNS", ifname ? "" : " CNI_IFNAME");
	if (!id_valid(c->id))
		return cni_fail(
		    c, CNI_BAD_ENV, "CNI_CONTAINERID: '%s' is not a container's id", c->id);
	if (ifname_check("CNI_IFNAME", c->ifname) < 0) {
		c->code = CNI_BAD_ENV;
		return -1;
	}
	return env_args(c);
}

/* DEL works without a namespace that is gone, or that is none. */
static int ns_find(struct cni_call *c)
{
	struct statfs fs;
	bool must = c->command == CNI_ADD || c->command == CNI_CHECK;
	if (!c->id || (c->does & CNI_IPAM) || !c->netns || !*c->netns)
		return 0;
	c->ns = open(c->netns, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (c->ns < 0 && !must)
		return 0;
	if (c->ns < 0)
		return cni_fail(c, errno == ENOENT ? CNI_UNKNOWN_CONTAINER : CNI_BAD_ENV,
		    "CNI_NETNS %s: %m", c->netns);
	bool is_ns = fstatfs(c->ns, &fs) == 0 && fs.f_type == NSFS_MAGIC;
	/* Our own namespace: the host would be taken for a container. */
	bool own = is_ns && file_same(c->ns, "", AT_FDCWD, "/proc/thread-self/ns/net");
	if (is_ns && !own)
		return 0;
	close(c->ns);
	c->ns = -1;
	if (!must)
		return 0;
	/* A file that a namespace has left: the container is gone. */
	return cni_fail(c, is_ns ? CNI_BAD_ENV : CNI_UNKNOWN_CONTAINER, "CNI_NETNS %s: %s",
	    c->netns, is_ns ? "it is the host's own network namespace" : "not a network namespace");
}

/* --- answers --- */

static int cni_answer(json_t *o)
{
	_cleanup_free_ char *s = json_pretty(o);
	json_decref(o);
	puts(s);
	fflush(stdout);
	return ferror(stdout) ? fail_errno("standard output") : 0;
}

static int say_versions(const struct cni_call *c)
{
	json_t *list = json_array();
	for (int i = 0; cni_version(i); i++)
		json_array_append_new(list, json_string(cni_version(i)));
	return cni_answer(json_make("{cniVersion:s,supportedVersions:o}",
	    c->version_text && c->version > 0 ? c->version_text : "1.1.0", list));
}

static int say_failure(const struct cni_call *c)
{
	int code = c->code ? c->code : CNI_FAILED;
	if (code == CNI_FAILED && (errno == EROFS || errno == EIO || errno == EDQUOT))
		code = CNI_IO;
	cni_answer(json_make("{cniVersion:s,code:i,msg:s}",
	    c->version > 0 ? c->version_text : "1.1.0", code, fail_msg()));
	return 1;
}

/* --- the commands --- */

static bool chained(const struct cni_call *c)
{
	return !(c->does & CNI_MAIN) || (c->does & CNI_SPOOF && c->prev_json);
}

/* The ADD of a plugin that only changes an existing interface. */
static int add_chained(struct cni_call *c, struct cni_ports *ports)
{
	if (!c->prev_json)
		return cni_fail(c, CNI_BAD_CONFIG,
		    "prevResult: missing: %s comes after another plugin", c->plugin);
	json_t *out = json_incref(c->prev_json);
	json_object_set_new(out, "cniVersion", json_string(c->version_text));
	if (cni_chain_add(c, &c->prev, out) < 0)
		return -1;
	if (ports->any && cni_ports_add(c, ports, &c->prev) < 0) {
		_cleanup_free_ char *why = fail_copy();
		int code = c->code, saved = errno;
		cni_chain_del(c);
		c->code = code;
		errno = saved;
		return fail_again(why);
	}
	return cni_answer(out);
}

/* The ADD of a plugin that makes the interface; then the rest as if each were a plugin of the
 * chain. */
static int add_main(struct cni_call *c, struct cni_ports *ports)
{
	struct cni_result r = {0};
	int done = c->does & CNI_LOOPBACK ? cni_loopback(c, &r) : cni_link_add(c, &r);
	if (done < 0)
		return -1;
	json_t *out = cni_result_json(&r, c->version, c->version_text);
	if (c->does & CNI_LOOPBACK && c->prev_json)
		out = json_incref(c->prev_json);
	if ((c->does & CNI_MAIN && cni_chain_add(c, &r, out) < 0) ||
	    (ports->any && cni_ports_add(c, ports, &r) < 0)) {
		_cleanup_free_ char *why = fail_copy();
		int code = c->code, saved = errno;
		cni_chain_del(c);
		cni_link_del(c);
		c->code = code;
		errno = saved;
		return fail_again(why);
	}
	return cni_answer(out);
}

static int cni_add(struct cni_call *c)
{
	struct cni_ports ports = {0};
	if ((c->does & CNI_PORTS && cni_ports_parse(c, &ports) < 0) || cni_chain_parse(c) < 0)
		return -1;
	if (c->version < CNI_V(0, 3, 0) && c->does & CNI_MAIN && !(c->ipam_type && *c->ipam_type))
		return cni_fail(c, CNI_BAD_VERSION,
		    "cniVersion %s: its result cannot be expressed without an address (ipam)",
		    c->version_text);
	if (c->does & CNI_IPAM) {
		struct cni_result r = {0};
		return cni_ipam_add(c, &r) < 0
			   ? -1
			   : cni_answer(cni_result_json(&r, c->version, c->version_text));
	}
	if (c->does & CNI_LOOPBACK || !chained(c))
		return add_main(c, &ports);
	return add_chained(c, &ports);
}

/* Everything is tried, and the first failure is reported. */
static int do_del(struct cni_call *c)
{
	struct cni_ports ports = {0};
	int r = 0;
	if (c->does & CNI_IPAM)
		return cni_ipam_del(c);
	nl_close_late(true);
	/* A configuration that is refused now was refused at ADD, too: then there are no ports. */
	if (c->does & CNI_PORTS)
		r = cni_ports_parse(c, &ports) < 0 ? 0 : cni_ports_del(c, &ports);
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	if (cni_chain_del(c) < 0 && !why)
		why = fail_copy();
	/* ctr-netcfg made no interface in a chain: a link with this name belongs to another
	 * plugin. */
	if ((c->does & CNI_MAIN || (c->does & CNI_LOOPBACK && c->ns >= 0)) &&
	    (c->does & CNI_LOOPBACK ? cni_loopback(c, NULL) : cni_link_del(c)) < 0 && !why)
		why = fail_copy();
	nl_leave();
	return why ? fail_again(why) : 0;
}

/* Somebody may have flushed the ruleset: what others lost by that is put back. */
static void cni_heal(struct cni_call *c)
{
	if (c->heal(false) < 0)
		warn_fail();
}

/* ADD. If its result cannot be written, nobody knows of what was made, and it is removed. (Any
 * other failed ADD leaves nothing.) */
static int do_add(struct cni_call *c)
{
	/* What a flush took is put in again first: otherwise a port that another attachment has
	 * lost would seem free. */
	if (c->does & CNI_PORTS)
		cni_heal(c);
	int r = cni_add(c);
	if (r == 0 && !(c->does & CNI_PORTS))
		cni_heal(c);
	if (r == 0 || !ferror(stdout))
		return r;
	_cleanup_free_ char *why = fail_copy();
	setenv("CNI_COMMAND", "DEL", 1);
	do_del(c);
	c->code = CNI_IO;
	return fail_again(why);
}

static int do_check(struct cni_call *c)
{
	struct cni_ports ports = {0};
	if (c->does & CNI_IPAM)
		return cni_ipam_check(c);
	if (c->does & CNI_LOOPBACK)
		return cni_loopback(c, NULL);
	if (!c->prev_json)
		return cni_fail(c, CNI_BAD_CONFIG, "prevResult: missing");
	cni_heal(c);
	if ((c->does & CNI_PORTS && cni_ports_parse(c, &ports) < 0) || cni_chain_parse(c) < 0)
		return -1;
	if (c->does & CNI_MAIN && !chained(c) && cni_link_check(c) < 0)
		return -1;
	/* prevResult does not tell whose interface it is, but what we made bears the attachment's
	 * name. */
	if (c->does & CNI_MAIN && chained(c) && c->ipam_type && cni_link_check(c) < 0)
		return -1;
	if (ports.any && cni_ports_check(c, &ports) < 0)
		return -1;
	return cni_chain_check(c);
}

static int cni_do_gc(struct cni_call *c)
{
	struct strv valid = {0};
	if (cni_valid(c, &valid) < 0)
		return -1;
	int r = 0;
	_cleanup_free_ char *why = NULL;
	if (c->does & CNI_PORTS && cni_ports_gc(c, &valid) < 0)
		why = fail_copy();
	if (cni_chain_gc(c, &valid) < 0 && !why)
		why = fail_copy();
	if (c->does & CNI_MAIN && cni_link_gc(c, &valid) < 0 && !why)
		why = fail_copy();
	if (c->does & CNI_IPAM && cni_ipam_gc(c, &valid) < 0 && !why)
		why = fail_copy();
	if (!why && (cni_keep_only(c, &valid) < 0 || c->heal(true) < 0))
		why = fail_copy();
	strv_free(&valid);
	return why ? fail_again(why) : r;
}

static int do_status(struct cni_call *c)
{
	struct nft f;
	c->code = CNI_NOT_AVAILABLE;
	if (c->does & (CNI_PORTS | CNI_FIREWALL)) {
		if (nft_open(&f) < 0)
			return -1;
		nft_close(&f);
	}
	if (c->does & CNI_MAIN)
		return cni_link_status(c);
	return c->does & CNI_IPAM ? cni_ipam_status(c) : 0;
}

static int cni_run(struct cni_call *c)
{
	switch (c->command) {
	case CNI_ADD:
		return do_add(c);
	case CNI_DEL:
		return do_del(c);
	case CNI_CHECK:
		if (c->version < CNI_V(0, 4, 0))
			return cni_fail(
			    c, CNI_BAD_VERSION, "cniVersion %s has no CHECK", c->version_text);
		return do_check(c);
	case CNI_GC:
	case CNI_STATUS:
		if (c->version < CNI_V(1, 1, 0))
			return cni_fail(c, CNI_BAD_VERSION, "cniVersion %s has no %s",
			    c->version_text, commands[c->command]);
		return c->command == CNI_GC ? cni_do_gc(c) : do_status(c);
	default:
		return say_versions(c);
	}
}

int cni_main(const char *name, cni_heal_fn *heal)
{
	struct cni_call c = {.plugin = name, .ns = -1, .lock = -1, .heal = heal};
	err_applet = name;
	json_any_case = true;
	for (int i = 0; i < PLUGINS; i++)
		if (strcmp(name, plugins[i].name) == 0) {
			c.plugin = plugins[i].name;
			c.does = plugins[i].does;
		}
	size_t len = 0;
	errno = 0;
	if (env_read(&c) < 0)
		return say_failure(&c);
	char *text = fd_read_all(0, "configuration", CONF_MAX, &len);
	if (!text) {
		c.code = CNI_IO;
		return say_failure(&c);
	}
	if (c.command == CNI_VERSION && len == 0)
		return say_versions(&c);
	if (cni_conf_read(&c, text, len) < 0 || ns_find(&c) < 0)
		return say_failure(&c);
	if (cni_run(&c) < 0)
		return say_failure(&c);
	return 0;
}
