/* oci_look.c: the commands of ctr-oci that change nothing; see oci_cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "err.h"
#include "file.h"
#include "host_ps.h"
#include "json.h"
#include "oci_cli.h"
#include "table.h"
#include "title.h"

int oci_do_state(const char *id)
{
	struct oci_record r;
	oci_open(&r, id, OCI_LOOK);
	_cleanup_free_ char *text = oci_record_json(&r);
	puts(text);
	return 0;
}

int oci_do_list(void)
{
	struct strv names = {0};
	struct table t = {0};
	bool as_json = str_eq(oci_o.format, "json");
	json_t *all = json_array();
	if (oci_record_names(oci_dir, &names) < 0)
		oci_die(1);
	if (!as_json && !oci_o.quiet)
		table_row(
		    &t, 6, (const char *[]){"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
	for (size_t i = 0; i < names.n; i++) {
		struct oci_record r;
		if (oci_record_open(&r, oci_dir, names.v[i], OCI_LOOK) < 0) {
			warn_fail(); /* one bad record must not hide the others */
			oci_record_close(&r);
			continue;
		}
		const char *keys[] = {"bundle", "created", "owner"}, *v[3];
		char pid[16];
		for (int k = 0; k < 3; k++)
			if (!(v[k] = kv_get(&r.state, keys[k])))
				v[k] = "";
		snprintf(pid, sizeof pid, "%d", (int)r.pid);
		if (as_json) {
			_cleanup_free_ char *text = oci_record_json(&r);
			json_array_append_new(all, json_parse("state", text, strlen(text)));
		} else if (oci_o.quiet) {
			puts(names.v[i]);
		} else {
			table_row(&t, 6,
			    (const char *[]){
				names.v[i], pid, oci_status_name(r.status), v[0], v[1], v[2]});
		}
		oci_record_close(&r);
	}
	if (as_json) {
		_cleanup_free_ char *text = json_text(all);
		puts(text);
	} else if (!oci_o.quiet) {
		table_print(&t, true);
	}
	json_decref(all);
	return 0;
}

static int add_pid(pid_t pid, void *arg)
{
	json_array_append_new(arg, json_integer(pid));
	return 0;
}

static void ps_row(struct table *t, int pid)
{
	char path[40];
	struct stat st;
	snprintf(path, sizeof path, "/proc/%d", pid);
	_cleanup_close_ int dir = dir_open_at(AT_FDCWD, path);
	_cleanup_free_ char *cmd = dir < 0 ? NULL : title_of(dir), *shown = NULL;
	if (!cmd || fstat(dir, &st) < 0)
		return; /* it has ended */
	shown = str_escape(cmd);
	_cleanup_free_ char *num = xasprintf("%d", pid), *uid = xasprintf("%u", st.st_uid);
	table_row(t, 3, (const char *[]){uid, num, shown});
}

static bool has_pid(pid_t pid, void *pids)
{
	for (size_t i = 0; i < json_array_size(pids); i++)
		if (json_integer_value(json_array_get(pids, i)) == pid)
			return true;
	return false;
}

int oci_do_ps(const char *id, int argc, char **argv)
{
	struct oci_record r;
	struct table t = {0};
	struct strv args = {0};
	oci_open(&r, id, OCI_LOOK);
	const char *group = oci_record_group(&r);
	json_t *pids = json_array();
	if (group && cgroup_procs(group, add_pid, pids) < 0)
		oci_die(1);
	if (!group && r.pid)
		add_pid(r.pid, pids);
	if (str_eq(oci_o.format, "json")) {
		_cleanup_free_ char *text = json_text(pids);
		puts(text);
		return 0;
	}
	strv_add(&args, "ps");
	for (int i = 0; i < argc; i++)
		strv_add(&args, argv[i]);
	if (!argc)
		strv_add(&args, "-ef");
	if (host_ps(args.v, true, has_pid, pids) == 0)
		return 0;
	table_row(&t, 3, (const char *[]){"UID", "PID", "CMD"});
	for (size_t i = 0; i < json_array_size(pids); i++)
		ps_row(&t, (int)json_integer_value(json_array_get(pids, i)));
	table_print(&t, true);
	return 0;
}

/* Go's durations, such as "5s", "1m", "500ms"; in milliseconds. */
static int milliseconds(const char *s)
{
	char *end;
	long n = s ? strtol(s, &end, 10) : 0;
	if (!s)
		return 5000;
	int unit = 0;
	if (strcmp(end, "ms") == 0)
		unit = 1;
	else if (!*end || strcmp(end, "s") == 0)
		unit = 1000;
	else if (strcmp(end, "m") == 0)
		unit = 60000;
	if (n <= 0 || !unit || n > 86400000 / unit)
		die_usage("--interval: '%s' is not a time from 1ms to a day (500ms, 5s, 1m)", s);
	return (int)n * unit;
}

int oci_do_events(const char *id)
{
	struct oci_record r;
	int interval = milliseconds(oci_o.interval);
	oci_open(&r, id, OCI_LOOK);
	if (oci_o.stats) {
		_cleanup_free_ char *text = oci_stats(&r);
		if (!text)
			oci_die(1);
		puts(text);
		return 0;
	}
	if (oci_events(&r, interval) < 0)
		oci_die(1);
	return 0;
}

int oci_do_spec(void)
{
	_cleanup_free_ char *text = oci_default_config(oci_o.rootless),
			    *path = xasprintf("%s/config.json", oci_o.bundle ? oci_o.bundle : ".");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		fail("File %s exists. Remove it first", path);
	else if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || close(fd) < 0)
		fail_errno(path);
	else
		return 0;
	oci_die(1);
}

int oci_do_features(void)
{
	_cleanup_free_ char *text = oci_features();
	puts(text);
	return 0;
}
