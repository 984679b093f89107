/* test_seccomp.c: what filters answer. A small interpreter runs the programs, so that every
 * architecture and every call can be asked; the default profile is held against one that libseccomp
 * compiles from the list of what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "caps.h"
#include "filter.h"
#include "sysno.h"
#include "seccomp_profile.h"
#include <cmocka.h> /* last: its fail() is a macro */

#define ALLOW SECCOMP_RET_ALLOW
#define NO (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)
#define CAP(n) (1ull << (n))

/* The machine's own architecture and its 32-bit sibling, as the kernel, libseccomp and profiles
 * call them. */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define SIBLING AUDIT_ARCH_I386
#define SCMP_NATIVE SCMP_ARCH_X86_64
#define SCMP_SIBLING SCMP_ARCH_X86
#define JSON_NATIVE "\"SCMP_ARCH_X86_64\""
#define JSON_SIBLING "\"SCMP_ARCH_X86\""
#define JSON_X32 ",\"SCMP_ARCH_X32\""
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define SIBLING AUDIT_ARCH_ARM
#define SCMP_NATIVE SCMP_ARCH_AARCH64
#define SCMP_SIBLING SCMP_ARCH_ARM
#define JSON_NATIVE "\"SCMP_ARCH_AARCH64\""
#define JSON_SIBLING "\"SCMP_ARCH_ARM\""
#define JSON_X32 ""
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#define SIBLING AUDIT_ARCH_S390
#define SCMP_NATIVE SCMP_ARCH_S390X
#define SCMP_SIBLING SCMP_ARCH_S390
#define JSON_NATIVE "\"SCMP_ARCH_S390X\""
#define JSON_SIBLING "\"SCMP_ARCH_S390\""
#define JSON_X32 ""
#else /* without a sibling: what is asked of it is asked of the machine itself once more */
#if defined(__arm__)
#define NATIVE AUDIT_ARCH_ARM
#define SCMP_NATIVE SCMP_ARCH_ARM
#define JSON_NATIVE "\"SCMP_ARCH_ARM\""
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#define SCMP_NATIVE SCMP_ARCH_X86
#define JSON_NATIVE "\"SCMP_ARCH_X86\""
#elif defined(__riscv)
#define NATIVE AUDIT_ARCH_RISCV64
#define SCMP_NATIVE SCMP_ARCH_RISCV64
#define JSON_NATIVE "\"SCMP_ARCH_RISCV64\""
#elif defined(__mips__)
#define NATIVE AUDIT_ARCH_MIPSEL
#define SCMP_NATIVE SCMP_ARCH_MIPSEL
#define JSON_NATIVE "\"SCMP_ARCH_MIPSEL\""
#elif defined(__powerpc64__)
#define NATIVE AUDIT_ARCH_PPC64LE
#define SCMP_NATIVE SCMP_ARCH_PPC64LE
#define JSON_NATIVE "\"SCMP_ARCH_PPC64LE\""
#endif
#define SIBLING NATIVE
#define SCMP_SIBLING SCMP_NATIVE
#define JSON_SIBLING JSON_NATIVE
#define JSON_X32 ""
#endif
/* Which argument of clone(2) the flags are: s390's has the stack first. */
#ifdef __s390__
#define CLONE_FLAGS 1
#define LONGEST 640 /* and its sibling's calls have other numbers */
#else
#define CLONE_FLAGS 0
#define LONGEST 512
#endif

/* --- the interpreter --- */

/* The instructions that the kernel takes in a filter and that compilers write; anything else fails
 * the test. */
static uint32_t run(const struct sock_fprog *p, const struct seccomp_data *d)
{
	uint32_t a = 0;
	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *f = &p->filter[pc];
		bool hit;
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(f->k % 4 == 0 && f->k < sizeof *d);
			memcpy(&a, (const char *)d + f->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			hit = a == f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			hit = a > f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			hit = a >= f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			hit = a & f->k;
			break;
		default:
			fail_msg("instruction %zu: code 0x%x", pc, f->code);
			return 0;
		}
		pc += hit ? f->jt : f->jf;
	}
	fail_msg("the program runs over its end");
	return 0;
}

