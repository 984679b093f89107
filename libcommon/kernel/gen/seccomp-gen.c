/* seccomp-gen.c: runs when ctrbox is built; prints the table of the default seccomp profile as C
 * (seccomp_default.c).
 *
 * The facts are docker's default profile: which calls a container may make, which only with a
 * capability, which only with certain arguments. libseccomp knows the numbers. A table is "from
 * this number on, this rule", one for the machine's architecture and one for its 32-bit sibling.
 *
 * Usage: seccomp-gen [ARCH]   (x86_64, the default, or another of the table below)
 */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp_table.h"

static const char allowed[] =
    "accept accept4 access adjtimex alarm bind brk cacheflush cachestat capget capset chdir chmod "
    "chown chown32 clock_adjtime "
    "clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
    "clock_nanosleep "
    "clock_nanosleep_time64 "
    "close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 "
    "epoll_ctl epoll_ctl_old "
    "epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit "
    "exit_group faccessat "
    "faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 "
    "fchown fchown32 "
    "fchownat "
    "fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 "
    "fstatat64 fstatfs "
    "fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv "
    "futex_wake "
    "futimesat "
    "getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 "
    "getgroups getgroups32 "
    "getitimer "
    "getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 "
    "getresuid getresuid32 "
    "getrlimit "
    "get_robust_list getrusage getsid getsockname getsockopt get_thread_area gettid gettimeofday "
    "getuid getuid32 "
    "getxattr getxattrat "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl io_destroy "
    "io_getevents "
    "io_pgetevents "
    "io_pgetevents_time64 ioprio_get ioprio_set io_setup io_submit ipc kill landlock_add_rule "
    "landlock_create_ruleset "
    "landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr "
    "listxattrat llistxattr "
    "_llseek lremovexattr lseek "
    "lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore "
    "mkdir mkdirat mknod "
    "mknodat "
    "mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive "
    "mq_timedreceive_time64 "
    "mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync "
    "munlock munlockall "
    "munmap "
    "name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open "
    "pidfd_send_signal pipe "
    "pipe2 "
    "pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 "
    "prlimit64 "
    "process_mrelease "
    "process_vm_readv process_vm_writev ptrace pselect6 pselect6_time64 pwrite64 pwritev pwritev2 "
    "read readahead "
    "readlink "
    "readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr "
    "removexattrat rename "
    "renameat renameat2 "
    "restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
    "rt_sigreturn rt_sigsuspend "
    "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr "
    "sched_getparam "
    "sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval "
    "sched_rr_get_interval_time64 "
    "sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select "
    "semctl semget semop "
    "semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid "
    "setfsgid32 setfsuid "
    "setfsuid32 "
    "setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 "
    "setresgid setresgid32 "
    "setresuid "
    "setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid setsockopt set_thread_area "
    "set_tid_address "
    "setuid "
    "setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd "
    "signalfd4 sigprocmask "
    "sigreturn "
    "socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync "
    "sync_file_range syncfs "
    "sysinfo tee tgkill time "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
    "timer_settime64 "
    "timerfd_create "
    "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate "
    "truncate64 ugetrlimit "
    "umask uname "
    "unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid "
    "waitpid write "
    "writev "
    /* by architecture; a name that an architecture does not have is passed over */
    "arch_prctl modify_ldt arm_fadvise64_64 arm_sync_file_range sync_file_range2 "
    "riscv_flush_icache riscv_hwprobe s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr "
    "swapcontext";

static const struct {
	int rule;
	const char *names;
} special[] = {
    {21 /* SYS_ADMIN */, "fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie "
			 "lsm_get_self_attr lsm_list_modules "
			 "lsm_set_self_attr mount mount_setattr move_mount open_tree quotactl "
			 "quotactl_fd setdomainname sethostname "
			 "setns "
			 "umount umount2 unshare"},
    {2 /* DAC_READ_SEARCH */, "open_by_handle_at"},
    {22 /* SYS_BOOT */, "reboot"},
    {18 /* SYS_CHROOT */, "chroot"},
    {16 /* SYS_MODULE */, "delete_module init_module finit_module"},
    {20 /* SYS_PACCT */, "acct"},
    {19 /* SYS_PTRACE */, "kcmp pidfd_getfd process_madvise"},
    {17 /* SYS_RAWIO */, "iopl ioperm"},
    {25 /* SYS_TIME */, "settimeofday stime clock_settime clock_settime64"},
    {26 /* SYS_TTY_CONFIG */, "vhangup"},
    {23 /* SYS_NICE */, "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"},
    {RULE_BPF, "bpf"},
    {RULE_PERF, "perf_event_open"},
    {RULE_SYSLOG, "syslog"},
    {RULE_CLONE, "clone"},
    {RULE_CLONE3, "clone3"},
    {RULE_PERSONALITY, "personality"},
    {RULE_SOCKET, "socket"},
    {RULE_SOCKETCALL, "socketcall"},
};

