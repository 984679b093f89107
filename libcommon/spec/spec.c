/* spec.c: the spec's defaults and its memory; see spec.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "spec.h"
#include "userns.h"

#define GROW(vec)                                                                                  \
	((vec).v = xrealloc((vec).v, ((vec).n + 1) * sizeof *(vec).v), &(vec).v[(vec).n++])

void spec_mount_add(
    struct spec *s, const char *dest, const char *type, const char *source, const char *options)
{
	struct spec_mount *m = GROW(s->mounts);
	*m = (struct spec_mount){.dest = xstrdup(dest),
	    .type = type ? xstrdup(type) : NULL,
	    .source = source ? xstrdup(source) : NULL};
	strv_split(&m->options, options, ",");
}

bool spec_mount_binds(const struct spec_mount *m)
{
	return str_eq(m->type, "bind") || strv_has(&m->options, "bind") ||
	       strv_has(&m->options, "rbind");
}

bool spec_mount_mapped(const struct spec_mount *m)
{
	return m->n_uid_map || strv_has(&m->options, "idmap") || strv_has(&m->options, "ridmap");
}

void spec_rlimit_set(struct spec *s, const char *type, uint64_t soft, uint64_t hard)
{
	for (size_t i = 0; i < s->rlimits.n; i++)
		if (strcmp(s->rlimits.v[i].type, type) == 0) {
			s->rlimits.v[i].soft = soft;
			s->rlimits.v[i].hard = hard;
			return;
		}
	struct spec_rlimit *r = GROW(s->rlimits);
	*r = (struct spec_rlimit){xstrdup(type), soft, hard};
}

void spec_device_add(struct spec *s, const char *path, char type, int64_t major, int64_t minor,
    uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct spec_device *d = GROW(s->devices);
	*d = (struct spec_device){xstrdup(path), type, major, minor, mode, uid, gid};
}

void device_rule_add(
    struct spec *s, bool allow, char type, int64_t major, int64_t minor, const char *access)
{
	struct device_rule *r = GROW(s->device_rules);
	*r = (struct device_rule){.allow = allow, .type = type, .major = major, .minor = minor};
	strncpy(r->access, access, sizeof r->access - 1);
}

int device_rule_read(struct spec *s, const char *text)
{
	_cleanup_strv_ struct strv w = {0};
	int64_t n[2] = {-1, -1};
	strv_split(&w, text + (*text == '-'), " :");
	bool ok = w.n == 4 && strlen(w.v[0]) == 1 && strchr("abc", w.v[0][0]) && *w.v[3] &&
		  strlen(w.v[3]) < 4 && strspn(w.v[3], "rwm") == strlen(w.v[3]);
	for (size_t i = 0; ok && i < 2; i++)
		ok = strcmp(w.v[1 + i], "*") == 0 ||
		     num_parse("device", w.v[1 + i], 0, i ? 0xfffff : 0xfff, &n[i]) == 0;
	if (!ok)
		return -1;
	device_rule_add(s, *text != '-', w.v[0][0], n[0], n[1], w.v[3]);
	return 0;
}

/* Nodes that every Linux program expects (config-linux.md, "Default Devices"). */
static void default_nodes(struct spec *s)
{
	static const struct {
		const char *path;
		int major, minor;
	} nodes[] = {{"/dev/null", 1, 3}, {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},
	    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
	for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
		bool there = false;
		for (size_t k = 0; k < s->devices.n; k++)
			there |= strcmp(s->devices.v[k].path, nodes[i].path) == 0;
		if (!there)
			spec_device_add(
			    s, nodes[i].path, 'c', nodes[i].major, nodes[i].minor, 0666, 0, 0);
		device_rule_add(s, true, 'c', nodes[i].major, nodes[i].minor, "rwm");
	}
	device_rule_add(s, true, 'c', 5, 2, "rwm");    /* ptmx */
	device_rule_add(s, true, 'c', 136, -1, "rwm"); /* pts/N */
}

/* Only nodes of these may be made: the list binds the container's processes alone, and a user of
 * the host who has the uid of one of them opens through /proc/PID/root whatever node lies there.
 * For the same reason the machine's console (5:1) is not among them: /dev/console is a pty. */
static void default_devices(struct spec *s)
{
	device_rule_add(s, false, 'a', -1, -1, "rwm");
	default_nodes(s);
}

void spec_default_nodes(struct spec *s)
{
	if (s->device_rules.n && s->device_rules.v[0].type != 'a') {
		/* What no rule names is denied, as by runc. This rule comes first, so that the
		 * others override it. */
		device_rule_add(s, false, 'a', -1, -1, "rwm");
		struct device_rule *v = s->device_rules.v, deny = v[s->device_rules.n - 1];
		memmove(v + 1, v, (s->device_rules.n - 1) * sizeof *v);
		v[0] = deny;
	}
	if (s->device_rules.n)
		default_nodes(s);
	else /* that there is no list does not allow every device: runc and crun deny, too */
		default_devices(s);
}

