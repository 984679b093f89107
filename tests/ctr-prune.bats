#!/usr/bin/env bats
# ctr-prune: removing what is not used (ctr-df.bats counts it). Labels of networks and volumes.
load lib

image() { tar -C "$ROOTFS" -c bin | ctr-image import "$@" - >/dev/null; }

# bats test_tags=ctr-run,ctr-net,ctr-volume,ctr-image
@test "prune removes what is not used, and nothing else; it asks for -f" {
	image busy
	image --change "LABEL not=busy" old
	ctr-net create empty
	ctr-volume create vused
	ctr-volume create vidle
	ctr-run -d --name web -v vused:/v busy sleep 100
	ctr-create --name waits "$ROOTFS" true
	ctr-run --keep --name done "$ROOTFS" true
	run -2 ctr-prune
	[[ "$output" = *"use -f"* ]]
	run -2 ctr-prune -f pods
	run -2 ctr-prune -f --filter name=x
	run -2 ctr-prune -f --volumes --filter until=1h
	[ "$(ctr-ps -aq | wc -l)" = 3 ]
	run -0 ctr-prune -f
	[ "$(echo "$output" | head -n 7 | tr '\n' ,)" = \
		"Deleted Containers:,done,waits,,Deleted Networks:,empty,," ]
	[[ "${lines[-1]}" = "Total reclaimed space: "*K ]]
	[ "$(ctr-ps -a --format '{{.Names}}') $(ctr-net ls -q) $(ctr-volume ls -q |
		tr '\n' ,) $(ctr-image ls -q | wc -l)" = "web  vidle,vused, 2" ]
	ctr-prune -fa images | grep -x old:latest
	ctr-prune -f volumes | grep -x vidle
	[ "$(ctr-volume ls -q) $(ctr-image ls --format '{{.Repository}}')" = "vused busy" ]
}

# bats test_tags=ctr-net,ctr-volume,ctr-image
@test "prune's filters: until, label, label!" {
	ctr-run --keep --name keep -l keep=1 "$ROOTFS" true
	ctr-run --keep --name a -l tier=front "$ROOTFS" true
	ctr-run --keep --name b "$ROOTFS" true
	ctr-prune -f containers --filter until=1h
	[ "$(ctr-ps -aq | wc -l)" = 3 ]
	ctr-prune -f containers --filter until=0s --filter label=tier=front
	ctr-prune -f containers --filter 'label!=keep'
	[ "$(ctr-ps -a --format '{{.Names}}')" = keep ]
	ctr-net create stays
	# it was not started yet, and needs the network when it is
	ctr-create --name waits --net stays "$ROOTFS" true
	# a further one, and another whose name is part of its
	ctr-net create further
	ctr-net create fur
	ctr-net connect further waits
	ctr-prune -f networks
	[ "$(ctr-net ls -q | tr '\n' ,)" = further,stays, ]
	ctr-net disconnect further waits
	ctr-prune -f networks
	[ "$(ctr-net ls -q)" = stays ]
	ctr-volume create --label keep v1
	ctr-volume create v2
	ctr-prune -f volumes --filter 'label!=keep'
	[ "$(ctr-volume ls -q)" = v1 ]
	image --change 'LABEL tier=front' front
	image back
	ctr-prune -fa images --filter label=tier=front
	[ "$(ctr-image ls --format '{{.Repository}}')" = back ]
}

# bats test_tags=ctr-net,ctr-volume
@test "networks and volumes have labels, and lists are filtered by them" {
	ctr-volume create --label a=1 --label 'b=x y' v1
	ctr-volume create v2
	[ "$(ctr-volume inspect --format '{{json .Labels}}' v1)" = '{"a":"1","b":"x y"}' ]
	[ "$(ctr-volume ls -q --filter label=a)$(ctr-volume ls -q --filter label=a=2)" = v1 ]
	[ "$(ctr-volume ls -q --filter name=v --filter dangling=true | tr '\n' ,)" = v1,v2, ]
	ctr-volume create --label a=9 v1 # it keeps the labels that it has
	[ "$(ctr-volume ls -q --filter label=a=1)" = v1 ]
	ctr-volume rm v1
	ctr-volume create v1
	[ -z "$(ctr-volume ls -q --filter label=a)" ]
	run -2 ctr-volume create --label =x v3
	run -2 ctr-volume ls --filter nosuch=1
	ctr-net create --label tier=front front
	ctr-net create back
	[ "$(ctr-net ls -q --filter label=tier=front)" = front ]
	[ "$(ctr-net ls -q --filter name=a --filter driver=bridge)" = back ]
	[ "$(ctr-net inspect --format '{{.Labels.tier}}' front)" = front ]
	run -2 ctr-net ls --filter dangling=perhaps
}
