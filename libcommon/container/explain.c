/* explain.c: ctr-run --explain; see explain.h. Each step of the engine (DESIGN.md section 5) is a
 * paragraph: its folder, the group, the files of /etc, the network, and then one chain of tools,
 * each of which prepares one thing and becomes the next.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <unistd.h>

#include "caps.h"
#include "cgroup.h"
#include "container_net.h"
#include "err.h"
#include "explain.h"
#include "file.h"
#include "image.h"
#include "network.h"
#include "ns.h"
#include "place.h"
#include "portspec.h"
#include "tree.h"

struct script {
	FILE *f;
	const struct create_flags *o;
	struct container *c;
	const struct spec *s;
	const char *root;   /* the operand */
	struct buf cleanup; /* what the trap runs, lines */
	struct buf outside; /* ctr-unshare's --outside, commands */
	struct network net;
	bool group, has_net;
	unsigned etc; /* which of etc_names there are */
	int anon;     /* volumes without a name so far */
};

/* A word as sh reads it back. */
static void put_word(FILE *f, const char *w)
{
	if (*w && strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "_@%+=:,./-") == strlen(w)) {
		fputs(w, f);
		return;
	}
	fputc('\'', f);
	for (; *w; w++)
		if (*w == '\'')
			fputs("'\\''", f);
		else
			fputc(*w, f);
	fputc('\'', f);
}

static void put_opt(struct script *x, const char *flag, const char *value)
{
	if (!value)
		return;
	fprintf(x->f, " %s ", flag);
	put_word(x->f, value);
}

static void put_opts(struct script *x, const char *flag, const struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		put_opt(x, flag, l->v[i]);
}

static void put_flag(struct script *x, const char *flag, bool on)
{
	if (on)
		fprintf(x->f, " %s", flag);
}

/* --- 1. its folder --- */

static void step_folder(struct script *x)
{
	fprintf(x->f,
	    "#!/bin/sh\n# What ctr-run does, step by step. Each tool has a man page.\nset -eu\n"
	    "name=%s\nd=$(mktemp -d)                        # in place of "
	    "$CTR_LIB/containers/NAME\n"
	    "chmod 700 \"$d\"\nmkdir \"$d/upper\" \"$d/work\"\ntrap cleanup EXIT\n",
	    x->c->name);
}

/* --- 2. the group --- */

static void put_rules(struct script *x)
{
	struct spec d;
	spec_default(&d);
	size_t n = x->s->device_rules.n;
	if (n)
		put_opt(x, "--device-rule", "default");
	for (size_t i = d.device_rules.n; i < n; i++) {
		const struct device_rule *r = &x->s->device_rules.v[i];
		char major[24] = "*", minor[24] = "*";
		if (r->major >= 0)
			snprintf(major, sizeof major, "%" PRId64, r->major);
		if (r->minor >= 0)
			snprintf(minor, sizeof minor, "%" PRId64, r->minor);
		_cleanup_free_ char *text = xasprintf(
		    "%s%c %s:%s %s", r->allow ? "" : "-", r->type, major, minor, r->access);
		put_opt(x, "--device-rule", text);
	}
	spec_free(&d);
}

static void step_group(struct script *x)
{
	const char *parent = x->s->cgroups_path;
	x->group = geteuid() == 0 && cgroup_layout() != CGROUP_NONE;
	if (!x->group)
		return;
	fprintf(x->f, "\n# A control group with its limits, and the devices it may use.\n");
	fprintf(x->f, "group=%s%s%s$name\nctr-cgset -c", parent ? "/" : "", parent ? parent : "",
	    parent ? "/" : "");
	put_rules(x);
	fprintf(x->f, " \"$group\"");
	for (size_t i = 0; i < x->s->resources.n; i++) {
		fputc(' ', x->f);
		put_word(x->f, x->s->resources.v[i]);
	}
	fputs("\n", x->f);
	buf_puts(&x->cleanup, "\tctr-cgset -dk \"$group\"\n");
}

/* --- 3. the files of /etc --- */

static const char *const etc_names[] = {"hosts", "hostname", "resolv.conf"};

static void put_file(struct script *x, const char *name, const char *text)
{
	const char *mark = "# ctrbox: end\n", *at = x->has_net ? strstr(text, mark) : NULL;
	fprintf(x->f, "cat >\"$d/%s\" <<'END'\n%.*sEND\n", name,
	    (int)(at ? at - text : (ptrdiff_t)strlen(text)), text);
	if (x->has_net && strcmp(name, "hosts") == 0)
		fprintf(x->f, "printf '%%s\\t%%s\\n%s' \"${addr%%%%/*}\" '%s %s' >>\"$d/hosts\"\n",
		    at ? "# ctrbox: end\\n" : "", x->s->hostname ? x->s->hostname : x->c->name,
		    x->c->id);
}

