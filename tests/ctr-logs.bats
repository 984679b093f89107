#!/usr/bin/env bats
# ctr-logs and ctr-attach: what a detached container writes is kept in the lines of CRI, can be
# followed, and can be answered.

load lib

log() { echo "$CTR_LIB/containers/$1/log"; }
# go_on LINE...: once each of these stands in c's log, the container goes on, which waits for a file
# of that name in /w.
go_on() {
	local line
	for line; do
		wait_for 5 grep -q " $line\$" "$(log c)"
		touch "$line"
	done
}
# A container of which the test writes the log itself.
by_hand() {
	ctr-create --name "$1" "$ROOTFS" true >/dev/null
	cat >"$(log "$1")"
}

@test "the file is CRI's: time, stream, F or P, text; in the order read; a long line in pieces" {
	ctr-run -d --name c -v "$PWD:/w" "$ROOTFS" sh -c '
		echo a
		until [ -e /w/a ]; do sleep 0.02; done
		echo b >&2
		until [ -e /w/b ]; do sleep 0.02; done
		head -c 40000 /dev/zero | tr "\0" x
		echo
		printf "end"' >/dev/null
	go_on a b
	ctr-wait c >/dev/null
	[ "$(grep -cvE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z std(out|err) [FP] ' "$(log c)")" = 0 ]
	[ "$(cut -d' ' -f2,3 "$(log c)" | tr '\n' ,)" = \
		"stdout F,stderr F,stdout P,stdout P,stdout F,stdout P," ]
	[ "$(cut -d' ' -f4 "$(log c)" | awk '{ print length }' | tr '\n' ' ')" = \
		"1 1 16384 16384 7232 3 " ]
	run -0 --separate-stderr ctr-logs c
	[ "${lines[0]}" = a ]
	[ "${#lines[1]}" = 40000 ]
	[ "${lines[2]}" = end ]
	[ "$stderr" = b ]
}

@test "-t: one stamp a line, not one a piece; --tail counts lines, not pieces; 0 is none" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		echo a; head -c 40000 /dev/zero | tr "\0" x; echo; echo b >&2' >/dev/null
	ctr-wait c >/dev/null
	[ "$(ctr-logs -t c 2>/dev/null | grep -o 'Z ' | wc -l)" = 2 ]
	[ "$(ctr-logs --tail 2 c 2>&1 | wc -c)" = 40003 ]
	[ "$(ctr-logs --tail 3 c 2>&1 | wc -c)" = 40005 ]
	[ -z "$(ctr-logs --tail 0 c 2>&1)" ]
	[ "$(ctr-logs --tail all c 2>&1 | wc -c)" = 40005 ]
	[ "$(ctr-logs --tail -1 c 2>&1 | wc -c)" = 40005 ] # docker's word for all
	run -2 ctr-logs --tail x c
}

@test "--since: RFC 3339, seconds, so long ago" {
	now=$(date +%s)
	for ago in 7200 600 5; do
		echo "$(date -u -d "@$((now - ago))" +%Y-%m-%dT%H:%M:%S.000000000Z) stdout F $ago"
	done | by_hand c
	[ "$(ctr-logs c | tr '\n' ' ')" = "7200 600 5 " ]
	[ "$(ctr-logs --since 1h c | tr '\n' ' ')" = "600 5 " ]
	[ "$(ctr-logs --since 11m c | tr '\n' ' ')" = "600 5 " ]
	[ "$(ctr-logs --since 100s c)" = 5 ]
	[ "$(ctr-logs --since $((now - 601)) c | tr '\n' ' ')" = "600 5 " ]
	[ "$(ctr-logs --since "$(date -u -d "@$((now - 100))" +%Y-%m-%dT%H:%M:%SZ)" c)" = 5 ]
	[ "$(ctr-logs --since 3h --tail 2 c | tr '\n' ' ')" = "600 5 " ]
	run -2 ctr-logs --since yesterday c
	[[ "$output" == *"'yesterday' is not a time"* ]]
}

@test "binary data comes back byte for byte; a torn or foreign line spoils nothing" {
	head -c 300000 /dev/urandom >data
	ctr-run -d --name c -v "$WORLD/data:/data" "$ROOTFS" cat /data >/dev/null
	ctr-wait c >/dev/null
	ctr-logs c | cmp - data
	printf '2026-01-01T00:00:00.000000000Z stdout F one\ngarbage\n2026-01-01T00:00:00.000000000Z stdou' | by_hand t
	[ "$(ctr-logs t)" = one ]
	ctr-start t
	ctr-wait t >/dev/null
	# the next start does not continue that line
	[ "$(tail -c 1 "$(log t)" | od -An -c | tr -d ' ')" = '\n' ]
}

