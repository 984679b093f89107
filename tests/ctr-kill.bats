#!/usr/bin/env bats
# ctr-kill: signals reach the container, and never another process that has its pid.

load lib

# bats test_tags=ctr-stop
@test "a recycled pid is never signalled" {
	ctr-run -d --name rec "$ROOTFS" sleep 1000 >/dev/null
	sleep 1000 &
	other=$!
	ctr-stop -t 0 rec
	mkdir -p "$CTR_RUN/containers/rec"
	cat >"$CTR_RUN/containers/rec/state" <<-END
		id='$(ctr-inspect -f Id rec)'
		boot='$(cat /proc/sys/kernel/random/boot_id)'
		pid='$other'
		starttime='1'
		monitor='$other'
		monitor_starttime='1'
		cgroup=''
	END
	ctr-kill rec || true
	ctr-stop -t 0 rec
	ctr-rm -f rec
	kill -0 $other
	kill $other
}

# bats test_tags=ctr-stop,ctr-restart,ctr-gc
@test "a pid that another process has got (by ns_last_pid) is not signalled" {
	unshare -pf --mount-proc test -w /proc/sys/kernel/ns_last_pid ||
		skip "needs ns_last_pid (CONFIG_CHECKPOINT_RESTORE)"
	run -0 timeout 60 unshare -pf --mount-proc --propagation private bash -c '
		set -e
		recycle() { # make a process with this pid
			for _ in 1 2 3 4 5; do
				echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
				sleep 1000 >/dev/null 2>&1 &
				[ $! != "$1" ] || return 0
				kill $!
			done
			return 1
		}
		ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
		ctr-run -d --name b --restart always "$ROOTFS" sleep 1000 >/dev/null
		. "$CTR_RUN/containers/a/state"; apid=$pid amon=$monitor
		. "$CTR_RUN/containers/b/state"; bpid=$pid bmon=$monitor
		kill -9 $amon $bmon
		while [ -e /proc/$apid ] || [ -e /proc/$bpid ] || [ -e /proc/$amon ] ||
		[ -e /proc/$bmon ]; do
			sleep 0.01
		done
		for p in $apid $bpid $amon $bmon; do recycle $p; done
		[ "$(ctr-ps -an -o name,pid,status | sort | tr -s " \n" " ")" = \
		"a - lost b - lost " ] || {
			ctr-ps -a
			exit 1
		}
		ctr-kill a && exit 1
		! ctr-exec a true || false
		ctr-stop -t 0 a b
		ctr-restart -t 0 b
		ctr-gc
		ctr-rm -f a b
		for p in $apid $bpid $amon $bmon; do
			[ "$(cat /proc/$p/comm)" = sleep ] || exit 2
		done
		echo "pids $apid $bpid $amon $bmon: another process each, alive"'
	echo "# ${lines[-1]}" >&3
	[[ "$output" == *"another process each, alive"* ]]
}

@test "signals by all their names: RTMAX-n, IOT, CLD, POLL; stop -t -1 waits without end" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		trap "echo 64" 64
		trap "echo 63" 63
		trap "exit 3" TERM
		while :; do
			sleep 0.05
		done' >/dev/null
	wait_for 5 handles TERM "$(ctr-inspect -f State.Pid c)"
	ctr-kill -s RTMAX c
	wait_for 5 sh -c '[ "$(ctr-logs c)" = 64 ]'
	ctr-kill -s SIGRTMAX-1 c
	wait_for 5 sh -c '[ "$(ctr-logs c | tail -n 1)" = 63 ]'
	for s in CLD POLL; do ctr-kill -s $s nosuch 2>&1 | grep -q "no such container"; done
	timeout 5 "$BIN/ctr-stop" -t -1 c
	[ "$(ctr-wait c)" = 3 ]
	run -2 ctr-stop -t -2 c
}