static uint32_t ask(const struct sock_fprog *p, uint32_t arch, int nr, uint64_t arg0)
{
	struct seccomp_data d = {.nr = nr, .arch = arch, .args = {arg0}};
	if (CLONE_FLAGS && nr == SYS_clone)
		d.args[CLONE_FLAGS] = arg0, d.args[0] = 0;
	return run(p, &d);
}

static int number(uint32_t arch, const char *name)
{
	uint32_t scmp = arch == NATIVE ? SCMP_NATIVE : SCMP_SIBLING;
	int nr = seccomp_syscall_resolve_name_arch(scmp, name);
	for (int i = SYS_BASE; nr < 0 && i < SYS_BASE + 512;
	     i++) { /* i386: libseccomp calls socket and friends by numbers of its own */
		char *s = seccomp_syscall_resolve_num_arch(scmp, i);
		if (s && strcmp(s, name) == 0)
			nr = i;
		free(s);
	}
	return nr;
}

/* A call that one architecture never had is asked of the others only. */
#define is(p, arch, name, arg0, want)                                                              \
	do {                                                                                       \
		int nr_ = number(arch, name);                                                      \
		uint32_t got_ = nr_ < 0 ? (want) : ask(p, arch, nr_, arg0);                        \
		if (got_ != (want) || (nr_ < 0 && NATIVE == AUDIT_ARCH_X86_64))                    \
			fail_msg("%s %s(%d)(0x%llx): 0x%x, not 0x%x",                              \
			    arch == NATIVE ? "native" : "32 bits", name, nr_,                      \
			    (unsigned long long)(arg0), got_, want);                               \
	} while (0)

/* --- the default profile --- */

static void arguments(void **state)
{
	static const uint32_t both[] = {NATIVE, SIBLING};
	struct sock_fprog *p = filter_default(CAPS_DEFAULT);
	(void)state;
	for (int i = 0; i < 2; i++) {
		uint32_t arch = both[i];
		is(p, arch, "getpid", 0, ALLOW);
		is(p, arch, "ptrace", 0, ALLOW);
		is(p, arch, "mount", 0, NO);
		is(p, arch, "unshare", 0, NO);
		is(p, arch, "keyctl", 0, NO);
		is(p, arch, "clone3", 0, UNKNOWN);
		is(p, arch, "clone", SIGCHLD, ALLOW);
		is(p, arch, "clone", CLONE_VM | CLONE_VFORK | SIGCHLD, ALLOW);
		is(p, arch, "clone", 0x80 /* in clone a part of the signal, not CLONE_NEWTIME */,
		    ALLOW);
		static const unsigned spaces[] = {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID,
		    CLONE_NEWNET, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP};
		for (size_t k = 0; k < sizeof spaces / sizeof spaces[0]; k++)
			is(p, arch, "clone", spaces[k] | SIGCHLD, NO);
		static const uint32_t fine[] = {0, 8, 0x20000, 0x20008, 0xffffffff};
		for (size_t k = 0; k < sizeof fine / sizeof fine[0]; k++)
			is(p, arch, "personality", fine[k], ALLOW);
		is(p, arch, "personality", 0x0040000 /* ADDR_NO_RANDOMIZE */, NO);
	}
	assert_int_equal(ask(p, NATIVE, 9999, 0), UNKNOWN);
	assert_int_equal(ask(p, SIBLING, 9999, 0), UNKNOWN);
	assert_int_equal(ask(p, NATIVE, -1, 0), UNKNOWN);
	filter_free(p);
}

/* AF_ALG is CVE-2026-31431's way in, AF_VSOCK speaks to the host of a virtual machine, the others
 * are nobody's. */
