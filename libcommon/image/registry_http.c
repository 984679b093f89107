/* registry_http.c: requests made by the host's curl; see registry.h.
 *
 * curl reads what it is to do from its stdin, so that no secret shows in the process table. Its own
 * configuration file is not read (-q), because an option in it could change the output. Credentials
 * are sent to the registry and to the token service that it names, never to where a blob is
 * redirected: curl drops our header there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "pidfd.h"
#include "registry.h"
#include "rows.h"
#include "str.h"
#include "undo.h"

#define ANY "Accept: */*"
#define REPLY_MAX (IMAGE_META_MAX + 65536)

/* KEY = "VALUE" in curl's configuration syntax. */
static void registry_http_option(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "%s = \"", key);
	for (; *value; value++)
		if (*value == '\n' || *value == '\r')
			buf_puts(b, " ");
		else
			buf_printf(b, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	buf_puts(b, "\"\n");
}

/* Value NULL: none. */
static void header(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	_cleanup_free_ char *h = xasprintf("%s: %s", name, value);
	registry_http_option(b, "header", h);
	explicit_bzero(h, strlen(h));
}

static void common(struct buf *b, const struct registry *r, const char *url)
{
	registry_http_option(b, "url", url);
	if (r->ca && *r->ca)
		registry_http_option(b, "cacert", r->ca);
	if (str_starts(url, "https:"))
		registry_http_option(b, "proto-redir", "=https");
	/* A registry that stalls is given up. One that is busy or down for the moment (429, 5xx) is
	 * asked again after 1, 2 and 4 s or what its Retry-After says, within that time. */
	int s = (int)r->timeout;
	buf_printf(b,
	    "%s\nshow-error\nglobbing = false\nconnect-timeout = %d\nspeed-limit = "
	    "1\nspeed-time = %d\nretry = 3\nretry-max-time = %d\nmax-redirs = 5\n"
	    "proto = \"=http,https\"\nuser-agent = ctrbox\nheader = Expect:\n",
	    isatty(2) ? "no-progress-meter" : "silent", s, s, s);
}

static int memory_file(const char *name, const char *text, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, text, n) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		if (fd >= 0)
			close(fd);
		return fail_errno(name);
	}
	return fd;
}

/* Where there is no curl, become wget, but not for requests with a secret: what wget sends shows in
 * the process table. Over https: it fetches only what is named by its digest, because busybox's
 * wget does not check certificates. 33 and 35 are exit codes of curl's: it cannot continue, it
 * cannot speak TLS. */
static _Noreturn void without_curl(const char *url, const char *accept)
{
	if (*url && (!str_starts(url, "https:") || strstr(url, "/sha256:"))) {
		if (accept)
			dprintf(1, "HTTP/1.1 200\r\n\r\n");
		execlp("wget", "wget", "-q", "-O-", "--header", accept ? accept : ANY, url, NULL);
	}
	dprintf(2, "curl: not found: it speaks to registries (install it)");
	_exit(*url ? 35 : 33);
}

/* Run curl with this configuration; its output goes to `out`, its error message to a memory file
 * *err. A file gets little more than `max` bytes. `url` is for wget: empty where it cannot
 * continue, "https:" for what only curl can do; `accept` is NULL for a blob. */
static pid_t registry_http_start(
    struct buf *conf, int out, uint64_t max, int *err, const char *url, const char *accept)
{
	_cleanup_close_ int in = memory_file("curl's options", conf->p, conf->n);
	explicit_bzero(conf->p, conf->n);
	buf_free(conf);
	*err = memory_file("curl's complaint", "", 0);
	pid_t parent = getpid(), pid = in < 0 || *err < 0 ? -1 : fork();
	if (pid != 0)
		return pid < 0 ? fail_errno("start curl") : pid;
	undo_forget();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){max + 4096, max + 4096});
	dup2(out, 1);
	dup2(*err, 2);
	dup2(in, 0);
	execlp("curl", "curl", "-q", "-K", "-", NULL);
	without_curl(url, accept);
}

/* What curl says, behind its warnings. */
static char *complaint(int err, char text[FAIL_MAX])
{
	ssize_t n = pread(err, text, FAIL_MAX - 1, 0);
	text[n < 0 ? 0 : n] = 0;
	char *own = strstr(text, "curl: ("), *end = own ? strstr(own, ") ") : NULL;
	return end ? end + 2 : text;
}

