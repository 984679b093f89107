/* seccomp_table.h: the default profile as ranges of system call numbers; the table itself is made
 * when ctrbox is built (libcommon/kernel/gen/seccomp-gen.c).
 */
#ifndef CTR_SECCOMP_TABLE_H
#define CTR_SECCOMP_TABLE_H

/* The rule for the system calls from this number up to the number of the next range. */
struct seccomp_range {
	unsigned short nr; /* from 0xff00 on: arm's own calls, 0xf0000 and up */
	unsigned short rule;
};
/* The same as it stands in the table, in two bytes. Rules below 64 are the number of the capability
 * that allows the call; numbers from SECCOMP_OWN on are arm's own calls. */
struct seccomp_row {
	unsigned short nr : 9, rule : 7;
};
#define SECCOMP_OWN 504
/* No system call's number is as high as this; arm's own apart. */
#define SECCOMP_CALLS 512
/* The first number of a system call on this architecture: the rows of the table and the ranges in
 * filter_rules.c count from there. */
#ifdef __mips__
#define SECCOMP_BASE 4000
#else
#define SECCOMP_BASE 0
#endif
/* Where the lower and the upper half of an argument lie in struct seccomp_data. */
#define SECCOMP_LOW (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
#define SECCOMP_ARG(n, high)                                                                       \
	(offsetof(struct seccomp_data, args) + 8 * (n) + (SECCOMP_LOW ^ ((high) ? 4 : 0)))
enum seccomp_rule {
	RULE_UNKNOWN = 64,
	RULE_DENY,
	RULE_ALLOW,
	RULE_CLONE,
	RULE_CLONE3,
	RULE_PERSONALITY,
	RULE_SOCKET,
	RULE_SOCKETCALL,
	RULE_BPF,
	RULE_PERF,
	RULE_SYSLOG
};

extern const unsigned seccomp_table_arch, seccomp_table_arch32; /* AUDIT_ARCH_*; 0: no sibling */
/* The names that profiles have for the two architectures (SCMP_ARCH_...; "" for none), both of
 * these names as words, and docker's words for them. */
extern const char seccomp_arch_name[], seccomp_arch32_name[], seccomp_arch_names[],
    seccomp_docker_arches[];
extern const struct seccomp_row seccomp_native[], seccomp_compat[];
/* The names of the system calls, sorted, one behind the other, each ended by a NUL; and their
 * numbers on the two architectures, -1 for none. */
extern const char seccomp_names[];
extern const short seccomp_numbers[][2];
extern const unsigned seccomp_names_n;
extern const unsigned seccomp_native_n, seccomp_compat_n;

#endif
