/* test_image.c: names, digests, manifests and configs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "err.h"
#include "image_store.h"
#include <cmocka.h> /* last: its fail() is a macro */

static void names(void **state)
{
	static const char *const good[][2] = {{"x", "x:latest"}, {"x:1", "x:1"},
	    {"a/b.c-d_e:T_1.0-x", "a/b.c-d_e:T_1.0-x"},
	    {"docker.io/library/busybox", "busybox:latest"}, {"docker.io/me/x:2", "me/x:2"},
	    {"localhost/x", "x:latest"},
	    {"registry.example:5000/x/y", "registry.example:5000/x/y:latest"},
	    {"registry.example:5000/x/y:z", "registry.example:5000/x/y:z"},
	    {"library/x", "x:latest"}, {"a__b/c---d.e", "a__b/c---d.e:latest"},
	    {"My-Host/x", "My-Host/x:latest"}, {"A.b:1/x", "A.b:1/x:latest"},
	    {"[::1]:5000/x:1", "[::1]:5000/x:1"}, {"[fe80::A]/x", "[fe80::A]/x:latest"}};
	static const char *const bad[] = {"", ":", ":x", "x:", "x:y:z", "/x", "x/", "a//b", "-x",
	    ".x", "a/.b", "a b", "x:-1", "x:a b", "\xc3\xa4", "a:1/b:2:3", "x@sha256:00", "Foo",
	    "a/B", "foo-", "a_", "a..b", "a.-b", "a___b", "a_/b", "a:/b", "a:1x/b", "a..b:1/c",
	    "A_b/c", "sha256:abc", "x/.:1", "[::1]", "[]/x", "[::1]:/x", "[::1/x", "[::1]x/y",
	    "a/[::1]/x"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		char *out = NULL;
		assert_int_equal(ref_parse(good[i][0], &out), 0);
		assert_string_equal(out, good[i][1]);
		free(out);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char *out = NULL;
		assert_int_equal(ref_parse(bad[i], &out), -1);
		assert_null(out);
	}
}

static void operands(void **state)
{
	(void)state;
	assert_true(image_is_ref("busybox"));
	assert_true(image_is_ref("busybox:1"));
	assert_true(image_is_ref("not/there/at/all:1"));
	assert_false(image_is_ref("/"));
	assert_false(image_is_ref("./x"));
	assert_false(image_is_ref("../x"));
	assert_false(image_is_ref("."));
	assert_false(image_is_ref(""));
}

static void digests(void **state)
{
	char hex[DIGEST_HEX];
	(void)state;
	digest_of("", 0, hex);
	assert_string_equal(
	    hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_of("abc", 3, hex);
	assert_string_equal(
	    hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_hex_valid(hex));
	hex[5] = 'A';
	assert_false(digest_hex_valid(hex));
	assert_null(digest_parse("x", "sha512:00"));
	assert_null(digest_parse("x", "sha256:../../etc"));
}

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static int manifest(const char *text)
{
	struct manifest m;
	int r = manifest_parse("m", text, strlen(text), &m);
	if (r == 0)
		manifest_free(&m);
	return r;
}

static void manifests(void **state)
{
	(void)state;
	assert_int_equal(
	    manifest("{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1},\"layers\":[]}"), 0);
	assert_int_equal(
	    manifest("{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1},\"layers\":[]}"), -1);
	assert_int_equal(
	    manifest("{\"config\":{\"digest\":\"sha256:../x\",\"size\":1},\"layers\":[]}"), -1);
	assert_int_equal(manifest("{\"config\":{\"size\":1},\"layers\":[]}"), -1);
	assert_int_equal(
	    manifest("{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1},\"layers\":[5]}"), -1);
	assert_int_equal(
	    manifest("{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1},\"layers\":{}}"), -1);
	assert_int_equal(manifest("{\"layers\":[]}"), -1);
	assert_int_equal(manifest("[]"), -1);
	assert_int_equal(manifest("{"), -1);
	assert_int_equal(manifest(""), -1);
}

static void configs(void **state)
{
	static const char text[] =
	    "{\"created\":\"2020-01-01T00:00:00Z\",\"config\":{\"Cmd\":[\"a\",\"b "
	    "c\"],\"Entrypoint\":null,\"Env\":[\"A=1\"],"
	    "\"Labels\":{\"k\":\"v\"},\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/"
	    "d\":{}},\"User\":\"u\",\"WorkingDir\":\"/w\"},"
	    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}";
	static const char *const bad[] = {"{}", "{\"rootfs\":{}}",
	    "{\"rootfs\":{\"diff_ids\":[1]}}", "{\"rootfs\":{\"diff_ids\":[\"x\"]}}",
	    "{\"rootfs\":{\"diff_ids\":[]},\"config\":[]}",
	    "{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Cmd\":\"x\"}}",
	    "{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Labels\":{\"a\":1}}}",
	    "{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Env\":[1]}}", "5", "null"};
	struct image_config c;
	(void)state;
	assert_int_equal(config_parse("c", text, strlen(text), &c), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.diff_ids[0], HEX);
	assert_int_equal(c.image.cmd.n, 2);
	assert_string_equal(c.image.cmd.v[1], "b c");
	assert_int_equal(c.image.entrypoint.n, 0);
	assert_string_equal(c.image.labels.v[0], "k=v");
	assert_string_equal(c.image.exposed.v[0], "80/tcp");
	assert_string_equal(c.image.volumes.v[0], "/d");
	assert_string_equal(c.image.user, "u");
	assert_string_equal(c.image.workdir, "/w");
	config_free(&c);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(config_parse("c", bad[i], strlen(bad[i]), &c), -1);
}