@test "-f over many rotations: each line once, in order, also for a slow reader" {
	ctr-run -d --name c --log-max-size 4k --log-max-files 200 "$ROOTFS" sh -c '
		i=0
		while [ $i -lt 3000 ]; do
			echo "line $i"
			i=$((i+1))
		done
		sleep 0.3' >/dev/null
	seq -f 'line %.0f' 0 2999 >want
	timeout 40 ctr-logs -f c | (sleep 0.5; cat) | cmp - want
	[ -e "$(log c).20" ]
	ctr-logs c | cmp - want
	[ "$(ctr-logs --tail 1000 c)" = "$(tail -n 1000 want)" ]
	[ "$(ctr-logs --tail 1 -f c)" = "line 2999" ] # the container has ended
}

@test "rotation keeps so many files, each at most so large" {
	ctr-run -d --name c --log-max-size 2k --log-max-files 3 "$ROOTFS" sh -c '
		i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done' >/dev/null
	ctr-wait c >/dev/null
	[ "$(cd "$CTR_LIB/containers/c" && ls -d log* | tr '\n' ' ')" = "log log.1 log.2 log.3 " ]
	for f in "$(log c)"*; do [ "$(stat -c %s "$f")" -le 2048 ]; done
	[ "$(ctr-logs c | tail -n 1)" = "line 499" ]
}

@test "-f ends when its reader goes; the log of a container goes on over a restart" {
	ctr-run -d --name c "$ROOTFS" sh -c 'echo hello; sleep 1000' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-logs c)" = hello ]'
	[ "$(timeout 20 ctr-logs -f c | head -n 1)" = hello ]
	ctr-restart -t 0 c
	wait_for 5 sh -c '[ "$(ctr-logs c | tr "\n" " ")" = "hello hello " ]'
}

@test "the pipes belong to the container's user: /dev/stderr and /dev/stdout can be opened" {
	ctr-run -d --name c -u user "$ROOTFS" sh -c '
		echo out >/dev/stdout; echo err >/dev/stderr; id -u' >/dev/null
	ctr-wait c >/dev/null
	run -0 --separate-stderr ctr-logs c
	[ "$output" = $'out\n1000' ]
	[ "$stderr" = err ]
}

@test "a foreground container keeps none; no such container" {
	ctr-run --keep --name c "$ROOTFS" echo x
	[ ! -e "$(log c)" ]
	[ -z "$(ctr-logs c)" ]
	run -1 ctr-logs nosuch
	[ "$output" = "ctr-logs: nosuch: no such container (ctr-ps -a lists them)" ]
	run -2 ctr-logs
}

@test "session 7: logs, stdout and stderr apart; the last unterminated line is there" {
	ctr-run -d --name jay "$ROOTFS" sh -c 'echo out; echo err >&2; printf last' >/dev/null
	ctr-wait jay >/dev/null
	run -0 --separate-stderr ctr-logs jay
	[ "$output" = $'out\nlast' ]
	[ "$stderr" = err ]
	run -0 --separate-stderr ctr-logs --tail 1 jay
	[ "$output" = last ]
	run -0 ctr-logs -t jay
	[[ "${lines[0]}" =~ ^[0-9]{4}-[0-9-]+T[0-9:.]+Z\  ]]
}

# bats test_tags=ctr-run
@test "a full disk never blocks the container: what was dropped is counted and said" {
	[ "$(id -u)" = 0 ] || skip "needs root: a disk of its own"
	mkdir gate
	run -0 timeout 60 unshare -m bash -ec '
		mount -t tmpfs -o size=1m none "$CTR_LIB"
		ctr-run -d --name full -v "$PWD/gate:/gate" "$ROOTFS" sh -c "
			i=0
			while [ \$i -lt 30000 ]; do
				echo "0123456789012345678901234567890123456789012345678901234567890123456789"
				i=\$((i+1))
			done
			>/gate/said
			until [ -e /gate/end ]; do sleep 0.05; done
			echo end" >/dev/null
		until [ -e gate/said ]; do sleep 0.05; done
		[ "$(df --output=avail "$CTR_LIB" | tail -1)" -lt 8 ]
		: >"$CTR_LIB/containers/full/log"
		>gate/end
		ctr-wait full
		ctr-logs full 2>&1 | grep dropped
		ctr-logs full 2>/dev/null | tail -n 1
		ctr-rm full'
	[[ "$output" == *"bytes of output were dropped"* ]]
	[[ "$output" == *end* ]]
}

# How many MB of a file the monitor takes in a second of its own processor time; the best of three,
# because on a busy machine others use the cache.
log_speed() { log_speed_once "$@" || log_speed_once "$@" || log_speed_once "$@"; }
log_speed_once() {
	local m ticks
	ctr-rm -f "$1" 2>/dev/null || true
	ctr-run -d --name "$1" --log-max-size 10g -v "$WORLD/$1:/d" "$ROOTFS" sh -c '
		cat /d; sleep 1000' >/dev/null
	m=$(. "$CTR_RUN/containers/$1/state"; echo "$monitor")
	wait_for 30 sh -c "[ \"\$(tail -c 8 '$(log "$1")' | tail -n 1 | tail -c 4)\" = END ]" ||
		return 1
	ticks=$(sed 's/.*) //' "/proc/$m/stat" | cut -d' ' -f12,13 | tr ' ' + | { read -r t
		echo $((t)); })
	echo "# $1: $(($(stat -c %s "$1") / 10000 / (ticks + 1))) MB/s of processor time" >&3
	[ $(($(stat -c %s "$1") / 10000 / (ticks + 1))) -ge "$2" ]
}