/* For people who wait: why, or the size of what has come to `out`; where that is -1, how much of
 * its file curl has read. */
static void registry_http_tell(pid_t pid, int err, const char *what, int out)
{
	char text[FAIL_MAX], size[16];
	struct stat st = {0};
	fstat(out, &st);
	_cleanup_free_ char *path = xasprintf("/proc/%d/io", pid);
	_cleanup_free_ char *io = out < 0 ? file_read(path, 4096, NULL) : NULL;
	if (io) /* rchar: N */
		st.st_size = atoll(io + 6);
	progress_line(what, strstr(complaint(err, text), "retry")
				? "busy or down: trying again"
				: size_text(NULL, (uint64_t)st.st_size, size));
}

/* Returns its exit code; when that is not 0, fail() remembers what curl said. */
static int finish(pid_t pid, int err, const char *what, int out)
{
	while (!pid_ends(pid, 1000))
		registry_http_tell(pid, err, what, out);
	progress_line(what, "");
	int status = pid_reap(pid);
	char text[FAIL_MAX], *say = complaint(err, text);
	close(err);
	say[strcspn(say, "\n")] = 0;
	if (status == 0)
		return 0;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	errno = code == 28 ? ETIMEDOUT : EIO;
	const char *hint = "";
	if (code == 60 && (strstr(say, "self") || strstr(say, "issuer")))
		hint = " (ctr-image(1): a line \"ca HOST FILE\")";
	else if (strstr(say, "response 407"))
		hint = " (https_proxy=http://USER:PASSWORD@HOST:PORT)";
	fail("%s: %s%s", what, *say ? say : "its program was ended", hint);
	return code;
}

/* --- small answers --- */

/* Blocks of headers (of a proxy, of redirects, of "100 Continue"), then the body. */
static int reply_split(struct reply *p, const char *what)
{
	char *at = p->text;
	for (;;) {
		char *end = strstr(at, "\r\n\r\n");
		if (!str_starts(at, "HTTP/") || !end)
			return errno = EPROTO, fail("%s: the answer is not HTTP", what);
		const char *code = strchr(at, ' ');
		p->status = code ? atoi(code) : 0;
		p->moved |= p->status / 100 == 3 && str_starts(end + 4, "HTTP/");
		p->head = at;
		end[2] = 0;
		at = end + 4;
		if (!str_starts(at, "HTTP/"))
			break;
	}
	p->body = at;
	p->len -= (size_t)(at - p->text);
	return 0;
}

char *reply_header(const struct reply *p, const char *name)
{
	struct buf b = {0};
	size_t n = strlen(name);
	for (const char *l = p->head; (l = strstr(l, "\r\n")) && *(l += 2);)
		if (strncasecmp(l, name, n) == 0 && l[n] == ':') {
			const char *v = l + n + 1 + strspn(l + n + 1, " \t");
			buf_printf(&b, "%s%.*s", b.n ? ", " : "", (int)strcspn(v, "\r"), v);
		}
	return b.p;
}

void reply_free(struct reply *p)
{
	free(p->text);
	*p = (struct reply){0};
}

