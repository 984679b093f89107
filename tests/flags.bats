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
