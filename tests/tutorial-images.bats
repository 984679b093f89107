#!/usr/bin/env bats
# The sessions of the textbook that are about images, volumes and commit, as its reader types them.
bats_require_minimum_version 1.5.0
load lib
load image

# bats test_tags=ctr-exec,ctr-image
@test "3. image and layers: a container writes into its own layer, and the image stays the same" {
	tar -C "$ROOTFS" -cf busybox.tar .
	ctr-image import busybox busybox.tar
	ctr-run -d --name c busybox sh -c '
		mkdir aaa; touch aaa/test.txt; rm /etc/group; sleep 100' >/dev/null
	wait_for 5 ctr-exec c test -e /aaa/test.txt
	ctr-exec c sh -c 'while [ -e /etc/group ]; do :; done'
	# it is in the write layer on the host,
	[ -e "$CTR_LIB/containers/c/upper/aaa/test.txt" ]
	# a deleted file is a mark there,
	[ "$(stat -c '%F %t:%T' "$CTR_LIB/containers/c/upper/etc/group")" = \
		"character special file 0:0" ]
	# the image is unchanged,
	[ ! -e "$CTR_LIB"/layers/*/aaa ]
	[ -e "$CTR_LIB"/layers/*/etc/group ]
	# a tmpfs is on /dev, and nothing is mounted on the host
	ctr-exec c grep -q ' /dev tmpfs ' /proc/mounts
	! grep -q "$WORLD" /proc/mounts || false
	# and it is gone after the container is removed
	ctr-rm -f c
	[ ! -e "$CTR_LIB/containers/c" ]
	run ctr-run busybox ls /aaa
	[ "$status" -ne 0 ]
}

# bats test_tags=ctr-run
@test "4. volume: what is written there stays on the host; a second run appends" {
	box busybox
	ctr-run -v "$WORLD/volume:/containerVolume" busybox \
		sh -c 'echo "hello world" >>/containerVolume/test.txt'
	[ "$(cat volume/test.txt)" = "hello world" ]
	ctr-run -v "$WORLD/volume:/containerVolume" busybox \
		sh -c 'echo "hello again" >>/containerVolume/test.txt'
	[ "$(cat volume/test.txt)" = $'hello world\nhello again' ]
	! grep -q "$WORLD" /proc/mounts || false
}

# bats test_tags=ctr-exec,ctr-commit
@test "5. commit: the tree of a running container as a tar; later as an image" {
	box busybox
	ctr-run -d --name c busybox sh -c 'echo x >/made; sleep 100' >/dev/null
	wait_for 5 ctr-exec c test -e /made
	ctr-commit c - >image.tar
	tar tf image.tar | grep -qx made
	tar tf image.tar | grep -qx bin/busybox
	ctr-commit c image
	[ "$(ctr-run image cat /made)" = x ]
}

# bats test_tags=ctr-exec,ctr-commit,ctr-stop
@test "10. images from containers: two of one image, each with a volume of its own" {
	box busybox
	ctr-run -d --name container1 -v "$WORLD/from1:/to1" busybox top >/dev/null
	ctr-run -d --name container2 -v "$WORLD/from2:/to2" busybox top >/dev/null
	ctr-exec container1 sh -c '
		echo "hello container1" >>/to1/test1.txt
		mkdir /to1-1
		echo "hello container1, to1-1" >>/to1-1/test1.txt'
	# the volume's file lands in from1 and not in the write layer, the folder in that
	# container's write layer only
	[ "$(cat from1/test1.txt)" = "hello container1" ]
	[ ! -e "$CTR_LIB/containers/container1/upper/to1/test1.txt" ]
	[ -e "$CTR_LIB/containers/container1/upper/to1-1/test1.txt" ]
	[ ! -e "$CTR_LIB/containers/container2/upper/to1-1" ]
	ctr-exec container2 sh -c 'echo "hello container2" >>/to2/test2.txt; mkdir /to2-1'
	# commit the first, stop and remove it: its write layer is gone, the second is untouched
	ctr-commit container1 image1
	ctr-stop -t 1 container1
	ctr-rm container1
	[ ! -e "$CTR_LIB/containers/container1" ]
	[ "$(cat from1/test1.txt)" = "hello container1" ]
	[ "$(ctr-exec container2 cat /to2/test2.txt)" = "hello container2" ]
	# run image1 with another volume
	ctr-run -d --name container3 -v "$WORLD/from3:/to3" image1 top >/dev/null
	[ "$(ctr-exec container3 cat /to1-1/test1.txt)" = "hello container1, to1-1" ]
	[ -z "$(ctr-exec container3 ls /to1)" ]
	ctr-exec container3 sh -c 'echo 3 >/to3/test3.txt'
	[ "$(cat from3/test3.txt)" = 3 ]
}
