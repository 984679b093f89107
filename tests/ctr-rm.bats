#!/usr/bin/env bats
# ctr-rm: containers are removed, one or many; a running one only by force.

load lib

# bats test_tags=ctr-stop
@test "session 9: stop, ps says exited without a pid, rm; a running one is not removed" {
	ctr-run -d --name jay "$ROOTFS" top -b >/dev/null
	run -1 ctr-rm jay
	[[ "$output" == *running* ]]
	ctr-stop -t 1 jay
	[ "$(ctr-ps -an -o pid,status)" = "-  exited" ]
	ctr-rm jay
	[ -z "$(ctr-ps -aq)" ]
}

@test "names from stdin: ps -q | rm -" {
	for i in 1 2 3; do ctr-run -d "$ROOTFS" true >/dev/null; done
	wait_for 5 sh -c '[ "$(ctr-ps -aq --filter status=exited | wc -l)" = 3 ]'
	ctr-ps -aq --filter status=exited | ctr-rm -
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=ctr-stop,ctr-kill,ctr-pause,ctr-unpause,ctr-start
@test "several names, names from a pipe, wrong ones among them: the others are done, exit 1" {
	for c in a b c d; do
		ctr-run -d --name $c "$ROOTFS" sh -c "
			trap 'exit 3' TERM; while :; do sleep 0.1; done" >/dev/null
	done
	start=$(date +%s%N)
	run -1 --separate-stderr ctr-stop a nosuch b
	[ "$output" = $'a\nb' ]
	[ "$stderr" = "ctr-stop: nosuch: no such container (ctr-ps -a lists them)" ]
	printf 'c\n\nd\r\n' | ctr-stop -t 5 -
	[ "$(ctr-ps -an -o status | sort -u)" = exited ]
	[ "$(ctr-wait a b c d | tr '\n' ' ')" = "3 3 3 3 " ]
	run -0 ctr-stop a # as with docker, stopping what does not run is no error
	run -1 ctr-kill a
	[ "$output" = "ctr-kill: a: exited, not running (ctr-start a)" ]
	run -1 ctr-pause a
	run -1 ctr-unpause a
	ctr-start a b
	run -0 ctr-start a # and neither is starting what runs
	ctr-pause a b
	run -1 ctr-pause a
	[[ "$output" == *"paused, not running (ctr-unpause a)" ]]
	ctr-stop -t 5 a # a stop thaws
	ctr-rm -f b # and so does rm -f
	run -1 --separate-stderr ctr-rm a nosuch c
	[ -z "$output" ] # because of a name that does not exist, none is removed
	[ "$(ctr-rm a c)" = $'a\nc' ]
	ctr-rm -f nosuch
	run -2 ctr-stop
	run -2 ctr-stop -t x a
	run -2 ctr-kill -s NOSUCH d
	run -0 ctr-rm - </dev/null
}

@test "a tree of 100,000 levels in a container's layer is removed, with few descriptors" {
	ctr-run --keep --name deep "$ROOTFS" true
	perl -e 'chdir $ARGV[0] or die; for (1 .. 100000) { mkdir "d" or die $!; chdir "d" or die $! }' \
		"$CTR_LIB/containers/deep/upper"
	mkdir "$CTR_LIB/containers/deep/upper/e"
	touch "$CTR_LIB/containers/deep/upper/e/f"
	(ulimit -n 32; exec ctr-rm deep)
	[ -z "$(ls -A "$CTR_LIB/containers")" ]
}

@test "many at once are stopped and removed together, not one after the other" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers' build"
	for i in $(seq 100); do ctr-run -d "$ROOTFS" sleep 1000; done >ids
	t0=$(date +%s%N)
	[ "$(ctr-stop -t 0 - <ids | wc -l)" = 100 ]
	t1=$(date +%s%N)
	[ "$(ctr-rm - <ids | wc -l)" = 100 ]
	t2=$(date +%s%N)
	echo "# 100: stop $(((t1 - t0) / 1000000)) ms, rm $(((t2 - t1) / 1000000)) ms" >&3
	# one after the other they would take 40 ms and more each
	[ $(((t1 - t0) / 1000000)) -le 3000 ]
	[ -z "$(ctr-ps -aq)" ]
	for i in $(seq 30); do ctr-run -d --rm "$ROOTFS" sleep 1000; done >ids
	ctr-rm -f - <ids >/dev/null
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=ctr-pause
@test "rm -f of a paused one that ends meanwhile: what is gone needs no thawing" {
	need strace strace
	ctr-run -d --name p "$ROOTFS" sleep 1000 >/dev/null
	ctr-pause p
	local d group files=()
	group=$(sed -n "s/^cgroup='\(.*\)'/\1/p" "$CTR_RUN/containers/p/state")
	for d in /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group"; do
		for d in "$d/freezer.state" "$d/cgroup.freeze"; do
			[ ! -e "$d" ] || files+=(-P "$d")
		done
	done
	# as where a process of another tool killed it between the look and the write
	strace -qq -o calls "${files[@]}" -e inject=write:error=ENODEV:when=1..2 ctr-rm -f p
	grep -q ENODEV calls
	[ -z "$(ctr-ps -aq)" ]
}
