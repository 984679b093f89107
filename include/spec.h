/* spec.h: what a container is: the OCI runtime config (runtime-spec 1.3, config.md and
 * config-linux.md) as a struct.
 *
 * Flags fill it (ctr-run), config.json is read into it (spec_read*.c) and written from it
 * (spec_write*.c), and one engine starts it. Names are the OCI ones in lower_case. What OCI has no
 * word for is in the `x_` members: kept in config.json as annotations "ctrbox.NAME". Everything is
 * owned by the spec; spec_free() releases it.
 */
#ifndef CTR_SPEC_H
#define CTR_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "devrule.h"
#include "idmap_types.h"
#include "str.h"

/* The ociVersion that is written where none is given, and the newest one that is known. */
#define SPEC_VERSION "1.2.0"
#define SPEC_VERSION_MAX "1.3.0"

/* PATH of a process that neither the image nor the caller gives one. */
#define SPEC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum spec_ns { NS_MNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_USER, NS_TIME, NS_COUNT };
/* What linux.namespaces[].type calls them, which are words for people, too. */
extern const char *const spec_ns_names[NS_COUNT];

/* mounts[]: the options are the words of mount(8) and those of OCI (rbind, rro, idmap, tmpcopyup,
 * ...). A mount with mappings of its own is id-mapped by them; without them `idmap` means the
 * mappings of the container. */
struct spec_mount {
	char *dest, *type, *source;
	struct strv options;
	struct idmap_entry *uid_map, *gid_map;
	size_t n_uid_map, n_gid_map;
};

struct spec_device { /* linux.devices[]: a node to make; in privileged containers and in user
			namespaces it is bound instead */
	char *path;
	char type; /* c u b p */
	int64_t major, minor;
	uint32_t mode, uid, gid;
};

struct spec_rlimit {
	char *type; /* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

struct spec_hook {
	char *path;
	struct strv args, env;
	bool own_env;    /* it has an `env`, which may be empty; else it gets the runtime's own */
	int64_t timeout; /* seconds, 0 none */
};

enum spec_hook_when {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_COUNT
};

struct spec_scheduler { /* process.scheduler: sched_setattr(2) */
	int policy;     /* SCHED_*, the kernel's number */
	int64_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_* */
	int64_t runtime, deadline, period;
};

struct spec_memory_policy { /* linux.memoryPolicy: set_mempolicy(2) */
	int mode;           /* MPOL_*, the kernel's number */
	unsigned flags;
	char *nodes; /* "0-3,7" */
};

struct spec_rdt { /* linux.intelRdt */
	char *clos_id, *l3, *mb;
	struct strv schemata;
	bool monitoring;
};

struct spec_time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_caps { /* process.capabilities, bit N is capability N */
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n;                                                                          \
	}

struct spec {
	char *version; /* ociVersion */
	/* process */
	bool terminal;
	unsigned short rows, cols; /* consoleSize */
	uint32_t uid, gid;
	VEC(uint32_t) gids;
	int64_t umask; /* -1: not set */
	struct strv args, env;
	char *cwd;
	struct spec_caps caps;
	VEC(struct spec_rlimit) rlimits;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int64_t oom_score_adj;
	char *apparmor, *selinux_label; /* NULL: none */
	struct spec_scheduler *scheduler;
	int io_class, io_priority;               /* ioPriority: 1 RT, 2 BE, 3 IDLE; 0: not set */
	char *affinity_initial, *affinity_final; /* execCPUAffinity: lists of CPUs */
	/* root */
	char *root_path; /* absolute, or relative to the bundle */
	bool root_readonly;
	char *hostname, *domainname;
	VEC(struct spec_mount) mounts;
	VEC(struct spec_hook) hooks[HOOK_COUNT];
	/* linux */
	unsigned ns_new; /* bit 1<<NS_x: a new one */
	char
	    *ns_path[NS_COUNT]; /* or the file of one to join; neither: the caller's (the host's) */
	struct idmap uid_map, gid_map;
	VEC(struct spec_device) devices;
	VEC(struct device_rule) device_rules;
	char *cgroups_path;
	struct strv
	    resources;      /* "KEY=VALUE", cgroup v2 names (cgroup.h): what linux.resources says */
	struct strv sysctl; /* "key=value" */
	char *seccomp; /* NULL: the built-in profile; "unconfined"; or OCI's linux.seccomp as JSON
			  text */
	char *rootfs_propagation, *mount_label;
	bool has_personality;
	unsigned long personality; /* PER_LINUX, PER_LINUX32 */
	struct spec_time_offset offset_monotonic, offset_boottime;
	struct strv net_devices; /* "HOSTNAME=NAME": interfaces that move into the container */
	struct spec_memory_policy *memory_policy;
	struct spec_rdt *rdt;
	bool cpu_quota,
	    cpu_period;           /* which parts of cpu.max were given: an update keeps the other */
	bool check_before_update; /* linux.resources.memory.checkBeforeUpdate */
	struct strv masked_paths, readonly_paths;
	struct strv annotations; /* "key=value" */
	/* beyond OCI */
	char *x_user; /* USER[:GROUP] in words, resolved in the container's own files at start;
			 NULL: uid/gid */
	struct strv x_groups; /* --group-add, names or numbers */
	struct strv x_lower; /* the overlay's lower directories, top-most first; empty: root_path as
				it is */
	char *x_image_file;  /* a squashfs or erofs file that is the (lowest) lower layer */
	char *x_upper_size;  /* the writable layer is a tmpfs of so many bytes */
	bool x_init;         /* ctr-init as PID 1 */
	bool x_privileged;
	bool x_dev_kept; /* nothing is made in the root's own /dev */
	bool x_no_crlf;  /* its terminal leaves line ends as they are */
	bool x_no_pivot;
	bool x_no_fallback; /* flags that a bind mount has to keep are an error */
	bool x_keep_id;     /* --userns keep-id */
	bool x_systemd;     /* --systemd: PID 1 gets control groups that it can write to */
};

