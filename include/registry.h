/* registry.h: pulling images from registries and pushing them (OCI distribution-spec 1.1, docker's
 * registry API v2). HTTP is done by the host's curl, so that TLS, proxies and certificates are the
 * host's own.
 *
 * Which registry a name means, and which mirrors and short names there are, stands in
 * $CTR_REGISTRIES, else in ~/.config/ctr/registries and /etc/ctr/registries, a line each
 * (ctr-image(1)). Credentials are docker's: $DOCKER_CONFIG/config.json or ~/.docker/config.json,
 * and the helpers that it names.
 */
#ifndef CTR_REGISTRY_H
#define CTR_REGISTRY_H

#include "image_store.h"
#include "str.h"

/* The parts of a reference. All of them are released by registry_ref_free(). */
struct registry_ref {
	char *name; /* its name in the store: "alpine:3", "quay.io/x/y:latest" */
	char *host; /* "docker.io", "127.0.0.1:5000" */
	char *repo; /* "library/alpine" */
	char *tag;  /* what is asked for: a tag or "sha256:HEX" */
};
/* Take "[HOST/]REPO[:TAG][@sha256:HEX]" apart, with docker's defaults for what is missing. 0, or -1
 * with fail() and EINVAL. */
int registry_ref_parse(const char *in, struct registry_ref *out);
void registry_ref_free(struct registry_ref *r);

/* The header `WWW-Authenticate: Bearer realm="...",service="...",scope="..."` or `Basic
 * realm="..."`; `header` is what stands behind its colon. Of several challenges Bearer's is taken
 * first. -1 with fail() when none of them is known here or the header is damaged. */
struct challenge {
	bool basic;
	char *realm, *service, *scope;
};
int challenge_parse(const char *header, struct challenge *out);
void challenge_free(struct challenge *c);

/* Bring an image into the store; its name is appended to *loaded, its digest goes to hex. A pull
 * that a signal interrupted is continued where it was when the image is pulled again. 0, 1 when the
 * name stood for it before, or -1 with fail(). */
int registry_pull(const char *lib, const char *ref, struct strv *loaded, char hex[DIGEST_HEX]) COLD;
/* Push the image `operand` of the store to where `ref` says. Its digest goes to hex. The bytes of
 * its manifest, or -1 with fail(). */
int registry_push(const char *lib, const char *operand, const char *ref, char hex[DIGEST_HEX]);
/* Find out whether the registry accepts these credentials, and keep them as docker does. `password`
 * is kept in memory no longer than needed. 0, or -1 with fail(). */
int registry_login(const char *host, const char *user, const char *password);
/* Forget what registry_login() has kept. 0 (also when there was nothing), or -1 with fail(). */
int registry_logout(const char *host);
/* Print the names of the repositories that have `term` in their name, with their descriptions, a
 * line each. 0, or -1 with fail(). */
int registry_search(const char *host, const char *term);

/* --- between the files of registry*.c --- */

/* A registry, and who we are for it. */
struct registry {
	char *host;            /* as in a reference */
	char *base;            /* "https://HOST" or "http://HOST" */
	char *repo;            /* in URLs; NULL for none */
	char *ca;              /* a file of certificates, or NULL */
	char *user, *password; /* user "<token>": the password is an identity token */
	char *auth;            /* the Authorization header's value; NULL: none yet */
	const char *scope;     /* "pull" or "pull,push" */
	int64_t timeout;       /* seconds without a byte */
};
/* How the registry of a reference is reached: what the file of registries says about its host.
 * `mirror` is a number from 0 on: 1 when there is such a mirror, 0 when there are no more, -1 with
 * fail(). The last one is the registry itself; SIZE_MAX asks for that at once. */
int registry_at(const char *host, size_t mirror, struct registry *out);
/* What the short name `name` (without a tag) stands for in that file, or NULL. Caller frees. */
char *registry_alias(const char *name);
/* Is it on this machine, so that it may do without TLS? */
bool registry_loopback(const struct registry *r);
/* Free what it has; the password is overwritten first. */
void registry_free(struct registry *r);
/* Put the credentials that docker has stored for the registry into r. 0 (also when there are none),
 * or -1 with fail(). */
int registry_credentials(struct registry *r);
/* Keep credentials where docker does: by the helper that its configuration names, else in that file
 * itself (0600). user NULL: they are forgotten. 0, or -1 with fail(). */
int registry_credentials_store(const char *host, const char *user, const char *password);
/* RFC 4648, section 4, with padding. Caller frees. */
char *base64_encode(const char *s);

struct reply {
	int status;
	char *text;              /* all of it, the caller's */
	const char *head, *body; /* in text */
	size_t len;              /* of the body */
	bool moved;              /* it comes from another place than the registry */
};
struct request {
	const char *method, *path; /* path: behind base, or a whole URL */
	const char *accept;        /* a whole header, or NULL */
	const char *type;          /* of what is sent, or NULL */
	const char *file, *body;   /* the file whose contents are sent, or what is sent; or NULL */
};
/* Send a small request and read the whole answer into *out, which reply_free() releases. If the
 * registry demands to know who we are, this function tells it and asks again. 0, whatever the HTTP
 * status is, or -1 with fail() when there was no answer. */
int registry_ask(struct registry *r, const struct request *q, struct reply *out);
/* registry_ask() for a blob: GET, or HEAD, after which credentials that have expired are renewed.
 */
int registry_ask_blob(struct registry *r, const char *method, const char *hex, struct reply *out);
void reply_free(struct reply *p);
/* A header of the answer; if it stands there several times, with ", " between. Caller frees; NULL
 * when it has no such header. */
char *reply_header(const struct reply *p, const char *name);
/* fail() with what an unwelcome status means, in one line. Returns -1. */
int reply_refused(const struct registry *r, const char *what, const struct reply *p);

struct fetch {
	pid_t pid;
	int fd, err; /* where it writes to, and what it says */
	uint64_t from;
};
/* Begin to fetch a blob: a process of curl writes it to `fd` (borrowed), beginning with its byte
 * `from`; a file gets little more than `size` bytes. 0, and registry_fetch_end() is to be called;
 * or -1 with fail(). */
int registry_fetch(
    struct registry *r, const char *hex, int fd, uint64_t from, uint64_t size, struct fetch *f);
/* Wait for that. 0, or -1 with fail(); 1 when the registry cannot continue in the middle of a blob.
 */
int registry_fetch_end(const struct registry *r, struct fetch *f);

#endif