/* Newer than the libseccomp that builds this; the numbers are the same everywhere. */
static const struct {
	const char *name;
	int nr;
} newer[] = {{"set_mempolicy_home_node", 450}, {"cachestat", 451}, {"fchmodat2", 452},
    {"map_shadow_stack", 453}, {"futex_wake", 454}, {"futex_wait", 455}, {"futex_requeue", 456},
    {"statmount", 457}, {"listmount", 458}, {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461}, {"mseal", 462}, {"setxattrat", 463}, {"getxattrat", 464},
    {"listxattrat", 465}, {"removexattrat", 466}};
#define NEWEST 466 /* in docker's profile; what comes after it is unknown */

/* The machines that ctrbox is built for. Of a name of several the first is the compiler's. */
static const struct machine {
	const char *name;
	uint32_t audit, audit32, scmp, scmp32; /* the sibling: 0 for none */
	const char *word, *word32, *words, *docker;
} machines[] = {
    {"x86_64", AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, SCMP_ARCH_X86_64, SCMP_ARCH_X86,
	"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X86 SCMP_ARCH_X86_64", "amd64 x32 x86 "},
    {"aarch64", AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64 SCMP_ARCH_ARM", "arm64 arm "},
    {"arm", AUDIT_ARCH_ARM, 0, SCMP_ARCH_ARM, 0, "SCMP_ARCH_ARM", "", "SCMP_ARCH_ARM", "arm "},
    {"i686", AUDIT_ARCH_I386, 0, SCMP_ARCH_X86, 0, "SCMP_ARCH_X86", "", "SCMP_ARCH_X86", "x86 "},
    {"riscv64", AUDIT_ARCH_RISCV64, 0, SCMP_ARCH_RISCV64, 0, "SCMP_ARCH_RISCV64", "",
	"SCMP_ARCH_RISCV64", "riscv64 "},
    {"s390x", AUDIT_ARCH_S390X, AUDIT_ARCH_S390, SCMP_ARCH_S390X, SCMP_ARCH_S390, "SCMP_ARCH_S390X",
	"SCMP_ARCH_S390", "SCMP_ARCH_S390 SCMP_ARCH_S390X", "s390x s390 "},
    {"mipsel", AUDIT_ARCH_MIPSEL, 0, SCMP_ARCH_MIPSEL, 0, "SCMP_ARCH_MIPSEL", "",
	"SCMP_ARCH_MIPSEL", "mipsel "},
    {"ppc64le", AUDIT_ARCH_PPC64LE, 0, SCMP_ARCH_PPC64LE, 0, "SCMP_ARCH_PPC64LE", "",
	"SCMP_ARCH_PPC64LE", "ppc64le "},
};
/* MIPS counts from here on. */
static int base(uint32_t arch)
{
	return arch == SCMP_ARCH_MIPSEL ? 4000 : 0;
}

static int number(uint32_t arch, const char *name)
{
	if (!arch)
		return -1;
	int nr = seccomp_syscall_resolve_name_arch(arch, name);
	if (nr >= 0)
		return nr;
	if (strcmp(name, "uretprobe") == 0 && arch == SCMP_ARCH_X86_64)
		return 335;
	if (strcmp(name, "riscv_hwprobe") == 0 && arch == SCMP_ARCH_RISCV64)
		return 258;
	/* i386 had socketcall and ipc before it had socket, semget and so on as calls: there
	 * libseccomp gives these names numbers of its own, but the numbers have the names. */
	for (nr = base(arch); nr < base(arch) + SECCOMP_CALLS; nr++) {
		char *s = seccomp_syscall_resolve_num_arch(arch, nr);
		int same = s && strcmp(s, name) == 0;
		free(s);
		if (same)
			return nr;
	}
	for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++)
		if (strcmp(newer[i].name, name) == 0)
			return base(arch) + newer[i].nr;
	return -1;
}

