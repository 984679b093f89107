#!/usr/bin/env bats
# ctr-cgset: one vocabulary on v1, v2 and hybrid systems; session 2 of the textbook. The same file runs on pure cgroup v2
# in the rig (make check-v2).

load lib

test_teardown() {
	ctr-cgset -dk "/$CTR_CGROUP" 2>/dev/null || true
}

has() { # CONTROLLER: is it to be had here?
	ctr-cgset -c "probe-$1" 2>/dev/null
	case $1 in
	memory) ctr-cgset probe-memory memory.max=64M ;;
	cpu) ctr-cgset probe-cpu cpu.weight=100 ;;
	cpuset) ctr-cgset probe-cpuset cpuset.cpus=0 ;;
	pids) ctr-cgset probe-pids pids.max=10 ;;
	esac 2>/dev/null || skip "needs the $1 controller of this kernel"
}

@test "make, set, read, remove: the values come back under cgroup v2's names" {
	has memory
	ctr-cgset -c demo memory.max=64M pids.max=10 cpu.weight=200 cpu.max="20000 100000"
	[ "$(ctr-cgset -g demo memory.max pids.max cpu.weight cpu.max | tr '\n' ,)" = "67108864,10,200,20000 100000," ]
	ctr-cgset -g demo | grep -qx memory.max=67108864
	ctr-cgset -d demo
	run -1 ctr-cgset -g demo
	[[ "$output" == *"no such group"* ]]
}

@test "a bad value, key or group leaves everything as it was, and says why" {
	has memory
	ctr-cgset -c demo memory.max=64M pids.max=10
	run -1 ctr-cgset demo pids.max=20 memory.max=lots
	[[ "$output" == *"'lots' is not a size"* ]]
	run -1 ctr-cgset demo memory.max=32M pids.max=-5
	[[ "$output" == *pids* ]]
	[ "$(ctr-cgset -g demo memory.max pids.max | tr '\n' ,)" = "67108864,10," ]
	run -1 ctr-cgset demo nosuch.max=1
	[[ "$output" == *"no 'nosuch' controller"* ]]
	run -1 ctr-cgset nosuch memory.max=1M
	[[ "$output" == *"-c makes it"* ]]
	run -2 ctr-cgset demo word
	run -1 ctr-cgset -c c-mine
	[[ "$output" == *"containers' own"* ]]
	run -2 ctr-cgset -c ../up
	run -1 ctr-cgset -c fresh memory.max=lots
	run -1 ctr-cgset -g fresh
}

@test "session 2: a limit holds for the command that is run in the group" {
	has memory
	run -137 ctr-cgset -c demo memory.max=64M memory.swap.max=0 -- perl -e '$x = "x" x 100_000_000'
	ctr-cgset demo -- true
	[ "$(ctr-cgset --stat demo | sed -n 's/^memory.events.oom_kill //p')" -ge 1 ]
	run -127 ctr-cgset demo -- nosuch
	run -126 ctr-cgset demo -- /etc/passwd
}

@test "session 2: 64 MiB kill a 100 MiB allocation in a container, and only that container" {
	has memory
	ctr-run -d --name other "$ROOTFS" sleep 1000 >/dev/null
	run -137 ctr-run -m 64m --memory-swap 64m "$ROOTFS" sh -c 'exec tail -c 100m /dev/zero >/dev/null'
	[ "$(ctr-ps -n -o name,status)" = "other  running" ]
}

@test "cpu.max: 20 per cent are 15 to 25 per cent, measured" {
	has cpu
	ctr-cgset -c demo cpu.max="20000 100000"
	timeout 2.2 "$BIN/ctr-cgset" demo -- sh -c 'while :; do :; done' &
	sleep 0.1
	a=$(ctr-cgset --stat demo | sed -n 's/^cpu.usage_usec //p')
	s=$(date +%s%N)
	sleep 2
	b=$(ctr-cgset --stat demo | sed -n 's/^cpu.usage_usec //p')
	e=$(date +%s%N)
	wait || true
	pct=$(((b - a) * 100000 / (e - s)))
	echo "# cpu.max 20 per cent: measured $pct" >&3
	[ $pct -ge 15 ]
	[ $pct -le 25 ]
}

@test "pids.max stops a fork bomb, and the host keeps working" {
	has pids
	run ctr-run --pids-limit 20 "$ROOTFS" sh -c 'i=0; while [ $i -lt 40 ]; do sleep 1 & i=$((i+1)); done; wait'
	[[ "$output" == *fork* ]]
	true
}

