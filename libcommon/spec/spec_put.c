/* spec_put.c: what the writers of config.json share: the words of its tables, and members of every
 * kind; see spec_names.h. */
#include <inttypes.h>
#include <string.h>

#include "spec_names.h"

/* The kernel's numbers: sched(7), ioprio_set(2), set_mempolicy(2), personality(2). */
const struct spec_word spec_sched_policies[] = {{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1},
    {"SCHED_RR", 2}, {"SCHED_BATCH", 3}, {"SCHED_ISO", 4}, {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
    {NULL, 0}};
const struct spec_word spec_sched_flags[] = {{"SCHED_FLAG_RESET_ON_FORK", 1},
    {"SCHED_FLAG_RECLAIM", 2}, {"SCHED_FLAG_DL_OVERRUN", 4}, {"SCHED_FLAG_KEEP_POLICY", 8},
    {"SCHED_FLAG_KEEP_PARAMS", 0x10}, {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}, {NULL, 0}};
const struct spec_word spec_io_classes[] = {
    {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}, {NULL, 0}};
const struct spec_word spec_memory_modes[] = {{"MPOL_DEFAULT", 0}, {"MPOL_PREFERRED", 1},
    {"MPOL_BIND", 2}, {"MPOL_INTERLEAVE", 3}, {"MPOL_LOCAL", 4}, {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_WEIGHTED_INTERLEAVE", 6}, {NULL, 0}};
const struct spec_word spec_memory_flags[] = {{"MPOL_F_NUMA_BALANCING", 1 << 13},
    {"MPOL_F_RELATIVE_NODES", 1 << 14}, {"MPOL_F_STATIC_NODES", 1 << 15}, {NULL, 0}};
const struct spec_word spec_personalities[] = {{"LINUX", 0}, {"LINUX32", 8}, {NULL, 0}};

const char *spec_word_of(const struct spec_word *words, long value)
{
	while (words->name && words->value != value)
		words++;
	return words->name;
}

const char *const spec_ns_names[NS_COUNT] = {[NS_MNT] = "mount",
    [NS_PID] = "pid",
    [NS_NET] = "network",
    [NS_IPC] = "ipc",
    [NS_UTS] = "uts",
    [NS_CGROUP] = "cgroup",
    [NS_USER] = "user",
    [NS_TIME] = "time"};
const char *const spec_hook_names[HOOK_COUNT] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

/* `,"key":` or, as the first of its object, `"key":`. */
void spec_put_key(struct buf *b, const char *k)
{
	char last = b->n ? b->p[b->n - 1] : '{';
	buf_puts(b, last == '{' || last == '[' ? "\"" : ",\"");
	buf_puts(b, k);
	buf_puts(b, "\":");
}

void spec_put_comma(struct buf *b)
{
	if (b->p[b->n - 1] != '[' && b->p[b->n - 1] != '{')
		buf_puts(b, ",");
}

void spec_put_str(struct buf *b, const char *k, const char *v)
{
	if (!v)
		return;
	spec_put_key(b, k);
	buf_json(b, v);
}

void spec_put_num(struct buf *b, const char *k, int64_t v)
{
	spec_put_key(b, k);
	buf_printf(b, "%" PRId64, v);
}

void spec_put_flag(struct buf *b, const char *k, bool v)
{
	if (!v)
		return;
	spec_put_key(b, k);
	buf_puts(b, "true");
}

void spec_put_list(struct buf *b, const char *k, const struct strv *l)
{
	if (!l->n)
		return;
	spec_put_key(b, k);
	buf_puts(b, "[");
	for (size_t i = 0; i < l->n; i++) {
		spec_put_comma(b);
		buf_json(b, l->v[i]);
	}
	buf_puts(b, "]");
}

/* "key=value" lists as an object. */
void spec_put_pairs(struct buf *b, const char *k, const struct strv *l)
{
	if (!l->n)
		return;
	spec_put_key(b, k);
	buf_puts(b, "{");
	for (size_t i = 0; i < l->n; i++) {
		const char *eq = strchr(l->v[i], '=');
		_cleanup_free_ char *name = xstrndup(l->v[i], (size_t)(eq - l->v[i]));
		spec_put_comma(b);
		buf_json(b, name);
		buf_puts(b, ":");
		buf_json(b, eq + 1);
	}
	buf_puts(b, "}");
}

void spec_put_open(struct buf *b, const char *k)
{
	spec_put_key(b, k);
	buf_puts(b, "{");
}

void spec_put_words(struct buf *b, const char *k, const struct spec_word *words, unsigned long bits)
{
	if (!bits)
		return;
	spec_put_key(b, k);
	buf_puts(b, "[");
	for (; words->name; words++)
		if (bits & (unsigned long)words->value) {
			spec_put_comma(b);
			buf_json(b, words->name);
		}
	buf_puts(b, "]");
}

void spec_put_idmaps(struct buf *b, const char *k, const struct idmap_entry *v, size_t n)
{
	if (!n)
		return;
	spec_put_key(b, k);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%c{\"containerID\":%u,\"hostID\":%u,\"size\":%u}", i ? ',' : '[',
		    v[i].container, v[i].host, v[i].size);
	buf_puts(b, "]");
}
