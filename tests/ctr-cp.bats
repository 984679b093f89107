#!/usr/bin/env bats
# ctr-cp: copy between a container and the host.
bats_require_minimum_version 1.5.0
load lib
load image

test_setup() {
	ctr-run -d --name c "$ROOTFS" sleep 100 >/dev/null
	echo from-host >f
	mkdir -p d/sub
	echo 1 >d/one
	ln -s one d/link
	echo 2 >d/sub/two
}

@test "a file in and out, into a folder or under a new name" {
	ctr-cp f c:/root
	ctr-cp f c:/root/g
	ctr-cp f c:/root/
	[ "$(ctr-exec c cat /root/f /root/g)" = $'from-host\nfrom-host' ]
	ctr-cp c:/root/g .
	ctr-cp c:/root/g h
	[ "$(cat g h)" = $'from-host\nfrom-host' ]
	ctr-exec c sh -c 'echo longer, and written in the container >/root/f'
	ctr-cp c:/root/f f
	[ "$(cat f)" = 'longer, and written in the container' ]
}

@test "a tree: SRC into an existing folder, as a new name, its content only" {
	ctr-cp d c:/root
	[ "$(ctr-exec c cat /root/d/sub/two)" = 2 ]
	[ "$(ctr-exec c readlink /root/d/link)" = one ]
	ctr-cp d c:/root/e
	[ "$(ctr-exec c cat /root/e/sub/two)" = 2 ]
	ctr-exec c chmod 1777 /root
	ctr-cp d/. c:/root
	[ "$(ctr-exec c stat -c %a /root)" = 1777 ] # a folder that is there stays as it is
	[ "$(ctr-exec c cat /root/sub/two)" = 2 ]
	ctr-cp c:/root/d out
	diff -r d out
	ctr-cp c:/root/d out
	diff -r d out/d
	mkdir out2
	ctr-cp c:/root/d/. out2
	diff -r d out2
}

@test "as archives: out to tar, in from tar" {
	ctr-cp d c:/root
	[ "$(ctr-cp c:/root/d - | tar t | sort)" = "$(tar c d | tar t | sort)" ]
	tar c d | ctr-cp - c:/tmp
	[ "$(ctr-exec c cat /tmp/d/sub/two)" = 2 ]
	run -1 sh -c 'tar c d | ctr-cp - c:/nothing'
	run -1 sh -c 'tar c d | ctr-cp - c:/etc/passwd'
	run -1 sh -c 'echo nonsense | ctr-cp - c:/tmp'
	[ "${#lines[@]}" -eq 1 ]
}

@test "a stopped container: out, in, and it starts with it" {
	ctr-cp d c:/root
	ctr-kill c
	ctr-wait c
	ctr-cp c:/root/d out
	diff -r d out
	ctr-cp c:/etc/os-release r
	[ "$(cat r)" = NAME=ctrbox ]
	ctr-cp f c:/root/late
	ctr-start c
	[ "$(ctr-exec c cat /root/late)" = from-host ]
}

@test "volumes are seen, running or not" {
	mkdir v
	ctr-run -d --name e -v "$WORLD/v:/vol" "$ROOTFS" sleep 100
	ctr-cp f e:/vol
	[ "$(cat v/f)" = from-host ]
	ctr-kill e
	ctr-wait e
	ctr-cp d/one e:/vol/late
	[ "$(cat v/late)" = 1 ]
}

@test "owners: the container's root, or with -a as they were" {
	chown 1234:1234 f
	ctr-cp f c:/root/f
	ctr-cp -a f c:/root/kept
	[ "$(ctr-exec c stat -c %u:%g /root/f /root/kept)" = $'0:0\n1234:1234' ]
	ctr-exec c chown 77:77 /root/f
	ctr-cp c:/root/f mine
	ctr-cp -a c:/root/f kept
	[ "$(stat -c %u:%g mine kept)" = $'0:0\n77:77' ]
}

