/* filter.c: the default seccomp filter, generated from a table made at build time; see filter.h.
 *
 * A binary search over ranges of numbers: about eight comparisons a call, and a program short
 * enough to load quickly (the kernel's work grows with its length). What depends on a capability is
 * decided before the program is generated, so neighbours with the same answer become one range.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "err.h"
#include "filter.h"
#include "filter_rules.h"
#include "seccomp_table.h"
#include "str.h"

#define ARG_LOW(n) SECCOMP_ARG(n, false)
/* Which argument of clone(2) the flags are. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define CAP(n) (1ull << (n))
#define NEW_NAMESPACES 0x7e020000u /* CLONE_NEWNS CGROUP UTS IPC USER PID NET */

void filter_emit(
    struct filter_program *p, unsigned short code, unsigned k, unsigned char jt, unsigned char jf)
{
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 500;
		p->v = xrealloc(p->v, p->room * sizeof *p->v);
	}
	p->v[p->n++] = (struct sock_filter){code, jt, jf, k};
}
#define emit filter_emit

static void ret(struct filter_program *p, unsigned action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

#define ALLOW SECCOMP_RET_ALLOW
#define EPERM_ (SECCOMP_RET_ERRNO | EPERM)
#define ENOSYS_ (SECCOMP_RET_ERRNO | ENOSYS)

/* A rule under these capabilities as a simple one: RULE_UNKNOWN, _DENY, _ALLOW, or one that
 * inspects arguments. */
static int filter_settle(int rule, uint64_t caps)
{
	bool admin = caps & CAP(21);
	if (rule < 64)
		return caps & CAP(rule) ? RULE_ALLOW : RULE_DENY;
	switch (rule) {
	case RULE_BPF:
		return admin || caps & CAP(39) ? RULE_ALLOW : RULE_DENY;
	case RULE_PERF:
		return admin || caps & CAP(38) ? RULE_ALLOW : RULE_DENY;
	case RULE_SYSLOG:
		return admin || caps & CAP(34) ? RULE_ALLOW : RULE_DENY;
	case RULE_CLONE:
		return admin ? RULE_ALLOW : RULE_CLONE;
	case RULE_CLONE3:
		return admin ? RULE_ALLOW : RULE_UNKNOWN;
	}
	return rule;
}

/* AF_ALG is how CVE-2026-31431 is reached, and AF_VSOCK reaches the host of a virtual machine; the
 * others are obsolete: DECnet, Econet, ATM SVCs, IrDA, WANPIPE, ISDN, CAIF. */
static const unsigned char families[] = {12, 19, 20, 23, 25, 34, 37, 38, 40};
#define N_FAMILIES (sizeof families)

/* The end of a search: a verdict, after the arguments have been inspected where the rule says
 * so. */
static void filter_leaf_of(struct filter_program *p, unsigned rule, void *arg)
{
	(void)arg;
	static const unsigned personalities[] = {
	    0, 8, 0x20000, 0x20008, 0xffffffff}; /* PER_LINUX, PER_LINUX32, UNAME26, both, query */
	switch (rule) {
	case RULE_ALLOW:
		ret(p, ALLOW);
		return;
	case RULE_CLONE:
		emit(p, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(CLONE_FLAGS), 0, 0);
		emit(p, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 1, 0);
		ret(p, ALLOW);
		ret(p, EPERM_);
		return;
	/* The common families first; then all but those that are refused, up to AF_SMC and its
	 * neighbours. */
	case RULE_SOCKET:
		emit(p, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0), 0, 0);
		emit(p, BPF_JMP | BPF_JGE | BPF_K, families[0], 0, N_FAMILIES + 1);
		emit(p, BPF_JMP | BPF_JGE | BPF_K, 46, N_FAMILIES + 1, 0);
		for (unsigned i = 0; i < N_FAMILIES; i++)
			emit(p, BPF_JMP | BPF_JEQ | BPF_K, families[i],
			    (unsigned char)(N_FAMILIES - i), 0);
		ret(p, ALLOW);
		ret(p, EPERM_);
		return;
	/* socket() is its first subcall; the family is in memory, which a filter cannot read. */
	case RULE_SOCKETCALL:
		emit(p, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0), 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0);
		ret(p, ALLOW);
		ret(p, EPERM_);
		return;
	case RULE_PERSONALITY:
		emit(p, BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0), 0, 0);
		for (unsigned i = 0; i < 5; i++)
			emit(p, BPF_JMP | BPF_JEQ | BPF_K, personalities[i], (unsigned char)(5 - i),
			    0);
		ret(p, EPERM_);
		ret(p, ALLOW);
		return;
	case RULE_UNKNOWN:
		ret(p, ENOSYS_);
		return;
	default:
		ret(p, EPERM_);
	}
}

