#!/usr/bin/env bats
# ctr-top: the processes of a container, seen from outside.

load lib

@test "all its processes with the host's pids, its own and what was entered; no other's" {
	ctr-run -d --name c -u user "$ROOTFS" sh -c 'sleep 1001 & exec sleep 1000' >/dev/null
	wait_for 5 sh -c 'ctr-top -n c | grep -q "sleep 1001"'
	[ "$(ctr-top -n c | wc -l)" = 2 ]
	pid=$(ctr-inspect -f State.Pid c)
	ctr-top -n c | grep -wq "$pid"
	ctr-exec c sleep 1002 3>&- &
	wait_for 5 sh -c 'ctr-top -n c | grep -q "sleep 1002"'
	ctr-stop -t 0 c
	wait
	run -1 ctr-top c
	[ "$output" = "ctr-top: c: exited, not running" ]
}
