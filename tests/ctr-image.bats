#!/usr/bin/env bats
# ctr-image: the image store.
bats_require_minimum_version 1.5.0
load lib
load image

@test "a root filesystem's archive becomes an image that runs" {
	tar -C "$ROOTFS" -cf root.tar .
	run -0 ctr-image import -c 'CMD ["echo", "hello from", "an image"]' box root.tar
	[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	run -0 ctr-run box
	[ "$output" = "hello from an image" ]
	run -0 ctr-run box:latest echo other words
	[ "$output" = "other words" ]
}

@test "import takes gzip, zstd and xz, from a file or a pipe; all give one layer" {
	need zstd
	need xz xz-utils
	tar -C "$ROOTFS" -cf root.tar etc bin
	gzip -k root.tar
	ctr-image import gz root.tar.gz
	zstd -q <root.tar | ctr-image import zst
	xz -T1 -0 <root.tar | ctr-image import xz -
	cat root.tar | ctr-image import plain -
	run -1 ctr-image import nosuch.tar
	[ "$output" = "ctr-image: nosuch.tar: No such file or directory" ]
	run -1 ctr-image import /nosuch
	run -1 "$CTRBOX" import nosuch.tar <root.tar
	[ "$output" = "ctr-image: nosuch.tar: No such file or directory" ]
	mkdir folder
	for c in './folder name' 'name folder'; do
		# shellcheck disable=SC2086
		run -2 ctr-image import $c
		[[ $output = "ctr-image: "*"folder: a folder: tar -C "*"folder -c . |"* ]]
	done
	ctr-image import my.target <root.tar
	ctr-image rm my.target
	run -2 ctr-image import root.tar
	[ "$output" = \
		"ctr-image: root.tar: a NAME comes first: ctr-image import NAME root.tar" ]
	run -2 ctr-image import http://h.test/i.tar web
	[ "$output" = \
		"ctr-image: http://h.test/i.tar: by a pipe: curl http://h.test/i.tar | ctr-image import NAME" ]
	[ "$(ls "$CTR_LIB/layers")" = "$(sha root.tar)" ]
	[ "$(ctr-image ls -n | wc -l)" -eq 4 ]
	for i in gz zst xz plain; do
		run -0 ctr-run "$i" cat /etc/os-release
		[ "$output" = NAME=ctrbox ]
	done
}

@test "ls lists, with JSON for programs; a name without a tag is latest" {
	box a/b:1.0
	box other
	run -0 ctr-image ls
	[[ ${lines[0]} =~ ^NAME\ +TAG\ +ID\ +CREATED\ +SIZE$ ]]
	[[ ${lines[1]} =~ ^a/b\ +1.0\ +[0-9a-f]{12}\ +[0-9]+\ seconds?\ ago\ +[0-9.]+M$ ]]
	[[ ${lines[2]} =~ ^other\ +latest ]]
	run -0 ctr-image ls --json
	[[ $output == *'"name":"a/b"'* ]]
	run -0 ctr-image ls -q
	[[ ${lines[0]} =~ ^sha256:[0-9a-f]{64}$ ]]
	run -0 ctr-image inspect --json other
	[[ $output == '{"digest":"sha256:'*'"diff_ids"'*'}' ]]
	run -1 --separate-stderr ctr-image inspect nosuch
	[ "$output" = "[]" ] # as docker
	run -0 ctr-image history other
	[[ $output == *'imported from stdin'* ]]
}

@test "an image is found by name, docker's long name, digest and beginning of a digest" {
	box busybox:1
	d=$(ctr-image ls -q)
	h=${d#sha256:}
	id=$(ctr-image ls -n | awk '{ print $3 }')
	for ref in busybox:1 docker.io/library/busybox:1 library/busybox:1 "$d" "$h" "${h:0:8}" \
		"busybox@$d" "docker.io/library/busybox:1@$d" "$id" "${id:0:6}"; do
		run -0 ctr-run "$ref" echo yes
		[ "$output" = yes ]
	done
	run -125 ctr-run busybox true
	[[ $output == *'no such image'* ]]
	: >here
	run -125 ctr-run here true
	[[ $output == *'here: no such image (what lies here is ./here)'* ]]
	run -125 ctr-run nothing/there:1 true
	run -125 ctr-run "busybox@sha256:$(printf '%064d' 0)" true
}

@test "bad names change nothing" {
	for n in '' ':x' 'x:' '-x' 'a//b' '/x' 'x:a/b:' 'x y' '../x' Foo foo- a/B sha256:abc \
		"$(printf 'x%.0s' {1..300})"; do
		run -2 ctr-image import "$n" /dev/null
		[ "${#lines[@]}" -eq 1 ]
	done
	[ ! -e "$CTR_LIB/images" ]
}

@test "the image's config: entrypoint, command, environment, folder, user, labels, stop signal" {
	box cfg -c 'ENTRYPOINT ["sh", "-c", "echo $A $PWD $(id -un) $0 $*"]' \
		-c 'CMD ["one", "two words"]' -c 'ENV A=from-image' -c 'WORKDIR /tmp' \
		-c 'USER user' -c 'LABEL who=me' -c 'STOPSIGNAL SIGUSR1'
	run -0 ctr-run cfg
	[ "$output" = "from-image /tmp user one two words" ]
	run -0 ctr-run -e A=mine -w / -u 0 cfg three
	[ "$output" = "mine / root three" ]
	run -0 ctr-run --entrypoint echo cfg four
	[ "$output" = four ]
	run -0 ctr-image inspect --json cfg
	[[ $output == *'"who":"me"'* ]]
	[[ $output == *'"StopSignal":"SIGUSR1"'* ]]
}

@test "--change takes a Dockerfile's words; an ENTRYPOINT takes the command away" {
	box words -c "ENV A=1 B=\"two words\" C='\"' D=a\\ b" -c 'ENV OLD some "quoted" words' \
		-c 'LABEL x="1 2" y=3' -c 'WORKDIR /tmp' -c 'WORKDIR sub' -c 'EXPOSE 80 53/udp' \
		-c 'VOLUME /v1 /v2' -c 'CMD echo $A'
	run -0 ctr-run words sh -c 'printf "%s|" "$A" "$B" "$C" "$D" "$OLD"; pwd'
	[ "$output" = '1|two words|"|a b|some "quoted" words|/tmp/sub' ]
	[ "$(ctr-run words)" = 1 ]
	run -0 ctr-image inspect words
	for x in '"x": "1 2"' '"y": "3"' '"80/tcp"' '"53/udp"' '"/v1"' '"/v2"'; do
		[[ $output == *"$x"* ]]
	done
	ctr-run --keep --name c words true
	ctr-commit -a 'Me <me@example>' -c 'ENTRYPOINT ["echo"]' c entry
	[ -z "$(ctr-run entry)" ]
	[ "$(ctr-run entry said)" = said ]
	run -0 ctr-image inspect entry
	[[ $output == *'"Author": "Me <me@example>"'* ]]
	ctr-commit -c 'CMD ["kept"]' -c 'ENTRYPOINT ["echo"]' c entry
	[ "$(ctr-run entry)" = kept ]
}

@test "an image's config may be hostile: odd volumes, labels and working directories do no harm" {
	two_layers
	made() { rm -rf o && CONFIG=$1 oci o one.tar && ctr-image load o >/dev/null; }
	mkdir secret
	touch secret/s
	made "{\"Volumes\":{\"$WORLD/secret:/x\":{}}}"
	run -125 ctr-run new:1 ls /x
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'a colon in it'* ]]
	for v in rel /../x / ''; do
		made "{\"Volumes\":{\"$v\":{}}}"
		run -125 ctr-run new:1 true
		[ "${#lines[@]}" -eq 1 ]
	done
	ctr-volume create named
	made '{"Volumes":{"named:/x":{}}}'
	run -125 ctr-run new:1 true
	[ -z "$(ctr-ps -aq)" ]
	# what is odd but harmless runs, as under docker
	made \
		'{"Labels":{"two":"lines\nof it","":"x"},"WorkingDir":"rel","Entrypoint":null,"Cmd":["pwd"],
		"Env":null,"Volumes":{"/vol/":{}},"Healthcheck":{"Test":["CMD","x"]},
		"OnBuild":["RUN x"],"ArgsEscaped":true,"StopSignal":"NOPE"}'
	[ "$(ctr-run new:1)" = /rel ]
	[ "$(ctr-run -v "$WORLD/secret:/vol" new:1 ls /vol)" = s ]
}

@test "a bad --change is wrong usage and adds nothing" {
	for c in 'ENV' 'ENV A' 'ENV A=1 B' 'LABEL =x' 'STOPSIGNAL FOO' 'USER'; do
		run -2 ctr-image import -c "$c" x /dev/null
		[ "${#lines[@]}" -eq 1 ]
	done
	run -2 ctr-image import -c 'FOO bar' x /dev/null
	run -2 ctr-image import -c 'CMD [1]' x /dev/null
	run -2 ctr-image import -c 'CMD' x /dev/null
	[ ! -e "$CTR_LIB/images" ]
}

@test "docker save, as docker up to 24 wrote it, from a pipe; layers over layers, deletions" {
	two_layers
	docker_old d one.tar two.tar
	tar -C d -cf - . | ctr-image load >names
	[ "$(cat names)" = old:1 ]
	run -0 ctr-run old:1
	[ "$output" = second ]
	run ctr-run old:1 sh -c 'ls /etc /emptied; ls /gone 2>&1'
	[[ $output == *$'/emptied:\nnew'* ]]
	[[ $output == *which* ]]
	[[ $output != *deleted* ]]
	[[ $output == *'/gone: No such file'* ]]
}

@test "docker save with a layer that is a link to another's file" {
	two_layers
	docker_old d one.tar two.tar one.tar
	ln -sf ../layer1/layer.tar d/layer3/layer.tar
	tar -C d -cf d.tar .
	ctr-image load d.tar
	run -0 ctr-run old:1
	[ "$output" = first ]
	[ "$(ls "$CTR_LIB/layers" | wc -l)" -eq 2 ]
}

@test "an OCI layout, as a folder, as an archive and gzipped in a pipe" {
	two_layers
	oci o one.tar two.tar
	[ "$(ctr-image load o)" = new:1 ]
	[ "$(ctr-run new:1)" = second ]
	ctr-image rm new:1
	tar -C o -cf o.tar .
	[ "$(ctr-image load o.tar)" = new:1 ]
	ctr-image rm new:1
	[ "$(gzip <o.tar | ctr-image load -t mine:2)" = mine:2 ]
	[ "$(ctr-run mine:2)" = second ]
	[ "$(ctr-image ls -n | wc -l)" -eq 1 ]
}

