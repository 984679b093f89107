/* registry_auth.c: docker's credential file and credential helpers; see registry.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "json.h"
#include "pidfd.h"
#include "registry.h"
#include "str.h"
#include "undo.h"

#define ANSWER_MAX 65536

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const char *s)
{
	size_t n = strlen(s), k = 0;
	char *out = xmalloc(n / 3 * 4 + 5);
	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)(s[i] & 255) << 16;
		v |= i + 1 < n ? (unsigned)(s[i + 1] & 255) << 8 : 0;
		v |= i + 2 < n ? (unsigned)(s[i + 2] & 255) : 0;
		for (size_t b = 0; b < 4; b++)
			out[k++] = i + b > n ? '=' : digits[v >> (18 - 6 * b) & 63];
	}
	out[k] = 0;
	return out;
}

/* NULL when it is not valid base64. Caller frees. */
static char *base64_decode(const char *s)
{
	char *out = xmalloc(strlen(s) + 1), *to = out;
	unsigned v = 0, bits = 0;
	for (; *s && *s != '='; s++) {
		const char *d = strchr(digits, *s);
		if (!d) {
			free(out);
			return NULL;
		}
		v = v << 6 | (unsigned)(d - digits);
		bits += 6;
		if (bits >= 8)
			*to++ = (char)(v >> (bits -= 8));
	}
	*to = 0;
	return out;
}

/* Where a link leads, so that it stays one. */
static char *config_path(void)
{
	const char *dir = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	bool set = dir && *dir;
	if (!set && !home)
		return NULL;
	char *path = set ? path_join(dir, "config.json") : path_join(home, ".docker/config.json");
	char *leads = path_real(path);
	if (!leads)
		return path;
	free(path);
	return leads;
}

/* docker's file `name` beneath dirfd, which messages call `path`; an empty object when there is
 * none, or nothing in it (as docker does: a power cut may have emptied it). *st: whose it is; as it
 * was when there is none. NULL with fail(). */
static json_t *config_read(int dirfd, const char *name, const char *path, struct stat *st)
{
	size_t len;
	_cleanup_close_ int fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 && (errno == ENOENT || errno == ELOOP)) /* a link that leads nowhere */
		return json_object();
	if (fd < 0 || fstat(fd, st) < 0)
		return fail_errno(path), NULL;
	if (!S_ISREG(st->st_mode))
		return errno = EINVAL, fail("%s: not a regular file", path), NULL;
	_cleanup_free_ char *text = fd_read_all(fd, path, 1 << 20, &len);
	if (text && !len)
		return json_object();
	json_t *j = text ? json_parse(path, text, len) : NULL;
	if (j && !json_is_object(j)) {
		json_decref(j);
		errno = EINVAL;
		fail("%s: not an object", path);
		return NULL;
	}
	return j;
}

static const char *registry_auth_key_of(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
}

/* The key under which `auths` has this registry (older files have a whole address,
 * https://HOST/v2/), or that under which it would be put when there is none. Borrowed. */
static const char *registry_auth_entry(json_t *auths, const char *host)
{
	const char *want = registry_auth_key_of(host), *key;
	const json_t *entry;
	json_object_foreach(auths, key, entry)
	{
		const char *mark = strstr(key, "://"), *at = mark ? mark + 3 : key;
		size_t n = strcspn(at, "/");
		if (strcmp(key, want) == 0 || (strlen(host) == n && strncmp(at, host, n) == 0))
			return key;
	}
	return want;
}

/* The credential helper of this registry, or NULL. Borrowed. */
static const char *helper_of(const json_t *config, const char *host)
{
	const char *own =
	    json_string_value(json_object_get(json_object_get(config, "credHelpers"), host));
	if (!own)
		own = json_string_value(json_object_get(config, "credsStore"));
	return own && *own ? own : NULL; /* "" means none */
}

/* Run docker-credential-NAME VERB with `text` on its stdin, for at most this many seconds; returns
 * its output, or NULL with fail(). Caller frees. */
static char *helper_run(const char *name, const char *verb, const char *text, int64_t seconds)
{
	_cleanup_free_ char *program = xasprintf("docker-credential-%s", name);
	if (strchr(name, '/')) /* not what $PATH has, but what lies in the working directory */
		return errno = EINVAL, fail_errno(program), NULL;
	/* In files, because a program that does not read its stdin would break a pipe, and what it
	 * leaves running would keep another open. */
	_cleanup_close_ int in = memfd_create("credentials", MFD_CLOEXEC);
	_cleanup_close_ int out = memfd_create("answer", MFD_CLOEXEC);
	if (in < 0 || out < 0 || fd_write_all(in, text, strlen(text)) < 0 ||
	    lseek(in, 0, SEEK_SET) < 0)
		return fail_errno(program), NULL;
	pid_t pid = fork();
	if (pid == 0) {
		undo_forget();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Without a terminal nobody can be asked, and the helper gets a process group of
		 * its own, so that its children can be ended with it. */
		if (open("/dev/tty", O_RDWR | O_CLOEXEC) < 0)
			setpgid(0, 0);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ANSWER_MAX, ANSWER_MAX});
		dup2(in, 0);
		dup2(out, 1);
		execlp(program, program, verb, NULL);
		dprintf(1, "%m");
		_exit(127);
	}
	bool late = pid > 0 && !pid_ends(pid, seconds * 1000);
	if (late && kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
	int status = pid_reap(pid);
	lseek(out, 0, SEEK_SET);
	char *answer = fd_read_all(out, program, ANSWER_MAX, NULL);
	if (status == 0 && answer)
		return answer;
	errno = answer && strstr(answer, "not found") ? ENOENT : EIO;
	if (late)
		fail("%s %s: not done after %d s", program, verb, (int)seconds);
	else
		fail("%s %s: failed%s%.*s", program, verb, answer && *answer ? ": " : "",
		    answer ? (int)strcspn(answer, "\n") : 0, answer ? answer : "");
	free(answer);
	return NULL;
}

