/* test_netcfg.c: lines of ctr-netcfg; lease files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lease.h"
#include "netcfg.h"

static struct netcfg_op *ops;
static size_t n;

static int parse(const char *text)
{
	for (size_t i = 0; i < n; i++)
		netcfg_free(&ops[i]);
	free(ops);
	ops = NULL;
	n = 0;
	return netcfg_parse_text(&ops, &n, "t", text);
}

static void good(void **state)
{
	(void)state;
	assert_int_equal(parse("# all\n\nbridge add br0 10.0.0.1/24 fd00::1/64 mtu 1400\r\n"
			       "attach br0 1 10.0.0.2/24 if eth7 gw 10.0.0.1 gw fd00::1 mac "
			       "02:00:00:00:00:01 # x\n"
			       "route add default via fd00::1 in /proc/1/ns/net\nlink down "
			       "br0\nnat del 10.0.0.0/24 out wan\n"
			       "publish 127.0.0.1:80-81/udp 10.0.0.2:90-91\nunpublish "
			       "[fd00::9]:80\nsysctl forward"),
	    0);
	assert_int_equal(n, 8);
	assert_int_equal(ops[0].addrs, 2);
	assert_int_equal(ops[0].mtu, 1400);
	assert_string_equal(ops[1].ifname, "eth7");
	assert_true(
	    ops[1].has_mac && ops[1].gw[0].family == AF_INET && ops[1].gw[1].family == AF_INET6);
	assert_int_equal(ops[2].addr[0].a.family, AF_INET6);
	assert_string_equal(ops[2].ns, "/proc/1/ns/net");
	assert_true(ops[3].del && ops[4].del);
	assert_string_equal(ops[4].out, "wan");
	assert_int_equal(ops[5].port.h1, 81);
	assert_int_equal(ops[5].port.c0, 90);
	assert_int_equal(ops[6].port.host.family, AF_INET6);
	assert_int_equal(ops[7].line, 10);
}

static void bad(void **state)
{
	(void)state;
	static const char *const rows[] = {"bridge", "bridge add", "bridge add a/b",
	    "bridge add \xc3\xa4", "bridge del x 10.0.0.1/8", "attach b", "attach b 1",
	    "publish 53 1.2.3.4:53/udp", "attach b 1 10.0.0.1", "attach b 1 mac",
	    "attach b 1 mtu 9", "detach", "detach 1 if", "addr add x", "route add default",
	    "route add 10.0.0.0/8", "link x", "nat add", "nat add 1.2.3.4", "publish 80",
	    "publish 80 1.2.3.4", "publish 80-82 1.2.3.4:80-81", "publish 1.1.1.1:80 [fd00::1]:80",
	    "unpublish x", "sysctl", "x"};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (parse(rows[i]) == 0)
			assert_string_equal(rows[i], "refused");
		assert_int_equal(n, 0);
	}
}

static void leases(void **state)
{
	(void)state;
	struct lease l;
	char a[] = "id\neth0\nweb al\n", b[] = "id\r\neth0\r\n", c[] = "id", d[] = "",
	     e[] = "\neth0\n", f[] = "a\0b";
	assert_true(lease_parse(a, strlen(a), &l));
	assert_string_equal(l.owner, "id");
	assert_string_equal(l.ifname, "eth0");
	assert_string_equal(l.names, "web al");
	assert_true(lease_parse(b, strlen(b), &l));
	assert_string_equal(l.ifname, "eth0");
	assert_true(lease_parse(c, strlen(c), &l));
	assert_string_equal(l.names, "");
	assert_false(lease_parse(d, 0, &l));
	assert_false(lease_parse(e, strlen(e), &l));
	assert_false(lease_parse(f, 3, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good), cmocka_unit_test(bad), cmocka_unit_test(leases)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
