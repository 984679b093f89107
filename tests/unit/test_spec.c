/* The spec: docker's defaults, config.json read and written, and what is said of a wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "json.h"
#include "spec.h"
#include <cmocka.h> /* last: its fail() and fail_msg() are macros; (fail_msg)() is ours */

/* A whole document around `extra`, which begins with a comma or is empty; one around a process. */
#define PROCESS(members, extra)                                                                    \
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\"" members    \
	"},\"root\":{\"path\":\"rootfs\"}" extra "}"
#define DOC(process_extra, extra) PROCESS(",\"user\":{\"uid\":0,\"gid\":0}" process_extra, extra)
#define LINUX(members) DOC("", ",\"linux\":{" members "}")
#define RES(members) LINUX("\"resources\":{" members "}")

static void parsed(struct spec *s, const char *text)
{
	if (spec_parse(s, "c", text, strlen(text)) < 0)
		fail_msg("refused: %s", (fail_msg)());
}

/* Text to spec to text: the same text again. */
static void same_again(const struct spec *s)
{
	struct spec t;
	char *one = spec_text(s);
	parsed(&t, one);
	char *two = spec_text(&t);
	assert_string_equal(one, two);
	free(one);
	free(two);
	spec_free(&t);
}

static void defaults(void **state)
{
	(void)state;
	struct spec s;
	spec_default(&s);
	assert_int_equal(s.mounts.n, 7);
	assert_string_equal(s.mounts.v[1].dest, "/dev");
	assert_true(strv_has(&s.mounts.v[1].options, "strictatime"));
	assert_int_equal(__builtin_popcountll(s.caps.bounding), 14);
	assert_int_equal(s.caps.inheritable, 0);
	assert_int_equal(s.caps.ambient, 0);
	assert_int_equal(s.devices.n, 6);
	assert_false(s.device_rules.v[0].allow);
	assert_int_equal(s.device_rules.v[0].type, 'a');
	assert_true(strv_has(&s.masked_paths, "/proc/kcore"));
	assert_true(strv_has(&s.readonly_paths, "/proc/sys"));
	assert_false(s.ns_new & 1u << NS_USER);
	assert_int_equal(s.umask, -1);
	strv_add(&s.args, "sh");
	same_again(&s);
	spec_free(&s);
	assert_null(s.args.v);
}

