#!/usr/bin/env bats
# ctr-volume and the volumes of ctr-run.
bats_require_minimum_version 1.5.0
load lib
load image

@test "a named volume is made, filled from the image on first use, and outlives its containers" {
	mkdir r
	cp -a "$ROOTFS/." r/
	mkdir -p r/data/sub
	echo seed >r/data/seed
	chown 12:34 r/data/seed
	chmod 750 r/data
	tar -C r -cf - . | ctr-image import img >/dev/null
	run -0 ctr-run -v vol:/data img sh -c 'cat /data/seed; echo more >/data/more'
	[ "$output" = seed ]
	[ "$(stat -c %u:%g "$CTR_LIB/volumes/vol/seed")" = 12:34 ]
	[ "$(stat -c %a "$CTR_LIB/volumes/vol")" = 750 ]
	run -0 ctr-run -v vol:/data img ls /data
	[ "$output" = $'more\nseed\nsub' ]
	# the same if a link in the image leads there
	mkdir r/data/dir
	ln -s /data/./sub/.. r/data/dir/up
	ln -s ../data/dir/up r/etc/way
	ln -s loop r/loop
	tar -C r -cf - . | ctr-image import img >/dev/null
	[ "$(ctr-run -v way:/etc/way/sub/ -v /etc/way img ls /etc/way)" = $'dir\nseed\nsub' ]
	run -125 ctr-run -v /loop img true
	# a volume that has something in it is not filled
	run -0 ctr-run -v vol:/etc img ls /etc
	# a place for the container's own is made, as docker does
	[ "$output" = $'hosts\nmore\nseed\nsub' ]
	run -0 ctr-run -v empty:/data:nocopy img ls /data
	[ -z "$output" ]
}

@test "create -o device=: a folder of the host by a name, which outlives the volume" {
	mkdir host
	echo 1 >host/one
	ctr-volume create -o type=none -o o=bind -o "device=$PWD/host" --label a=b bound
	ctr-create --name c -v bound:/v "$ROOTFS" sh -c 'cat /v/one; echo 2 >/v/two' >/dev/null
	[ "$(ctr-start -a c)$(cat host/two)" = 12 ]
	[ "$(ctr-run --userns auto -v bound:/v:ro "$ROOTFS" cat /v/two)" = 2 ]
	[ "$(ctr-volume ls -q) $(ctr-volume inspect -f '{{.Options.device}} {{.Labels.a}}' bound)" = \
		"bound $PWD/host b" ]
	[ "$(ctr-inspect -f '{{range .Mounts}}{{.Type}} {{.Name}}{{end}}' c)" = "volume bound" ]
	run -1 ctr-volume rm bound
	[[ "$output" == *"in use by container c"* ]]
	ctr-rm c
	ctr-prune -f volumes | grep -x bound
	[ "$(ls -A "$CTR_LIB/volumes")$(echo host/*)" = "host/one host/two" ]
	ctr-volume create -o device="$PWD/nosuch" none
	run -125 ctr-run -v none:/v "$ROOTFS" true
	[[ "$output" == *"No such file"* ]]
	[ "$(ctr-inspect -f '{{.Options.device}}' none)" = "$PWD/nosuch" ]
	for bad in type=tmpfs device=x o=ro; do
		run -2 ctr-volume create -o device=/ -o $bad x
		[[ "$output" == "ctr-volume: -o '$bad': only a folder of the host "* ]]
	done
	run -2 ctr-volume create -o o=bind x
	[ "$(ctr-volume ls -q)" = none ]
}

@test "a volume is filled from a squashfs file, too" {
	not_old "a mount of nobody's needs Linux 5.2"
	need mksquashfs squashfs-tools
	mksquashfs "$ROOTFS" r.squashfs -quiet -no-progress >/dev/null
	[ "$(ctr-run -v vol:/etc ./r.squashfs cat /etc/os-release)" = NAME=ctrbox ]
	[ -e "$CTR_LIB/volumes/vol/group" ]
	wait_for 5 sh -c '! losetup -a | grep -q "$1"' _ "$WORLD"
}

