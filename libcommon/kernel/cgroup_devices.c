/* cgroup_devices.c: the devices that a group may use; see cgroup.h.
 *
 * On v1 the rules are written one by one. On v2 a BPF program attached to the group decides
 * (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE), which is generated here: one block for each rule, the last
 * rule first, so that the first block that matches decides.
 *
 * On entry r1 points at struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; };
 * access_type is (access << 16) | type.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup_parts.h"
#include "err.h"

struct program {
	struct bpf_insn *v;
	size_t n;
};

static void emit(
    struct program *p, unsigned char code, unsigned char dst, unsigned char src, short off, int imm)
{
	p->v = xrealloc(p->v, (p->n + 1) * sizeof *p->v);
	p->v[p->n++] =
	    (struct bpf_insn){.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

/* 'u' is another word for a character device (mknod(1)). A fifo ('p') is no device, and device
 * rules do not apply to it. */
static char device_type(const struct device_rule *r)
{
	if (r->type == 'u')
		return 'c';
	return strchr("abc", r->type) ? r->type : 0;
}

static int access_bits(const char *s)
{
	return (strchr(s, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) |
	       (strchr(s, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(s, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
}

/* r2 is the type, r3 the access, r4 the major and r5 the minor number. Each condition jumps over
 * the rest of the block when it does not hold; the block ends with a verdict. */
static void cgroup_devices_rule(struct program *p, const struct device_rule *r)
{
	size_t skips[4], n = 0;
	if (!device_type(r))
		return;
	if (r->type != 'a') {
		skips[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0,
		    r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	int bits = access_bits(r->access);
	if (bits != 7) {
		/* All the access that is asked for must be named by the rule: r1 = r3 & ~bits. A
		 * rule that denies matches when any of it is. */
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

/* The BPF_PROG_TYPE_CGROUP_DEVICE program of the rules; *n instructions. Caller frees. */
static struct bpf_insn *cgroup_device_program(
    const struct device_rule *rules, size_t n_rules, size_t *n)
{
	struct program p = {0};
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
	emit(&p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 3, 1, 0, 0);
	emit(&p, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 4, 1, 4, 0);
	emit(&p, BPF_LDX | BPF_MEM | BPF_W, 5, 1, 8, 0);
	size_t first = n_rules;
	while (first > 0 && rules[first - 1].type !=
				'a') /* a rule for all devices: the rules before it do not count */
		first--;
	for (size_t i = n_rules; i > first; i--)
		cgroup_devices_rule(&p, &rules[i - 1]);
	emit(&p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, first > 0 ? rules[first - 1].allow : 1);
	emit(&p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	*n = p.n;
	return p.v;
}

static bool covers(const char *range, const char *number)
{
	return *range == '*' || str_eq(range, number);
}

/* v1 takes back what it was told only in the very words in which that was, and says nothing where
 * it does not (devices.rst, "exceptions"). So the exceptions (four words each) within the range of
 * this rule are taken back word by word. A hole in one cannot be made, and is an error, as in runc.
 */
static int take_back(const struct strv *has, int fd, const char *how, const char *type,
    const char *major, const char *minor, const char *access)
{
	for (char **h = has->v; h && h + 4 <= has->v + has->n; h += 4) {
		if (!str_eq(h[0], type) || !strpbrk(h[3], access) ||
		    !(covers(major, h[1]) || covers(h[1], major)) ||
		    !(covers(minor, h[2]) || covers(h[2], minor)))
			continue;
		if (!covers(major, h[1]) || !covers(minor, h[2])) {
			errno = ENOTSUP;
			return fail("%s %s:%s %s cannot be %s of %s %s:%s %s on cgroup v1", type,
			    major, minor, access, how, type, h[1], h[2], h[3]);
		}
		if (dprintf(fd, "%s %s:%s %s", type, h[1], h[2], access) < 0)
			return fail("%m");
		char *left = h[3];
		for (const char *a = left; *a; a++)
			if (!strchr(access, *a))
				*left++ = *a;
		*left = 0;
	}
	return 0;
}

static int devices_v1(int dir, const struct device_rule *rules, size_t n)
{
	_cleanup_close_ int allow = openat(dir, "devices.allow", O_WRONLY | O_CLOEXEC),
			    deny = openat(dir, "devices.deny", O_WRONLY | O_CLOEXEC);
	_cleanup_strv_ struct strv has = {
	    0};       /* if it may use all: what was denied, else its list */
	int all = -1; /* not known yet */
	for (size_t i = 0; i < n; i++) {
		const struct device_rule *r = &rules[i];
		char type[2] = {device_type(r)}, major[24] = "*", minor[24] = "*";
		if (!*type)
			continue;
		if (r->major >= 0)
			snprintf(major, sizeof major, "%" PRId64, r->major);
		if (r->minor >= 0)
			snprintf(minor, sizeof minor, "%" PRId64, r->minor);
		int fd = r->allow ? allow : deny;
		_cleanup_free_ char *list = *type != 'a' && (all < 0 || !r->allow)
						? cgroup_text(dir, "devices.list")
						: NULL;
		if (*type == 'a') {
			all = r->allow;
			strv_free(&has);
		} else if (all < 0) {
			all = list && *list == 'a';
		}
		if (!all && !r->allow) {
			strv_free(&has);
			strv_split(&has, list ? list : "", " :\n");
		}
		if (*type != 'a' && all == r->allow &&
		    take_back(&has, fd, all ? "allowed" : "denied", type, major, minor, r->access) <
			0)
			return -1;
		for (int k = 0; k < 4 && all && !r->allow; k++)
			strv_add(&has, (const char *[]){type, major, minor, r->access}[k]);
		if (dprintf(fd, "%s %s:%s %s", type, major, minor, r->access) < 0)
			return fail("%m");
	}
	return 0;
}

static int devices_v2(int dir, const struct device_rule *rules, size_t n)
{
	union bpf_attr a;
	size_t len;
	_cleanup_free_ struct bpf_insn *prog = cgroup_device_program(rules, n, &len);
	memset(&a, 0, sizeof a);
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insns = (uint64_t)(uintptr_t)prog;
	a.insn_cnt = (uint32_t)len;
	a.license = (uint64_t)(uintptr_t) "GPL";
	_cleanup_close_ int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
	memset(&a, 0, sizeof a);
	a.target_fd = (uint32_t)dir;
	a.attach_bpf_fd = (uint32_t)fd;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = BPF_F_ALLOW_MULTI;
	if (fd >= 0 && syscall(SYS_bpf, BPF_PROG_ATTACH, &a, sizeof a) == 0)
		return 0;
	return fail("%m%s", errno == EPERM ? " (bpf is for root)" : " (CONFIG_CGROUP_BPF)");
}

bool cgroup_devices_possible(void)
{
	return cgroup_find("devices") || cgroup_find("");
}

int cgroup_devices(const char *path, const struct device_rule *rules, size_t n)
{
	struct cgroup_hierarchy *v1 = cgroup_find("devices"), *h = v1 ? v1 : cgroup_find("");
	if (!h)
		return errno = ENODEV, fail("%s: device list: neither v1's devices controller nor "
					    "cgroup v2 is mounted "
					    "(ctr-cgset --mount devices DIR)",
					   path);
	_cleanup_close_ int fd = cgroup_group_fd(h, path);
	if (fd < 0)
		return fail_tried(path, "device list");
	if ((v1 ? devices_v1(fd, rules, n) : devices_v2(fd, rules, n)) < 0)
		return fail_in("%s: device list", path);
	return 0;
}
