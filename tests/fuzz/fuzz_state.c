/* fuzz_state.c: the files of a container as a crash, a full disk or another hand may have left
 * them: conf and state, `exit`, and the lines of the log.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "stamp.h"
#include "record.h"

static void record(const char *data, size_t size)
{
	struct kv kv, again;
	struct buf b = {0};
	if (kv_parse(&kv, data, size) < 0)
		return;
	kv_num(&kv, "pid", 0);
	kv_text(&kv, &b); /* what was read is written so that it is read again */
	if (kv_parse(&again, b.p ? b.p : "", b.n) < 0 || again.keys.n != kv.keys.n)
		abort();
	for (size_t i = 0; i < kv.keys.n; i++)
		if (!str_eq(kv_get(&again, kv.keys.v[i]), kv.vals.v[i]))
			abort();
	kv_free(&again);
	kv_free(&kv);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct container c = {0};
	struct log_line l;
	char *text = malloc(size + 1); /* of its very size, so that a step beyond is seen */
	memcpy(text, data, size);
	if (fd < 0 && (fd = memfd_create("exit", MFD_CLOEXEC)) < 0)
		abort();
	record(text, size);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (record_exit_read(fd, &c) == 0 && c.has_exit && (c.exit_code < 0 || c.exit_code > 255))
		abort();
	char *exact = memcpy(malloc(size ? size : 1), data, size);
	if (log_parse(exact, size, &l) == 0) {
		if (l.text < exact || l.text + l.len > exact + size || l.stream < 1 || l.stream > 2)
			abort();
		stamp_parse(l.time, l.time_len);
	}
	free(exact);
	free(text);
	return 0;
}
