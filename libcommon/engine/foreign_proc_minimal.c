/* foreign_proc_minimal.c: the minimal build joins no pid namespace of others; see foreign_proc.h.
 */
#include <errno.h>

#include "err.h"
#include "foreign_proc.h"

int foreign_proc(int pidns, const char *data)
{
	(void)pidns, (void)data;
	return errno = EPERM, fail("--pid: this build joins no pid namespace (CONFIG=minimal)");
}

int foreign_proc_wait(int sock, int ms)
{
	(void)sock, (void)ms;
	return 0;
}
