/* notify.h: sd_notify(3)'s messages, from a container's socket to systemd's NOTIFY_SOCKET. systemd
 * asks who sent a message, and takes it from the unit's own processes: so it is passed on. */
#ifndef CTR_NOTIFY_H
#define CTR_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

/* A socket DIR/notify that everyone may send to, in place of an older one. -1 with errno. */
int notify_bind(int dir);
/* The name of a socket at a path of any length: a long one by its folder, which *dir holds then (to
 * be closed; else -1). -1 with errno. */
struct sockaddr_un;
int notify_name(struct sockaddr_un *a, const char *path, int *dir);
/* Tell systemd; what fails is warned of, once. */
void notify_tell(const char *text);
/* Pass on what one message says of the container's state, and no more. true: it was READY=1, and
 * MAINPID=`pid` went with it. */
bool notify_pass(int fd, pid_t pid);

#endif