static int from_helper(struct registry *r, const char *helper)
{
	_cleanup_free_ char *answer =
	    helper_run(helper, "get", registry_auth_key_of(r->host), r->timeout * 4);
	if (!answer)
		return errno == ENOENT ? 0 : -1;
	_cleanup_json_ json_t *j = json_parse(helper, answer, strlen(answer));
	const char *user = json_string_value(json_object_get(j, "Username"));
	const char *secret = json_string_value(json_object_get(j, "Secret"));
	if (user && secret) {
		r->user = xstrdup(user);
		r->password = xstrdup(secret);
	}
	return j ? 0 : -1;
}

int registry_credentials(struct registry *r)
{
	_cleanup_free_ char *path = config_path();
	_cleanup_json_ json_t *config =
	    path ? config_read(AT_FDCWD, path, path, &(struct stat){0}) : json_object();
	if (!config)
		return -1;
	const char *helper = helper_of(config, r->host);
	json_t *auths = json_object_get(config, "auths");
	const json_t *entry = json_object_get(auths, registry_auth_entry(auths, r->host));
	const char *auth = json_string_value(json_object_get(entry, "auth"));
	const char *identity = json_string_value(json_object_get(entry, "identitytoken"));
	if (identity && *identity) { /* returned in the form in which a helper gives it */
		r->user = xstrdup("<token>");
		r->password = xstrdup(identity);
		return 0;
	}
	if (auth && !*auth)
		auth = NULL;
	if (helper && !auth)
		return from_helper(r, helper);
	_cleanup_free_ char *pair = auth ? base64_decode(auth) : NULL;
	char *colon = pair ? strchr(pair, ':') : NULL;
	if (auth && !colon)
		return errno = EINVAL, fail("%s: auths: %s: damaged", path, r->host);
	if (!colon)
		return 0;
	r->user = xstrndup(pair, (size_t)(colon - pair));
	r->password = xstrdup(colon + 1);
	return 0;
}

/* With user NULL, they are forgotten. */
int registry_credentials_store(const char *host, const char *user, const char *password)
{
	struct stat st = {.st_mode = 0600, .st_uid = geteuid(), .st_gid = getegid()};
	_cleanup_free_ char *path = config_path();
	if (!path)
		return fail("no home directory to keep credentials in: set DOCKER_CONFIG");
	_cleanup_free_ char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (user && dir_make(dir, 0700) < 0)
		return -1;
	/* All goes by this one descriptor: the folder may be another user's, whose HOME sudo has
	 * kept, and they could put a link in its place. */
	_cleanup_close_ int order = dir_open(dir);
	if (order < 0 && (user || errno != ENOENT))
		return fail_errno(dir);
	/* so that of two logins at once neither loses its entry */
	if (order >= 0 && lock_wait(order, LOCK_EX) < 0)
		return fail_about(dir);
	const char *name = path + strlen(dir) + 1;
	_cleanup_json_ json_t *config =
	    order < 0 ? json_object() : config_read(order, name, path, &st);
	if (!config)
		return -1;
	const char *helper = helper_of(config, host);
	if (helper) {
		flock(order, LOCK_UN); /* the helper may have to ask a person, which takes time */
		_cleanup_json_ json_t *j = json_make("{ServerURL:s,Username:s,Secret:s}",
		    registry_auth_key_of(host), user ? user : "", user ? password : "");
		_cleanup_free_ char *text =
		    user ? json_text(j) : xstrdup(registry_auth_key_of(host));
		_cleanup_free_ char *answer =
		    helper_run(helper, user ? "store" : "erase", text, 120);
		return answer ? 0 : -1;
	}
	json_t *auths = json_object_get(config, "auths");
	if (!json_is_object(auths)) {
		auths = json_object();
		json_object_set_new(config, "auths", auths);
	}
	const char *key = registry_auth_entry(auths, host);
	if (!user && json_object_del(auths, key) < 0)
		return warn("%s: not logged in", host), 0;
	if (user) {
		_cleanup_free_ char *pair = xasprintf("%s:%s", user, password);
		_cleanup_free_ char *code = base64_encode(pair);
		json_object_set_new(auths, key, json_make("{auth:s}", code));
	}
	_cleanup_free_ char *text = json_pretty(config);
	return file_write_as(order, name, text, strlen(text), 0600, &st, true); /* whose it was */
}
