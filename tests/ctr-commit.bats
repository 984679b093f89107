#!/usr/bin/env bats
# ctr-commit: a container's files as an image or an archive.
bats_require_minimum_version 1.5.0
load lib
load image

test_setup() { box; }
frozen() ( # NAME
	# shellcheck disable=SC1090
	. "$CTR_RUN/containers/$1/state"
	grep -qs FROZEN "/sys/fs/cgroup/freezer/$cgroup/freezer.state" ||
		grep -qs 1 "/sys/fs/cgroup/$cgroup/cgroup.freeze" ||
		grep -qs 1 "/sys/fs/cgroup/unified/$cgroup/cgroup.freeze"
)

@test "what a running container wrote, changed and deleted is in the image; it runs on" {
	ctr-run -d --name c box sh -c '
		echo new >/new
		echo changed >/etc/os-release
		rm /etc/group
		rm -r /home
		mkdir /home
		touch /home/x
		sleep 100' >/dev/null
	wait_for 5 ctr-exec c test -e /home/x
	run -0 ctr-commit -m 'a comment' -c 'CMD ["cat", "/new"]' c other:1
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	[ "$(ctr-exec c echo alive)" = alive ]
	[ "$(ctr-run other:1)" = new ]
	run -0 ctr-run other:1 sh -c 'cat /etc/os-release; ls /home; ls /etc/group 2>&1 || true'
	[ "${lines[0]}" = changed ]
	[ "${lines[1]}" = x ]
	[[ ${lines[2]} == *'No such file'* ]]
	run -0 ctr-image history other:1
	[[ ${lines[1]} == *'a comment'* ]]
	# the old image is unchanged, and its layer is shared
	[ "$(ctr-run box cat /etc/os-release)" = NAME=ctrbox ]
	[ "$(ls "$CTR_LIB/layers" | wc -l)" -eq 2 ]
}

@test "the image starts what the container started, as docker's does; -c comes after that" {
	ctr-run --keep --name c -u 7:8 -w /tmp -e A=b -l x=y --expose 99 --stop-signal INT \
		--health-cmd 'test -e /x' -h host -t box sh -c 'id -u; pwd; echo $A' >/dev/null
	ctr-commit -m why c img
	[ "$(ctr-run img | xargs)" = "7 /tmp b" ]
	local form='{{with .Config}}{{json .Cmd}} {{.Entrypoint}} {{.User}} {{.WorkingDir}} {{.Env}}'
	form+=' {{.Labels.x}} {{.ExposedPorts}} {{.StopSignal}} {{index .Healthcheck.Test 1}}{{end}}'
	[ "$(ctr-image inspect -f "$form {{.Comment}}" img)" = \
		'["sh","-c","id -u; pwd; echo $A"] [] 7:8 /tmp [A=b] y map[99/tcp:{}] INT test -e /x why' ]
	ctr-create --name d img >/dev/null
	[ "$(ctr-inspect -f '{{.Config.User}} {{.Config.ExposedPorts}}' d)" = \
		"7:8 map[99/tcp:{}]" ]
	ctr-run --keep --name e --entrypoint echo box one
	ctr-commit e two
	[ "$(ctr-run two)$(ctr-run two 2)" = one2 ]
	ctr-run --keep --name f "$ROOTFS" echo of a folder
	ctr-commit f four
	[ "$(ctr-run four)" = "of a folder" ]
	ctr-commit -c 'CMD ["three"]' -c 'USER 9' e three
	[ "$(ctr-run three)$(ctr-run --entrypoint id three -u)" = three9 ]
}

@test "a stopped container, and an image of an image" {
	ctr-run --keep --name a box sh -c 'echo 1 >/one'
	ctr-commit a img1
	ctr-run --keep --name b img1 sh -c 'echo 2 >/two'
	ctr-commit b img2
	ctr-rm a b
	ctr-image rm box img1
	[ "$(ctr-run img2 cat /one /two)" = $'1\n2' ]
}