@test "an index in the index: our platform is taken" {
	two_layers
	oci o one.tar
	arch=$(ctr-image load o >/dev/null && ctr-image inspect new:1 |
		sed -n 's/.*"Architecture": "\(.*\)".*/\1/p')
	ctr-image rm new:1
	m=$(sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' o/index.json)
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%064d","size":3,
		"platform":{"os":"linux","architecture":"vax"}},
		{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s",
		"size":%s,"platform":{"os":"linux","architecture":"%s"}}]}' \
		1 "$m" "$(stat -c %s "o/blobs/sha256/$m")" "$arch" >i
	mv i "o/blobs/sha256/$(sha i)"
	i=$(ls -t o/blobs/sha256 | head -n 1)
	printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s",
		"size":%s,
		"annotations":{"org.opencontainers.image.ref.name":"docker.io/library/many:3"}}]}' \
		"$i" "$(stat -c %s "o/blobs/sha256/$i")" >o/index.json
	[ "$(ctr-image load o)" = many:3 ]
	[ "$(ctr-run many:3)" = first ]
}

@test "an index without our platform says so; foreign platforms beside ours are skipped" {
	two_layers
	oci o one.tar
	m=$(sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' o/index.json)
	d() {
		printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"platform":{"os":"%s","architecture":"%s"}%s}' "$1" 9 "$2" "$3" "${4:-}"
	}
	none=$(printf '%064d' 1)
	arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
	printf '{"schemaVersion":2,"manifests":[%s,%s]}' "$(d "$none" linux vax)" \
		"$(d "$none" windows "$arch")" >o/index.json
	refused "no image for linux/$arch" ctr-image load o
	printf '{"schemaVersion":2,"manifests":[%s,%s,%s]}' "$(d "$none" linux vax)" \
		"$(d "$m" linux "$arch" \
		',"annotations":{"io.containerd.image.name":"docker.io/library/new:25","org.opencontainers.image.ref.name":"25"}')" \
		"$(d "$none" unknown unknown \
		',"annotations":{"vnd.docker.reference.type":"attestation-manifest"}')" \
		>o/index.json
	[ "$(ctr-image load o)" = new:25 ] # with the two names that docker writes from 25 on
}

@test "docker's media types, foreign layers that are there, zstd layers" {
	need zstd
	two_layers
	for t in application/vnd.docker.image.rootfs.foreign.diff.tar.gzip \
		application/vnd.oci.image.layer.nondistributable.v1.tar \
		application/x-nobody-knows; do
		rm -rf o
		MEDIA=$t oci o one.tar two.tar
		ctr-image load o
		[ "$(ctr-run new:1)" = second ]
		ctr-image save new:1 | ctr-image load -t again
		[ "$(ctr-run again)" = second ]
	done
	zstd -q two.tar -o two.zst
	rm -rf o
	DIFF_IDS="\"sha256:$(sha one.tar)\",\"sha256:$(sha two.tar)\"" \
		MEDIA=application/vnd.oci.image.layer.v1.tar+zstd oci o one.tar two.zst
	ctr-image load o
	[ "$(ctr-run new:1)" = second ]
	# a foreign layer that is not in the archive: it lies elsewhere, and we fetch nothing
	rm "o/blobs/sha256/$(sha two.zst)"
	refused 'not in it' ctr-image load o
}

@test "export gives the tree as one archive, without deletions and marks" {
	two_layers
	oci o one.tar two.tar
	ctr-image load o
	ctr-image export new:1 | tar tf - >list
	grep -qx './' list
	grep -qx 'etc/which' list
	grep -qx 'emptied/new' list
	! grep -E 'deleted|gone|emptied/y|\.wh\.' list || false
	[ "$(ctr-image export new:1 | tar xOf - etc/which)" = second ]
}

@test "save gives an archive that load takes again, with the same digests" {
	two_layers
	oci o one.tar two.tar
	ctr-image load o
	box box:2
	before=$(ctr-image ls -q | sort)
	ctr-image save new:1 box:2 >s.tar
	ctr-image save -o s2.tar new:1 box:2
	cmp s.tar s2.tar
	tar tf s.tar | grep -qx index.json
	tar tf s.tar | grep -qx manifest.json
	ctr-image rm new:1 box:2
	[ -z "$(ls "$CTR_LIB/layers")" ]
	ctr-image load <s.tar
	[ "$(ctr-image ls -q | sort)" = "$before" ]
	[ "$(ctr-run new:1)" = second ]
	# and what docker before 25 would read of it
	mkdir d
	tar -C d -xf s.tar
	rm d/index.json d/oci-layout
	ctr-image rm new:1 box:2
	tar -C d -cf - . | ctr-image load
	[ "$(ctr-run new:1)" = second ]
}

@test "skopeo and umoci write images that load takes, and read what save gives" {
	need skopeo
	need umoci
	two_layers
	umoci init --layout u
	umoci new --image u:v1
	umoci unpack --image u:v1 b
	cp -a one/. b/rootfs/
	umoci repack --image u:v1 b
	rm b/rootfs/etc/deleted
	echo third >b/rootfs/etc/which
	umoci repack --refresh-bundle --image u:v1 b
	umoci config --image u:v1 --config.cmd cat --config.cmd /etc/which
	[ "$(ctr-image load u)" = u:v1 ]
	[ "$(ctr-run u:v1)" = third ]
	run ctr-run u:v1 ls /etc/deleted
	[ "$status" -ne 0 ]
	skopeo copy -q oci:u:v1 oci-archive:u.oci:from/skopeo:2
	skopeo copy -q oci:u:v1 docker-archive:u.docker:from/docker:3
	[ "$(ctr-image load u.oci)" = from/skopeo:2 ]
	[ "$(ctr-image load <u.docker)" = from/docker:3 ]
	[ "$(ctr-run from/skopeo:2)" = third ]
	[ "$(ctr-run from/docker:3)" = third ]
	ctr-image save u:v1 >s.tar
	skopeo inspect oci-archive:s.tar >/dev/null
	skopeo copy -q oci-archive:s.tar oci:back:v1
	skopeo copy -q docker-archive:s.tar oci:back:v2
	umoci unpack --image back:v1 x
	[ "$(cat x/rootfs/etc/which)" = third ]
	umoci unpack --image back:v2 y
	[ ! -e y/rootfs/etc/deleted ]
	# the store itself is a layout
	skopeo inspect "oci:$CTR_LIB/images:u:v1" >/dev/null
}

@test "xattrs, file capabilities, hard links, devices, sparse, long and non-ASCII names survive" {
	need setfattr attr
	need setcap libcap2-bin
	mkdir -p r/dir
	cp "$ROOTFS/bin/busybox" r/ping
	setcap cap_net_raw+ep r/ping
	setfattr -n user.note -v 'a value' r/dir
	# a default ACL, user:1000:rwx; what is in there already has none
	mkdir r/dir/sub
	setfattr -n system.posix_acl_default \
		-v 0sAgAAAAEABwD/////AgAHAOgDAAAEAAUA/////xAABwD/////IAAFAP////8= r/dir
	echo linked >r/a
	ln r/a r/dir/b
	ln r/a "r/zzz"
	mknod r/null c 1 3
	mknod -m 640 r/disk b 8 1 && touch -h -d 2001-02-03 r/disk
	mkfifo r/fifo
	truncate -s 100M r/sparse
	printf end | dd of=r/sparse bs=1 seek=50M conv=notrunc status=none
	n=$(printf 'n%.0s' {1..200})
	mkdir -p "r/$n/$n"
	echo deep >"r/$n/$n/$n"
	echo u >"r/häßlich-名前-🙂"
	echo composed >"$(printf 'r/\303\244')"
	# Debian's libarchive composes it
	[ -n "${CTR_BIN:-}" ] || echo decomposed >"$(printf 'r/a\314\210')"
	[ -n "${CTR_BIN:-}" ] || echo jamo >"$(printf 'r/\341\204\200\341\205\241')"
	printf b >"r/$(printf 'latin1-\344\377')"
	ln -s "$n/$n/$n" r/longlink
	chmod 4755 r/ping
	chown 1234:5678 r/a
	touch -d '2001-02-03 04:05:06' r/a r/dir
	tar -C r --format=pax --xattrs --xattrs-include="*" --sparse -cf r.tar .
	ctr-image import all r.tar
	ctr-image export all >x.tar
	mkdir x
	tar -C x --xattrs --xattrs-include='*' -xf x.tar
	list() {
		(cd "$1" && find . -printf '%p %y %m %U:%G %s %T@ %n %l\n' | sort &&
			find . -type f -exec sha256sum {} + | sort && getfattr -Rhd -m - . &&
			stat -c '%t:%T' null disk)
	}
	list r >want
	list x >got
	list "$CTR_LIB/layers/"* >layer
	sed -i 's/\.[0-9]* \([0-9]* \)/ \1/' want got layer
	diff want got
	diff want layer
	[ "$(stat -c %b x/sparse)" -lt 200 ]
	[ "$(stat -c %b "$CTR_LIB/layers/"*/sparse)" -lt 200 ]
}

