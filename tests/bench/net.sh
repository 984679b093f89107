#!/bin/bash
# net.sh: networks against Debian's CNI plugins, driven by their own protocol: attach with one
# published port (bridge + host-local, then portmap), leases (host-local), and a whole start with a
# published port against podman's. In a network namespace of its own. Ratios of one run; only the
# programs' own time counts (spawn.c), not the shell's.
set -eu
if [ -z "${BENCH_NET_INSIDE:-}" ]; then
	exec env BENCH_NET_INSIDE=1 unshare -nm "$0" "$@"
fi
top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$top/build/bin:$PATH:/usr/sbin:/sbin
plugins=/usr/lib/cni
[ -x $plugins/bridge ] || {
	echo "net.sh: needs $plugins/bridge (apt-get install containernetworking-plugins)" >&2
	exit 0
}
# In memory, where $CTR_RUN is on a running system: no disk is measured, theirs neither.
W=$(mktemp -d -p /dev/shm ctrt.XXXXXX 2>/dev/null || mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$W"' EXIT
export CTR_LIB=$W/lib CTR_RUN=$W/run CTR_CGROUP=ctr-bench-net
mkdir "$CTR_LIB" "$CTR_RUN"
runs=${RUNS:-20} leases=${LEASES:-1000}
gcc -O2 -o "$W/spawn" "$top/tests/bench/spawn.c"
ip link set lo up
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
total() { awk '{ s += $1 } END { printf "%d", s }' "$1"; }
row() {
	awk -v n="$1" -v a="$2" -v b="$3" \
		'BEGIN { printf "%-44s %9.2f ms %9.2f ms  %.3f\n", n, a / 1e3, b / 1e3, a / b }'
}
for ((i = 0; i < 2 * runs; i++)); do
	unshare -n sleep 1000 >/dev/null 2>&1 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.01
	done
done

# --- attach ---
ipam='"ipam":{"type":"host-local","dataDir":"'$W/cni'","ranges":[[{"subnet":"10.22.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
export CNI_PATH=$plugins CNI_IFNAME=eth0
echo '{"cniVersion":"0.4.0","name":"b","type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,'"$ipam}" >"$W/bridge"
cni() { # PID PORT
	export CNI_COMMAND=ADD CNI_CONTAINERID=c$1 CNI_NETNS=/proc/$1/ns/net
	"$W/spawn" "$W/one" $plugins/bridge <"$W/bridge" >"$W/result" || return 1
	echo '{"cniVersion":"0.4.0","name":"b","type":"portmap","capabilities":{"portMappings":true},
		"runtimeConfig":{"portMappings":[{"hostPort":'"$2"',"containerPort":80,"protocol":"tcp"}]},"prevResult":'"$(cat "$W/result")}" >"$W/portmap"
	"$W/spawn" "$W/one" $plugins/portmap <"$W/portmap" >/dev/null
}
ours() {
	local a
	"$W/spawn" "$W/one" ctr-ipam alloc -s 10.23.0.0/16 "c$1" >"$W/addr"
	read -r a <"$W/addr"
	printf 'attach ctr0 %s %s gw 10.23.0.1\npublish %s %s:80\n' "$1" "$a" "$2" \
		"${a%/*}" >"$W/lines"
	"$W/spawn" "$W/one" ctr-netcfg -f "$W/lines"
}
sum_to() { total "$W/one" >>"$1" && echo >>"$1" && rm "$W/one"; }
ctr-netcfg -f - <<<$'bridge add ctr0 10.23.0.1/16\nsysctl forward\nnat add 10.23.0.0/16' 2>/dev/null
cni_works=1
cni "${pids[0]}" 7999 2>"$W/cni.err" || cni_works=0 # the first makes the bridge
ours "${pids[runs]}" 8999
rm "$W/one"
if [ $cni_works = 1 ]; then
	for ((i = 1; i < runs; i++)); do
		cni "${pids[i]}" $((8000 + i))
		sum_to "$W/theirs"
		ours "${pids[runs + i]}" $((9000 + i))
		sum_to "$W/ours"
	done
	row "attach, one port : CNI bridge + portmap" "$(median "$W/ours")" "$(median "$W/theirs")"
else
	echo "net.sh: the CNI plugins do not run here: $(head -n 1 "$W/cni.err")"
fi

# --- leases ---
echo '{"cniVersion":"0.4.0","name":"l",'"$ipam}" >"$W/conf"
export CNI_COMMAND=ADD CNI_NETNS=/x
few=$((leases / 5))
for ((i = 0; i < few; i++)); do
	CNI_CONTAINERID=l$i "$W/spawn" "$W/few" $plugins/host-local <"$W/conf" >/dev/null
done
for ((i = 0; i < leases; i++)); do
	"$W/spawn" "$W/many" ctr-ipam alloc -s 10.24.0.0/16 l$i >/dev/null
done
row "$leases leases : host-local ($few, scaled)" "$(total "$W/many")" \
	"$(($(total "$W/few") * leases / few))"
seq -f m%g "$leases" | "$W/spawn" "$W/pipe" ctr-ipam alloc -s 10.25.0.0/16 - >/dev/null
row "$leases leases, owners from a pipe : host-local" "$(total "$W/pipe")" \
	"$(($(total "$W/few") * leases / few))"

# --- a whole start with one port, podman's beside it ---
few=$(((runs + 3) / 4))
their_run=(podman --root "$W/podman" --runroot "$W/podrun" --cgroup-manager cgroupfs \
	--events-backend none)
command -v runc >/dev/null && their_run+=(--runtime runc)
their_run+=(run --rm --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network bridge \
	-p 8100:80 --rootfs "$top/build/rootfs" /bin/true)
if ! command -v podman >/dev/null || ! "${their_run[@]}" >/dev/null 2>"$W/podman.err"; then
	echo "net.sh: podman is not here, or does not run: $(head -n 1 "$W/podman.err" 2>/dev/null)"
	exit 0
fi
ctr-run -p 8100:80 "$top/build/rootfs/" /bin/true 2>/dev/null # makes the network
runs=$few
for ((i = 0; i < few; i++)); do
	"$W/spawn" "$W/podman.us" "${their_run[@]}" >/dev/null 2>&1
	"$W/spawn" "$W/run.us" ctr-run -p 8100:80 "$top/build/rootfs/" /bin/true
done
row "start, one port : podman run" "$(median "$W/run.us")" "$(median "$W/podman.us")"
rmdir /sys/fs/cgroup/*/ctr-bench-net 2>/dev/null || true
