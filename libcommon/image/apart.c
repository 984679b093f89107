/* apart.c: reading an archive in a confined child; see apart.h.
 *
 * The bytes go from the file through this process (which hashes and copies them) and, where needed,
 * through zstd, xz or bzip2 to the child, by pipes. Hashing takes as long as unpacking: in two
 * processes both take only as long as the slower one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "clock.h"
#include "confine.h"
#include "err.h"
#include "file.h"
#include "rows.h"
#include "sys.h"
#include "undo.h"
#include "unpack.h"

/* More than fits a pipe of PIPE_SIZE: what was lent to the pipe has been read by the time its
 * buffer is used again. */
#define PIPE_SIZE (4 * STREAM_CHUNK)
#define BUFFERS 6

struct mover {
	const struct apart *a;
	struct stream_sums *sums;
	struct digest raw;
	int to;           /* -1: nobody reads any more */
	int copy;         /* -1: we make no copy */
	char *bufs, *buf; /* BUFFERS of them, used in turn */
	unsigned turn;
	bool lend; /* lend the pages to the pipe */
	bool late; /* the child keeps us waiting, or says too much */
	pid_t child, program;
	const char *program_name;
	time_t said;
};

/* --- the child --- */

/* What the child reports at its end, followed by `left` or by the message. */
struct report {
	int error; /* 0: success */
	char plain_hex[DIGEST_HEX];
	uint64_t plain_size;
};
#define REPORT_MAX (UNPACK_LEFT_MAX + (1 << 20)) /* the last record may be one of an attribute */

/* Descriptors become 0 (in), 1 (report), 2 (messages), 3 (root) and 4 (copy); all others are
 * closed. */
static void only(const int from[5])
{
	int high[5];
	for (int i = 0; i < 5; i++)
		high[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < 5; i++)
		if (high[i] >= 0)
			dup3(high[i], i, O_CLOEXEC);
		else
			close(i);
	sys_close_range(5, ~0u);
}

static _Noreturn void apart_child(const struct mover *m, int in, int out)
{
	const struct apart *a = m->a;
	enum compression comp = m->sums->comp;
	struct buf left = {0};
	struct stream s;
	struct report r = {0};
	int copy = comp >= COMP_XZ ? a->copy : -1;
	undo_forget();
	signal(SIGPIPE, SIG_DFL);
	only((int[]){in, out, 2, a->root, copy});
	int e = confine(3, a->whole);
	if (e == 0)
		e = stream_open(
		    &s, 0, a->what, comp == COMP_GZIP, comp != COMP_NONE, copy >= 0 ? 4 : -1);
	if (e == 0)
		e = a->fn(&s, 3, &left, a->arg) < 0 ? -1 : stream_finish(&s, r.plain_hex);
	if (e == 0) {
		r.plain_size = s.plain_size;
	} else {
		r.error = errno ? errno : EIO;
		left.n = 0;
		buf_puts(&left, fail_msg());
	}
	_exit(fd_write_all(1, (char *)&r, sizeof r) < 0 || fd_write_all(1, left.p, left.n) < 0);
}

/* --- the host's programs --- */

static const char *const programs[][4] = {
    [COMP_ZSTD] = {"zstd", "-dqq"}, [COMP_XZ] = {"xz", "-dqq"}, [COMP_BZIP2] = {"bzip2", "-d"}};