@test "the whole way, import, run, commit, save, load, export: the tree is at its end what it was" {
	need setfattr attr
	need setcap libcap2-bin
	n=$(printf 'n%.0s' {1..120})
	mkdir -p r/dir "r/$n/$n/$n"
	cp -a "$ROOTFS/." r
	cp "$ROOTFS/bin/busybox" r/cap
	setcap cap_net_raw,cap_sys_nice+ep r/cap
	ln r/cap r/dir/cap2
	printf 'a\0b\377' >value
	setfattr -n user.note -v "0x$(od -An -tx1 value | tr -d ' \n')" r/dir
	setfattr -n trusted.t -v t r/dir
	echo deep >"r/$n/$n/$n/$n"
	ln -s "$n/$n/$n/$n" r/longlink
	ln "r/$n/$n/$n/$n" r/dir/short
	echo u >"r/dir/häßlich-名前-🙂"
	mknod r/null c 1 3
	mkfifo r/fifo
	truncate -s 50M r/sparse
	printf end | dd of=r/sparse bs=1 seek=20M conv=notrunc status=none
	echo own >r/far
	chown 3000000000:2097153 r/far
	setfattr -n user.far -v away r/far
	cp "$ROOTFS/bin/busybox" r/suid
	chmod 6755 r/suid
	touch -d '2001-02-03 04:05:06' r/far r/suid r/dir
	chmod 1777 r/dir
	tar -C r --format=pax --xattrs --xattrs-include="*" --sparse -cf r.tar .
	ctr-image import all r.tar
	# the second layer: a new file, a deletion, a file of the first that is touched, one with
	# another name
	ctr-run --keep --name c all sh -c '
		echo >/dir/new
		touch /far
		rm /etc/group
		mv /fifo /dir/fifo
		touch -d "2001-02-03 04:05:06" /dir'
	ctr-commit c all:2 >/dev/null
	ctr-rm c
	ctr-image save all:2 >all.tar
	ctr-image rm all all:2
	[ -z "$(ls "$CTR_LIB/layers")" ]
	[ "$(ctr-image load all.tar)" = all:2 ]
	ctr-image export all:2 >x.tar
	mkdir x
	tar -C x --xattrs --xattrs-include='*' -xf x.tar
	# the container's changes, made by hand; only the time of the touched file differs
	echo >r/dir/new
	rm r/etc/group
	mv r/fifo r/dir/fifo
	touch -d '2001-02-03 04:05:06' r/dir
	touch -d '2002-02-03 04:05:06' {r,x}/dir/new {r,x}/far {r,x}/etc r x
	list() {
		(cd "$1" && find . ! -name dev ! -name proc ! -name sys \
			-printf '%p %y %m %U:%G %T@ %l\n' | sort &&
			find . -type f -printf '%p %s %n\n' | sort &&
			find . -type f -exec sha256sum {} + | sort && getfattr -Rhd -e hex -m - . &&
			getcap -r . | sort && stat -c %t:%T null)
	}
	list r | sed 's/\.[0-9]* \([^ ]*\)$/ \1/' >want
	list x | sed 's/\.[0-9]* \([^ ]*\)$/ \1/' >got
	diff want got
	[ "$(grep -c cap_net_raw,cap_sys_nice want)" -eq 2 ]
	[ "$(stat -c %b x/sparse)" -lt 200 ]
	# docker sets a file's owner by each of its names, which takes the capability away: each
	# name carries it
	perl -e 'undef $/; print scalar(() = <> =~ /SCHILY\.xattr\.security\.capability=\x01\0\0\x02\0\x20\x80\0.{12}\n/gs)' x.tar >n
	[ "$(cat n)" -eq 2 ]
}

@test "progress is a line on a terminal that goes away again; nothing elsewhere" {
	tar -C "$ROOTFS" -cf root.tar .
	echo 'head -c 700000 root.tar && sleep 1.2 && tail -c +700001 root.tar' >slow
	sh slow | ctr-image import quiet - 2>err >/dev/null
	[ ! -s err ]
	script -qec "sh slow | ctr-image import loud - >/dev/null" /dev/null >screen
	# every second name takes the place of the one before, and at the end nothing is left
	[ "$(tr '\r' '\n' <screen | grep -cE '^ctr-image: stdin: [0-9.]+[kKM].\[K$')" -ge 1 ]
	[ "$(wc -l <screen)" -eq 0 ]
	[ "$(tail -c 4 screen)" = $'\r\033[K' ]
}

