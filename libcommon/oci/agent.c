/* agent.c: what is handed to others over a socket, and who answers for the system calls of a
 * profile with SCMP_ACT_NOTIFY: told by the containerProcessState of runtime-spec's runtime.md; see
 * oci.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "hooks.h"
#include "json.h"
#include "notify.h"
#include "oci.h"
#include "str.h"
#include "tty.h"

int oci_connect(const char *path)
{
	struct sockaddr_un a;
	_cleanup_close_ int dir = -1;
	if (notify_name(&a, path, &dir) < 0)
		return fail_tried(path, "connect");
	/* Somebody who listens but accepts nobody does not keep us forever. */
	struct timeval patience = {.tv_sec = 20};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (sock >= 0 && connect(sock, (struct sockaddr *)&a, sizeof a) == 0)
		return sock;
	fail_tried(path, "connect");
	close(sock);
	return -1;
}

int oci_send_fd(const char *path, const char *text, size_t n, int fd)
{
	_cleanup_close_ int sock = oci_connect(path);
	if (sock < 0)
		return -1;
	return fd_send(sock, text, n, fd) < 0 ? fail_tried(path, "send") : 0;
}

int oci_agent(const struct spec *s, const struct oci_record *r, pid_t pid, int listener)
{
	_cleanup_json_ json_t *p = json_parse("seccomp", s->seccomp, strlen(s->seccomp));
	const char *path = json_string_value(json_object_get(p, "listenerPath")),
		   *more = json_string_value(json_object_get(p, "listenerMetadata"));
	if (!path)
		return fail(
		    "linux.seccomp.listenerPath is missing, and SCMP_ACT_NOTIFY is asked for");
	_cleanup_json_ json_t *j =
	    json_make("{ociVersion:s,fds:[s],pid:i,metadata:s*,state:{ociVersion:s,id:s,"
		      "status:s,pid:i,bundle:s,annotations:o}}",
		"0.2.0", "seccompFd", (int)pid, more, s->version, r->id,
		r->pid ? "running" : "creating", (int)(r->pid ? r->pid : pid),
		kv_get(&r->state, "bundle"), hook_annotations(s));
	_cleanup_free_ char *text = json_text(j);
	/* Without a call to be answered runc does not look at the path, and crun sends it. */
	return oci_send_fd(path, text, strlen(text), listener) < 0 &&
		       strstr(s->seccomp, "\"SCMP_ACT_NOTIFY\"")
		   ? fail_in("failed to connect with seccomp agent")
		   : 0;
}