/* A binary search over ranges, the first of which begins at 0. The left half follows right after
 * the comparison, the right half after that. A jump reaches at most 255 instructions. */
static void filter_search(struct filter_program *p, const struct seccomp_range *r, unsigned n,
    filter_leaf *leaf_fn, void *arg)
{
	if (n == 1) {
		leaf_fn(p, r->rule, arg);
		return;
	}
	unsigned half = n / 2;
	size_t at = p->n;
	unsigned nr = r[half].nr;
	emit(p, BPF_JMP | BPF_JGE | BPF_K, nr < 0xff00 ? nr : 0xf0000 | (nr & 0xff), 0, 0);
	filter_search(p, r, half, leaf_fn, arg);
	size_t far = p->n - at - 1;
	if (far > 255) { /* too far for a conditional jump: an unconditional one is inserted */
		emit(p, 0, 0, 0, 0);
		memmove(&p->v[at + 2], &p->v[at + 1], far * sizeof *p->v);
		p->v[at].jt = 0;
		p->v[at].jf = 1;
		p->v[at + 1] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, (unsigned)far};
	} else {
		p->v[at].jt = (unsigned char)far;
	}
	filter_search(p, r + half, n - half, leaf_fn, arg);
}

/* Two searches after a check of the architecture; a call of any other architecture gets `other`. */
struct sock_fprog *filter_program(const struct seccomp_range *native, unsigned n,
    const struct seccomp_range *sibling, unsigned n_sibling, unsigned other, filter_leaf *leaf_fn,
    void *arg)
{
	struct filter_program p = {0};
	emit(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, seccomp_table_arch, 1, 0);
	size_t jump = p.n;
	emit(&p, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	/* x32 has the native calls under other numbers; -1 is a call that a tracer cancelled. */
	if (seccomp_table_arch == AUDIT_ARCH_X86_64) {
		emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 2);
		emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 1, 0);
		ret(&p, other);
	}
	filter_search(&p, native, n, leaf_fn, arg);
	p.v[jump].k = (unsigned)(p.n - jump - 1);
	if (n_sibling)
		emit(&p, BPF_JMP | BPF_JEQ | BPF_K, seccomp_table_arch32, 1, 0);
	ret(&p, other);
	if (n_sibling) {
		emit(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
		filter_search(&p, sibling, n_sibling, leaf_fn, arg);
	}
	if (p.n > BPF_MAXINSNS) {
		free(p.v);
		errno = E2BIG;
		fail("seccomp: the program would have %zu instructions (%d are allowed)", p.n,
		    BPF_MAXINSNS);
		return NULL;
	}
	struct sock_fprog *out = xmalloc(sizeof *out);
	*out = (struct sock_fprog){(unsigned short)p.n, p.v};
	return out;
}

/* The table under these capabilities, neighbours with the same answer merged. Returns the number of
 * ranges. */
