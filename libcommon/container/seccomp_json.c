/* seccomp_json.c: seccomp profiles of docker's and OCI's JSON, compiled by libseccomp; see filter.h.
 * OCI runtime-spec, config-linux.md "Seccomp"; docker's adds names with conditions (includes, excludes, archMap).
 */
#ifndef CTR_MINIMAL
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "digest.h"
#include "err.h"
#include "file.h"
#include "filter.h"
#include "json.h"
#include "str.h"

#define MAX_INSNS 4096 /* BPF_MAXINSNS */

static int action(const struct jctx *c, const char *name, int64_t errno_ret, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t action;
	} known[] = {{"SCMP_ACT_KILL", SCMP_ACT_KILL}, {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD}, {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP}, {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW}, {"SCMP_ACT_LOG", SCMP_ACT_LOG}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(name, known[i].name) == 0)
			return *out = known[i].action, 0;
	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return *out = SCMP_ACT_ERRNO((uint16_t)errno_ret), 0;
	if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		return *out = SCMP_ACT_TRACE((uint16_t)errno_ret), 0;
	errno = EINVAL;
	if (strcmp(name, "SCMP_ACT_NOTIFY") == 0)
		return fail("%s: SCMP_ACT_NOTIFY needs an agent that listens: not supported", c->what);
	return fail("%s: '%s' is not an action", c->what, name);
}

static uint32_t arch_of(const char *name)
{
	char low[32] = "";
	if (!str_starts(name, "SCMP_ARCH_"))
		return 0;
	for (size_t i = 0; name[10 + i] && i < sizeof low - 1; i++)
		low[i] = name[10 + i] >= 'A' && name[10 + i] <= 'Z' ? name[10 + i] + 32 : name[10 + i];
	return seccomp_arch_resolve_name(low);
}

static int add_arch(scmp_filter_ctx f, const char *name, bool must)
{
	uint32_t a = arch_of(name);
	if (!a)
		return must ? fail("seccomp: '%s' is not an architecture", name) : 0;
	/* Only what this machine can run: the tables of the others are not in the binary (libcommon/deps/build.sh). */
	if (a != SCMP_ARCH_X86 && a != SCMP_ARCH_X86_64 && a != SCMP_ARCH_X32 && a != SCMP_ARCH_ARM && a != SCMP_ARCH_AARCH64)
		return 0;
	int r = seccomp_arch_add(f, a);
	return r < 0 && r != -EEXIST ? fail("seccomp: %s: %s", name, strerror(-r)) : 0;
}

/* OCI's list, or docker's map of the machine's own and its siblings. */
static int arches(const struct jctx *c, scmp_filter_ctx f, const json_t *j)
{
	struct strv l = {0};
	json_t *map = NULL;
	if (jget_strv(c, j, "", "architectures", &l) < 0 || jget_arr(c, j, "", "archMap", &map) < 0)
		return -1;
	int r = 0;
	for (size_t i = 0; i < l.n && r == 0; i++)
		r = add_arch(f, l.v[i], true);
	strv_free(&l);
	for (size_t i = 0; map && i < json_array_size(map) && r == 0; i++) {
		const json_t *m = json_array_get(map, i);
		const char *a = json_string_value(json_object_get(m, "architecture"));
		struct strv sub = {0};
		if (!a || arch_of(a) != seccomp_arch_native())
			continue;
		r = jget_strv(c, m, "archMap", "subArchitectures", &sub) < 0 ? -1 : 0;
		for (size_t k = 0; k < sub.n && r == 0; k++)
			r = add_arch(f, sub.v[k], false);
		strv_free(&sub);
	}
	return r;
}

static bool listed(const json_t *o, const char *key, bool (*hit)(const char *, uint64_t), uint64_t caps, bool *any)
{
	const json_t *l = json_object_get(o, key);
	bool is = false;
	for (size_t i = 0; i < json_array_size(l); i++) {
		const char *s = json_string_value(json_array_get(l, i));
		*any = true;
		is |= s && hit(s, caps);
	}
	return is;
}

static bool has_cap(const char *name, uint64_t caps)
{
	uint64_t bit;
	return caps_from_name(name, &bit) == 0 && (caps & bit);
}