@test "opaque folders and deletions are overlayfs's in the store" {
	need getfattr attr
	two_layers
	ctr-image import two two.tar
	cd "$CTR_LIB"/layers/*
	[ "$(stat -c '%F %t:%T' etc/deleted)" = "character special file 0:0" ]
	[ "$(stat -c '%F %t:%T' gone)" = "character special file 0:0" ]
	[ "$(getfattr --only-values -n trusted.overlay.opaque emptied)" = y ]
	ctr-image export two | tar tf - >"$WORLD/list"
	! grep -E 'deleted|gone' "$WORLD/list" || false
}

@test "a folder deleted and made again in one layer hides what was below" {
	two_layers
	mktar 'f .wh.gone ' 'd gone' 'f gone/new x' >three.tar
	mktar 'd gone' 'f gone/new x' 'f .wh.gone ' >three-b.tar
	for t in three three-b; do
		rm -rf o
		oci o one.tar $t.tar
		ctr-image load o
		run -0 ctr-run new:1 ls /gone
		[ "$output" = new ]
	done
}

@test "250 layers: more than go into one mount(2) by long names" {
	two_layers
	for i in {1..250}; do printf '%s\n' "> l$i.tar" "f f$i x" "f last $i"; done | mktar -
	oci o one.tar l{1..250}.tar
	ctr-image load o
	run -0 ctr-run new:1 sh -c 'cat /last; echo; ls / | grep -c ^f'
	[ "$output" = $'250\n250' ]
	[ "$(ctr-image export new:1 | tar xOf - last)" = 250 ]
}

@test "squashfs and erofs files run without unpacking" {
	need mksquashfs squashfs-tools
	need mkfs.erofs erofs-utils
	mksquashfs "$ROOTFS" r.squashfs -quiet -no-progress >/dev/null
	mkfs.erofs r.erofs "$ROOTFS" >/dev/null 2>&1
	for f in r.squashfs r.erofs; do
		run -0 ctr-run ./$f sh -c '
			cat /etc/os-release; echo changed >/etc/os-release; cat /etc/os-release'
		[ "$output" = $'NAME=ctrbox\nchanged' ]
	done
	if [ -x "$top/build/oldkernel/ctrbox" ]; then # Linux 5.1: no mount can be passed on
		run -0 env CTR_TEST_NO=clone3,open_tree PATH="$top/build/oldkernel/bin:$PATH" \
			ctr-run ./r.squashfs cat /etc/os-release
		[ "$output" = 'NAME=ctrbox' ]
	fi
	wait_for 5 sh -c '! losetup -a | grep -q "$1"' _ "$WORLD"
	echo nonsense >r.bad
	run -125 ctr-run ./r.bad true
	[[ $output == *'not a squashfs, erofs or ext4 image'* ]]
}

@test "tag, rm: a name goes, the image with its last one; one in use stays unless -f" {
	box one
	ctr-image tag one two:x
	ctr-image rm one
	[ "$(ctr-run two:x echo yes)" = yes ]
	ctr-run -d --name c two:x sleep 100 >/dev/null
	run -1 ctr-image rm two:x
	[[ $output == *'in use by container c'* ]]
	ctr-image rm -f two:x
	[ -z "$(ctr-image ls -n)" ]
	[ "$(ctr-exec c echo alive)" = alive ]
	ctr-rm -f c
	[ "$(ls "$CTR_LIB/layers" | wc -l)" -eq 1 ]
	ctr-image prune
	[ -z "$(store)" ] || [ "$(store)" = "$CTR_LIB/images/index.json" ]
	run -1 ctr-image rm nothing
}

@test "a start and a removal of one image: the one waits for the other, and nothing is half there" {
	box one
	flock "$CTR_LIB/images/.gate" sh -c 'echo; exec sleep 1' >held 3>&- &
	wait_for 3 test -s held
	t=$(date +%s%N)
	[ "$(ctr-run one echo yes)" = yes ]
	[ $((($(date +%s%N) - t) / 1000000)) -ge 500 ]
	# an import, say: not waited for
	flock -s "$CTR_LIB/images/.gate" sh -c 'echo; exec sleep 3' >shared 3>&- &
	wait_for 3 test -s shared
	t=$(date +%s%N)
	ctr-run one true
	[ $((($(date +%s%N) - t) / 1000000)) -lt 2000 ]
	kill $!
	wait
	for _ in 1 2 3 4 5; do
		ctr-image tag one two
		ctr-run -d --name c two sh -c 'cat /etc/passwd; exec sleep 100' >said 2>&1 &
		ctr-image rm one two >rm 2>&1 || true
		wait $! || true
		if ctr-ps -anq | grep -q .; then # the start was faster
			ctr-exec c grep -q root /etc/passwd
			ctr-rm -f c
		else
			grep -q 'no such image' said
		fi
		ctr-image ls -n | grep -q '^one ' || box one
	done
}

@test "a damaged entry is said to be so, the others are listed and run" {
	box good
	echo x | tar cf x.tar --files-from=/dev/null
	box bad -c 'ENV X=1'
	blob=$(ctr-image inspect bad | sed -n 's/^ *"Id": "sha256:\(.*\)",/\1/p')
	echo >>"$CTR_LIB/images/blobs/sha256/$blob"
	run --separate-stderr ctr-image ls -n
	[ "${#lines[@]}" -eq 2 ]
	[[ $output == *corrupt* ]]
	[[ $stderr == *damaged* ]]
	[ "$(ctr-run good echo yes)" = yes ]
	run -125 ctr-run bad true
	ctr-image rm bad
	[ "$(ctr-image ls -n | wc -l)" -eq 1 ]
}

# --- hostile archives: one clear error, nothing in the store ---

@test "-o: a file appears whole or not at all, in place of one that is there" {
	local what
	tar -C "$ROOTFS" -cf - . | ctr-image import box -
	ctr-run --keep --name c box true
	mkdir out && ln -s ../kept out/link && echo kept >kept
	for what in "ctr-image save -o FILE box" "ctr-image export -o FILE box" \
		"ctr-commit -o FILE c -"; do
		echo old >out/f
		run ! sh -c "ulimit -f 8; ${what/FILE/out/f}"
		[ "$(cat out/f; ls -A out | xargs)" = "old"$'\n'"f link" ]
		${what/FILE/out/f}
		tar -tf out/f >/dev/null
		${what/FILE/out/link} # as -o f of docker's: the link's own name
		[ "$(stat -c %F out/link; cat kept)" = "regular file"$'\n'kept ]
		ln -sf ../kept out/link
		${what/FILE//dev/null}
		[ -c /dev/null ]
		[ "$(ls -A out | xargs)" = "f link" ]
	done
}
@test "hostile: an owner of more than 32 bits" {
	hostile "owner 4294967296:0: no such ids" 'o x 4294967296'
	hostile "owner -1:0: no such ids" 'o x -1'
}
@test "hostile: '..'" { hostile "'..'" 'f ../evil x' && hostile "'..'" 'd a' 'f a/../../evil x'; }
@test "absolute names, '..' and links within an archive stay within the root" {
	mktar 'd /' 'f /etc/one 1' 'f a/../two 2' 's lib usr/lib' 'f lib/x 3' 's abs /usr/lib' \
		'f abs/y 4' 'h /hard /etc/one' >x.tar
	ctr-image import x x.tar
	mkdir out && ctr-image export x | tar xC out
	[ "$(cat out/etc/one out/two out/usr/lib/x out/usr/lib/y out/hard)" = 12341 ]
	[[ -L out/lib && -L out/abs ]]
	mkdir target && mktar "s l $WORLD/target" 'f l/evil x' 'f l/.wh.y ' >x.tar
	ctr-image import x x.tar
	[ -z "$(ls target)" ]
	ctr-image export x | tar t | grep -qx "${WORLD#/}/target/evil"
}
@test "a folder that is deleted and has something in it in one layer is a new folder" {
	two_layers
	mktar 'f .wh.etc ' 'f etc/new n' >three.tar
	oci o one.tar three.tar
	ctr-image load o
	[ "$(ctr-image export new:1 | tar t | grep ^etc/)" = $'etc/\netc/new' ]
}
@test "bzip2 is read" {
	tar -C "$ROOTFS" -cjf x.tar.bz2 etc
	ctr-image import x x.tar.bz2
	ctr-image export x | tar t | grep -qx etc/passwd
}
@test "hostile: through a symbolic link" {
	hostile 'leaves the root' 's l ../../..' 'd l/x'
	hostile 'too many symbolic links' 's a b' 's b a' 'f a/x y'
	hostile 'not a directory' 's l f' 'f f x' 'f l/x y'
}
@test "hostile: hard links out of the tree" {
	hostile "'..'" 'h x ../../../etc/passwd'
	hostile 'does not have' 'h x /etc/passwd'
	hostile 'does not have' 's l /etc' 'h x l/passwd'
	hostile 'does not have' 'h x nothing'
	hostile 'to itself' 'f a x' 'h a a'
}
@test "hostile: a deletion through a symbolic link, of '..', of nothing (CVE-2021-29136)" {
	hostile 'leaves the root' 's l ../tmp' 'f l/.wh.x '
	hostile 'whiteout without a name' 'f .wh... '
	hostile 'whiteout without a name' 'f .wh. '
	hostile "'..'" 'f ../.wh.x '
}
@test "hostile: in a file" { hostile 'not a directory' 'f a x' 'f a/b y'; }
@test "of a file, a link and a folder of one name the last holds, as in docker" {
	mktar 'd a' 'f a/b x' 'f a last' 'f c x' 'd c' 'f c/d y' 's e /tmp' 'd e' 'f e/f z' 'd g' \
		's g c' 'f g/h v' >x.tar
	ctr-image import x x.tar
	cd "$CTR_LIB"/layers/*
	[ "$(cat a c/d e/f c/h)" = lastyzv ]
	[ "$(readlink g)" = c ]
	[ -z "$(find . -name b)" ]
}
@test "hostile: names of 5,000 bytes" {
	hostile 'too long' 'f %LONG x'
	hostile 'too long' 'd a' 'f a/%LONG x'
}
@test "many files at the end of a deep way take no longer than the way and the files" {
	need strace
	local deep entries=() i
	deep=$(printf 'a/%.0s' {1..900})
	for i in {1..300}; do
		entries+=("f $deep$i x")
	done
	mktar "${entries[@]}" >deep.tar
	timeout 60 strace -f -qq -e trace=openat,openat2 -o calls ctr-image import deep deep.tar
	[ "$(wc -l <calls)" -lt 10000 ]
}
@test "entries at the ends of two deep ways in turn do not take a step for each folder" {
	need strace
	not_old "its way takes a step for each"
	local deep entries=() i
	deep=$(printf '/a%.0s' {1..300})
	entries=("f 0$deep/d/x x" "f 1$deep/d/x x" "s 0$deep/l d" "s 1$deep/l d")
	for i in {1..50}; do
		entries+=("f $((i & 1))$deep/$i x" "f $((i & 1))$deep/l/$i x")
	done
	mktar "${entries[@]}" >turns.tar
	timeout 60 strace -f -qq -e trace=openat,openat2 -o calls ctr-image import turns turns.tar
	[ "$(wc -l <calls)" -lt 5000 ]
	[ "$(find "$CTR_LIB"/layers/*/[01] -type f | wc -l)" -eq 102 ]
}
@test "hard links to the ends of two deep ways of a layer below do not walk them each time" {
	need strace
	local deep low=() links=() i
	deep=$(printf '/a%.0s' {1..200})
	for i in {1..30}; do
		low+=("f $((i & 1))$deep/$i $i")
		links+=("h l$i $((i & 1))$deep/$i")
	done
	mktar "${low[@]}" 's way 1' >low.tar
	mktar "${links[@]}" "f way$deep/new x" "h last way$deep/new" >links.tar
	oci o low.tar links.tar
	timeout 60 strace -f -qq -e trace=openat,openat2 -o calls ctr-image load o
	[ "$(wc -l <calls)" -lt 12000 ]
	cd "$(dirname "$CTR_LIB"/layers/*/last)"
	[ "$(cat l1 l2 l30 last "1$deep/new")" = 1230xx ]
}
@test "folders that two layers leave out are not each looked for from the top again" {
	need strace
	local deep
	deep=$(printf 'a/%.0s' {1..300})
	two_layers
	mktar "f ${deep}x x" >low.tar
	mktar "f ${deep}y y" >over.tar
	oci o one.tar low.tar over.tar
	timeout 60 strace -f -qq -e trace=openat2 -o calls ctr-image load o
	[ "$(wc -l <calls)" -lt 5000 ]
	[ "$(ctr-run new:1 sh -c "cat /$deep*")" = xy ]
}
# Tens of thousands of files take a disk long.
on_tmpfs() {
	local in=()
	[ "$(id -u)" != 0 ] ||
		in=(unshare -m sh -c 'mount -t tmpfs t "$CTR_LIB" && exec "$@"' sh)
	"${in[@]}" "$@"
}
@test "many deep ways that are left out" {
	local deep i entries=()
	deep=$(printf 'd/%.0s' {1..2030})
	for i in {1..20}; do
		entries+=("f $i/${deep}f x")
	done
	mktar 'd low' >low.tar
	mktar "${entries[@]}" >deep.tar
	oci o low.tar deep.tar
	(
		[[ "$BIN" == */san/* ]] || ulimit -v 200000 # kB
		on_tmpfs ctr-image load o
	)
}
@test "many folders that are left out, as an honest image may" {
	local long
	long=$(printf "$(printf %0189d 1)/%.0s" {1..10})
	mktar 'd low' >low.tar
	seq -f "f $long%.0f/f" 0 8899 | mktar - >many.tar
	oci o low.tar many.tar
	on_tmpfs ctr-image load o
}
@test "hostile: overlayfs's marks in the archive" {
	hostile '0/0' 'c x 0,0'
	need setfattr attr
	mkdir d
	setfattr -n trusted.overlay.redirect -v /etc d
	tar --xattrs --xattrs-include='*' -cf d.tar d
	ctr-image import marks d.tar
	[ -z "$(getfattr -d -m - "$CTR_LIB"/layers/*/d)" ]
}
@test "of two entries with one name the last one holds; devices as a user; a full disk" {
	mktar 'f a first' 'f a second' 's l /x' 's l /y' 'd d' 'd d' 'f h one' 'h i h' \
		'f h two' >dup.tar
	ctr-image import dup dup.tar
	cd "$CTR_LIB"/layers/*
	[ "$(cat a h i)" = "secondtwoone" ]
	[ "$(readlink l)" = /y ]
	cd "$WORLD"
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small tmpfs"
	cat >inside <<-'END'
		set -e
		mount -t tmpfs -o size=8m none "$CTR_LIB"
		truncate -s 2G bomb
		tar -cf - bomb | gzip -1 >bomb.tar.gz
		if ctr-image import bomb bomb.tar.gz 2>err; then exit 9; fi
		[ "$(wc -l <err)" = 1 ]; grep -q 'No space left' err
		[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
		[ -z "$(ls "$CTR_LIB/layers")" ]
	END
	truncate -s 64M bomb
	sed -i 's/2G/64M/' inside
	unshare -m --propagation private bash inside
}
@test "hostile: not an archive, an empty one, a truncated one" {
	printf 'not a tar' >x
	refused 'not a tar' ctr-image import x x
	refused 'not a tar' ctr-image import x /dev/null
	gzip -c /dev/null >x.gz
	refused 'not a tar' ctr-image import x x.gz
	printf 'BZh91AY&SY' >x.tar.bz2
	refused 'decompress: damaged, says bzip2' ctr-image import x x.tar.bz2
	head -c 200000 /dev/urandom >random
	tar -cf r.tar random
	gzip -k r.tar
	head -c 100000 r.tar >t.tar
	head -c 100000 r.tar.gz >t.tar.gz
	refused 'Truncated' ctr-image import x t.tar
	refused 'truncated' ctr-image import x t.tar.gz
	refused 'truncated' ctr-image load t.tar.gz
	if command -v zstd; then
		zstd -q r.tar && head -c 100000 r.tar.zst >t.tar.zst
		refused 'decompress' ctr-image import x t.tar.zst
		head -c 1M /dev/zero | zstd -q --long=28 >long.zst # a window above its 128 MiB
		refused 'packed for more memory than it takes' ctr-image import x long.zst
	fi
}
@test "hostile: a layer that lies about its digest, or its diff_id" {
	two_layers
	oci o one.tar two.tar
	printf x >>"o/blobs/sha256/$(sha two.tar)"
	refused 'its digest is' ctr-image load o
	tar -C o -cf o.tar .
	refused 'its digest is' ctr-image load o.tar
	rm -rf o
	DIFF_IDS="\"sha256:$(sha one.tar)\",\"sha256:$(sha one.tar)\"" oci o one.tar two.tar
	refused 'its diff_id is' ctr-image load o
	rm -rf o
	DIFF_IDS="\"sha256:$(sha one.tar)\"" oci o one.tar two.tar
	refused '2 layers' ctr-image load o
	docker_old d one.tar two.tar
	cp one.tar d/layer2/layer.tar
	tar -C d -cf d.tar .
	refused 'its diff_id is' ctr-image load d.tar
}
@test "hostile: an index that points nowhere, or out" {
	two_layers
	oci o one.tar
	rm "o/blobs/sha256/$(sha one.tar)"
	refused 'not in it' ctr-image load o
	sed -i 's/"sha256:[0-9a-f]*"/"sha256:'"$(printf '%064d' 0)"'"/' o/index.json
	refused 'not in it' ctr-image load o
	sed -i 's/"sha256:[0-9a-f]*"/"sha256:..\/..\/..\/etc\/passwd"/' o/index.json
	refused 'not a digest' ctr-image load o
	echo '{"manifests":5}' >o/index.json
	refused 'no list' ctr-image load o
	echo '{' >o/index.json
	refused 'index.json' ctr-image load o
	mkdir d
	printf '[{"Config":"../../../etc/passwd","Layers":[]}]' >d/manifest.json
	tar -C d -cf d.tar .
	refused 'not in it' ctr-image load d.tar
	mkdir -p e/blobs
	ln -s "$WORLD/o/blobs/sha256" e/blobs/sha256
	cp o/oci-layout e/
	oci f one.tar
	cp f/index.json e/
	refused 'blobs' ctr-image load e
}
@test "hostile: an archive with names that lead out, for load" {
	mktar 'f ../index.json {}' >x.tar
	refused 'leads out' ctr-image load x.tar
	mktar 's index.json ../../etc/passwd' >x.tar
	refused 'leads out' ctr-image load x.tar
	mktar 's index.json index.json' >x.tar
	refused 'not an archive of images' ctr-image load x.tar
	mktar 'f other x' >x.tar
	refused 'not an archive of images' ctr-image load x.tar
}

# --- crashes, full disks, two at once ---

@test "two imports of one image at once end with one" {
	tar -C "$ROOTFS" -cf root.tar .
	for i in 1 2 3 4; do ctr-image import same root.tar >/dev/null & done
	wait
	[ "$(ctr-image ls -n | wc -l)" -eq 1 ]
	[ "$(ls "$CTR_LIB/layers" | wc -l)" -eq 1 ]
	[ "$(ctr-run same echo yes)" = yes ]
	[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
}

@test "kill -9 at any moment of import and load: what is listed runs, prune clears the rest" {
	tar -C "$ROOTFS" -cf root.tar .
	two_layers
	oci o one.tar two.tar
	local t=$EPOCHREALTIME
	ctr-image import k root.tar >/dev/null
	t=$((${EPOCHREALTIME/./} - ${t/./})) # how long the whole of it takes
	for i in $(seq 24); do
		if ((i % 2)); then
			ctr-image import "k$i" root.tar >/dev/null &
		else
			ctr-image load -t "k$i" o >/dev/null &
		fi
		p=$!
		sleep "$((t * (RANDOM % 120) / 100))e-6"
		kill -9 $p 2>/dev/null || true
		wait $p || true
	done
	ctr-image ls -n >list
	while read -r name _; do
		[ "$(ctr-run "$name" echo runs)" = runs ]
	done <list
	ctr-image prune >/dev/null
	[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
	for l in "$CTR_LIB"/layers/*; do
		[ ! -e "$l" ] || ctr-image inspect --json $(ctr-image ls -q) |
			grep -q "${l##*/}"
	done
	ctr-image ls -q | ctr-image rm -
	[ -z "$(ls "$CTR_LIB/layers" "$CTR_LIB/images/blobs/sha256" | grep -v :)" ]
}

@test "SIGTERM leaves nothing" {
	mkfifo pipe
	ctr-image import x pipe &
	p=$!
	{ tar -C "$ROOTFS" -cf - bin | head -c 300000; sleep 1; } >pipe &
	wait_for 5 sh -c 'ls -d "$1"/layers/.tmp-*' _ "$CTR_LIB"
	kill $p
	wait $p || true
	[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
}

@test "a full disk: one clear error, nothing left; rm and prune work on it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount a small tmpfs"
	cat >inside <<-'END'
		set -e
		mount -t tmpfs -o size=6m none "$CTR_LIB"
		tar -C "$ROOTFS" -cf root.tar bin/busybox
		ctr-image import first root.tar
		head -c 3M /dev/urandom >big; tar -cf big.tar big
		if ctr-image import second big.tar 2>err; then exit 9; fi
		cat err; [ "$(wc -l <err)" = 1 ]; grep -q 'No space left' err
		[ -z "$(find "$CTR_LIB" -name '.tmp-*')" ]
		[ "$(ctr-image ls -n | wc -l)" = 1 ]
		dd if=/dev/zero of="$CTR_LIB/fill" bs=4k 2>/dev/null || true
		for i in $(seq 2000); do : >"$CTR_LIB/fill-$i" || break; done 2>/dev/null
		! echo x 2>/dev/null >"$CTR_LIB/more" || false
		ctr-image rm first
		[ -z "$(ctr-image ls -n)" ]
		ctr-image prune
		rm "$CTR_LIB"/fill*
		ctr-image import first root.tar
	END
	unshare -m --propagation private bash inside
}

# --- without root ---

# A folder `user`, which is to become the user's, with an image.
user_folder() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to become a user"
	as_user unshare -U true ||
		skip "users may not make user namespaces here"
	mkdir user
	two_layers
	oci user/o one.tar two.tar
}
as_user() { setpriv --reuid=1000 --regid=1000 --clear-groups "$@"; }

