/* caps.c: capabilities as bit sets; see caps.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "err.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_IS_SET 1
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

uint64_t caps_all(void)
{
	uint64_t all = 0;
	for (int i = 0; i < cap_max_bits() && i < 64; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) ==
		    1) /* a capability that we do not have cannot be given */
			all |= 1ull << i;
	return all;
}

uint64_t caps_ambient(void)
{
	uint64_t bits = 0;
	for (int i = 0; i < 64; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			bits |= 1ull << i;
	return bits;
}

/* -1 with fail(). */
static int permitted_now(uint64_t *bits)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct now[2] = {{0, 0, 0}, {0, 0, 0}};
	if (syscall(SYS_capget, &h, now) < 0)
		return fail_errno("capabilities");
	*bits = now[0].permitted | (uint64_t)now[1].permitted << 32;
	return 0;
}

bool caps_borrowed(void)
{
	uint64_t permitted = 0;
	if (!getauxval(AT_SECURE)) /* AppArmor and SELinux set it, too, when they change a label */
		return false;
	return getuid() != geteuid() || getgid() != getegid() ||
	       (geteuid() != 0 && permitted_now(&permitted) == 0 && permitted != 0);
}

int caps_from_name(const char *name, uint64_t *bits)
{
	char full[64];
	cap_value_t v;
	if (strcasecmp(name, "all") == 0) {
		*bits = caps_all();
		return 0;
	}
	snprintf(full, sizeof full, "%s%s", strncasecmp(name, "cap_", 4) == 0 ? "" : "cap_", name);
	/* cap_from_name(3) stops at the first character that is no letter: "net_raw,mknod" would be
	 * taken for the first name alone. */
	if (strpbrk(name, " \t,;:=+.-") || cap_from_name(full, &v) < 0 || v < 0 || v > 63)
		return errno = EINVAL, fail("'%s' is not a capability (NET_ADMIN, say)", name);
	*bits = 1ull << v;
	return 0;
}

const char *caps_name(int cap)
{
	static char name[32];
	char *s = cap_to_name(cap);
	snprintf(name, sizeof name, "%s", s ? s : "");
	cap_free(s);
	for (char *p = name; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	if (name[0] >= '0' && name[0] <= '9')
		snprintf(name, sizeof name, "CAP_%d", cap);
	return name;
}

int caps_drop_bounding(uint64_t keep)
{
	for (int i = 0; i < 64; i++) {
		if (keep & 1ull << i)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break; /* beyond the kernel's last capability */
		int there = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
		/* The result stands, but a process that may not drop any gets EPERM first. */
		if (there < 0)
			break;
		if (there)
			return errno = EPERM, -1;
	}
	return 0;
}

static int caps_set(cap_t c, cap_flag_t flag, uint64_t bits)
{
	for (int i = 0; i < cap_max_bits(); i++) {
		cap_value_t v = i;
		if (cap_set_flag(c, flag, 1, &v, bits & 1ull << i ? CAP_SET : CAP_CLEAR) < 0)
			return -1;
	}
	return 0;
}

int caps_apply(uint64_t bounding, uint64_t effective, uint64_t permitted, uint64_t inheritable,
    uint64_t ambient)
{
	/* A capability that we do not have cannot be given. */
	uint64_t have;
	if (permitted_now(&have) < 0)
		return -1;
	have &= bounding;
	cap_t c = cap_init();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	int r = !c || caps_set(c, CAP_EFFECTIVE, effective & permitted & have) < 0 ||
		caps_set(c, CAP_PERMITTED, permitted & have) < 0 ||
		caps_set(c, CAP_INHERITABLE, inheritable & have) < 0 || cap_set_proc(c) < 0;
	cap_free(c);
	if (r)
		return fail("capabilities: %m%s",
		    errno == EPERM ? " (one of them is not ours to give)" : "");
	/* capabilities(7): others cannot be ambient (runc's default config asks for some) */
	ambient &= inheritable & permitted & have;
	for (int i = 0; i < 64; i++)
		if (ambient & 1ull << i && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return fail("ambient capability %s: %m", caps_name(i));
	return 0;
}
