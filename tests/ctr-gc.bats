#!/usr/bin/env bats
# ctr-gc: it removes what crashes have left, and nothing that lives.

load lib

# A container that goes on after its monitor was killed: executing a set-id program has cleared its
# parent-death signal (prctl(2)).
orphan() {
	if [ ! -e bin ]; then
		mkdir bin
		cp "$ROOTFS/bin/busybox" bin/sleep
		chmod 4755 bin/sleep
	fi
	ctr-run -d --name "$1" "${@:2}" -u user -v "$WORLD/bin:/setid" "$ROOTFS" \
		sh -c 'exec /setid/sleep 1000' >/dev/null
	. "$CTR_RUN/containers/$1/state"
	wait_for 5 grep -q setid "/proc/$pid/cmdline"
	kill -9 "$monitor"
	wait_for 5 sh -c "[ \"\$(ctr-ps -an --filter name=$1 -o status)\" = orphaned ]"
}

# bats test_tags=ctr-run
@test "a killed monitor takes its container with it; gc clears the rest and touches no other" {
	ctr-run -d --name keep "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name gone --rm "$ROOTFS" sleep 1000 >/dev/null
	(. "$CTR_RUN/containers/gone/state"; kill -9 "$monitor"; echo "$pid" >victim)
	wait_for 5 sh -c '! kill -0 $(cat victim) 2>/dev/null'
	run -0 ctr-gc
	[[ "$output" == *gone* ]]
	[ "$(ctr-ps -an -o name,status)" = "keep  running" ]
	[ "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/*" -maxdepth 4 -type d -printf '%f\n' |
		sort -u | wc -l)" = 1 ]
}

# bats test_tags=ctr-stop,ctr-rm,ctr-start,ctr-ps
@test "orphaned: shown, entered, not started; stop ends it, rm wants -f, gc kills what is in it" {
	orphan o
	[ "$(ctr-ps -n -o name,pid,status)" = "o  $pid  orphaned" ]
	ctr-exec o true
	ctr-top o | grep -q setid
	run -1 ctr-start o
	[[ "$output" == *"without a monitor"* ]]
	run -1 ctr-wait o
	[[ "$output" == *"no exit code is known"* ]]
	run -1 ctr-rm o
	[[ "$output" == *"orphaned"* ]]
	kill -0 "$pid"
	ctr-stop -t 0 o
	wait_for 5 no_process "$pid"
	[ "$(ctr-ps -an -o status)" = lost ]
	ctr-start o # and it can be started again
	[ "$(ctr-ps -an -o status)" = running ]
	ctr-rm -f o
	orphan g
	run -0 ctr-gc
	[[ "$output" == *"group "*"c-"* && "$output" == *"state g"* ]]
	wait_for 5 no_process "$pid"
	[ "$(ctr-ps -an -o status)" = lost ]
	ctr-rm g
	orphan r --rm
	run -0 ctr-gc
	[ "$output" = "container r" ]
	wait_for 5 no_process "$pid"
	orphan f
	ctr-rm -f f
	wait_for 5 no_process "$pid"
	[ -z "$(ctr-ps -aq)" ]
}

@test "gc and renames at once: gc, volume rm and image rm touch nothing that is in use" {
	tar -C "$ROOTFS" -c . | ctr-image import im >/dev/null
	for i in 1 2 3; do ctr-run -d --name "a$i" -v "vol$i:/v" im sleep 1000 >/dev/null; done
	before=$(for i in 1 2 3; do (. "$CTR_RUN/containers/a$i/state"; echo "$pid $monitor"); done)
	(while [ ! -e stop ]; do for i in 1 2 3; do ctr-rename "a$i" "b$i"
		ctr-rename "b$i" "a$i"; done; done) 2>errors 3>&- &
	renamer=$!
	for i in $(seq 40); do
		[ -z "$(ctr-gc)" ] || touch cleared
		[ $((i % 8)) -ne 0 ] || for v in 1 2 3; do
			! ctr-volume rm "vol$v" >/dev/null 2>&1 || touch removed
		done
		[ $((i % 8)) -ne 0 ] || ! ctr-image rm im >/dev/null 2>&1 || touch removed
	done
	touch stop
	wait $renamer
	[ ! -s errors ] || { cat errors; false; }
	[ ! -e cleared ]
	[ ! -e removed ]
	[ "$(for i in 1 2 3; do (. "$CTR_RUN/containers/a$i/state"
		kill -0 "$pid" && echo "$pid $monitor"); done)" = "$before" ]
	[ "$(ctr-ps -n -o status | sort -u)" = running ]
}

