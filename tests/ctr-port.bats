#!/usr/bin/env bats
# ctr-port: the published ports of a container that runs.
# shellcheck disable=SC2154
load lib
load net

test_setup() { net_up; }
test_teardown() { net_down; }

@test "lists all ports or one; one that is not published, or no running container, is an error" {
	h ctr-run -d --name a -p 8080:80 -p 127.0.0.1:53:5353/udp "$ROOTFS" sleep 100 >/dev/null
	run -0 h ctr-port a
	[[ "$output" = *"5353/udp -> 127.0.0.1:53"* && "$output" = *"80/tcp -> "*":8080"* ]]
	run -0 h ctr-port a 80
	[[ "${lines[0]}" = *:8080 ]]
	[ "$(h ctr-port a 5353/udp)" = 127.0.0.1:53 ]
	run -1 h ctr-port a 81
	[ "$output" = "ctr-port: a: port 81/tcp is not published (-p at its start)" ]
	run -2 h ctr-port
	h ctr-stop -t 0 a >/dev/null
	run -1 h ctr-port a
	[ "$output" = "ctr-port: a: exited, not running: it has no ports" ]
}
