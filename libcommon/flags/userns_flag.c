/* userns_flag.c: what --userns asks for; see userns_flag.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "idmap.h"
#include "str.h"
#include "userns.h"
#include "userns_flag.h"

int userns_request(struct spec *s, const char *flag, const char *arg)
{
	if (!arg)
		arg = geteuid() == 0 ? "host" : "auto";
	if (strcmp(arg, "host") == 0)
		return geteuid()
			   ? (errno = EPERM,
				 fail("--userns host: only root can do without a user namespace"))
			   : 0;
	s->ns_new |= 1u << NS_USER;
	if (strcmp(arg, "auto") == 0 || strcmp(arg, "keep-id") == 0) {
		s->x_keep_id = arg[0] == 'k';
		if (s->x_keep_id && !s->x_user)
			s->x_user = xasprintf("%u:%u", geteuid(), getegid());
		return userns_auto(&s->uid_map, &s->gid_map, s->x_keep_id);
	}
	size_t nu = s->uid_map.n, ng = s->gid_map.n;
	if (idmap_parse(arg, &s->uid_map.v, &nu) < 0 || idmap_parse(arg, &s->gid_map.v, &ng) < 0)
		return fail_about(flag);
	s->uid_map.n = nu;
	s->gid_map.n = ng;
	return 0;
}

int userns_lines(
    struct spec *s, const char *const flags[2], const struct strv *uids, const struct strv *gids)
{
	size_t nu = 0, ng = 0;
	if (gids->n && !uids->n)
		return fail_usage("%s: it needs %s", flags[1], flags[0]);
	const struct strv *g = gids->n ? gids : uids;
	for (size_t i = 0; i < uids->n; i++)
		if (idmap_parse(uids->v[i], &s->uid_map.v, &nu) < 0)
			return fail_about(flags[0]), fail_as_usage();
	for (size_t i = 0; i < g->n; i++)
		if (idmap_parse(g->v[i], &s->gid_map.v, &ng) < 0)
			return fail_about(flags[g == gids]), fail_as_usage();
	s->uid_map.n = nu;
	s->gid_map.n = ng;
	s->ns_new |= 1u << NS_USER;
	return 0;
}
