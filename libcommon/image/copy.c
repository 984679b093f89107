/* copy.c: a tree into a folder; see layer.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "err.h"
#include "layer.h"
#include "pidfd.h"
#include "stream.h"
#include "undo.h"

/* One process packs an archive, and this one unpacks it: so everything that a layer can hold is
 * preserved, by the code for layers. */
int layer_copy(const int *dirs, size_t n, int to, const char *what)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	pid_t pid = fork();
	if (pid < 0) {
		close(p[0]);
		close(p[1]);
		return fail_errno("fork");
	}
	if (pid == 0) {
		undo_forget();
		undo_release_signals(); /* a signal from the terminal ends the copying */
		struct sink out = {.fd = p[1]};
		close(p[0]);
		if (layer_pack(dirs, n, false, NULL, &out) == 0)
			_exit(0);
		warn_about(what);
		_exit(1);
	}
	close(p[1]);
	struct stream in;
	int r = stream_open(&in, p[0], what, false, false, -1);
	if (r == 0) {
		r = layer_unpack(&in, to, &(struct unpack_how){.plain = true}) < 0 ||
			    stream_finish(&in, NULL) < 0
			? -1
			: 0;
		stream_close(&in);
	}
	close(p[0]);
	int status = pid_reap(pid);
	return r == 0 && status != 0 ? (errno = EIO, fail("%s: could not be copied", what)) : r;
}