@test "a user's store: import, load, run, commit, export; what only root can make is left out" {
	user_folder
	tar -C "$ROOTFS" -cf user/root.tar .
	mktar 'c null 1,3' 'f x y' >user/dev.tar
	chown -R 1000:1000 user
	cat >inside <<-'END'
		set -e
		cd "$WORLD/user"
		export CTR_LIB=$PWD/lib CTR_RUN=$PWD/run
		ctr-image import box root.tar
		ctr-image import dev dev.tar 2>err
		[ "$(wc -l <err)" = 1 ]; grep -q 'devices are left out' err
		ctr-image load o
		[ "$(ctr-run new:1 2>/dev/null)" = second ]
		[ "$(ctr-run new:1 ls /emptied 2>/dev/null)" = new ]
		[ "$(ctr-run box sh -c 'echo x >/x; rm /etc/group; id -u; ls /etc/group || cat /x' 2>/dev/null)" = "$(printf '0\nx')" ]
		ctr-run --keep --name c box sh -c 'rm /etc/group; echo x >/x' 2>/dev/null
		ctr-diff c | grep -qx 'D /etc/group'
		ctr-commit c img 2>/dev/null
		[ "$(ctr-run img cat /x 2>/dev/null)" = x ]
		! ctr-image export img | tar t | grep -q etc/group || false
		! ctr-image export img | tar tv --numeric-owner | grep -v ' 0/0 ' || false
		ctr-cp c:/x copy; [ "$(cat copy)" = x ]
		ctr-cp copy c:/root; [ -O lib/containers/c/upper/root/copy ]
		ctr-rm c
		ctr-image ls -q | ctr-image rm -
	END
	export WORLD
	as_user bash inside
}

@test "in a user namespace of root's making: layers, deletions, opaque folders" {
	two_layers
	oci o one.tar two.tar
	ctr-image load o
	run -0 ctr-run --userns auto new:1
	[ "$output" = second ]
	run -0 ctr-run --userns auto new:1 sh -c 'ls /emptied; ls /etc; ls /gone 2>&1 || true'
	[ "${lines[0]}" = new ]
	[[ $output != *deleted* ]]
	[[ $output == *'No such file'* ]]
}

# --- where no overlay can be ---

@test "where no writable layer can be mounted the root is a copy, and a message says so" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount an overlay and a ramfs"
	two_layers
	oci o one.tar two.tar
	cat >inside <<-'END'
		set -e
		cd "$WORLD"
		mkdir base
		mount -t tmpfs none base
		mkdir base/low base/up base/work base/ram
		mount -t overlay overlay -o lowerdir=base/low,upperdir=base/up,workdir=base/work base/low
		mount -t ramfs none base/ram
		for CTR_LIB in "$WORLD/base/low/lib" "$WORLD/base/ram/lib"; do
			export CTR_LIB
			mkdir "$CTR_LIB"
			ctr-image load o
			[ "$(ctr-run new:1 2>err)" = second ]
			[ "$(wc -l <err)" = 1 ]
			grep -q 'its root becomes a copy of the image' err
			grep -q 'a writable layer cannot lie in' err
			[ "$(ctr-run new:1 ls /emptied 2>/dev/null)" = new ]
			ctr-run -d --name c -w /etc new:1 sh -c 'echo kept >/made; rm which; sleep 100' >id 2>err
			grep -q copy err
			n=0; until [ -e "$CTR_LIB/containers/c/upper/made" ] && [ ! -e "$CTR_LIB/containers/c/upper/etc/which" ]; do [ $((n += 1)) -lt 100 ]; sleep 0.05; done
			ctr-cp c:/made .; [ "$(cat made)" = kept ]
			! ctr-diff c 2>err || false; grep -q 'is a copy' err
			ctr-stop -t 0 c
			ctr-image rm -f new:1
			ctr-start c 2>err; [ ! -s err ]
			[ "$(ctr-exec c cat /made)" = kept ]
			ctr-stop -t 0 c
			ctr-cp c:/made again; [ "$(cat again)" = kept ]
			ctr-image load o
			ctr-commit -c 'CMD ["cat", "/made"]' c img
			[ "$(ctr-run img 2>/dev/null)" = kept ]
			! ctr-run img ls /etc/which 2>/dev/null || false
			[ "$(ctr-image history -n img | wc -l)" = 1 ]
			ctr-rm c
			[ -z "$(ls "$CTR_LIB/containers")" ]
		done
		# a directory, too
		[ "$(ctr-run "$ROOTFS" cat /etc/os-release 2>/dev/null)" = NAME=ctrbox ]
	END
	WORLD=$WORLD unshare -m --propagation private bash inside
}

@test "a user on a kernel whose overlays are root's: a copy, and that is said" {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	user_folder
	chown -R 1000:1000 user
	cat >inside <<-'END'
		set -e
		cd "$WORLD/user"
		export CTR_LIB=$PWD/lib CTR_RUN=$PWD/run CTR_TEST_NO=overlay_userns PATH=$top/build/oldkernel/bin:$PATH
		ctr-image load o
		[ "$(ctr-run new:1 sh -c 'cat /etc/which; ls /emptied; echo x >/x; id -u' 2>err)" = "$(printf 'second\nnew\n0')" ]
		grep -q 'needs Linux 5.11' err
		grep -q 'becomes a copy' err
	END
	export WORLD top
	as_user bash inside
}

# --- what other tools put beside images ---

