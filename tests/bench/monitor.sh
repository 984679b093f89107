#!/bin/bash
# monitor.sh: what stays in memory for each running container: ours, conmon where it is installed,
# containerd's shim where one runs. Private memory (Private_Clean + Private_Dirty of smaps_rollup),
# ten of ours running; descriptors; processor time in a second.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$top/build/bin:$PATH
W=$(mktemp -d "${TMPDIR:-/tmp}/ctrt.XXXXXX")
export CTR_LIB=$W/lib CTR_RUN=$W/run CTR_CGROUP=ctr-bench
mkdir "$CTR_LIB" "$CTR_RUN" "$W/bundle"
finish() {
	ctr-ps -aq | ctr-rm -f - >/dev/null 2>&1
	runc --root "$W/runc" delete -f bench-conmon 2>/dev/null
	rm -rf "$W"
}
trap finish EXIT
R=$top/build/rootfs
row() { # NAME PID
	local a b
	a=$(awk '{ print $14 + $15 }' "/proc/$2/stat")
	sleep 1
	b=$(awk '{ print $14 + $15 }' "/proc/$2/stat")
	printf '%-24s %7d KiB private %4d descriptors %3d ticks in a second\n' "$1" \
		"$(awk '/^Private_(Clean|Dirty)/ { s += $2 } END { print s }' \
		"/proc/$2/smaps_rollup")" "$(find "/proc/$2/fd" -type l | wc -l)" $((b - a))
}

for i in 1 2 3 4 5 6 7 8 9 10; do ctr-run -d --name "m$i" "$R/" sleep 10000 >/dev/null; done
row "ctr-run -d" "$(ctr-inspect -f state.monitor m1)"

ctr-create --name b --direct "$R/" sleep 10000 >/dev/null
sed -e 's/"annotations":{[^}]*}/"annotations":{}/' -e 's/,"unified":{[^}]*}//' \
	-e 's/"ociVersion":"[^"]*"/"ociVersion":"1.0.2"/' "$CTR_LIB/containers/b/config.json" \
	>"$W/bundle/config.json"
if command -v conmon >/dev/null && command -v runc >/dev/null; then
	conmon --cid bench-conmon --cuuid bench-conmon --name bench-conmon \
		--runtime "$(command -v runc)" --runtime-arg "--root=$W/runc" --bundle "$W/bundle" \
		--container-pidfile "$W/cpid" --conmon-pidfile "$W/pid" \
		--log-path "k8s-file:$W/log" --exit-dir "$W" --socket-dir-path "$W" >/dev/null 2>&1
	for _ in $(seq 100); do [ ! -s "$W/cpid" ] || break; sleep 0.05; done
	if [ -s "$W/pid" ] && runc --root "$W/runc" start bench-conmon; then
		row conmon "$(cat "$W/pid")"
	else
		echo "monitor.sh: conmon does not run here and is left out" >&2
	fi
fi
# The shim ends at once without its daemon: one is measured where the machine runs some.
pid=$(pgrep -o containerd-shim)
[ -z "$pid" ] || row "containerd-shim, another's" "$pid"