/* Its messages have many lines and do not name the file; the exit code says that it failed. */
static _Noreturn void apart_program(const char *const *argv, int in, int out)
{
	sigset_t none;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	undo_forget();
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	only((int[]){in, out, null, -1, -1});
	for (int i = 0; i < 3; i++)
		fcntl(i, F_SETFD, 0);
	confine_none();
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* --- moving --- */

bool progress_off;
int apart_patience = 3600 * 1000;

void progress_line(const char *what, const char *text)
{
	if (progress_off || !isatty(2))
		return;
	if (*text)
		dprintf(2, "\r%s: %.60s: %s\033[K", err_applet, what, text);
	else
		dprintf(2, "\r\033[K");
}

static void progress(struct mover *m)
{
	char size[16];
	time_t now = time(NULL);
	if (now != m->said)
		progress_line(m->a->what, size_text(NULL, m->sums->raw_size, size));
	m->said = now;
}

/* Is the pipe to or from the child ready before it is the time `until`? */
static bool apart_ready(int fd, short events, int64_t until)
{
	struct pollfd p = {fd, events, 0};
	for (;;) {
		int64_t left = until - now_ms();
		int r = poll(&p, 1, left > 0 ? (int)left : 0);
		if (r >= 0 || errno != EINTR)
			return r > 0;
	}
}

/* Give the data to the child, without copying where the kernel takes pages (vmsplice(2)). */
static int apart_pass(struct mover *m, const char *data, size_t n)
{
	while (n) {
		struct iovec v = {(char *)(uintptr_t)data, n};
		ssize_t k =
		    m->lend ? vmsplice(m->to, &v, 1, SPLICE_F_NONBLOCK) : write(m->to, data, n);
		if (k > 0) {
			data += k;
			n -= (size_t)k;
		} else if (errno == EAGAIN) {
			if (!apart_ready(m->to, POLLOUT, now_ms() + apart_patience))
				return m->late = true, -1;
		} else if (errno != EINTR && (!m->lend || errno == EPIPE)) {
			return -1;
		} else if (errno != EINTR) {
			m->lend = false;
		}
	}
	return 0;
}

static int chunk(struct mover *m, size_t n)
{
	digest_add(&m->raw, m->buf, n);
	m->sums->raw_size += n;
	progress(m);
	if (m->copy >= 0 && fd_write_all(m->copy, m->buf, n) < 0)
		return fail_tried(m->a->what, "write a copy to the store");
	if (m->a->max && m->sums->raw_size > m->a->max)
		return errno = EBADMSG, fail("%s: is longer than the %llu bytes that were promised",
					    m->a->what, (unsigned long long)m->a->max);
	if (m->to >= 0 && apart_pass(m, m->buf, n) < 0) {
		close(m->to);
		m->to = -1;
	}
	m->buf = m->bufs + (size_t)(++m->turn % BUFFERS) * STREAM_CHUNK;
	return 0;
}

/* Until nobody reads any more, which the child's end of the pipe `reader` tells, or (-1) to the end
 * of the input. */
static int move(struct mover *m, int reader)
{
	while (reader < 0 || m->to >= 0) {
		ssize_t n = stream_fill(m->a->fd, reader, m->buf, STREAM_CHUNK);
		if (n < 0)
			return fail_tried(m->a->what, "read");
		if (n == 0 || chunk(m, (size_t)n) < 0)
			return n == 0 ? 0 : -1;
	}
	return 0;
}

/* --- both --- */

static int wide_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC) < 0)
		return fail_errno("pipe");
	fcntl(p[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

/* Start both processes; each keeps only its own ends of the pipes. */
static int apart_start(struct mover *m, int *report)
{
	int to[2], said[2], plain[2] = {-1, -1};
	bool extra = m->sums->comp >= COMP_ZSTD;
	if (wide_pipe(to) < 0)
		return -1;
	if (wide_pipe(said) < 0 || (extra && wide_pipe(plain) < 0))
		return -1;
	if (extra) {
		const char *const *argv = programs[m->sums->comp];
		m->program_name = argv[0];
		m->program = fork();
		if (m->program == 0)
			apart_program(argv, to[0], plain[1]);
		close(to[0]);
		close(plain[1]);
		to[0] = plain[0];
	}
	m->child = m->program < 0 ? -1 : fork();
	if (m->child == 0)
		apart_child(m, to[0], said[1]);
	close(to[0]);
	close(said[1]);
	m->to = to[1];
	fcntl(m->to, F_SETFL, O_NONBLOCK);
	m->lend = fcntl(to[1], F_GETPIPE_SZ) <= PIPE_SIZE;
	*report = said[0];
	return m->child < 0 ? fail_errno("fork") : 0;
}

static int ended(pid_t pid)
{
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* What the child reports at its end. One that was taken over by what it read gets no more memory
 * than an honest one, and is ended, as is the program before it, when it takes apart_patience for
 * the report; each piece of the archive gave it as long, since an honest one may be large. */
static void report_read(struct mover *m, int report, struct buf *b)
{
	int64_t until = now_ms() + apart_patience;
	char part[4096];
	ssize_t k = -1;
	while (!m->late && b->n < REPORT_MAX && k && apart_ready(report, POLLIN, until))
		if ((k = read(report, part, sizeof part)) > 0)
			buf_add(b, part, (size_t)k);
	close(report);
	m->late = k != 0;
	if (m->late)
		kill(m->child, SIGKILL);
	if (m->late && m->program)
		kill(m->program, SIGKILL);
}

/* How the child ended and what it reported; the decompressor before it comes first with what it
 * says of damage. Closes `report`. */
static int result(struct mover *m, int report, struct buf *left)
{
	const char *what = m->a->what;
	struct report r = {.error = -1};
	if (m->to >= 0)
		close(m->to);
	m->to = -1;
	report_read(m, report, left);
	bool much = left->n >= REPORT_MAX;
	int status = ended(m->child), program = ended(m->program);
	if (left->n >= sizeof r) {
		memcpy(&r, left->p, sizeof r);
		memmove(left->p, left->p + sizeof r, left->n -= sizeof r);
	}
	if (m->late)
		return errno = much ? EFBIG : ETIMEDOUT,
		       fail("%s: the process that reads it %s", what,
			   much ? "says too much" : "does not end");
	if (WIFEXITED(program) && WEXITSTATUS(program) == 127)
		return errno = ENOENT,
		       fail("%s: decompress: this machine has no %s", what, m->program_name);
	if (WIFEXITED(program) && WEXITSTATUS(program) != 0)
		return errno = EINVAL,
		       fail("%s: decompress: damaged, says %s (or packed for more memory than "
			    "it takes, as by zstd --long)",
			   what, m->program_name);
	if (WIFSIGNALED(program) && WTERMSIG(program) != SIGPIPE)
		return errno = EIO, fail("%s: decompress: %s was ended by signal %d", what,
					m->program_name, WTERMSIG(program));
	if (WIFSIGNALED(status))
		return errno = EIO,
		       fail("%s: the process that reads it was ended by signal %d (%s)", what,
			   WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (r.error < 0 || status != 0)
		return errno = EIO, fail("%s: the process that reads it ended early", what);
	if (r.error)
		return errno = r.error, fail("%.*s", (int)left->n, left->p);
	memcpy(m->sums->plain_hex, r.plain_hex, DIGEST_HEX - 1);
	m->sums->plain_size = r.plain_size;
	return 0;
}

static void sums(struct mover *m)
{
	struct stream_sums *s = m->sums;
	digest_end(&m->raw, s->raw_hex);
	if (s->comp == COMP_NONE) {
		memcpy(s->plain_hex, s->raw_hex, DIGEST_HEX);
		s->plain_size = s->raw_size;
	}
	bool plain = s->comp >= COMP_XZ;
	memcpy(s->copy_hex, plain ? s->plain_hex : s->raw_hex, DIGEST_HEX);
	s->copy_size = plain ? s->plain_size : s->raw_size;
}

static int through(struct mover *m, struct buf *left)
{
	int report;
	ssize_t n = stream_fill(m->a->fd, -1, m->buf, STREAM_CHUNK);
	if (n < 0)
		return fail_tried(m->a->what, "read");
	m->sums->comp = stream_sniff(m->buf, (size_t)n);
	m->copy = m->sums->comp >= COMP_XZ ? -1 : m->a->copy;
	if (apart_start(m, &report) < 0)
		return -1;
	int r = chunk(m, (size_t)n) < 0 || move(m, report) < 0 ? -1 : 0;
	_cleanup_free_ char *why = r < 0 ? fail_copy() : NULL;
	int e = errno;
	int r2 = result(m, report, left);
	if (why)
		return errno = e, fail_again(why);
	return r2 < 0 ? -1 : move(m, -1); /* what follows the end of a compressed stream */
}

int apart_read(const struct apart *a, struct stream_sums *s, struct buf *left)
{
	struct mover m = {.a = a, .sums = s, .to = -1, .said = time(NULL)};
	sigset_t held, old;
	*s = (struct stream_sums){0};
	m.buf = m.bufs = mmap(NULL, BUFFERS * STREAM_CHUNK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m.bufs == MAP_FAILED)
		return fail_errno(a->what);
	digest_start(&m.raw);
	/* A reader that has gone and a limit of the file size are to be errors of write(2), in the
	 * child, too. */
	sigemptyset(&held);
	sigaddset(&held, SIGPIPE);
	sigaddset(&held, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &held, &old);
	int r = through(&m, left), e = errno;
	while (sigtimedwait(&held, NULL, &(struct timespec){0, 0}) > 0)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	progress_line("", "");
	munmap(m.bufs, BUFFERS * STREAM_CHUNK);
	if (r == 0)
		sums(&m);
	errno = e;
	return r;
}