static int registry_http_once(
    struct registry *r, const struct request *q, const char *url, struct reply *out)
{
	struct buf c = {0};
	int err;
	_cleanup_close_ int to = memory_file("answer", "", 0);
	bool own = str_starts(url, r->base) && url[strlen(r->base)] == '/';
	common(&c, r, url);
	bool head = strcmp(q->method, "HEAD") == 0;
	/* Each try writes its answer from the beginning. */
	buf_printf(&c, "output = /proc/self/fd/1\n%s\n", head ? "head" : "include");
	if (head || strcmp(q->method, "GET") == 0)
		buf_puts(&c, "location\n");
	else
		registry_http_option(&c, "request", q->method);
	if (!q->file) /* a limit of its own, because a registry that sends a byte a second does not
			 stall */
		buf_printf(&c, "max-time = %lld\n", (long long)r->timeout * 10);
	if (own)
		header(&c, "Authorization", r->auth);
	if (q->accept)
		registry_http_option(&c, "header", q->accept);
	header(&c, "Content-Type", q->type);
	if (q->file) {
		registry_http_option(&c, "upload-file", q->file);
		/* Behind a path that ends in a slash, curl would write the file's name. */
		const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
		if (path && path[strcspn(path, "?") - 1] == '/')
			registry_http_option(&c, "request-target", path);
	} else if (q->body) {
		registry_http_option(&c, "data-binary", q->body);
	}
	bool get = !r->auth && strcmp(q->method, "GET") == 0;
	pid_t pid = registry_http_start(
	    &c, to, REPLY_MAX, &err, get ? url : "https:", q->accept ? q->accept : ANY);
	*out = (struct reply){0};
	if (pid < 0)
		return -1;
	int code = finish(pid, err, r->host, q->file ? -1 : to);
	lseek(to, 0, SEEK_SET);
	out->text = fd_read_all(to, url, REPLY_MAX, &out->len);
	if (code || !out->text) {
		reply_free(out);
		return code == 35 || code == 60 ? -code : -1;
	}
	out->moved = !own;
	return reply_split(out, url);
}

/* --- who we are --- */

static void url_add(struct buf *b, const char *s)
{
	for (;; s++) {
		size_t n = str_alnum(s, "-._~/:");
		buf_add(b, s, n);
		if (!*(s += n))
			return;
		buf_printf(b, "%%%02X", *s & 255);
	}
}

static void basic(struct registry *r, char **auth)
{
	_cleanup_free_ char *pair = xasprintf("%s:%s", r->user, r->password);
	_cleanup_free_ char *code = base64_encode(pair);
	*auth = xasprintf("Basic %s", code);
}

/* A token from the service that the challenge names (distribution's token authentication). */
static int token(struct registry *r, const struct challenge *c)
{
	struct buf url = {0}, form = {0};
	bool identity = str_eq(r->user, "<token>");
	if (str_starts(r->base, "https:") && !str_starts(c->realm, "https:") &&
	    !registry_loopback(r))
		return errno = EPROTO,
		       fail("%s: asks for credentials to be sent unencrypted, to %s", r->host,
			   c->realm);
	/* An identity token is exchanged as OAuth 2.0's refresh token, in a form. */
	struct buf *to = identity ? &form : &url;
	if (identity)
		buf_puts(to, "grant_type=refresh_token&client_id=ctrbox&");
	else
		buf_printf(to, "%s%c", c->realm, strchr(c->realm, '?') ? '&' : '?');
	buf_puts(to, "service=");
	url_add(to, c->service ? c->service : "");
	_cleanup_free_ char *own =
	    r->repo ? xasprintf("repository:%s:%s", r->repo, r->scope) : NULL;
	if (own || c->scope) {
		buf_puts(to, "&scope=");
		url_add(to, own ? own : c->scope);
	}
	if (identity) {
		buf_puts(to, "&refresh_token=");
		url_add(to, r->password);
	}
	/* The token service gets the password, everything else the token. */
	struct registry at = *r;
	const char *slash =
	    strchr(strstr(c->realm, "://") ? strstr(c->realm, "://") + 3 : c->realm, '/');
	at.base = xstrndup(c->realm, slash ? (size_t)(slash - c->realm) : strlen(c->realm));
	at.auth = NULL;
	if (r->user && !identity)
		basic(r, &at.auth);
	struct reply p;
	struct request q = {.method = identity ? "POST" : "GET", .body = form.p};
	int e = registry_http_once(&at, &q, identity ? c->realm : url.p, &p);
	buf_free(&form);
	free(at.base);
	free(at.auth);
	buf_free(&url);
	if (e < 0)
		return -1;
	_cleanup_json_ json_t *j = p.status == 200 ? json_parse("token", p.body, p.len) : NULL;
	const char *t = json_string_value(json_object_get(j, "token"));
	if (!t || !*t)
		t = json_string_value(json_object_get(j, "access_token"));
	int r2 = p.status != 200 ? reply_refused(r, "a token", &p) : 0;
	if (r2 == 0 && !t)
		r2 = (errno = EPROTO, fail("%s: gives no token", r->host));
	if (r2 == 0)
		r->auth = xasprintf("Bearer %s", t);
	reply_free(&p);
	return r2;
}

