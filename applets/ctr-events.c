/* ctr-events: the events of containers, images, networks and volumes, a line each.
 *
 * Kind: FILTER. Every applet that changes something adds a line to a file (event.h), which is read
 * from here on, or with --since as far back as it goes. inotify reports new lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "event.h"
#include "file.h"
#include "json.h"
#include "list_filter.h"
#include "opt.h"
#include "place.h"
#include "rows.h"
#include "stamp.h"
#include "template.h"
#include "template_fn.h"

static bool as_json;
static const char *format, *since_given, *until_given;
static struct strv filters;
static int64_t since, until = INT64_MAX;

static const struct opt opts[] = {
    {0, "since", "TIME",
	"what was from then on, too: a date, seconds since 1970, or so long ago (1h30m)", OPT_STR,
	&since_given},
    {0, "until", "TIME", "only until then: as --since", OPT_STR, &until_given},
    {'f', "filter", "K=V",
	"only those: type, event, container, image, network, volume, label; values of one key are "
	"alternatives; several labels and keys must all hold",
	OPT_LIST, &filters},
    {0, "format", "TEMPLATE", "a Go template (docker's): .Type .Action .Actor.ID .Actor.Attributes",
	OPT_STR, &format},
    {0, "json", NULL, "an object a line, as docker's --format json", OPT_FLAG, &as_json},
    OPT_END,
};
static const struct usage usage = {.synopsis = "", .opts = opts, .anywhere = true};

/* --- one event --- */

struct event {
	int64_t ns;
	const char *type, *action, *id;
	struct strv attrs; /* KEY=VALUE */
};

/* The labels are a single value with a line for each; the newlines were escaped. */
static void event_labels(struct event *e, char *s)
{
	for (char *next; s; s = next) {
		next = strstr(s, "\\x0a");
		if (next) {
			*next = 0;
			next += 4;
		}
		strv_add(&e->attrs, s);
	}
}

/* False when it is not an event (of another version, for example). */
static bool event_parse(struct event *e, char *line)
{
	char *end, *time = strsep(&line, "\t");
	*e = (struct event){.type = strsep(&line, "\t")};
	e->action = line ? strsep(&line, "\t") : NULL;
	e->id = line ? strsep(&line, "\t") : NULL;
	e->ns = strtoll(time, &end, 10) * 1000000000;
	if (!e->id || *end != '.')
		return false;
	e->ns += strtol(end + 1, NULL, 10);
	for (char *a; (a = strsep(&line, "\t"));)
		if (str_starts(a, "labels="))
			event_labels(e, a + 7);
		else
			strv_add(&e->attrs, a);
	return true;
}

/* --- filters --- */

static bool has_name(const struct event *e, const char *type, const char *want)
{
	const char *name = strv_getenv(&e->attrs, "name");
	bool other = strcmp(e->type, type) != 0;
	if (other) /* an event of a network names the container */
		return str_eq(strv_getenv(&e->attrs, type), want);
	return str_eq(name, want) || (strlen(want) >= 3 && str_starts(e->id, want));
}

static bool label_is(const struct event *e, const char *want)
{
	const char *eq = strchr(want, '=');
	_cleanup_free_ char *key = xstrndup(want, eq ? (size_t)(eq - want) : strlen(want));
	const char *value = strv_getenv(&e->attrs, key);
	return value && (!eq || strcmp(value, eq + 1) == 0);
}

static const char *const filter_keys[] = {
    "type", "event", "label", "container", "image", "network", "volume", NULL};

static bool event_holds(const void *one, size_t key, const char *want)
{
	const struct event *e = one;
	size_t len = strlen(want);
	switch (key) {
	case 0:
		return strcmp(e->type, want) == 0;
	case 1: /* "exec_start" also matches "exec_start: ls" */
		return str_starts(e->action, want) && (!e->action[len] || e->action[len] == ':');
	case 2:
		return label_is(e, want);
	default:
		return has_name(e, filter_keys[key], want);
	}
}

static const struct filter_kind filter_event = {
    filter_keys, event_holds, "container image network volume"};

static bool event_wanted(const struct event *e)
{
	return e->ns >= since && e->ns <= until && filter_holds(&filters, &filter_event, e);
}

/* --- showing --- */

static json_t *event_row(const struct event *e)
{
	json_t *attrs = template_map();
	for (size_t i = 0; i < e->attrs.n; i++) {
		char *eq = strchr(e->attrs.v[i], '=');
		if (!eq)
			continue;
		_cleanup_free_ char *key = xstrndup(e->attrs.v[i], (size_t)(eq - e->attrs.v[i]));
		json_object_set_new(attrs, key, json_string(eq + 1));
	}
	return json_make("{status:s,id:s,from:s*,Type:s,Action:s,Actor:{ID:s,Attributes:o},"
			 "scope:s,time:I,timeNano:I}",
	    e->action, e->id, strv_getenv(&e->attrs, "image"), e->type, e->action, e->id, attrs,
	    "local", (json_int_t)(e->ns / 1000000000), (json_int_t)e->ns);
}

