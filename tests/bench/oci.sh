#!/bin/bash
# oci.sh: ctr-oci beside crun and runc (tests/oci-peers.sh unpacks them): create + start + delete of
# /bin/true, and exec; medians of interleaved rounds. The floor, util-linux: unshare(1) of the same
# namespaces and two more programs that do nothing; nsenter(1) of the same. crun refuses a hybrid
# layout: all see the v1 side alone.
set -u
# In a mount namespace of its own, whoever starts it: body() takes the v2 side away.
[ -n "${APART:-}" ] || APART=1 exec unshare -m --propagation private bash "$0"
cd "$(dirname "$0")/../.." || exit 1
top=$PWD rounds=${ROUNDS:-40}
sh tests/oci-peers.sh "$top/build/peers" || exit 1
P=$top/build/peers/root
LD_LIBRARY_PATH=$P/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH
W=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export CTR_LIB=$W/lib CTR_RUN=$W/run W
mkdir -p "$W/b/rootfs" "$W/lib" "$W/run"
cp -a build/rootfs/. "$W/b/rootfs"
(cd "$W/b" && "$P/usr/sbin/runc" spec &&
	sed -i 's/"terminal": true/"terminal": false/; s/"sh"$/"true"/' config.json)
declare -A at=([ctr-oci]=$top/build/bin/ctr-oci [crun]=$P/usr/bin/crun [runc]=$P/usr/sbin/runc)
body() {
	local n t0 t1 r
	once() {
		"${at[$1]}" --root "$W/$1" create -b "$W/b" "x$1" >/dev/null 2>&1 </dev/null &&
			"${at[$1]}" --root "$W/$1" start "x$1" &&
			"${at[$1]}" --root "$W/$1" delete -f "x$1"
	}
	sed 's/"true"$/"sleep","1000"/' "$W/b/config.json" >"$W/live.json"
	mkdir "$W/l"
	mv "$W/live.json" "$W/l/config.json"
	ln -s ../b/rootfs "$W/l/rootfs"
	floor_start() {
		unshare -muinpCf "$top/build/rootfs/bin/true"
		"$top/build/rootfs/bin/true"
		"$top/build/rootfs/bin/true"
	}
	for n in ctr-oci crun runc; do
		sed -i "s|\"path\": \"[^\"]*rootfs\"|\"path\": \"$W/b/rootfs\"|" "$W/l/config.json"
		"${at[$n]}" --root "$W/$n" run -d -b "$W/l" "l$n" >/dev/null 2>&1 </dev/null
	done
	pid=$("${at[crun]}" --root "$W/crun" state lcrun | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
	for ((r = 0; r < rounds; r++)); do
		t0=$EPOCHREALTIME
		floor_start
		t1=$EPOCHREALTIME
		echo $((${t1/./} - ${t0/./})) >>"$W/start.floor"
		t0=$EPOCHREALTIME
		nsenter -t "$pid" -m -u -i -n -p -C true </dev/null
		t1=$EPOCHREALTIME
		echo $((${t1/./} - ${t0/./})) >>"$W/exec.floor"
		for n in ctr-oci crun runc; do
			t0=$EPOCHREALTIME
			once $n || echo "$n failed" >&2
			t1=$EPOCHREALTIME
			echo $((${t1/./} - ${t0/./})) >>"$W/start.$n"
			t0=$EPOCHREALTIME
			"${at[$n]}" --root "$W/$n" exec "l$n" true </dev/null
			t1=$EPOCHREALTIME
			echo $((${t1/./} - ${t0/./})) >>"$W/exec.$n"
		done
	done
	for n in ctr-oci crun runc; do "${at[$n]}" --root "$W/$n" delete -f "l$n"; done
}
umount /sys/fs/cgroup/unified 2>/dev/null
body
median() {
	sort -n "$W/$1" | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] / 1000 }'
}
for what in start exec; do
	ours=$(median $what.ctr-oci)
	for n in ctr-oci floor crun runc; do
		m=$(median "$what.$n")
		awk -v w=$what -v n=$n -v m="$m" -v o="$ours" \
			'BEGIN { printf "%-6s %-8s %8.2f ms  ours/its %.2f\n", w, n, m, o / m }'
	done
done
rm -rf "$W"
