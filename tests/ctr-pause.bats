#!/usr/bin/env bats
# ctr-pause: a container is frozen as it is.

load lib

@test "a paused container does nothing, is not entered, and goes on where it was" {
	ctr-run -d --name c "$ROOTFS" sh -c 'while :; do echo x >>/n; sleep 0.02; done' >/dev/null
	wait_for 5 ctr-exec c test -s /n
	[ "$(ctr-pause c)" = c ]
	[ "$(ctr-ps -n -o status)" = paused ]
	n=$(wc -l <"$CTR_LIB/containers/c/upper/n")
	sleep 0.3
	[ "$(wc -l <"$CTR_LIB/containers/c/upper/n")" = "$n" ]
	run -125 ctr-exec c true
	[[ "$output" == *paused* ]]
	ctr-unpause c
	wait_for 5 sh -c "[ \$(wc -l <'$CTR_LIB/containers/c/upper/n') -gt $n ]"
}

@test "what does not run, or is paused already, is not paused" {
	ctr-create --name c "$ROOTFS" true >/dev/null
	run -1 ctr-pause c
	[ "$output" = "ctr-pause: c: created, not running" ]
	run -1 ctr-pause nosuch
	run -2 ctr-pause
}
