/* oci_cli.c: what the files of ctr-oci's command line share; see oci_cli.h. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "file.h"
#include "json.h"
#include "oci_cli.h"
#include "report.h"
#include "stamp.h"
#include "str.h"

struct oci_globals oci_g;
struct oci_options oci_o;
char *oci_dir;
const char *oci_called; /* ctr-oci, runc or crun */

/* --- errors --- */

int oci_log_open(void)
{
	return oci_g.log ? open(oci_g.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
			 : dup(2);
}

/* containerd and others look for the last line of level error (logrus' two shapes). */
void oci_log(const char *level, const char *msg)
{
	char stamp[STAMP_SIZE];
	struct timespec now;
	struct buf b = {0};
	clock_now(CLOCK_REALTIME, &now);
	stamp_text(stamp, now.tv_sec, -1);
	bool as_json = str_eq(oci_g.log_format, "json");
	if (as_json)
		buf_printf(&b, "{\"level\":\"%s\",\"msg\":", level);
	else
		buf_printf(&b, "time=\"%s\" level=%s msg=", stamp, level);
	buf_json(&b, msg);
	if (as_json)
		buf_printf(&b, ",\"time\":\"%s\"}", stamp);
	buf_puts(&b, "\n");
	_cleanup_close_ int fd = oci_log_open();
	if (fd < 0 || fd_write_all(fd, b.p, b.n) < 0)
		warn("%s: %m", oci_g.log);
	buf_free(&b);
}

_Noreturn void oci_die(int code)
{
	if (oci_g.log)
		oci_log("error", fail_msg());
	die_code(code, "%s", fail_msg());
}

/* The messages by which docker and podman recognise a command that does not exist or cannot be
 * executed. */
_Noreturn void oci_die_command(int code, const char *arg0, int fallback)
{
	_cleanup_free_ char *why = fail_copy();
	if (code == REPORT_DENIED)
		fail("exec: \"%s\": permission denied: %s", arg0, why);
	else if (code == REPORT_NO_LOADER)
		fail("exec %s: no such file or directory: %s", arg0, why);
	else if (code == 127 && strchr(arg0, '/'))
		fail("exec: \"%s\": stat %s: no such file or directory: %s", arg0, arg0, why);
	else if (code == 127)
		fail("exec: \"%s\": executable file not found in $PATH: %s", arg0, why);
	else if (code == REPORT_NO_REMOUNT && *oci_called == 'r')
		fail("runc run failed: unable to start container process: error during container "
		     "init: %s",
		    why);
	oci_die(fallback);
}

void oci_open(struct oci_record *r, const char *id, enum oci_hold hold)
{
	if (oci_record_open(r, oci_dir, id, hold) < 0)
		oci_die(1);
}
