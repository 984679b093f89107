/* filter_rules.c: rules by system call name as a BPF program; see filter_rules.h. The numbers come
 * from the table that libseccomp gave when ctrbox was built.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "filter_rules.h"
#include "str.h"

/* Placeholders in the jt and jf of a condition until the jump targets are known: it holds, it does
 * not. */
#define OK_ 254
#define NO_ 255

static const char *name_at(unsigned i)
{
	const char *s = seccomp_names;
	while (i-- > 0)
		s += strlen(s) + 1;
	return s;
}

const char *filter_call_name(uint32_t arch, uint32_t nr)
{
	for (unsigned i = 0; i < seccomp_names_n; i++)
		if (nr < SECCOMP_BASE + SECCOMP_CALLS &&
		    seccomp_numbers[i][arch != seccomp_table_arch] == (int)nr)
			return name_at(i);
	return NULL;
}

static void filter_rules_add(struct filter_rules *f, const char *name, uint32_t action,
    const struct filter_cond *c, unsigned n)
{
	const char *s = seccomp_names;
	for (unsigned i = 0; i < seccomp_names_n; i++, s += strlen(s) + 1) {
		if (strcmp(s, name) != 0)
			continue;
		f->v = xrealloc(f->v, (f->n + 1) * sizeof *f->v);
		struct filter_rule *r = &f->v[f->n++];
		*r = (struct filter_rule){.name = i, .action = action, .n = n};
		if (n)
			memcpy(r->cond, c, n * sizeof *c);
		return;
	}
}

/* i386 also reaches these through one call, with their number as its first argument. */
static const struct {
	const char *call;
	unsigned char first;
	const char *names;
} muxed[] = {{"socketcall", 1,
		 "socket bind connect listen accept getsockname getpeername socketpair send recv "
		 "sendto recvfrom "
		 "shutdown setsockopt "
		 "getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg "},
    {"ipc", 1, "semop semget semctl semtimedop "}, {"ipc", 11, "msgsnd msgrcv msgget msgctl "},
    {"ipc", 21, "shmat shmdt shmget shmctl "}};

/* The verdict on a call also applies to its subcall of the multiplexed call, as in libseccomp;
 * further conditions cannot be checked there (the arguments are behind a pointer). */
static void add_muxed(struct filter_rules *f, const char *name, uint32_t action)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < sizeof muxed / sizeof muxed[0]; i++) {
		unsigned n = muxed[i].first;
		for (const char *s = muxed[i].names; *s; s += strcspn(s, " ") + 1, n++)
			if (strncmp(s, name, len) == 0 &&
			    s[len] == ' ') /* the upper half of ipc's first argument is a version */
				filter_rules_add(f, muxed[i].call, action,
				    &(struct filter_cond){0, CMP_MASKED_EQ, 0xffff, n}, 1);
	}
}

void filter_rule_add(struct filter_rules *f, const char *name, uint32_t action,
    const struct filter_cond *c, unsigned n)
{
	filter_rules_add(f, name, action, c, n);
	add_muxed(f, name, action);
}

void filter_rules_free(struct filter_rules *f)
{
	free(f->v);
	f->v = NULL;
	f->n = 0;
}

static void filter_rules_load(struct filter_program *p, unsigned arg, bool high)
{
	filter_emit(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)SECCOMP_ARG(arg, high), 0, 0);
}

/* One condition: the high half decides, otherwise the low half. */
static void filter_rules_condition(struct filter_program *p, const struct filter_cond *c)
{
	unsigned hi = (unsigned)(c->value >> 32), lo = (unsigned)c->value;
	bool flip = c->cmp == CMP_LT || c->cmp == CMP_LE || c->cmp == CMP_NE;
	unsigned char yes = flip ? NO_ : OK_, no = flip ? OK_ : NO_;
	filter_rules_load(p, c->arg, true);
	if (c->cmp == CMP_MASKED_EQ) {
		filter_emit(p, BPF_ALU | BPF_AND | BPF_K, hi, 0, 0);
		filter_emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(c->value2 >> 32), 0, NO_);
		filter_rules_load(p, c->arg, false);
		filter_emit(p, BPF_ALU | BPF_AND | BPF_K, lo, 0, 0);
		filter_emit(p, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)c->value2, OK_, NO_);
		return;
	}
	bool equal = c->cmp == CMP_EQ || c->cmp == CMP_NE;
	if (!equal)
		filter_emit(p, BPF_JMP | BPF_JGT | BPF_K, hi, yes, 0);
	filter_emit(p, BPF_JMP | BPF_JEQ | BPF_K, hi, 0, no);
	filter_rules_load(p, c->arg, false);
	/* LT is "not GE", LE is "not GT". */
	unsigned short op = c->cmp == CMP_GE || c->cmp == CMP_LT ? BPF_JGE : BPF_JGT;
	if (equal)
		op = BPF_JEQ;
	filter_emit(p, BPF_JMP | op | BPF_K, lo, yes, no);
}

static void resolve(unsigned char *j, size_t at, size_t ok, size_t no)
{
	if (*j == OK_)
		*j = (unsigned char)(ok - at - 1);
	else if (*j == NO_)
		*j = (unsigned char)(no - at - 1);
}

/* The conditions of a rule, all of which must hold, then its verdict; when one does not hold, the
 * program continues after it. */