/* The same function writes them that a start calls, into a folder that goes again. */
static int step_etc(struct script *x)
{
	char dir[] = "/tmp/ctr-explain.XXXXXX";
	struct plug p;
	plug_init(&p, x->c);
	if (!mkdtemp(dir))
		return fail("%s: %m", dir);
	x->c->dir = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = x->c->dir < 0 ? fail("%s: %m", dir) : plug_files(&p, x->c, x->s);
	for (size_t i = 0; i < 3 && r == 0; i++) {
		_cleanup_free_ char *text = file_read_at(x->c->dir, etc_names[i], 65536, NULL);
		if (!text)
			continue;
		if (i == 0)
			fprintf(x->f, "\n# The files of /etc that are the container's own.\n");
		x->etc |= 1u << i;
		put_file(x, etc_names[i], text);
	}
	if (x->c->dir >= 0)
		close(x->c->dir);
	x->c->dir = -1;
	tree_remove_at(AT_FDCWD, dir);
	return r;
}

/* --- 4. the network --- */

static int port_lines(struct script *x)
{
	for (size_t i = 0; i < x->o->publish.n; i++) {
		struct portspec p;
		char host[96], inside[32], ip[CIDR_TEXT] = "";
		if (portspec_parse("--publish", x->o->publish.v[i], &p) < 0)
			return -1;
		if (p.host.family)
			addr_text(&p.host, ip);
		const char *udp = p.proto == IPPROTO_UDP ? "/udp" : "";
		if (!p.h0)
			return fail_usage(
			    "--explain: -p %s: say which port of the host", x->o->publish.v[i]);
		if (p.h0 == p.h1) {
			snprintf(host, sizeof host, "%s%s%d%s", ip, *ip ? ":" : "", p.h0, udp);
			snprintf(inside, sizeof inside, "%d", p.c0);
		} else {
			snprintf(
			    host, sizeof host, "%s%s%d-%d%s", ip, *ip ? ":" : "", p.h0, p.h1, udp);
			snprintf(inside, sizeof inside, "%d-%d", p.c0, p.c1);
		}
		buf_printf(&x->outside, " && ctr-netcfg publish %s ${addr%%/*}:%s", host, inside);
		buf_printf(&x->cleanup, "\tctr-netcfg unpublish %s\n", host);
	}
	return 0;
}

static int step_net(struct script *x)
{
	const char *net = x->o->net;
	char gw[CIDR_TEXT], own[CIDR_TEXT], subnet[CIDR_TEXT];
	if (!endpoint_wanted(net))
		return 0;
	if (strcmp(net, "pasta") == 0)
		return fail_usage(
		    "--explain: pasta(1) is a program of its own: --net pasta has no steps");
	if (network_open_or_default(&x->net, net) < 0)
		return -1;
	if (strcmp(x->net.driver, "bridge") != 0 || !x->net.subnet[0].a.family)
		return fail_usage("--explain: only bridge networks with IPv4 have steps yet");
	x->has_net = true;
	struct cidr at = {x->net.gateway[0], x->net.subnet[0].len};
	addr_text(&at.a, gw);
	cidr_text(&at, own);
	cidr_text(&x->net.subnet[0], subnet);
	fprintf(x->f, "\n# An address on network %s, its bridge, and the way out.\n", net);
	fprintf(x->f, "addr=$(ctr-ipam alloc -n %s%s%s \"$name\")\n", net, x->o->ip ? " -a " : "",
	    x->o->ip ? x->o->ip : "");
	buf_printf(&x->cleanup, "\tctr-ipam free -n %s \"$name\"\n", net);
	fprintf(x->f, "[ -e /sys/class/net/%s ] || ctr-netcfg bridge add %s %s\n", x->net.bridge,
	    x->net.bridge, own);
	if (!x->net.internal)
		fprintf(x->f, "ctr-netcfg sysctl forward\nctr-netcfg nat add %s\n", subnet);
	buf_printf(&x->outside, "ctr-netcfg attach %s \\$1 $addr", x->net.bridge);
	if (!x->net.internal)
		buf_printf(&x->outside, " gw %s", gw);
	if (x->o->mac)
		buf_printf(&x->outside, " mac %s", x->o->mac);
	return port_lines(x);
}

/* --- 5. the chain --- */

static void put_namespaces(struct script *x)
{
	static const char letters[NS_COUNT] = {[NS_MNT] = 'm',
	    [NS_PID] = 'p',
	    [NS_NET] = 'n',
	    [NS_IPC] = 'i',
	    [NS_UTS] = 'u',
	    [NS_CGROUP] = 'C',
	    [NS_USER] = 'U'};
	fputs("ctr-unshare -", x->f);
	for (int i = 0; i < NS_COUNT; i++)
		if (letters[i] && x->s->ns_new & 1u << i)
			fputc(letters[i], x->f);
	put_opt(x, "--hostname", x->s->hostname);
	put_opt(x, "--domainname", x->s->domainname);
	if (x->outside.n)
		fprintf(x->f, " --outside \"%s\"", x->outside.p);
}

