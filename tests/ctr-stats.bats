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
		"{"*'"name":"c","cpu_percent":'[0-9]*.[0-9]*','*'"memory.max":33554432,'*'"pids.current":1,'*'"net.rx_bytes":0,'*"}" ]]
	if [[ "$output" == *pressure* ]]; then # not on cgroup v1 without CONFIG_PSI
		grep -qE '"cpu.pressure.some":\{"avg10":[0-9.]+,"avg60":[0-9.]+,"avg300":[0-9.]+,"total":[0-9]+\}' \
			<<<"$output"
	fi
	[[ "${output#*\"cpu_percent}" != *':"'* ]] # no number is a text
	ctr-stop -t 0 c
	run -1 ctr-stats --no-stream c
	[[ "$output" == *"exited, not running (ctr-start "* && "$output" != *running*running* ]]
	run -1 ctr-stats --no-stream nosuch
	run -1 timeout 5 "$BIN/ctr-stats" nosuch # it does not wait for such a container
	[[ "$output" == *"nosuch: no such container"* ]]
	ctr-start c
	timeout $((10 * slow)) "$BIN/ctr-stats" c >live 2>&1 3>&- &
	live=$!
	wait_for 5 test -s live
	ctr-rm -f c
	local code=0
	wait $live || code=$?
	[ $code = 1 ] # and it ends when the container that it watches ends
}

@test "ctr-stats: a restart while it looks on is no leap; an interface may end in lo" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		i=0
		while [ ! -e /lived ] && [ $i -lt 100000 ]; do i=$((i+1)); done
		touch /lived
		exec sleep 1000' >/dev/null
	wait_for 20 ctr-exec c test -e /lived
	timeout $((20 * slow)) "$BIN/ctr-stats" -n --format '{{.CPUPerc}}' c >live 3>&- &
	local live=$!
	wait_for 5 test -s live
	ctr-restart -t 0 c
	wait_for 10 eval '[ "$(wc -l <live)" -ge 4 ]'
	kill $live
	run ! grep -E '[0-9]{5}' live
	ctr-netcfg veth velo c tolo c
	ctr-netcfg addr add velo 10.9.0.1/24 in c
	ctr-exec c ping -c 1 -W 1 10.9.0.2 || true
	run -0 ctr-stats --no-stream --json c
	[[ "$output" == *'"net.tx_bytes":'[1-9]* ]]
}
