/* seccomp_profile.c: seccomp profiles of docker's and OCI's JSON, read into rules that
 * filter_rules.c compiles; see filter.h. OCI runtime-spec, config-linux.md "Seccomp"; docker's adds
 * conditions (includes, excludes, archMap).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "caps.h"
#include "digest.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "seccomp_profile.h"
#include "filter_rules.h"
#include "json.h"
#include "seccomp_table.h"
#include "str.h"

#define MAX_INSNS 4096 /* BPF_MAXINSNS */
#define WRITER                                                                                     \
	"5" /* part of the cache's key: raised when the same profile becomes another program */

/* Without a number `errno_ret` is -1: EPERM, for the actions that have one. */
static int seccomp_profile_action(const struct jctx *c, const char *at, const char *key,
    const char *name, int64_t errno_ret, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t action;
	} known[] = {{"KILL", SECCOMP_RET_KILL_THREAD}, {"KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	    {"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS}, {"TRAP", SECCOMP_RET_TRAP},
	    {"ALLOW", SECCOMP_RET_ALLOW}, {"LOG", SECCOMP_RET_LOG}, {"ERRNO", SECCOMP_RET_ERRNO},
	    {"TRACE", SECCOMP_RET_TRACE}, {"NOTIFY", SECCOMP_RET_USER_NOTIF}};
	for (size_t i = 0; str_starts(name, "SCMP_ACT_") && i < sizeof known / sizeof known[0]; i++)
		if (strcmp(name + 9, known[i].name) == 0) {
			bool data = known[i].action == SECCOMP_RET_ERRNO ||
				    known[i].action == SECCOMP_RET_TRACE;
			uint32_t num = errno_ret < 0 ? EPERM : (uint32_t)errno_ret;
			*out = known[i].action | (data ? num & SECCOMP_RET_DATA : 0);
			if (data || errno_ret < 0)
				return 0;
			return jwrong(c, at, "errnoRet", "%s has no error number", name);
		}
	return jwrong(c, at, key, "'%s' is not an action", name);
}

/* Is it this machine's, or its 32-bit sibling? Others cannot occur here. */
static bool is_native(const char *name)
{
	return strcmp(name, seccomp_arch_name) == 0;
}

static bool is_sibling(const char *name)
{
	return strcmp(name, seccomp_arch32_name) == 0;
}

static const char arches_known[] =
    "X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 "
    "PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB ";

/* Whether this kernel knows a flag is found out when the filter is loaded. */
static int flags(const struct jctx *c, const json_t *j)
{
	struct strv l = {0};
	int r = jget_strv(c, j, "", "flags", &l);
	for (size_t i = 0; i < l.n && r >= 0; i++)
		if (!str_has_word(FILTER_FLAGS_KNOWN, l.v[i]))
			r = jwrong(c, "", "flags", "'%s' is not known", l.v[i]);
	strv_free(&l);
	return r;
}

/* OCI's list, or docker's map of the machine's own and its siblings: is the 32-bit sibling in it?
 */
static int arches(const struct jctx *c, const json_t *j, bool *sibling)
{
	struct strv l = {0};
	json_t *map = NULL;
	if (jget_strv(c, j, "", "architectures", &l) < 0 || jget_arr(c, j, "", "archMap", &map) < 0)
		return strv_free(&l), -1;
	int r = 0;
	for (size_t i = 0; i < l.n && r == 0; i++) {
		*sibling |= is_sibling(l.v[i]);
		if (!str_starts(l.v[i], "SCMP_ARCH_") || !str_has_word(arches_known, l.v[i] + 10))
			r = jwrong(c, "", "architectures", "'%s' is not an architecture", l.v[i]);
	}
	strv_free(&l);
	for (size_t i = 0; map && i < json_array_size(map) && r == 0; i++) {
		const json_t *m = json_array_get(map, i);
		const char *a = json_string_value(json_object_get(m, "architecture"));
		struct strv sub = {0};
		if (!a || !is_native(a))
			continue;
		r = jget_strv(c, m, "archMap", "subArchitectures", &sub) < 0 ? -1 : 0;
		for (size_t k = 0; k < sub.n; k++)
			*sibling |= is_sibling(sub.v[k]);
		strv_free(&sub);
	}
	return r;
}

static bool has_cap(const char *name, uint64_t caps)
{
	uint64_t bit;
	return caps_from_name(name, &bit) == 0 && (caps & bit);
}

/* "4.8", and what uname(2) says: a number to compare; *ok false for what is none. */
static unsigned long kernel_version(const char *s, bool *ok)
{
	char *end;
	unsigned long major = strtoul(s, &end, 10),
		      minor = *end == '.' ? strtoul(end + 1, &end, 10) : 0;
	*ok = *s >= '0' && *s <= '9' && end > s;
	return major * 1000 + minor;
}

/* One side of docker's conditions: how many of its words there are, how many hold. */
struct condition {
	size_t caps, caps_hit, arches, arches_hit, kernels, kernels_hit;
};