static void filter_rules_rule(struct filter_program *p, const struct filter_rule *r)
{
	size_t starts[7];
	for (unsigned i = 0; i < r->n; i++) {
		starts[i] = p->n;
		filter_rules_condition(p, &r->cond[i]);
	}
	starts[r->n] = p->n;
	filter_emit(p, BPF_RET | BPF_K, r->action, 0, 0);
	for (unsigned i = 0; i < r->n; i++)
		for (size_t at = starts[i]; at < starts[i + 1]; at++)
			if (BPF_CLASS(p->v[at].code) == BPF_JMP) {
				resolve(&p->v[at].jt, at, starts[i + 1], p->n);
				resolve(&p->v[at].jf, at, starts[i + 1], p->n);
			}
}

/* The rule number of a range: 0 is the default, 1 + i the verdict of rule i alone, CALL plus a
 * number the rules of that call. */
#define CALL 0x8000u
#define UNKNOWN (CALL - 1) /* no kernel known to us has it */

struct side {
	const struct filter_rules *f;
	int arch; /* the column of seccomp_numbers */
};

static void filter_rules_leaf(struct filter_program *p, unsigned n, void *arg)
{
	const struct side *s = arg;
	if (n == 0) {
		filter_emit(p, BPF_RET | BPF_K, s->f->dflt, 0, 0);
	} else if (n == UNKNOWN) {
		filter_emit(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	} else if (n < CALL) {
		filter_emit(p, BPF_RET | BPF_K, s->f->v[n - 1].action, 0, 0);
	} else {
		int arch = n & 0x4000 ? 1 : 0;
		for (size_t i = 0; i < s->f->n; i++)
			if (seccomp_numbers[s->f->v[i].name][arch] ==
			    SECCOMP_BASE + (int)(n & 0x3fff))
				filter_rules_rule(p, &s->f->v[i]);
		filter_emit(p, BPF_RET | BPF_K, s->f->dflt, 0, 0);
	}
}

static bool nr_known(int nr, int arch)
{
	for (unsigned i = 0; i < seccomp_names_n; i++)
		if (seccomp_numbers[i][arch] == nr)
			return true;
	return false;
}

/* Ranges of one architecture: neighbours with one plain verdict are one. */
static unsigned ranges(const struct filter_rules *f, int arch, struct seccomp_range *out)
{
	static unsigned short of[SECCOMP_CALLS];
	memset(of, 0, sizeof of);
	/* From the end: the first of several simple rules counts. */
	for (size_t i = f->n; i-- > 0;) {
		int nr = seccomp_numbers[f->v[i].name][arch] - SECCOMP_BASE;
		if (nr < 0 || nr >= SECCOMP_CALLS)
			continue;
		bool plain = of[nr] && of[nr] < CALL;
		if (f->v[i].n == 0)
			of[nr] = (unsigned short)(i + 1);
		else if (!plain)
			of[nr] = (unsigned short)(CALL | (arch ? 0x4000u : 0) | (unsigned)nr);
	}
	/* Where other calls are refused, those beyond the last that we know by name get ENOSYS.
	 * libc tries a newer call first and uses the older one only when it hears ENOSYS; the EPERM
	 * of a profile that is older than the call would be passed on to the program (runc found
	 * this). */
	uint32_t act = f->dflt & SECCOMP_RET_ACTION_FULL;
	bool refuses = act == SECCOMP_RET_ERRNO || act == SECCOMP_RET_TRAP ||
		       act == SECCOMP_RET_KILL_THREAD || act == SECCOMP_RET_KILL_PROCESS;
	int top = SECCOMP_CALLS;
	while (refuses && top > 0 && !nr_known(SECCOMP_BASE + top - 1, arch))
		top--;
	unsigned n = 0;
	for (int nr = 0; nr <= SECCOMP_CALLS; nr++) {
		unsigned short r = 0;
		if (nr < top && nr < SECCOMP_CALLS)
			r = of[nr];
		else if (refuses)
			r = UNKNOWN;
		const struct seccomp_range *last = n ? &out[n - 1] : NULL;
		bool same = last && (last->rule == r ||
					(last->rule && r && last->rule < UNKNOWN && r < UNKNOWN &&
					    f->v[last->rule - 1].action == f->v[r - 1].action));
		unsigned short from = n ? (unsigned short)(nr + SECCOMP_BASE) : 0;
		if (!same)
			out[n++] = (struct seccomp_range){from, r};
	}
	return n;
}

struct sock_fprog *filter_rules_program(const struct filter_rules *f, const char *what)
{
	struct side s = {f, 0};
	_cleanup_free_ struct seccomp_range *a = xcalloc(SECCOMP_CALLS + 1, sizeof *a),
					    *b = xcalloc(SECCOMP_CALLS + 1, sizeof *b);
	if (f->n >= UNKNOWN) {
		fail("%s: more than %u rules", what, UNKNOWN - 1);
		return NULL;
	}
	unsigned n = ranges(f, 0, a), m = f->sibling ? ranges(f, 1, b) : 0;
	struct sock_fprog *p =
	    filter_program(a, n, b, m, SECCOMP_RET_KILL_THREAD, filter_rules_leaf, &s);
	if (!p)
		fail_about(what);
	return p;
}
