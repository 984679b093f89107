/* health_minimal.c: the minimal build has no health checks; see health.h. */
#include "err.h"
#include "health.h"

int health_record(const struct create_flags *o, const struct image *im, struct kv *conf)
{
	(void)im, (void)conf;
	return o->health_cmd ? fail_usage("--health-cmd: this build has none (CONFIG=minimal)") : 0;
}

const char *health_status(const struct container *c)
{
	(void)c;
	return "";
}

void health_begin(struct monitor *m)
{
	(void)m;
}

void health_due(struct monitor *m)
{
	(void)m;
}

void health_ended(struct monitor *m, pid_t pid, int status, bool over)
{
	(void)m, (void)pid, (void)status, (void)over;
}

void health_end(struct monitor *m)
{
	(void)m;
}
