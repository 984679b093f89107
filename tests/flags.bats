#!/usr/bin/env bats
# The meaning of single options of ctr-run on which scripts written for docker rely.

load lib
# bats file_tags=ctr-run,ctr-create

bounding() { ctr-run "$@" "$ROOTFS" sed -n 's/CapBnd:.0*//p' /proc/self/status; }

@test "--cap-add and --cap-drop mean what docker's mean, in whatever order they stand" {
	all=$(bounding --cap-add ALL)
	without=$(printf %x $((0x$all & ~(1 << 27)))) # CAP_MKNOD
	[ "$(bounding --cap-add ALL --cap-drop MKNOD)" = "$without" ]
	[ "$(bounding --cap-drop MKNOD --cap-add ALL)" = "$without" ]
	[ "$(bounding --cap-drop ALL --cap-add chown)" = 1 ]
	[ "$(bounding --cap-add chown --cap-drop ALL)" = 1 ]
	[ "$(bounding --cap-add CHOWN --cap-drop CHOWN)" = a80425fb ]
	[ "$(bounding --cap-drop chown,mknod)" = a00425fa ]
}

@test "--env-file reads files, pipes and stdin as editors and shells write them" {
	printf '\357\273\277A=1\r\nexport B=two words\n# no\n\n\tC=x=y\nHERE\n' >f
	HERE=here run -0 ctr-run --env-file f "$ROOTFS" sh -c 'echo "$A|$B|$C|$HERE"'
	[ "$output" = "1|two words|x=y|here" ]
	run -0 ctr-run --env-file <(echo A=pipe) "$ROOTFS" sh -c 'echo "$A"'
	[ "$output" = pipe ]
	run -0 ctr-run --env-file /dev/stdin "$ROOTFS" sh -c 'echo "$A"' <<<A=stdin
	[ "$output" = stdin ]
	printf 'A=1\nB C=2\n' >bad
	run -125 ctr-run --env-file bad "$ROOTFS" true
	[ "$output" = "ctr-run: --env-file: bad:2: a blank in the name 'B C'" ]
	run -125 ctr-run --env-file nosuch "$ROOTFS" true
	[[ "$output" == *"nosuch: No such file"* ]]
	head -c 2000000 /dev/zero | tr '\0' x >big
	run -125 ctr-run --env-file big "$ROOTFS" true
	[[ "$output" == *"big: larger than 1048576 bytes" ]]
}

