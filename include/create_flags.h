/* create_flags.h: ctr-run's options as they were given; between create.c (the table, the record) and create_spec.c
 * (what they mean for the spec).
 */
#ifndef CTR_CREATE_FLAGS_H
#define CTR_CREATE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>
#include "kv.h"
#include "limit_flags.h"
#include "spec.h"
#include "str.h"

struct create_flags {
	bool tty, interactive, rm, keep, init, privileged, read_only, direct, no_pivot;
	const char *name, *hostname, *domainname, *user, *workdir, *entrypoint, *bundle, *stop_signal, *cidfile,
	    *pidfile, *restart;
	const char *net, *pid, *ipc, *uts, *cgroupns, *userns, *log_files, *umask, *oom_score_adj;
	struct strv env, env_file, volumes, mounts, tmpfs, ulimits, sysctls, devices, cap_add, cap_drop, groups, labels,
	    security;
	struct strv publish, dns, dns_search, add_host, net_alias;
	const char *ip, *ip6, *mac;
	bool publish_all;
	uint64_t shm_size, log_size;
	struct resource_flags res;
};
extern struct create_flags create_flags;

/* Fill the spec from the flags, in this order; each dies with a message on bad input. */
void create_bundle(struct spec *s, struct kv *conf, int argc); /* or all of it from --bundle */
void create_namespaces(struct spec *s);                        /* settles create_flags.net too */
void create_environment(struct spec *s);
void create_privileges(struct spec *s);
void create_settings(struct spec *s);
/* -v, --mount and --tmpfs; `name` is the container's, whose directory nameless volumes lie in. Makes what is missing,
 * so it comes after the container's directory was made. -1 with fail(). */
int create_mounts(struct spec *s, const char *name, const struct strv *image_volumes);
/* Check -v and --mount without making anything. */
void create_mounts_check(void);

#endif
