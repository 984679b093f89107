#!/bin/bash
# report.sh [DIR]: what a default container may do (../report.sh), ours next to docker's and
# podman's where they are installed and run, as a table on standard output. The reports themselves
# are left in DIR. Status 1: a line of ours is weaker, and not one of those that are explained
# below.
set -u
tests=$(cd "$(dirname "$0")/.." && pwd)
PATH=$tests/../build/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
w=$(mktemp -d "${TMPDIR:-/tmp}/report.XXXXXX") || exit 1
out=${1:-$w/out} daemon=
trap '[ -z "$daemon" ] || { kill $daemon; wait $daemon; } 2>/dev/null; rm -rf "$w"' EXIT
mkdir -p "$out" "$w/r"
export CTR_LIB=$w/lib CTR_RUN=$w/run
cp -a "$tests/../build/rootfs" "$w/root"
sh "$tests/probe-build.sh" "$w/r" || exit 1
inside=(sh /r/report.sh /r/probe)

ctr-run -v "$w/r:/r:ro" "$w/root/" "${inside[@]}" >"$out/ctrbox" || exit 1

# What a container of each leaves for another user of the host (../local-user.sh), who may walk up
# to the stores.
chmod 711 "$w"
mkdir "$out/local"
(umask 077 && echo "hunter$RANDOM$RANDOM" >"$w/secret")
leave='for d in / /v/; do cp /bin/busybox ${d}suid; chmod 4755 ${d}suid; mknod ${d}node c 1 5; chmod 666 ${d}node; echo x >${d}secret; done; exec sleep 1000'
local_user() { # NAME FILES VOLUME STORE PID
	for ((i = 0; i < 50; i++)); do [ ! -e "$3/secret" ] || break; sleep 0.1; done
	sh "$tests/local-user.sh" "${@:2}" "$w/secret" >"$out/local/$1"
}
SECRET=$(cat "$w/secret") && export SECRET
ctr-run -d --name c -e "SECRET=$SECRET" -v vol:/v "$w/root/" sh -c "$leave" >/dev/null || exit 1
local_user ctrbox "$CTR_LIB/containers/c/upper" "$CTR_LIB/volumes/vol" "$CTR_LIB" \
	"$(ctr-inspect -f State.Pid c)"
ctr-rm -f c >/dev/null

if command -v dockerd >/dev/null && command -v docker >/dev/null && [ "$(id -u)" = 0 ]; then
	export DOCKER_HOST=unix://$w/d.sock
	echo '{}' >"$w/d.json"
	dockerd -H "$DOCKER_HOST" --data-root "$w/d" --exec-root "$w/e" -p "$w/d.pid" \
		--bridge none --iptables=false --ip6tables=false \
		--ip-forward=false --storage-driver overlay2 \
		--config-file "$w/d.json" >"$w/log" 2>&1 3>&- &
	daemon=$!
	for ((i = 0; i < 60; i++)); do
		if timeout 5 docker version >/dev/null 2>&1; then break; fi
		sleep 0.3
	done
	tar -C "$w/root" -c . | docker import - report:1 >/dev/null 2>&1
	docker run --rm --network none -v "$w/r:/r:ro" report:1 "${inside[@]}" >"$out/docker" || {
		echo "report.sh: docker does not run here: $(tail -n 1 "$w/log")" >&2
		rm "$out/docker"
	}
	docker run -d --name cc --network none -e "SECRET=$SECRET" -v vol:/v report:1 \
		sh -c "$leave" >/dev/null &&
		local_user docker "$(docker inspect -f '{{.GraphDriver.Data.UpperDir}}' cc)" \
		"$w/d/volumes/vol/_data" "$w/d" "$(docker inspect -f '{{.State.Pid}}' cc)"
	docker rm -f cc >/dev/null
else
	echo "report.sh: docker left out (as root, apt-get install docker.io)" >&2
fi

