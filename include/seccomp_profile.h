/* seccomp_profile.h: profiles of system calls, in docker's JSON or as OCI's linux.seccomp, and the
 * filters (filter.h) that they are compiled to. */
#ifndef CTR_SECCOMP_PROFILE_H
#define CTR_SECCOMP_PROFILE_H

#include <jansson.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* Compile a profile's JSON (docker's, or OCI's linux.seccomp). NULL with fail(). */
struct sock_fprog *filter_compile(const char *what, const char *text, size_t len, uint64_t caps);
/* The same for a profile that is parsed, and may be part of a document: `c` says where. */
struct jctx;
struct sock_fprog *filter_compile_at(const struct jctx *c, const json_t *j, uint64_t caps);
/* The same, but the compiled filter is kept in the directory `cache` (made when it is missing;
 * NULL: nothing is kept) under the digest of the text and the capabilities. */
struct sock_fprog *filter_compile_cached(
    const char *cache, const char *what, const char *text, size_t len, uint64_t caps);

#endif
