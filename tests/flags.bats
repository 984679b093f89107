#!/usr/bin/env bats
# What single options of ctr-run mean, where scripts written for docker rely on it.

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

@test "--env-file is read from files, pipes and stdin, with what editors and shells leave in it" {
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
	[[ "$output" == *"longer than a mebibyte" ]]
}

@test "--device of a folder gives every device in it" {
	mkdir -p d/sub
	mknod d/one c 1 3
	mknod d/sub/two c 1 5
	touch d/plain
	run -0 ctr-run --device "$WORLD/d:/dev/mine:rw" "$ROOTFS" sh -c 'cd /dev/mine; find . -type c | sort; head -c 2 sub/two | wc -c'
	[ "$output" = "./one
./sub/two
2" ]
	mkdir empty
	run -125 ctr-run --device "$WORLD/empty" "$ROOTFS" true
	[ "${#lines[@]}" = 1 ]
}

@test "--mount takes fields in quotes, as CSV has them" {
	mkdir 'a,b' 'c"d'
	run -0 ctr-run --mount "type=bind,\"source=$WORLD/a,b\",target=/x" --mount "type=bind,\"src=$WORLD/c\"\"d\",dst=/y" "$ROOTFS" \
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

@test "an unknown limit is named at once, with those there are; --restart in the foreground says what to add" {
	run -125 ctr-run --ulimit foo=1 "$ROOTFS" true
	[[ "$output" == *"'foo' is not a limit"*nofile* ]]
	run -125 ctr-run --restart always "$ROOTFS" true
	[[ "$output" == *"add -d"* ]]
	[[ "$output" != *"see ctr-run --help"* ]]
	run -2 ctr-create --ulimit foo=1 "$ROOTFS" true
}

# everybody USER CMD...: what may be given to ctr-run and ctr-exec for an uid
writes() { [ "$("$@" sh -c 'echo out >/dev/stdout; echo err >/dev/stderr' 2>&1 | sort | tr '\n' ' ')" = "err out " ] || echo "not writable: $*"; }

@test "18.5 /dev/stdout and /dev/stderr can be opened anew by every user in every way of starting and entering" {
	local ns u bad=
	for ns in "" "--userns auto"; do
		# shellcheck disable=SC2086
		for u in "" "-u 0" "-u 77"; do
			bad+=$(writes ctr-run $ns $u "$ROOTFS")
			bad+=$(writes ctr-run --init $ns $u "$ROOTFS")
			ctr-run -d --name c $ns $u "$ROOTFS" sh -c 'echo out >/dev/stdout; exec sleep 100'
			wait_for 5 grep -q out "$CTR_LIB/containers/c/log" || bad+="-d $ns $u; "
			bad+=$(writes ctr-exec c)
			bad+=$(writes ctr-exec -u 78 c)
			ctr-rm -f c
		done
	done
	echo "$bad"
	[ -z "$bad" ]
}

@test "18.12 limits and the oom score above the caller's are root's to give, with a user namespace, too" {
	[ $(((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)) = 1 ] || skip "needs CAP_SYS_RESOURCE (make check-v2 has it)"
	ulimit -n 1024
	run -0 ctr-run --userns auto --ulimit nofile=5000 --ulimit memlock=-1 --oom-score-adj -100 "$ROOTFS" \
		sh -c 'ulimit -n; ulimit -l; cat /proc/self/oom_score_adj'
	[ "$output" = "5000
unlimited
-100" ]
	ctr-run -d --name c --userns auto --ulimit nofile=5000 --oom-score-adj -100 "$ROOTFS" sleep 100
	run -0 ctr-exec c sh -c 'ulimit -n; cat /proc/self/oom_score_adj'
	[ "$output" = "5000
-100" ]
}

@test "18.12 a limit above the caller's says which that is, and what it takes" {
	[ $(((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)) = 0 ] || skip "with CAP_SYS_RESOURCE it is given"
	ulimit -n 1024
	run -125 ctr-run --ulimit nofile=5000 "$ROOTFS" true
	[[ "$output" == *"RLIMIT_NOFILE: set to 5000:5000: "*"hard limit is 1024"*CAP_SYS_RESOURCE*fs.nr_open* ]]
}

# refused CODE WORDS FILE: what ctr-run says about a command that the kernel refuses
refused() {
	run "-$1" ctr-run --name c -v "$WORLD/v:/v" "$ROOTFS" "/v/$3"
	[[ "$output" == *"/v/$3: "*"$2"* ]]
}

@test "18.14 a command that the kernel refuses: the true reason of each errno" {
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
	run -126 ctr-run -e "A=$(head -c 100000 /dev/zero | tr '\0' x)" -e "B=$(head -c 100000 /dev/zero | tr '\0' x)" \
		--ulimit stack=262144 "$ROOTFS" true
	[[ "$output" == *"too long together"* ]]
}

@test "18.17 in a network of its own every user may listen below 1024 and ping, as docker's" {
	run -0 ctr-run -u 1000 "$ROOTFS" sh -c 'cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range'
	[ "$output" = "0
0	2147483647" ]
	run -0 ctr-run --userns auto "$ROOTFS" cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$output" = 0 ]
	run -0 ctr-run --sysctl net.ipv4.ip_unprivileged_port_start=1000 "$ROOTFS" cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	[ "$output" = 1000 ]
	[ "$(ctr-run --net host "$ROOTFS" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" ]
}
