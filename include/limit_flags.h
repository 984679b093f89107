/* limit_flags.h: docker run's limit flags as cgroup v2 settings (cgroup.h's vocabulary).
 */
#ifndef CTR_LIMIT_FLAGS_H
#define CTR_LIMIT_FLAGS_H

#include "str.h"

struct resource_flags { /* as given, NULL when not */
	const char *memory, *memory_swap, *memory_reservation, *cpus, *cpu_shares, *cpu_period,
	    *cpu_quota;
	const char *cpuset_cpus, *cpuset_mems, *pids_limit, *blkio_weight, *parent;
	/* Of a container that is there: a memory limit leaves that of swap, and 0 lifts one. */
	bool change;
	struct strv read_bps, write_bps, read_iops, write_iops, raw;
};

/* Append "KEY=VALUE" settings. 0, or -1 with fail() naming the flag. */
int resources_from_flags(const struct resource_flags *f, struct strv *out);

#endif
