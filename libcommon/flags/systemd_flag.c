/* systemd_flag.c: --systemd, and mounts at /sys/fs/cgroup; see create_flags.h. */
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "create_flags.h"
#include "err.h"
#include "file.h"
#include "mount_flags.h"
#include "sys.h"

#define CGROUPS "/sys/fs/cgroup"

/* As podman does it: an init by its whole path, or systemd wherever it is. */
static bool systemd_flag_is_init(const char *cmd)
{
	const char *base = strrchr(cmd, '/');
	return str_has_word("/sbin/init /usr/sbin/init /usr/local/sbin/init", cmd) ||
	       str_has_word("systemd openrc-init", base ? base + 1 : cmd);
}

/* Is /sbin/init a link to systemd, in the topmost layer that has one? Of a filesystem image this is
 * not known. */
static bool is_systemd(const struct spec *s)
{
	const char *cmd = s->args.v[0], *base = strrchr(cmd, '/');
	if (strcmp(base ? base + 1 : cmd, "systemd") == 0)
		return true;
	for (size_t i = 0; i < s->x_lower.n || (i == 0 && s->root_path); i++) {
		char to[PATH_MAX];
		_cleanup_close_ int root =
		    dir_hold(i < s->x_lower.n ? s->x_lower.v[i] : s->root_path);
		_cleanup_close_ int fd =
		    root < 0 ? -1
			     : path_open_in_root(root, cmd, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
		ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", to, sizeof to);
		if (fd >= 0)
			return n > 0 && memmem(to, (size_t)n, "systemd", strlen("systemd"));
	}
	return s->x_image_file != NULL;
}

int flags_systemd(const struct create_flags *o, struct spec *s)
{
	static const char *const memory[][2] = {
	    {"/run", "mode=755"}, {"/run/lock", "mode=1777"}, {"/tmp", "mode=1777"}};
	const char *how = o->systemd ? o->systemd : "true";
	if (!str_has_word("true false always", how))
		return fail_usage("--systemd: '%s' is not true, false or always", how);
	if (strcmp(how, "false") == 0 || (how[0] == 't' && !systemd_flag_is_init(s->args.v[0])))
		return 0;
	if (o->init)
		return fail_usage(
		    "--init: %s is an init itself (--systemd=false: it is not)", s->args.v[0]);
	int systemd = is_systemd(s);
	if (systemd && !(s->ns_new & 1u << NS_CGROUP) && !o->privileged) {
		warn("--cgroupns host: systemd sees its own groups only");
		s->ns_new |= 1u << NS_CGROUP;
	}
	s->x_systemd = true;
	for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
		_cleanup_free_ char *opts = xasprintf("nosuid,nodev,%s", memory[i][1]);
		bool given = mount_at(s, memory[i][0]);
		for (size_t k = 0; k < o->tmpfs.n; k++) {
			size_t n = strcspn(o->tmpfs.v[k], ":");
			given |= strlen(memory[i][0]) == n &&
				 strncmp(o->tmpfs.v[k], memory[i][0], n) == 0;
		}
		if (!given)
			spec_mount_add(s, memory[i][0], "tmpfs", "tmpfs", opts);
	}
	if (!strv_getenv(&s->env, "container"))
		strv_setenv(&s->env, "container", "oci");
	/* reboot(2) in a pid namespace only ends that namespace, and it is how an init ends;
	 * whatever else the capability allows is refused by the default filter. */
	if (s->ns_new & 1u << NS_PID && !s->seccomp && !o->security.n)
		s->caps.bounding |= 1ull << CAP_SYS_BOOT;
	return 1 + systemd;
}

bool flags_own_cgroups(struct spec *s, const struct volume_req *v)
{
	struct spec_mount *ours = mount_at(s, CGROUPS);
	size_t n = strlen(CGROUPS);
	if (!ours || strncmp(v->dst, CGROUPS, n) != 0 || (v->dst[n] && v->dst[n] != '/'))
		return false;
	bool host = strcmp(v->type, "bind") == 0 && strncmp(v->src, CGROUPS, n) == 0 &&
		    (!v->src[n] || v->src[n] == '/');
	if (!host) {
		if (!v->dst[n] && str_eq(ours->type, "cgroup"))
			mount_drop(s, ours);
		return false;
	}
	if (s->x_privileged)
		return false;
	if (!(s->ns_new & 1u << NS_CGROUP)) {
		warn("--cgroupns host: with a mount of %s the container sees its own groups only",
		    CGROUPS);
		s->ns_new |= 1u << NS_CGROUP;
	}
	s->x_systemd |= !strv_has(&v->options, "ro") || s->x_systemd;
	return true;
}