static int seccomp_profile_condition(const struct jctx *c, const json_t *rule, const char *at,
    const char *key, uint64_t caps, struct condition *out)
{
	json_t *o = NULL;
	struct strv l = {0}, a = {0};
	_cleanup_free_ char *min = NULL;
	struct utsname u;
	bool ok = true, here;
	*out = (struct condition){0};
	if (jget_obj(c, rule, at, key, &o) < 0)
		return -1;
	if (!o)
		return 0;
	_cleanup_free_ char *path = xasprintf("%s.%s", at, key);
	int r = jget_strv(c, o, path, "caps", &l) < 0 || jget_strv(c, o, path, "arches", &a) < 0 ||
			jget_str(c, o, path, "minKernel", &min) < 0
		    ? -1
		    : 0;
	for (size_t i = 0; i < l.n; i++)
		out->caps_hit += has_cap(l.v[i], caps);
	for (size_t i = 0; i < a.n; i++)
		out->arches_hit += str_has_word(seccomp_docker_arches, a.v[i]);
	if (min && uname(&u) == 0) {
		out->kernels_hit = kernel_version(u.release, &here) >= kernel_version(min, &ok);
		if (!ok)
			r = jwrong(c, path, "minKernel", "'%s' is not a version", min);
	}
	out->caps = l.n, out->arches = a.n, out->kernels = min != NULL;
	strv_free(&l);
	strv_free(&a);
	return r;
}

/* Does the rule count here? All capabilities, one of the architectures, and none of what excludes
 * it (moby's profiles/seccomp). 1, 0, or -1 with fail(). */
static int applies(const struct jctx *c, const json_t *rule, const char *at, uint64_t caps)
{
	struct condition in, ex;
	if (seccomp_profile_condition(c, rule, at, "includes", caps, &in) < 0 ||
	    seccomp_profile_condition(c, rule, at, "excludes", caps, &ex) < 0)
		return -1;
	return in.caps_hit == in.caps && (in.arches_hit || !in.arches) &&
	       in.kernels_hit == in.kernels && !ex.caps_hit && !ex.arches_hit && !ex.kernels_hit;
}

static int compare_op(const char *s)
{
	static const char *const ops[] = {[CMP_NE] = "NE",
	    [CMP_LT] = "LT",
	    [CMP_LE] = "LE",
	    [CMP_EQ] = "EQ",
	    [CMP_GE] = "GE",
	    [CMP_GT] = "GT",
	    [CMP_MASKED_EQ] = "MASKED_EQ"};
	for (int i = 0; s && str_starts(s, "SCMP_CMP_") && i <= CMP_MASKED_EQ; i++)
		if (strcmp(s + 9, ops[i]) == 0)
			return i;
	return -1;
}

static int args(const struct jctx *c, const json_t *rule, const char *rule_at,
    struct filter_cond out[6], unsigned *n)
{
	json_t *l = NULL;
	char at[80];
	if (jget_arr(c, rule, rule_at, "args", &l) < 0)
		return -1;
	*n = 0;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		const json_t *a = json_array_get(l, i);
		int64_t index = -1, v1 = 0, v2 = 0;
		_cleanup_free_ char *op = NULL;
		snprintf(at, sizeof at, "%s.args[%zu]", rule_at, i);
		if (jget_int(c, a, at, "index", 0, 5, &index) < 0 ||
		    jget_int(c, a, at, "value", INT64_MIN, INT64_MAX, &v1) < 0 ||
		    jget_int(c, a, at, "valueTwo", INT64_MIN, INT64_MAX, &v2) < 0 ||
		    jget_str(c, a, at, "op", &op) < 0)
			return -1;
		int cmp = compare_op(op);
		if (index < 0 || cmp < 0 || *n == 6)
			return jwrong(c, at, "", "needs an index and an op");
		out[(*n)++] = (struct filter_cond){
		    (unsigned)index, (enum filter_cmp)cmp, (uint64_t)v1, (uint64_t)v2};
	}
	return 0;
}

/* A condition twice on one argument is an "or": a rule for each, as runc does. */
static bool doubled(const struct filter_cond *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (a[i].arg == a[k].arg)
				return true;
	return false;
}

/* Names that no table here has are newer than this build or another machine's: passed over, as
 * docker does. */