static int identify(struct registry *r, const struct reply *p)
{
	struct challenge c;
	_cleanup_free_ char *header = reply_header(p, "WWW-Authenticate");
	free(r->auth);
	r->auth = NULL;
	if (!header)
		return errno = EACCES, fail("%s: refuses, and does not say what it wants", r->host);
	if (challenge_parse(header, &c) < 0)
		return fail_about(r->host);
	int e = 0;
	if (!c.basic)
		e = token(r, &c);
	else if (r->user)
		basic(r, &r->auth);
	else
		e = (errno = EACCES,
		    fail("%s: asks who you are (ctr-image login %s)", r->host, r->host));
	challenge_free(&c);
	return e;
}

int registry_ask(struct registry *r, const struct request *q, struct reply *out)
{
	for (bool asked = false;;) {
		_cleanup_free_ char *url =
		    strstr(q->path, "://") ? xstrdup(q->path) : xasprintf("%s%s", r->base, q->path);
		int e = registry_http_once(r, q, url, out);
		/* A registry on this machine may do without TLS, as with docker. */
		if (e == -35 && registry_loopback(r) && str_starts(r->base, "https:")) {
			memmove(r->base + 4, r->base + 5, strlen(r->base) - 4);
			continue;
		}
		if (e < 0)
			return -1;
		/* Where a registry sends us to is not to ask for the password (CVE-2020-15157). */
		if (out->status != 401 || asked || out->moved)
			return 0;
		asked = true;
		e = identify(r, out);
		reply_free(out);
		if (e < 0)
			return -1;
	}
}

int registry_ask_blob(struct registry *r, const char *method, const char *hex, struct reply *out)
{
	_cleanup_free_ char *path = xasprintf("/v2/%s/blobs/sha256:%s", r->repo, hex);
	return registry_ask(r, &(struct request){.method = method, .path = path}, out);
}

int reply_refused(const struct registry *r, const char *what, const struct reply *p)
{
	_cleanup_json_ json_t *j =
	    p->len && p->body[0] == '{' ? json_parse("", p->body, p->len) : NULL;
	const json_t *e = json_array_get(json_object_get(j, "errors"), 0);
	const char *why = json_string_value(json_object_get(e, "message"));
	if (p->status == 404)
		return errno = ENOENT, fail("%s: %s: there is none", r->host, what);
	if (p->status == 401 || p->status == 403)
		return errno = EACCES,
		       fail("%s: %s: not permitted%s%s (ctr-image login %s)", r->host, what,
			   r->user ? " to " : "", r->user ? r->user : "", r->host);
	if (p->status == 429) {
		_cleanup_free_ char *after = reply_header(p, "Retry-After");
		return errno = EAGAIN,
		       fail("%s: %s: too many requests; try again %s%s%s, or log in", r->host, what,
			   after ? "after " : "later", after ? after : "",
			   after && strspn(after, "0123456789") == strlen(after) ? " s" : "");
	}
	return errno = EIO, fail("%s: %s: status %d%s%s", r->host, what, p->status, why ? ": " : "",
				why ? why : "");
}

/* --- blobs --- */

int registry_fetch(
    struct registry *r, const char *hex, int fd, uint64_t from, uint64_t size, struct fetch *f)
{
	struct buf c = {0};
	_cleanup_free_ char *url = xasprintf("%s/v2/%s/blobs/sha256:%s", r->base, r->repo, hex);
	common(&c, r, url);
	buf_puts(&c, "location\nfail\n");
	if (from)
		buf_printf(&c, "continue-at = %llu\n", (unsigned long long)from);
	header(&c, "Authorization", r->auth);
	f->fd = fd;
	f->from = from;
	f->pid = registry_http_start(&c, fd, size, &f->err, from || r->auth ? "" : url, NULL);
	return f->pid < 0 ? -1 : 0;
}

int registry_fetch_end(const struct registry *r, struct fetch *f)
{
	int code = finish(f->pid, f->err, r->host, f->fd);
	f->pid = 0;
	if (code == 33) /* CURLE_RANGE_ERROR */
		return 1;
	return code ? -1 : 0;
}
