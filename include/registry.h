/* registry.h: images to and from registries (OCI distribution-spec 1.1, docker's registry API v2),
 * over the host's curl, so that TLS, proxies and certificates are the host's own.
 *
 * Which registry a name means, mirrors and short names stand in $CTR_REGISTRIES, else in
 * ~/.config/ctr/registries and /etc/ctr/registries, a line each (ctr-image(1)). Credentials are
 * docker's: $DOCKER_CONFIG/config.json or
 * ~/.docker/config.json, and its helpers.
 */
#ifndef CTR_REGISTRY_H
#define CTR_REGISTRY_H

#include "image_store.h"

/* A reference, taken apart. Everything is the caller's: registry_ref_free(). */
struct registry_ref {
	char *name; /* as the store has it: "alpine:3", "quay.io/x/y:latest" */
	char *host; /* "docker.io", "127.0.0.1:5000" */
	char *repo; /* "library/alpine" */
	char *tag;  /* what is asked for: a tag or "sha256:HEX" */
};
int registry_ref_parse(const char *in, struct registry_ref *out);
void registry_ref_free(struct registry_ref *r);

/* `WWW-Authenticate: Bearer realm="...",service="...",scope="..."` or `Basic realm="..."`, the part
 * behind the colon. -1 with fail() on another scheme or when it is damaged. */
struct challenge {
	bool basic;
	char *realm, *service, *scope;
};
int challenge_parse(const char *header, struct challenge *out);
void challenge_free(struct challenge *c);

/* Bring an image into the store: *hex is its digest. What a signal interrupts goes on where it was
 * when it is asked for again. -1 with fail(). */
int registry_pull(const char *lib, const char *ref, struct strv *loaded);
/* An image of the store (`operand`) to where `ref` says. Its digest goes to hex. */
int registry_push(const char *lib, const char *operand, const char *ref, char hex[DIGEST_HEX]);
/* Look whether the registry takes these, and keep them. `password` is not kept in memory longer
 * than needed. */
int registry_login(const char *host, const char *user, const char *password);
int registry_logout(const char *host);
/* Names of repositories with `term` in them, and what they are, a line each on stdout. */
int registry_search(const char *host, const char *term);

/* --- between the files of registry*.c --- */

/* One registry, and who we are there. */
struct registry {
	char *host; /* as in a reference */
	char *base; /* "https://HOST" or "http://HOST" */
	char *repo; /* in URLs; NULL for none */
	char *ca;   /* a file of certificates, or NULL */
	char *user, *password;
	char *auth;        /* the Authorization header's value; NULL: none yet */
	const char *scope; /* "pull" or "pull,push" */
	int64_t timeout;   /* seconds without a byte */
};
/* How a reference's registry is reached: what the file of registries says about its host. `mirror`
 * is a number from 0 on; 1 when there is one, 0 when there are no more, -1 with fail(). The last is
 * the registry itself, SIZE_MAX at once.
 */
int registry_at(const char *host, size_t mirror, struct registry *out);
/* A short name of that file: what `name` (without a tag) stands for, or NULL. Caller frees. */
char *registry_alias(const char *name);
bool registry_loopback(const struct registry *r);
void registry_free(struct registry *r);
/* docker's stored credentials for the registry into r. 0 (none found is fine), -1 with fail(). */
int registry_credentials(struct registry *r);
int registry_credentials_store(const char *host, const char *user, const char *password);
char *base64_encode(const char *s);

struct reply {
	int status;
	char *text;              /* all of it, the caller's */
	const char *head, *body; /* in text */
	size_t len;              /* of the body */
};
/* A small request, answered whole; what the registry demands to know who we are is met on the way.
 * `accept`, `type` may be NULL; `file` (NULL: none) is what is sent. -1 with fail(); a status is no
 * failure. */
struct request {
	const char *method, *path; /* path: behind base, or a whole URL */
	const char *accept, *type, *file, *body;
};
int registry_ask(struct registry *r, const struct request *q, struct reply *out);
void reply_free(struct reply *p);
/* A header of it; caller frees, NULL when there is none. */
char *reply_header(const struct reply *p, const char *name);
/* What an unwelcome status means, in one line; returns -1. */
int reply_refused(const struct registry *r, const char *what, const struct reply *p);

/* A blob in the making: curl's process writes it to `fd` (borrowed), from byte `from` on. */
struct fetch {
	pid_t pid;
	int err; /* what it says */
};
int registry_fetch(struct registry *r, const char *hex, int fd, uint64_t from, struct fetch *f);
/* Wait for it. 0, or -1 with fail(); 1 when the registry cannot go on in the middle. */
int registry_fetch_end(const struct registry *r, struct fetch *f);
/* After a failure: ask for the blob's head, so that what has expired of our credentials is got
 * anew.
 */
void registry_renew(struct registry *r, const char *hex);

#endif