@test "load skips images of other machines with a message, and fails when none is left" {
	two_layers
	oci o one.tar two.tar
	printf '{"schemaVersion":2,"artifactType":"application/x","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:%064d","size":2},"layers":[]}' 0 >m
	h=$(sha m)
	cp m "o/blobs/sha256/$h"
	entry=$(printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s}' "$h" "$(stat -c %s m)")
	other=$(printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%064d","size":9,"platform":{"os":"plan9","architecture":"mips"}}' 1)
	sed -i "s|\"manifests\":\[|&$entry,$other,|" o/index.json
	run -0 ctr-image load o
	[ "${lines[*]}" = \
		'ctr-image: o: index.json: 2 skipped that are no images for linux/'"$(uname -m |
		sed 's/x86_64/amd64/;s/aarch64/arm64/')"' new:1' ]
	[ "$(ctr-run new:1)" = second ]
	echo "{\"schemaVersion\":2,\"manifests\":[$entry]}" >o/index.json
	refused 'no image for linux' ctr-image load o
}

@test "load of a root filesystem and import of an image archive name the right command" {
	tar -C "$ROOTFS" -cf root.tar .
	refused 'ctr-image import takes it' ctr-image load root.tar
	two_layers
	docker_old d one.tar
	oci o one.tar
	for x in d o; do
		tar -C $x -cf $x.tar .
		refused 'ctr-image load takes it' ctr-image import x $x.tar
	done
}

@test "ls -q prints what the ID column shows; rm prints what it removed; one second is no seconds" {
	box
	[ "$(ctr-image ls -q | cut -c 8-19)" = "$(ctr-image ls -n | awk '{ print $3 }')" ]
	! ctr-image ls -n | grep -q '1 seconds' || false
	[ "$(ctr-image rm box)" = box ]
	[ "$(ctr-image prune)" = 'freed 0' ]
}

@test "a left-over import that cannot be removed does not stop the next one" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, for chattr"
	mkdir -p "$CTR_LIB/layers/.tmp-00"
	touch "$CTR_LIB/layers/.tmp-00/x"
	chattr +i "$CTR_LIB/layers/.tmp-00/x" || skip "this file system has no immutable files"
	run box
	chattr -i "$CTR_LIB/layers/.tmp-00/x"
	[[ $status -eq 0 && $output == *'a left-over import stays'* ]]
}

# --- mounted by wish, and files that are file systems ---

@test "mount shows an image or a stopped container, read-only or writable; umount takes it away" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	two_layers
	oci o one.tar two.tar
	ctr-image load o
	box
	ctr-run --keep --name c new:1 sh -c 'echo mine >/mine'
	mkdir m
	# in a mount namespace of the test's own, so that nothing is left on the machine when it
	# fails
	cat >inside <<-'EOF'
		set -eu
		ctr-image mount new:1 m
		[ "$(cat m/etc/which)" = second ]
		[ ! -e m/gone ]
		! touch m/x 2>/dev/null || false
		ctr-image umount m
		ctr-image mount --rw u box m
		echo x >m/etc/new
		ctr-image umount m
		[ "$(find u -type f)" = u/etc/new ]
		ctr-image mount c m
		[ "$(cat m/mine)" = mine ]
		ctr-image umount m
		[ -z "$(ls m)" ]
		! ctr-image umount m 2>err || false
		mount -t tmpfs -o ro,nodev,nosuid other m
		! ctr-image umount m 2>err || false
		grep -q 'no image is mounted' err
		umount m
		mkdir -p a b
		mount -t overlay -o lowerdir=a:b other m
		! ctr-image umount m 2>err || false
		grep -q 'no image is mounted' err
		umount m
		! ctr-image mount nothing m 2>err || false
		grep -q 'no such image' err
	EOF
	unshare -m --propagation private bash inside
	ctr-run -d --name r box sleep 100
	run -1 ctr-image mount r m
	[[ $output == *'it runs'* ]]
}

@test "an image file of several containers has one loop device; a block device is an image" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, for loop devices"
	need mksquashfs squashfs-tools
	mksquashfs "$ROOTFS" r.sqfs -quiet -no-progress >/dev/null
	for c in a b c; do ctr-run -d --name $c "$WORLD/r.sqfs" sleep 100 >/dev/null; done
	[ "$(losetup -j "$WORLD/r.sqfs" | wc -l)" -eq 1 ]
	ctr-exec c cat /etc/os-release
	ctr-rm -f a b c
	wait_for 5 sh -c "[ -z \"\$(losetup -j '$WORLD/r.sqfs')\" ]"
	dev=$(losetup -rf --show "$WORLD/r.sqfs")
	run ctr-run "$dev" cat /etc/os-release
	losetup -d "$dev"
	[[ $status -eq 0 && $output == NAME=ctrbox ]]
}

@test "with few descriptors, and a limit of a file's size, each command works or says why not" {
	tar -C "$ROOTFS" -cf etc.tar etc
	ctr-image import seed etc.tar
	ctr-image save -o saved seed
	for n in 5 6 7 8 9 10 11 12; do
		for c in "import x$n etc.tar" "tag seed y$n" "rm y$n" "save -o s$n seed" \
			'load saved' 'ls' 'prune'; do
			sh -c "ulimit -n $n; exec ctr-image $c" >/dev/null 2>err 3>&- 4>&- ||
				[ -s err ] || {
				echo "$n: $c"
				false
			}
		done
	done
	run -1 bash -c 'ulimit -f 1; exec ctr-image import big etc.tar'
	[[ $output == *'File too large'* ]]
}

# Start an import that waits in the middle of a layer; its pid is $importer, that of its unpacking
# child $child.
halfway() {
	mkdir -p big/d && head -c 3000000 /dev/urandom >big/d/f && tar -C big -cf big.tar .
	mkfifo fifo
	{ head -c 2000000 big.tar && exec sleep 30; } >fifo &
	feeder=$!
	ctr-image import x fifo >out 2>err 3>&- &
	importer=$!
	unpacking() {
		for child in $(pgrep -P $importer); do
			grep -q '^Seccomp:[[:space:]]*2' "/proc/$child/status" && return
		done
		return 1
	}
	wait_for 10 unpacking
}

@test "the child that reads an archive has no capabilities, a filter and an empty root" {
	[ "$(id -u)" = 0 ] || skip "of root's store"
	halfway
	value() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$child/status"; }
	[ "$(value CapEff)" = 000000008800001b ] # chown dac_override fowner fsetid mknod setfcap
	[ "$(value CapPrm)$(value CapBnd)" = 000000008800001b000000008800001b ]
	[ "$(value NoNewPrivs)" = 1 ]
	[[ "$(readlink "/proc/$child/root")" == "$CTR_LIB"/layers/.tmp-*/layer ]]
	[ "$(ls "/proc/$child/root")" = d ]
	awk '$5 == "/"' "/proc/$child/mountinfo" | grep -q nosuid,nodev,noexec
	# no way out by a descriptor: pipes, messages, and what lies in the layer
	for f in "/proc/$child"/fd/*; do
		case $(readlink "$f") in pipe:* | "$CTR_LIB"/layers/.tmp-*/layer | \
			"$CTR_LIB"/layers/.tmp-*/layer/*) ;; *) [ "${f##*/}" = 2 ] ;; esac
	done
	kill $importer $feeder || true
	wait $importer $feeder || true
}