@test "a folder is opaque where the container's overlay made it so, not where an image says it" {
	need setfattr attr
	for u in host auto; do
		ctr-run --keep --name a --userns $u box sh -c '
			rm -r /home; mkdir /home; touch /home/x'
		ctr-commit a img1
		ctr-run --keep --name b --userns $u img1 touch /home/y /etc/z
		if [ $u = host ]; then
			setfattr -n user.overlay.opaque -v y "$CTR_LIB/containers/b/upper/etc"
		fi
		run -0 ctr-diff b
		[ "$output" = $'C /etc\nA /etc/z\nC /home\nA /home/y' ]
		ctr-commit b img2
		ctr-commit b - | tar tf - | grep -qx home/x
		[ "$(ctr-run img2 ls /home)" = $'x\ny' ]
		ctr-run img2 ls /etc/group
		ctr-rm a b
	done
}

@test "with - the whole tree comes as a tar archive, without what was deleted" {
	ctr-run --keep --name c box sh -c 'echo new >/new; rm /etc/group'
	ctr-commit c - >all.tar
	[ "$(tar xOf all.tar new)" = new ]
	[ "$(tar xOf all.tar etc/os-release)" = NAME=ctrbox ]
	! tar tf all.tar | grep -E 'group$|\.wh\.' || false
}

@test "volumes are left out" {
	ctr-run --keep --name c -v "$WORLD/v:/vol" -v named:/data box sh -c '
		echo x >/vol/x; echo y >/data/y; echo z >/z'
	ctr-commit c img
	run -0 ctr-run img sh -c 'ls /vol /data; cat /z'
	[[ $output != *x* && $output != *y* && $output == *z ]]
	[ "$(cat "$WORLD/v/x")" = x ]
}

@test "a container of a directory gives an image of one layer" {
	ctr-run --keep --name c "$ROOTFS" sh -c 'echo new >/new'
	ctr-commit c img
	[ "$(ctr-run img cat /new /etc/os-release)" = $'new\nNAME=ctrbox' ]
}

@test "xattrs, hard links and set-id bits of the writable layer survive" {
	need setfattr attr
	ctr-run -d --name c box sleep 100 >/dev/null
	ctr-exec c sh -c 'echo x >/a; ln /a /b; cp /bin/busybox /suid; chmod 4755 /suid'
	setfattr -n user.note -v v "$CTR_LIB/containers/c/upper/a"
	ctr-commit c img
	ctr-image export img >x.tar
	mkdir x
	tar -C x --xattrs -xf x.tar
	[ "$(stat -c %i x/a)" = "$(stat -c %i x/b)" ]
	[ "$(getfattr --only-values -n user.note x/a)" = v ]
	[ "$(stat -c %a x/suid)" = 4755 ]
}

# Start a commit of c that has frozen the container and cannot go on, because nobody reads its pipe.
committing() {
	ctr-run -d --name c box sleep 100 >/dev/null
	ctr-exec c sh -c 'head -c 30000000 /dev/urandom >/big'
	mkfifo p
	ctr-commit c - >p &
	pid=$!
	exec 7<p
	wait_for 5 frozen c
}

@test "the container is frozen meanwhile; killed, ctr-gc thaws it" {
	committing
	# shellcheck disable=SC2046 # the child that would thaw it, killed too
	kill -9 $(pgrep -P $pid) $pid
	exec 7<&-
	frozen c
	run -0 ctr-gc
	[[ $output == *'thawed c'* ]]
	! frozen c || false
	[ "$(ctr-exec c echo alive)" = alive ]
}

@test "of two commits at once the second is refused; what a killed one left frozen is thawed" {
	committing
	run -1 --separate-stderr ctr-commit c img
	[ "$stderr" = "ctr-commit: c: another commit or copy of it is running" ]
	kill -9 $pid
	wait $pid || true
	exec 7<&-
	ctr-commit c img >/dev/null
	! frozen c || false
}

@test "kill -9 at any moment of a commit leaves a valid store" {
	ctr-run --keep --name c box sh -c 'head -c 5000000 /dev/urandom >/big; echo x >/x'
	for i in $(seq 12); do
		ctr-commit c "k$i" >/dev/null &
		p=$!
		sleep "0.0$((RANDOM % 50 + 5))"
		kill -9 $p 2>/dev/null || true
		wait $p || true
	done
	ctr-image ls -n | while read -r name _; do
		[ "$(ctr-run "$name" echo runs)" = runs ]
	done
	ctr-image prune
	[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
}

@test "a file whose name would be a deletion in an image is left out, and that is said" {
	ctr-run --keep --name c box sh -c 'touch /home/.wh.user /ok'
	run -0 --separate-stderr ctr-commit c img
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == 'ctr-commit: /home/.wh.user: left out: '* ]]
	[ "$(ctr-run img ls -A /home /ok)" = $'/ok\n\n/home:\nuser' ]
	ctr-commit c - | tar tf - | grep -qx home/.wh.user
}

