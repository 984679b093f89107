/* ctr-ipam.c: hand out addresses (OWNER): alloc, free, ls, gc. A lease is a file (lease.h); it
 * stays until it is freed, until ctr-gc or ctr-ipam gc finds that its owner is gone, or until a
 * reboot. */
#include <errno.h>

#include "applets.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "network.h"
#include "opt.h"
#include "record.h"
#include "undo.h"

static const char *network, *subnet, *range, *want;
static struct strv exclude;
static bool as_json;

static const struct opt opts[] = {
    {'n', "network", "NETWORK", "of this network of ctr-net (default: bridge)", OPT_STR, &network},
    {'s', "subnet", "SUBNET", "of this subnet, its first address being the gateway's", OPT_STR,
	&subnet},
    {'r', "range", "FROM-TO", "alloc: only from this range", OPT_STR, &range},
    {'a', "address", "ADDR", "alloc: exactly this address", OPT_STR, &want},
    {'x', "exclude", "ADDR", "alloc: not this address", OPT_LIST, &exclude},
    {0, "json", NULL, "ls: an object a line", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {
    .synopsis =
	"alloc [OPTIONS] OWNER...\nfree [OPTIONS] ADDR|OWNER...\nls [OPTIONS]\ngc [OPTIONS]",
    .more = "- reads owners or addresses from standard input, one a line; gc reads there the names "
	    "or ids "
	    "of the owners that "
	    "live.\n",
    .opts = opts,
    .anywhere = true};

/* What is asked for: at most one request for each family, and the directory of their leases. */
struct place {
	char *dir;
	struct lease_req req[2];
	struct addr *exclude[2];
};

static void add_exclude(struct place *p, int i, const struct addr *a)
{
	struct lease_req *r = &p->req[i];
	p->exclude[i] = xrealloc(p->exclude[i], (r->excludes + 1) * sizeof *a);
	p->exclude[i][r->excludes++] = *a;
	r->exclude = p->exclude[i];
}

static void of_subnet(struct place *p)
{
	struct cidr c;
	char t[CIDR_TEXT];
	if (cidr_parse("-s", subnet, &c) < 0)
		die_fail_usage();
	int i = c.a.family == AF_INET6;
	struct addr gw = cidr_first(&c);
	c.a = gw;
	p->req[i].subnet = c;
	cidr_text(&c, t);
	*strchr(t, '/') = '_';
	p->dir = leases_of(t);
	if (c.len <= (int)addr_len(&gw) * 8 - 2) {
		addr_next(&gw);
		add_exclude(p, i, &gw);
	}
}

static void of_network(struct place *p)
{
	struct network n;
	if (network_open(&n, network ? network : "bridge") < 0)
		die_fail();
	p->dir = leases_of(n.name);
	for (int i = 0; i < 2; i++) {
		p->req[i].subnet = n.subnet[i];
		p->req[i].from = n.from[i];
		p->req[i].to = n.to[i];
		if (n.gateway[i].family)
			add_exclude(p, i, &n.gateway[i]);
	}
} /* n stays open, so that the network is not removed while we lease */

static struct place place(void)
{
	struct place p = {0};
	struct addr a, b;
	if (network && subnet)
		die_usage("-n and -s exclude each other");
	if (subnet)
		of_subnet(&p);
	else
		of_network(&p);
	for (size_t k = 0; k < exclude.n; k++) {
		if (addr_parse("-x", exclude.v[k], &a) < 0)
			die_fail_usage();
		add_exclude(&p, a.family == AF_INET6, &a);
	}
	if (range) {
		if (addr_range_parse("-r", range, &a, &b) < 0)
			die_fail_usage();
		int i = a.family == AF_INET6;
		if (!p.req[i].subnet.a.family)
			die("-r: the network has no address of that family");
		p.req[i].from = a;
		p.req[i].to = b;
	}
	if (want) {
		if (addr_parse("-a", want, &a) < 0)
			die_fail_usage();
		int i = a.family == AF_INET6;
		if (!p.req[i].subnet.a.family)
			die("-a: the network has no address of that family");
		p.req[i].want = a;
		p.req[!i].subnet.a.family = 0; /* only that one */
	}
	return p;
}

/* Every owner gets all addresses, or nobody gets any. */
static int do_alloc(int n, char **names)
{
	struct strv owners = {0};
	opt_names(&owners, n, names, 0, "OWNER");
	struct place p = place();
	struct addr *got = xcalloc(2 * owners.n, sizeof *got);
	char t[CIDR_TEXT];
	_cleanup_free_ char *why = NULL;
	undo_hold_signals();
	for (size_t k = 0; k < 2 * owners.n && !why; k++) {
		struct lease_req *r = &p.req[k % 2];
		r->owner = owners.v[k / 2];
		if (r->subnet.a.family && lease_take(p.dir, r, &got[k]) < 0)
			why = fail_copy();
	}
	if (!why && undo_signal_waits())
		why = xstrdup("a signal");
	for (size_t k = 0; k < 2 * owners.n && !why; k++)
		if (got[k].family)
			puts(cidr_text(&(struct cidr){got[k], p.req[k % 2].subnet.len}, t));
	/* Nobody would know of them. */
	if (!why && (fflush(stdout) != 0 || ferror(stdout)))
		why = xasprintf("standard output: %s", strerror(errno));
	for (size_t k = 0; k < 2 * owners.n && why; k++)
		if (got[k].family)
			lease_free(p.dir, &got[k]);
	if (why)
		undo_check_signals();
	free(got);
	return why ? warn("%s", why), 1 : 0;
}

/* The lease directories that are meant: one, or all when neither -n nor -s is given. */
static int add_dir(int dirfd, const char *name, void *arg)
{
	(void)dirfd;
	if (*name != '.')
		strv_take(arg, leases_of(name));
	return 0;
}

static void dirs(struct strv *out)
{
	if (network && subnet)
		die_usage("-n and -s exclude each other");
	if (network && name_check("-n", network) < 0)
		die_fail_usage();
	if (network) {
		struct network n;
		strv_take(out, leases_of(network));
		if (access(out->v[0], F_OK) < 0 && network_open(&n, network) < 0)
			die_fail();
	} else if (subnet) {
		struct place p = {0};
		of_subnet(&p);
		strv_take(out, p.dir);
	} else if (network_leases_each(add_dir, out) < 0) {
		die_fail();
	}
}

static int do_free(int n, char **names)
{
	struct strv d = {0}, what = {0};
	int code = 0;
	dirs(&d);
	opt_names(&what, n, names, 0, "ADDR or OWNER");
	for (size_t i = 0; i < what.n; i++) {
		struct addr a;
		int freed = 0;
		/* In the form that alloc prints. */
		_cleanup_free_ char *plain = xstrndup(what.v[i], strcspn(what.v[i], "/"));
		bool is_addr = addr_parse("address", plain, &a) == 0;
		for (size_t k = 0; k < d.n; k++) {
			int r = is_addr ? lease_free(d.v[k], &a) : 0;
			if (r == 0) /* an owner may have a name that looks like an address */
				r = lease_free_owner(d.v[k], what.v[i]);
			if (r < 0)
				die_fail();
			freed += r;
		}
		if (freed == 0) {
			warn("%s: nothing on lease", what.v[i]);
			code = 1;
		}
	}
	return code;
}

struct line {
	struct addr addr;
	char *owner, *dir;
};
static struct line *lines;
static size_t n_lines;

static void add_line(const struct lease *l, void *arg)
{
	if (!(n_lines & (n_lines - 1)))
		lines = xrealloc(lines, (n_lines * 2 + !n_lines) * sizeof *lines);
	lines[n_lines++] = (struct line){l->addr, str_escape(l->owner), arg};
}

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(&((const struct line *)a)->addr, &((const struct line *)b)->addr);
}

static int do_ls(int n, char **names)
{
	struct strv d = {0};
	char t[ADDR_TEXT];
	json_t *list = json_array();
	if (n)
		die_usage("ls takes no operand: '%s'", names[0]);
	dirs(&d);
	for (size_t i = 0; i < d.n; i++)
		if (lease_each(d.v[i], add_line, strrchr(d.v[i], '/') + 1) < 0)
			die_fail();
	if (n_lines)
		qsort(lines, n_lines, sizeof *lines, by_addr);
	for (size_t i = 0; i < n_lines; i++) {
		addr_text(&lines[i].addr, t);
		if (as_json)
			json_array_append_new(list, json_make("{address:s,owner:s,network:s}", t,
							lines[i].owner, lines[i].dir));
		else
			printf("%s %s\n", t, lines[i].owner);
	}
	if (as_json)
		json_lines(list);
	return 0;
}

static int unsure; /* owners for which it is not known whether they are alive */

/* Are the first n bytes of s among the sorted names? */
static bool named(const struct strv *l, const char *s, size_t n)
{
	size_t low = 0, high = l->n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int d = strncmp(l->v[mid], s, n);
		if (d == 0 && l->v[mid][n] == 0)
			return true;
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* Is the lease one of a container that was named on stdin (by its id, at least 12 digits of it, or
 * its name) or that is alive? gc keeps those. */
static bool keep(const struct lease *l, void *arg)
{
	const struct strv *living = arg;
	size_t n = strcspn(l->names, " "), len = strlen(l->owner);
	if (named(living, l->owner, len) || (n && named(living, l->names, n)))
		return true;
	for (size_t k = 12; k < len; k++)
		if (named(living, l->owner, k))
			return true;
	int lives = container_owner_alive(l->owner, NULL);
	if (lives < 0) {
		warn_fail();
		unsure = 1;
	}
	return lives != 0;
}

static int do_gc(int n, char **names)
{
	struct strv d = {0}, living = {0};
	if (n)
		die_usage("gc takes no operand: '%s'", names[0]);
	dirs(&d);
	_cleanup_free_ char *in = fd_read_all(0, "standard input", 64 << 20, NULL);
	if (!in)
		die_fail();
	strv_split(&living, in, "\n");
	strv_sort(&living);
	for (size_t i = 0; i < d.n; i++)
		if (lease_gc(d.v[i], keep, &living) < 0)
			die_fail();
	return unsure;
}

static const struct word words[] = {{"alloc", do_alloc, NULL, NULL}, {"free", do_free, NULL, NULL},
    {"ls", do_ls, NULL, NULL}, {"gc", do_gc, NULL, NULL}, {0}};

int ctr_ipam_main(int argc, char **argv)
{
	int first;
	const struct word *w = opt_word(&usage, words, argc, argv, &first);
	return w->fn(argc - first, argv + first);
}