static void families(void **state)
{
	static const unsigned char refused[] = {12, 19, 20, 23, 25, 34, 37, 38, 40};
	struct sock_fprog *p = filter_default(CAPS_DEFAULT);
	(void)state;
	for (unsigned f = 0; f < 64; f++) {
		uint32_t want = f < 46 && !memchr(refused, (int)f, sizeof refused) ? ALLOW : NO;
		is(p, NATIVE, "socket", f, want);
		is(p, SIBLING, "socket", f, want);
	}
	is(p, NATIVE, "socket", 0x700000026,
	    NO); /* the kernel looks at the low half alone: AF_ALG */
	is(p, NATIVE, "socket", 0xffffffff, NO);
	filter_free(p);
}

/* The x32 calls are the native numbers with a bit set; docker's runtime refuses what its filter
 * does not name. */
static void foreign(void **state)
{
	struct sock_fprog *p = filter_default(CAPS_DEFAULT);
	(void)state;
	for (int nr = 0; nr < 1024; nr++)
		assert_int_not_equal(ask(p, NATIVE, 0x40000000 + nr, 0), ALLOW);
	static const uint32_t all[] = {
	    AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i] != NATIVE && all[i] != SIBLING)
			assert_int_equal(ask(p, all[i], SYS_getpid, 0), NO);
	filter_free(p);
}

static void capabilities(void **state)
{
	static const struct {
		int cap;
		const char *call;
	} by[] = {{21, "mount"}, {21, "unshare"}, {21, "setns"}, {21, "bpf"}, {39, "bpf"},
	    {21, "perf_event_open"}, {38, "perf_event_open"}, {21, "syslog"}, {34, "syslog"},
	    {2, "open_by_handle_at"}, {22, "reboot"}, {18, "chroot"}, {16, "init_module"},
	    {16, "finit_module"}, {16, "delete_module"}, {20, "acct"}, {19, "kcmp"},
	    {19, "pidfd_getfd"}, {19, "process_madvise"}, {17, "iopl"}, {17, "ioperm"},
	    {25, "settimeofday"}, {25, "clock_settime"}, {26, "vhangup"}, {23, "mbind"},
	    {23, "get_mempolicy"}, {23, "set_mempolicy"}, {21, "fsopen"}, {21, "move_mount"},
	    {21, "clone3"}};
	struct sock_fprog *none = filter_default(0);
	(void)state;
	for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
		struct sock_fprog *p = filter_default(CAP(by[i].cap));
		is(none, NATIVE, by[i].call, 0, strcmp(by[i].call, "clone3") ? NO : UNKNOWN);
		is(p, NATIVE, by[i].call, 0, ALLOW);
		is(p, SIBLING, by[i].call, 0, ALLOW);
		filter_free(p);
	}
	struct sock_fprog *p = filter_default(~0ull);
	is(p, NATIVE, "clone", CLONE_NEWUSER, ALLOW);
	is(p, NATIVE, "keyctl", 0, NO); /* no capability gives these */
	is(p, NATIVE, "io_uring_setup", 0, NO);
	is(p, NATIVE, "userfaultfd", 0, NO);
	is(p, NATIVE, "kexec_load", 0, NO);
	filter_free(none);
	filter_free(p);
}

/* --- against libseccomp --- */

/* What docker refuses a container with its 14 capabilities, on either architecture; all else that
 * libseccomp knows is allowed. */
