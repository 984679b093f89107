/* filter_rules.h: rules by system call name, compiled to a BPF program; between filter.c, which
 * writes programs, and seccomp_profile.c, which reads profiles.
 */
#ifndef CTR_FILTER_RULES_H
#define CTR_FILTER_RULES_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "seccomp_table.h"

enum filter_cmp { CMP_NE, CMP_LT, CMP_LE, CMP_EQ, CMP_GE, CMP_GT, CMP_MASKED_EQ };

struct filter_cond { /* all 64 bits of an argument; MASKED_EQ: (arg & value) == value2 */
	unsigned arg;
	enum filter_cmp cmp;
	uint64_t value, value2;
};

struct filter_rule {
	unsigned name; /* index in seccomp_names */
	uint32_t action;
	unsigned n;
	struct filter_cond cond[6];
};

struct filter_rules {
	uint32_t dflt;
	bool sibling; /* the 32-bit architecture too */
	struct filter_rule *v;
	size_t n;
};

/* One more rule; a name that this build does not know is passed over. */
void filter_rule_add(struct filter_rules *f, const char *name, uint32_t action,
    const struct filter_cond *c, unsigned n);
/* The program; NULL with fail(). A call's rule without conditions holds whatever others say; else
 * the first that matches. */
struct sock_fprog *filter_rules_program(const struct filter_rules *f, const char *what);
void filter_rules_free(struct filter_rules *f);

/* The name of a call on an architecture (AUDIT_ARCH_*), NULL for none that we know. */
const char *filter_call_name(uint32_t arch, uint32_t nr);

/* --- writing programs (filter.c) --- */

struct filter_program {
	struct sock_filter *v;
	size_t n, room;
};
void filter_emit(
    struct filter_program *p, unsigned short code, unsigned k, unsigned char jt, unsigned char jf);
/* Writes the verdict of a range's rule. */
typedef void filter_leaf(struct filter_program *p, unsigned rule, void *arg);
/* The whole program: NULL with fail() when it is longer than the kernel takes. */
struct sock_fprog *filter_program(const struct seccomp_range *native, unsigned n,
    const struct seccomp_range *sibling, unsigned n_sibling, unsigned other, filter_leaf *leaf_fn,
    void *arg);

#endif
