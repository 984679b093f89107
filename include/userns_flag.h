/* userns_flag.h: what --userns asks for, as the spec's maps. */
#ifndef CTR_USERNS_FLAG_H
#define CTR_USERNS_FLAG_H

#include "spec.h"

/* NULL (host for root, auto for others), "host", "auto", "keep-id" or "CONTAINER:HOST:SIZE[,...]".
 * -1 with fail(), which names `flag` where the map is wrong. */
int userns_request(struct spec *s, const char *flag, const char *arg);
/* --uidmap and --gidmap (`flags`): lines of maps; those of groups are those of users where there
 * are none. */
int userns_lines(
    struct spec *s, const char *const flags[2], const struct strv *uids, const struct strv *gids);

#endif
