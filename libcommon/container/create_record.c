/* create_record.c: the part of ctr-run's options that is kept in the record because only the
 * monitor and the listings need it; see create.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "create.h"
#include "create_flags.h"
#include "err.h"
#include "file.h"
#include "log.h"
#include "quota.h"
#include "secret.h"
#include "signames.h"
#include "stamp.h"
#include "share.h"
#include "str.h"

/* 0, or -1 with fail_usage(): an empty value would be lost. */
static int join_conf(struct kv *conf, const char *key, const struct strv *l)
{
	struct buf b = {0};
	if (strv_has(l, "")) {
		_cleanup_free_ char *option = xstrdup(key);
		for (char *p = option; (p = strchr(p, '_'));)
			*p = '-';
		return fail_usage("--%s: '' is empty", option);
	}
	for (size_t i = 0; i < l->n; i++)
		buf_printf(&b, "%s%s", i ? "\n" : "", l->v[i]);
	if (b.n)
		kv_set(conf, key, b.p);
	buf_free(&b);
	return 0;
}

static void conf_text(struct kv *conf, const char *key, const char *value)
{
	if (value)
		kv_set(conf, key, value);
}

int create_restart_check(const char *p)
{
	int64_t n;
	if (!str_has_word("no always unless-stopped on-failure", p) &&
	    !str_starts(p, "on-failure:"))
		return fail_usage(
		    "--restart: '%s' is not no, on-failure[:N], always or unless-stopped", p);
	if (str_starts(p, "on-failure:") &&
	    num_parse("--restart on-failure", p + 11, 1, 1000000, &n) < 0)
		return fail_as_usage();
	return 0;
}

static int restart_policy(const struct create_flags *o, struct kv *conf)
{
	const char *p = o->restart;
	if (!p)
		return 0;
	if (create_restart_check(p) < 0)
		return -1;
	if (strcmp(p, "no") != 0 && o->rm)
		return o->detach ? fail_usage("--restart and --rm contradict each other: give one")
				 : fail_usage("--restart %s: a foreground container is removed "
					      "when it ends: add -d "
					      "(or --keep)",
				       p);
	kv_set(conf, "restart", p);
	return 0;
}

/* max-size and max-file as in docker; its other words belong to log drivers that do not exist
 * here. */
static int log_opt(struct kv *conf, const char *arg, uint64_t *size, int64_t *files)
{
	int64_t s;
	if (str_starts(arg, "max-size="))
		return size_parse("--log-opt max-size", arg + 9, size);
	if (str_starts(arg, "tag=") && arg[4] && !strchr(arg, '\n'))
		return kv_set(conf, "log_tag", arg + 4), 0;
	if (str_starts(arg, "flush=")) {
		if (num_parse("--log-opt flush", arg + 6, 0, 3600, &s) < 0)
			return -1;
		return kv_setf(conf, "log_flush", "%" PRId64, s), 0;
	}
	if (!str_starts(arg, "max-file="))
		return fail("--log-opt: '%s' is not max-size=, max-file=, tag= or flush=", arg);
	int r = num_parse("--log-opt max-file", arg + 9, 1, 1001, files);
	--*files; /* docker's number includes the file that is being written */
	return r;
}

static int log_options(const struct create_flags *o, struct kv *conf)
{
	/* the first three are the file */
	static const char *const drivers[] = {
	    "json-file", "local", "k8s-file", "none", "syslog", "journald"};
	enum { DRIVERS = sizeof drivers / sizeof drivers[0] };
	int64_t files = 1;
	uint64_t size = LOG_SIZE_DEFAULT;
	size_t d = 0;
	for (size_t i = 0; i < o->log_opts.n; i++)
		if (log_opt(conf, o->log_opts.v[i], &size, &files) < 0)
			return fail_as_usage();
	if (o->log_size)
		size = o->log_size;
	if (o->log_files && num_parse("--log-max-files", o->log_files, 0, 1000, &files) < 0)
		return fail_as_usage();
	while (o->log_driver && d < DRIVERS && strcmp(drivers[d], o->log_driver))
		d++;
	if (d == DRIVERS)
		return fail_usage("--log-driver: '%s' is not json-file, syslog, journald or none "
				  "(ctr-logs -f NAME | ... carries lines anywhere)",
		    o->log_driver);
	if (d >= 3)
		kv_set(conf, "log", drivers[d]);
	kv_setf(conf, "log_max_size", "%" PRIu64, size);
	kv_setf(conf, "log_max_files", "%" PRId64, files);
	return 0;
}

static int storage_option(const struct create_flags *o, const struct spec *s, struct kv *conf)
{
	uint64_t bytes;
	const char *text = o->storage_opt;
	if (!text)
		return 0;
	if (!str_starts(text, "size="))
		return fail_usage("--storage-opt: '%s' is not size=SIZE", text);
	if (size_parse("--storage-opt size", text + 5, &bytes) < 0)
		return fail_as_usage();
	if (!s->x_lower.n && !s->x_image_file)
		return fail_usage("--storage-opt: this container has no writable layer of its own");
	kv_set(conf, "storage_opt", text);
	return 0;
}

