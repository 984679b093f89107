/* explain_chain.c: the chain of tools in ctr-run --explain's script: namespaces, root, privileges,
 * command; see explain_parts.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "err.h"
#include "explain_parts.h"
#include "file.h"
#include "image.h"
#include "ns.h"
#include "volume.h"

const char *const explain_etc[3] = {"hosts", "hostname", "resolv.conf"};

static size_t explain_chain_layers(const struct script *x)
{
	return x->s->x_lower.n + (x->s->x_image_file ? 1 : 0);
}

/* Before any id is mapped. */
static void put_layers(struct script *x)
{
	if (x->o->bundle)
		return;
	if (x->s->x_image_file)
		fputs(" --overlay \"$d/image\"", x->f);
	else if (!x->o->rootfs && image_is_ref(x->root))
		explain_opt(x, "--image", x->root);
	else if (x->o->direct)
		explain_opt(x, "--direct", x->s->root_path);
	else
		explain_opt(x, "--overlay", x->s->x_lower.v[0]);
}

/* Do these mounts need the host's propagation as it is? Without such a mount nothing is shared with
 * the host. */
static bool shared(const struct strv *options)
{
	bool any = false;
	for (size_t i = 0; i < options->n; i++)
		any |= str_ends(options->v[i], "slave") || str_ends(options->v[i], "shared");
	return any;
}

static bool shares(const struct script *x)
{
	struct volume_req v;
	bool any = x->s->rootfs_propagation != NULL;
	for (size_t i = 0; i < x->s->mounts.n; i++)
		any |= shared(&x->s->mounts.v[i].options);
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++)
		any |= shared(&v.options);
	return any;
}

static void put_offset(struct script *x, const char *flag, const struct spec_time_offset *o)
{
	if (o->set)
		fprintf(x->f, " %s %" PRId64, flag, o->secs);
}

static void put_namespaces(struct script *x)
{
	static const char letters[NS_COUNT] = {[NS_MNT] = 'm',
	    [NS_PID] = 'p',
	    [NS_NET] = 'n',
	    [NS_IPC] = 'i',
	    [NS_UTS] = 'u',
	    [NS_CGROUP] = 'C',
	    [NS_USER] = 'U',
	    [NS_TIME] = 'T'};
	fputs("ctr-unshare -", x->f);
	for (int i = 0; i < NS_COUNT; i++)
		if (x->s->ns_new & 1u << i)
			fputc(letters[i], x->f);
	/* With -f ctr-unshare stays outside, gets the terminal's signals and forwards them. */
	explain_flag(x, "-f", !(x->s->ns_new & 1u << NS_PID));
	explain_flag(x, "--die-with-parent", true);
	explain_flag(x, "--propagation unchanged", shares(x));
	explain_opt(x, "--hostname", x->s->ns_new & 1u << NS_UTS ? x->s->hostname : NULL);
	explain_opt(x, "--domainname", x->s->ns_new & 1u << NS_UTS ? x->s->domainname : NULL);
	put_offset(x, "--monotonic", &x->s->offset_monotonic);
	put_offset(x, "--boottime", &x->s->offset_boottime);
	if (x->outside.n) {
		fputs(" \\\n\t--outside ", x->f);
		explain_word(x->f, x->outside.p);
	}
}

static bool in_userns(const struct script *x)
{
	return x->s->ns_new & 1u << NS_USER;
}

/* The layers belong to the host's root: the new root may not look into them, and their owners are
 * not mapped. */
static bool layers_mapped(const struct script *x)
{
	return geteuid() == 0 && in_userns(x) && (x->s->x_lower.n || x->s->x_image_file);
}

static void put_map(struct script *x, const char *flag, const struct idmap *m)
{
	fprintf(x->f, " \\\n\t%s", flag);
	for (size_t i = 0; i < m->n; i++)
		fprintf(x->f, "%c%u:%u:%u", i ? ',' : ' ', m->v[i].container, m->v[i].host,
		    m->v[i].size);
}

/* A volume in a user namespace is bind-mounted from where its owners are mapped. */
static bool volume_mapped(const struct script *x, const struct volume_req *v)
{
	return layers_mapped(x) && strcmp(v->type, "volume") == 0;
}

/* Its name in the script. Anonymous volumes are named after the container and numbered. */
static void put_volume_name(struct script *x, const struct volume_req *v, int anon)
{
	if (v->src)
		explain_word(x->f, v->src);
	else
		fprintf(x->f, "\"$name.%d\"", anon);
}