@test "what cannot be written is a write error" {
	ctr-run --keep --name c box sh -c 'head -c 3000000 /dev/urandom >/big'
	ctr-commit c img
	for c in 'ctr-commit c -' 'ctr-image export img' 'ctr-image save img'; do
		run -1 sh -c "$c >/dev/full"
		[[ $output == *': write: No space left on device' ]]
	done
}

@test "wrong use is one line and changes nothing" {
	run -2 ctr-commit
	run -2 ctr-commit c 'bad name'
	run -2 ctr-commit -c 'NO x' c img
	run -1 ctr-commit nothing img
	[ "$(ctr-image ls -n | wc -l)" -eq 1 ]
}

@test "of a container in a user namespace the owners are those it sees" {
	ctr-run --keep --name c --userns auto box sh -c 'echo x >/x; mkdir /d; chown 1000:1000 /d'
	ctr-commit c img
	run -0 ctr-run img stat -c %u:%g /x /d /etc/passwd
	[ "$output" = $'0:0\n1000:1000\n0:0' ]
}

@test "SIGTERM, or a reader that goes away, thaws the container and leaves nothing" {
	committing
	kill $pid
	wait $pid || true
	exec 7<&-
	! frozen c || false
	ctr-commit c - | head -c 10 >/dev/null || true
	! frozen c || false
	[ "$(ctr-exec c echo alive)" = alive ]
}

@test "a full disk: one clear error, the container runs on, nothing is left" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small tmpfs"
	cat >inside <<-'END'
		set -e
		mount -t tmpfs -o size=16m none "$CTR_LIB"
		tar -C "$ROOTFS" -cf - . | ctr-image import box >/dev/null
		ctr-run -d --name c box sleep 100 >/dev/null
		ctr-exec c sh -c 'head -c 7000000 /dev/urandom >/big'
		if ctr-commit c img 2>err; then exit 9; fi
		cat err; [ "$(wc -l <err)" = 1 ]; grep -q 'No space left' err
		[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
		[ "$(ctr-exec c echo alive)" = alive ]
		ctr-exec c rm /big
		ctr-commit c img >/dev/null
		[ "$(ctr-run img echo yes)" = yes ]
		ctr-rm -f c
	END
	unshare -m --propagation private bash inside
}

@test "a container of a squashfs file gives an image of one layer" {
	need mksquashfs squashfs-tools
	mksquashfs "$ROOTFS" r.squashfs -quiet -no-progress >/dev/null
	ctr-run --keep --name c ./r.squashfs sh -c 'echo new >/new; rm /etc/group'
	ctr-diff c | grep -qx 'D /etc/group'
	ctr-cp c:/new .
	[ "$(cat new)" = new ]
	ctr-commit c img
	[ "$(ctr-run img cat /new /etc/os-release)" = $'new\nNAME=ctrbox' ]
	run ctr-run img ls /etc/group
	[ "$status" -ne 0 ]
}

@test "of an image that came in two ways, one of which was removed, it is still made" {
	need jq
	mkdir o
	ctr-image save box | tar -C o -x
	was=$(jq -r '.manifests[0].digest[7:]' o/index.json)
	(cat "o/blobs/sha256/$was" && echo) >more
	is=$(sha256sum <more | cut -d ' ' -f 1)
	mv more "o/blobs/sha256/$is"
	jq --arg d "sha256:$is" '.manifests[0] |= (.digest = $d | .size += 1)' o/index.json |
		sed s/box:latest/other:1/ >index
	cp index o/index.json
	ctr-image load o >/dev/null
	ctr-run --keep --name c box touch /new
	ctr-image rm box >/dev/null
	[ ! -e "$CTR_LIB/images/blobs/sha256/$was" ]
	run -0 --separate-stderr ctr-commit c img
	[ -z "$stderr" ]
	[ "$(ctr-image inspect img | jq -c '.[0].RootFS.Layers | length')" = 2 ] # one was added
	[ "$(ctr-ps -aq -f ancestor=other:1 | wc -l)" = 1 ]
}
