/* features.c: what this runtime supports (runtime-spec, features.md), and a config.json to begin
 * with; see oci.h. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "cgroup.h"
#include "filter.h"
#include "mountopts.h"
#include "oci.h"
#include "seccomp_table.h"
#include "spec_names.h"
#include "str.h"

#define LAST_CAP 40 /* CAP_CHECKPOINT_RESTORE */

/* Words separated by blanks, as an array. */
static void put_words(struct buf *b, const char *key, const char *words)
{
	struct strv l = {0};
	strv_split(&l, words, " ");
	spec_put_list(b, key, &l);
	strv_free(&l);
}

static void put_table(struct buf *b, const char *key, const struct spec_word *t)
{
	spec_put_key(b, key);
	buf_puts(b, "[");
	for (; t->name; t++) {
		spec_put_comma(b);
		buf_json(b, t->name);
	}
	buf_puts(b, "]");
}

static void put_enabled(struct buf *b, const char *key, bool on)
{
	spec_put_open(b, key);
	buf_puts(b, on ? "\"enabled\":true}" : "\"enabled\":false}");
}

static void features_linux(struct buf *b)
{
	spec_put_open(b, "linux");
	put_words(b, "namespaces", "cgroup ipc mount network pid time user uts");
	spec_put_key(b, "capabilities");
	for (int i = 0; i <= LAST_CAP; i++)
		buf_printf(b, "%c\"%s\"", i ? ',' : '[', caps_name(i));
	buf_puts(b, "],\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":true,\"systemdUser\":true,"
		    "\"rdma\":true}");
	buf_puts(b, ",\"seccomp\":{\"enabled\":true");
	put_words(b, "actions",
	    "SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS "
	    "SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_NOTIFY "
	    "SCMP_ACT_TRACE SCMP_ACT_TRAP");
	put_words(b, "operators",
	    "SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_LE SCMP_CMP_LT SCMP_CMP_MASKED_EQ "
	    "SCMP_CMP_NE");
	put_words(b, "archs", seccomp_arch_names);
	put_words(b, "knownFlags", FILTER_FLAGS_KNOWN);
	_cleanup_free_ char *flags = xstrdup(FILTER_FLAGS_KNOWN);
	/* The last flag came with Linux 5.19. A kernel that knows it fails only because there is no
	 * program (EFAULT). */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8 | 32, NULL) < 0 && errno == EINVAL)
		*strrchr(flags, ' ') = 0;
	put_words(b, "supportedFlags", flags);
	buf_puts(b, "}");
	put_enabled(b, "apparmor", true);
	put_enabled(b, "selinux", true);
	buf_puts(b, ",\"intelRdt\":{\"enabled\":true,\"schemata\":true,\"monitoring\":true}");
	buf_puts(b, ",\"memoryPolicy\":{");
	put_table(b, "modes", spec_memory_modes);
	put_table(b, "flags", spec_memory_flags);
	buf_puts(b, "}");
	buf_puts(b, ",\"mountExtensions\":{");
	put_enabled(b, "idmap", true);
	buf_puts(b, "}");
	put_enabled(b, "netDevices", true);
	buf_puts(b, "}");
}

char *oci_features(void)
{
	struct buf b = {0};
	buf_puts(&b, "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"" SPEC_VERSION_MAX "\"");
	put_words(&b, "hooks",
	    "prestart createRuntime createContainer startContainer poststart poststop");
	struct strv options = {0};
	mountopts_names(&options);
	spec_put_list(&b, "mountOptions", &options);
	strv_free(&options);
	put_words(&b, "potentiallyUnsafeConfigAnnotations", "org.systemd.property. run.oci.");
	features_linux(&b);
	buf_puts(&b, "}");
	return b.p;
}

/* For `spec`: a shell, as in runc's: a terminal, root, three capabilities, docker's masked
 * paths. */
char *oci_default_config(bool rootless)
{
	struct spec s;
	spec_default(&s);
	free(s.version);
	s.version = xstrdup(SPEC_VERSION_MAX);
	s.terminal = s.no_new_privileges = s.root_readonly = true;
	s.hostname = xstrdup("runc");
	s.root_path = xstrdup("rootfs");
	strv_add(&s.args, "sh");
	strv_add(&s.env, "PATH=" SPEC_PATH);
	strv_add(&s.env, "TERM=xterm");
	uint64_t caps =
	    1ull << 29 | 1ull << 5 | 1ull << 10; /* AUDIT_WRITE, KILL, NET_BIND_SERVICE */
	s.caps = (struct spec_caps){.bounding = caps, .effective = caps, .permitted = caps};
	spec_rlimit_set(&s, "RLIMIT_NOFILE", 1024, 1024);
	s.devices.n = 0;
	s.device_rules.n = 0;
	device_rule_add(&s, false, 'a', -1, -1, "rwm");
	if (cgroup_layout() != CGROUP_V2) /* as in runc's: on v1 the mount of its groups shows only
					     the container's own */
		s.ns_new &= ~(1u << NS_CGROUP);
	if (rootless) {
		s.ns_new |= 1u << NS_USER;
		oci_map_caller(&s);
		s.ns_new &= ~(1u << NS_NET);
		s.device_rules.n = 0;
	}
	_cleanup_free_ char *text = spec_text(&s);
	spec_free(&s);
	_cleanup_json_ json_t *j = json_parse("config", text, strlen(text));
	return json_pretty(j);
}