@test "much output is cheap, in long and short lines; the last ten are found from the end" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers' build"
	not_in_rig "slow"
	perl -e 'print "x" x 127, "\n" for 1 .. 1200000; print "END\n"' >lines128
	perl -e 'print "x" x 7, "\n" for 1 .. 1500000; print "END\n"' >lines8
	log_speed lines128 400
	log_speed lines8 40
	# of processor time, for other tests run beside this one: "0.005 0.007"
	TIMEFORMAT='%3U %3S'
	{ time ctr-logs --tail 10 lines128 >last 2>&1; } 2>spent
	[ "$(wc -l <last)" = 10 ]
	read -r user sys <spent
	[ $((10#${user/./} + 10#${sys/./})) -le 60 ] || { cat spent; false; }
	[ "$(ctr-logs --tail 3 lines8 | tr '\n' ' ')" = "xxxxxxx xxxxxxx END " ]
	[ "$(ctr-logs --tail 1300000 lines8 | wc -l)" = 1300000 ]
}

@test "stdout and stderr to one place keep their order" {
	ctr-run -d --name c -v "$PWD:/w" "$ROOTFS" sh -c '
		for i in 1 2 3 4 5; do
			echo out$i
			until [ -e /w/out$i ]; do sleep 0.02; done
			echo err$i >&2
			until [ -e /w/err$i ]; do sleep 0.02; done
		done' >/dev/null
	for i in 1 2 3 4 5; do go_on "out$i" "err$i"; done
	ctr-wait c >/dev/null
	want="out1 err1 out2 err2 out3 err3 out4 err4 out5 err5 "
	[ "$(ctr-logs c 2>&1 | tr '\n' ' ')" = "$want" ]
	[ "$(ctr-logs -f c 2>&1 | tr '\n' ' ')" = "$want" ]
	[ "$(ctr-logs --tail 4 c 2>&1 | tr '\n' ' ')" = "out4 err4 out5 err5 " ]
}

# bats test_tags=ctr-logs
@test "a user whose inotify instances are used up follows a log all the same" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		echo one; while [ ! -e /go ]; do sleep 0.1; done; echo two; sleep 1000' >/dev/null
	unshare -Ur sh -c '
		echo 0 >/proc/sys/user/max_inotify_instances && exec ctr-logs -f c' >out \
			2>err 3>&- &
	wait_for 5 grep -q one out
	ctr-exec c touch /go
	wait_for 5 grep -q two out
	ctr-stop -t 0 c >/dev/null
	wait $!
	[ ! -s err ]
}

# waits_on instances|watches: what waits goes on when the user has none of these left
waits_on() {
	lack=$1
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	without() {
		exec unshare -Ur sh -c 'echo 0 >"/proc/sys/user/max_inotify_$0" && exec "$@"' \
			"$lack" "$@"
	}
	local group
	group=$(. "$CTR_RUN/containers/c/state" && echo "$cgroup")
	(without timeout 20 ctr-events) >events 2>err 3>&- &
	events=$!
	(without timeout 20 ctr-wait --condition paused c) >wait 2>>err 3>&- &
	wait=$!
	[ ! -e /sys/fs/cgroup/unified ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ] || {
		(without timeout 20 ctr-cgset --watch "/${group#/}") >watch 2>>err 3>&- &
		watch=$!
	}
	looks() { stands "$(pgrep -P "$1" -x "$2")"; } # in its poll, and has read what there was
	wait_for 5 looks $events ctr-events
	wait_for 5 looks $wait ctr-wait
	[ -z "${watch:-}" ] || wait_for 5 looks "$watch" ctr-cgset
	ctr-pause c >/dev/null
	wait $wait
	[ "$(cat wait)" = -1 ]
	wait_for 5 grep -q 'container pause' events
	ctr-rm -f c >/dev/null
	wait_for 5 grep -q 'container destroy' events
	[ -z "${watch:-}" ] || wait "$watch"
	[ -z "${watch:-}" ] || grep -q populated watch
	kill $events
	wait $events || true
	[ ! -s err ]
}

# bats test_tags=ctr-events,ctr-wait,ctr-cgset
@test "events, wait and cgset --watch go on without inotify, too" {
	waits_on instances
}

# bats test_tags=ctr-events,ctr-wait,ctr-cgset
@test "events, wait and cgset --watch go on without a watch of inotify" {
	waits_on watches
}
