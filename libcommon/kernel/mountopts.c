/* mountopts.c: the words of a mount's options as mount(2) wants them; see mountopts.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "mountopts.h"
#include "str.h"

#ifndef MS_NOSYMFOLLOW /* 5.10 */
#define MS_NOSYMFOLLOW 256
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

static const struct word {
	const char *name;
	unsigned set, clear, propagation;
} words_known[] = {
    {"U", 0, 0, 0}, /* podman's: see volume_own(); not among mountopts_names() */
    {"defaults", 0, 0, 0},
    {"idmap", 0, 0, 0},
    {"ridmap", 0, 0, 0},
    {"tmpcopyup", 0, 0, 0},
    {"async", 0, MS_SYNCHRONOUS, 0},
    {"sync", MS_SYNCHRONOUS, 0, 0},
    {"atime", 0, MS_NOATIME, 0},
    {"noatime", MS_NOATIME, 0, 0},
    {"bind", MS_BIND, 0, 0},
    {"rbind", MS_BIND | MS_REC, 0, 0},
    {"dev", 0, MS_NODEV, 0},
    {"nodev", MS_NODEV, 0, 0},
    {"diratime", 0, MS_NODIRATIME, 0},
    {"nodiratime", MS_NODIRATIME, 0, 0},
    {"dirsync", MS_DIRSYNC, 0, 0},
    {"exec", 0, MS_NOEXEC, 0},
    {"noexec", MS_NOEXEC, 0, 0},
    {"iversion", MS_I_VERSION, 0, 0},
    {"noiversion", 0, MS_I_VERSION, 0},
    {"lazytime", MS_LAZYTIME, 0, 0},
    {"nolazytime", 0, MS_LAZYTIME, 0},
    {"relatime", MS_RELATIME, 0, 0},
    {"norelatime", 0, MS_RELATIME, 0},
    {"strictatime", MS_STRICTATIME, 0, 0},
    {"nostrictatime", 0, MS_STRICTATIME, 0},
    {"ro", MS_RDONLY, 0, 0},
    {"rw", 0, MS_RDONLY, 0},
    {"suid", 0, MS_NOSUID, 0},
    {"nosuid", MS_NOSUID, 0, 0},
    {"symfollow", 0, MS_NOSYMFOLLOW, 0},
    {"nosymfollow", MS_NOSYMFOLLOW, 0, 0},
    {"mand", 64 /* MS_MANDLOCK; since Linux 5.15 without effect */, 0, 0},
    {"nomand", 0, 64, 0},
    {"silent", MS_SILENT, 0, 0},
    {"loud", 0, MS_SILENT, 0},
    {"acl", MS_POSIXACL, 0, 0},
    {"noacl", 0, MS_POSIXACL, 0},
    {"remount", MS_REMOUNT, 0, 0},
    {"private", 0, 0, MS_PRIVATE},
    {"rprivate", 0, 0, MS_PRIVATE | MS_REC},
    {"shared", 0, 0, MS_SHARED},
    {"rshared", 0, 0, MS_SHARED | MS_REC},
    {"slave", 0, 0, MS_SLAVE},
    {"rslave", 0, 0, MS_SLAVE | MS_REC},
    {"unbindable", 0, 0, MS_UNBINDABLE},
    {"runbindable", 0, 0, MS_UNBINDABLE | MS_REC},
};

/* What mount_setattr(2) can set, or is without effect everywhere: these have a variant that holds
 * for what lies beneath. */
static bool recursive(const struct word *k)
{
	return (k->set | k->clear) &
	       (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME |
		   MS_RELATIME | MS_STRICTATIME | MS_NOSYMFOLLOW | 64);
}

void mountopts_names(struct strv *out)
{
	for (size_t i = 1; i < sizeof words_known / sizeof words_known[0]; i++) {
		strv_add(out, words_known[i].name);
		if (recursive(&words_known[i]))
			strv_addf(out, "r%s", words_known[i].name);
	}
	strv_sort(out);
}

/* A word of the table, or OCI's variant of it with a leading "r" for "recursively" (rro, rnosuid,
 * ...). */
static bool known(struct mountopts *o, const char *w)
{
	for (int rec = 0; rec < 2; rec++) {
		const char *name = w + rec;
		if (rec && w[0] != 'r')
			break;
		for (size_t i = 0; i < sizeof words_known / sizeof words_known[0]; i++) {
			const struct word *k = &words_known[i];
			if (strcmp(k->name, name) != 0 || (rec && !recursive(k)))
				continue;
			o->flags = (o->flags | k->set) & ~k->clear;
			o->cleared = (o->cleared | k->clear) & ~k->set;
			if (k->propagation)
				o->propagation = k->propagation;
			o->rec_flags |= rec;
			return true;
		}
	}
	return false;
}

int mountopts_parse(struct mountopts *o, const struct strv *words)
{
	struct buf data = {0};
	*o = (struct mountopts){0};
	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		o->idmap |= strcmp(w, "idmap") == 0 || strcmp(w, "ridmap") == 0;
		o->tmpcopyup |= strcmp(w, "tmpcopyup") == 0;
		if (!known(o, w))
			buf_printf(&data, "%s%s", data.n ? "," : "", w);
	}
	o->data = data.p;
	return 0;
}

void mountopts_free(struct mountopts *o)
{
	free(o->data);
	o->data = NULL;
}
