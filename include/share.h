/* share.h: namespaces that a container shares with another of ours (--net, --pid, --ipc, --uts,
 * --cgroupns container:X).
 */
#ifndef CTR_SHARE_H
#define CTR_SHARE_H

#include "spec.h"

/* In a record's config.json the path of such a namespace is this and the other's id. There is no
 * such path: whatever takes it for one fails, in place of joining some process's. */
#define SHARE_MARK "/ctr-container:"

/* The namespaces of those containers as they run now, open; -1 each where none is shared. */
struct share {
	int fd[NS_COUNT];
	char *kept[NS_COUNT]; /* what stood in the spec */
};

/* Open them, each by the other's record, boot id, starttime and pidfd, and put paths that can be
 * opened into the spec. 0; -1 with fail() and nothing changed: the other does not run, for
 * instance. */
int share_up(struct share *h, struct spec *s);
/* Put back what stood there, and close them. */
void share_down(struct share *h, struct spec *s);

#endif
