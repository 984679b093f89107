/* spec_write_process.c: the spec's process as config.json's; see spec_write.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "spec_names.h"

static void spec_write_process_cap_set(struct buf *b, const char *k, uint64_t bits)
{
	spec_put_key(b, k);
	buf_puts(b, "[");
	for (int i = 0; i < 64; i++)
		if (bits & 1ull << i) {
			spec_put_comma(b);
			buf_json(b, caps_name(i));
		}
	buf_puts(b, "]");
}

static void nonzero(struct buf *b, const char *k, int64_t v)
{
	if (v)
		spec_put_num(b, k, v);
}

static void spec_write_process_placement(struct buf *b, const struct spec *s)
{
	const struct spec_scheduler *k = s->scheduler;
	if (k) {
		spec_put_open(b, "scheduler");
		spec_put_str(b, "policy", spec_word_of(spec_sched_policies, k->policy));
		spec_put_words(b, "flags", spec_sched_flags, k->flags);
		nonzero(b, "nice", k->nice);
		nonzero(b, "priority", k->priority);
		nonzero(b, "runtime", k->runtime);
		nonzero(b, "deadline", k->deadline);
		nonzero(b, "period", k->period);
		buf_puts(b, "}");
	}
	if (s->io_class) {
		spec_put_open(b, "ioPriority");
		spec_put_str(b, "class", spec_word_of(spec_io_classes, s->io_class));
		spec_put_num(b, "priority", s->io_priority);
		buf_puts(b, "}");
	}
	if (s->affinity_initial || s->affinity_final) {
		spec_put_open(b, "execCPUAffinity");
		spec_put_str(b, "initial", s->affinity_initial);
		spec_put_str(b, "final", s->affinity_final);
		buf_puts(b, "}");
	}
}

void spec_put_process(struct buf *b, const struct spec *s)
{
	spec_put_open(b, "process");
	spec_put_flag(b, "terminal", s->terminal);
	if (s->rows)
		buf_printf(b, "%s\"consoleSize\":{\"height\":%u,\"width\":%u}",
		    b->p[b->n - 1] == '{' ? "" : ",", s->rows, s->cols);
	spec_put_open(b, "user");
	spec_put_num(b, "uid", s->uid);
	spec_put_num(b, "gid", s->gid);
	if (s->umask >= 0)
		spec_put_num(b, "umask", s->umask);
	if (s->gids.n) {
		spec_put_key(b, "additionalGids");
		for (size_t i = 0; i < s->gids.n; i++)
			buf_printf(b, "%c%u", i ? ',' : '[', s->gids.v[i]);
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
	spec_put_list(b, "args", &s->args);
	spec_put_list(b, "env", &s->env);
	spec_put_str(b, "cwd", s->cwd ? s->cwd : "/");
	spec_put_open(b, "capabilities");
	spec_write_process_cap_set(b, "bounding", s->caps.bounding);
	spec_write_process_cap_set(b, "effective", s->caps.effective);
	spec_write_process_cap_set(b, "permitted", s->caps.permitted);
	spec_write_process_cap_set(b, "inheritable", s->caps.inheritable);
	spec_write_process_cap_set(b, "ambient", s->caps.ambient);
	buf_puts(b, "}");
	if (s->rlimits.n) {
		spec_put_key(b, "rlimits");
		for (size_t i = 0; i < s->rlimits.n; i++)
			buf_printf(b,
			    "%c{\"type\":\"%s\",\"hard\":%" PRIu64 ",\"soft\":%" PRIu64 "}",
			    i ? ',' : '[', s->rlimits.v[i].type,
			    s->rlimits.v[i].hard > INT64_MAX ? INT64_MAX : s->rlimits.v[i].hard,
			    s->rlimits.v[i].soft > INT64_MAX ? INT64_MAX : s->rlimits.v[i].soft);
		buf_puts(b, "]");
	}
	spec_put_flag(b, "noNewPrivileges", s->no_new_privileges);
	if (s->has_oom_score_adj)
		spec_put_num(b, "oomScoreAdj", s->oom_score_adj);
	spec_put_str(b, "apparmorProfile", s->apparmor);
	spec_put_str(b, "selinuxLabel", s->selinux_label);
	spec_write_process_placement(b, s);
	buf_puts(b, "}");
}
