#!/usr/bin/env bats
# ctr-init: a PID 1 that forwards signals and reaps orphans.

load lib

@test "the command's exit code, 128+N, 127 and 126" {
	run -3 ctr-init sh -c 'exit 3'
	run -143 ctr-init sh -c 'kill -TERM $$'
	run -127 ctr-init nosuch
	run -126 ctr-init /etc/passwd
	run -2 ctr-init
	run -1 ctr-init --machine true
	[[ "$output" == *"first process"* ]]
}

@test "a signal is forwarded" {
	ctr-init sh -c 'trap "exit 8" USR1; while :; do sleep 0.1; done' &
	pid=$!
	wait_for 5 eval 'handles USR1 "$(pgrep -P $pid)"'
	kill -USR1 $pid
	wait $pid || code=$?
	[ "$code" = 8 ]
}

@test "as PID 1 of a container it reaps orphans, and ends with its command" {
	ctr-run -d --name c --init "$ROOTFS" sh -c '
		for i in 1 2 3 4 5; do (sleep 0.1 &) ; done; exec sleep 1000' >/dev/null
	[ "$(ctr-exec c cat /proc/1/comm)" = ctr-init ]
	wait_for 5 eval '[ "$(ctr-exec c ps | grep -o "[s]leep.*")" = "sleep 1000" ]'
	ctr-stop -t 5 c
	[ "$(ctr-inspect -f State.ExitCode c)" = 143 ]
}

# bats test_tags=ctr-run
@test "--init shows nothing of the host's command line and environment" {
	HOSTSECRET=1 ctr-run -d --name c --init -e "GIVEN=HOSTSECRET" "$ROOTFS" sleep 1000
	run -0 ctr-exec c sh -c 'tr "\0" " " </proc/1/cmdline'
	[ "${output%% *}" = ctr-init ]
	[[ "$output" != *ctr-run* && "$output" != *HOSTSECRET* ]]
	run -0 ctr-exec --privileged c sh -c 'tr "\0" " " </proc/1/environ'
	[[ "$output" != *HOSTSECRET* ]]
}