static void put_mapped(struct script *x)
{
	_cleanup_free_ char *volumes = volume_path("");
	struct volume_req v;
	int anon = 0;
	fputs(" \\\n\t--mapped \"$d\"", x->f);
	for (size_t i = 0; i < x->s->x_lower.n; i++) {
		fputs(" --mapped ", x->f);
		explain_word(x->f, x->s->x_lower.v[i]);
		fprintf(x->f, ":\"$d/%zu\"", i);
	}
	if (x->s->x_image_file)
		fputs(" --mapped \"$d/image:$d/0\"", x->f);
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++) {
		if (!volume_mapped(x, &v))
			continue;
		fputs(" --mapped ", x->f);
		explain_word(x->f, volumes);
		put_volume_name(x, &v, v.src ? 0 : ++anon);
		fprintf(x->f, ":\"$d/v%zu\"", i);
	}
}

static void put_maps(struct script *x)
{
	if (!in_userns(x))
		return;
	put_map(x, "--map-users", &x->s->uid_map);
	put_map(x, "--map-groups", &x->s->gid_map);
	if (layers_mapped(x))
		put_mapped(x);
	if (geteuid() == 0)
		return;
	/* A user can remove what the container's users own only as root of their namespace. */
	FILE *script = x->f;
	char *text = NULL;
	size_t n = 0;
	x->f = open_memstream(&text, &n);
	if (!x->f)
		err_no_memory();
	fputs("\tctr-unshare -U", x->f);
	put_map(x, "--map-users", &x->s->uid_map);
	put_map(x, "--map-groups", &x->s->gid_map);
	fputs(" -- rm -rf \"$d/upper\" \"$d/work\"\n", x->f);
	fclose(x->f);
	buf_puts(&x->cleanup, text);
	free(text);
	x->f = script;
}

/* Namespaces that are joined instead of made: "container:NAME", "ns:FILE", and paths of a
 * bundle. */
static int put_joined(struct script *x)
{
	static const enum spec_ns kinds[] = {NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_PID};
	if (x->s->ns_path[NS_MNT] || x->s->ns_path[NS_USER])
		return fail_usage(
		    "--explain: a mount or user namespace that is joined has no step");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const char *other = flags_shared(x->o, kinds[i]), *n = ns_kinds[kinds[i]].file;
		const char *file = x->s->ns_path[kinds[i]];
		if (other)
			fprintf(x->f, "ctr-nsenter -F --%s -t %s -- \\\n", n, other);
		else if (file) {
			fprintf(x->f, "ctr-nsenter -F --%s=", n);
			explain_word(x->f, file);
			fputs(" -- \\\n", x->f);
		}
	}
	return 0;
}

static int put_volumes(struct script *x)
{
	struct volume_req v;
	int r, anon = 0;
	for (size_t i = 0; (r = flags_volume(x->o, i, &v)) > 0; i++) {
		bool is_v = i < x->o->volumes.n;
		const char *text = is_v ? x->o->volumes.v[i] : x->o->mounts.v[i - x->o->volumes.n];
		if (!v.src)
			anon++;
		if (volume_mapped(x, &v)) {
			_cleanup_free_ char *csv = volume_csv("", v.dst, &v.options);
			fprintf(x->f, " \\\n\t--mount type=bind,source=\"$d/v%zu\"", i);
			explain_word(x->f, csv + strlen("type=bind,\"source=\""));
		} else if (is_v && *text == '.') { /* absolute, because the script may be run in
						      another folder */
			_cleanup_free_ char *whole = xasprintf("%s%s", v.src, strchr(text, ':'));
			explain_opt(x, "-v", whole);
		} else if (strcmp(v.type, "bind") == 0 && !strstr(text, v.src)) {
			_cleanup_free_ char *whole = volume_csv(v.src, v.dst, &v.options);
			explain_opt(x, "--mount", whole);
		} else if (v.src || strcmp(v.type, "volume") != 0) {
			explain_opt(x, is_v ? "-v" : "--mount", text);
		} else {
			fprintf(x->f, " -v \"$name.%d:\"", anon);
			explain_word(x->f, v.dst);
		}
		volume_req_free(&v);
	}
	return r;
}

/* The image may have something where a new volume is to be: whoever has the right to copies it into
 * the volume. */
static void step_volumes(struct script *x)
{
	struct volume_req v;
	int anon = 0;
	bool any = false;
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++) {
		if (!v.src && strcmp(v.type, "volume") == 0)
			buf_printf(
			    &x->cleanup, "\tctr-volume rm \"$name.%d\" >/dev/null\n", ++anon);
		if (!volume_mapped(x, &v))
			continue;
		if (!any) {
			fputs("\n# Its volumes, with what the image has there.\nctr-root", x->f);
			put_layers(x);
			fputs(" --upper \"$d/fill\"", x->f);
		}
		any = true;
		fputs(" -v ", x->f);
		put_volume_name(x, &v, anon);
		fputc(':', x->f);
		explain_word(x->f, v.dst);
		fputs(v.nocopy ? ":nocopy" : "", x->f);
	}
	if (any)
		fputs(" -- ctr-priv --help >/dev/null\n", x->f);
}

