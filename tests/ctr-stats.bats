#!/usr/bin/env bats
# ctr-stats: how much containers use.

load lib

@test "ctr-stats: a table once, live, and JSON; what does not run is said" {
	ctr-run -d --name c -m 32m "$ROOTFS" sleep 1000 >/dev/null
	run -0 ctr-stats --no-stream
	[[ "${lines[0]}" =~ ^ID\ +NAME\ +CPU\ +MEMORY\ +MEM%\ +NET\ +IO\ +PIDS$ ]]
	[[ "${lines[1]}" =~ \
		\ c\ +[0-9.]+%\ +[0-9.]+.?/32.0M\ +[0-9.]+%\ +[^\ ]+/[^\ ]+\ +[^\ ]+/[^\ ]+\ +1$ ]]
	run -124 timeout 3 "$BIN/ctr-stats" -n c
	[ "${#lines[@]}" -ge 2 ]
	run -124 timeout 3 script -qec "$BIN/ctr-stats c" /dev/null
	[[ "$output" == *$'\033[H\033[J'*NAME* ]]
	run -0 ctr-stats --no-stream --json c
	[[ "$output" == \
		"{"*'"name":"c",'*'"memory.max":33554432,'*'"pids.current":1,'*'"net.rx_bytes":0,'*"}" ]]
	ctr-stop -t 0 c
	run -1 ctr-stats --no-stream c
	[[ "$output" == *"exited, not running"* && "$output" != *running*running* ]]
	run -1 ctr-stats --no-stream nosuch
	run -1 timeout 5 "$BIN/ctr-stats" nosuch # it does not wait for such a container
	[[ "$output" == *"nosuch: no such container"* ]]
	ctr-start c
	timeout 10 "$BIN/ctr-stats" c >live 2>&1 3>&- &
	live=$!
	sleep 0.5
	ctr-rm -f c
	local code=0
	wait $live || code=$?
	[ $code = 1 ] # and it ends when the container that it watches ends
}
