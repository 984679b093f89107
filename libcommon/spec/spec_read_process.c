/* spec_read_process.c: config.json's `process`, also alone (runc exec --process), into the spec;
 * see spec_read.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "err.h"
#include "json.h"
#include "spec_names.h"

static int user(struct spec *s, const json_t *p)
{
	json_t *u = NULL, *g = NULL;
	if (jget_obj(spec_doc, p, "process", "user", &u) <= 0)
		return spec_absent(p, "user"); /* the default is root, as with runc and crun */
	if (spec_u32(u, "process.user", "uid", &s->uid) < 0 ||
	    spec_u32(u, "process.user", "gid", &s->gid) < 0 ||
	    jget_int(spec_doc, u, "process.user", "umask", 0, 0777, &s->umask) < 0 ||
	    jget_arr(spec_doc, u, "process.user", "additionalGids", &g) < 0)
		return -1;
	for (size_t i = 0; g && i < json_array_size(g); i++) {
		const json_t *n = json_array_get(g, i);
		if (!json_is_integer(n) || json_integer_value(n) < 0 ||
		    json_integer_value(n) > 0xfffffffe)
			return jwrong(spec_doc, "process.user", "additionalGids",
			    "item %zu must be a group id", i);
		*SPEC_GROW(s->gids) = (uint32_t)json_integer_value(n);
	}
	return 0;
}

/* Read a set of capabilities. Names that we do not know were an error in version 1.0 of the
 * specification; in later ones they are passed over, since they may be newer than this program. */
static int spec_read_process_cap_set(
    const struct spec *s, const json_t *caps, const char *key, uint64_t *out)
{
	struct strv l = {0};
	int r = jget_strv(spec_doc, caps, "process.capabilities", key, &l);
	for (size_t i = 0; r == 1 && i < l.n; i++) {
		uint64_t bit;
		if (str_starts(l.v[i], "CAP_") && caps_from_name(l.v[i], &bit) == 0) {
			*out |= bit;
			continue;
		}
		jwrong(spec_doc, "process.capabilities", key, "%s is not known", l.v[i]);
		if (str_starts(s->version, "1.0."))
			r = -1;
		else
			warn_fail();
	}
	strv_free(&l);
	return r;
}

static int spec_read_process_capabilities(struct spec *s, const json_t *p)
{
	json_t *k = NULL;
	if (jget_obj(spec_doc, p, "process", "capabilities", &k) <= 0)
		return spec_absent(p, "capabilities");
	return spec_read_process_cap_set(s, k, "bounding", &s->caps.bounding) < 0 ||
		       spec_read_process_cap_set(s, k, "effective", &s->caps.effective) < 0 ||
		       spec_read_process_cap_set(s, k, "permitted", &s->caps.permitted) < 0 ||
		       spec_read_process_cap_set(s, k, "inheritable", &s->caps.inheritable) < 0 ||
		       spec_read_process_cap_set(s, k, "ambient", &s->caps.ambient) < 0
		   ? -1
		   : 0;
}

static int spec_read_process_limit(const json_t *o, const char *at, const char *key, uint64_t *out)
{
	int64_t n;
	int r = jget_int(spec_doc, o, at, key, -1, INT64_MAX, &n);
	if (r == 1)
		*out = n < 0 || n == INT64_MAX ? ~0ull : (uint64_t)n;
	return r;
}

static int rlimits(struct spec *s, const json_t *p)
{
	json_t *l = NULL;
	if (jget_arr(spec_doc, p, "process", "rlimits", &l) < 0)
		return -1;
	for (size_t i = 0; l && i < json_array_size(l); i++) {
		char at[80], *type = NULL;
		uint64_t soft = 0, hard = 0;
		const json_t *o = spec_item(l, i, "process.rlimits", at);
		if (!o || jget_str(spec_doc, o, at, "type", &type) < 0 ||
		    spec_read_process_limit(o, at, "soft", &soft) < 0 ||
		    spec_read_process_limit(o, at, "hard", &hard) < 0)
			return free(type), -1;
		if (!type)
			return spec_missing(at, "type");
		if (!str_starts(type, "RLIMIT_") ||
		    strspn(type, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(type))
			return free(type), jwrong(spec_doc, at, "type", "is not a limit");
		size_t had = s->rlimits.n;
		spec_rlimit_set(s, type, soft, hard);
		if (s->rlimits.n == had)
			return free(type), jwrong(spec_doc, at, "type", "is there twice");
		free(type);
	}
	return 0;
}

static int check_env(const struct spec *s)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (s->env.v[i][0] == '=' || !strchr(s->env.v[i], '='))
			return jwrong(
			    spec_doc, "process", "env", "'%s' is not NAME=VALUE", s->env.v[i]);
	return 0;
}

/* What the kernel would refuse with EINVAL alone (sched_setattr(2)), in crun's words. */
static const char *deadline_wrong(const json_t *o, const struct spec_scheduler *k)
{
	if (!json_member(o, "runtime"))
		return "requires `runtime`";
	if (!k->deadline)
		return "requires `deadline`";
	if (!k->runtime)
		return "runtime must be greater than 0";
	if (k->runtime < 1024)
		return "runtime must be between 1024 and deadline";
	if (k->runtime > k->deadline)
		return "runtime must be <= deadline";
	return k->period && k->deadline > k->period ? "deadline must be <= period" : NULL;
}

/* Read process.scheduler (sched_setattr(2)). Members that do not belong to the policy are left for
 * the kernel to refuse. */