/* Does a -v lie over this file of /etc? */
static bool has_own(const struct script *x, const char *name)
{
	struct volume_req v;
	bool any = false;
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++) {
		any |= str_starts(v.dst, "/etc/") && strcmp(v.dst + strlen("/etc/"), name) == 0;
		volume_req_free(&v);
	}
	return any;
}

static int put_root(struct script *x)
{
	const struct create_flags *o = x->o;
	fputs("ctr-root", x->f);
	if (layers_mapped(x)) {
		fputs(" --overlay \"", x->f);
		for (size_t i = 0; i < explain_chain_layers(x); i++)
			fprintf(x->f, "%s$d/%zu", i ? ":" : "", i);
		fputs("\"", x->f);
	} else {
		put_layers(x);
	}
	if (o->bundle) {
		_cleanup_free_ char *dir = path_real(o->bundle);
		explain_opt(x, "--bundle", dir);
	}
	if (explain_chain_layers(x))
		fputs(" --upper \"$d/upper\" --work \"$d/work\"", x->f);
	explain_flag(x, "--nodev", x->nodev);
	explain_flag(x, "--volatile", o->rm && explain_chain_layers(x));
	explain_flag(x, "--privileged", o->privileged);
	explain_flag(x, "--read-only", o->read_only);
	explain_flag(x, "--no-pivot", o->no_pivot);
	explain_flag(x, "--no-masks", strv_has(&o->security, "systempaths=unconfined"));
	if (o->shm_size)
		fprintf(x->f, " --shm-size %" PRIu64, o->shm_size);
	if (o->ipc && (strcmp(o->ipc, "host") == 0 || strcmp(o->ipc, "none") == 0))
		explain_opt(x, "--ipc", o->ipc);
	explain_opts(x, "--tmpfs", &o->tmpfs);
	explain_opts(x, "--device", &o->devices);
	if (!o->bundle)
		explain_opts(x, "--sysctl", &x->s->sysctl);
	for (int i = 0; i < 3; i++)
		if (x->etc & 1u << i && !has_own(x, explain_etc[i]))
			fprintf(x->f, " \\\n\t-v \"$d/%s:/etc/%s%s\"", explain_etc[i],
			    explain_etc[i], x->s->root_readonly ? ":ro" : "");
	return put_volumes(x);
}

static void put_caps(struct script *x)
{
	struct buf b = {0};
	uint64_t all = caps_all(), have = x->s->caps.bounding & ~(x->nodev ? CAPS_MKNOD : 0);
	if ((have & all) == all)
		return;
	fputs(" --cap-drop ALL", x->f);
	for (int i = 0; i < 64; i++)
		if (have & all & 1ull << i)
			buf_printf(&b, "%s%s", b.n ? "," : "", caps_name(i) + 4);
	explain_opt(x, "--cap-add", b.p);
	buf_free(&b);
}

/* A profile is read through a descriptor, because its file is not in the new root. */
static const char *profile(const struct script *x)
{
	const char *file = NULL;
	for (size_t i = 0; i < x->o->security.n; i++)
		if (strncmp(x->o->security.v[i], "seccomp", 7) == 0)
			file = x->o->security.v[i] + 8;
	return file && strcmp(file, "unconfined") && strcmp(file, "builtin") ? file : NULL;
}

static void put_seccomp(struct script *x)
{
	if (!x->s->seccomp)
		explain_opt(x, "--seccomp", "default");
	else if (profile(x))
		explain_opt(x, "--seccomp", "/dev/fd/9");
	explain_flag(x, "--no-new-privs", x->s->no_new_privileges);
	explain_opt(x, "--apparmor-profile", x->s->apparmor);
	explain_opt(x, "--selinux-label", x->s->selinux_label);
}

static void explain_chain_put_limits(struct script *x)
{
	for (size_t i = 0; i < x->s->rlimits.n; i++) {
		const struct spec_rlimit *l = &x->s->rlimits.v[i];
		_cleanup_free_ char *text = xasprintf("%s=%" PRId64 ":%" PRId64,
		    l->type + strlen("RLIMIT_"), (int64_t)l->soft, (int64_t)l->hard);
		explain_opt(x, "--ulimit", text);
	}
}