static void changes(void **state)
{
	static const char *const good[] = {"CMD [\"a\", \"b\"]", "cmd echo x", "ENTRYPOINT []",
	    "ENV A=1", "ENV A=2", "ENV B with blanks", "EXPOSE 80 53/udp", "LABEL k=\"v w\" l=m",
	    "USER u", "VOLUME /a /b", "VOLUME [\"/c d\"]", "WORKDIR /w", "STOPSIGNAL SIGUSR1",
	    "CMD=[\"q\"]"};
	static const char *const bad[] = {
	    "", "CMD", "NOPE x", "CMD [1]", "CMD [\"a\"", "LABEL k=v w", "USER \xff"};
	struct image_config c;
	(void)state;
	json_t *j = config_make(NULL, HEX, NULL, NULL);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_int_equal(config_change(j, good[i]), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(config_change(j, bad[i]), -1);
	char *text = json_text(j);
	assert_int_equal(config_parse("c", text, strlen(text), &c), 0);
	assert_string_equal(c.image.cmd.v[0], "q");
	assert_int_equal(c.image.env.n, 2);
	assert_string_equal(c.image.env.v[0], "A=2");
	assert_string_equal(c.image.env.v[1], "B=with blanks");
	assert_int_equal(c.image.exposed.n, 2);
	assert_int_equal(c.image.volumes.n, 3);
	assert_string_equal(c.image.stopsignal, "SIGUSR1");
	config_free(&c);
	free(text);
	json_decref(j);
}

/* A reader of archives that was taken over: it says too much, reads nothing, or does not end. */
static int talker(struct stream *s, int root, struct buf *left, void *arg)
{
	static char text[1 << 20];
	(void)s, (void)root, (void)arg;
	for (int i = 0; i < 100; i++)
		buf_add(left, text, sizeof text);
	return 0;
}

static int sleeper(struct stream *s, int root, struct buf *left, void *arg)
{
	(void)s, (void)root, (void)left, (void)arg;
	for (volatile bool ever = true; ever;)
		;
	return 0;
}

static int honest(struct stream *s, int root, struct buf *left, void *arg)
{
	(void)s, (void)root, (void)arg;
	buf_add(left, "word", 4);
	return 0;
}

static void taken_over(void **state)
{
	(void)state;
	struct stream_sums sums;
	FILE *f = tmpfile();
	alarm(120);                            /* also where QEMU plays the processor */
	for (int size = 1; size < 3; size++) { /* the second does not fit into a pipe */
		assert_int_equal(ftruncate(fileno(f), size == 1 ? 1024 : 8 << 20), 0);
		struct apart a = {.fd = fileno(f), .copy = -1, .root = open("/", O_PATH)};
		a.what = "x";
		struct buf left = {0}, much = {0};
		a.fn = honest;
		assert_int_equal(lseek(a.fd, 0, SEEK_SET), 0);
		assert_int_equal(apart_read(&a, &sums, &left), 0);
		assert_int_equal(left.n, 4);
		a.fn = talker;
		assert_int_equal(lseek(a.fd, 0, SEEK_SET), 0);
		assert_int_equal(apart_read(&a, &sums, &much), -1);
		assert_true(much.n < 70 << 20);
		assert_int_equal(errno, EFBIG);
		assert_string_equal((fail_msg)(), "x: the process that reads it says too much");
		a.fn = sleeper;
		apart_patience = 100;
		assert_int_equal(lseek(a.fd, 0, SEEK_SET), 0);
		assert_int_equal(apart_read(&a, &sums, &left), -1);
		assert_int_equal(errno, ETIMEDOUT);
		assert_string_equal((fail_msg)(), "x: the process that reads it does not end");
		apart_patience = 10000;
		buf_free(&left);
		buf_free(&much);
		close(a.root);
	}
	alarm(0);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(operands),
	    cmocka_unit_test(digests), cmocka_unit_test(manifests), cmocka_unit_test(configs),
	    cmocka_unit_test(changes), cmocka_unit_test(taken_over)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