static void full_spec(struct spec *s)
{
	spec_default(s);
	strv_add(&s->args, "sh");
	strv_add(&s->args, "a \"quoted\" \\ \t\x01 \xc3\xa9");
	strv_add(&s->env, "EMPTY=");
	strv_add(&s->env, "X=a=b");
	s->terminal = s->root_readonly = s->no_new_privileges = s->has_oom_score_adj = true;
	s->rows = 24;
	s->cols = 80;
	s->uid = 1000;
	s->gid = 0xfffffffe;
	s->umask = 027;
	s->oom_score_adj = -1000;
	spec_rlimit_set(s, "RLIMIT_NOFILE", 1024, ~0ull);
	spec_rlimit_set(s, "RLIMIT_NOFILE", 512, ~0ull);
	s->hostname = xstrdup("h");
	s->root_path = xstrdup("/r");
	s->ns_new &= ~(1u << NS_NET);
	s->ns_path[NS_NET] = xstrdup("/proc/1/ns/net");
	spec_device_add(s, "/dev/fuse", 'c', 10, 229, 0600, 1, 2);
	device_rule_add(s, true, 'b', 8, -1, "r");
	strv_add(&s->resources, "memory.max=1048576");
	strv_add(&s->resources, "io.max=8:0 rbps=1");
	strv_add(&s->resources, "io.max=8:16 wbps=2");
	strv_add(&s->sysctl, "net.ipv4.ip_forward=1");
	strv_add(&s->annotations, "org.example=1");
	s->seccomp = xstrdup("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	s->x_user = xstrdup("www-data:staff");
	strv_add(&s->x_groups, "audio");
	strv_add(&s->x_lower, "/l,1:\"2\"");
	s->x_init = s->x_keep_id = true;
}

static void round_trip(void **state)
{
	(void)state;
	struct spec s, t;
	full_spec(&s);
	same_again(&s);
	char *text = spec_text(&s);
	parsed(&t, text);
	assert_string_equal(t.args.v[1], s.args.v[1]);
	assert_int_equal(t.rlimits.n, 1);
	assert_int_equal(t.rlimits.v[0].soft, 512);
	assert_true(t.rlimits.v[0].hard == ~0ull);
	assert_int_equal(t.umask, 027);
	assert_int_equal(t.resources.n, 3);
	assert_string_equal(t.resources.v[2], "io.max=8:16 wbps=2");
	assert_string_equal(t.seccomp, s.seccomp);
	assert_string_equal(t.x_user, "www-data:staff");
	assert_string_equal(t.x_lower.v[0], "/l,1:\"2\"");
	assert_true(t.x_init && t.x_keep_id && !t.x_privileged);
	assert_int_equal(t.annotations.n, 1);
	assert_string_equal(t.ns_path[NS_NET], "/proc/1/ns/net");
	assert_int_equal(t.device_rules.v[t.device_rules.n - 1].minor, -1);
	free(text);
	spec_free(&s);
	spec_free(&t);
}

static void golden(void **state)
{
	(void)state;
	struct spec s = {.umask = -1};
	strv_add(&s.args, "sh");
	strv_add(&s.resources, "pids.max=5");
	s.ns_new = 1u << NS_MNT;
	char *text = spec_text(&s);
	assert_string_equal(text,
	    "{\"ociVersion\":\"1.2.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":["
	    "\"sh\"],\"cwd\":\"/\",\"capabilities\":{"
	    "\"bounding\":[],\"effective\":[],\"permitted\":[],\"inheritable\":[],\"ambient\":[]}"
	    "},\"root\":{\"path\":\"rootfs\"},"
	    "\"mounts\":[],\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"resources\":{"
	    "\"unified\":{\"pids.max\":\"5\"}}}}\n");
	free(text);
	spec_free(&s);
}

/* What flags can hold and JSON cannot must still give a file that can be read. */
static void always_readable(void **state)
{
	(void)state;
	struct spec s, t;
	spec_default(&s);
	strv_add(&s.args, "caf\xe9");
	strv_add(&s.args, "\xed\xa0\x80\x7f");
	char *text = spec_text(&s);
	parsed(&t, text);
	assert_string_equal(t.args.v[0], "caf\xef\xbf\xbd");
	free(text);
	spec_free(&s);
	spec_free(&t);
}

static void resources(void **state)
{
	(void)state;
	static const struct {
		const char *text, *is;
	} cases[] = {
	    {RES("\"memory\":{\"limit\":1000,\"swap\":1500,\"reservation\":10}"),
		"memory.max=1000 memory.low=10 memory.swap.max=500"},
	    {RES("\"memory\":{\"limit\":-1}"), "memory.max=max"},
	    {RES("\"memory\":{\"limit\":5,\"swap\":-1}"), "memory.max=5 memory.swap.max=max"},
	    {RES("\"memory\":{\"limit\":5,\"swap\":5}"), "memory.max=5 memory.swap.max=0"},
	    {RES("\"memory\":{\"limit\":0,\"swap\":0}"), ""},
	    {RES("\"cpu\":{\"shares\":1024}"), "cpu.shares=1024"},
	    {RES("\"cpu\":{\"shares\":2}"), "cpu.shares=2"},
	    {RES("\"cpu\":{\"shares\":262144}"), "cpu.shares=262144"},
	    {RES("\"cpu\":{\"shares\":0}"), ""},
	    {RES("\"cpu\":{\"quota\":5000}"), "cpu.max=5000 100000"},
	    {RES("\"cpu\":{\"quota\":-1,\"period\":2000}"), "cpu.max=max 2000"},
	    {RES("\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}"), "cpuset.cpus=0-1 cpuset.mems=0"},
	    {RES("\"pids\":{\"limit\":7}"), "pids.max=7"},
	    {RES("\"pids\":{\"limit\":-1}"), "pids.max=max"},
	    {RES("\"blockIO\":{\"weight\":1000}"), "io.bfq.weight=1000"},
	    {RES("\"blockIO\":{\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":1,\"rate\":9}]}"),
		"io.max=8:1 riops=9"},
	    {RES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4}]"),
		"hugetlb.2MB.max=4 hugetlb.2MB.rsvd.max=4"},
	    {RES("\"memory\":{\"swappiness\":60,\"disableOOMKiller\":true,\"kernelTCP\":9}"),
		"memory.swappiness=60 memory.kmem.tcp.limit_in_bytes=9 memory.oom_control=1"},
	    {RES("\"cpu\":{\"quota\":5000,\"burst\":4000,\"idle\":1,\"realtimePeriod\":9,"
		 "\"realtimeRuntime\":8}"),
		"cpu.max=5000 100000 cpu.max.burst=4000 cpu.rt_period_us=9 cpu.rt_runtime_us=8 "
		"cpu.idle=1"},
	    {RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":5}]}"),
		"io.bfq.weight=8:0 5"},
	    {RES("\"network\":{\"classID\":5,\"priorities\":[{\"name\":\"lo\",\"priority\":3}]}"),
		"net_cls.classid=5 net_prio.ifpriomap=lo 3"},
	    {RES("\"rdma\":{\"mlx5\":{\"hcaHandles\":3,\"hcaObjects\":4}}"),
		"rdma.max=mlx5 hca_handle=3 hca_object=4"},
	    {RES("\"unified\":{\"memory.high\":\"9\",\"io.max\":\"8:0 rbps=1\\n8:1 rbps=2\"}"),
		"memory.high=9 io.max=8:0 rbps=1 io.max=8:1 rbps=2"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct spec s;
		struct buf b = {0};
		parsed(&s, cases[i].text);
		buf_puts(&b, "");
		for (size_t j = 0; j < s.resources.n; j++)
			buf_printf(&b, "%s%s", j ? " " : "", s.resources.v[j]);
		assert_string_equal(b.p, cases[i].is);
		buf_free(&b);
		spec_free(&s);
	}
}

