/* cgroup.h: finding the hierarchies in mountinfo, and each setting in the terms of both versions.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"
#include "err.h"
#include <cmocka.h>
#undef fail_msg /* the library's, not cmocka's */

/* "FILE=VALUE FILE=VALUE", or "!" and the message. */
static const char *translated(const char *key, const char *value, bool v2)
{
	static char out[512];
	struct cgroup_write w[CGROUP_WRITES];
	int n = cgroup_translate(key, value, v2, w);
	size_t at = 0;
	if (n < 0)
		snprintf(out, sizeof out, "!%s", fail_msg());
	for (int i = 0; i < n; i++) {
		at += (size_t)snprintf(
		    out + at, sizeof out - at, "%s%s=%s", i ? "; " : "", w[i].file, w[i].value);
		assert_string_equal(w[i].controller, cgroup_controller(w[i].file, v2));
		free(w[i].controller);
		free(w[i].file);
		free(w[i].value);
	}
	return out;
}

static void settings(void **state)
{
	static const struct {
		const char *key, *value, *v1, *v2;
	} t[] = {
	    {"memory.max", "64M", "memory.limit_in_bytes=67108864", "memory.max=67108864"},
	    {"memory.max", "max", "memory.limit_in_bytes=-1", "memory.max=max"},
	    {"memory.high", "1k", "memory.soft_limit_in_bytes=1024", "memory.high=1024"},
	    {"memory.low", "1g", "memory.soft_limit_in_bytes=1073741824", "memory.low=1073741824"},
	    {"memory.swap.max", "0", "memory.memsw.limit_in_bytes=0", "memory.swap.max=0"},
	    {"memory.oom.group", "1", "memory.oom.group=1", "memory.oom.group=1"},
	    {"memory.swappiness", "10", "memory.swappiness=10", "memory.swappiness=10"},
	    {"cpu.weight", "100", "cpu.shares=1024", "cpu.weight=100"},
	    {"cpu.weight", "1", "cpu.shares=2", "cpu.weight=1"},
	    {"cpu.weight", "10000", "cpu.shares=262144", "cpu.weight=10000"},
	    {"cpu.shares", "1024", "cpu.shares=1024", "cpu.weight=100"},
	    {"cpu.shares", "512", "cpu.shares=512", "cpu.weight=59"},
	    {"cpu.max", "20000",
		"cpu.cfs_quota_us=-1; cpu.cfs_period_us=100000; cpu.cfs_quota_us=20000",
		"cpu.max=20000 100000"},
	    {"cpu.max", "max 50000",
		"cpu.cfs_quota_us=-1; cpu.cfs_period_us=50000; cpu.cfs_quota_us=-1",
		"cpu.max=max 50000"},
	    {"cpuset.cpus", "0-1,3", "cpuset.cpus=0-1,3", "cpuset.cpus=0-1,3"},
	    {"pids.max", "10", "pids.max=10", "pids.max=10"},
	    {"pids.max", "max", "pids.max=max", "pids.max=max"},
	    {"io.weight", "default 10000", "blkio.bfq.weight=1000", "io.weight=10000"},
	    {"io.weight", "8:0 1", "blkio.bfq.weight_device=8:0 10", "io.weight=8:0 1"},
	    {"io.bfq.weight", "5", "blkio.bfq.weight=5", "io.bfq.weight=5"},
	    {"io.bfq.weight", "8:0 1000", "blkio.bfq.weight_device=8:0 1000",
		"io.bfq.weight=8:0 1000"},
	    {"io.max", "8:0 rbps=1M wbps=max riops=3 wiops=4",
		"blkio.throttle.read_bps_device=8:0 1048576; blkio.throttle.write_bps_device=8:0 "
		"0; "
		"blkio.throttle.read_iops_device=8:0 3; blkio.throttle.write_iops_device=8:0 4",
		"io.max=8:0 rbps=1048576 wbps=max riops=3 wiops=4"},
	    {"hugetlb.2MB.max", "4m", "hugetlb.2MB.limit_in_bytes=4194304",
		"hugetlb.2MB.max=4194304"},
	    {"hugetlb.1GB.max", "max", "hugetlb.1GB.limit_in_bytes=-1", "hugetlb.1GB.max=max"},
	    {"memory.limit_in_bytes", "1M", "memory.limit_in_bytes=1M", "memory.limit_in_bytes=1M"},
	    {"freezer.state", "FROZEN", "freezer.state=FROZEN", "freezer.state=FROZEN"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		assert_string_equal(translated(t[i].key, t[i].value, false), t[i].v1);
		assert_string_equal(translated(t[i].key, t[i].value, true), t[i].v2);
	}
}

static void wrong(void **state)
{
	static const char *const t[][2] = {{"memory.max", "lots"}, {"memory.max", "-1"},
	    {"memory.max", ""}, {"memory.max", "1\n2"}, {"memory.max", "99999999999999999999"},
	    {"cpu.weight", "0"}, {"cpu.weight", "10001"}, {"cpu.shares", "1"},
	    {"cpu.shares", "262145"}, {"cpu.max", "x"}, {"cpu.max", "1 2 3"}, {"cpu.max", "999"},
	    {"cpu.max", "20000 999"}, {"cpu.max", "20000 1000001"}, {"pids.max", "-1"},
	    {"pids.max", "4194305"}, {"io.weight", "0"}, {"io.bfq.weight", "1001"},
	    {"io.weight", "10001"}, {"io.weight", "sda 5"}, {"io.weight", "1 2 3"},
	    {"io.max", "8:0"}, {"io.max", "sda rbps=1"}, {"io.max", "8:0 rbps=x"},
	    {"io.max", "8:0 fast=1"}, {"io.max", "8:0 rbps=1 rbps=1 rbps=1 rbps=1 rbps=1"},
	    {"memory", "1"}, {".max", "1"}, {"a/b.c", "1"}, {"memory./../x", "1"},
	    {"abcdefghijklmnopqrstuvwxyzabcdefgh.max", "1"}};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		for (int v2 = 0; v2 < 2; v2++)
			assert_int_equal(*translated(t[i][0], t[i][1], v2), '!');
}

/* runc's formula, by libm, for every number of shares; and back. */
static void weights(void **state)
{
	(void)state;
	uint64_t before = 0;
	for (uint64_t s = 2; s <= 262144; s += s < 2000 ? 1 : 97) {
		double l = log2((double)s), e = (l * l + 125 * l) / 612 - 7.0 / 34;
		uint64_t w = cgroup_weight_of_shares(s), want = (uint64_t)ceil(pow(10, e) - 1e-6);
		assert_int_equal(w, want);
		assert_true(w >= before);
		before = w;
	}
	assert_int_equal(cgroup_weight_of_shares(0), 1);
	assert_int_equal(cgroup_weight_of_shares(1024), 100);
	assert_int_equal(cgroup_weight_of_shares(262144), 10000);
	assert_int_equal(cgroup_weight_of_shares(UINT64_MAX), 10000);
	for (uint64_t w = 1; w <= 10000; w += w < 200 ? 1 : 71)
		assert_int_equal(cgroup_weight_of_shares(cgroup_shares_of_weight(w)), w);
	for (uint64_t b = 10; b <= 1000; b++)
		assert_int_equal(cgroup_blkio_of_io(cgroup_io_of_blkio(b)), b);
	assert_int_equal(cgroup_io_of_blkio(10), 1);
	assert_int_equal(cgroup_io_of_blkio(500), 4950);
	assert_int_equal(cgroup_io_of_blkio(1000), 10000);
	assert_int_equal(cgroup_blkio_of_io(10001), 1000);
}

static void options(void **state)
{
	(void)state;
	assert_string_equal(cgroup_config("cpu.max", false), "CFS_BANDWIDTH");
	assert_string_equal(cgroup_config("pids.max", true), "CGROUP_PIDS");
	assert_null(cgroup_config("memory.oom.group", false));
	assert_string_equal(cgroup_config("memory.oom.group", true), "MEMCG");
	assert_null(cgroup_config("nosuch.max", true));
}

static void hierarchies(void **state)
{
	struct cgroup_hierarchy h[8];
	(void)state;
	static const char text[] =
	    "24 23 0:20 / /proc rw - proc proc rw\n"
	    "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup "
	    "rw,cpu,cpuacct\n"
	    "32 30 0:29 / /sys/fs/cgroup/memory rw,relatime shared:1 master:2 - cgroup cgroup "
	    "rw,memory,clone_children\n"
	    "33 30 0:29 / /mnt/memory rw - cgroup cgroup rw,memory,clone_children\n"
	    "39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
	    "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
	    "41 30 0:38 / /a - b cgroup - ext4 x rw\n"
	    "42 30 0:39 / /bad - cgroup\n"
	    "43 30 0:40 / /none rw - cgroup cgroup rw\n";
	size_t n = cgroup_parse_mountinfo(text, h, 8);
	assert_int_equal(n, 4);
	assert_string_equal(h[0].controllers, "cpu,cpuacct");
	assert_string_equal(h[0].options, "cpu,cpuacct");
	assert_string_equal(h[1].mount, "/sys/fs/cgroup/memory");
	assert_string_equal(h[1].controllers, "memory");
	assert_true(h[2].named && !h[2].v2);
	assert_string_equal(h[2].options, "name=systemd");
	assert_true(h[3].v2);
	assert_string_equal(h[3].name, "unified");
	assert_int_equal(cgroup_parse_mountinfo(text, h, 2), 2);
	assert_int_equal(cgroup_parse_mountinfo("", h, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(settings), cmocka_unit_test(wrong),
	    cmocka_unit_test(weights), cmocka_unit_test(options), cmocka_unit_test(hierarchies)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