@test "links: copied as links, followed with -L within the container" {
	ctr-exec c sh -c '
		ln -s /etc/os-release /root/abs
		ln -s ../etc /root/rel
		ln -s /root/rel/os-release /root/twice'
	ctr-cp c:/root/abs .
	[ "$(readlink abs)" = /etc/os-release ]
	ctr-cp -L c:/root/abs followed
	[ "$(cat followed)" = NAME=ctrbox ]
	ctr-cp -L c:/root/twice followed2
	[ "$(cat followed2)" = NAME=ctrbox ]
	ctr-exec c mkdir /root/real
	ctr-exec c touch /root/real/x
	ctr-exec c ln -s real /root/dirlink
	ctr-cp -L c:/root/dirlink copied
	[ -e copied/x ]
	ctr-cp -L c:/root/dirlink - | tar t | grep -qx dirlink/x
	ctr-cp c:/root/rel/os-release through
	[ "$(cat through)" = NAME=ctrbox ]
}

@test "links in the container lead nowhere on the host (CVE-2018-15664)" {
	mkdir secret target
	echo secret >secret/s
	ctr-exec c sh -c "
		ln -s $WORLD/secret /root/l
		ln -s $WORLD/target /root/t
		ln -s ../../../../../../..$WORLD/secret /root/up
		ln -s $WORLD/target/made /root/file"
	run -1 ctr-cp c:/root/l/s out
	[ ! -e out ]
	run -1 ctr-cp c:/root/up/s out
	run -1 ctr-cp -L c:/root/l out
	run -1 ctr-cp f c:/root/t/f
	ctr-cp f c:/root/file
	run -1 ctr-cp d c:/root/t
	tar c d | ctr-cp - c:/root/t || true
	[ -z "$(ls target)" ]
	# an archive that goes through a link of the container's
	ctr-exec c mkdir /root/x
	ctr-exec c ln -s "$WORLD/target" /root/x/d
	run -1 sh -c 'tar c d | ctr-cp - c:/root/x'
	[ -z "$(ls target)" ]
}

@test "a container that swaps a link for a folder all the time gets nothing out" {
	mkdir target
	ctr-exec -d c sh -c "
		cd /root
		mkdir a
		ln -s $WORLD/target b
		while :; do
			mv a x
			mv b a
			mv a b
			mv x a
		done"
	for i in $(seq 25); do ctr-cp f c:/root/a/f 2>/dev/null || true; done
	[ -z "$(ls target)" ]
}