/* What other writers put into a config.json, and what the spec lets us ignore. */
static void accepted(void **state)
{
	(void)state;
	struct spec s;
	parsed(&s, DOC(",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":"
		       "18446744073709551615}]",
		       ""));
	assert_true(s.rlimits.v[0].hard == ~0ull && s.rlimits.v[0].soft == 0);
	spec_free(&s);
	parsed(&s, DOC(",\"env\":[\"J={\\\"hard\\\":18446744073709551615}\"]", ""));
	assert_string_equal(s.env.v[0], "J={\"hard\":18446744073709551615}");
	spec_free(&s);
	parsed(&s,
	    DOC(",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_FROM_THE_FUTURE\",\"ALL\"]}",
		""));
	assert_int_equal(s.caps.bounding, 1u << 5);
	spec_free(&s);
	parsed(&s, DOC("", ",\"mounts\":[{\"destination\":\"data\",\"source\":\"/"
			   "x\",\"options\":[\"rbind\"]}],\"future\":[1]"));
	assert_string_equal(s.mounts.v[0].dest, "/data");
	assert_string_equal(s.mounts.v[0].type, "bind");
	assert_int_equal(s.umask, -1);
	spec_free(&s);
	parsed(&s, LINUX("\"devices\":[{\"path\":\"/dev/"
			 "x\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":8630}],"
			 "\"timeOffsets\":{},\"maskedPaths\":null"));
	assert_int_equal(s.devices.v[0].mode, 0666);
	spec_free(&s);
}