@test "if the child that reads an archive crashes, a message says so and nothing is left" {
	if [[ "$BIN" == */san/* ]]; then skip "the sanitizers take SEGV for themselves"; fi
	[ "$(id -u)" = 0 ] || skip "of root's store"
	halfway
	kill -SEGV "$child"
	wait_for 5 no_process "$child"
	kill $feeder || true # else the rest of the archive is waited for
	wait $importer && false
	[ "$(cat err)" = \
		"ctr-image: fifo: the process that reads it was ended by signal 11 (Segmentation fault)" ]
	[ "$(find "$CTR_LIB/layers" "$CTR_LIB/images/blobs/sha256" -mindepth 1)" = "" ]
	wait $feeder || true
	rm fifo
	halfway
	kill -9 $importer
	gone() {
		[ ! -d "/proc/$child" ] &&
			[ "$(find "$CTR_LIB/layers" "$CTR_LIB/images/blobs/sha256" -mindepth 1)" = \
			"" ]
	}
	wait_for 5 gone
	kill $feeder || true
	wait $importer $feeder || true
}

@test "a folder that a layer leaves out has the mode, owner and time of the one below" {
	two_layers
	mkdir -p base/tmp base/srv/deep
	cp -a "$ROOTFS/bin" base/
	chmod 1777 base/tmp
	chmod 750 base/srv
	chown 7:8 base/srv || skip "other owners are root's to give"
	touch -d 2001-02-03T04:05:06Z base/tmp
	tar -C base -cf base.tar .
	mktar 'f tmp/x 1' 'f srv/deep/y 2' 'f fresh/z 3' >over.tar
	mktar 'f .wh.tmp ' >gone.tar
	mktar 'f tmp/x 1' >again.tar
	oci o base.tar over.tar
	ctr-image load o
	[ "$(ctr-run new:1 stat -c '%a %u:%g' /tmp /srv /fresh | xargs)" = \
		"1777 0:0 750 7:8 755 0:0" ]
	[ "$(ctr-run new:1 stat -c %Y /tmp)" = "$(date -d 2001-02-03T04:05:06Z +%s)" ]
	# nor if a layer in between deletes the folder: then it is a new folder
	ctr-image rm new:1
	rm -rf o
	oci o base.tar gone.tar again.tar
	ctr-image load o
	[ "$(ctr-run new:1 stat -c %a /tmp)" = 755 ]
	docker_old dk base.tar over.tar
	tar -C dk -cf dk.tar .
	ctr-image load dk.tar
	[ "$(ctr-run old:1 stat -c %a /tmp)" = 1777 ]
}

@test "a folder whose entry comes after what is in it has the mode of that entry" {
	mkdir base
	cp -a "$ROOTFS/bin" base/
	install -d -m 700 base/etc base/srv base/srv/sub base/link
	tar -C base -cf base.tar .
	mktar 'f etc/x 1' 'f srv/sub/x 2' 'd etc' 'f new/a/x 3' 'f bin/y 4' 'd srv' 'd srv' \
		'f etc/x 5' >over.tar
	oci o base.tar over.tar
	ctr-image load o
	[ "$(ctr-run new:1 stat -c %a /etc /srv /srv/sub /new /new/a /bin | xargs)" = \
		"755 755 700 755 755 755" ]
	[ "$(ctr-run new:1 stat -c %Y /srv)" = 0 ] # mktar's
	# through a link of the layer below, whichever comes first
	ln -s srv base/ln
	tar -C base -cf base.tar .
	local i over=(
		'f srv/sub/x 1' 'd srv' 'f ln/q 2'
		'f ln/q 2' 'f srv/sub/x 1' 'd srv'
		'd srv' 'f ln/q 2' 'f ln/sub/x 1'
		'f ln/sub/x 1' 'd srv' 'f srv/q 2'
	)
	for i in 0 3 6 9; do
		mktar "${over[@]:i:3}" >over.tar
		rm -r o
		oci o base.tar over.tar
		ctr-image load o
		[ "$i $(ctr-run new:1 sh -c 'stat -c "%a %Y" /srv; stat -c %a /srv/sub; cat /srv/q /srv/sub/x' |
			xargs | tr -d ' ')" = "$i 755070021" ]
	done
}

@test "what a layer means of those below: folders through a link, hard links, opaque roots" {
	two_layers
	mktar 'd usr' 'd usr/lib' 'f usr/lib/a A' 'f usr/lib/k K' \
		's lib usr/lib' 'd d' 'd d/s' 'f d/s/z Z' \
		'f etc/which below
' 'f run.sh x' >low.tar
	mktar 'h kept lib/k' 'f lib/b B' 'f lib/.wh.a ' 'h hard etc/which' 'h again etc/which' \
		'h late after' 'f after here' >mid.tar
	oci o one.tar low.tar mid.tar
	ctr-image load o
	[ "$(ctr-run new:1 sh -c 'readlink /lib; ls /usr/lib; cat /hard /late /kept
		stat -c %h /late /hard')" = $'usr/lib\nb\nk\nbelow\nhereK2\n3' ] # one copy, all linked
	ctr-image rm new:1
	rm -rf o
	mktar 'f .wh.etc ' >gone.tar
	mktar 'h hard etc/which' >hard.tar
	oci o one.tar gone.tar hard.tar
	refused 'a link to etc/which, which it does not have' ctr-image load o
	rm -rf o
	# what an opaque root hides is hidden in an overlay, too, and new folders are new ones
	chmod 700 one/etc
	tar -C one -cf closed.tar .
	mktar 'f etc/new N' 'f .wh..wh..opq ' >root.tar
	oci o low.tar closed.tar root.tar
	ctr-image load o
	mkdir view
	unshare -m sh -c '
		ctr-image mount new:1 view && ls view view/etc && stat -c %a view/etc' >seen
	[ "$(xargs <seen)" = "view: etc view/etc: new 755" ]
	[ "$(ctr-image export new:1 | tar t | xargs)" = "./ etc/ etc/new" ]
}

@test "an image that shares a layer with another changes nothing in it" {
	mkdir -p a/etc a/opt e/opt
	cp -a "$ROOTFS/bin" a/
	echo 'echo good' >a/opt/tool
	echo 'echo EVIL' >e/opt/tool
	install -d -m 777 e/etc
	ln -s /etc e/srv
	tar -C a -cf a.tar .
	tar -C e -cf e.tar .
	mktar 'd old' >old.tar
	mktar 'f .wh..wh..opq ' >root.tar
	mktar 'f etc/app.conf x' 'h bin/app opt/tool' 'f srv/x x' >b.tar
	oci good old.tar root.tar a.tar b.tar
	oci evil e.tar root.tar a.tar e.tar b.tar
	good() {
		run -0 ctr-run --rm good:1 sh -c 'stat -c %a /etc; sh /bin/app; ls -d /srv/x; ls'
		echo "$output"
		[ "$(xargs <<<"$output")" = "755 good /srv/x bin dev etc opt proc srv sys" ]
	}
	for order in 'evil good' 'good evil'; do
		for i in $order; do
			ctr-image load -t "$i:1" "$i"
		done
		good
		[ "$(ctr-run --rm evil:1 sh /bin/app)" = EVIL ]
		ctr-image rm evil:1
		good
		# and whoever uses a layer's name uses this one
		ctr-run -d --name c good:1 sleep 100
		ctr-image rm -f good:1
		[ "$(ctr-exec c sh /bin/app)" = good ]
		ctr-image load -t good:1 good
		ctr-commit c more
		[ "$(ctr-image inspect --json more | jq '.layers | length')" = 5 ]
		ctr-image inspect --json more | jq -r '.layers[3].directory' | xargs ls >there
		[ "$(xargs <there)" = 'bin etc opt srv' ]
		ctr-rm -f c
		ctr-image rm good:1 more
		[ -z "$(find "$CTR_LIB/layers" "$CTR_LIB/images/blobs/sha256" -maxdepth 1 |
			grep '[0-9a-f]\{64\}$')" ]
	done
	# nor at another place of the same image
	oci twice a.tar b.tar e.tar b.tar
	ctr-image load -t twice:1 twice
	[ "$(ctr-run --rm twice:1 sh -c 'stat -c %a /etc; sh /bin/app' | xargs)" = "777 EVIL" ]
}

@test "a hard link to a sparse file of a layer below copies no holes" {
	mkdir low
	truncate -s 3G low/big
	printf middle | dd of=low/big bs=1M seek=1024 conv=notrunc status=none
	tar -C low -Scf low.tar .
	mktar 'h link big' >link.tar
	oci o low.tar link.tar
	timeout 20 ctr-image load o
	[ "$(du -sm "$CTR_LIB/layers" | cut -f 1)" -lt 5 ]
	link=$(echo "$CTR_LIB"/layers/*/link)
	[ "$(dd if="$link" bs=1M skip=1024 count=1 status=none | head -c 7)" = middle ]
	[ "$(stat -c %s "$link")" = 3221225472 ]
	ctr-image rm new:1
	# and a file that ends before its next hole is an error, not waited for
	need strace
	run ! timeout 60 strace -qq -o /dev/null -e inject=sendfile:retval=0 \
		ctr-image load o
	[[ $output == *"link to big: I"*" error"* ]] # (I/O, Input/output: the libc says it)
}

@test "a layer's file by a link of a layer below that leads to the root is in the root" {
	two_layers
	mktar 's r /' 's s /' >low.tar
	mktar 'f r/x X' 'f s/d/y Y' >over.tar
	oci o one.tar low.tar over.tar
	ctr-image load o
	[ "$(ctr-run new:1 cat /x /d/y)" = XY ]
}

@test "beside an opaque folder's mark, a mark of deletion is no file" {
	two_layers
	mktar 'd gone/deep' 'f gone/deep/x x' >low.tar
	mktar 'f gone/.wh..wh..opq ' 'f gone/.wh.x ' 'f gone/deep/.wh.x ' \
		'f gone/deep/y y' >over.tar
	chmod 700 one/gone
	tar -C one -cf one.tar .
	oci o one.tar low.tar over.tar
	ctr-image load o
	[ "$(ctr-run new:1 sh -c 'ls -d /gone/* /gone/deep/*; stat -c %a /gone/deep' | xargs)" = \
		"/gone/deep /gone/deep/y 755" ]
}

@test "bsdtar's access control lists, which are in another order" {
	need bsdtar libarchive-tools
	need setfacl acl
	mkdir -p r/d
	setfacl -m u:54321:rwx r/d || skip "no access control lists here"
	bsdtar -C r -cf r.tar .
	ctr-image import acl r.tar 2>err
	[ ! -s err ]
	diff <(getfacl -cn r/d) <(getfacl -cn "$CTR_LIB"/layers/*/d)
}

@test "access control lists of tar --acls are kept; names that have no number here are told" {
	need setfacl acl
	mkdir -p r/d r/bin
	echo x >r/f
	setfacl -m u:54321:rwx,g:54322:r r/f || skip "no access control lists here"
	setfacl -m u:54321:rx -m d:u:54321:rx,d:g::- r/d
	tar --acls -C r -cf r.tar .
	ctr-image import acl r.tar 2>err
	[ ! -s err ]
	layer=$(ls -d "$CTR_LIB"/layers/*)
	for f in f d; do diff <(getfacl -cn r/$f) <(getfacl -cn "$layer/$f"); done
	# by name, as tar writes it where the name is known; the others stay
	setfacl -x u:54321 r/f
	setfacl -m u:bin:rw r/f
	tar --acls -C r -cf r.tar f
	run -0 --separate-stderr ctr-image import named r.tar
	[[ "$stderr" == \
		*": f: entries of its access control list are left out: users and groups by name, not by number"* ]]
}

@test "an entry of a kind that nobody knows is skipped with a word" {
	box i
	mkdir o
	ctr-image save i | tar -C o -x
	digest=$(printf hello | sha256sum | cut -d' ' -f1)
	printf hello >"o/blobs/sha256/$digest"
	sed -i 's/"manifests": *\[/&{"mediaType":"application\/x-foreign","digest":"sha256:'"$digest"'","size":5},/' o/index.json
	ctr-image rm i
	run -0 ctr-image load o
	[[ "$output" == *"1 skipped that are no images"*"i:latest" ]]
}

# ours NAME CHANGE: one more image in the layout o/, its config and manifest changed by sed scripts.
ours() {
	local m c t
	m=$(sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' p/index.json)
	c=$(sed -n 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' "p/blobs/sha256/$m")
	sed "$2" "p/blobs/sha256/$c" >c.json
	t=$(sha c.json)
	cp c.json "o/blobs/sha256/$t"
	sed "s/$c/$t/; ${3:-}" "p/blobs/sha256/$m" >m.json
	t=$(sha m.json)
	cp m.json "o/blobs/sha256/$t"
	local type=application/vnd.oci.image.manifest.v1+json
	sed -i 's|"manifests": *\[|&{"mediaType":"'"$type"'","digest":"sha256:'"$t"'","size":9,"annotations":{"org.opencontainers.image.ref.name":"'"$1"'"}},|' o/index.json
}

@test "signatures, encrypted layers and other platforms' images in an index do no harm" {
	two_layers
	oci p one.tar
	cp -a p o
	ours signed:1 '' \
		's|"mediaType":"application/vnd.oci.image.layer.v1.tar"|"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json"|'
	ours secret:1 '' 's|layer.v1.tar"|layer.v1.tar+encrypted"|'
	ours other:1 's/"architecture":"[a-z0-9]*"/"architecture":"vax"/'
	ours other:2 's/"os":"linux"/"os":"windows"/'
	sed -i 's|"manifests": *\[|&{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:1","size":9,"artifactType":"text/x"},{"digest":"sha512:1","size":9},|' o/index.json
	run -0 ctr-image load o
	[[ "${lines[0]}" = *"6 skipped that are no images for linux/"* && "${lines[1]}" = new:1 &&
		${#lines[@]} = 2 ]]
	[ "$(ctr-image ls -n | wc -l)" = 1 ]
	# where there is nothing else, another platform's is taken, and that is said
	sed -i 's|"ref.name":"new:1"|&,"x":"y"|; s|,{[^{]*{"org.opencontainers.image.ref.name":"new:1"}}||' o/index.json
	run -0 ctr-image load o
	[[ "$output" = *": it is for linux/vax"*other:1 ]]
}

@test "an id means its image, also when that came in two ways; rm takes all its names" {
	two_layers
	oci o one.tar two.tar
	docker_old dk one.tar two.tar
	cp dk/*.json .
	tar -C dk -cf dk.tar .
	ctr-image load o
	ctr-image save new:1 >s.tar
	tar -xf s.tar manifest.json blobs && mkdir d2 && mv manifest.json blobs d2 &&
		tar -C d2 -cf d2.tar .
	ctr-image load -t twin d2.tar
	ctr-image tag new:1 third
	id=$(ctr-image ls -q | sort -u)
	[ "$(wc -l <<<"$id")" = 1 ]
	[ "$(ctr-run "$id")" = second ]
	ctr-image ls -q | ctr-image rm -
	[ -z "$(ctr-image ls -q)" ]
}

@test "SIZE is the same however an image came compressed; rm and prune leave nothing of it" {
	tar -C "$ROOTFS" -cf r.tar .
	gzip -k r.tar
	ctr-image import a r.tar >/dev/null
	ctr-image import b r.tar.gz >/dev/null
	[ "$(ctr-image ls -n | awk '{ print $NF }' | uniq | wc -l)" = 1 ]
	ctr-image rm a b
	ctr-image prune >/dev/null
	wait_for 5 sh -c '[ -z "$(ls -A "$CTR_LIB/layers")" ]'
}

@test "empty words in ENTRYPOINT, CMD and --entrypoint are docker's" {
	box e -c 'ENTRYPOINT [""]' -c 'CMD ["/bin/echo","hi"]'
	[ "$(ctr-run e)" = hi ]
	[ "$(ctr-run e /bin/echo given)" = given ]
	box f -c 'ENTRYPOINT ["/bin/echo","e"]' -c 'CMD ["c"]'
	[ "$(ctr-run --entrypoint '' f /bin/echo x)" = x ]
	[ "$(ctr-run f '')" = "e " ]
	run -127 ctr-run --entrypoint '' f ''
}

# bats test_tags=ctr-start,ctr-restart
@test "switch: the next start takes the new root and keeps its layer" {
	need mksquashfs squashfs-tools
	for v in 1 2; do
		cp -a "$ROOTFS" "r$v"
		echo $v >"r$v/version"
		mksquashfs "r$v" "$v.sqfs" -quiet -no-progress >/dev/null
	done
	(cd r1 && tar c .) | ctr-image import app:1 - >/dev/null
	(cd r2 && tar c .) | ctr-image import app:2 - >/dev/null
	ctr-run -d --name a "$WORLD/1.sqfs" sh -c 'cat /version >>/seen; sleep 1000' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-exec a cat /seen)" = 1 ]'
	run -0 --separate-stderr ctr-image switch a "$WORLD/2.sqfs"
	[[ "$stderr" = *"a runs: its next start takes the new root (ctr-restart)" ]]
	[ "$(ctr-exec a cat /version)" = 1 ]
	ctr-restart -t 0 a
	wait_for 5 sh -c '[ "$(ctr-exec a cat /seen | tr "\n" " ")" = "1 2 " ]'
	ctr-stop -t 0 a
	# switch to an image, whose layer is in use from then on, and to a folder
	ctr-image switch a app:1
	run -1 ctr-image rm app:1
	[[ "$output" = *"in use by container a"* ]]
	ctr-start a
	wait_for 5 sh -c '[ "$(ctr-exec a tail -n 1 /seen)" = 1 ]'
	ctr-stop -t 0 a
	ctr-image switch a "$WORLD/r2"
	ctr-image rm app:1 app:2
	ctr-start a
	wait_for 5 sh -c '[ "$(ctr-exec a tail -n 1 /seen)" = 2 ]'
	[ "$(ctr-inspect -f '{{.Config.Image}}' a)" = "$WORLD/r2" ]
	for bad in "nosuch r2|no such container" "a nosuch:1|no such image" \
		"a $WORLD/none|No such file"; do
		# shellcheck disable=SC2086
		run -1 ctr-image switch ${bad%%|*}
		[[ "$output" = *"${bad#*|}"* ]]
	done
	head -c 2000 /dev/urandom >"$WORLD/noise"
	for bad in "$WORLD/noise|not a squashfs, erofs or ext4 image" \
		"verity:zz:$WORLD/1.sqfs|not a root hash" "verity::$WORLD/1.sqfs|not a root hash" \
		"verity:aa:$WORLD/r1|neither a directory nor an image file"; do
		run -1 ctr-image switch a "${bad%|*}"
		[[ "$output" = *"${bad#*|}"* ]]
	done
	[ "$(ctr-inspect -f '{{.Config.Image}}' a)" = "$WORLD/r2" ]
	ctr-rm -f a
	# A new version that does not start, and is started again and again, is switched back.
	rm "$WORLD/r2/bin/sh"
	ctr-run -d --name b --restart always "$WORLD/1.sqfs" sh -c 'cat /version; sleep 0.1'
	ctr-image switch b "$WORLD/r2"
	wait_for 10 sh -c '[ "$(ctr-inspect -f "{{.State.ExitCode}}" b)" = 127 ]'
	ctr-update -m 64m b
	ctr-image switch b "$WORLD/1.sqfs"
	wait_for 20 sh -c '[ "$(ctr-inspect -f "{{.State.Running}} {{.State.ExitCode}}" b)" = "true 0" ]'
	ctr-rm -f b
	ctr-create --direct --name own "$WORLD/r1" true >/dev/null
	run -1 ctr-image switch own "$WORLD/r2"
	[[ "$output" = *"not a layer above an image"* ]]
}

# bats test_tags=ctr-create,ctr-start,ctr-restart
@test "--root-link: each start takes what the link names then, and the layer stays" {
	need mksquashfs squashfs-tools
	for v in 1 2; do
		cp -a "$ROOTFS" "r$v"
		echo $v >"r$v/version"
	done
	mksquashfs r2 2.sqfs -quiet -no-progress >/dev/null
	ln -s r1 now
	ctr-create --name a --root-link ./now sh -c '
		cat /version; echo x >>/seen; grep -c x /seen' >/dev/null
	[ "$(echo $(ctr-start -a a))" = "1 1" ]
	ln -sfn r2 now
	[ "$(echo $(ctr-start -a a))" = "2 2" ]
	ln -sfn r1 now
	[ "$(echo $(ctr-start -a a))" = "1 3" ]
	ln -sfn 2.sqfs now
	[ "$(echo $(ctr-start -a a))" = "2 4" ]
	# a link that leads nowhere is said, and nothing is changed; what switch named is no link
	# any more
	rm now
	run -125 ctr-start -a a
	[[ "$output" = *"its root, $WORLD/./now: No such file"* ]]
	ctr-image switch a "$WORLD/r1"
	[ "$(echo $(ctr-start -a a))" = "1 5" ]
	# the lives of one monitor, too
	ln -s r1 now
	ctr-run -d --name b --restart always --root-link now/ sh -c '
		cat /version; sleep 0.3' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-logs b)" ]'
	ln -sfn r2 now
	wait_for 10 sh -c '[ "$(ctr-logs b | tail -n 1)" = 2 ]'
	ctr-rm -f b
	run -125 ctr-run --root-link --direct now/ true
	[[ "$output" = *"--root-link does not go with --direct"* ]]
}

# bats test_tags=ctr-run
@test "--verity wants an image file, a hash and its tree (used in the rig)" {
	need mksquashfs squashfs-tools
	mksquashfs "$ROOTFS" i.sqfs -quiet -no-progress >/dev/null
	for bad in "aa $ROOTFS/|ROOTFS is no image file" \
		"aa box|ROOTFS is no image file" "A0 ./i.sqfs|not a root hash" \
		" ./i.sqfs|not a root hash" \
		"aa ./i.sqfs|no tree of hashes follows its file system, nor is there one in $WORLD/i.sqfs.verity"; do
		args=${bad%%|*}
		run -125 ctr-run --verity "${args%% *}" "${args#* }" true
		[[ "$output" = *"${bad#*|}"* ]]
	done
	if [ ! -e /dev/mapper/control ]; then
		printf 'verity\0\0\1\0\0\0\1' >i.sqfs.verity
		printf sha256 | dd of=i.sqfs.verity bs=1 seek=32 conv=notrunc status=none
		printf '\0\20\0\0\0\20\0\0\1' | dd of=i.sqfs.verity bs=1 seek=64 \
			conv=notrunc status=none
		truncate -s 8192 i.sqfs.verity
		run -125 ctr-run --verity aa ./i.sqfs true
		[[ "$output" = *"CONFIG_DM_VERITY"* ]]
		# of more digits than any digest has
		run -125 ctr-run --verity "$(printf %0130d 0)" ./i.sqfs true
		[[ "$output" = *"its tree of hashes: Invalid argument"* ]]
	fi
}

# bats test_tags=ctr-run
@test "ten containers of one image file share a loop device; a block device is an image too" {
	need mksquashfs squashfs-tools
	mksquashfs "$ROOTFS" r.sqfs -quiet -no-progress >/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ctr-run -d --name "c$i" "$WORLD/r.sqfs" sleep 1000 >/dev/null
	done
	[ "$(losetup -j "$WORLD/r.sqfs" -n -O NAME | wc -l)" = 1 ]
	dev=$(losetup -j "$WORLD/r.sqfs" -n -O NAME | tr -d ' ')
	[ "$(ctr-run "$dev" echo from the device)" = "from the device" ]
	head -c 100000 r.sqfs >short.sqfs
	run -125 ctr-run ./short.sqfs true
	[[ "$output" = *"mount as squashfs: Invalid argument (damaged or cut short: dmesg)" ]]
	head -c 1000 r.sqfs >short.sqfs
	run -125 ctr-run ./short.sqfs true
	[[ "$output" = *"mount as squashfs: "*"(damaged or cut short: dmesg)" ]]
	seq -f c%g 10 | ctr-rm -f - >/dev/null
	wait_for 5 sh -c '[ -z "$(losetup -j "$WORLD/r.sqfs")" ]'
}

@test "an archive from a pipe that stays open: refused, or its reader killed: said at once" {
	local how pid feed
	for how in refused killed; do
		mkfifo pipe
		exec 9<>pipe
		"$CTRBOX" ctr-image import pipe x >out 2>&1 9>&- 3>&- &
		pid=$!
		if [ $how = refused ]; then
			timeout 30 sh -c 'head -c 1000000 /dev/zero | tr "\0" x >&9' 3>&- &
		else
			tar cf t.tar -C "$ROOTFS" .
			timeout 30 sh -c 'head -c 700000 t.tar >&9' 3>&- &
		fi
		feed=$!
		if [ $how = killed ]; then
			wait_for 10 eval '[ -n "$(pgrep -P $pid)" ]'
			wait $feed
			kill -9 "$(pgrep -n -P $pid)"
		fi
		wait_for 10 eval '! kill -0 $pid 2>/dev/null'
		exec 9>&-
		kill $feed 2>/dev/null || true
		rm pipe # what was not read is in it
		run -1 cat out nothing
		[[ $output == "ctr-image: "*"ended by signal 9"* || $how = refused ]]
		[[ $output == "ctr-image: pipe: "* ]]
	done
}