/* Root's layers are where the new root may not look, and belong to nobody it knows. */
static bool layers_mapped(const struct script *x)
{
	return geteuid() == 0 && x->s->ns_new & 1u << NS_USER && x->s->x_lower.n;
}

static void put_maps(struct script *x)
{
	const struct idmap *m = &x->s->uid_map;
	struct buf b = {0};
	if (!(x->s->ns_new & 1u << NS_USER))
		return;
	for (size_t i = 0; i < m->n; i++)
		buf_printf(
		    &b, "%s%u:%u:%u", i ? "," : "", m->v[i].container, m->v[i].host, m->v[i].size);
	put_opt(x, "--map", b.p);
	buf_free(&b);
	if (!layers_mapped(x))
		return;
	fputs(" \\\n\t--mapped \"$d\"", x->f);
	for (size_t i = 0; i < x->s->x_lower.n; i++) {
		fputs(" --mapped ", x->f);
		put_word(x->f, x->s->x_lower.v[i]);
		fprintf(x->f, ":\"$d/%zu\"", i);
	}
}

/* "container:NAME" and "ns:FILE": those are joined, not made. */
static void put_joined(struct script *x)
{
	static const struct {
		enum spec_ns ns;
		char letter;
	} kinds[] = {{NS_NET, 'n'}, {NS_PID, 'p'}, {NS_IPC, 'i'}, {NS_UTS, 'u'}, {NS_CGROUP, 'C'}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const char *other = flags_shared(x->o, kinds[i].ns);
		if (other)
			fprintf(x->f, "ctr-nsenter -F -%c -t %s -- \\\n", kinds[i].letter, other);
	}
	if (x->o->net && strncmp(x->o->net, "ns:", 3) == 0) {
		fputs("ctr-nsenter -F --net=", x->f);
		put_word(x->f, x->o->net + 3);
		fputs(" -- \\\n", x->f);
	}
}

static int put_volumes(struct script *x)
{
	struct volume_req v;
	int r;
	for (size_t i = 0; (r = flags_volume(x->o, i, &v)) > 0; i++) {
		bool is_v = i < x->o->volumes.n;
		const char *text = is_v ? x->o->volumes.v[i] : x->o->mounts.v[i - x->o->volumes.n];
		if (layers_mapped(x) && strcmp(v.type, "volume") == 0)
			return fail_usage("--explain: a volume in a user namespace has no steps");
		if (v.src || strcmp(v.type, "volume") != 0) {
			put_opt(x, is_v ? "-v" : "--mount", text);
			continue;
		}
		fprintf(x->f, " -v \"$name.%d:\"", ++x->anon);
		put_word(x->f, v.dst);
		buf_printf(&x->cleanup, "\tctr-volume rm \"$name.%d\" >/dev/null\n", x->anon);
		volume_req_free(&v);
	}
	return r;
}

static bool option_is(const struct strv *l, const char *word)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], word) == 0)
			return true;
	return false;
}

static int put_root(struct script *x)
{
	const struct create_flags *o = x->o;
	fputs("ctr-root", x->f);
	if (x->s->x_image_file)
		return fail_usage("--explain: the root as an image file has no steps yet");
	if (layers_mapped(x)) {
		fputs(" --overlay \"", x->f);
		for (size_t i = 0; i < x->s->x_lower.n; i++)
			fprintf(x->f, "%s$d/%zu", i ? ":" : "", i);
		fputs("\"", x->f);
	} else if (image_is_ref(x->root)) {
		put_opt(x, "--image", x->root);
	} else if (o->direct) {
		put_opt(x, "--direct", x->s->root_path);
	} else {
		put_opt(x, "--overlay", x->s->x_lower.v[0]);
	}
	if (!o->direct)
		fputs(" --upper \"$d/upper\" --work \"$d/work\"", x->f);
	put_flag(x, "--volatile", o->rm && !o->direct);
	put_flag(x, "--privileged", o->privileged);
	put_flag(x, "--read-only", o->read_only);
	put_flag(x, "--no-pivot", o->no_pivot);
	put_flag(x, "--no-masks", option_is(&o->security, "systempaths=unconfined"));
	if (o->shm_size)
		fprintf(x->f, " --shm-size %" PRIu64, o->shm_size);
	if (o->ipc && (strcmp(o->ipc, "host") == 0 || strcmp(o->ipc, "none") == 0))
		put_opt(x, "--ipc", o->ipc);
	put_opts(x, "--tmpfs", &o->tmpfs);
	put_opts(x, "--device", &o->devices);
	put_opts(x, "--sysctl", &x->s->sysctl);
	for (int i = 0; i < 3; i++)
		if (x->etc & 1u << i)
			fprintf(x->f, " \\\n\t-v \"$d/%s:/etc/%s\"", etc_names[i], etc_names[i]);
	return put_volumes(x);
}

