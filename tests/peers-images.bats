#!/usr/bin/env bats
# Images exchanged with other tools: what they write is loaded, run and committed here, and loaded
# there again.
bats_require_minimum_version 1.5.0
load lib
load image

test_teardown() { [ -z "${pid:-}" ] || { kill "$pid" && wait "$pid" || true; }; }

# Make our own image of two layers and one from a commit, with owners, a file capability, a deletion
# and a hard link.
three_layers() {
	two_layers
	oci o one.tar two.tar
	ctr-image load o
	ctr-run --keep --name c new:1 sh -c '
		echo third >/etc/which
		rm -r /emptied
		mkdir /emptied
		echo n >/emptied/newer
		cp /bin/busybox /ping
		ln /ping /ping2
		chown 12:34 /etc/which'
	setcap cap_net_raw+ep "$CTR_LIB/containers/c/upper/ping"
	ctr-commit -c 'ENV FROM=commit' -c 'CMD ["cat", "/etc/which"]' c three:1 >/dev/null
	ctr-image save three:1 >three.tar
}
# The tree of it, unpacked by somebody.
is_three() { # DIR
	[ "$(cat "$1/etc/which")" = third ]
	[ "$(stat -c %u:%g "$1/etc/which")" = 12:34 ]
	[ "$(ls "$1/emptied")" = newer ]
	[ ! -e "$1/etc/deleted" ]
	[ ! -e "$1/gone" ]
	[ "$(stat -c %i "$1/ping")" = "$(stat -c %i "$1/ping2")" ]
}

# bats test_tags=ctr-image
@test "podman and buildah: load, look, build on it, save in each of their formats; back here" {
	need podman
	need buildah
	three_layers
	s="--root $WORLD/p/root --runroot $WORLD/p/run --storage-driver vfs"
	p="podman $s --cgroup-manager cgroupfs --events-backend file"
	# shellcheck disable=SC2086 # words
	{
		$p load -q -i three.tar
		[ "$($p inspect --format '{{.Config.Env}}' localhost/three:1)" = \
			'[A=1 FROM=commit]' ] ||
			[ "$($p inspect --format '{{.Config.Env}}' localhost/three:1)" = \
			'[FROM=commit]' ]
		is_three "$($p image mount localhost/three:1)"
		getcap "$($p image mount localhost/three:1)/ping" | grep -q cap_net_raw
		b=$(buildah $s from -q --pull-never localhost/three:1)
		echo fourth >f
		buildah $s copy -q "$b" f /etc/which
		buildah $s config --cmd 'cat /etc/which' "$b"
		buildah $s commit -q "$b" four:2
		$p save -q -o docker.tar four:2
		$p save -q --format oci-archive -o oci.tar four:2
		$p save -q --format oci-dir -o ocidir four:2
		$p save -q -m -o many.tar four:2 three:1
		buildah $s push -q four:2 "oci-archive:$WORLD/zstd.tar:four:2" \
			--compression-format zstd 2>/dev/null || cp oci.tar zstd.tar
	}
	ctr-image rm three:1
	for f in docker.tar oci.tar ocidir many.tar zstd.tar; do
		ctr-image load "$f" >names
		grep -qx four:2 names
		[ "$(ctr-run four:2)" = fourth ]
		[ "$(ctr-run four:2 ls /emptied)" = newer ]
		ctr-image rm four:2
		[ ! -d "$f" ] || continue
		[ "$(ctr-image load -t mine:1 <"$f" 2>/dev/null || echo no)" != no ] ||
			[ "$f" = many.tar ]
	done
	[ "$(ctr-run three:1)" = third ]
	# shellcheck disable=SC2086
	$p image umount -a -f >/dev/null
}

# bats test_tags=ctr-image
@test "docker: load, run, commit, save; back here" {
	need dockerd docker.io
	need docker docker-cli
	need containerd
	[ "$(id -u)" -eq 0 ] || skip "needs root, for dockerd"
	three_layers
	export DOCKER_HOST=unix://$WORLD/d.sock
	echo '{}' >d.json
	dockerd -H "$DOCKER_HOST" --data-root "$WORLD/d" --exec-root "$WORLD/e" -p "$WORLD/d.pid" \
		--bridge none --iptables=false --ip6tables=false --ip-forward=false \
		--storage-driver overlay2 --config-file "$WORLD/d.json" >dockerd.log 2>&1 3>&- &
	pid=$!
	wait_for 30 sh -c "[ -S d.sock ] && timeout 5 docker version" >/dev/null 2>&1 ||
		skip "dockerd does not run here: $(tail -n 1 dockerd.log)"
	[ "$(docker load -q -i three.tar)" = 'Loaded image: three:1' ]
	docker create --name xx three:1 >/dev/null
	mkdir x
	docker export xx | tar -C x --xattrs --xattrs-include='*' -xf -
	is_three x
	getcap x/ping | grep -q cap_net_raw
	[ "$(docker inspect -f '{{.Config.Env}}' xx)" = '[FROM=commit]' ] ||
		[ "$(docker inspect -f '{{.Config.Env}}' xx)" = '[A=1 FROM=commit]' ]
	echo fourth >f
	docker cp -q f xx:/etc/which 2>/dev/null || docker cp f xx:/etc/which
	docker commit -c 'CMD ["cat", "/etc/which"]' xx four:2 >/dev/null
	docker save four:2 >four.tar
	docker save four:2 three:1 | gzip >both.tar.gz
	ctr-image rm three:1
	[ "$(ctr-image load four.tar)" = four:2 ]
	[ "$(ctr-run four:2)" = fourth ]
	ctr-image rm four:2
	[ "$(ctr-image load <both.tar.gz | sort)" = $'four:2\nthree:1' ]
	[ "$(ctr-run four:2 ls /emptied)" = newer ]
	[ "$(ctr-run three:1)" = third ]
	# a root filesystem in the other direction
	ctr-image export four:2 | docker import - five:1 >/dev/null
	[ "$(docker image ls -q | wc -l)" -eq 3 ]
}
