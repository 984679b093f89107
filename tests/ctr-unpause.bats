#!/usr/bin/env bats
# ctr-unpause: a frozen container is thawed and goes on.

load lib

@test "a signal that was sent to a paused container arrives when it goes on" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		trap "exit 4" TERM; touch /ready; while :; do sleep 0.1; done' >/dev/null
	wait_for 5 ctr-exec c test -e /ready
	ctr-pause c
	[ "$(ctr-unpause c)" = c ]
	ctr-kill -s TERM c
	[ "$(ctr-wait c)" = 4 ]
}

@test "what is not paused is refused in one line" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	run -1 ctr-unpause c
	[ "${#lines[@]}" = 1 ]
	run -1 ctr-unpause nosuch
	run -2 ctr-unpause
	[ "$(ctr-ps -n -o status)" = running ]
}