static void put_caps(struct script *x)
{
	struct buf b = {0};
	uint64_t all = caps_all(), have = x->s->caps.bounding;
	if ((have & all) == all)
		return;
	fputs(" --cap-drop ALL", x->f);
	for (int i = 0; i < 64; i++)
		if (have & all & 1ull << i)
			buf_printf(&b, "%s%s", b.n ? "," : "", caps_name(i) + 4);
	put_opt(x, "--cap-add", b.p);
	buf_free(&b);
}

static void put_seccomp(struct script *x)
{
	const char *file = NULL;
	for (size_t i = 0; i < x->o->security.n; i++)
		if (strncmp(x->o->security.v[i], "seccomp=", 8) == 0)
			file = x->o->security.v[i] + 8;
	if (!x->s->seccomp)
		file = "default";
	if (!file || strcmp(file, "unconfined") != 0)
		put_opt(x, "--seccomp", x->s->seccomp && !file ? NULL : file);
	put_flag(x, "--no-new-privs", x->s->no_new_privileges);
}

static void put_limits(struct script *x)
{
	for (size_t i = 0; i < x->s->rlimits.n; i++) {
		const struct spec_rlimit *l = &x->s->rlimits.v[i];
		_cleanup_free_ char *text = xasprintf("%s=%" PRId64 ":%" PRId64,
		    l->type + strlen("RLIMIT_"), (int64_t)l->soft, (int64_t)l->hard);
		put_opt(x, "--ulimit", text);
	}
}

static void put_priv(struct script *x)
{
	fputs("ctr-priv --new-keyring -i", x->f);
	put_opts(x, "-e", &x->s->env);
	put_opt(x, "-w", x->s->cwd);
	put_opt(x, "--umask", x->o->umask ? x->o->umask : "022");
	put_opt(x, "--oom-score-adj", x->o->oom_score_adj);
	put_limits(x);
	put_opts(x, "--group-add", &x->s->x_groups);
	put_caps(x);
	put_seccomp(x);
	put_flag(x, "--init", x->o->init);
	put_opt(x, "-u", x->s->x_user ? x->s->x_user : "0:0");
}

static int step_chain(struct script *x)
{
	if (layers_mapped(x)) {
		fputs(
		    "\n# Where the layers are seen with the owners that the map gives them.\nmkdir",
		    x->f);
		for (size_t i = 0; i < x->s->x_lower.n; i++)
			fprintf(x->f, " \"$d/%zu\"", i);
		fputs("\n", x->f);
	}
	fputs("\n# From here on each tool prepares one thing and becomes the next.\n", x->f);
	if (x->group)
		fputs("ctr-cgset \"$group\" -- \\\n", x->f);
	put_joined(x);
	put_namespaces(x);
	put_maps(x);
	fputs(" -- \\\n", x->f);
	if (put_root(x) < 0)
		return -1;
	fputs(" -- \\\n", x->f);
	put_priv(x);
	fputs(" -- \\\n", x->f);
	for (size_t i = 0; i < x->s->args.n; i++) {
		if (i)
			fputc(' ', x->f);
		put_word(x->f, x->s->args.v[i]);
	}
	fputc('\n', x->f);
	return 0;
}

int explain_script(FILE *f, const struct create_flags *o, struct container *c, const struct spec *s,
    const char *root)
{
	char *text = NULL;
	size_t n = 0;
	struct script x = {.o = o, .c = c, .s = s, .root = root, .net.lock = -1};
	if (o->bundle)
		return fail_usage("--explain: a bundle's config.json says it all itself");
	if (flags_shared(o, NS_USER))
		return fail_usage("--explain: another container's user namespace has no steps");
	x.f = open_memstream(&text, &n);
	if (!x.f)
		return fail("memory: %m");
	step_folder(&x);
	step_group(&x);
	int r = step_net(&x) < 0 || step_etc(&x) < 0 || step_chain(&x) < 0 ? -1 : 0;
	fclose(x.f);
	if (r == 0) { /* the function is needed before the steps, and known after them */
		char *steps = strstr(text, "trap cleanup EXIT\n");
		fprintf(f, "%.*scleanup() {\n\tset +e\n%s\trm -rf \"$d\"\n}\n%s",
		    (int)(steps - text), text, x.cleanup.p ? x.cleanup.p : "", steps);
	}
	free(text);
	if (x.has_net)
		network_free(&x.net);
	buf_free(&x.cleanup);
	buf_free(&x.outside);
	return r;
}
