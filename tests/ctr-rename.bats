#!/usr/bin/env bats
# ctr-rename: another name for a container, running or not.

load lib

@test "a running container is found by its new name only, with its labels" {
	ctr-run -d --name a -l k=v "$ROOTFS" sleep 1000 >/dev/null
	ctr-rename a b
	[ "$(ctr-inspect -f Name b)" = b ]
	[ "$(ctr-inspect -f State.Status b)" = running ]
	[ "$(ctr-inspect -f Labels.k b)" = v ]
	run -1 ctr-inspect a
	ctr-exec b true
}

@test "a taken name, a bad one, a container that is not there: one line, nothing changed" {
	ctr-create --name a "$ROOTFS" true >/dev/null
	ctr-create --name b "$ROOTFS" true >/dev/null
	run -1 ctr-rename a b
	[[ "${lines[0]}" == "ctr-rename: "*b* && "${#lines[@]}" = 1 ]]
	run -2 ctr-rename a ../x
	run -1 ctr-rename nosuch c
	run -2 ctr-rename a
	[ "$(ctr-ps -an -o name | sort | tr -d ' ' | tr '\n' ' ')" = "a b " ]
}

# bats test_tags=ctr-exec
@test "where CTR_RUN cannot be written, what runs keeps its name, and nothing is half done" {
	[ "$(id -u)" = 0 ] || skip "needs root: a disk of its own"
	unshare -m bash -e <<'END'
trap 'mount -o remount,rw "$CTR_RUN"; ctr-rm -f a b 2>/dev/null || true' EXIT
mount -t tmpfs none "$CTR_RUN"
ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
ctr-create --name x "$ROOTFS" true >/dev/null
mount -o remount,ro "$CTR_RUN"
code=0
ctr-rename a b 2>said || code=$?
mount -o remount,rw "$CTR_RUN"
[ "$code" = 1 ]
[ "$(wc -l <said)" = 1 ]
grep -q 'Read-only file system' said
ctr-exec a true
ctr-rename a b
ctr-exec b true
mount -o remount,ro "$CTR_RUN"
ctr-rename x y # has nothing there
[ "$(ctr-ps -an -o name | sort | tr -d ' ' | tr '\n' ' ')" = "b y " ]
mount -o remount,rw "$CTR_RUN"
ctr-rm -f b
END
}

# bats test_tags=ctr-gc,ctr-attach
@test "a rename that is killed between its two steps: ctr-gc or the next rename ends it" {
	not_old "it is killed in renameat2(2)"
	need strace
	ctr-run -d -i --name a "$ROOTFS" cat >/dev/null
	killed() { run -137 strace -f -qq -e trace=renameat2 \
		-e inject=renameat2:error=EINTR:signal=KILL ctr-rename a b; }
	for after in ctr-ps ctr-exec\ a\ true true; do
		killed
		[ -p "$CTR_RUN/containers/b/stdin" ]
		$after >/dev/null
		run -1 ctr-rename a b
		[[ "$output" == *"ctr-gc clears it" ]]
		ctr-gc
		[ -p "$CTR_RUN/containers/a/stdin" ]
		[ "$(ls "$CTR_RUN/containers")" = a ]
	done
	ctr-rename a b
	ctr-exec b true
	ctr-rm -f b
}
