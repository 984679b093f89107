#!/usr/bin/env bats
# ctr-inspect: everything about a container as JSON, or one value of it.

load lib

@test "one value by its path, for a running container and one that has ended" {
	ctr-run -d --name c -l k=v "$ROOTFS" sleep 1000 >/dev/null
	[ "$(ctr-inspect -f Name c)" = c ]
	[ "$(ctr-inspect -f State.Status c)" = running ]
	[ "$(ctr-inspect -f Labels.k c)" = v ]
	kill -0 "$(ctr-inspect -f State.Pid c)"
	ctr-kill c
	ctr-wait c >/dev/null
	[ "$(ctr-inspect -f State.ExitCode c)" = 137 ]
	run -1 ctr-inspect nosuch
	run -2 ctr-inspect
}

@test "State.Pid of a stopped one is empty, not 0; StartedAt has its nanoseconds" {
	ctr-run -d --name c "$ROOTFS" sleep 100 >/dev/null
	[ -e "/proc/$(ctr-inspect -f State.Pid c)/status" ]
	started=$(ctr-inspect -f '{{.State.StartedAt}}' c)
	[[ "$started" == *.*Z && "$started" != *.000000000Z ]]
	ctr-stop -t 0 c
	[ -z "$(ctr-inspect -f State.Pid c)" ]
	[ -z "$(ctr-inspect -f .State.Pid c)" ]
	run -0 ctr-inspect -f Labels c
	[ "$output" = '{}' ]
}

@test "an ended container tells how often it was started again; a new start begins anew" {
	ctr-run -d --name rc --restart on-failure:2 "$ROOTFS" false
	wait_for 5 \
		sh -c '[ "$(ctr-inspect -f "{{.RestartCount}} {{.State.Status}}" rc)" = \
		"2 exited" ]'
	ctr-update --restart no rc
	ctr-start rc || true
	wait_for 5 \
		sh -c '[ "$(ctr-inspect -f "{{.RestartCount}} {{.State.Status}}" rc)" = \
		"0 exited" ]'
}
