#!/usr/bin/env bats
# ctr-df: what uses space on the disk, and how much of it can be reclaimed.
load lib

image() { tar -C "$ROOTFS" -c bin | ctr-image import "$@" - >/dev/null; }

@test "df counts as du does, says what can be given back, and each with -v" {
	run -0 ctr-df
	[ "$(echo "$output" | tr -s ' ')" = "TYPE TOTAL ACTIVE SIZE RECLAIMABLE
Images 0 0 0 0 (0%)
Containers 0 0 0 0 (0%)
Local Volumes 0 0 0 0 (0%)" ]
	image busy
	ctr-image tag busy other
	ctr-run -d --name web -v data:/data busy sleep 100
	ctr-run -d --name done busy dd if=/dev/zero of=/big bs=1M count=3
	ctr-wait done
	dd if=/dev/zero of="$CTR_LIB/volumes/data/x" bs=1M count=2 status=none
	ctr-volume create idle
	ctr-df
	[ "$(ctr-df --format '{{.Type}} {{.TotalCount}} {{.Active}}' | tr '\n' ,)" = \
		"Images 1 1,Containers 2 1,Local Volumes 2 1," ]
	[ "$(ctr-df -v --json | wc -l)" = 3 ]
	ctr-df --json | tail -n 1 | grep -xE \
		'\{"Type":"Local Volumes","TotalCount":2,"Active":1,"Size":2[0-9]{6},"Reclaimable":[0-9]+\}'
	ctr-df | grep -E '^Containers +2 +1 +3\.[0-9]M +3\.[0-9]M \([0-9]+%\)'
	ctr-df -v | grep -E '^web +busy +running'
	ctr-df -v | grep -E '^data +1 +2'
	[ "$(ctr-df -v | grep -c 'busy:latest\|other:latest')" = 1 ]
	# another image of the same layer takes neither the layer nor its archive again
	image -m again third
	ctr-df -v | grep -E '^third:latest +[0-9a-f]+ +[0-9.]+M +[0-9.]+K? +0$'
	run -2 ctr-df web
}
