/* test_volume.c: what -v and --mount ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "volume_flags.h"
#include <cmocka.h> /* last: its fail() is a macro */

static void short_form(void **state)
{
	struct volume_req v;
	(void)state;
	assert_int_equal(volume_parse_v("/a:/b//c/./d/:ro,rslave,z", &v), 0);
	assert_string_equal(v.type, "bind");
	assert_string_equal(v.src, "/a");
	assert_string_equal(v.dst, "/b/c/d");
	assert_true(v.make);
	assert_true(strv_has(&v.options, "ro") && strv_has(&v.options, "rslave") &&
		    strv_has(&v.options, "rbind"));
	volume_req_free(&v);
	assert_int_equal(volume_parse_v("data:/d:nocopy", &v), 0);
	assert_string_equal(v.type, "volume");
	assert_string_equal(v.src, "data");
	assert_true(v.nocopy);
	volume_req_free(&v);
	assert_int_equal(volume_parse_v("/d", &v), 0);
	assert_string_equal(v.type, "volume");
	assert_null(v.src);
	volume_req_free(&v);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(volume_parse_v("./x:/d", &v), 0);
	assert_string_equal(v.src, "/x");
	volume_req_free(&v);
}

static void long_form(void **state)
{
	struct volume_req v;
	(void)state;
	assert_int_equal(
	    volume_parse_mount("type=bind,src=/a,dst=/b,readonly,bind-propagation=rshared", &v), 0);
	assert_false(v.make);
	assert_true(strv_has(&v.options, "ro") && strv_has(&v.options, "rshared"));
	volume_req_free(&v);
	assert_int_equal(
	    volume_parse_mount(
		"type=bind,source=/a,target=/b,readonly=false,bind-recursive=disabled", &v),
	    0);
	assert_true(strv_has(&v.options, "rw") && strv_has(&v.options, "bind") &&
		    !strv_has(&v.options, "rbind"));
	volume_req_free(&v);
	assert_int_equal(
	    volume_parse_mount("type=tmpfs,destination=/t,tmpfs-size=64k,tmpfs-mode=1770", &v), 0);
	assert_true(strv_has(&v.options, "size=65536") && strv_has(&v.options, "mode=1770") &&
		    strv_has(&v.options, "noexec"));
	volume_req_free(&v);
	assert_int_equal(volume_parse_mount("source=data,target=/d,volume-nocopy", &v), 0);
	assert_string_equal(v.type, "volume");
	assert_true(v.nocopy);
	volume_req_free(&v);
}

static void refused(void **state)
{
	static const char *const v_bad[] = {"", ":", "a:", ":/b", "a:b", "a:/", "a:/x/..",
	    "a:/x:frob", "-a:/x", "a b:/x", "x", "a::ro"};
	static const char *const m_bad[] = {"", "type=bind,src=/a", "type=bind,dst=/a",
	    "type=x,src=/a,dst=/b", "type=tmpfs,src=/a,dst=/b", "type=bind,src=/a,dst=b",
	    "type=bind,src=/a,dst=/b,x=y", "type=bind,src=/a,dst=/b,tmpfs-size=1k",
	    "type=tmpfs,dst=/b,tmpfs-size=1z", "type=bind,src=/a,dst=/b,bind-propagation=ro",
	    "type=volume,src=/a,dst=/b", "type=bind,src=/a,dst=/b,bind-recursive=x"};
	struct volume_req v;
	(void)state;
	for (size_t i = 0; i < sizeof v_bad / sizeof v_bad[0]; i++) {
		assert_int_equal(volume_parse_v(v_bad[i], &v), -1);
		assert_null(v.dst);
	}
	for (size_t i = 0; i < sizeof m_bad / sizeof m_bad[0]; i++)
		assert_int_equal(volume_parse_mount(m_bad[i], &v), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(short_form), cmocka_unit_test(long_form), cmocka_unit_test(refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