static void rule_for(
    struct filter_rules *f, const char *name, uint32_t act, const struct filter_cond *a, unsigned n)
{
	if (!doubled(a, n)) {
		filter_rule_add(f, name, act, a, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		filter_rule_add(f, name, act, &a[i], 1);
}

static int one_rule(const struct jctx *c, struct filter_rules *f, const json_t *rule, size_t i,
    uint32_t dflt, uint64_t caps)
{
	char at[40];
	_cleanup_free_ char *act = NULL, *single = NULL;
	struct strv names = {0};
	struct filter_cond a[6];
	unsigned n;
	int64_t err = -1;
	uint32_t what;
	snprintf(at, sizeof at, "syscalls[%zu]", i);
	if (!json_is_object(rule))
		return jwrong(c, at, "", "must be an object");
	if (jget_strv(c, rule, at, "names", &names) < 0 ||
	    jget_str(c, rule, at, "name", &single) < 0 ||
	    jget_str(c, rule, at, "action", &act) < 0 ||
	    jget_int(c, rule, at, "errnoRet", 0, 65535, &err) < 0 || args(c, rule, at, a, &n) < 0)
		return strv_free(&names), -1;
	if (single)
		strv_add(&names, single);
	int r = 0;
	if (!act || !names.n)
		r = jwrong(c, at, "", "a rule without names or action");
	else if ((r = applies(c, rule, at, caps)) == 1 &&
		 (r = seccomp_profile_action(c, at, "action", act, err, &what)) == 0) {
		if (what == SECCOMP_RET_USER_NOTIF && strv_has(&names, "write"))
			/* write(2) tells the agent of the listener (report.h), so it cannot wait
			 * for the agent's answer. */
			r = jwrong(c, at, "action",
			    "SCMP_ACT_NOTIFY cannot be used for the write syscall");
		for (size_t i = 0; r == 0 && what != dflt && i < names.n; i++)
			rule_for(f, names.v[i], what, a, n);
	}
	strv_free(&names);
	return r;
}

static struct sock_fprog *from_bytes(const char *what, const void *p, size_t len)
{
	if (len == 0 || len % sizeof(struct sock_filter) ||
	    len / sizeof(struct sock_filter) > MAX_INSNS) {
		errno = EINVAL;
		fail("%s: not a seccomp program of at most %d instructions", what, MAX_INSNS);
		return NULL;
	}
	struct sock_fprog *out = xmalloc(sizeof *out);
	out->len = (unsigned short)(len / sizeof(struct sock_filter));
	out->filter = xmalloc(len);
	memcpy(out->filter, p, len);
	return out;
}

struct sock_fprog *filter_compile_at(const struct jctx *c, const json_t *j, uint64_t caps)
{
	_cleanup_free_ char *dflt = NULL;
	json_t *rules = NULL;
	int64_t err = -1;
	uint32_t act;
	if (!json_is_object(j)) {
		jwrong(c, "", "", "must be an object");
		return NULL;
	}
	int got = jget_str(c, j, "", "defaultAction", &dflt);
	if (got <= 0) {
		if (got == 0)
			jwrong(c, "", "defaultAction", "is missing");
		return NULL;
	}
	if (jget_int(c, j, "", "defaultErrnoRet", 0, 65535, &err) < 0 ||
	    jget_arr(c, j, "", "syscalls", &rules) < 0 ||
	    seccomp_profile_action(c, "", "defaultAction", dflt, err, &act) < 0)
		return NULL;
	if (act == SECCOMP_RET_USER_NOTIF) {
		jwrong(c, "", "defaultAction", "SCMP_ACT_NOTIFY cannot be used as default action");
		return NULL;
	}
	struct filter_rules f = {.dflt = act};
	int r = flags(c, j) < 0 ? -1 : arches(c, j, &f.sibling);
	for (size_t i = 0; rules && i < json_array_size(rules) && r == 0; i++)
		r = one_rule(c, &f, json_array_get(rules, i), i, act, caps);
	struct sock_fprog *p = r == 0 ? filter_rules_program(&f, c->what) : NULL;
	filter_rules_free(&f);
	return p;
}

struct sock_fprog *filter_compile(const char *what, const char *text, size_t len, uint64_t caps)
{
	struct jctx c = {.what = what, .text = text, .len = len};
	_cleanup_json_ json_t *j = json_parse(what, text, len);
	return j ? filter_compile_at(&c, j, caps) : NULL;
}

struct sock_fprog *filter_compile_cached(
    const char *cache, const char *what, const char *text, size_t len, uint64_t caps)
{
	char hex[DIGEST_HEX + 1];
	_cleanup_free_ char *key = xasprintf(WRITER "\n%" PRIx64 "\n%.*s", caps, (int)len, text);
	size_t n;
	struct stat st;
	digest_of(key, strlen(key), hex);
	_cleanup_close_ int dir =
	    cache && dir_make(cache, 0700) == 0 ? dir_open_at(AT_FDCWD, cache) : -1;
	/* A folder that others can write to is not used: its filters may be theirs. */
	bool safe =
	    dir >= 0 && fstat(dir, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022);
	_cleanup_free_ char *have = safe && faccessat(dir, hex, F_OK, 0) == 0
					? file_read_at(dir, hex, MAX_INSNS * 8, &n)
					: NULL;
	struct sock_fprog *p = have ? from_bytes(hex, have, n) : NULL;
	if (p)
		return p;
	p = filter_compile(what, text, len, caps);
	if (p && safe &&
	    file_write_at(dir, hex, p->filter, p->len * sizeof(struct sock_filter), 0600, false) <
		0)
		warn_fail(); /* a full disk costs time, not the container */
	return p;
}
