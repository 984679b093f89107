/* limit_flags.h: docker run's limit flags as cgroup v2 settings (cgroup.h's vocabulary).
 */
#ifndef CTR_LIMIT_FLAGS_H
#define CTR_LIMIT_FLAGS_H

#include "str.h"

struct resource_flags { /* as given, NULL when not */
	/* For these, 0 says that there is none. */
	const char *memory, *memory_swap, *cpus, *cpu_shares, *cpu_period, *cpu_quota,
	    *blkio_weight;
	const char *memory_reservation, *cpuset_cpus, *cpuset_mems, *pids_limit, *parent;
	bool keep_swap; /* a change: a new memory limit leaves that of swap */
	struct strv read_bps, write_bps, read_iops, write_iops, raw;
};

/* Append "KEY=VALUE" settings. 0, or -1 with fail() naming the flag. */
int resources_from_flags(struct resource_flags *f, struct strv *out);

#endif