/* Every member beside those that docker sets, read, written and read again. */
static void every_member(void **state)
{
	(void)state;
	struct spec s;
	char *text = NULL;
	size_t len;
	FILE *f = fopen("tests/fuzz/corpus/spec/everything.json", "r");
	assert_non_null(f);
	ssize_t n = getdelim(&text, &len, 0, f);
	fclose(f);
	assert_true(n > 0);
	parsed(&s, text);
	free(text);
	assert_int_equal(s.scheduler->policy, 1);
	assert_int_equal(s.scheduler->priority, 10);
	assert_int_equal(s.scheduler->flags, 5);
	assert_int_equal(s.io_class, 2);
	assert_int_equal(s.io_priority, 4);
	assert_string_equal(s.affinity_initial, "0-1");
	assert_string_equal(s.affinity_final, "0");
	assert_string_equal(s.apparmor, "profile");
	assert_string_equal(s.selinux_label, "a:b:c:s0");
	assert_string_equal(s.mount_label, "d:e:f:s0");
	assert_int_equal(s.mounts.v[0].n_uid_map, 1);
	assert_int_equal(s.mounts.v[0].gid_map[0].host, 2000);
	assert_true(s.ns_new & 1u << NS_TIME);
	assert_int_equal(s.offset_boottime.secs, -7);
	assert_int_equal(s.offset_monotonic.nanosecs, 5);
	assert_true(s.has_personality && s.personality == 8);
	assert_string_equal(s.net_devices.v[0], "eth7=eth0");
	assert_string_equal(s.net_devices.v[1], "eth8=eth8");
	assert_int_equal(s.memory_policy->mode, 2);
	assert_int_equal(s.memory_policy->flags, 1 << 15);
	assert_string_equal(s.memory_policy->nodes, "0,2-3");
	assert_string_equal(s.rdt->clos_id, "gold");
	assert_int_equal(s.rdt->schemata.n, 2);
	assert_true(s.rdt->monitoring && s.check_before_update);
	assert_int_equal(s.hooks[HOOK_START_CONTAINER].n, 1);
	same_again(&s);
	spec_free(&s);
}

/* A process alone, as runc exec --process has it: nothing of the other one stays. */
static void process_alone(void **state)
{
	(void)state;
	struct spec s;
	static const char p[] =
	    "{\"args\":[\"id\"],\"cwd\":\"/tmp\",\"user\":{\"uid\":5,\"gid\":6}}";
	full_spec(&s);
	assert_int_equal(spec_parse_process(&s, "p", p, sizeof p - 1), 0);
	assert_int_equal(s.args.n, 1);
	assert_string_equal(s.args.v[0], "id");
	assert_int_equal(s.env.n, 0);
	assert_int_equal(s.rlimits.n, 0);
	assert_false(s.terminal || s.no_new_privileges || s.has_oom_score_adj);
	assert_int_equal(s.caps.bounding, 0);
	assert_int_equal(s.umask, -1);
	assert_string_equal(s.root_path, "/r");
	assert_int_equal(spec_parse_process(&s, "p", "{\n\"args\":3}", 11), -1);
	assert_string_equal((fail_msg)(), "p:2:1: process.args: must be an array");
	spec_free(&s);
}