if command -v podman >/dev/null; then
	# crun refuses a machine where both versions of cgroups have controllers: it does not see
	# the second one.
	pod() {
		unshare -m --propagation private sh -c '
			umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh \
			podman --root "$w/p/root" --runroot "$w/p/run" --storage-driver vfs \
			--cgroup-manager cgroupfs --events-backend file "$@" 3>&-
	}
	pod_run() {
		pod run --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@"
	}
	pod_run --rm -v "$w/r:/r:ro" --rootfs "$w/root" "${inside[@]}" >"$out/podman" || {
		echo "report.sh: podman does not run here" >&2
		rm "$out/podman"
	}
	tar -C "$w/root" -c . | pod import - report:1 >/dev/null 2>&1
	pod_run -d --name c -e "SECRET=$SECRET" -v vol:/v report:1 sh -c "$leave" >/dev/null &&
		local_user podman "$(pod mount c)" "$w/p/root/volumes/vol/_data" "$w/p" \
		"$(pod inspect -f '{{.State.Pid}}' c)"
	pod rm -f -t 0 c >/dev/null
else
	echo "report.sh: podman left out (apt-get install podman)" >&2
fi

# Where a peer is stricter and we are not, on purpose: ours are the defaults of moby (docker's own
# sources). Its profile allows these calls to all; Debian's docker and podman's own profile do not;
moby='name_to_handle_at pkey_alloc pkey_free pkey_mprotect process_vm_readv process_vm_writev futex_waitv vmsplice io_pgetevents'
# podman grants eleven capabilities of docker's fourteen, hence no device is made there (here the
# group's rules hold).
moby="$moby mknod audit_write net_raw console ptmx zero"
# table OURS [PEER...]
table() {
awk -v moby="$moby" '
function words(s, set, n, a, i) {
	delete set
	n = split(s, a, " ")
	for (i = 1; i <= n; i++) set[a[i]] = 1
}
function beyond(x, y, i, n, r, a, b) { # the words of x that y has not
	n = split(x, a, " "); words(y, b); r = ""
	for (i = 1; i <= n; i++) if (!(a[i] in b)) r = r " " a[i]
	return substr(r, 2)
}
FNR == 1 { who[++n] = FILENAME }
{ sign = $1; f = substr($0, 3); sub(/:.*/, "", f); v = $0; sub(/^[^:]*: */, "", v)
  if (n == 1) { fact[++m] = f; way[f] = sign }
  has[n, f] = v }
END {
	printf "| stricter | fact | ctrbox |"
	for (j = 2; j <= n; j++) printf " %s |", who[j]
	printf "\n|---|---|---|"
	for (j = 2; j <= n; j++) printf "---|"
	print ""
	for (i = 1; i <= m; i++) {
		f = fact[i]; ours = has[1, f]; k = split(ours, a, " ")
		printf "| %s | %s | %s |", (way[f] == "<" ? "fewer" : "more"), f,
			(k > 20) ? k : k ? ours : "none"
		for (j = 2; j <= n; j++) {
			theirs = has[j, f]
			extra = beyond(theirs, ours); less = beyond(ours, theirs)
			weak = way[f] == "<" ? less : extra
			strict = way[f] == "<" ? extra : less
			known = beyond(weak, beyond(weak, moby)); weak = beyond(weak, moby)
			if (weak) bad = 1
			printf " %s |", weak ? "WEAKER: " weak : \
				(strict ? "ours stricter: " strict (known ? "; ": "") : \
				known ? "" : "equal") \
				(known ? "see (*)" : "")
			if (known) note[++notes] = who[j] ", " f ": " known
		}
		print ""
	}
	if (notes) print "\n(*) stricter than the defaults of moby, which ours are:\n"
	for (j = 1; j <= notes; j++) print "- " note[j]
	exit bad
}' "$@"
}

cd "$out" || exit 1
peers=$(ls docker podman 2>/dev/null)
# shellcheck disable=SC2086
table ctrbox $peers
bad=$?
cd local || exit 1
printf '\n## A local user against the host\n\n%s\n\n' \
	"What another user of the host, who may walk up to the stores, gets of a container of root's that works for him: files, set-uid programs
and devices left in its layer and in a named volume, its records, locks, sockets and processes
(tried by \`tests/local-user.sh\`)."
peers=$(ls docker podman 2>/dev/null)
# shellcheck disable=SC2086
table ctrbox $peers || bad=1
grep -h '[a-z]: *[^ ]' ctrbox >&2 && bad=1 # of ours, nothing
exit $bad