@test "ls, inspect, rm; one in use stays" {
	ctr-volume create a b
	ctr-run -d --name c -v a:/x "$ROOTFS" sleep 100 >/dev/null
	run -0 ctr-volume ls -n
	[[ ${lines[0]} =~ ^a\ +c\ +$CTR_LIB/volumes/a$ ]]
	[[ ${lines[1]} =~ ^b\ +-\ + ]]
	run -0 ctr-volume inspect a
	[[ $output == *'"Mountpoint": "'"$CTR_LIB/volumes/a"'"'* ]]
	run -0 ctr-volume inspect --json a
	[[ $output == '{"name":"a",'*'"containers":["c"]}' ]]
	run -1 --separate-stderr ctr-volume inspect nosuch
	[ "$output" = "[]" ] # as docker
	[ "$(ctr-volume ls -q)" = $'a\nb' ]
	run -1 ctr-volume rm a
	[[ $output == *'in use by container c'* ]]
	ctr-rm -f c
	ctr-volume rm a
	run -1 ctr-volume rm a
	[[ $output == *'no such volume'* ]]
	run -2 ctr-volume prune
	ctr-volume create other >/dev/null
	[ "$(ctr-volume prune -f --filter name=b)" = b ] # and nothing else
	[ "$(ctr-volume prune -f)" = other ]
	[ -z "$(ls -A "$CTR_LIB/volumes")" ]
	run -2 ctr-volume create '../x'
	run -1 ctr-volume rm ..
	[ -d "$CTR_LIB/volumes" ]
	ctr-volume create keep
	run -2 ctr-volume rm --filter label=x keep # an option of ls and prune: nothing is removed
	ctr-volume ls -q | grep -qx keep
	run -2 ctr-net ls --subnet 10.0.0.0/24
	[[ "$output" == "ctr-net: unknown option --subnet "* ]]
}

@test "prune goes on after a volume that cannot be removed" {
	ctr-volume create a b c >/dev/null
	run -1 --separate-stderr unshare -m sh -c \
		'mount -t tmpfs none "$CTR_LIB/volumes/b" && exec ctr-volume prune -f'
	[ "$output" = $'a\nc' ]
	[ "${#stderr_lines[@]}" = 1 ]
	ctr-volume prune -f
	[ -z "$(ls -A "$CTR_LIB/volumes")" ]
}

@test "a nameless volume goes with its container" {
	ctr-run -d --name c -v /data "$ROOTFS" sh -c 'echo x >/data/x; sleep 100' >/dev/null
	wait_for 5 ctr-exec c test -e /data/x
	[ ! -e "$CTR_LIB/containers/c/upper/data/x" ]
	[ -z "$(ctr-volume ls -q)" ]
	ctr-rm -f c
	[ -z "$(find "$CTR_LIB" -name x)" ]
}

@test "the image's Volumes are nameless ones, unless something is mounted there" {
	box img -c 'VOLUME /home'
	ctr-run -d --name c img sh -c 'echo x >/home/x; sleep 100' >/dev/null
	wait_for 5 ctr-exec c test -e /home/x
	[ "$(ctr-exec c ls /home)" = $'user\nx' ]
	[ ! -e "$CTR_LIB/containers/c/upper/home/x" ]
	ctr-run -v mine:/home img sh -c 'echo y >/home/y'
	[ -e "$CTR_LIB/volumes/mine/y" ]
}

@test "SRC is a path, made when missing; --mount type=bind wants it to be there" {
	ctr-run -v "$WORLD/new/deep:/x" "$ROOTFS" sh -c 'echo x >/x/f'
	[ "$(cat new/deep/f)" = x ]
	ctr-run -v ./rel:/x "$ROOTFS" sh -c 'echo y >/x/f'
	[ "$(cat rel/f)" = y ]
	run -125 ctr-run --mount "type=bind,src=$WORLD/none,dst=/x" "$ROOTFS" true
	[ ! -e none ]
	run -0 ctr-run --mount "type=bind,source=$WORLD/rel,target=/x,readonly" "$ROOTFS" sh -c '
		cat /x/f; echo z >/x/f || echo refused'
	[ "${lines[0]}" = y ]
	[[ $output == *refused ]]
	for yes in readonly=True ro=t readonly=1; do
		run -1 ctr-run --mount "type=bind,source=$WORLD/rel,target=/x,$yes" \
			"$ROOTFS" touch /x/g
	done
	ctr-run --mount "type=bind,source=$WORLD/rel,target=/x,readonly=F" "$ROOTFS" touch /x/g
}

@test "read-only, a single file, several and nested ones" {
	mkdir -p a/in b
	echo file >file
	echo keep >a/keep
	run ctr-run -v "$WORLD/a:/a:ro" "$ROOTFS" sh -c 'cat /a/keep; echo x >/a/x'
	[ "$status" -ne 0 ]
	[[ ${lines[0]} == keep ]]
	[ ! -e a/x ]
	run -0 ctr-run -v "$WORLD/file:/etc/hosts-like" -v "$WORLD/a:/a" \
		-v "$WORLD/b:/a/in" "$ROOTFS" sh -c 'cat /etc/hosts-like; echo b >/a/in/b; ls /a'
	[ "${lines[0]}" = file ]
	[ "$(cat b/b)" = b ]
	[ ! -e a/in/b ]
}