static unsigned filter_join(
    const struct seccomp_row *in, unsigned n, uint64_t caps, struct seccomp_range *out)
{
	unsigned k = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned short rule = (unsigned short)filter_settle(in[i].rule, caps);
		int nr = in[i].nr, base = i ? SECCOMP_BASE : 0;
		if (k == 0 || out[k - 1].rule != rule)
			out[k++] = (struct seccomp_range){
			    (unsigned short)(nr < SECCOMP_OWN ? nr + base : 0xff00 | (nr & 7)),
			    rule};
	}
	return k;
}

struct sock_fprog *filter_default(uint64_t caps)
{
	_cleanup_free_ struct seccomp_range *a = xcalloc(seccomp_native_n, sizeof *a),
					    *b = xcalloc(seccomp_compat_n, sizeof *b);
	unsigned n = filter_join(seccomp_native, seccomp_native_n, caps, a),
		 m = filter_join(seccomp_compat, seccomp_compat_n, caps, b);
	return filter_program(a, n, b, m, EPERM_, filter_leaf_of, NULL);
}

#define FROM(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what)
#define IS(what, then, other) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, then, other)
#define END(how) BPF_STMT(BPF_RET | BPF_K, how)

int filter_no_typing(void)
{
	/* The low half of the request, which is all that the kernel looks at (CVE-2019-10063). 54
	 * is ioctl(2) of i386 and arm, the last one that of x32. */
	struct sock_filter code[] = {FROM(offsetof(struct seccomp_data, nr)), IS(SYS_ioctl, 2, 0),
	    IS(54, 1, 0), IS(0x40000202, 0, 3), FROM(ARG_LOW(1)), IS(TIOCSTI, 2, 0),
	    IS(0x541c /* TIOCLINUX */, 1, 0), END(SECCOMP_RET_ALLOW),
	    END(SECCOMP_RET_ERRNO | EPERM)};
	struct sock_fprog p = {sizeof code / sizeof *code, code};
	return filter_load(&p, FILTER_FLAGS, NULL);
}

void filter_free(struct sock_fprog *p)
{
	if (p)
		free(p->filter);
	free(p);
}

static bool filter_notifies(const struct sock_fprog *p)
{
	for (size_t i = 0; i < p->len; i++)
		if (p->filter[i].code == (BPF_RET | BPF_K) &&
		    p->filter[i].k == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

unsigned filter_flags(const char *profile)
{
	static const char *const words[] = {[1] = "\"SECCOMP_FILTER_FLAG_LOG\"",
	    [2] = "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"",
	    [3] = "\"listenerPath\"",
	    [5] = "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\""};
	unsigned flags = profile && strstr(profile, "\"flags\"") ? 0 : FILTER_FLAGS;
	for (unsigned i = 0; profile && i < 6; i++)
		if (words[i] && strstr(profile, words[i]))
			flags |= 1u << i;
	return flags;
}

int filter_load(const struct sock_fprog *p, unsigned flags, int *listener)
{
	bool notifies = filter_notifies(p);
	if (notifies && !listener)
		return errno = EINVAL,
		       fail("seccomp profile: SCMP_ACT_NOTIFY needs an agent that listens");
	if (notifies)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* As in crun: who names a path gets the listener, even if no call is to be answered. */
	notifies = listener && flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (!notifies)
		flags &= 7; /* the others are about notifications */
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, p);
	if (listener)
		*listener = notifies ? (int)r : -1;
	if (r >= 0)
		return 0;
	if (errno == EINVAL && !notifies && !(flags & 2) &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, p) == 0)
		return 0;
	const char *why = "";
	if (errno == EINVAL && flags & 32)
		why = " (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV takes Linux 5.19)";
	else if (errno == EINVAL || errno == ENOSYS)
		why = " (this kernel has no CONFIG_SECCOMP_FILTER: --security-opt "
		      "seccomp=unconfined does without)";
	else if (errno == EACCES)
		why = " (not root: it takes no_new_privs, too)";
	return fail("seccomp filter: %m%s", why);
}
