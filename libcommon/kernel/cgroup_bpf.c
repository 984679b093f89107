/* cgroup_bpf.c: device access on cgroup v2 is decided by a BPF program on the group (bpf(2),
 * BPF_PROG_TYPE_CGROUP_DEVICE); this writes it. One block for each rule, last rule first, so that the first that
 * matches decides.
 *
 * On entry r1 points at struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; }; access_type is
 * (access << 16) | type.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct program *p, unsigned char code, unsigned char dst, unsigned char src, short off, int imm)
{
	p->v = xrealloc(p->v, (p->n + 1) * sizeof *p->v);
	p->v[p->n++] = (struct bpf_insn){.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static int access_bits(const char *s)
{
	return (strchr(s, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) | (strchr(s, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(s, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
}

/* r2 type, r3 access, r4 major, r5 minor. Conditions jump over what is left of the block; it ends in a verdict. */
static void rule(struct program *p, const struct device_rule *r)
{
	size_t skips[4], n = 0;
	if (r->type != 'a') {
		skips[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	int bits = access_bits(r->access);
	if (bits != 7) {
		/* All that is asked for must be among what the rule names: r1 = r3 & ~bits. A deny matches when any is.
		 */
		emit(p, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, r->allow ? ~bits : bits);
		skips[n++] = p->n;
		emit(p, BPF_JMP | (r->allow ? BPF_JNE : BPF_JEQ) | BPF_K, 1, 0, 0, 0);
	}
	if (r->major >= 0) {
		skips[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, (int)r->major);
	}
	if (r->minor >= 0) {
		skips[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 5, 0, 0, (int)r->minor);
	}
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, r->allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < n; i++)
		p->v[skips[i]].off = (short)(p->n - skips[i] - 1);
}

struct bpf_insn *cgroup_device_program(const struct device_rule *rules, size_t n_rules, size_t *n)
{
	struct program p = {0};
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
	emit(&p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 3, 1, 0, 0);
	emit(&p, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 4, 1, 4, 0);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 5, 1, 8, 0);
	size_t first = n_rules;
	while (first > 0 && rules[first - 1].type != 'a') /* a rule for all: what stands before it does not count */
		first--;
	for (size_t i = n_rules; i > first; i--)
		rule(&p, &rules[i - 1]);
	emit(&p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, first > 0 ? rules[first - 1].allow : 1);
	emit(&p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	*n = p.n;
	return p.v;
}