static void default_mounts(struct spec *s)
{
	spec_mount_add(s, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	spec_mount_add(s, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	spec_mount_add(s, "/dev/pts", "devpts", "devpts",
	    "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	spec_mount_add(s, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	spec_mount_add(s, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,ro");
	spec_mount_add(s, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	spec_mount_add(
	    s, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=67108864");
}

void spec_mask_cpus(struct spec *s, const char *dir)
{
	for (int i = 0;; i++) {
		char *path = xasprintf("%s/cpu%d/thermal_throttle", dir, i);
		if (access(path, F_OK) < 0) {
			free(path);
			return;
		}
		strv_take(&s->masked_paths, path);
	}
}

void spec_default(struct spec *s)
{
	/* What the whole machine's kernel shows or takes and no container needs: docker's and
	 * podman's lists. */
	static const char *const masked[] = {"/proc/acpi", "/proc/asound", "/proc/interrupts",
	    "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	    "/proc/timer_list", "/proc/timer_stats", "/sys/dev/block",
	    "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux"};
	static const char *const readonly[] = {
	    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
	memset(s, 0, sizeof *s);
	s->version = xstrdup(SPEC_VERSION);
	s->umask = -1;
	s->cwd = xstrdup("/");
	s->ns_new = 1u << NS_MNT | 1u << NS_PID | 1u << NS_NET | 1u << NS_IPC | 1u << NS_UTS |
		    1u << NS_CGROUP;
	s->caps = (struct spec_caps){CAPS_DEFAULT, CAPS_DEFAULT, 0, CAPS_DEFAULT, 0};
	default_mounts(s);
	default_devices(s);
	for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
		strv_add(&s->masked_paths, masked[i]);
	spec_mask_cpus(s, "/sys/devices/system/cpu");
	for (size_t i = 0; i < sizeof readonly / sizeof readonly[0]; i++)
		strv_add(&s->readonly_paths, readonly[i]);
}

/* Members that are a piece of memory, and those that are lists; the process's come first. */
enum { PROCESS_PIECES = 8, PROCESS_LISTS = 2 };
#define AT(member) offsetof(struct spec, member)
static const uint16_t pieces[] = {AT(cwd), AT(apparmor), AT(selinux_label), AT(affinity_initial),
    AT(affinity_final), AT(rlimits.v), AT(gids.v), AT(scheduler), AT(version), AT(root_path),
    AT(hostname), AT(domainname), AT(cgroups_path), AT(seccomp), AT(rootfs_propagation),
    AT(mount_label), AT(x_user), AT(x_image_file), AT(x_upper_size), AT(memory_policy), AT(rdt),
    AT(mounts.v), AT(devices.v), AT(device_rules.v), AT(uid_map.v), AT(gid_map.v)};
static const uint16_t lists[] = {AT(args), AT(env), AT(resources), AT(sysctl), AT(masked_paths),
    AT(readonly_paths), AT(annotations), AT(net_devices), AT(x_groups), AT(x_lower)};

static void free_members(struct spec *s, size_t n_pieces, size_t n_lists)
{
	void *p;
	for (size_t i = 0; i < n_pieces; i++) {
		memcpy(&p, (char *)s + pieces[i], sizeof p);
		free(p);
		memset((char *)s + pieces[i], 0, sizeof p);
	}
	for (size_t i = 0; i < n_lists; i++)
		strv_free((void *)((char *)s + lists[i]));
}

void spec_free_process(struct spec *s)
{
	for (size_t i = 0; i < s->rlimits.n; i++)
		free(s->rlimits.v[i].type);
	free_members(s, PROCESS_PIECES, PROCESS_LISTS);
	s->rlimits.n = s->gids.n = 0;
	s->terminal = s->no_new_privileges = s->has_oom_score_adj = false;
	s->rows = s->cols = 0;
	s->uid = s->gid = 0;
	s->umask = -1;
	s->caps = (struct spec_caps){0};
	s->io_class = s->io_priority = 0;
}

static void free_placement(struct spec *s)
{
	if (s->memory_policy)
		free(s->memory_policy->nodes);
	if (s->rdt) {
		free(s->rdt->clos_id);
		free(s->rdt->l3);
		free(s->rdt->mb);
		strv_free(&s->rdt->schemata);
	}
}

void spec_free(struct spec *s)
{
	for (size_t i = 0; i < s->rlimits.n; i++)
		free(s->rlimits.v[i].type);
	free_placement(s);
	for (size_t i = 0; i < s->mounts.n; i++) {
		struct spec_mount *m = &s->mounts.v[i];
		free(m->dest);
		free(m->type);
		free(m->source);
		strv_free(&m->options);
		free(m->uid_map);
		free(m->gid_map);
	}
	for (size_t i = 0; i < s->devices.n; i++)
		free(s->devices.v[i].path);
	for (int i = 0; i < NS_COUNT; i++)
		free(s->ns_path[i]);
	for (int w = 0; w < HOOK_COUNT; w++) {
		for (size_t i = 0; i < s->hooks[w].n; i++) {
			free(s->hooks[w].v[i].path);
			strv_free(&s->hooks[w].v[i].args);
			strv_free(&s->hooks[w].v[i].env);
		}
		free(s->hooks[w].v);
	}
	free_members(s, sizeof pieces / sizeof pieces[0], sizeof lists / sizeof lists[0]);
	memset(s, 0, sizeof *s);
}

bool spec_has_ns(const struct spec *s, enum spec_ns ns)
{
	return s->ns_new & 1u << ns || s->ns_path[ns];
}

const char *spec_opaque(const struct spec *s)
{
	return userns_opaque(spec_has_ns(s, NS_USER));
}