static const struct {
	const char *text, *message;
} wrong[] = {
    {"", "c:1:0: unexpected token near end of file"},
    {"[]", "c:1:1: must be an object"},
    {"{}", "c:1:1: ociVersion: is missing"},
    {"{\"ociVersion\":\"2.0\"}", "c:1:2: ociVersion: 2.0 is not supported (1.x is)"},
    {"{\"ociVersion\":1}", "c:1:2: ociVersion: must be a string"},
    {"{\"ociVersion\":\"1.0.2\"}", "c:1:1: process: is missing"},
    {"{\"ociVersion\":\"1.0.2\",\n \"process\":[]}", "c:2:2: process: must be an object"},
    {"{\"ociVersion\":\"1.0.2\",\n \"process\":{\"user\":{},\n  \"args\":\"sh\"}}",
	"c:3:3: process.args: must be an array"},
    {"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{},\"args\":[1]}}",
	"c:1:44: process.args: must be an array of strings (without NUL)"},
    {"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{},\"args\":[]}}",
	"c:1:44: process.args: is missing"},
    {"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{},\"args\":[\"a\"]}}",
	"c:1:23: process.cwd: is missing"},
    {"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{},\"args\":[\"a\"],\"cwd\":\"x\"}}",
	"c:1:57: process.cwd: 'x' is not absolute"},
    {"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{},\"args\":[\"a\"],\"cwd\":\"/\"}}",
	"c:1:1: root: is missing"},
    {"{\"a\":1,\"a\":2}", "c:1:10: duplicate object key near '\"a\"'"},
    {PROCESS(",\"user\":7", ""), "process.user: must be an object"},
    {PROCESS(",\"user\":{\"umask\":512}", ""), "process.user.umask: must be between 0 and 511"},
    {PROCESS(",\"user\":{\"additionalGids\":[0,-1]}", ""),
	"process.user.additionalGids: item 1 must be a group id"},
    {DOC(",\"env\":[\"A=1\",\"=x\"]", ""), "process.env: '=x' is not NAME=VALUE"},
    {DOC(",\"env\":[\"A\"]", ""), "process.env: 'A' is not NAME=VALUE"},
    {DOC(",\"terminal\":1", ""), "process.terminal: must be true or false"},
    {DOC(",\"capabilities\":[]", ""), "process.capabilities: must be an object"},
    {DOC(",\"capabilities\":{\"ambient\":{}}", ""),
	"process.capabilities.ambient: must be an array"},
    {DOC(",\"rlimits\":[{\"soft\":1,\"hard\":1}]", ""), "process.rlimits[0].type: is missing"},
    {DOC(",\"rlimits\":[{\"type\":\"x\\\",\",\"soft\":1,\"hard\":1}]", ""),
	"process.rlimits[0].type: is not a limit"},
    {DOC(",\"oomScoreAdj\":1001", ""), "process.oomScoreAdj: must be between -1000 and 1000"},
    {DOC("", ",\"hostname\":{}"), "hostname: must be a string"},
    {DOC("", ",\"mounts\":[{},3]"), "mounts[0].destination: is missing"},
    {DOC("", ",\"mounts\":[3]"), "mounts[0]: must be an object"},
    {DOC("", ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]"),
	"mounts[0].source: is missing"},
    {DOC("", ",\"hooks\":[]"), "hooks: must be an object"},
    {DOC("", ",\"hooks\":{\"poststop\":[{}]}"), "hooks.poststop[0].path: must be an absolute path"},
    {DOC("", ",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}"),
	"hooks.poststop[0].path: must be an absolute path"},
    {DOC("", ",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}"),
	"hooks.poststop[0].timeout: must be between 1 and 86400"},
    {DOC("", ",\"linux\":5"), "linux: must be an object"},
    {LINUX("\"namespaces\":[{\"type\":\"user\"},{\"type\":\"disk\"}]"),
	"linux.namespaces[1].type: 'disk' is not a namespace"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
	"linux.namespaces[1].type: 'pid' is there twice"},
    {LINUX("\"namespaces\":[{}]"), "linux.namespaces[0].type: '' is not a namespace"},
    {LINUX("\"uidMappings\":[{\"hostID\":-1}]"),
	"linux.uidMappings[0].hostID: must be between 0 and 4294967295"},
    {LINUX("\"devices\":[{\"path\":\"dev/x\",\"type\":\"c\"}]"),
	"linux.devices[0]: needs an absolute path and a type"},
    {LINUX("\"devices\":[{\"path\":\"/dev/x\"}]"),
	"linux.devices[0]: needs an absolute path and a type"},
    {LINUX("\"sysctl\":{\"../../etc/x\":\"1\"}"),
	"linux.sysctl: '../../etc/x=1' contains an invalid path"},
    {LINUX("\"sysctl\":{\"net.//.x\":\"1\"}"),
	"linux.sysctl: 'net.//.x=1' contains an invalid path"},
    {LINUX("\"sysctl\":{\"net.\":\"1\"}"), "linux.sysctl: 'net.=1' contains an invalid path"},
    {LINUX("\"sysctl\":{\"net.a\":1}"), "linux.sysctl.net.a: must be a string"},
    {LINUX("\"seccomp\":\"no\""), "linux.seccomp: must be an object"},
    {LINUX("\"resources\":[]"), "linux.resources: must be an object"},
    {LINUX("\"timeOffsets\":{\"realtime\":{\"secs\":1}}"),
	"linux.timeOffsets.realtime: is not monotonic or boottime"},
    {LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
	"linux.timeOffsets.boottime.nanosecs: must be below 1000000000"},
    {LINUX("\"personality\":{}"), "linux.personality.domain: is missing"},
    {LINUX("\"personality\":{\"domain\":\"BSD\"}"), "linux.personality.domain: 'BSD' is not known"},
    {LINUX("\"netDevices\":{\"a/b\":{}}"), "linux.netDevices.a/b: is not the name of an interface"},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_X\"}"),
	"linux.memoryPolicy.mode: 'MPOL_X' is not known"},
    {LINUX("\"intelRdt\":{\"closID\":\"../a\"}"),
	"linux.intelRdt.closID: '../a' is not the name of a folder"},
    {LINUX("\"intelRdt\":{\"memBwSchema\":\"L3:1\"}"),
	"linux.intelRdt.memBwSchema: must be one line that starts with MB:"},
    {LINUX("\"rootfsPropagation\":\"sl\""), "linux.rootfsPropagation: 'sl' is not known"},
    {LINUX("\"maskedPaths\":[\"proc\"]"), "linux.maskedPaths: 'proc' is not an absolute path"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"p\"}]"),
	"linux.namespaces[0].path: 'p' is not absolute"},
    {LINUX("\"uidMappings\":[{\"hostID\":1,\"size\":1}]"),
	"linux.uidMappings[0].containerID: is missing"},
    {LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}]"),
	"linux.devices[0].minor: is missing"},
    {RES("\"memory\":{\"swappiness\":101}"),
	"linux.resources.memory.swappiness: must be between 0 and 100"},
    {RES("\"rdma\":{\"mlx\":{}}"), "linux.resources.rdma.mlx: needs hcaHandles or hcaObjects"},
    {RES("\"network\":{\"priorities\":[{\"priority\":1}]}"),
	"linux.resources.network.priorities[0].name: is missing"},
    {RES("\"cpu\":{\"quota\":5000,\"burst\":6000}"),
	"linux.resources.cpu.burst: must be between 0 and 5000"},
    {DOC(",\"apparmorProfile\":7", ""), "process.apparmorProfile: must be a string"},
    {DOC(",\"scheduler\":{}", ""), "process.scheduler.policy: is missing"},
    {DOC(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":5}", ""),
	"process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only"},
    {DOC(",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"flags\":[\"X\"]}", ""),
	"process.scheduler.flags: 'X' is not known"},
    {DOC(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}", ""),
	"process.ioPriority.priority: must be between 0 and 7"},
    {DOC(",\"execCPUAffinity\":{\"initial\":\"a\"}", ""),
	"process.execCPUAffinity.initial: 'a' is not a list of CPUs"},
    {DOC("", ",\"mounts\":[{\"destination\":\"/"
	     "a\",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]"),
	"mounts[0].gidMappings: is missing"},
    {RES("\"memory\":\"1g\""), "linux.resources.memory: must be an object"},
    {RES("\"memory\":{\"limit\":1.5}"), "linux.resources.memory.limit: must be an integer"},
    {RES("\"memory\":{\"swap\":5}"),
	"linux.resources.memory.swap: is memory and swap together, so it must not be below limit"},
    {RES("\"memory\":{\"limit\":6,\"swap\":5}"),
	"linux.resources.memory.swap: is memory and swap together, so it must not be below limit"},
    {RES("\"cpu\":[]"), "linux.resources.cpu: must be an object"},
    {RES("\"devices\":[{\"access\":\"x\"}]"),
	"linux.resources.devices[0].access: 'x' is not made of r, w and m"},
    {DOC("", ",\"annotations\":{\"ctrbox.lower\":\"{}\"}"),
	"annotations: ctrbox.lower= must be a list"},
};

