/* userns_flag.h: turns what --userns asks for into the maps of the spec. */
#ifndef CTR_USERNS_FLAG_H
#define CTR_USERNS_FLAG_H

#include "spec.h"

/* `arg` is NULL (host for root, auto for others), "host", "auto", "keep-id" or
 * "CONTAINER:HOST:SIZE[,...]". -1 with fail(), which names `flag` if the map is wrong. */
int userns_request(struct spec *s, const char *flag, const char *arg);
/* --uidmap and --gidmap (`flags`): lines of maps. Where none are given for groups, those of the
 * users are used. */
int userns_lines(
    struct spec *s, const char *const flags[2], const struct strv *uids, const struct strv *gids);

#endif
