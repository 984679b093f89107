/* test_addr.c: address arithmetic and the syntax of published ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "portspec.h"

static struct cidr cidr(const char *s)
{
	struct cidr c;
	assert_int_equal(cidr_parse("test", s, &c), 0);
	return c;
}

static struct addr addr(const char *s)
{
	struct addr a;
	assert_int_equal(addr_parse("test", s, &a), 0);
	return a;
}

static void ends(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
	    {"10.1.2.3/16", "10.1.0.0", "10.1.255.255"},
	    {"10.1.2.3/32", "10.1.2.3", "10.1.2.3"},
	    {"10.1.2.3/0", "0.0.0.0", "255.255.255.255"},
	    {"10.1.2.200/25", "10.1.2.128", "10.1.2.255"},
	    {"fd00::5/64", "fd00::", "fd00::ffff:ffff:ffff:ffff"},
	    {"fd00::5/127", "fd00::4", "fd00::5"},
	    {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char t[ADDR_TEXT];
		struct cidr c = cidr(rows[i][0]);
		struct addr a = cidr_first(&c), b = cidr_last(&c);
		assert_string_equal(addr_text(&a, t), rows[i][1]);
		assert_string_equal(addr_text(&b, t), rows[i][2]);
		assert_true(cidr_has(&c, &a) && cidr_has(&c, &b));
	}
}

static void arithmetic(void **state)
{
	(void)state;
	struct addr a = addr("10.0.0.255"), b = addr("10.0.1.0"), c = addr("255.255.255.255"),
		    d = addr("fd00::ffff:ffff"), e = addr("fe00::");
	addr_next(&a);
	assert_int_equal(addr_cmp(&a, &b), 0);
	addr_next(&c);
	assert_true(addr_is_any(&c));
	addr_next(&d);
	char t[ADDR_TEXT];
	assert_string_equal(addr_text(&d, t), "fd00::1:0:0");
	assert_true(addr_distance(&e, &d) == UINT64_MAX);
	a = addr("10.1.0.0");
	assert_true(addr_distance(&a, &b) == 65536 - 256);
}

static void overlaps(void **state)
{
	(void)state;
	struct cidr a = cidr("10.0.0.0/8"), b = cidr("10.1.2.3/24"), c = cidr("11.0.0.0/8"),
		    d = cidr("fd00::/8");
	assert_true(cidr_overlap(&a, &b) && cidr_overlap(&b, &a));
	assert_false(cidr_overlap(&a, &c) || cidr_overlap(&a, &d));
}

static void refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "/", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1",
	    "10.0.0/8", "10.0.0.0/8x", "fd00::/129", "[10.0.0.1]/8", "[fd00::1", "::g/4"};
	struct cidr c;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(cidr_parse("test", bad[i], &c), -1);
	uint8_t m[6];
	assert_int_equal(mac_parse("m", "02:42:0a:FF:00:02", m), 0);
	assert_int_equal(m[3], 0xff);
	assert_int_equal(mac_parse("m", "01:42:0a:ff:00:02", m), -1);
	assert_int_equal(mac_parse("m", "02:42:0a:ff:00", m), -1);
	assert_int_equal(mac_parse("m", "02:42:0a:ff:00:02:", m), -1);
}

static void ports(void **state)
{
	(void)state;
	struct portspec p;
	assert_int_equal(portspec_parse("-p", "127.0.0.1:8000-8010:80-90/udp", &p), 0);
	assert_int_equal(p.h0, 8000);
	assert_int_equal(p.h1, 8010);
	assert_int_equal(p.c1, 90);
	assert_int_equal(p.proto, IPPROTO_UDP);
	assert_int_equal(p.host.b[0], 127);
	assert_int_equal(portspec_parse("-p", "[fd00::1]:80:81", &p), 0);
	assert_int_equal(p.host.family, AF_INET6);
	assert_int_equal(portspec_parse("-p", "127.0.0.1::80", &p), 0);
	assert_int_equal(p.h0, 0);
	assert_int_equal(portspec_parse("-p", "80", &p), 0);
	assert_int_equal(p.c0, 80);
	static const char *const bad[] = {"", ":", "0", "65536", "80:", "1:2:3", "80-70:80-70",
	    "80-81:80", "80/", "80/icmp", "fd00::1:80:80", "[::1]:80:80", "a:80:80", "80 :80",
	    "+80"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(portspec_parse("-p", bad[i], &p), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(arithmetic),
	    cmocka_unit_test(overlaps), cmocka_unit_test(refused), cmocka_unit_test(ports)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