static const char *const refused[] = {
    /* by capability */
    "acct", "bpf", "clock_settime", "clock_settime64", "delete_module", "fanotify_init",
    "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_mempolicy", "init_module",
    "ioperm", "iopl", "kcmp", "lookup_dcookie", "mbind", "mount", "mount_setattr", "move_mount",
    "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "process_madvise",
    "quotactl", "quotactl_fd", "reboot", "set_mempolicy", "set_mempolicy_home_node",
    "setdomainname", "sethostname", "setns", "settimeofday", "stime", "syslog", "umount", "umount2",
    "unshare", "vhangup",
    /* to everyone */
    "_sysctl", "add_key", "afs_syscall", "bdflush", "break", "create_module", "ftime",
    "get_kernel_syms", "getpmsg", "gtty", "idle", "io_uring_enter", "io_uring_register",
    "io_uring_setup", "kexec_file_load", "kexec_load", "keyctl", "lock", "migrate_pages",
    "move_pages", "mpx", "nfsservctl", "nice", "oldfstat", "oldlstat", "oldolduname", "oldstat",
    "olduname", "pciconfig_iobase", "pciconfig_read", "pciconfig_write", "pivot_root", "prof",
    "profil", "putpmsg", "query_module", "readdir", "request_key", "security", "sgetmask",
    "sigaction", "signal", "sigpending", "sigsuspend", "ssetmask", "stty", "swapoff", "swapon",
    "sysfs", "tuxcall", "ulimit", "uselib", "userfaultfd", "ustat", "vm86", "vm86old", "vserver",
    "cachectl", "sysmips", "syscall", "multiplexer", "rtas", "spu_create", "spu_run",
    "subpage_prot", "switch_endian", "sys_debug_setcontext"};

static bool is_refused(const char *name)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (strcmp(name, refused[i]) == 0)
			return true;
	return false;
}

static struct sock_fprog *exported(scmp_filter_ctx c)
{
	struct sock_fprog *p = calloc(1, sizeof *p);
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	assert_int_equal(seccomp_export_bpf(c, fd), 0);
	off_t len = lseek(fd, 0, SEEK_END);
	p->len = (unsigned short)((size_t)len / sizeof(struct sock_filter));
	p->filter = malloc((size_t)len);
	assert_int_equal(pread(fd, p->filter, (size_t)len, 0), len);
	close(fd);
	seccomp_release(c);
	return p;
}

static struct sock_fprog *reference(uint32_t arch)
{
	uint32_t scmp = arch == NATIVE ? SCMP_NATIVE : SCMP_SIBLING;
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	static const scmp_datum_t fine[] = {0, 8, 0x20000, 0x20008, 0xffffffff};
	seccomp_arch_remove(c, SCMP_ARCH_NATIVE);
	assert_int_equal(seccomp_arch_add(c, scmp), 0);
	for (int nr = 0; nr < 500; nr++) {
		char *s = seccomp_syscall_resolve_num_arch(scmp, nr);
		if (!s)
			continue;
		int own = seccomp_syscall_resolve_name(
		    s); /* rules are added by native or pseudo numbers */
		if (strcmp(s, "personality") == 0)
			for (int i = 0; i < 5; i++)
				assert_int_equal(seccomp_rule_add(c, SCMP_ACT_ALLOW, own, 1,
						     SCMP_A0_64(SCMP_CMP_EQ, fine[i])),
				    0);
		else if (strcmp(s, "clone") == 0)
			assert_int_equal(
			    seccomp_rule_add(c, SCMP_ACT_ALLOW, own, 1,
				SCMP_CMP64(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, 0x7e020000, 0)),
			    0);
		else if (strcmp(s, "clone3") == 0)
			assert_int_equal(seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), own, 0), 0);
		else if (strcmp(s, "socket") != 0 && !is_refused(s))
			assert_int_equal(seccomp_rule_add(c, SCMP_ACT_ALLOW, own, 0), 0);
		free(s);
	}
	return exported(c);
}

