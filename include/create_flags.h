/* create_flags.h: docker run's options as they were given, and what they mean for the spec.
 *
 * Whoever has a command line fills a struct create_flags (container/create_opts.c has ctr-run's
 * table of options) and calls the functions below in their order. Nothing is made here, and no
 * record is known: the names of other containers and of volumes are checked, and left to the
 * caller. All return 0, or -1 with fail(), which is fail_usage() where the command line is to
 * blame.
 */
#ifndef CTR_CREATE_FLAGS_H
#define CTR_CREATE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>
#include "limit_flags.h"
#include "spec.h"
#include "str.h"
#include "volume_flags.h"

struct create_flags {
	const char *explain; /* "": print the script; "trace" */
	bool tty, interactive, detach, rm, keep, init, replace, privileged, read_only, direct,
	    no_pivot;
	const char *name, *hostname, *domainname, *user, *workdir, *entrypoint, *bundle,
	    *stop_signal, *cidfile, *pidfile, *restart;
	const char *pull; /* never, missing or always; NULL: what $CTR_PULL says */
	const char *net, *pid, *ipc, *uts, *cgroupns, *userns, *log_files, *umask, *oom_score_adj;
	struct strv env, env_file, volumes, mounts, tmpfs, ulimits, sysctls, devices, cap_add,
	    cap_drop, groups, labels, security;
	const char *
	    further; /* the nets but the first, as lines of a record's `networks` (create_nets.h) */
	struct strv nets, publish, dns, dns_search, dns_option, label_file, add_host, net_alias;
	const char *ip, *ip6, *mac;
	bool publish_all;
	bool env_host, rootfs, no_hosts, root_link;
	const char *timeout, *sdnotify, *detach_keys, *verity;
	struct strv secrets, device_rules;
	struct buf *secret_texts; /* of each of `secrets`; see secret.h */
	const char *tz, *stop_timeout, *log_driver, *systemd, *storage_opt;
	const char *health_cmd, *health_on_failure, *health_times[5]; /* health.h */
	bool no_healthcheck;
	struct strv unsetenv, log_opts, annotations, expose, volumes_from, uidmap, gidmap;
	uint64_t shm_size, log_size;
	struct resource_flags res;
};

/* All of the spec from the bundle --bundle names. *dir: its folder, absolute; the caller frees it.
 */
int flags_bundle(const struct create_flags *o, struct spec *s, char **dir);

/* --net, --pid, --ipc, --uts, --cgroupns, --userns. Settles o->net where it was not given. A
 * namespace that is another container's ("container:NAME") is only taken out of those that are new:
 * flags_shared() names it. */
int flags_namespaces(struct create_flags *o, struct spec *s);
/* These options, in the order in which they are looked at. */
struct ns_flag {
	enum spec_ns ns;
	const char *name; /* without the dashes */
	size_t at;        /* of its value in create_flags */
};
enum { FLAGS_NS = 6 };
extern const struct ns_flag flags_ns[FLAGS_NS];
/* NAME of "container:NAME" for this namespace, else NULL. */
const char *flags_shared(const struct create_flags *o, enum spec_ns ns);

/* PATH, HOSTNAME, TERM, --tz, --env-file, --env. */
int flags_environment(const struct create_flags *o, struct spec *s);
/* The last two alone, also ctr-exec's: `K=V`, or `K` for the caller's own; files have one a line.
 */
int env_flags(struct strv *env, const struct strv *files, const struct strv *vars);
/* The lines of --label-file's files, added to labels. 0, or -1 with fail() or fail_usage(). */
int label_files(struct strv *labels, const struct strv *files);

/* Labels (each KEY=VALUE or KEY) as lines, "" for none; NULL with fail_usage(). Caller frees. */
char *label_lines(const struct strv *labels);

/* Capabilities, --security-opt, --privileged, what is shared of the host's mounts, --tmpfs. */
int flags_privileges(const struct create_flags *o, struct spec *s);
/* --platform: only this machine's. */
int flags_platform(const char *platform);
/* --device, --device-cgroup-rule. */
int flags_devices(const struct create_flags *o, struct spec *s);
/* Everything that is one value: user, workdir, limits, sysctls, ... */
int flags_settings(const struct create_flags *o, struct spec *s);

/* --systemd, when the command is known: what systemd, or another init, expects of a container
 * (systemd.io, "Container Interface"). 2 when it is systemd, 1 another one, 0 none. */
int flags_systemd(const struct create_flags *o, struct spec *s);
/* A mount of the user's at /sys/fs/cgroup replaces ours; if it is the host's own cgroup file
 * system, the container sees only its own group there (docker's recipe for systemd). `v` is then
 * used up: true. */
bool flags_own_cgroups(struct spec *s, const struct volume_req *v);

/* As docker since 20.10: on a network of the container's own every user may listen on ports below
 * 1024 and ping, unless --sysctl says otherwise. In a user namespace the groups that the second one
 * names are not mapped. */
void flags_network_open(struct spec *s);
/* The ports of --expose in the form that images have, with the protocol. */
int flags_exposed(struct create_flags *o);

/* The i-th of -v and --mount together, parsed: 1, 0 when there are no more. The caller frees it. */
int flags_volume(const struct create_flags *o, size_t i, struct volume_req *v);
/* Check them all: syntax, and two for one place. */
int flags_volumes_check(const struct create_flags *o);
/* Sort the mounts so that one inside another comes after it, in whatever order they were asked
 * for. */
void flags_mounts_sort(struct spec *s);

#endif