/* Fill a spec with what a container has by default: docker's 14 capabilities, the default mounts,
 * devices, masked paths and namespaces (all but user), and cwd "/". There are no errors (the
 * process ends when there is no memory). */
void spec_default(struct spec *s);
/* Mask DIR/cpuN/thermal_throttle of every CPU that has it, because it shows what else the machine
 * is doing. */
void spec_mask_cpus(struct spec *s, const char *dir);
void spec_free(struct spec *s);
/* Reset everything that `process` of config.json sets. */
void spec_free_process(struct spec *s);
/* Add what a runtime adds to the spec of a bundle: the device nodes that every program expects, and
 * the rules that allow them. If the bundle has no list of devices it gets the default one, because
 * to have none must not mean that all of them may be opened. */
void spec_default_nodes(struct spec *s);

/* Is it in such a namespace, a new one or one that it joins, and not in the caller's? */
bool spec_has_ns(const struct spec *s, enum spec_ns ns);
/* What userns_opaque() gives for its container. */
const char *spec_opaque(const struct spec *s);

/* Append one of these; the strings are copied. */
void spec_mount_add(struct spec *s, const char *dest, const char *type, const char *source,
    const char *options /* comma-separated */);
bool spec_mount_binds(const struct spec_mount *m); /* by its type, or by an option */
/* Is it id-mapped: by mappings of its own, or by an option? */
bool spec_mount_mapped(const struct spec_mount *m);
void spec_rlimit_set(struct spec *s, const char *type, uint64_t soft, uint64_t hard);
void spec_device_add(struct spec *s, const char *path, char type, int64_t major, int64_t minor,
    uint32_t mode, uint32_t uid, uint32_t gid);
/* "[-]TYPE MAJOR:MINOR ACCESS", as in v1's files; a minus denies. -1: it is not that. */
int device_rule_read(struct spec *s, const char *text);
void device_rule_add(
    struct spec *s, bool allow, char type, int64_t major, int64_t minor, const char *access);

/* Read config.json, a text of `len` bytes, into a zeroed struct. `what` names it in messages:
 * "WHAT:LINE:COL: PATH: why". Unknown keys are ignored (config.md, "Extensibility"); wrong types,
 * values out of range and missing required keys are errors. */
int spec_parse(struct spec *s, const char *what, const char *text, size_t len);
/* The same for a file that others wrote: the annotations "ctrbox.NAME" are refused. */
int spec_parse_bundle(struct spec *s, const char *what, const char *text, size_t len);
/* The same for a process alone (runc exec --process): the process of s is replaced, and the rest
 * stays as it is. */
int spec_parse_process(struct spec *s, const char *what, const char *text, size_t len);
/* The same for linux.resources alone (runc update --resources), which is added to the resources of
 * s. */
int spec_parse_resources(struct spec *s, const char *what, const char *text, size_t len);
/* The spec as JSON. Caller frees. spec_parse() of that text gives the same spec again. */
char *spec_text(const struct spec *s);
/* A text in the form that it has in that JSON, so that it can be searched for. Caller frees. */
char *spec_quoted(const char *s);

#endif