static void against_libseccomp(void **state)
{
	static const uint32_t both[] = {NATIVE, SIBLING};
	static const uint64_t args[] = {
	    0, 1, 8, 17, 40, 0x20000, 0x20008, 0x7e020000, 0x10000011, 0xffffffff};
	struct sock_fprog *p =
	    filter_default(CAPS_DEFAULT & ~CAP(18)); /* chroot has a line of its own below */
	int seen = 0;
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sock_fprog *ref = reference(both[i]);
		for (int nr = SYS_BASE; nr < SYS_BASE + 500; nr++) {
			char *s = seccomp_syscall_resolve_num_arch(
			    both[i] == NATIVE ? SCMP_NATIVE : SCMP_SIBLING, nr);
			for (size_t k = 0; s && k < sizeof args / sizeof args[0]; k++) {
				uint32_t want = ask(ref, both[i], nr, args[k]),
					 got = ask(p, both[i], nr, args[k]);
				/* s390's timerfd is one that no kernel ever had */
				if (strcmp(s, "chroot") == 0 || strcmp(s, "timerfd") == 0 ||
				    strcmp(s, "s390_guarded_storage") == 0 ||
				    strcmp(s, "s390_sthyi") == 0)
					want = NO;
				if (strcmp(s, "socketcall") == 0 && args[k] == 1)
					want = NO; /* its socket(): the family cannot be seen */
				if (strcmp(s, "socket") != 0 &&
				    got != want) /* families() has that one */
					fail_msg("%s %s(%d)(0x%llx): 0x%x, libseccomp 0x%x",
					    i ? "32 bits" : "native", s, nr,
					    (unsigned long long)args[k], got, want);
				seen++;
			}
			/* Numbers between the known ones that newer kernels have are told apart in
			 * newer(); x86-64's uretprobe and riscv's hwprobe have one of their own. */
			bool later = (nr == 335 && both[i] == AUDIT_ARCH_X86_64) ||
				     (nr == 258 && both[i] == AUDIT_ARCH_RISCV64);
			if (!s && nr < SYS_BASE + 450 && !later)
				assert_int_equal(ask(p, both[i], nr, 0), UNKNOWN);
			free(s);
		}
		free(ref->filter);
		free(ref);
	}
	assert_true(seen > 6000); /* so many were asked */
	filter_free(p);
}

/* Newer than the libseccomp of Debian 12; one number on every architecture. */
static void newer(void **state)
{
	static const struct {
		int nr;
		uint32_t want;
	} calls[] = {{450, NO}, {451, ALLOW}, {452, ALLOW}, {453, ALLOW}, {454, ALLOW},
	    {455, ALLOW}, {456, ALLOW}, {457, ALLOW}, {458, ALLOW}, {459, NO}, {460, NO}, {461, NO},
	    {462, ALLOW}, {463, ALLOW}, {464, ALLOW}, {465, ALLOW}, {466, ALLOW}, {467, UNKNOWN},
	    {500, UNKNOWN}};
	struct sock_fprog *p = filter_default(CAPS_DEFAULT);
	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		for (int k = 0; k < 2; k++) {
			uint32_t got = ask(p, k ? SIBLING : NATIVE, SYS_BASE + calls[i].nr, 0);
			if (got != calls[i].want)
				fail_msg("%d: 0x%x, not 0x%x", calls[i].nr, got, calls[i].want);
		}
	filter_free(p);
}

static void short_enough(void **state)
{
	(void)state;
	for (int c = -1; c < 41; c++) {
		struct sock_fprog *p = filter_default(c < 0 ? ~0ull : CAPS_DEFAULT | CAP(c));
		if (p->len >= LONGEST)
			fail_msg("%d instructions", (int)p->len);
		filter_free(p);
	}
}

/* --- profiles --- */

static struct sock_fprog *compiled(const char *json, uint64_t caps)
{
	struct sock_fprog *p = filter_compile("test", json, strlen(json), caps);
	if (!p)
		fail_msg("refused: %s", json);
	return p;
}

/* MIPS has 89. */
#define DIGITS(n) #n
#define NUMBER(n) DIGITS(n)

