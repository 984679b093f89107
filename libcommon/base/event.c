/* event.c: telling what happens; see event.h.
 *
 * One write(2) to a file opened with O_APPEND is whole, whoever else writes at that moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "file.h"
#include "place.h"
#include "stamp.h"
#include "str.h"

#define EVENTS_MAX (256 << 10)

/* A process that finds the file too long moves it away, unless another has done so since this one
 * opened it. */
static void event_rotate(int fd, const char *path)
{
	struct stat ours;
	if (fstat(fd, &ours) < 0 || ours.st_size < EVENTS_MAX || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
	    !file_same(fd, "", AT_FDCWD, path))
		return;
	_cleanup_free_ char *old = path_join(ctr_run(), EVENT_OLD);
	rename(path, old);
}

void event_tell(const char *type, const char *action, const char *id, ...)
{
	int saved = errno;
	struct timespec t;
	/* One line's room for all of a process's events: musl maps a page for a text of this size
	 * and gives it back at free(), which costs more than the write. */
	static struct buf b;
	va_list ap;
	clock_now(CLOCK_REALTIME, &t);
	b.n = 0;
	buf_printf(&b, "%lld.%09ld\t%s\t", (long long)t.tv_sec, t.tv_nsec, type);
	buf_escape(&b, action);
	buf_printf(&b, "\t%s", id ? id : "");
	va_start(ap, id);
	for (const char *key; (key = va_arg(ap, const char *));) {
		const char *value = va_arg(ap, const char *);
		if (!value)
			continue;
		buf_printf(&b, "\t%s=", key);
		buf_escape(&b, value);
	}
	va_end(ap);
	buf_puts(&b, "\n");
	_cleanup_free_ char *path = path_join(ctr_run(), EVENT_FILE);
	int how = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = open(path, how, 0600);
	if (fd < 0 && errno == ENOENT && place_make(ctr_run()) == 0)
		fd = open(path, how, 0600);
	if (fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n)
		event_rotate(fd, path);
	if (fd >= 0)
		close(fd);
	errno = saved;
}