@test "a volume inside another is mounted after it; two for one place are refused" {
	mkdir -p a/in b
	touch a/keep b/inner
	for m in "-v $WORLD/b:/a/in -v $WORLD/a:/a" \
		"--mount type=bind,src=$WORLD/b,dst=/a/in -v $WORLD/a:/a"; do
		# shellcheck disable=SC2086 # words
		run -0 ctr-run $m "$ROOTFS" ls /a /a/in
		[[ $output == *keep* && $output == *inner* ]]
	done
	run -0 ctr-run --tmpfs /a/in --tmpfs /a:mode=755 "$ROOTFS" sh -c '
		grep -c " tmpfs rw.*" /proc/mounts; grep -o " /a[^ ]* tmpfs" /proc/mounts'
	[ "${lines[1]}${lines[2]}" = ' /a tmpfs /a/in tmpfs' ]
	run -125 ctr-run -v "$WORLD/a:/x" --mount "type=bind,src=$WORLD/b,dst=/x/" "$ROOTFS" true
	[[ $output == *'two mounts for one place'* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "docker's words without a meaning here are accepted; propagation and recursion work" {
	mkdir -p a/sub
	for w in z Z cached delegated consistent rw,z rprivate,exec; do
		ctr-run -v "$WORLD/a:/x:$w" "$ROOTFS" true
	done
	cat >inside <<-'END'
		set -e
mount -t tmpfs none "$WORLD/a/sub"
		mount --make-rshared /
		# a mount below comes along, and is read-only with the rest; "bind" and bind-recursive=disabled leave it out
		touch a/sub/below
		[ "$(ctr-run -v "$WORLD/a:/x" "$ROOTFS" ls /x/sub)" = below ]
		! ctr-run -v "$WORLD/a:/x:ro" "$ROOTFS" touch /x/sub/y 2>/dev/null || false
		! ctr-run --mount "type=bind,src=$WORLD/a,dst=/x,readonly,bind-recursive=readonly" "$ROOTFS" touch /x/sub/y 2>/dev/null || false
		[ -z "$(ctr-run --mount "type=bind,src=$WORLD/a,dst=/x,bind-recursive=disabled" "$ROOTFS" ls /x/sub)" ]
		[ -z "$(ctr-run -v "$WORLD/a:/x:bind" "$ROOTFS" ls /x/sub)" ]
		# rslave: what the host mounts later is seen; private: it is not; rshared: the other way, too
		mkdir m
		mount --bind m m
		mount --make-rshared m
		ctr-run -d --name slave -v "$WORLD/m:/x:rslave" "$ROOTFS" sleep 100 >/dev/null
		ctr-run -d --name own -v "$WORLD/m:/x" "$ROOTFS" sleep 100 >/dev/null
		ctr-run -d --name shared --privileged --mount "type=bind,src=$WORLD/m,dst=/x,bind-propagation=rshared" "$ROOTFS" sleep 100 >/dev/null
		mkdir m/late m/theirs
		mount -t tmpfs none m/late
		touch m/late/f
		ctr-exec slave test -e /x/late/f
		! ctr-exec own test -e /x/late/f || false
		ctr-exec shared mount -t tmpfs none /x/theirs
		grep -q " $WORLD/m/theirs " /proc/mounts
		ctr-rm -f slave own shared >/dev/null
	END
	WORLD=$WORLD unshare -m --propagation private bash inside
}

@test "only the host's /proc and /sys may be mounted over the container's own" {
	mkdir d
	for at in /proc /sys/; do
		for m in "-v $WORLD/d:$at" "-v vol:$at" "--mount type=bind,src=$WORLD/d,dst=$at"; do
			# shellcheck disable=SC2086 # words
			run -125 ctr-run $m "$ROOTFS" true
			[[ ${#lines[@]} -eq 1 && $output == *"the host's own"* ]]
		done
	done
	[ -z "$(ls d)" ]
	ctr-run -v /sys:/sys "$ROOTFS" test -e /sys/kernel
}

@test "a link to nothing is named, in the image and on the host" {
	cp -a "$ROOTFS/." r
	ln -s /etc/target r/lnk
	ln -s nothing l
	run -125 ctr-run -v ./l:/x ./r true
	[[ ${#lines[@]} -eq 1 && $output == *'dangling symbolic link'* ]]
	# a working directory is made where the link leads, in the root
	[ "$(ctr-run -w /lnk ./r sh -c 'pwd -P')" = /etc/target ]
	[ ! -e /etc/target ]
	# a file may lie on one, and a folder
	echo x >f
	[ "$(ctr-run -v ./f:/lnk ./r cat /lnk)" = x ]
	ln -s /none/target r/lnk2
	mkdir d
	echo x >d/f
	for m in '-v ./d:/lnk2' '-v v:/lnk2' '--tmpfs /lnk2'; do
		# shellcheck disable=SC2086 # words
		[ "$(ctr-run $m ./r grep -c ' /none/target ' /proc/self/mounts)" = 1 ]
	done
}

@test "--mount type=tmpfs with size and mode" {
	run -0 ctr-run --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700 "$ROOTFS" sh -c '
		stat -c %a /t; df -k /t | tail -n 1; grep " /t " /proc/mounts'
	[ "${lines[0]}" = 700 ]
	[[ ${lines[1]} == *1024* ]]
	[[ ${lines[2]} == *nosuid*nodev*noexec* ]]
}

@test "bad requests are wrong usage, one line each" {
	for v in '' ':' 'a:' ':/b' 'a:b' 'a:/' 'a:/x/../..' 'a:/x:frob' '-a:/x' 'a b:/x'; do
		run -125 ctr-run -v "$v" "$ROOTFS" true
		[ "${#lines[@]}" -eq 1 ]
	done
	for m in '' 'dst=/x,type=nope' 'type=bind,dst=/x' 'type=tmpfs,src=/a,dst=/x' \
		'type=bind,src=/tmp' 'type=tmpfs,dst=/x,tmpfs-size=x' \
		'type=tmpfs,dst=/x,tmpfs-mode=9' 'type=bind,src=/tmp,dst=/x,readonly=yes' \
		'dst=/x,volume-nocopy=' 'type=bind,src=/tmp,dst=/x,frob=1' \
		'type=bind,src=/tmp,dst=x'; do
		run -125 ctr-run --mount "$m" "$ROOTFS" true
		[ "${#lines[@]}" -eq 1 ]
	done
	[ ! -e "$CTR_LIB/volumes" ]
}

@test "an empty volume keeps its owner and mode where the image has nothing" {
	[ "$(id -u)" = 0 ] || skip "other owners are root's to give"
	box
	ctr-volume create v
	chown 1000:1001 "$CTR_LIB/volumes/v"
	chmod 2770 "$CTR_LIB/volumes/v"
	[ "$(ctr-run -v v:/nothing/there box stat -c %u:%g:%a /nothing/there)" = 1000:1001:2770 ]
	# an empty volume gets what the image has there, as with docker
	[ "$(ctr-run -v v:/bin box sh -c 'stat -c %u:%g:%a /bin; ls /bin/sh' | xargs)" = \
		"0:0:755 /bin/sh" ]
}

@test "a mount point is a volume; it is filled where it is, and not removed" {
	[ "$(id -u)" = 0 ] || skip "mounts are root's"
	box
	ctr-volume create v
	unshare -m --propagation private bash -euc '
		mount -t tmpfs -o mode=711 none "$CTR_LIB/volumes/v"
		[ "$(ctr-run -v v:/nothing box stat -c %a:%m /nothing)" = 711:/nothing ] ||
			[ "$(ctr-run -v v:/nothing box stat -c %a /nothing)" = 711 ]
		ctr-run -v v:/bin box ls /bin/sh
		[ -e "$CTR_LIB/volumes/v/sh" ]
		ctr-volume rm v 2>err && exit 1
		grep -qx "ctr-volume: v: something is mounted on it: umount it first" err'
}

@test "a shared volume on a private mount is refused; a receiving one gets a warning" {
	mkdir m
	export WORLD
	unshare -m --propagation private bash -euc '
		mount -t tmpfs none m
		for v in "-v $WORLD/m:/x:shared" "-v $WORLD/m:/x:rshared" \
		"--mount type=bind,src=$WORLD/m,dst=/x,bind-propagation=shared"; do
			out=$(ctr-run $v "$ROOTFS" true 2>&1) || [ $? = 125 ]
			[ "$out" = \
			"ctr-run: $WORLD/m: shared: it lies on $WORLD/m, a private mount (mount --make-shared $WORLD/m)" ]
		done
		out=$(ctr-run -v "$WORLD/m:/x:slave" "$ROOTFS" true 2>&1)
		[[ "$out" == *"nothing of the host"*"s comes through" ]]
		mount --make-shared m
		ctr-run -v "$WORLD/m:/x:shared" -v "$WORLD/m:/y:rslave" "$ROOTFS" true
		out=$(ctr-run --userns auto -v "$WORLD/m:/x:shared" "$ROOTFS" true 2>&1) ||
		[ $? = 125 ]
		[[ "$out" == *"it can only be slave" ]]'
	run -125 ctr-run -v "$WORLD/m:/x:shared,slave" "$ROOTFS" true
	run -125 ctr-run --tmpfs /x:shared "$ROOTFS" true
}

@test "a folder that -v makes on the host belongs to the container's root" {
	ctr-run --userns auto -v "$WORLD/new:/a" "$ROOTFS" touch /a/file
	[ -e new/file ]
}