static void profile_basics(void **state)
{
	struct sock_fprog *p =
	    compiled("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":" NUMBER(
			 ENOSYS) ",\"archMap\":[{"
				 "\"architecture\":" JSON_NATIVE
				 ",\"subArchitectures\":[" JSON_SIBLING JSON_X32
				 "]}],\"syscalls\":[{\"names\":[\"read\","
				 "\"no_such_call\"],"
				 "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"mount\"],\"action\":"
				 "\"SCMP_ACT_"
				 "ALLOW\",\"includes\":"
				 "{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
				 "{\"names\":[\"acct\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":"
				 "{\"caps\":["
				 "\"CAP_SYS_ADMIN\"]}},"
				 "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":"
				 "{\"arches\":"
				 "[\"parisc\"]}},"
				 "{\"names\":[\"tgkill\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}",
		CAPS_DEFAULT);
	(void)state;
	is(p, NATIVE, "read", 0, ALLOW);
	is(p, SIBLING, "read", 0, ALLOW);
	is(p, NATIVE, "write", 0, UNKNOWN);
	is(p, NATIVE, "mount", 0, UNKNOWN);
	is(p, NATIVE, "acct", 0, ALLOW);
	is(p, NATIVE, "kill", 0, UNKNOWN);
	is(p, NATIVE, "tgkill", 0, SECCOMP_RET_KILL_PROCESS);
	filter_free(p);
	p = compiled("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[" JSON_NATIVE
		     "],\"syscalls\":[{"
		     "\"names\":[\"mount\"],"
		     "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}]}",
	    0);
	is(p, NATIVE, "mount", 0, SECCOMP_RET_ERRNO | EACCES);
	is(p, NATIVE, "read", 0, ALLOW);
	if (SIBLING != NATIVE)
		assert_int_equal(ask(p, SIBLING, 3, 0), SECCOMP_RET_KILL_THREAD);
	filter_free(p);
}

/* Every comparison, on both halves of an argument, against libseccomp's own program. */
static void profile_comparisons(void **state)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};
	static const enum scmp_compare cmps[] = {
	    SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT};
	static const uint64_t v[] = {0, 1, 2, 0x7fffffff, 0xffffffff, 0x100000000, 0x100000001,
	    0x200000000, 0x7fffffffffffffff};
	/* On a 32-bit machine the kernel's upper halves are always 0, and libseccomp compares none.
	 */
	const size_t n = sizeof(long) == 4 ? 5 : sizeof v / sizeof v[0];
	char json[512];
	(void)state;
	for (size_t o = 0; o <= 6; o++)
		for (size_t i = 0; i < n; i++) {
			snprintf(json, sizeof json,
			    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
			    "\"read\"],\"action\":"
			    "\"SCMP_ACT_ALLOW\","
			    "\"args\":[{\"index\":0,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_"
			    "CMP_%s\"}]}]}",
			    (unsigned long long)v[i], (unsigned long long)(v[i] & 0x100000001),
			    o < 6 ? ops[o] : "MASKED_EQ");
			struct sock_fprog *p = compiled(json, 0);
			scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
			struct scmp_arg_cmp a =
			    o < 6 ? SCMP_A0_64(cmps[o], v[i])
				  : SCMP_A0_64(SCMP_CMP_MASKED_EQ, v[i], v[i] & 0x100000001);
			assert_int_equal(
			    seccomp_rule_add_array(c, SCMP_ACT_ALLOW, SYS_read, 1, &a), 0);
			struct sock_fprog *ref = exported(c);
			for (size_t k = 0; k < n; k++)
				if (ask(p, NATIVE, SYS_read, v[k]) !=
				    ask(ref, NATIVE, SYS_read, v[k]))
					fail_msg("%s: 0x%llx", json, (unsigned long long)v[k]);
			filter_free(p);
			free(ref->filter);
			free(ref);
		}
}

/* A profile that forbids a few calls: neither the x32 numbers nor the 32-bit sibling's many-in-one
 * calls may be a way round. */
