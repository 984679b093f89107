/* etc_hosts.h: a container's /etc/hosts and /etc/resolv.conf.
 */
#ifndef CTR_ETC_HOSTS_H
#define CTR_ETC_HOSTS_H

#include "str.h"

struct etc_hosts {
	const char *hostname, *domainname;
	struct strv add_host; /* NAME:ADDR */
	struct strv dns, dns_search;
};
/* The texts; caller frees. -1 from the check with fail() for a bad --add-host or --dns. */
int etc_hosts_check(const struct etc_hosts *h);
char *etc_hosts_text(const struct etc_hosts *h);
char *etc_hosts_resolv(const struct etc_hosts *h);
/* Rewrite the block between our markers in the hosts file, in place (a bind mount keeps the inode):
 * the container's own addresses and every other on the networks it is on. Without the markers it is
 * left alone. 0 or -1 with fail(). */
int etc_hosts_update(int dirfd, const char *file, const char *id, const struct etc_hosts *h,
    const struct strv *networks);
/* The networks on which the id has a lease, appended. */
void etc_hosts_networks(const char *id, struct strv *out);
/* Its leases say this name from now on, and so do the others' hosts files. Warns of what fails. */
void etc_hosts_rename(const char *id, const char *name);

#endif