@test "wrong use" {
	run -2 ctr-cp f
	run -2 ctr-cp f g
	run -2 ctr-cp c:/a c:/b
	run -2 ctr-cp c: f
	run -1 ctr-cp nothing:/a f
	run -1 ctr-cp c:/nothing f
	run -1 ctr-cp nothing c:/
	[ "${#lines[@]}" -eq 1 ]
	run -1 ctr-cp d c:/etc/passwd
	[[ $output == *'cannot replace'* ]]
	# a file is no directory, here or there
	run -1 ctr-cp f/ c:/root/x
	run -1 ctr-cp c:/etc/passwd/ x
	run -1 ctr-cp f c:/etc/passwd/
	# in a tree, too, one does not become the other
	ctr-exec c mkdir -p /root/d/one
	run -1 ctr-cp d c:/root
	[[ ${#lines[@]} -eq 1 && $output == *'not a directory, but there is one'* ]]
}

@test "a user namespace: files have the owners that the container sees, both ways" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to choose the ids"
	mkdir v
	chown 1234:1235 f
	ctr-run -d --name u --userns 0:100000:65536 -v "$WORLD/v:/vol" "$ROOTFS" sleep 100
	ctr-cp f u:/tmp
	ctr-cp -a f u:/tmp/kept
	tar c f d | ctr-cp - u:/root
	ctr-cp d u:/vol
	ctr-cp -a f u:/vol
	run -0 ctr-exec u stat -c %u:%g /tmp/f /tmp/kept /root/f /root/d/sub/two /vol/d/one /vol/f
	[ "${lines[*]}" = '0:0 1234:1235 1234:1235 0:0 0:0 1234:1235' ]
	[ "$(stat -c %u:%g v/d/one v/f)" = $'100000:100000\n101234:101235' ]
	ctr-cp -a u:/tmp/kept out
	[ "$(stat -c %u:%g out)" = 1234:1235 ]
	ctr-cp u:/tmp/kept - | tar tv --numeric-owner | grep -q ' 1234/1235 '
}

@test "a disk that fills up is named, and the half file goes" {
	ctr-run -d --name e --tmpfs /tf:size=64k "$ROOTFS" sleep 100
	head -c 1000000 /dev/zero >big
	run -1 ctr-cp big e:/tf/x
	[[ ${#lines[@]} -eq 1 && $output == *'No space left'* ]]
	[ -z "$(ctr-exec e ls /tf)" ]
}

@test "a device, fifo or socket on the host is not replaced, nor what a link to one points to" {
	mkfifo p
	ln -s p l
	mkdir -p in
	mkfifo in/os-release
	for to in p l in; do
		run -1 ctr-cp c:/etc/os-release $to
		[ "${#lines[@]}" -eq 1 ]
	done
	[[ -p p && -L l && -p in/os-release ]]
	ln -s f l2 # another link is, itself
	ctr-cp c:/etc/os-release l2
	[[ ! -L l2 && $(cat f) == from-host ]]
}

@test "a running container is copied without /proc, /sys and the like, which are refused" {
	ctr-cp c:/ - >all.tar
	tar tf all.tar >names
	[ "$(grep -cE '^\./(proc|sys|dev/pts)/' names)" -eq 3 ]
	grep -qx ./etc/os-release names
	for p in /proc/version /sys/kernel /proc/.; do
		run -1 ctr-cp c:$p out
		[[ ${#lines[@]} -eq 1 && $output == *kernel* ]]
	done
}

@test "what is read-only stays so, running or not: the root, a volume" {
	mkdir v w
	ctr-run -d --name e --read-only -v "$WORLD/v:/v:ro" -v "$WORLD/w:/w" "$ROOTFS" sleep 100
	for state in running stopped; do
		for to in /x /v/x; do
			run -1 ctr-cp f e:$to
			[[ $output == *'Read-only'* ]]
		done
		ctr-cp f e:/w/$state
		ctr-kill e || true
		ctr-wait e
	done
	[ "$(ls v w)" = $'v:\n\nw:\nrunning\nstopped' ]
}

@test "into a stopped container of a user namespace: deleted files stay deleted" {
	tar -C "$ROOTFS" -c . | ctr-image import box >/dev/null
	ctr-run --keep --name u --userns auto box sh -c '[ -e /done ] || rm -r /home; : >/done'
	mkdir -p h/home && echo hi >h/home/x
	ctr-cp h/home u:/
	ctr-diff u
	ctr-commit u img >/dev/null
	[ "$(ctr-run img ls /home)" = x ]
	[ "$(ctr-run --userns auto img ls /home)" = x ]
}

@test "a folder swapped for a link during an extraction: modes on the host stay" {
	mkdir -p target/sub && touch -d @1000 target/sub target && chmod 700 target/sub
	head -c 1000000 /dev/zero >filler
	tar c d filler >d.tar
	{
		head -c 900000 d.tar
		wait_for 5 ctr-exec c test -e /root/d/sub/two
		ctr-exec c sh -c "mv /root/d /root/e; ln -s $WORLD/target /root/d"
		tail -c +900001 d.tar
	} | ctr-cp - c:/root || true
	ctr-exec c test -e /root/e/sub/two
	[ "$(stat -c %Y-%a target/sub)" = 1000-700 ]
}

@test "out without -a: no devices, no set-id bits, no capabilities; said in a line each" {
	ctr-exec c sh -c '
		mkdir /out
		cp /bin/busybox /out/su
		cp /bin/busybox /out/su2
		chmod 6755 /out/su*
		mknod /out/mem c 1 3'
	setcap cap_net_raw+ep "$CTR_LIB/containers/c/upper/out/su2"
	run -0 ctr-cp c:/out out
	[ "${#lines[@]}" -eq 2 ]
	[[ $output == *'out/mem: a device'*'out/su and '* ]]
	[ "$(stat -c %a out/su out/su2)" = $'755\n755' ]
	[ -z "$(getcap out/su2)" ]
	[ ! -e out/mem ]
	run -0 ctr-cp -a c:/out kept
	[ -z "$output" ]
	[ "$(stat -c %a-%F kept/su kept/mem)" = $'6755-regular file\n644-character special file' ]
}

@test "onto a mount: the mounted file is written, a read-only one is refused" {
	echo old >m
	echo old >ro
	ctr-run -d --name e -v "$WORLD/m:/etc/m" -v "$WORLD/ro:/etc/ro:ro" "$ROOTFS" sleep 100
	mkdir -p t/etc
	ln -s x t/etc/m
	for state in running stopped; do
		echo "$state" >new
		ctr-cp new e:/etc/m
		[ "$(cat m)" = "$state" ]
		tar c --transform 's,new,etc/m,' new | ctr-cp - e:/
		[ "$(cat m)" = "$state" ]
		run -1 ctr-cp new e:/etc/ro
		[[ ${#lines[@]} -eq 1 && $output == *Read-only* ]]
		run -1 ctr-cp t/. e:/
		[[ ${#lines[@]} -eq 1 && $output == *'something is mounted there'* ]]
		[ "$state" != running ] || [ "$(ctr-exec e cat /etc/m)" = running ]
		ctr-kill e || true
		ctr-wait e
	done
	[ "$(cat ro)" = old ]
}

@test "onto a link in the container: the file that it leads to, a volume's too, is written" {
	echo old >m
	ctr-run -d --name e -v "$WORLD/m:/etc/m" "$ROOTFS" sh -c '
		ln -s /srv/l1 /etc/l; mkdir /srv; ln -s ../etc/m /srv/l1
		echo x >/srv/f; ln -s f /srv/l2; ln -s none /srv/l3; ln -s l4 /srv/l4
		ln -s ../../../../../../../..'"$WORLD"'/secret /srv/out; touch /srv/up; sleep 100'
	wait_for 5 ctr-exec e test -e /srv/up
	echo secret >secret
	for state in running stopped; do
		echo "$state" >new
		for to in etc/l srv/l2 srv/l3; do ctr-cp new "e:/$to"; done
		[ "$(cat m)" = "$state" ]
		ctr-cp new e:/srv/l4 # which leads nowhere
		[ "$(ctr-cp e:/srv/l4 - | tar -xO)" = "$state" ]
		ctr-cp new e:/srv/out
		[ "$(cat secret)" = secret ]
		ctr-cp e:/etc/l - | tar -t -v | grep -q 'l -> /srv/l1'
		ctr-cp e:/srv/l2 - | tar -t -v | grep -q 'l2 -> f'
		[ "$(ctr-cp e:/srv/f - | tar -xO)" = "$state" ]
		[ $state = stopped ] || ctr-kill e
		ctr-wait e
	done
}

@test "a file that cannot be opened, here for a lease on it, fails the copy, and at once" {
	mkdir v
	echo x >v/f
	ctr-run -d --name e -v "$WORLD/v:/v" "$ROOTFS" sleep 100
	perl -e '$SIG{IO} = "IGNORE"; open F, "+<", "v/f"; fcntl F, 1024, 1 or die; # F_SETLEASE
		open U, ">", "up"; sleep 100' 3>&- &
	holder=$!
	wait_for 5 test -e up
	for from in v/f v; do
		run -1 timeout 20 ctr-cp "e:/$from" out
		[[ "$output" == *"open: Resource temporarily unavailable" ]]
		[ ! -e out ] || [ -z "$(ls -A out)" ]
		run -1 timeout 20 sh -c "ctr-cp e:/$from - >out.tar"
		rm -rf out
	done
	kill "$holder"
	ctr-cp e:/v/f out
	[ "$(cat out)" = x ]
}

@test "into a stopped container: a copy into a tmpfs is refused; into a volume it works" {
	mkdir v
	echo new >f
	ctr-run --keep --name e --tmpfs /t -v "$WORLD/v:/t/v" "$ROOTFS" sh -c 'echo x >/t/x'
	for to in /t /t/f /dev/f /proc/f /sys; do
		run -1 ctr-cp f "e:$to"
		[[ ${#lines[@]} -eq 1 && $output == *Read-only* ]]
	done
	ctr-cp f e:/t/v/
	[ "$(cat v/f)" = new ]
	[ -z "$(ctr-diff e | grep -v '^[AC] /\(etc.*\|t\|t/v\)$')" ]
	# a volume whose folder is gone: nothing is written beneath it, the rest can be had
	ctr-run --keep --name g -v "$WORLD/v:/d" "$ROOTFS" sh -c 'echo kept >/k'
	mv v away
	run -1 ctr-cp f g:/d/f
	[[ $output == *"/d: $WORLD/v: No such file or directory"*"Read-only"* ]]
	[ ! -e "$CTR_LIB/containers/g/upper/d/f" ]
	[ "$(ctr-cp g:/k - 2>said | tar -xO k)" = kept ]
	[[ "$(cat said)" == *"/d: $WORLD/v: No such file"* ]]
}

@test "into a stopped container whose volume is gone: nothing is written beneath it" {
	mkdir -p v t/etc t/new/x
	echo new | tee f t/etc/h t/new/x/h >/dev/null
	for at in /etc/h /away /new/x /t; do
		ctr-create --name w -v "$WORLD/v:$at" --tmpfs /t "$ROOTFS" true >/dev/null
		up=$CTR_LIB/containers/w/upper
		mkdir "$up/etc"
		echo old >"$up/etc/h"
		ln -s /nowhere "$up/away"
		mv v gone
		ctr-cp "w:$at" out 2>said
		[ -z "$(find out -mindepth 1)" ]
		[[ $(<said) == "ctr-cp: $at: $WORLD/v: No such file or directory" ]]
		for to in "$at" "$at/f" /t/f; do
			run -1 ctr-cp f "w:$to"
			[[ ${#lines[@]} = 2 && $output == *"Read-only file"* || $to = /etc/h/f ]]
		done
		run ctr-cp t/. w:/
		[ "$(cat "$up/etc/h")" = old ] || [ "$at" != /etc/h ]
		[ -z "$(find "$up$at/" "$up/t" "$up/nowhere" -mindepth 1)" ]
		mv gone v
		rm -r out
		ctr-rm w >/dev/null
	done
}

# bats test_tags=ctr-cp,ctr-commit
@test "a container's holes, which cost it nothing, cost no time either: cp, commit, -" {
	ctr-run -d --name h "$ROOTFS" sleep 1000 >/dev/null
	f=$CTR_LIB/containers/h/upper/big
	echo head >"$f"
	truncate -s 2T "$f" && echo middle >>"$f" && truncate -s 4T "$f" ||
		skip "files of 4 TiB cannot be had here"
	timeout 20 ctr-cp h:/big out
	[ "$(stat -c %s out)" = $((4 << 40)) ]
	[ "$(head -c 5 out)" = head ]
	[ "$(dd if=out bs=7 iflag=skip_bytes,count_bytes skip=$((2 << 40)) count=7 status=none)" = \
		middle ]
	[ "$(stat -c %b out)" -lt 100 ]
	timeout 20 ctr-commit h big:1
	timeout 20 ctr-run big:1 sh -c 'stat -c %s /big; head -c 5 /big' >read
	[ "$(tr '\n' ' ' <read)" = "$((4 << 40)) head " ]
	[ "$(timeout 20 ctr-commit h - | wc -c)" -lt 20000000 ]
}
