/* opt_meant.c: which option a mistyped one was meant to be; see opt.h. */
#include <stddef.h>
#include <string.h>

#include "opt.h"
#include "table.h"

/* The number of letters to insert, delete, replace or exchange with their neighbour that turns a
 * into b (Damerau and Levenshtein's distance), for words of up to 31 letters; longer ones count as
 * far apart. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), d[32][32];
	if (la > 31 || lb > 31)
		return 99;
	for (size_t i = 0; i <= la; i++)
		for (size_t j = 0; j <= lb; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			size_t least = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < least)
				least = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < least)
				least = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < least)
				least = d[i - 2][j - 2] + 1;
			d[i][j] = least;
		}
	return d[la][lb];
}

const char *opt_meant(const struct usage *u, const char *word, size_t most)
{
	const char *best = NULL;
	for (const struct opt *o = u->opts; o->s || o->l; o++) {
		size_t d = o->l ? distance(word, o->l) : 99;
		if (d <= most && d < strlen(o->l)) {
			most = d;
			best = o->l;
		}
	}
	return best;
}

char *opt_begun(const struct usage *u, const char *word)
{
	struct buf b = {0};
	for (const struct opt *o = u->opts; o->s || o->l; o++)
		if (o->help && o->l && str_starts(o->l, word))
			buf_printf(&b, "%s%s", b.n ? " or --" : "", o->l);
	return b.p;
}

/* As usage.others, for all applets; applets/DOCKER.md has all of them. */
static const char instead[] =
    "blkio-weight-device:--cgroup \"io.weight=MAJ:MIN N\"\n"
    "cpu-count cpu-percent io-maxbandwidth io-maxiops isolation:nothing: Windows only\n"
    "disable-content-trust:so: digests are checked, signatures are not\n"
    "link-local-ip:--ip\n"
    "link:--net NAME: the names on a network are known\n"
    "detach-keys:an option of ctr-attach\n"
    "sig-proxy:ctr-attach --no-stdin\n"
    "tree history:ctr-image inspect, ctr-image history\n"
    "all-tags:one call for each tag\n"
    "no-trunc attachable ipv4 sync uncompressed no-prune no-reset "
    "multi-image-archive:is so anyway\n"
    "ipam-driver ipam-opt:nothing: ctr-ipam hands out addresses\n"
    "latest l:the name $(ctr-ps -lq)\n"
    "cidfile:a pipe: ctr-... - <FILE\n"
    "ignore i:|| true\n"
    "noheading:--no-header\n"
    "sort:sort(1)\n"
    "interval watch:watch(1)\n"
    "limit:head(1)\n"
    "time t:ctr-stop -t SECONDS, before\n"
    "arch os variant:nothing: images are this machine's\n"
    "authfile:DOCKER_CONFIG=FOLDER\n"
    "creds:ctr-image login\n"
    "memory-swappiness cpu-rt-period cpu-rt-runtime cgroup-conf:--cgroup KEY=VALUE\n"
    "hostuser passwd passwd-entry:a line in the image's /etc/passwd\n"
    "image-volume chrootdirs:-v\n"
    "read-only-tmpfs:--tmpfs /tmp --tmpfs /run\n"
    "rmi:ctr-image rm, afterwards\n"
    "seccomp-policy:--security-opt seccomp=FILE\n"
    "subuidname subgidname:--uidmap and --gidmap\n"
    "pod pod-id-file init-ctr:--net, --ipc and --pid container:NAME\n"
    "unsetenv-all:--unsetenv for each\n"
    "digestfile:ctr-image inspect -f '{{.RepoDigests}}'\n"
    "iidfile:the id on stdout\n"
    "env-merge:--env\n"
    "init-path:--init\n"
    "personality:setarch(8) inside\n"
    "external quiet q verbose overwrite force cgroups:so anyway\n"
    "ns:/proc/PID/ns: ctr-inspect -f '{{.State.Pid}}'\n"
    "color names compatible:nothing: grep(1), cut(1)\n"
    "depend:ctr-rm of each\n"
    "squash s:ctr-commit NAME - | ctr-image import\n"
    "device-read-bps device-read-iops device-write-bps device-write-iops:ctr-cgset io.max\n"
    "compress compression-format:gzip(1), or as it is kept\n"
    "get-login:~/.docker/config.json\n"
    "list-tags:curl https://HOST/v2/NAME/tags/list\n"
    "disable-dns:--no-hosts of ctr-run\n"
    "conmon-pidfile use-api-socket:nothing: there is no daemon\n"
    "checkpoint checkpoint-dir:nothing: no CRIU\n"
    "oom-kill-disable:nothing: it would hang\n"
    "kernel-memory:nothing: the kernel has given it up\n"
    "availability group limit-bytes required-bytes scope secret sharing topology-preferred "
    "topology-required type config-from config-only ingress cluster:nothing: no Swarm\n"
    "details:--log-opt tag= of syslog and journald\n"
    "remove-signatures sign-by sign-by-sigstore-private-key sign-passphrase-file:nothing: no "
    "signatures\n"
    "gw-priority:--net NAME:gw-priority=N at the start\n"
    "aux-address:--ip-range\n"
    "format:one form: OCI's, or a line each\n"
    "include-volumes:ctr-cp\n"
    "requires:ctr-wait --condition healthy\n"
    "preserve-fds:ctr-oci run --preserve-fds\n"
    "tls-verify cert-dir:a line http or ca: ctr-image(1), FILES\n";

const char *opt_instead(const char *own, const char *word, int *len)
{
	size_t n = strlen(word);
	for (const char *l = own, *text; l && *l; l = text + *len + 1) {
		text = l + strcspn(l, ":") + 1;
		*len = (int)strcspn(text, "\n");
		for (const char *w = l; w < text; w += strcspn(w, " :") + 1)
			if (strcspn(w, " :") == n && memcmp(w, word, n) == 0)
				return text;
	}
	return own == instead ? NULL : opt_instead(instead, word, len);
}

bool opt_unset(const char *name)
{
	static const char texts[] =
	    "name workdir restart cidfile platform log-driver stop-signal userns ipc pid uts ip "
	    "ip6 mac-address cgroupns cpuset-cpus cpuset-mems pull user type driver signal tail "
	    "since until filter format";
	return table_docker && name && str_has_word(texts, name);
}