static int scheduler(struct spec *s, const json_t *p)
{
	json_t *o = NULL;
	const char *at = "process.scheduler";
	long policy = 0;
	unsigned long flags = 0;
	if (jget_obj(spec_doc, p, "process", "scheduler", &o) <= 0)
		return spec_absent(p, "scheduler");
	struct spec_scheduler *k = s->scheduler = xcalloc(1, sizeof *k);
	int r = spec_word(o, at, "policy", spec_sched_policies, &policy);
	if (r == 0)
		return spec_missing(at, "policy");
	if (r < 0 || spec_words(o, at, "flags", spec_sched_flags, &flags) < 0 ||
	    jget_int(spec_doc, o, at, "nice", -20, 19, &k->nice) < 0 ||
	    jget_int(spec_doc, o, at, "priority", 0, 99, &k->priority) < 0 ||
	    jget_int(spec_doc, o, at, "runtime", 0, INT64_MAX, &k->runtime) < 0 ||
	    jget_int(spec_doc, o, at, "deadline", 0, INT64_MAX, &k->deadline) < 0 ||
	    jget_int(spec_doc, o, at, "period", 0, INT64_MAX, &k->period) < 0)
		return -1;
	k->policy = (int)policy;
	k->flags = flags;
	bool realtime = policy == 1 || policy == 2;
	if (k->priority && !realtime)
		return jwrong(spec_doc, at, "priority", "is for SCHED_FIFO and SCHED_RR only");
	if ((k->runtime || k->deadline || k->period) && policy != 6)
		return jwrong(spec_doc, at, "policy",
		    "runtime, deadline and period are for SCHED_DEADLINE only");
	const char *why = policy == 6 ? deadline_wrong(o, k) : NULL;
	if (why)
		return jwrong(spec_doc, at, "policy", "sched_setattr: `SCHED_DEADLINE` %s", why);
	return 0;
}

static int io_priority(struct spec *s, const json_t *p)
{
	json_t *o = NULL;
	const char *at = "process.ioPriority";
	long class = 0;
	int64_t n = 0;
	if (jget_obj(spec_doc, p, "process", "ioPriority", &o) <= 0)
		return spec_absent(p, "ioPriority");
	int r = spec_word(o, at, "class", spec_io_classes, &class);
	if (r < 0 || jget_int(spec_doc, o, at, "priority", 0, 7, &n) < 0)
		return -1;
	if (r == 0)
		return spec_missing(at, "class");
	s->io_class = (int)class;
	s->io_priority = (int)n;
	return 0;
}

/* "0-3,7": digits, commas and dashes; which of them there are is the kernel's to know. */
static int cpu_list(const json_t *o, const char *key, char **out)
{
	int r = jget_str(spec_doc, o, "process.execCPUAffinity", key, out);
	if (r == 1 && (!**out || strspn(*out, "0123456789,- ") != strlen(*out)))
		return jwrong(
		    spec_doc, "process.execCPUAffinity", key, "'%s' is not a list of CPUs", *out);
	return r;
}

static int spec_read_process_placement(struct spec *s, const json_t *p)
{
	json_t *o = NULL;
	if (scheduler(s, p) < 0 || io_priority(s, p) < 0 ||
	    jget_obj(spec_doc, p, "process", "execCPUAffinity", &o) < 0)
		return -1;
	if (o && (cpu_list(o, "initial", &s->affinity_initial) < 0 ||
		     cpu_list(o, "final", &s->affinity_final) < 0))
		return -1;
	return 0;
}

/* "" asks for none. */
static int spec_read_process_label(const json_t *p, const char *key, char **out)
{
	int r = jget_str(spec_doc, p, "process", key, out);
	if (r == 1 && !**out) {
		free(*out);
		*out = NULL;
	}
	return r;
}

int spec_read_process(struct spec *s, const json_t *p)
{
	json_t *size = NULL;
	int64_t rows = 0, cols = 0;
	if (jget_bool(spec_doc, p, "process", "terminal", &s->terminal) < 0 ||
	    jget_obj(spec_doc, p, "process", "consoleSize", &size) < 0 || user(s, p) < 0 ||
	    jget_strv(spec_doc, p, "process", "args", &s->args) < 0 ||
	    jget_strv(spec_doc, p, "process", "env", &s->env) < 0 ||
	    jget_str(spec_doc, p, "process", "cwd", &s->cwd) < 0 ||
	    spec_read_process_capabilities(s, p) < 0 || rlimits(s, p) < 0 ||
	    jget_bool(spec_doc, p, "process", "noNewPrivileges", &s->no_new_privileges) < 0)
		return -1;
	if (size &&
	    (jget_int(spec_doc, size, "process.consoleSize", "height", 0, 65535, &rows) < 0 ||
		jget_int(spec_doc, size, "process.consoleSize", "width", 0, 65535, &cols) < 0))
		return -1;
	s->rows = (unsigned short)rows;
	s->cols = (unsigned short)cols;
	int r = jget_int(spec_doc, p, "process", "oomScoreAdj", -1000, 1000, &s->oom_score_adj);
	s->has_oom_score_adj = r == 1;
	if (r < 0 || check_env(s) < 0 || spec_read_process_placement(s, p) < 0 ||
	    spec_read_process_label(p, "apparmorProfile", &s->apparmor) < 0 ||
	    spec_read_process_label(p, "selinuxLabel", &s->selinux_label) < 0)
		return -1;
	if (!s->args.n)
		return spec_missing("process", "args");
	if (!s->cwd)
		return spec_missing("process", "cwd");
	return s->cwd[0] == '/'
		   ? 0
		   : jwrong(spec_doc, "process", "cwd", "'%s' is not absolute", s->cwd);
}
