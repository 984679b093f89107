#!/usr/bin/env bats
# ctr-restart: stopped and started again.

load lib

@test "restart: another life of the same; of --rm ones refused; of one that ignores TERM within its time" {
	ctr-run -d --name r "$ROOTFS" sh -c 'trap "" TERM; echo x >>/lives; while :; do sleep 0.1; done' >/dev/null
	old=$(ctr-inspect -f State.Pid r)
	wait_for 5 ctr-exec r test -e /lives
	ctr-restart -t 0 r
	[ "$(ctr-inspect -f State.Pid r)" != "$old" ]
	wait_for 5 sh -c '[ "$(ctr-exec r cat /lives | wc -l)" = 2 ]'
	ctr-run -d --rm --name t "$ROOTFS" sleep 1000 >/dev/null
	run -1 ctr-restart t
	[[ "$output" == *"--rm"* ]]
	run -1 ctr-restart nosuch
	ctr-stop -t 0 r
	ctr-restart r # one that does not run is started
	[ "$(ctr-ps -n --filter name=r -o status)" = running ]
}
