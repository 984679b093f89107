/* etc_hosts.h: a container's /etc/hosts and /etc/resolv.conf.
 */
#ifndef CTR_ETC_HOSTS_H
#define CTR_ETC_HOSTS_H

#include "addr.h"
#include "str.h"

struct etc_hosts {
	const char *hostname, *domainname;
	struct strv add_host; /* NAME:ADDR, NAME:host-gateway */
	struct addr gateway;  /* of the host, for that; family 0: none */
	struct strv dns, dns_search, dns_option;
};
/* The texts; caller frees. -1 from the check with fail() for a bad --add-host or --dns. */
int etc_hosts_check(const struct etc_hosts *h);
/* `host`: after what the host's own says; `self`: no network tells the container its own name. */
char *etc_hosts_text(const struct etc_hosts *h, bool host, bool self);
char *etc_hosts_resolv(const struct etc_hosts *h);
/* What the container calls itself: its host's name, with the domain before it and the first label
 * after it, and the `further` ones; no word twice. Caller frees. */
char *etc_hosts_own(const struct etc_hosts *h, const char *further);
/* The networks on which the id has a lease, appended. 0, or -1 with fail(): perhaps not all of
 * them. */
int etc_hosts_networks(const char *id, struct strv *out);
/* Its leases say this name from now on, and so do the others' hosts files; its own is now `file`.
 * Warns of what fails. */
void etc_hosts_rename(const char *id, const char *name, const char *file);

#endif
