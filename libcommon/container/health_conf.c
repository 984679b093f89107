/* health_conf.c: the configuration of health checks, and their recorded results; see health.h. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "file.h"
#include "health.h"
#include "stamp.h"
#include "table.h"

static const int64_t defaults[HEALTH_NUMBERS] = {30000, 30000, 0, 5000, 3};

/* The four times and the retries: from the option, otherwise from the image, otherwise docker's
 * default. */
static int health_conf_numbers(
    const struct create_flags *o, const struct image *im, struct kv *conf)
{
	static const char *const names[] = {"--health-interval", "--health-timeout",
	    "--health-start-period", "--health-start-interval", "--health-retries"};
	struct buf b = {0};
	for (int i = 0; i < HEALTH_NUMBERS; i++) {
		const char *given = o->health_times[i];
		int64_t n = im && im->health_numbers[i] > 0 ? im->health_numbers[i] : defaults[i];
		if (im && i < HEALTH_RETRIES && im->health_numbers[i] > 0)
			n = (n + 999999) / 1000000; /* an image has nanoseconds */
		int64_t own = 0;
		if (given && (i == HEALTH_RETRIES ? num_parse(names[i], given, 0, 1000000, &own)
						  : duration_parse(names[i], given, &own)) < 0)
			return buf_free(&b), fail_as_usage();
		if (own)
			n = own; /* 0 stands for docker's default */
		buf_printf(&b, "%s%" PRId64, i ? " " : "", n);
	}
	kv_set(conf, "health_times", b.p);
	buf_free(&b);
	return 0;
}

static int on_failure(const struct create_flags *o, struct kv *conf)
{
	const char *how = o->health_on_failure;
	if (!how)
		return 0;
	if (!str_has_word("none kill restart stop", how))
		return fail_usage(
		    "--health-on-failure: '%s' is not none, kill, restart or stop", how);
	kv_set(conf, "health_on_failure", how);
	return 0;
}

int health_record(const struct create_flags *o, const struct image *im, struct kv *conf)
{
	bool any = o->health_cmd || o->health_on_failure;
	for (int i = 0; i < HEALTH_NUMBERS; i++)
		any |= o->health_times[i] != NULL;
	if (o->no_healthcheck)
		return any ? fail_usage("--no-healthcheck and --health-... contradict each other")
			   : 0;
	const struct strv *test = im ? &im->health : NULL;
	bool none = !test || !test->n || strcmp(test->v[0], "NONE") == 0;
	struct buf b = {0};
	if (o->health_cmd && strcmp(o->health_cmd, "none") != 0)
		buf_printf(&b, "CMD-SHELL" HEALTH_SEP "%s", o->health_cmd);
	for (size_t i = 0; !o->health_cmd && !none && i < test->n; i++)
		buf_printf(&b, "%s%s", i ? HEALTH_SEP : "", test->v[i]);
	if (!b.n)
		return any && !o->health_cmd && !table_docker
			   ? fail_usage(
				 "--health-...: there is nothing to run: neither --health-cmd "
				 "nor a HEALTHCHECK of the image")
			   : 0;
	kv_set(conf, "health", b.p);
	buf_free(&b);
	return on_failure(o, conf) < 0 ? -1 : health_conf_numbers(o, im, conf);
}

void health_numbers(const struct kv *conf, int64_t n[HEALTH_NUMBERS])
{
	const char *s = kv_get(conf, "health_times");
	memcpy(n, defaults, sizeof defaults);
	for (int i = 0; s && *s && i < HEALTH_NUMBERS; i++) {
		char *end;
		int64_t v = strtoll(s, &end, 10);
		if (v > 0)
			n[i] = v;
		s = end;
	}
}

bool health_read(const struct container *c, struct kv *out)
{
	*out = (struct kv){0};
	if (!kv_get(&c->conf, "health"))
		return false;
	_cleanup_free_ char *run = record_run_path(c->name, "health");
	if (kv_read_at(out, AT_FDCWD, run) == 0)
		return true;
	return c->dir >= 0 && kv_read_at(out, c->dir, "health") == 0;
}

const char *const health_names[] = {
    [HEALTH_STARTING] = "starting", [HEALTH_HEALTHY] = "healthy", [HEALTH_UNHEALTHY] = "unhealthy"};

const char *health_status(const struct container *c)
{
	struct kv kv;
	const char *r = kv_get(&c->conf, "health") ? health_names[0] : "";
	if (health_read(c, &kv))
		for (int i = 0; i < HEALTH_STATES; i++)
			if (str_eq(kv_get(&kv, "status"), health_names[i]))
				r = health_names[i];
	kv_free(&kv);
	return r;
}
