/* ctr-seccomp: compile a seccomp profile to a BPF program on stdout, or list one readably.
 *
 * Kind: FILTER.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "caps.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "seccomp_profile.h"
#include "filter_rules.h"
#include "opt.h"
#include "seccomp_table.h"
#include "str.h"

static bool list, dflt;
static struct strv cap_add, cap_drop;

static const struct opt opts[] = {
    {'d', "default", NULL, "the built-in profile", OPT_FLAG, &dflt},
    {'l', "list", NULL, "list a compiled program (FILE), or with --default the built-in one",
	OPT_FLAG, &list},
    {0, "cap-add", "CAP", "for a container with this capability too", OPT_LIST, &cap_add},
    {0, "cap-drop", "CAP", "for a container without it", OPT_LIST, &cap_drop},
    OPT_END,
};
static const struct usage usage = {
    .placeless = true, .synopsis = "[FILE|-]", .opts = opts, .anywhere = true};

static uint64_t caps(void)
{
	uint64_t set = CAPS_DEFAULT, bit;
	for (size_t i = 0; i < cap_drop.n; i++) {
		if (caps_from_name(cap_drop.v[i], &bit) < 0)
			die_usage("--cap-drop: %s", fail_msg());
		set &= ~bit;
	}
	for (size_t i = 0; i < cap_add.n; i++) {
		if (caps_from_name(cap_add.v[i], &bit) < 0)
			die_usage("--cap-add: %s", fail_msg());
		set |= bit;
	}
	return set;
}

static void verdict(uint32_t k)
{
	switch (k & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		puts("allow");
		return;
	case SECCOMP_RET_ERRNO:
		printf(
		    "errno %u (%s)\n", k & SECCOMP_RET_DATA, strerror((int)(k & SECCOMP_RET_DATA)));
		return;
	case SECCOMP_RET_KILL_PROCESS:
		puts("kill process");
		return;
	case SECCOMP_RET_KILL_THREAD:
		puts("kill thread");
		return;
	case SECCOMP_RET_TRAP:
		puts("trap");
		return;
	case SECCOMP_RET_LOG:
		puts("log");
		return;
	}
	printf("return 0x%08x\n", k);
}

static const char *operand(uint32_t k)
{
	static char s[24];
	if (k == offsetof(struct seccomp_data, nr))
		return "nr";
	if (k == offsetof(struct seccomp_data, arch))
		return "arch";
	if (k >= 16 && k < 64)
		snprintf(s, sizeof s, "arg%u.%s", (k - 16) / 8,
		    (k - 16) % 8 == SECCOMP_LOW ? "low" : "high");
	else
		snprintf(s, sizeof s, "data[%u]", k);
	return s;
}

/* `loaded` and `arch` are known on the way to this instruction: names are then printed beside
 * numbers. */
static void jump(const struct sock_filter *f, size_t i, uint32_t loaded, uint32_t arch)
{
	static const char *const ops[] = {[BPF_JEQ >> 4] = "==",
	    [BPF_JGT >> 4] = ">",
	    [BPF_JGE >> 4] = ">=",
	    [BPF_JSET >> 4] = "&"};
	size_t which = BPF_OP(f->code) >> 4;
	const char *op = which < sizeof ops / sizeof ops[0] && ops[which] ? ops[which] : "&";
	const char *name =
	    loaded == offsetof(struct seccomp_data, nr) ? filter_call_name(arch, f->k) : NULL;
	printf("if %s %s ", operand(loaded), op);
	if (name)
		printf("%s(%u)", name, f->k);
	else
		printf(loaded == offsetof(struct seccomp_data, nr) ? "%u" : "0x%x", f->k);
	printf(" goto %zu else %zu\n", i + 1 + f->jt, i + 1 + f->jf);
}

struct known {
	uint32_t loaded, arch;
};

/* Jumps only go forward, so what is known at an instruction is settled before it is reached. */
static void print(const struct sock_fprog *p)
{
	struct known *at = xcalloc(p->len + 257u, sizeof *at);
	at[0].arch = seccomp_table_arch;
	for (size_t i = 0; i < p->len; i++) {
		const struct sock_filter *f = &p->filter[i];
		struct known k = at[i];
		printf("%4zu: ", i);
		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			k.loaded = f->k;
			printf("load %s\n", operand(f->k));
			at[i + 1] = k;
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA) {
				printf("goto %zu\n", i + 1 + f->k);
				if (f->k < p->len - i)
					at[i + 1 + f->k] = k;
				break;
			}
			jump(f, i, k.loaded, k.arch);
			at[i + 1 + f->jf] = k;
			if (k.loaded == offsetof(struct seccomp_data, arch) &&
			    BPF_OP(f->code) == BPF_JEQ)
				k.arch = f->k;
			at[i + 1 + f->jt] = k;
			break;
		case BPF_RET:
			verdict(f->k);
			break;
		case BPF_ALU:
			printf("%s 0x%x\n", BPF_OP(f->code) == BPF_AND ? "and" : "alu", f->k);
			at[i + 1] = k;
			break;
		default:
			printf("code 0x%04x jt %u jf %u k 0x%x\n", f->code, f->jt, f->jf, f->k);
			at[i + 1] = k;
		}
	}
	free(at);
}

static struct sock_fprog *program(const char *name, const char *text, size_t len)
{
	if (dflt)
		return filter_default(caps());
	if (!list)
		return filter_compile(name, text, len, caps());
	struct sock_fprog *p = xcalloc(1, sizeof *p);
	if (len == 0 || len % sizeof(struct sock_filter) ||
	    len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		die("%s: not a seccomp program (of 8 bytes an instruction, at most %d)", name,
		    BPF_MAXINSNS);
	p->len = (unsigned short)(len / sizeof(struct sock_filter));
	p->filter = (struct sock_filter *)text;
	return p;
}

int ctr_seccomp_main(int argc, char **argv)
{
	size_t len = 0;
	char *text = NULL;
	int n = opt_parse(&usage, argc, argv);
	if (argc - n != (dflt ? 0 : 1))
		die_usage(dflt ? "--default takes no FILE" : "one FILE (or -) is needed");
	const char *name = dflt ? "default" : argv[n];
	if (!dflt) {
		text = strcmp(name, "-") == 0 ? fd_read_all(0, "stdin", 4 << 20, &len)
					      : file_read(name, 4 << 20, &len);
		if (!text)
			die_fail();
	}
	struct sock_fprog *p = program(name, text, len);
	if (!p)
		die_fail();
	if (list)
		print(p);
	else if (isatty(1))
		die("the program is binary: send it to a file, or list it with -l");
	else if (fd_write_all(1, p->filter, p->len * sizeof *p->filter) < 0)
		die_errno("stdout: write");
	return 0;
}
