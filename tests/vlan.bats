#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120,SC2030,SC2031
# macvlan and ipvlan: containers and namespaces on the host's own network. Run in the rig of `make check-v2`, too, whose
# kernel has both.

load lib
load net

test_setup() { net_up; }
test_teardown() { net_down; }

ip_of() { (. "$CTR_RUN/containers/$1/state" && echo "$ip"); }
box() { h ctr-run -d --name "$@" "$ROOTFS" sleep 1000; }
ipvlan() { # the kernel has it, or says by our words that it has not
	ns A
	if h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24 gw 198.51.100.1; then return; fi
	run -1 h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24
	[[ "$output" = *"CONFIG_IPVLAN"* ]]
	skip "this kernel has no ipvlan (CONFIG_IPVLAN): make check-v2"
}

# bats test_tags=ctr-exec,ctr-ipam,ctr-net
@test "macvlan: on the host's own network, by its router; refused where it cannot be" {
	not_in_rig "the machine itself shows it"
	h ctr-net create --driver macvlan --parent wan --subnet 198.51.100.0/24 --gateway 198.51.100.1 --ip-range 198.51.100.64/28 mv
	box a --net mv
	[ "$(ip_of a)" = 198.51.100.64 ]
	h ctr-exec a ping -c1 -W2 203.0.113.2
	h ctr-run --net mv "$ROOTFS" ping -c1 -W2 a
	[ "$(h ip -o link show type veth | grep -vc wan)" = 0 ]
	run -125 h ctr-run --net mv -p 90:90 "$ROOTFS" true
	[[ "$output" = *"-p: network mv is"* ]]
	for bad in "--driver macvlan --parent wan --subnet 198.51.100.0/25 x" "--subnet 198.51.0.0/16 x"; do
		# shellcheck disable=SC2086
		run -1 h ctr-net create $bad
		[[ "$output" = *"overlaps with"* ]]
	done
	run -2 h ctr-net create --internal --driver macvlan --parent wan --subnet 10.3.0.0/24 x
	h ctr-net create --driver macvlan --parent nosuch --subnet 10.3.0.0/24 lost
	run -125 h ctr-run --net lost "$ROOTFS" true
	[[ "$output" = *"parent"*"nosuch"* ]]
	h ctr-rm -f a
	h ctr-net rm mv
	[ -z "$(h ctr-ipam ls)" ]
}

# bats test_tags=ctr-netcfg
@test "macvlan by hand" {
	not_in_rig "the machine itself shows it"
	ns A
	h ctr-netcfg macvlan wan "$A" 198.51.100.50/24 gw 198.51.100.1
	in_ns "$A" ping -c1 -W2 203.0.113.2
	h ctr-netcfg detach "$A"
}

# bats test_tags=ctr-exec,ctr-ipam,ctr-net,ctr-netcfg
@test "ipvlan: by hand; containers on the host's own network with its address of the link, known by name" {
	ipvlan
	in_ns "$A" ping -c1 -W2 203.0.113.2
	mac() { ip -o link show "$1" | sed 's/.*ether \([^ ]*\).*/\1/'; }
	export -f mac
	[ "$(in_ns "$A" bash -c 'mac eth0')" = "$(h bash -c 'mac wan')" ]
	run -2 h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24 mac 02:00:00:00:00:01
	h ctr-netcfg detach "$A"
	h ctr-net create --driver ipvlan --parent wan --subnet 198.51.100.0/24 --gateway 198.51.100.1 --ip-range 198.51.100.64/28 iv
	box a --net iv
	[ "$(ip_of a)" = 198.51.100.64 ]
	h ctr-exec a ping -c1 -W2 203.0.113.2
	h ctr-run --net iv "$ROOTFS" ping -c1 -W2 a
	peer ping -c1 -W2 198.51.100.64
	[ "$(h ip -o link show type veth | grep -vc wan)" = 0 ]
	run -125 h ctr-run --net iv --mac 02:00:00:00:00:01 "$ROOTFS" true
	[[ "$output" = *"--mac"*"interface wan" ]]
	[ -z "$(. "$CTR_RUN/containers/a/state" && echo "${mac:-}")" ]
	h ctr-rm -f a
	h ctr-net rm iv
	[ -z "$(h ctr-ipam ls)" ]
}
