/* check_info.c: ctr-check --info and --version: what `docker info` and `docker version` say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "check_info.h"
#include "err.h"
#include "file.h"
#include "image_store.h"
#include "json.h"
#include "record.h"
#include "rows.h"
#include "table.h"

/* PRETTY_NAME of os-release(5), which is shell assignments. */
static char *system_name(void)
{
	_cleanup_free_ char *text = file_read("/etc/os-release", 65536, NULL);
	const char *p = text ? strstr(text, "PRETTY_NAME=") : NULL;
	if (!p)
		return xstrdup("Linux");
	p += strlen("PRETTY_NAME=");
	p += *p == '"' || *p == '\'';
	return xstrndup(p, strcspn(p, "\"'\n"));
}

static size_t images(void)
{
	struct store s;
	struct refs r = {0};
	size_t n = 0;
	if (store_open(&s, ctr_lib(), STORE_READ) < 0 || store_refs(&s, &r) < 0)
		die_fail();
	for (size_t i = 0; i < r.n; i++) {
		size_t k = 0;
		while (strcmp(r.v[k].hex, r.v[i].hex))
			k++;
		n += k == i; /* an image with several names counts once */
	}
	refs_free(&r);
	store_close(&s);
	return n;
}

struct counted {
	int all, running, paused;
};

static int count(struct container *c, void *arg)
{
	struct counted *n = arg;
	n->all++;
	n->running += c->status == ST_RUNNING;
	n->paused += c->status == ST_PAUSED;
	return 0;
}

static bool there(const char *controller)
{
	return cgroup_with(controller) != NULL;
}

static json_t *info(void)
{
	struct utsname u;
	struct sysinfo m;
	struct counted n = {0};
	uname(&u);
	sysinfo(&m);
	if (container_each(count, &n) < 0)
		die_fail();
	_cleanup_free_ char *name = system_name(),
			    *forward = file_read("/proc/sys/net/ipv4/ip_forward", 16, NULL);
	json_t *j =
	    json_make("{ID:s,Containers:i,ContainersRunning:i,ContainersPaused:i,"
		      "ContainersStopped:i,Images:I,ServerVersion:s,Driver:s,LoggingDriver:s,"
		      "CgroupDriver:s,CgroupVersion:s,Swarm:{LocalNodeState:s},KernelVersion:s,"
		      "OperatingSystem:s,"
		      "OSType:s,Architecture:s,NCPU:i,MemTotal:I}",
		ctr_instance(), n.all, n.running, n.paused, n.all - n.running - n.paused,
		(json_int_t)images(), CTR_VERSION, "overlay", "json-file", "cgroupfs",
		cgroup_layout() == CGROUP_V2 ? "2" : "1", "inactive", u.release, name, "linux",
		u.machine, (int)sysconf(_SC_NPROCESSORS_ONLN),
		(json_int_t)m.totalram * (json_int_t)m.mem_unit);
	json_t *more = json_make("{DockerRootDir:s,Name:s,DefaultRuntime:s,SecurityOptions:[s],"
				 "Labels:[],MemoryLimit:b,PidsLimit:b,CPUShares:b,CPUSet:b,"
				 "IPv4Forwarding:b}",
	    ctr_lib(), u.nodename, "ctrbox", "name=seccomp,profile=builtin", there("memory"),
	    there("pids"), there("cpu"), there("cpuset"), forward && *forward == '1');
	json_object_update(j, more);
	json_decref(more);
	return j;
}

static json_t *version(void)
{
	struct utsname u;
	uname(&u);
	json_t *one =
	    json_make("{Platform:{Name:s},Version:s,Os:s,Arch:s,KernelVersion:s,Context:s}",
		"ctrbox", CTR_VERSION, "linux", image_arch(), u.release, "default");
	return json_make("{Client:O,Server:o}", one, one);
}

/* Lines of `Key: value`, for people. Under docker's word they are those that scripts look for with
 * grep(1): " Storage Driver: overlay", "  Running: 1", " Total Memory: 23.5GiB". */
static void print_lines(const json_t *j)
{
	static const char *const names[][2] = {{"Driver", "Storage Driver"},
	    {"ContainersRunning", " Running"}, {"ContainersPaused", " Paused"},
	    {"ContainersStopped", " Stopped"}, {"NCPU", "CPUs"}, {"MemTotal", "Total Memory"}};
	const char *k;
	json_t *v;
	json_object_foreach((json_t *)j, k, v)
	{
		if (json_is_array(v))
			v = json_array_get(v, 0);
		if (json_is_object(v))
			v = json_object_iter_value(json_object_iter(v));
		if (!v)
			continue;
		_cleanup_free_ char *s =
		    json_is_string(v) ? str_escape(json_string_value(v)) : json_text(v);
		if (!table_docker) {
			printf("%s: %s\n", k, s);
			continue;
		}
		const char *name = k;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (strcmp(names[i][0], k) == 0)
				name = names[i][1];
		for (putchar(' '); *name; name++) {
			putchar(*name);
			if (name[0] >= 'a' && name[1] >= 'A' && name[1] <= 'Z')
				putchar(' ');
		}
		char size[16];
		printf(": %s\n", str_eq(k, "MemTotal")
				     ? size_docker((uint64_t)json_integer_value(v), 1024, size)
				     : s);
	}
}

int check_info(bool only_version, const char *format, bool json)
{
	struct strv line = {0};
	if (only_version && !format && !json)
		return puts("ctrbox " CTR_VERSION) < 0;
	json_t *j = only_version ? version() : info();
	if (!format && !json)
		return print_lines(j), 0;
	if (rows_add(&line, json ? "json" : format, j) < 0)
		die_fail_usage();
	puts(line.v[0]);
	return 0;
}
