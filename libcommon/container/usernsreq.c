/* usernsreq.c: what --userns asks for; see usernsreq.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "idmap.h"
#include "str.h"
#include "userdb.h"
#include "usernsreq.h"

#define AUTO_SIZE 65536u

static void map_add(struct spec_idmap **v, size_t *n, uint32_t container, uint32_t host, uint32_t size)
{
	if (size == 0)
		return;
	*v = xrealloc(*v, (*n + 1) * sizeof **v);
	(*v)[(*n)++] = (struct spec_idmap){container, host, size};
}

/* The caller's range in /etc/subuid or /etc/subgid; false where there is none. */
static bool sub_range(const char *file, uint32_t *start, uint32_t *count)
{
	_cleanup_free_ char *text = file_read(file, 1 << 20, NULL);
	_cleanup_free_ char *name = userdb_name(geteuid());
	return text && subid_find(text, name ? name : "", geteuid(), start, count) == 0;
}

static bool helpers_there(void)
{
	return (access("/usr/bin/newuidmap", X_OK) == 0 || access("/bin/newuidmap", X_OK) == 0) &&
	       (access("/usr/bin/newgidmap", X_OK) == 0 || access("/bin/newgidmap", X_OK) == 0);
}

/* One side of the map. `inner`: the id that the caller's own becomes (0, or itself with keep-id); the others come from
 * the range of subordinate ids. */
static void user_side(struct spec_idmap **v, size_t *n, uint32_t own, uint32_t inner, uint32_t start, uint32_t count)
{
	uint32_t below = inner < count ? inner : count;
	map_add(v, n, 0, start, below);
	map_add(v, n, inner, own, 1);
	map_add(v, n, inner + 1, start + below, count - below);
}

static int auto_map(struct spec *s, bool keep_id)
{
	uint32_t us = 0, uc = 0, gs = 0, gc = 0;
	bool sub = sub_range("/etc/subuid", &us, &uc) && sub_range("/etc/subgid", &gs, &gc);
	if (geteuid() == 0) {
		if (keep_id)
			return errno = EINVAL, fail("--userns keep-id: it is for users other than root");
		if (!sub) /* nobody has set any aside for root: those below the first that useradd(8) hands out would
			     clash */
			us = gs = 0x70000000;
		map_add(&s->uid_map.v, &s->uid_map.n, 0, us, AUTO_SIZE);
		map_add(&s->gid_map.v, &s->gid_map.n, 0, gs, AUTO_SIZE);
		return 0;
	}
	if (!sub || !helpers_there())
		uc = gc = 0;
	user_side(&s->uid_map.v, &s->uid_map.n, geteuid(), keep_id ? geteuid() : 0, us, uc);
	user_side(&s->gid_map.v, &s->gid_map.n, getegid(), keep_id ? getegid() : 0, gs, gc);
	return 0;
}

int userns_request(struct spec *s, const char *arg)
{
	if (!arg)
		arg = geteuid() == 0 ? "host" : "auto";
	if (strcmp(arg, "host") == 0)
		return geteuid() == 0
			   ? 0
			   : (errno = EPERM, fail("--userns host: only root can do without a user namespace"));
	s->ns_new |= 1u << NS_USER;
	if (strcmp(arg, "auto") == 0 || strcmp(arg, "keep-id") == 0) {
		s->x_keep_id = arg[0] == 'k';
		if (s->x_keep_id && !s->x_user)
			s->x_user = xasprintf("%u:%u", geteuid(), getegid());
		return auto_map(s, s->x_keep_id);
	}
	size_t nu = s->uid_map.n, ng = s->gid_map.n;
	if (idmap_parse(arg, &s->uid_map.v, &nu) < 0 || idmap_parse(arg, &s->gid_map.v, &ng) < 0)
		return fail_in("--userns");
	s->uid_map.n = nu;
	s->gid_map.n = ng;
	return 0;
}
