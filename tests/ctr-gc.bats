#!/usr/bin/env bats
# ctr-gc: what crashes leave is cleared, and nothing that lives.

load lib

# One whose monitor was killed and that lives on: executing a set-id program has cleared its parent-death signal (prctl(2)).
orphan() {
	if [ ! -e bin ]; then
		mkdir bin
		cp "$ROOTFS/bin/busybox" bin/sleep
		chmod 4755 bin/sleep
	fi
	ctr-run -d --name "$1" "${@:2}" -u user -v "$WORLD/bin:/setid" "$ROOTFS" sh -c 'exec /setid/sleep 1000' >/dev/null
	. "$CTR_RUN/containers/$1/state"
	wait_for 5 grep -q setid "/proc/$pid/cmdline"
	kill -9 "$monitor"
	wait_for 5 sh -c "[ \"\$(ctr-ps -an --filter name=$1 -o status)\" = orphaned ]"
}

# bats test_tags=ctr-run
@test "a killed monitor takes its container with it; gc clears the rest and touches no other" {
	ctr-run -d --name keep "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name gone --rm "$ROOTFS" sleep 1000 >/dev/null
	(. "$CTR_RUN/containers/gone/state"; kill -9 "$monitor"; echo "$pid" >victim)
	wait_for 5 sh -c '! kill -0 $(cat victim) 2>/dev/null'
	run -0 ctr-gc
	[[ "$output" == *gone* ]]
	[ "$(ctr-ps -an -o name,status)" = "keep  running" ]
	[ "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/*" -maxdepth 4 -type d -printf '%f\n' | sort -u | wc -l)" = 1 ]
}

# bats test_tags=ctr-stop,ctr-rm,ctr-start,ctr-ps
@test "orphaned: shown, entered, not started; stop ends it, rm wants -f, gc kills what is in it" {
	orphan o
	[ "$(ctr-ps -n -o name,pid,status)" = "o  $pid  orphaned" ]
	ctr-exec o true
	ctr-top o | grep -q setid
	run -1 ctr-start o
	[[ "$output" == *"without a monitor"* ]]
	run -1 ctr-wait o
	[[ "$output" == *"no exit code is known"* ]]
	run -1 ctr-rm o
	[[ "$output" == *"orphaned"* ]]
	kill -0 "$pid"
	ctr-stop -t 0 o
	wait_for 5 no_process "$pid"
	[ "$(ctr-ps -an -o status)" = lost ]
	ctr-start o # and it can be started again
	[ "$(ctr-ps -an -o status)" = running ]
	ctr-rm -f o
	orphan g
	run -0 ctr-gc
	[[ "$output" == *"group "*"c-"* && "$output" == *"state g"* ]]
	wait_for 5 no_process "$pid"
	[ "$(ctr-ps -an -o status)" = lost ]
	ctr-rm g
	orphan r --rm
	run -0 ctr-gc
	[ "$output" = "container r" ]
	wait_for 5 no_process "$pid"
	orphan f
	ctr-rm -f f
	wait_for 5 no_process "$pid"
	[ -z "$(ctr-ps -aq)" ]
}
