#!/usr/bin/env bats
# ctr-update: new limits for a container, in force at once and at its next start. The same file runs
# on a pure cgroup v2 system (make check-v2).

load lib

pids_max() { ctr-cgset -g "/$(. "$CTR_RUN/containers/$1/state"; echo "$cgroup")" pids.max; }

@test "a limit is in force at once, and after the next start" {
	ctr-run -d --name c --pids-limit 33 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(pids_max c)" = 33 ]
	ctr-update --pids-limit 44 c
	[ "$(pids_max c)" = 44 ]
	ctr-stop -t 0 c
	ctr-update --pids-limit 55 c
	ctr-start c >/dev/null
	[ "$(pids_max c)" = 55 ]
}

@test "a bad value changes nothing; nothing to change is wrong usage" {
	ctr-run -d --name c --pids-limit 33 "$ROOTFS" sleep 1000 >/dev/null
	run -1 ctr-update c pids.max=x
	[ "$(pids_max c)" = 33 ]
	run -2 ctr-update c
	run -2 ctr-update
	run -1 ctr-update --pids-limit 5 nosuch
}

@test "a signal while a limit changes: the group and the record say the same" {
	need strace
	ctr-run -d --name c --pids-limit 33 "$ROOTFS" sleep 1000 >/dev/null
	run strace -qqo calls -e inject=write:signal=SIGTERM:when=1 \
		ctr-update --pids-limit 44 c
	[ "$status" = 143 ]
	[ "$(pids_max c)" = 44 ]
	ctr-restart -t 0 c >/dev/null
	[ "$(pids_max c)" = 44 ]
}

@test "whoever holds a flock on the group's own directory blocks nobody" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	group=$(. "$CTR_RUN/containers/c/state"; echo "$cgroup")
	find /sys/fs/cgroup -maxdepth 5 -type d -path "*/$group" >dirs 2>/dev/null || true
	while read -r d; do
		exec {fd}<"$d"
		flock -n "$fd"
	done <dirs
	timeout 5 ctr-update --pids-limit 44 c
	[ "$(pids_max c)" = 44 ]
}
