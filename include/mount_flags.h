/* mount_flags.h: the mounts that docker run's options change, between the files of flags/.
 */
#ifndef CTR_MOUNT_FLAGS_H
#define CTR_MOUNT_FLAGS_H

#include "create_flags.h"

/* `--tmpfs DST[:OPTIONS]`. 0, or -1 with fail_usage(). */
int tmpfs_flag(struct spec *s, const char *arg);
/* /dev/shm and /dev/mqueue as --ipc and --shm-size want them. */
void ipc_mounts(const struct create_flags *o, struct spec *s);
/* The mount at this place in the container, NULL when there is none; and take one out. */
struct spec_mount *mount_at(struct spec *s, const char *dest);
void mount_drop(struct spec *s, struct spec_mount *m);

/* Every device of the host's /dev as a node of the container's; the rules stay as they are. 0, or
 * -1 with fail(). */
int devices_all(struct spec *s);

#endif
