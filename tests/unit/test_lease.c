/* test_lease.c: a /16 leased address by address, and what a lease file must look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "tree.h"
#include "lease.h"

/* All of its 65,533 addresses (not the network's, not the gateway's, not the broadcast's), each
 * once, then an error. */
static void all_of_a_16(void **state)
{
	(void)state;
	/* in memory, where that is: 65,533 files */
	char shm[] = "/dev/shm/ctrt.lease-XXXXXX", tmp[] = "/tmp/ctrt.lease-XXXXXX", t[ADDR_TEXT];
	char *dir = mkdtemp(shm) ? shm : mkdtemp(tmp);
	struct addr gw, got, want;
	struct lease_req r = {.exclude = &gw, .excludes = 1, .owner = "o", .ifname = "eth0"};
	assert_non_null(dir);
	assert_int_equal(cidr_parse("t", "10.1.0.0/16", &r.subnet), 0);
	assert_int_equal(addr_parse("t", "10.1.0.1", &gw), 0);
	want = gw;
	for (int i = 0; i < 65533; i++) {
		addr_next(&want);
		if (lease_take(dir, &r, &got) < 0 || addr_cmp(&got, &want) != 0)
			fail();
	}
	assert_string_equal(addr_text(&got, t), "10.1.255.254");
	assert_int_equal(lease_take(dir, &r, &got), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(addr_parse("t", "10.1.77.7", &want), 0);
	assert_int_equal(lease_free(dir, &want), 1);
	assert_int_equal(lease_take(dir, &r, &got), 0);
	assert_int_equal(addr_cmp(&got, &want), 0);
	assert_int_equal(lease_free_owner(dir, "o"), 65533);
	assert_int_equal(tree_remove_at(AT_FDCWD, dir), 0);
}

static void files(void **state)
{
	(void)state;
	struct lease l;
	char good[] = "owner\r\neth0\r\nweb db\n", bare[] = "owner", empty[] = "",
	     blank[] = "\neth0\n";
	assert_true(lease_parse(good, sizeof good - 1, &l));
	assert_string_equal(l.owner, "owner");
	assert_string_equal(l.ifname, "eth0");
	assert_string_equal(l.names, "web db");
	assert_true(lease_parse(bare, sizeof bare - 1, &l));
	assert_string_equal(l.names, "");
	assert_false(lease_parse(empty, 0, &l));
	assert_false(lease_parse(blank, sizeof blank - 1, &l));
	char nul[] = "a\0b";
	assert_false(lease_parse(nul, 3, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(files), cmocka_unit_test(all_of_a_16)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
