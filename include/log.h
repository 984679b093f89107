/* log.h: a detached container's output, in CRI's log lines: "TIME STREAM P|F TEXT" (kubelet's CRI
 * logging format). TIME is RFC 3339 with nanoseconds in UTC; P is part of a line that is longer
 * than 16 KiB or was cut by the end.
 */
#ifndef CTR_LOG_H
#define CTR_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE 16384
#define LOG_SIZE_DEFAULT (16 << 20) /* then it is rotated, where nothing was said */

struct log {
	int dir, fd; /* the container's directory (not ours), the open file */
	uint64_t size, max_size;
	unsigned max_files;
	uint64_t dropped_bytes;  /* since the last write that worked */
	char sink;               /* 0 the file; 's' syslog, 'j' journald (log_sink.c) */
	char *head;              /* what each line begins with there, but for its priority */
	int64_t flush_ms, first; /* lines are kept for this long; when the first of them arrived */
	int64_t patient;         /* when the sink was last waited for, though it takes little */
	size_t part_n[2];        /* how much of `part` there is */
	/* The lines to be written, and how much of them says that output was dropped. */
	size_t out_n;
	size_t telling;
	/* The large ones last: a page is not there before it is used. */
	char part[2][LOG_LINE]; /* the unfinished line of stdout and of stderr */
	char out[98304];        /* what one read of 64 KiB gives, in lines of 80 bytes and more */
};

/* Open `log` in the container's directory (-1: keep nothing) for appending. max_size 0: never
 * rotated. -1 with fail().
 */
int log_open(struct log *l, int dir, uint64_t max_size, unsigned max_files);
/* Open the host's syslog ('s') or journald ('j') instead. Lines bear the tag (NULL: the container's
 * name); the journal also gets the name and the id. -1 with fail(). */
int log_open_sink(struct log *l, char kind, const char *tag, const char *name, const char *id);
/* Send a line to the sink; false when nobody took it. */
bool log_send(struct log *l, int stream, const char *text, size_t n);
/* Milliseconds until lines that are kept back (flush_ms) have to be written; -1: there are none.
 * And write them when they are due. */
int log_due(const struct log *l);
void log_write_due(struct log *l);
/* Add bytes of stream 1 or 2 as they were read. Never blocks for long and never fails: what cannot
 * be written (on a full disk) is dropped and counted, and the count is logged as a line of its own
 * as soon as writing works again. */
void log_feed(struct log *l, int stream, const char *data, size_t n);
/* Write what is left of unfinished lines. */
void log_flush(struct log *l);
/* Close the log; with `durable`, its last line is on the disk then. */
void log_close(struct log *l, bool durable);

/* --- reading --- */

struct log_line {
	const char *time; /* not terminated: 30 bytes and more */
	size_t time_len;
	int stream; /* 1 or 2 */
	bool partial;
	const char *text;
	size_t len;
};
/* Parse one line without its newline. 0, or -1 when it is not one of ours. */
int log_parse(const char *line, size_t n, struct log_line *out);

#endif
