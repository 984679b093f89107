/* spec.h: what a container is: the OCI runtime config (runtime-spec 1.2, config.md and config-linux.md) as a struct.
 *
 * Flags fill it (ctr-run), config.json is read into it and written from it (spec_json.c), and one engine starts it
 * (launch.h). Names are the OCI ones in lower_case. What OCI has no word for is in the `x_` members: kept in
 * config.json as annotations "ctrbox.NAME".
 * Everything is owned by the spec; spec_free() releases it.
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

enum spec_ns { NS_MNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_USER, NS_TIME, NS_COUNT };

/* mounts[]: options are mount(8)'s words plus OCI's (rbind, rro, idmap, tmpcopyup, ...). */
struct spec_mount {
	char *dest, *type, *source;
	struct strv options;
};

struct spec_device { /* linux.devices[]: a node to make; on privileged and user namespaces it is bound instead */
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

struct spec_caps { /* process.capabilities, bit N is capability N */
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

#define VEC(type)                                                                                                      \
	struct {                                                                                                       \
		type *v;                                                                                               \
		size_t n;                                                                                              \
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
	/* root */
	char *root_path; /* absolute, or relative to the bundle */
	bool root_readonly;
	char *hostname, *domainname;
	VEC(struct spec_mount) mounts;
	VEC(struct spec_hook) hooks[HOOK_COUNT];
	/* linux */
	unsigned ns_new;         /* bit 1<<NS_x: a new one */
	char *ns_path[NS_COUNT]; /* or join this one (file); neither: the caller's (host) */
	VEC(struct idmap_entry) uid_map, gid_map;
	VEC(struct spec_device) devices;
	VEC(struct device_rule) device_rules;
	char *cgroups_path;
	struct strv resources; /* "KEY=VALUE", cgroup v2 names (cgroup.h): what linux.resources says */
	struct strv sysctl;    /* "key=value" */
	char *seccomp;         /* NULL: the built-in profile; "unconfined"; or OCI's linux.seccomp as JSON text */
	char *rootfs_propagation;
	struct strv masked_paths, readonly_paths;
	struct strv annotations; /* "key=value" */
	/* beyond OCI */
	char *x_user;         /* USER[:GROUP] in words, resolved in the container's own files at start; NULL: uid/gid */
	struct strv x_groups; /* --group-add, names or numbers */
	struct strv x_lower;  /* the overlay's lower directories, top-most first; empty: root_path as it is */
	char *x_image_file;   /* a squashfs or erofs file that is the (lowest) lower layer */
	bool x_init;          /* ctr-init as PID 1 */
	bool x_privileged;
	bool x_no_pivot;
	bool x_keep_id; /* --userns keep-id */
};

/* An empty spec with what a container needs by default: docker's 14 capabilities, default mounts, devices, masks,
 * namespaces (all but user), cwd "/", PATH. Errors: none (dies when memory is out). */
void spec_default(struct spec *s);
void spec_free(struct spec *s);
/* What a runtime adds to a bundle's own spec: the nodes that every program expects, allowed where there is a list. */
void spec_default_nodes(struct spec *s);

/* Append one; the strings are copied. */
void spec_mount_add(
    struct spec *s, const char *dest, const char *type, const char *source, const char *options /* comma-separated */);
void spec_rlimit_set(struct spec *s, const char *type, uint64_t soft, uint64_t hard);
void spec_device_add(struct spec *s, const char *path, char type, int64_t major, int64_t minor, uint32_t mode,
    uint32_t uid, uint32_t gid);
void device_rule_add(struct spec *s, bool allow, char type, int64_t major, int64_t minor, const char *access);

/* Config.json, text of `len` bytes, into a zeroed struct. `what` names it in messages: "WHAT:LINE:COL: PATH: why".
 * Unknown keys are ignored (config.md, "Extensibility"); wrong types, ranges and missing required keys are errors. */
int spec_parse(struct spec *s, const char *what, const char *text, size_t len);
/* The JSON text; caller frees. spec_parse(spec_text(s)) gives s again. */
char *spec_text(const struct spec *s);
/* A text as it stands in that, so that it can be searched for. Caller frees. */
char *spec_quoted(const char *s);

#endif