static void event_show(const struct event *e)
{
	char when[STAMP_SIZE];
	if (as_json || format) {
		json_t *row = event_row(e);
		struct strv lines = {0};
		if (as_json) {
			template_plain(row);
			_cleanup_free_ char *text = json_text(row);
			puts(text);
			json_decref(row);
			return;
		}
		static const char *const also[][2] = {{"ID", "id"}, {"Status", "status"},
		    {"From", "from"}, {"Time", "time"}, {"TimeNano", "timeNano"},
		    {"Scope", "scope"}};
		for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
			json_t *v = json_object_get(row, also[i][1]);
			json_object_set_new(row, also[i][0], v ? json_incref(v) : json_string(""));
		}
		if (rows_add(&lines, format, row) < 0)
			die_fail_usage();
		puts(lines.v[0]);
		strv_free(&lines);
		return;
	}
	stamp_text(when, e->ns / 1000000000, (long)(e->ns % 1000000000));
	printf("%s %s %s %s (", when, e->type, e->action, e->id);
	for (size_t i = 0; i < e->attrs.n; i++)
		printf("%s%s", i ? ", " : "", e->attrs.v[i]);
	puts(")");
}

/* --- reading --- */

static char *ring_path(const char *name)
{
	return path_join(ctr_run(), name);
}

static int ring_open(const char *name)
{
	_cleanup_free_ char *path = ring_path(name);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* All complete lines that are there. */
static void ring_read(int fd, struct buf *rest)
{
	char text[8192];
	ssize_t n;
	while (fd >= 0 && (n = read(fd, text, sizeof text)) > 0) {
		buf_add(rest, text, (size_t)n);
		char *line = rest->p, *end;
		for (; (end = memchr(line, '\n', rest->n - (size_t)(line - rest->p)));
		     line = end + 1) {
			struct event e;
			*end = 0;
			if (event_parse(&e, line) && event_wanted(&e))
				event_show(&e);
			strv_free(&e.attrs);
		}
		rest->n -= (size_t)(line - rest->p);
		memmove(rest->p, line, rest->n);
	}
	if (fflush(stdout))
		die_errno("stdout");
}

/* Does the name still belong to the file that we read? */
static bool ring_is(int fd, const char *name)
{
	_cleanup_free_ char *path = ring_path(name);
	return file_same(fd, "", AT_FDCWD, path);
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_now(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void follow(int fd, int changed)
{
	struct buf rest = {0};
	for (int64_t left; (left = until - now_ns()) > 0;) {
		ring_read(fd, &rest);
		if (!ring_is(fd, EVENT_FILE)) {
			int next = ring_open(EVENT_FILE);
			if (next >= 0 && fd >= 0) {
				ring_read(fd, &rest); /* it was written before the file was moved */
				close(fd);
			}
			fd = next >= 0 ? next : fd;
			if (next >= 0)
				continue;
		}
		char note[4096];
		int ms = left > 60000000000 ? 60000 : (int)(left / 1000000 + 1);
		struct pollfd p = {.fd = changed, .events = POLLIN};
		/* Without inotify (a user may have none left) the file is checked twice a second.
		 */
		if (poll(&p, 1, changed < 0 && ms > 500 ? 500 : ms) == 1)
			while (read(changed, note, sizeof note) > 0)
				;
	}
	ring_read(fd, &rest);
}

int ctr_events_main(int argc, char **argv)
{
	if (opt_parse(&usage, argc, argv) < argc)
		die_usage("takes no names: use --filter container=NAME");
	if (filter_check(&filters, &filter_event) < 0)
		die_fail();
	if ((since_given && (since = moment_parse("--since", since_given)) < 0) ||
	    (until_given && (until = moment_parse("--until", until_given)) < 0))
		die_fail();
	if (format && !template_is(format))
		die_usage("--format: '%s' is no template ({{.Action}})", format);
	if (str_eq(format, "json"))
		as_json = true;
	if (place_make(ctr_run()) < 0)
		die_fail();
	int changed = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (inotify_add_watch(changed, ctr_run(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
		cleanup_close(&changed);
		changed = -1;
	}
	int old = -1, fd = -1;
	do { /* so that none is moved away between the two */
		cleanup_close(&old);
		cleanup_close(&fd);
		old = ring_open(EVENT_OLD);
		fd = ring_open(EVENT_FILE);
	} while (fd >= 0 && !ring_is(fd, EVENT_FILE));
	if (since_given || until_given)
		ring_read(old, &(struct buf){0});
	else if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	follow(fd, changed);
	return 0;
}