int create_layer_limit(const struct container *c, struct spec *s)
{
	const char *opt = kv_get(&c->conf, "storage_opt");
	uint64_t bytes = 0;
	if (!opt || size_parse("size", opt + strlen("size="), &bytes) < 0 || !bytes ||
	    quota_set(c->dir, (uint32_t)strtoul(c->id, NULL, 16), bytes))
		return 0;
	warn("%s: --storage-opt: its file system has no project quota (%m): its writable layer is "
	     "in memory, and gone whenever it stops",
	    c->name);
	s->x_upper_size = xasprintf("%" PRIu64, bytes);
	return 1;
}

static int create_record_labels(const struct create_flags *o, struct spec *s, struct kv *conf)
{
	for (size_t i = 0; i < o->annotations.n; i++) {
		char *a = o->annotations.v[i], *eq = strchr(a, '=');
		if (!eq || eq == a || str_starts(a, "ctrbox."))
			return fail_usage("--annotation: '%s' is not K=V", a);
		strv_add(&s->annotations, a);
	}
	_cleanup_strv_ struct strv labels = {0}; /* those of the command line take precedence */
	if (label_files(&labels, &o->label_file) < 0)
		return -1;
	for (size_t i = 0; i < o->labels.n; i++)
		strv_add(&labels, o->labels.v[i]);
	_cleanup_free_ char *lines = label_lines(&labels);
	if (lines && *lines)
		kv_set(conf, "label", lines);
	return lines ? 0 : -1;
}

static int stop_signal(const struct create_flags *o, struct kv *conf)
{
	int64_t n;
	if (o->stop_timeout && num_parse("--stop-timeout", o->stop_timeout, -1, 1000000, &n) < 0)
		return fail_as_usage();
	if (o->stop_timeout)
		kv_setf(conf, "stop_timeout", "%" PRId64, n < 0 ? 1000000 : n);
	if (o->timeout && num_parse("--timeout", o->timeout, 0, 1000000000, &n) < 0)
		return fail_as_usage();
	conf_text(conf, "timeout", o->timeout);
	if (o->sdnotify && !str_has_word("container conmon ignore", o->sdnotify))
		return fail_usage(
		    "--sdnotify: '%s' is not container, conmon or ignore", o->sdnotify);
	conf_text(conf, "sdnotify", o->sdnotify);
	if (!o->stop_signal)
		return 0;
	if (signal_from_name(o->stop_signal) < 0)
		return fail_in("--stop-signal"), fail_as_usage();
	kv_set(conf, "stop_signal", o->stop_signal);
	return 0;
}

static int net_record(const struct create_flags *o, struct kv *conf)
{
	kv_set(conf, "net", o->bundle ? "none" : o->net);
	int r = join_conf(conf, "publish", &o->publish) | join_conf(conf, "expose", &o->expose) |
		join_conf(conf, "dns", &o->dns) | join_conf(conf, "dns_search", &o->dns_search) |
		join_conf(conf, "dns_option", &o->dns_option) |
		join_conf(conf, "add_host", &o->add_host) |
		join_conf(conf, "net_alias", &o->net_alias);
	if (str_eq(o->ipc, "none") || str_eq(o->ipc, "shareable"))
		kv_set(conf, "ipc", o->ipc); /* as inspect tells it */
	conf_text(conf, "ip", o->ip);
	conf_text(conf, "ip6", o->ip6);
	conf_text(conf, "mac", o->mac);
	if (o->no_hosts)
		kv_set(conf, "no_hosts", "1");
	if (o->publish_all)
		kv_set(conf, "publish_all", "1");
	return r;
}

int create_record(const struct create_flags *o, struct container *c, struct spec *s)
{
	struct kv *conf = &c->conf;
	struct buf cmd = {0};
	struct timespec now;
	clock_now(CLOCK_REALTIME, &now);
	kv_set(conf, "name", c->name);
	kv_set(conf, "id", c->id);
	kv_setf(conf, "created", "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	for (size_t i = 0; i < s->args.n; i++) { /* as docker shows it */
		const char *quote = i && strchr(s->args.v[i], ' ') ? "'" : "";
		buf_printf(&cmd, "%s%s%s%s", i ? " " : "", quote, s->args.v[i], quote);
	}
	kv_set(conf, "command", cmd.p ? cmd.p : "");
	buf_free(&cmd);
	if (restart_policy(o, conf) < 0 || stop_signal(o, conf) < 0)
		return -1;
	kv_set(conf, "rm", o->rm ? "1" : "0");
	kv_set(conf, "tty", o->tty ? "1" : "0");
	kv_set(conf, "stdin", o->interactive ? "1" : "0");
	if (s->cgroups_path && *s->cgroups_path)
		kv_set(conf, "cgroup_parent", s->cgroups_path);
	if (o->pidfile) {
		_cleanup_free_ char *here = o->pidfile[0] == '/' ? xstrdup("") : getcwd(NULL, 0);
		kv_setf(conf, "pidfile", "%s%s%s", here ? here : "", here && *here ? "/" : "",
		    o->pidfile);
	}
	if (storage_option(o, s, conf) < 0 || secret_record(o, conf) < 0 ||
	    log_options(o, conf) < 0 || create_record_labels(o, s, conf) < 0)
		return -1;
	share_record(conf, s);
	return net_record(o, conf);
}

int create_reload(const struct container *c, struct spec *spec)
{
	size_t len;
	_cleanup_free_ char *text = file_read_at(c->dir, "config.json", FILE_ANY, &len);
	memset(spec, 0, sizeof *spec);
	if (!text || spec_parse(spec, "config.json", text, len) < 0)
		return fail_about(c->name);
	return 0;
}
