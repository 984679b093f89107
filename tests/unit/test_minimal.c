/* The minimal build's config.json: every member of the spec comes back, and what is damaged is
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "spec.h"

/* The stand-in beside what it stands for. */
char *line_text(const struct spec *s);
int line_parse(struct spec *s, const char *what, const char *text, size_t len);
char *line_quoted(const char *s);
#define CTR_MINIMAL
#define spec_text line_text
#define spec_parse line_parse
#define spec_quoted line_quoted
#define text line_put
#include "../../libcommon/spec/spec_lines.c"
#undef spec_text
#undef spec_parse
#undef spec_quoted
#undef text
#include <cmocka.h> /* last: its fail() and fail_msg() are macros; (fail_msg)() is ours */

static void filled(struct spec *s)
{
	static const char tricky[] = "A=two\nlines \\n and \\ 'quotes' \xff";
	spec_default(s);
	s->terminal = s->no_new_privileges = s->has_oom_score_adj = s->root_readonly = true;
	s->x_init = s->x_privileged = s->x_no_pivot = s->x_keep_id = true;
	s->rows = 65535, s->cols = 80, s->uid = 0xfffffffe, s->gid = 7, s->umask = 022,
	s->oom_score_adj = -1000;
	s->gids.v = calloc(2, sizeof *s->gids.v), s->gids.n = 2;
	s->gids.v[1] = 4000000000u;
	s->caps = (struct spec_caps){1ull << 63, 2, 4, 8, 16};
	spec_rlimit_set(s, "RLIMIT_NOFILE", 0, ~0ull);
	s->uid_map.v = calloc(1, sizeof *s->uid_map.v), s->uid_map.n = 1;
	s->gid_map.v = calloc(1, sizeof *s->gid_map.v), s->gid_map.n = 1;
	s->uid_map.v[0] = (struct idmap_entry){0, 4000000000u, 65536};
	s->gid_map.v[0] = (struct idmap_entry){1, 2, 3};
	spec_device_add(s, "/dev/x y", 'b', 259, -1, 0640, 5, 6);
	s->ns_new |= 1u << NS_USER | 1u << NS_TIME;
	for (int i = 0; i < NS_COUNT; i++)
		s->ns_path[i] = xasprintf("/proc/%d/ns/x", i);
	struct strv *lists[] = {&s->args, &s->env, &s->x_groups, &s->x_lower, &s->resources,
	    &s->sysctl, &s->annotations};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		strv_addf(lists[i], "memory.k%zu=%zu", i, i);
		strv_add(lists[i], i < 2 ? tricky : "b=");
	}
	char **texts[] = {&s->root_path, &s->hostname, &s->domainname, &s->cgroups_path,
	    &s->seccomp, &s->rootfs_propagation, &s->x_user, &s->x_image_file};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = xasprintf("text\n%zu", i);
}

/* The JSON of what was read is the JSON of what was written: so no member is forgotten by either.
 */
static void every_member(void **state)
{
	(void)state;
	struct spec s, t;
	filled(&s);
	char *one = line_text(&s);
	if (line_parse(&t, "c", one, strlen(one)) < 0)
		fail_msg("refused: %s", (fail_msg)());
	char *two = line_text(&t), *json_one = spec_text(&s), *json_two = spec_text(&t);
	assert_string_equal(one, two);
	assert_string_equal(json_one, json_two);
	assert_string_equal(t.args.v[1], s.args.v[1]);
	assert_true(t.rlimits.v[0].hard == ~0ull);
	char *cgroup = line_quoted(s.cgroups_path);
	assert_non_null(strstr(one, cgroup));
	char *texts[] = {one, two, json_one, json_two, cgroup};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
	spec_free(&s);
	spec_free(&t);
}

/* Cut short anywhere, or with one byte changed: refused or read, never worse (the sanitizers look
 * on). */
static void damaged(void **state)
{
	(void)state;
	struct spec s, t;
	filled(&s);
	char *whole = line_text(&s);
	size_t len = strlen(whole);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(line_parse(&t, "c", whole, i), -1);
		char was = whole[i];
		whole[i] ^= 5;
		if (line_parse(&t, "c", whole, len) == 0)
			spec_free(&t);
		whole[i] = was;
	}
	assert_int_equal(line_parse(&t, "config.json", "{}", 2), -1);
	assert_string_equal((fail_msg)(),
	    "config.json:1: not what this build writes (CONFIG=minimal, which has no JSON)");
	free(whole);
	spec_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_member), cmocka_unit_test(damaged)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