@test "--device of a folder gives every device in it" {
	mkdir -p d/sub
	mknod d/one c 1 3
	mknod d/sub/two c 1 5
	touch d/plain
	run -0 ctr-run --device "$WORLD/d:/dev/mine:rw" "$ROOTFS" sh -c '
		cd /dev/mine; find . -type c | sort; head -c 2 sub/two | wc -c'
	[ "$output" = "./one
./sub/two
2" ]
	mkdir empty
	run -125 ctr-run --device "$WORLD/empty" "$ROOTFS" true
	[ "${#lines[@]}" = 1 ]
}

@test "--mount takes fields in quotes, as CSV has them" {
	mkdir 'a,b' 'c"d'
	run -0 ctr-run --mount "type=bind,\"source=$WORLD/a,b\",target=/x" \
		--mount "type=bind,\"src=$WORLD/c\"\"d\",dst=/y" "$ROOTFS" \
		sh -c 'touch /x/in /y/in'
	[ -e 'a,b/in' ]
	[ -e 'c"d/in' ]
	run -125 ctr-run --mount 'type=bind,"source=/tmp,target=/x' "$ROOTFS" true
	[[ "$output" == *"double quote"* ]]
}

@test "--ipc none has no shared memory, shareable is what others may join" {
	run -0 ctr-run --ipc none "$ROOTFS" sh -c 'grep -c " /dev/shm " /proc/mounts || :'
	[ "$output" = 0 ]
	run -0 ctr-run --ipc shareable "$ROOTFS" sh -c 'grep -c " /dev/shm " /proc/mounts'
	[ "$output" = 1 ]
}

# bats test_tags=ctr-exec,ctr-restart
@test "--ipc container:X is X's /dev/shm, too: the same one, again after a restart" {
	local u
	for u in "" "--userns auto"; do
		# shellcheck disable=SC2086
		ctr-run -d --name x $u --ipc shareable --shm-size 1m "$ROOTFS" sleep 100
		ctr-exec x sh -c 'echo theirs >/dev/shm/a'
		ctr-run -d --name y ${u:+--userns container:x} --ipc container:x "$ROOTFS" sleep 100
		[ "$(ctr-exec y sh -c 'echo mine >/dev/shm/b; cat /dev/shm/a')" = theirs ]
		[ "$(ctr-exec x cat /dev/shm/b)" = mine ]
		ctr-exec y grep -q '^shm /dev/shm tmpfs rw,nosuid,nodev,noexec.*size=1024k' /proc/mounts
		ctr-restart -t 0 y
		[ "$(ctr-exec y cat /dev/shm/b)" = mine ]
		ctr-restart -t 0 x # a new one; the other keeps what it has until it starts again
		[ "$(ctr-exec y cat /dev/shm/b)" = mine ]
		ctr-restart -t 0 y
		run -1 ctr-exec y cat /dev/shm/b
		# what is asked for there has precedence
		ctr-run ${u:+--userns container:x} --ipc container:x -v "$WORLD:/dev/shm" "$ROOTFS" \
			test -d /dev/shm/lib
		ctr-rm -f x y
	done
}

# bats test_tags=ctr-run
@test "--ipc container:X: what X puts in place of its /dev/shm is nobody else's" {
	local put
	for put in 'mkdir /dev/shm; mknod -m 666 /dev/shm/n c 1 3' 'ln -s /etc /dev/shm' \
		': >/dev/shm'; do
		ctr-run -d --name x --ipc none "$ROOTFS" sh -c "$put; touch /tmp/up; sleep 100"
		wait_for 5 ctr-exec x test -e /tmp/up
		run -0 ctr-run --ipc container:x "$ROOTFS" sh -c '
			grep " /dev/shm " /proc/mounts; ls /dev/shm'
		[[ "$output" == *"--ipc: /dev/shm is not shared"*"shm /dev/shm tmpfs rw,nosuid,nodev,noexec"* ]]
		[ ${#lines[@]} = 2 ]
		ctr-rm -f x
	done
}

# bats test_tags=ctr-run
@test "--tz: a zone of the host's by name, for what the image has of it; a folder is none" {
	[ -e /usr/share/zoneinfo/Asia/Kolkata ] || skip "needs tzdata"
	mkdir -p root zones/Asia
	cp -a "$ROOTFS/." root
	cp /usr/share/zoneinfo/Asia/Kolkata zones/Asia/
	at=/usr/share/zoneinfo
	[ "$(ctr-run -v "$WORLD/zones:$at" --tz Asia/Kolkata root/ date +%Z%z)" = IST+0530 ]
	# no mount of ours stands in the way of a package of zones
	ctr-run --direct --tz Asia/Kolkata root/ sh -c "
		mkdir -p $at/Asia && echo x >$at/new && mv $at/new $at/Asia/Kolkata && rm -r $at"
	ctr-run --direct --read-only --tz Asia/Kolkata root/ true
	[ ! -e "root$at" ]
	run -125 ctr-run --tz Asia "$ROOTFS" true
	[ "$output" = "ctr-run: --tz: 'Asia' is no time zone (as Europe/Berlin or CET-1CEST)" ]
}

# bats test_tags=ctr-run
@test "-v: a folder begins with / or ./; a/b is neither one nor a volume, as in docker" {
	run -125 ctr-run -v a/b:/t "$ROOTFS" true
	[ "$output" = "ctr-run: -v: 'a/b:/t': a folder begins with / or ./, and no volume's name has a slash" ]
	[ ! -e a ]
	ctr-run -v ./a/b:/t -v .:/here "$ROOTFS" test -d /here/a/b
}

@test "an unknown limit is refused with a list of the known; --restart needs -d" {
	run -125 ctr-run --ulimit foo=1 "$ROOTFS" true
	[[ "$output" == *"'foo' is not a limit"*nofile* ]]
	run -125 ctr-run --restart always "$ROOTFS" true
	[[ "$output" == *"add -d"* ]]
	[[ "$output" != *"see ctr-run --help"* ]]
	run -2 ctr-create --ulimit foo=1 "$ROOTFS" true
}

# everybody USER CMD...: what may be given to ctr-run and ctr-exec for an uid
writes() {
	[ "$("$@" sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' 2>&1 | sort | tr '\n' ' ')" \
		= "err out " ] || echo "not writable: $*"
}

@test "every user can open /dev/stdout and /dev/stderr, however the container was started" {
	local ns u bad=
	for ns in "" "--userns auto"; do
		# shellcheck disable=SC2086
		for u in "" "-u 0" "-u 77"; do
			bad+=$(writes ctr-run $ns $u "$ROOTFS")
			bad+=$(writes ctr-run --init $ns $u "$ROOTFS")
			ctr-run -d --name c $ns $u "$ROOTFS" sh -c '
				echo out >/dev/stdout; exec sleep 100'
			wait_for 5 grep -q out "$CTR_LIB/containers/c/log" || bad+="-d $ns $u; "
			bad+=$(writes ctr-exec c)
			bad+=$(writes ctr-exec -u 78 c)
			ctr-rm -f c
			# the fifo of -d -i is made by us, too
			ctr-run -d -i --name c $ns $u "$ROOTFS" sh -c '
				read a </dev/stdin; echo "got $a"' >/dev/null
			echo in | timeout 5 ctr-attach c >got || true
			grep -q "^got in" got || bad+="-d -i $ns $u; "
			ctr-rm -f c
		done
	done
	echo "$bad"
	[ -z "$bad" ]
}

# refused CODE WORDS FILE: what ctr-run says about a command that the kernel refuses
refused() {
	run "-$1" ctr-run --name c -v "$WORLD/v:/v" "$ROOTFS" "/v/$3"
	[[ "$output" == *"/v/$3: "*"$2"* ]]
}

@test "a command that the kernel refuses: the true reason of each errno" {
	mkdir -p v/dir
	printf '#!/bin/sh\n' | tee v/script v/plain >v/ok
	head -c 300 "$ROOTFS/bin/busybox" | tee v/cut >v/other
	printf '\x28\x28' | dd of=v/other bs=1 seek=18 conv=notrunc 2>/dev/null
	: >v/empty
	echo hello >v/text
	printf '#!/nosuch\n' >v/nosuch
	printf '#!/bin/sh\r\n' >v/crlf
	printf '#!/v/plain\n' >v/interp
	chmod 755 v/*
	chmod 644 v/plain
	refused 126 "not executable: chmod +x" plain
	refused 126 "a cut or damaged ELF program" cut
	refused 126 "another machine" other
	refused 126 "an empty file" empty
	refused 126 "a folder" dir
	refused 126 "neither an ELF program nor a script" text
	refused 127 "interpreter /nosuch is not in" nosuch
	refused 127 "carriage return" crlf
	refused 126 "interpreter /v/plain: Permission denied (not executable" interp
	run -126 ctr-run -v "$WORLD/v:/v:noexec" "$ROOTFS" /v/ok
	[[ "$output" == *"on a mount with noexec"* ]]
	chmod 700 v/ok
	run -126 ctr-run -u 99 -v "$WORLD/v:/v" "$ROOTFS" /v/ok
	[[ "$output" == *"this user may not execute it"* ]]
	run -126 ctr-run -e "A=$(head -c 100000 /dev/zero | tr '\0' x)" \
		-e "B=$(head -c 100000 /dev/zero | tr '\0' x)" \
		--ulimit stack=262144 "$ROOTFS" true
	[[ "$output" == *"too long together"* ]]
}

@test "in a network of its own every user may listen below 1024 and ping, as docker's" {
	run -0 ctr-run -u 1000 "$ROOTFS" sh -c '
		cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range'
	[ "$output" = "0
0	2147483647" ]
	run -0 ctr-run --userns auto "$ROOTFS" cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$output" = 0 ]
	run -0 ctr-run --sysctl net.ipv4.ip_unprivileged_port_start=1000 "$ROOTFS" \
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$output" = 1000 ]
	[ "$(ctr-run --net host "$ROOTFS" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = \
		"$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" ]
}

@test "the environment: --env-host, --unsetenv, --tz; one of two --env wins over all" {
	HERE=here run -0 --separate-stderr ctr-run --env-host --tz Europe/Oslo -e HERE2=1 "$ROOTFS" \
		sh -c 'echo $HERE $TZ $HERE2'
	[ "$output" = "here Europe/Oslo 1" ]
	ctr-image import --change 'ENV A=1' --change 'ENV B=2' i <(tar -C "$ROOTFS" -c .) >/dev/null
	run -0 ctr-run --unsetenv A i sh -c 'echo "$A|$B"'
	[ "$output" = "|2" ]
}

@test "--stop-timeout is how long ctr-stop waits without -t; stop -s sends another signal" {
	ctr-run -d --name c --stop-timeout 1 "$ROOTFS" sh -c '
		trap "" TERM; echo up; while :; do sleep 0.1; done'
	wait_for 5 grep -q up "$CTR_LIB/containers/c/log"
	local from=$SECONDS
	run -0 ctr-stop c
	[ $((SECONDS - from)) -lt 8 ]
	[ "$(ctr-inspect -f '{{.State.ExitCode}}' c)" = 137 ]
	ctr-run -d --name d "$ROOTFS" sh -c '
		trap "exit 5" USR1; echo up; while :; do sleep 0.1; done'
	wait_for 5 grep -q up "$CTR_LIB/containers/d/log"
	run -0 ctr-stop -s USR1 d
	[ "$(ctr-inspect -f '{{.State.ExitCode}}' d)" = 5 ]
	run -2 ctr-stop -s NOSUCH d
	run -125 ctr-run --stop-timeout x "$ROOTFS" true
}

@test "--log-driver none keeps nothing; --log-opt sets the sizes; another driver is an error" {
	ctr-run -d --name c --log-driver none "$ROOTFS" sh -c 'echo secret'
	ctr-wait c
	# the command itself
	[ "$(grep -rl secret "$CTR_LIB/containers/c" | sed 's|.*/||' | sort | xargs)" = \
		"conf config.json" ]
	run -0 ctr-logs c
	[ "$output" = "ctr-logs: c: keeps no log (--log-driver none)" ]
	ctr-run -d --name d --log-driver json-file --log-opt max-size=1k \
		--log-opt max-file=3 "$ROOTFS" sh -c 'seq 1000'
	ctr-wait d
	[ "$(find "$CTR_LIB/containers/d" -name 'log*' | wc -l)" = 3 ]
	run -125 ctr-run --log-driver fluentd "$ROOTFS" true
	[[ "$output" == *"'fluentd' is not json-file, syslog, journald or none"* ]]
	run -125 ctr-run --log-opt labels=x "$ROOTFS" true
}

# bats test_tags=ctr-run,ctr-logs
@test "--log-driver syslog and journald: one message a line, in bursts and after a restart" {
	# a /dev and a /run of the test's own, for which it listens
	mkdir -p "$WORLD/dev" "$WORLD/hostrun/systemd/journal"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$WORLD/dev/"
	in_own() {
		unshare -m --propagation private sh -c '
			mount --bind "$0/dev" /dev
			mount --bind "$0/hostrun" /run
			exec "$@"' "$WORLD" "$@"
	}
	listen() {
		socat -u "UNIX-RECV:$1,unlink-early" "OPEN:$2,creat,append" 3>&- &
		pids+=($!)
		wait_for 5 test -S "$1"
	}
	pids=()
	listen "$WORLD/dev/log" sys
	listen "$WORLD/hostrun/systemd/journal/socket" jrn
	in_own ctr-run -d --name s --log-driver syslog "$ROOTFS" sh -c '
		seq 1000
		echo bad >&2
		cat /go 2>/dev/null
		while [ ! -e /go ]; do
			sleep 0.1
		done
		echo later' >/dev/null
	wait_for 10 grep -q 'bad' sys
	[ "$(grep -o '<30>s: ' sys | wc -l)" = 1000 ]
	grep -q '<27>s: bad' sys
	run -1 ctr-logs s
	[[ "$output" = *"its output goes to syslog" ]]
	kill "${pids[0]}"
	wait "${pids[0]}" || true
	listen "$WORLD/dev/log" sys2
	ctr-exec s touch /go
	ctr-wait s >/dev/null
	grep -q '<30>s: later' sys2
	in_own ctr-run -d --name j --log-driver journald --log-opt tag=web "$ROOTFS" sh -c '
		echo out; echo err >&2; printf torn' >/dev/null
	ctr-wait j >/dev/null
	wait_for 5 grep -q torn jrn
	[ "$(grep -c '^CONTAINER_ID=[0-9a-f]\{12\}$' jrn)" = 3 ]
	grep -A3 '^PRIORITY=3' jrn | grep -q '^SYSLOG_IDENTIFIER=web'
	grep -q 'MESSAGE=err' jrn
	run -1 ctr-logs j
	[[ "$output" = *"journalctl CONTAINER_NAME=j" ]]
	grep -q '^CONTAINER_NAME=j$' jrn
	# a long name and a long tag are not cut short
	long=$(printf '%0128d' 0) tag=$(printf '%0600d' 0)
	in_own ctr-run -d --name "$long" --log-driver journald \
		--log-opt "tag=$tag" "$ROOTFS" echo much >/dev/null
	wait_for 5 grep -q "^MESSAGE=much" jrn
	grep -q "^CONTAINER_NAME=$long\$" jrn
	grep -q "^SYSLOG_IDENTIFIER=$tag\$" jrn
	kill "${pids[@]:1}"
	wait "${pids[@]:1}" || true
	# the container goes on if nobody listens, or if the listener does not read
	in_own timeout 20 ctr-run -d --name n --log-driver syslog "$ROOTFS" seq 10000 >/dev/null
	ctr-wait n >/dev/null
}

# bats test_tags=ctr-run,ctr-stop
@test "a container that floods a slow listener of syslog can be stopped" {
	mkdir "$WORLD/dev"
	cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$WORLD/dev/"
	perl -MSocket -e '
		socket S, AF_UNIX, SOCK_DGRAM, 0; bind S, pack_sockaddr_un $ARGV[0];
		while () { recv S, my $line, 9999, 0; select undef, undef, undef, 0.03 }' \
		"$WORLD/dev/log" 3>&- &
	slow=$!
	wait_for 5 test -S "$WORLD/dev/log"
	unshare -m --propagation private sh -c 'mount --bind "$0/dev" /dev; exec "$@"' "$WORLD" \
		ctr-run -d --name f --log-driver syslog "$ROOTFS" sh -c '
			trap "exit 7" TERM
			yes | head -c 500000 &
			echo >/begun
			while :; do sleep 0.1; done' >/dev/null
	wait_for 5 test -e "$CTR_LIB/containers/f/upper/begun"
	run timeout 60 ctr-stop f
	kill "$slow"
	[ "$status" = 0 ]
	[ "$(ctr-wait f)" = 7 ]
}

# bats test_tags=ctr-run,ctr-logs
@test "--log-opt flush: lines are written once in so many seconds, and at the end" {
	ctr-run -d --name f --log-opt flush=2 "$ROOTFS" sh -c '
		for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done; sleep 1000' >/dev/null
	sleep 1
	[ ! -s "$CTR_LIB/containers/f/log" ]
	wait_for 5 sh -c '[ "$(ctr-logs f | wc -l)" = 10 ]'
	ctr-rm -f f
	ctr-run -d --name g --log-opt flush=1000 "$ROOTFS" echo end >/dev/null
	ctr-wait g >/dev/null
	wait_for 5 sh -c '[ "$(ctr-logs g)" = end ]'
	run -125 ctr-run -d --log-opt flush=x "$ROOTFS" true
}

# Where there is no quota; with one: tests/rig/guest-main.
# bats test_tags=ctr-run,ctr-create,ctr-inspect,ctr-cp,ctr-diff,ctr-commit
@test "--storage-opt size=: a tmpfs where the file system has no project quota" {
	full='df -k / | sed -n "2s/  */ /gp" | cut -d " " -f 2
		dd if=/dev/zero of=/x bs=64k count=80; stat -c %s /x'
	for how in --userns=host --userns=auto; do
		run -0 --separate-stderr ctr-run --storage-opt size=4m $how "$ROOTFS" sh -c "$full"
		[ "$output" = $'4096\n4194304' ]
		[[ "${stderr_lines[0]}" = *"in memory, and gone whenever it stops" ]]
		[[ "$stderr" = *"No space left on device"* ]]
	done
	ctr-create --name c --storage-opt size=1m "$ROOTFS" sh -c 'cat /f; echo x >/f; sleep 100'
	[ "$(ctr-inspect -f '{{json .HostConfig.StorageOpt}}' c)" = '{"size":"1m"}' ]
	ctr-start c
	wait_for 5 ctr-exec c test -s /f
	[ "$(ctr-cp c:/f - | tar xO)" = x ]
	for look in "ctr-diff c" "ctr-commit c i:1"; do
		run -1 $look
		[[ "$output" = *"its writable layer is in memory (--storage-opt)" ]]
	done
	ctr-stop -t 0 c
	# nothing is taken that the next start would not find
	run -1 ctr-cp "$ROOTFS/bin/busybox" c:/g
	[[ "$output" = *"Read-only file system" ]]
	ctr-start c
	wait_for 5 ctr-exec c test -s /f
	[[ "$(ctr-logs c)" != *$'\nx' ]]
	ctr-rm -f c
	for bad in "size=x" "inodes=5" "size" ""; do
		run -125 ctr-run --storage-opt "$bad" "$ROOTFS" true
	done
	run -125 ctr-run --storage-opt size=1m --direct "$ROOTFS" true
	[[ "$output" = *"no writable layer of its own" ]]
	[ "$(ctr-inspect -f '{{json .HostConfig.StorageOpt}}' "$(ctr-create "$ROOTFS")")" = null ]
}

@test "ctr-logs: --since and --until take dates and 1h30m" {
	ctr-run -d --name c "$ROOTFS" sh -c 'echo a; sleep 2.5; echo b'
	ctr-wait c
	[ "$(ctr-logs --since 1h30m c)" = "a
b" ]
	[ "$(ctr-logs --until 1s c | head -1)" = a ]
	[ "$(ctr-logs --until 1h30m c)" = "" ]
	[ "$(ctr-logs --since "$(ctr-logs -t c | sed -n '2s/ .*//p')" c)" = b ]
	run -2 ctr-logs --since 1h30 c
	run -2 ctr-logs --until soon c
	[[ "$output" == *"--until: 'soon' is not a time"* ]]
}

@test "--volumes-from gives another container's volumes and binds, :ro without writing" {
	mkdir b
	ctr-run -d --name c -v /data -v "$WORLD/b:/bind" --tmpfs /t "$ROOTFS" sh -c '
		echo one >/data/f; echo two >/bind/f; sleep 100'
	wait_for 5 test -e b/f
	run -0 ctr-run --volumes-from c "$ROOTFS" sh -c '
		cat /data/f /bind/f; echo three >/data/g; ! test -d /t'
	[ "$output" = "one
two" ]
	[ "$(ctr-exec c cat /data/g)" = three ]
	run ! ctr-run --volumes-from c:ro "$ROOTFS" touch /data/h
	[[ "$output" == *"Read-only"* ]]
	run -0 ctr-run --volumes-from c --tmpfs /data "$ROOTFS" ls /data
	[ "$output" = "" ]
	run -125 ctr-run --volumes-from nosuch "$ROOTFS" true
	[ "$output" = "ctr-run: --volumes-from: nosuch: no such container (ctr-ps -a lists them)" ]
	run -125 ctr-run --volumes-from c:x "$ROOTFS" true
}

@test "--uidmap, --gidmap, --annotation, --rootfs, sizes with a fraction, --cpus 0" {
	run -0 ctr-run --uidmap 0:100000:1000 --gidmap 0:200000:1000 "$ROOTFS" \
		sh -c 'echo $(cat /proc/self/uid_map /proc/self/gid_map)'
	[ "$output" = "0 100000 1000 0 200000 1000" ]
	run -125 ctr-run --uidmap 0:1 "$ROOTFS" true
	run -125 ctr-run --gidmap 0:200000:1000 "$ROOTFS" true
	run -0 ctr-run -q --sig-proxy=true --no-healthcheck --cpus 0 \
		--annotation a=b "$ROOTFS" true
	run -125 ctr-run --annotation ctrbox.user=0 "$ROOTFS" true
	ctr-create --name c -m 1.5g --annotation org.x=y --expose 80 "$ROOTFS" true
	grep -q '"org.x": *"y"' "$CTR_LIB/containers/c/config.json"
	grep -q '"memory.max":"1610612736"' "$CTR_LIB/containers/c/config.json"
	[[ "$(ctr-inspect c)" == *'"80/tcp"'* ]]
	run -125 ctr-run --expose 80x "$ROOTFS" true
	run -125 ctr-run -m 1.5.5g "$ROOTFS" true
	run -125 ctr-run -m .5g "$ROOTFS" true
	ln -s "$ROOTFS" plain
	run -0 ctr-run --rootfs plain true
}

@test "words: what was given, what is wrong, what to type instead" {
	run -125 ctr-run "" true
	[[ "$output" == *"ROOTFS or IMAGE is empty"* ]]
	run -125 ctr-run nodir/ true
	[[ "$output" == *"nodir/: No such file"* ]]
	run -125 ctr-run -v /etc/passwd:/etc "$ROOTFS" true
	[[ "$output" == *"one is a folder, the other a file"* ]]
	ctr-create --name c "$ROOTFS" true
	run -125 ctr-exec c true
	[[ "$output" == *"ctr-start c"* ]]
}

@test "what is no text is refused as an --env-file" {
	printf '\377\376A\0=\0' >utf16
	run -125 ctr-run --env-file utf16 "$ROOTFS" true
	[[ "$output" == *"utf16: a NUL byte in it"* ]]
}