static bool is_arch(const char *name, uint64_t caps)
{
	(void)caps;
	uint32_t n = seccomp_arch_native();
	return (n == SCMP_ARCH_X86_64 && (!strcmp(name, "amd64") || !strcmp(name, "x32") || !strcmp(name, "x86"))) ||
	       (n == SCMP_ARCH_AARCH64 && (!strcmp(name, "arm64") || !strcmp(name, "arm")));
}

/* docker's conditions. minKernel of its profile is older than any kernel we run on. */
static bool applies(const json_t *rule, uint64_t caps)
{
	const json_t *in = json_object_get(rule, "includes"), *ex = json_object_get(rule, "excludes");
	bool any = false, hit = listed(in, "caps", has_cap, caps, &any);
	if (any && !hit)
		return false;
	any = false;
	hit = listed(in, "arches", is_arch, caps, &any);
	if (any && !hit)
		return false;
	return !listed(ex, "caps", has_cap, caps, &any) && !listed(ex, "arches", is_arch, caps, &any);
}

static int compare_op(const char *s)
{
	static const struct {
		const char *name;
		int op;
	} ops[] = {{"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE}, {"SCMP_CMP_EQ", SCMP_CMP_EQ},
	    {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
	for (size_t i = 0; s && i < sizeof ops / sizeof ops[0]; i++)
		if (strcmp(s, ops[i].name) == 0)
			return ops[i].op;
	return -1;
}

static int args(const struct jctx *c, const json_t *rule, struct scmp_arg_cmp out[6], unsigned *n)
{
	json_t *l = NULL;
	if (jget_arr(c, rule, "syscalls", "args", &l) < 0)
		return -1;
	*n = 0;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		const json_t *a = json_array_get(l, i);
		int64_t index = -1, v1 = 0, v2 = 0;
		_cleanup_free_ char *op = NULL;
		if (jget_int(c, a, "syscalls.args", "index", 0, 5, &index) < 0 || jget_int(c, a, "syscalls.args", "value", INT64_MIN, INT64_MAX, &v1) < 0 ||
		    jget_int(c, a, "syscalls.args", "valueTwo", INT64_MIN, INT64_MAX, &v2) < 0 || jget_str(c, a, "syscalls.args", "op", &op) < 0)
			return -1;
		int cmp = compare_op(op);
		if (index < 0 || cmp < 0 || *n == 6)
			return errno = EINVAL, fail("%s: syscalls.args: needs an index and an op", c->what);
		out[(*n)++] = (struct scmp_arg_cmp){(unsigned)index, (enum scmp_compare)cmp, (scmp_datum_t)v1, (scmp_datum_t)v2};
	}
	return 0;
}

/* A condition twice on one argument is an "or": libseccomp wants a rule for each. */
static bool doubled(const struct scmp_arg_cmp *a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (a[i].arg == a[k].arg)
				return true;
	return false;
}

static int rule_for(const struct jctx *c, scmp_filter_ctx f, const char *name, uint32_t act, const struct scmp_arg_cmp *a, unsigned n)
{
	int nr = seccomp_syscall_resolve_name(name), r = 0;
	if (nr == __NR_SCMP_ERROR)
		return 0; /* newer than our libseccomp, or another machine's: as docker does */
	if (n && doubled(a, n))
		for (unsigned i = 0; i < n && r == 0; i++)
			r = seccomp_rule_add_array(f, act, nr, 1, &a[i]);
	else
		r = seccomp_rule_add_array(f, act, nr, n, a);
	if (r < 0 && r != -EEXIST)
		return errno = -r, fail("%s: %s: %m", c->what, name);
	return 0;
}

static int one_rule(const struct jctx *c, scmp_filter_ctx f, const json_t *rule, uint32_t dflt, int64_t dflt_errno, uint64_t caps)
{
	_cleanup_free_ char *act = NULL, *single = NULL;
	struct strv names = {0};
	struct scmp_arg_cmp a[6];
	unsigned n;
	int64_t err = dflt_errno;
	uint32_t what;
	if (!json_is_object(rule))
		return errno = EINVAL, fail("%s: syscalls: must be objects", c->what);
	if (jget_strv(c, rule, "syscalls", "names", &names) < 0 || jget_str(c, rule, "syscalls", "name", &single) < 0 ||
	    jget_str(c, rule, "syscalls", "action", &act) < 0 || jget_int(c, rule, "syscalls", "errnoRet", 0, 4095, &err) < 0 || args(c, rule, a, &n) < 0)
		return strv_free(&names), -1;
	if (single)
		strv_add(&names, single);
	int r = 0;
	if (!act || !names.n)
		r = (errno = EINVAL, fail("%s: syscalls: a rule without names or action", c->what));
	else if (!applies(rule, caps))
		;
	else if ((r = action(c, act, err, &what)) == 0 && what != dflt)
		for (size_t i = 0; i < names.n && r == 0; i++)
			r = rule_for(c, f, names.v[i], what, a, n);
	strv_free(&names);
	return r;
}

static struct sock_fprog *from_bytes(const char *what, const void *p, size_t len)
{
	if (len == 0 || len % sizeof(struct sock_filter) || len / sizeof(struct sock_filter) > MAX_INSNS) {
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

static struct sock_fprog *export_program(const char *what, scmp_filter_ctx f)
{
	size_t len;
	_cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : seccomp_export_bpf(f, fd);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		fail("%s: compile: %s", what, strerror(-r));
		return NULL;
	}
	_cleanup_free_ char *bytes = fd_read_all(fd, what, MAX_INSNS * sizeof(struct sock_filter), &len);
	return bytes ? from_bytes(what, bytes, len) : NULL;
}

struct sock_fprog *filter_compile(const char *what, const char *text, size_t len, uint64_t caps)
{
	struct jctx c = {what, text, len};
	_cleanup_json_ json_t *j = json_parse(what, text, len);
	_cleanup_free_ char *dflt = NULL;
	json_t *rules = NULL;
	int64_t err = EPERM;
	uint32_t act;
	if (!j)
		return NULL;
	if (!json_is_object(j) || jget_str(&c, j, "", "defaultAction", &dflt) < 0 || !dflt) {
		errno = EINVAL;
		if (!json_is_object(j) || !dflt)
			fail("%s: defaultAction is missing", what);
		return NULL;
	}
	if (jget_int(&c, j, "", "defaultErrnoRet", 0, 4095, &err) < 0 || jget_arr(&c, j, "", "syscalls", &rules) < 0 || action(&c, dflt, err, &act) < 0)
		return NULL;
	scmp_filter_ctx f = seccomp_init(act);
	if (!f) {
		fail("%s: libseccomp refuses it", what);
		return NULL;
	}
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0);
	int r = arches(&c, f, j);
	for (size_t i = 0; rules && i < json_array_size(rules) && r == 0; i++)
		r = one_rule(&c, f, json_array_get(rules, i), act, EPERM, caps);
	struct sock_fprog *p = r == 0 ? export_program(what, f) : NULL;
	seccomp_release(f);
	return p;
}

struct sock_fprog *filter_compile_cached(const char *cache, const char *what, const char *text, size_t len, uint64_t caps)
{
	char hex[DIGEST_HEX + 1];
	_cleanup_free_ char *key = xasprintf("%" PRIx64 "\n%.*s", caps, (int)len, text);
	size_t n;
	struct stat st;
	digest_of(key, strlen(key), hex);
	_cleanup_close_ int dir = cache && dir_make(cache, 0700) == 0 ? dir_open_at(AT_FDCWD, cache) : -1;
	/* Only what is ours alone is believed. */
	bool safe = dir >= 0 && fstat(dir, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022);
	_cleanup_free_ char *have = safe && faccessat(dir, hex, F_OK, 0) == 0 ? file_read_at(dir, hex, MAX_INSNS * 8, &n) : NULL;
	struct sock_fprog *p = have ? from_bytes(hex, have, n) : NULL;
	if (p)
		return p;
	p = filter_compile(what, text, len, caps);
	if (p && safe && file_write_at(dir, hex, p->filter, p->len * sizeof(struct sock_filter), 0600, false) < 0)
		warn("%s", fail_msg()); /* a full disk costs time, not the container */
	return p;
}
#endif
typedef int seccomp_json_empty;