static void mark(unsigned char *rules, uint32_t arch, const char *names, int rule)
{
	char *copy = strdup(names), *save = NULL;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		int nr = number(arch, w) - base(arch);
		if (nr >= 0 && nr < SECCOMP_CALLS)
			rules[nr] = (unsigned char)rule;
	}
	free(copy);
}

static void table(const char *name, uint32_t arch)
{
	unsigned char rules[SECCOMP_CALLS];
	if (!arch) {
		printf("const struct seccomp_row %s[] = {{0, %d}};\nconst unsigned %s_n = 0;\n",
		    name, RULE_UNKNOWN, name);
		return;
	}
	for (int nr = 0; nr < SECCOMP_CALLS; nr++) {
		char *known = seccomp_syscall_resolve_num_arch(arch, base(arch) + nr);
		rules[nr] = known || (nr >= 450 && nr <= NEWEST) ? RULE_DENY : RULE_UNKNOWN;
		free(known);
	}
	mark(rules, arch, allowed, RULE_ALLOW);
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		mark(rules, arch, special[i].names, special[i].rule);
	printf("const struct seccomp_row %s[] = {\n", name);
	int last = -1, n = 0;
	for (int nr = 0; nr < SECCOMP_CALLS; nr++) {
		if (rules[nr] == last)
			continue;
		printf("    {%d, %d},\n", nr, rules[nr]);
		last = rules[nr];
		n++;
	}
	if (arch == SCMP_ARCH_ARM) { /* its own calls, 0xf0001 and up (seccomp_table.h): breakpoint
					cacheflush usr26 usr32 set_tls */
		printf("    {505, %d}, {507, %d}, {509, %d}, {510, %d},\n", RULE_ALLOW, RULE_DENY,
		    RULE_ALLOW, RULE_UNKNOWN);
		n += 4;
	}
	printf("};\nconst unsigned %s_n = %d;\n", name, n);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every name that one of the two architectures has, for profiles from outside. */
static void names(uint32_t a, uint32_t b)
{
	static char *all[2 * SECCOMP_CALLS + 32];
	size_t n = 0;
	for (int k = 0; k < (b ? 2 : 1); k++)
		for (int nr = 0; nr < SECCOMP_CALLS; nr++) {
			char *s = seccomp_syscall_resolve_num_arch(k ? b : a, base(a) + nr);
			if (s)
				all[n++] = s;
		}
	for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++)
		all[n++] = strdup(newer[i].name);
	qsort(all, n, sizeof *all, by_name);
	size_t u = 0;
	for (size_t i = 0; i < n; i++)
		if (u == 0 || strcmp(all[u - 1], all[i]) != 0)
			all[u++] = all[i];
	printf("const char seccomp_names[] =\n");
	for (size_t i = 0; i < u; i++)
		printf("    \"%s\\0\"\n", all[i]);
	printf(";\nconst short seccomp_numbers[][2] = {\n");
	for (size_t i = 0; i < u; i++) {
		int x = number(a, all[i]), y = number(b, all[i]);
		printf("    {%d, %d},\n", x < 0 || x > 32767 ? -1 : x, y < 0 || y > 32767 ? -1 : y);
	}
	printf("};\nconst unsigned seccomp_names_n = %zu;\n", u);
}

int main(int argc, char **argv)
{
	const char *arch = argc > 1 ? argv[1] : "x86_64";
	const struct machine *m = NULL;
	if (strcmp(arch, "armv7") == 0 || strcmp(arch, "armv6") == 0 || strcmp(arch, "armv7l") == 0)
		arch = "arm";
	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
		if (strcmp(machines[i].name, arch) == 0)
			m = &machines[i];
	if (!m) {
		fprintf(stderr, "seccomp-gen: %s: no machine that I know\n", arch);
		return 1;
	}
	puts("/* Made by libcommon/kernel/gen/seccomp-gen.c when ctrbox was built. */\n#include "
	     "\"seccomp_table.h\"");
	printf("const unsigned seccomp_table_arch = %uu, seccomp_table_arch32 = %uu;\n", m->audit,
	    m->audit32);
	printf("const char seccomp_arch_name[] = \"%s\", seccomp_arch32_name[] = \"%s\", "
	       "seccomp_arch_names[] = \"%s\", seccomp_docker_arches[] = \"%s\";\n",
	    m->word, m->word32, m->words, m->docker);
	table("seccomp_native", m->scmp);
	table("seccomp_compat", m->scmp32);
	names(m->scmp, m->scmp32);
	return 0;
}
