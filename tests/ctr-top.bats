#!/usr/bin/env bats
# ctr-top: the processes of a container, seen from outside.

load lib

@test "all its processes with the host's pids, its own and what was entered; no other's" {
	ctr-run -d --name c -u user "$ROOTFS" sh -c 'sleep 1001 & exec sleep 1000' >/dev/null
	wait_for 5 sh -c 'ctr-top -n c | grep -q "sleep 1001"'
	[ "$(ctr-top -n c | wc -l)" = 2 ]
	pid=$(ctr-inspect -f State.Pid c)
	ctr-top -n c | grep -wq "$pid"
	ctr-exec c sleep 1002 3>&- &
	wait_for 5 sh -c 'ctr-top -n c | grep -q "sleep 1002"'
	ctr-stop -t 0 c
	wait
	run -1 ctr-top c
	[ "$output" = "ctr-top: c: exited, not running (ctr-start c)" ]
}

# bats test_tags=ctr-oci
@test "of a command line that many processes share the beginning is read, no megabytes" {
	long='a=$(head -c 100000 /dev/zero | tr "\0" x)
		exec sh -c "for i in 1 2 3 4; do (while :; do sleep 1001; done) & done; wait" $a $a $a'
	ctr-run -d --name c "$ROOTFS" sh -c "$long" >/dev/null
	five() { [ "$("$@" | grep -c xxxx)" = 5 ]; }
	wait_for 10 five ctr-top -n c
	[ "$(ctr-top -n c | wc -c)" -lt 700000 ]
	mkdir b
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["sh","-c",$(jq -R -s . <<<"$long")],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin:/usr/bin"]},
	 "root":{"path":"$ROOTFS"},"mounts":[{"destination":"/dev","type":"tmpfs","source":"t"}],
	 "linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"}]}}
	END
	oci() { ctr-oci --root "$WORLD/oci" "$@"; }
	oci run -d -b b b </dev/null >/dev/null 2>&1
	wait_for 10 five oci ps b
	(PATH=$BIN && oci ps b) >seen # where the host has no ps
	oci delete -f b
	[ "$(wc -c <seen)" -lt 700000 ]
}
