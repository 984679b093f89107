#!/usr/bin/env bats
# ctr-port: the published ports of a container that runs.
# shellcheck disable=SC2154
load lib
load net

test_setup() { net_up; }
test_teardown() { net_down; }

@test "lists all ports or one; one that is not published, or no longer, is an error" {
	h ctr-run -d --name a -p 8080:80 -p 127.0.0.1:53:5353/udp "$ROOTFS" sleep 100 >/dev/null
	run -0 h ctr-port a
	[[ "$output" = *"5353/udp -> 127.0.0.1:53"* && "$output" = *"80/tcp -> "*":8080"* ]]
	[ "$(h ctr-ps -nf publish=80 -f publish=81 -o name)" = a ]
	[ -z "$(h ctr-ps -qf publish=8080)" ]
	run -0 h ctr-port a 80
	[[ "${lines[0]}" = *:8080 ]]
	[ "$(h ctr-port a 5353/udp)" = 127.0.0.1:53 ]
	run -1 h ctr-port a 81
	[ "$output" = "ctr-port: a: port 81/tcp is not published (-p at its start)" ]
	run -2 h ctr-port
	h ctr-stop -t 0 a >/dev/null
	run -0 h ctr-port a
	[ -z "$output" ] # as docker
	run -1 h ctr-port a 80
	[ "$output" = "ctr-port: a: exited, not running (ctr-start a)" ]
}

# bats test_tags=ctr-inspect,ctr-ps
@test "every network of a container is in inspect and ps" {
	h ctr-net create n1 --subnet 10.77.1.0/24 >/dev/null
	h ctr-net create n2 --subnet 10.77.2.0/24 >/dev/null
	h ctr-run -d --name web --net n1 --net n2:alias=foo "$ROOTFS" sleep 100 >/dev/null
	[ "$(h ctr-inspect -f '{{range $n, $x := .NetworkSettings.Networks}}{{$n}} {{.IPAddress}} {{.Gateway}} {{.Aliases}};{{end}}' web)" = \
		'n1 10.77.1.2 10.77.1.1 [];n2 10.77.2.2 10.77.2.1 [foo];' ]
	[ "$(h ctr-ps --format '{{.Networks}}')" = n1,n2 ]
	h ctr-net disconnect n1 web >/dev/null
	[ "$(h ctr-inspect -f '{{range $n, $x := .NetworkSettings.Networks}}{{$n}}{{end}}' web)" = n2 ]
}