@test "gc keeps what may be alive, says so and exits 1: few descriptors, a damaged record" {
	for i in 1 2 3; do ctr-run -d --name "a$i" "$ROOTFS" sleep 1000 >/dev/null; done
	run -1 sh -c 'ulimit -n 22; exec ctr-gc'
	[ "$output" = \
		"ctr-gc: the limit of open files (ulimit -n) is 22: at least 32 are needed" ]
	# what its caller has open counts, too: from $n on none is left
	for n in 4 7 9 11 13 15 17 19 33; do
		code=0
		(
			for ((i = n; i < 33; i++)); do eval "exec $i</dev/null"; done
			ulimit -n 33
			exec ctr-gc
		) >>out 2>err || code=$?
		echo "up to $n: $code, $(cat err)"
		[[ $code$(wc -l <err) = @(00|1[1-9]*) ]]
		# the sanitizers' build is not static, and its linker ends with 127
		[ $n != 4 ] || [ $code = 1 ] || [[ $code = 127 && "$BIN" == */san/* ]]
		[ "$(ctr-ps -n -o status | sort -u)" = running ]
	done
	[ $code = 0 ]
	[ ! -s out ]
	: >"$CTR_LIB/containers/a1/conf"
	run -1 ctr-gc
	[[ "$output" == *a1* ]]
	(. "$CTR_RUN/containers/a1/state"; kill -0 "$pid")
}

@test "a damaged record is set aside, and its layer kept" {
	ctr-run -d --name d "$ROOTFS" sh -c 'echo precious >/file' >/dev/null
	ctr-wait d >/dev/null
	: >"$CTR_LIB/containers/d/conf" # as a power cut can leave it
	run -1 ctr-ps -a
	run -0 ctr-gc
	[[ "$output" == *"damaged d: "*"$CTR_LIB/damaged/d-"* ]]
	[ "$(cat "$CTR_LIB"/damaged/d-*/upper/file)" = precious ]
	run -0 ctr-ps -a
	ctr-run --name d "$ROOTFS" true # the name is free
	[ -z "$(ctr-gc)" ]
	for how in 'truncate -s 0' 'truncate -s -9' 'truncate -s 0 -s 4096' rm; do
		ctr-run -d --name d "$ROOTFS" true >/dev/null
		ctr-wait d >/dev/null
		$how "$CTR_LIB/containers/d/config.json"
		run -0 ctr-gc
		[[ "$output" == *"damaged d: config.json: "* ]]
	done
	ctr-run --name r "$ROOTFS" sleep 1000 & # what is removed at its end is garbage
	wait_for 5 test -e "$CTR_RUN/containers/r/state"
	: >"$CTR_LIB/containers/r/config.json"
	kill -9 $!
	wait $! || true
	wait_for 5 eval '[[ $(ctr-gc) == *"container r"* ]]'
}

# bats test_tags=ctr-ps,ctr-rm
@test "a folder or a socket in place of conf is damage; a large state holds nobody up" {
	need perl perl
	for how in mkdir "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
		bind(S, sockaddr_un(shift)) || die'"; do
		ctr-run -d --name d "$ROOTFS" true >/dev/null
		ctr-wait d >/dev/null
		rm "$CTR_LIB/containers/d/conf"
		(cd "$CTR_LIB/containers/d" && eval "$how conf")
		run -0 ctr-gc
		[[ "$output" == *"damaged d: conf: "*"$CTR_LIB/damaged/d-"* ]]
	done
	ctr-run -d --name r "$ROOTFS" sleep 1000 >/dev/null
	for what in 'print "a$_=x\n" for 1 .. 300000' 'print "\0" x 20000000'; do
		perl -e "$what" >"$CTR_RUN/containers/r/state"
		run -0 timeout $((10 * slow)) ctr-ps
		[[ $output == *r*running* ]] # its monitor has written it again
	done
	# where its monitor does not, it is damage
	stopped=()
	stop_monitor() {
		stopped+=("$(. "$CTR_RUN/containers/$1/state" && echo "$monitor")")
		kill -STOP "${stopped[-1]}"
	}
	stop_monitor r
	for what in 'print "a$_=x\n" for 1 .. 300000' 'print "\0" x 20000000'; do
		perl -e "$what" >"$CTR_RUN/containers/r/state"
		run timeout $((10 * slow)) ctr-ps
		[[ $status -lt 124 && $output == *r*corrupt* ]]
		run -1 timeout $((10 * slow)) ctr-gc
		[[ "$output" == *"it is left alone"* ]]
	done
	for c in s t u; do # the wait for those who do not answer is one
		ctr-run -d --name $c "$ROOTFS" sleep 1000 >/dev/null
		stop_monitor $c
		echo garbage >"$CTR_RUN/containers/$c/state"
	done
	run -1 timeout $((5 * slow)) ctr-gc
	kill -CONT "${stopped[@]}"
	[ "$(grep -c 'it is left alone' <<<"$output")" = 4 ]
	timeout $((10 * slow)) ctr-rm -f r s t u
}

# bats test_tags=ctr-net,ctr-pause,ctr-start,ctr-wait
@test "a fifo in place of a file of ours is damage: nobody waits for it" {
	ctr-run -d --name r "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name s "$ROOTFS" true >/dev/null
	ctr-wait s >/dev/null
	mkdir -p "$CTR_LIB/networks/n"
	for f in containers/r/exit containers/s/log networks/n/conf; do
		rm -f "$CTR_LIB/$f"
		mkfifo "$CTR_LIB/$f"
	done
	run -1 timeout 5 ctr-net inspect n
	run -1 timeout 5 ctr-start s
	[[ "$output" == "ctr-start: s: log: "* ]]
	timeout 5 ctr-pause r
	timeout 5 ctr-unpause r
	timeout 5 ctr-rm -f r
	timeout 5 ctr-gc
}

# bats test_tags=ctr-rename,ctr-rm
@test "a folder, a link or a fifo in place of a file of the index: it is made again" {
	for how in mkdir 'ln -s nowhere' mkfifo; do
		ctr-run -d --name r "$ROOTFS" true >/dev/null
		ctr-wait r >/dev/null
		file=$CTR_LIB/ids/$(ctr-inspect -f Id r)
		rm "$file"
		$how "$file"
		timeout 5 ctr-gc || timeout 5 ctr-gc
		[ "$(cut -d' ' -f1 "$file")" = r ]
		timeout 5 ctr-rename r s
		timeout 5 ctr-rm s
		[ ! -e "$file" ]
	done
}

# bats test_tags=ctr-volume,ctr-image
@test "a damaged config.json: what the container uses is not known, and stays" {
	ctr-run -d --name d -v data:/d "$ROOTFS" sleep 1000 >/dev/null
	for how in ': >' rm; do
		eval "$how $CTR_LIB/containers/d/config.json"
		run -1 ctr-volume rm data
		[[ "$output" == "ctr-volume: d: config.json: "* ]]
		run -1 ctr-volume prune -f
		run -1 ctr-prune -f --volumes
		run -1 ctr-image prune
		[ -d "$CTR_LIB/volumes/data" ]
	done
	run -1 ctr-volume ls
	[[ "$output" == *"$CTR_LIB/volumes/data"* ]] # a listing goes on
}

@test "every kind of half-made thing is cleared, and none whose maker is at work" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	mkdir \
		-p \
		"$CTR_LIB"/{containers/.new-0123456789ab/upper,networks/.new-x,volumes/.new-x/y,volumes/.rm-x,images/.tmp-x,layers/.tmp-x} \
		"$CTR_LIB/networks/n" "$CTR_RUN/leases/n" "$CTR_LIB/.new-ids-x"
	touch \
		"$CTR_LIB"/{containers/c/.config.json.0123456789ab,images/.index.json.0123456789ab,networks/n/.conf.0123456789ab} \
		"$CTR_LIB/ids/0123456789ab" \
		"$CTR_RUN"/{containers/c/.state.0123456789ab,leases/n/.10.0.0.1.0123456789ab}
	mkdir "$CTR_LIB/volumes/.new-busy"
	# A single process, so that killing it ends everything; flock(1) would leave its command
	# running.
	(exec 8<"$CTR_LIB/volumes/.new-busy" && flock 8 && exec sleep 1000) 3>&- &
	BUSY=$!
	wait_for 5 sh -c '! flock -n "$CTR_LIB/volumes/.new-busy" true'
	ctr-gc
	kill "$BUSY"
	[ "$(find "$CTR_LIB" "$CTR_RUN" -name '.*' -not -name .gate -printf '%P ')" = \
		"volumes/.new-busy " ]
	[ ! -e "$CTR_LIB/ids/0123456789ab" ]
	[ "$(ctr-ps -n -o name,status | tr -s ' ')" = "c running" ]
	rmdir "$CTR_LIB/volumes/.new-busy"
}

# bats test_tags=ctr-gc,ctr-run
@test "gc between the making of a file and its lock: the start makes the file again" {
	need strace strace
	not_old "the older calls make no difference here"
	strace -e trace=flock,openat -o calls ctr-run --name r "$ROOTFS" true
	# which lock is the state's
	nth=$(awk '/flock\(/ { n++ } /"\.state\./ { print n + 1 }' calls)
	strace -e trace=flock -e "inject=flock:delay_enter=2000000:when=$nth" -o calls ctr-run \
		--name r "$ROOTFS" echo fine >out 2>&1 &
	start=$!
	wait_for 5 half_made
	run -0 ctr-gc
	[[ "$output" = "file $CTR_RUN/containers/r/.state."* ]]
	wait $start
	[ "$(cat out)" = fine ]
}
half_made() { find "$CTR_RUN/containers/r" -name '.state.*' 2>/dev/null | grep -q .; }
