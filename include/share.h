/* share.h: namespaces that a container shares with another container of ours (--net, --pid, --ipc,
 * --uts, --cgroupns container:X). */
#ifndef CTR_SHARE_H
#define CTR_SHARE_H

#include "kv.h"
#include "spec.h"

/* In the config.json of a record, the path of such a namespace is this text and the other
 * container's id. No such path exists, so whoever takes it for one gets an error and joins no other
 * process's namespace. */
#define SHARE_MARK "/ctr-container:"

/* The namespaces of those containers as they run now, opened; -1 where none is shared. */
struct share {
	int fd[NS_COUNT];
	char *kept[NS_COUNT];       /* what stood in the spec */
	int shm;                    /* with an ipc namespace its /dev/shm: a mount */
	struct spec_mount *at, was; /* where it is to be mounted, and what stood there */
};

/* Note in a record which processes the spec's own paths mean ("/proc/PID/ns/net"), so that no later
 * start takes another process of that number for it. */
void share_record(struct kv *conf, const struct spec *s);
/* Open them, each found by the record, boot id, starttime and pidfd of the other container, and put
 * paths that can be opened into the spec; with an ipc namespace comes that container's /dev/shm. 0;
 * -1 with fail() and nothing changed, for example when the other container does not run. */
int share_up(struct share *h, struct spec *s, const struct kv *conf);
/* Between the files of it: that container's /dev/shm in place of a new one, where it can be had,
 * and the former mount again. ns_open() opens a file of its /proc/PID/ns: a descriptor, or -1. */
void share_shm_up(struct share *h, struct spec *s, const char *id,
    int (*ns_open)(const char *id, const char *file));
void share_shm_down(struct share *h);
/* Put the former paths back into the spec, and close the namespaces. */
void share_down(struct share *h, struct spec *s);

#endif