static void messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct spec s;
		if (spec_parse(&s, "c", wrong[i].text, strlen(wrong[i].text)) == 0)
			fail_msg("taken: %s", wrong[i].text);
		const char *got = (fail_msg)(), *want = wrong[i].message;
		if (!str_starts(want, "c:")) /* the position is the business of the first ones */
			assert_non_null(got = strstr(got, "c:1:")), got = strstr(got, ": ") + 2;
		assert_string_equal(got, want);
		assert_null(s.args.v);
	}
}

/* A NUL ends nothing early, and a type error says line and column. */
static void position(void **state)
{
	(void)state;
	struct spec s;
	static const char nul[] = DOC("", "") "\0junk";
	assert_int_equal(spec_parse(&s, "c", nul, sizeof nul - 1), -1);
	static const char text[] = DOC("", ",\n\"hostname\":\n7");
	assert_int_equal(spec_parse(&s, "config.json", text, sizeof text - 1), -1);
	assert_string_equal((fail_msg)(), "config.json:2:1: hostname: must be a string");
	/* The second of two, where the first has a member of that name too; a key that is text
	 * elsewhere; a nested box.
	 */
	static const struct {
		const char *text, *message;
	} at[] = {{DOC("", ",\n\"mounts\":[{\"destination\":\"/"
			   "type\",\"type\":\"a\"},\n{\"type\":\"]\",\n \"destination\":1}]"),
		      "c:4:2: mounts[1].destination: must be a string"},
	    {DOC("", ",\n\"mounts\":[{\"destination\":\"/a\"},\n {\"type\":\"x\"}]"),
		"c:3:2: mounts[1].destination: is missing"},
	    {DOC("", ",\n\"annotations\":{\"hostname\":\"\\\"hostname\\\"\"},\n  \"hostname\":[]"),
		"c:3:3: hostname: must be a string"},
	    {LINUX("\"sysctl\":{\"net.b\":\"1\",\n\"net.a\":1}"),
		"c:2:1: linux.sysctl.net.a: must be a string"},
	    {LINUX("\"x\":[[{\"resources\":1}]],\n\"resources\":{\"memory\":\n{\"limit\":{}}}"),
		"c:3:2: linux.resources.memory.limit: must be an integer"}};
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		assert_int_equal(spec_parse(&s, "c", at[i].text, strlen(at[i].text)), -1);
		assert_string_equal((fail_msg)(), at[i].message);
	}
}

/* 14.15: each CPU's own count of thermal events is masked, of as many as there are. */
static void cpus_masked(void **state)
{
	(void)state;
	struct spec s = {0};
	char dir[] = "/tmp/ctr-cpus.XXXXXX", path[80];
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 12; i++) {
		snprintf(path, sizeof path, "%s/cpu%d", dir, i);
		mkdir(path, 0700);
		strcat(path, "/thermal_throttle");
		mkdir(path, 0700);
	}
	spec_mask_cpus(&s, dir);
	assert_int_equal(s.masked_paths.n, 12);
	assert_string_equal(s.masked_paths.v[11], path);
	snprintf(path, sizeof path, "rm -r %s", dir);
	assert_int_equal(system(path), 0);
	spec_mask_cpus(&s, dir);
	assert_int_equal(s.masked_paths.n, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(defaults), cmocka_unit_test(round_trip),
	    cmocka_unit_test(golden), cmocka_unit_test(always_readable),
	    cmocka_unit_test(resources), cmocka_unit_test(every_member),
	    cmocka_unit_test(process_alone), cmocka_unit_test(accepted), cmocka_unit_test(messages),
	    cmocka_unit_test(position), cmocka_unit_test(cpus_masked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