static void profile_no_way_round(void **state)
{
	struct sock_fprog *p =
	    compiled("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\","
		     "\"socket\"],\"action\":\"SCMP_ACT_ERRNO\"}],"
		     "\"architectures\":[" JSON_NATIVE "," JSON_SIBLING "]}",
		0);
	(void)state;
	is(p, NATIVE, "mount", 0, NO);
	is(p, SIBLING, "mount", 0, NO);
	is(p, NATIVE, "socket", 2, NO);
	is(p, SIBLING, "socket", 2, NO);
#ifdef __x86_64__
	assert_int_not_equal(ask(p, NATIVE, 0x40000000 + SYS_mount, 0), ALLOW);
	assert_int_not_equal(ask(p, NATIVE, 0x40000000 + SYS_socket, 0), ALLOW);
	assert_int_equal(ask(p, SIBLING, 102 /* socketcall */, 1 /* SYS_SOCKET */), NO);
	assert_int_equal(ask(p, SIBLING, 102, 3 /* SYS_CONNECT */), ALLOW);
#endif
	filter_free(p);
}

static void profile_refused(void **state)
{
	static const char *const bad[] = {"", "x", "[]", "{}", "{\"defaultAction\":1}",
	    "{\"defaultAction\":\"SCMP_ACT_FROB\"}", "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[1]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"]}]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\"}]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	    "\"SCMP_ACT_ERRNO\","
	    "\"errnoRet\":-1}]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	    "\"SCMP_ACT_ERRNO\","
	    "\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	    "\"SCMP_ACT_ERRNO\","
	    "\"args\":[{\"index\":0,\"value\":0,\"op\":\"X\"}]}]}",
	    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"pdp11\"]}"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sock_fprog *p = filter_compile("test", bad[i], strlen(bad[i]), 0);
		if (p)
			fail_msg("taken: %s", bad[i]);
	}
}

/* --- the kernel --- */

static int answer(long r)
{
	return r < 0 ? errno : 0;
}

/* In a process of its own, as an exit code: 0, or the number of the check that failed. */
static int loaded(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    filter_load(filter_default(CAPS_DEFAULT), 0, NULL) < 0)
		return 1;
	if (syscall(SYS_getpid) <= 0)
		return 2;
	if (answer(syscall(SYS_unshare, CLONE_NEWUSER)) != EPERM)
		return 3;
	if (answer(syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, NULL)) != EPERM)
		return 4;
	if (answer(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0)) !=
	    EPERM)
		return 5;
	if (answer(syscall(SYS_clone3, NULL, 0)) != ENOSYS)
		return 6;
	if (answer(syscall(SYS_socket, 38, 5, 0)) != EPERM ||
	    answer(syscall(SYS_socket, 40, 1, 0)) != EPERM)
		return 7;
	int s = (int)syscall(SYS_socket, 1, 1, 0);
	if (s < 0)
		return 8;
	if (answer(syscall(SYS_personality, 0x0040000)) != EPERM ||
	    syscall(SYS_personality, 0xffffffff) < 0)
		return 9;
	if (answer(syscall(9999)) != ENOSYS)
		return 10;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	int status = -1;
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? 0 : 11;
}

static void in_the_kernel(void **state)
{
	int status = -1;
	(void)state;
	if (prctl(PR_GET_SECCOMP) <
	    0) { /* qemu-user runs programs of other machines, not their filters */
		print_message("no seccomp here (%s): the filter is not loaded\n", strerror(errno));
		skip();
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(loaded());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(arguments), cmocka_unit_test(families),
	    cmocka_unit_test(foreign), cmocka_unit_test(capabilities),
	    cmocka_unit_test(against_libseccomp), cmocka_unit_test(newer),
	    cmocka_unit_test(short_enough), cmocka_unit_test(profile_basics),
	    cmocka_unit_test(profile_comparisons), cmocka_unit_test(profile_no_way_round),
	    cmocka_unit_test(profile_refused), cmocka_unit_test(in_the_kernel)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