@test "freeze stops the use of the processor at once, thaw resumes it" {
	ctr-cgset -c demo
	ctr-cgset demo -- sh -c 'while :; do :; done' &
	pid=$!
	sleep 0.3
	ctr-cgset --freeze demo
	a=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	sleep 0.5
	[ "$(awk '{ print $14 + $15 }' /proc/$pid/stat)" = "$a" ]
	ctr-cgset --thaw demo
	sleep 0.5
	[ "$(awk '{ print $14 + $15 }' /proc/$pid/stat)" -gt "$a" ]
	ctr-cgset -dk demo
	wait $pid || true
}

@test "move by pid and from stdin; the tree shows them; -d refuses, -dk kills first" {
	ctr-cgset -c demo/sub
	sleep 1000 &
	a=$!
	sleep 1000 &
	b=$!
	ctr-cgset -p $a demo/sub
	echo $b | ctr-cgset -p - demo/sub
	ctr-cgset -l demo | grep -q "$a sleep"
	ctr-cgset -l demo | grep -q "$b sleep"
	run -1 ctr-cgset -d demo
	ctr-cgset -dk demo
	wait $a $b || true
	run -1 ctr-cgset -d demo
}

@test "lines from a file; two at once on one group lose nothing" {
	has pids
	printf 'one pids.max=11\n# no\ntwo pids.max=12 cpu.weight=50\n' | ctr-cgset -c -f -
	[ "$(ctr-cgset -g one pids.max)$(ctr-cgset -g two pids.max)" = 1112 ]
	ctr-cgset -c demo
	for i in $(seq 20); do
		ctr-cgset demo pids.max=$((100 + i)) &
		ctr-cgset demo cpu.weight=$((100 + i)) &
	done
	wait
	[ "$(ctr-cgset -g demo pids.max)" -gt 100 ]
	[ "$(ctr-cgset -g demo cpu.weight)" -gt 100 ]
}

@test "--watch says when it is empty" {
	ctr-cgset -c demo
	sleep 1000 &
	pid=$!
	ctr-cgset -p $pid demo
	ctr-cgset --watch demo >seen 2>err &
	w=$!
	sleep 0.3
	if ! kill -0 $w 2>/dev/null; then
		grep -q "cgroup v2" err
		kill $pid
		skip "needs a cgroup v2 side: $(cat err)"
	fi
	kill $pid
	wait $w
	grep -q 'populated 0' seen
}

@test "1,000 rounds of make, set and remove leave nothing" {
	has pids
	start=$(date +%s%N)
	for ((i = 0; i < ${CTR_TEST_ROUNDS:-1000}; i++)); do
		ctr-cgset -c r pids.max=5
		ctr-cgset -d r
	done
	echo "# $i rounds: $((($(date +%s%N) - start) / 1000000)) ms" >&3
	[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/r" 2>/dev/null)" ]
}

@test "a container: limits in force at the first instruction, at the root of its group, exec inside too; update changes them" {
	has memory
	ctr-run -d --name c -m 32m --cgroup pids.max=33 "$ROOTFS" sleep 1000 >/dev/null
	g=$(. "$CTR_RUN/containers/c/state"; echo "$cgroup")
	[ "$(ctr-cgset -g "/$g" memory.max pids.max | tr '\n' ,)" = "33554432,33," ]
	[ "$(ctr-exec c grep -v systemd /proc/self/cgroup | grep -vc ':/$')" = 0 ]
	ctr-update -m 48m c
	[ "$(ctr-cgset -g "/$g" memory.max)" = 50331648 ]
	ctr-stats --no-stream -n | grep -q " c "
	ctr-stop -t 0 c
	ctr-start c >/dev/null
	[ "$(ctr-cgset -g "/$g" memory.max)" = 50331648 ]
}

@test "--cgroup-parent puts containers under a group with a limit of its own" {
	has memory
	ctr-cgset -c demo memory.max=16M memory.swap.max=0
	run -137 ctr-run --cgroup-parent demo "$ROOTFS" sh -c 'exec tail -c 100m /dev/zero >/dev/null'
}

@test "devices outside the list can be made, not opened" {
	run ctr-run --security-opt seccomp=unconfined "$ROOTFS" sh -c 'mknod /d c 1 1 && head -c 1 /d'
	[[ "$output" == *"not permitted"* ]]
	ctr-run "$ROOTFS" sh -c 'head -c 1 /dev/zero >/dev/null; echo x >/dev/null'
}
