#!/usr/bin/env bats
# ctr-restart: containers are stopped and started again.

load lib
load net

test_teardown() { if [ -n "${HOST:-}" ]; then net_down; fi; }

@test "restart stops and starts; a container that ignores TERM is killed; --rm is refused" {
	ctr-run -d --name r "$ROOTFS" sh -c '
		trap "" TERM; echo x >>/lives; while :; do sleep 0.1; done' >/dev/null
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
	ctr-restart r # a container that does not run is started
	[ "$(ctr-ps -n --filter name=r -o status)" = running ]
}

# bats test_tags=ctr-run,ctr-net
@test "--restart on a network: the tenth life is as the first, a stop ends it, connect is noticed" {
	ns HOST
	h ctr-net create --subnet 10.99.1.0/24 n1
	h ctr-net create --subnet 10.99.2.0/24 n2
	h ctr-run -d --name r --restart always --net n1 "$ROOTFS" sleep 0.02 >/dev/null
	wait_for 20 sh -c '
		[ "$(. "$CTR_RUN/containers/r/state" 2>/dev/null; echo "${restarts:-0}")" -ge 4 ]'
	timeout 5 "$BIN/ctr-stop" -t 1 r
	[ "$(ctr-ps -an -f name=r -o status)" = exited ]
	timeout 5 "$BIN/ctr-rm" r
}

@test "--restart: a limit that was changed meanwhile holds in the next life" {
	ctr-run -d --name u --restart always "$ROOTFS" sleep 1000 >/dev/null
	ctr-update --pids-limit 77 u
	(. "$CTR_RUN/containers/u/state"; kill -9 "$pid")
	wait_for 5 sh -c '
		. "$CTR_RUN/containers/u/state"; [ "${restarts:-0}" = 1 ] && [ -n "${pid:-}" ]'
	[ "$(ctr-exec u cat /sys/fs/cgroup/pids/pids.max 2>/dev/null ||
		ctr-exec u cat /sys/fs/cgroup/pids.max)" = 77 ]
}

@test "a restart that fails says why, and inspect still says it afterwards" {
	ctr-run -d --name x "$ROOTFS" sleep 1000 >/dev/null
	ctr-create --name y --net container:x "$ROOTFS" sleep 1000 >/dev/null
	ctr-start y
	ctr-rm -f x
	run -1 ctr-restart -t 0 y
	[[ "$output" == *"no such container"* ]]
	[[ "$(ctr-inspect -f State.Error y)" == *"no such container"* ]]
}

@test "restarts of one at once: none fails" {
	ctr-run -d --name many --init "$ROOTFS" sleep 1000 >/dev/null
	for i in $(seq 20); do ctr-restart -t 1 many >>out 2>&1 || echo "failed $i" >>out & done
	wait
	[ -z "$(grep -v '^many$' out)" ] || { cat out; false; }
	[ "$(ctr-ps -n -f name=many -o status)" = running ]
}