static void put_priv(struct script *x)
{
	fputs("ctr-priv --new-keyring --close-fds --die-with-parent", x->f);
	explain_flag(x, "--new-session", !x->o->tty);
	if (x->o->bundle) {
		fputs(" --config /dev/fd/9", x->f);
		return;
	}
	fputs(" -i", x->f);
	explain_opts(x, "-e", &x->s->env);
	explain_opt(x, "-w", x->s->cwd);
	explain_opt(x, "--umask", x->o->umask ? x->o->umask : "022");
	explain_opt(x, "--oom-score-adj", x->o->oom_score_adj);
	explain_chain_put_limits(x);
	explain_opts(x, "--group-add", &x->s->x_groups);
	put_caps(x);
	put_seccomp(x);
	explain_flag(x, "--init", x->o->init);
	explain_opt(x, "-u", x->s->x_user ? x->s->x_user : "0:0");
}

static void step_folders(struct script *x)
{
	struct volume_req v;
	if (!layers_mapped(x) && !x->s->x_image_file)
		return;
	fputs("\n# Where the layers are seen", x->f);
	fputs(layers_mapped(x) ? " with the owners that the map gives them.\nmkdir" : ".\nmkdir",
	    x->f);
	if (x->s->x_image_file)
		fputs(" \"$d/image\"", x->f);
	for (size_t i = 0; layers_mapped(x) && i < explain_chain_layers(x); i++)
		fprintf(x->f, " \"$d/%zu\"", i);
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++)
		if (volume_mapped(x, &v))
			fprintf(x->f, " \"$d/v%zu\"", i);
	fputs("\n", x->f);
}

/* The file that --seccomp or --config reads, by a path that is valid in whatever folder the script
 * runs. */
static void put_descriptor(struct script *x)
{
	_cleanup_free_ char *config = x->o->bundle ? path_join(x->o->bundle, "config.json") : NULL;
	const char *file = config ? config : profile(x);
	_cleanup_free_ char *path = file ? path_real(file) : NULL;
	if (!path)
		return;
	fputs(" 9<", x->f);
	explain_word(x->f, path);
}

static int explain_chain_refused(const struct script *x)
{
	const struct spec *s = x->s;
	for (int i = 0; i < HOOK_COUNT; i++)
		if (s->hooks[i].n)
			return fail_usage("--explain: the bundle's hooks have no steps");
	if (s->x_systemd)
		return fail_usage("--explain: groups that an init of its own can write have no "
				  "step (--systemd=false: without them)");
	if (x->o->verity)
		return fail_usage("--explain: --verity has no step");
	if (x->o->storage_opt)
		return fail_usage("--explain: --storage-opt has no step");
	if (x->o->sdnotify && strcmp(x->o->sdnotify, "ignore") != 0)
		return fail_usage("--explain: --sdnotify has no step");
	struct volume_req v;
	bool owned = false;
	for (size_t i = 0; flags_volume(x->o, i, &v) > 0; i++) {
		owned |= strv_has(&v.options, "U");
		volume_req_free(&v);
	}
	if (owned)
		return fail_usage("--explain: -v ...:U has no step: chown -R the source");
	if (s->offset_monotonic.nanosecs || s->offset_boottime.nanosecs)
		return fail_usage("--explain: a time offset of nanoseconds has no step");
	return shares(x) && layers_mapped(x)
		   ? fail_usage("--explain: a mount that the host shares has no step in a user "
				"namespace")
		   : 0;
}

int explain_chain(struct script *x)
{
	if (explain_chain_refused(x) < 0)
		return -1;
	step_folders(x);
	step_volumes(x);
	fputs("\n# From here on each tool prepares one thing and becomes the next.\n", x->f);
	if (x->s->x_image_file) { /* first, because the group has no loop devices */
		fputs("ctr-unshare --image ", x->f);
		explain_word(x->f, x->s->x_image_file);
		fputs(":\"$d/image\" -- \\\n", x->f);
	}
	if (x->group)
		fputs("ctr-cgset \"$group\" -- \\\n", x->f);
	if (put_joined(x) < 0)
		return -1;
	put_namespaces(x);
	put_maps(x);
	fputs(" -- \\\n", x->f);
	if (put_root(x) < 0)
		return -1;
	fputs(" -- \\\n", x->f);
	put_priv(x);
	fputs(" -- \\\n", x->f);
	for (size_t i = 0; i < x->s->args.n; i++) {
		if (i)
			fputc(' ', x->f);
		explain_word(x->f, x->s->args.v[i]);
	}
	put_descriptor(x);
	fputc('\n', x->f);
	return 0;
}
