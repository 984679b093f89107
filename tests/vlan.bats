#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120,SC2030,SC2031
# macvlan and ipvlan: containers and namespaces on the host's own network. Run in the rig of `make
# check-v2`, too, whose kernel has both.

# bats file_tags=ctr-netcfg,ctr-net
load cni

test_setup() { net_up; }

ip_of() { (. "$CTR_RUN/containers/$1/state" && echo "$ip"); }
box() { h ctr-run -d --name "$@" "$ROOTFS" sleep 1000; }
ipvlan() { # skips unless the kernel has it; if not, our message must say so
	ns A
	if h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24 gw 198.51.100.1; then return; fi
	run -1 h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24
	[[ "$output" = *"CONFIG_IPVLAN"* ]]
	skip "this kernel has no ipvlan (CONFIG_IPVLAN): make check-v2"
}

# bats test_tags=ctr-exec,ctr-ipam,ctr-net
@test "macvlan: on the host's own network, by its router; refused where it cannot be" {
	not_in_rig "the machine itself shows it"
	h ctr-net create --driver macvlan --parent wan --subnet 198.51.100.0/24 \
		--gateway 198.51.100.1 --ip-range 198.51.100.64/28 mv
	box a --net mv
	[ "$(ip_of a)" = 198.51.100.64 ]
	h ctr-exec a ping -c1 -W2 203.0.113.2
	h ctr-run --net mv "$ROOTFS" ping -c1 -W2 a
	[ "$(h ip -o link show type veth | grep -vc wan)" = 0 ]
	run -125 h ctr-run --net mv -p 90:90 "$ROOTFS" true
	[[ "$output" = *"-p: network mv is"* ]]
	for bad in "--driver macvlan --parent wan --subnet 198.51.100.0/25 x" \
		"--subnet 198.51.0.0/16 x"; do
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
@test "ipvlan: by hand, and for containers with addresses of the host's network, known by name" {
	ipvlan
	in_ns "$A" ping -c1 -W2 203.0.113.2
	mac() { ip -o link show "$1" | sed 's/.*ether \([^ ]*\).*/\1/'; }
	export -f mac
	[ "$(in_ns "$A" bash -c 'mac eth0')" = "$(h bash -c 'mac wan')" ]
	run -2 h ctr-netcfg ipvlan wan "$A" 198.51.100.51/24 mac 02:00:00:00:00:01
	h ctr-netcfg detach "$A"
	h ctr-net create --driver ipvlan --parent wan --subnet 198.51.100.0/24 \
		--gateway 198.51.100.1 --ip-range 198.51.100.64/28 iv
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

# --- as CNI plugins
plugins() {
	need jq
	PLUGINS=$WORLD/plugins
	"$CTRBOX" --install-cni "$PLUGINS"
	ns POD
	ns POD2
}
conf() { # JQ: a bridge with addresses, changed
	jq -nc '{cniVersion: "1.0.0", name: "n", type: "bridge", ipam: {type: "host-local", ranges: [[{subnet: "10.22.0.0/24"}]]}} | '"${1:-.}"
}
vlans() { h bridge -j vlan | jq -c --arg n "$1" '[.[] | select(.ifname | test($n)) | .vlans[]
	| [.vlan, .vlanEnd // .vlan, (.flags // [] | length)]]'; }


# bats test_tags=cni
@test "cni bridge: vlan keeps pods apart; vlanTrunk carries tags" {
	local c d r
	plugins
	h ip link add b0 type bridge
	if ! h ip link set b0 type bridge vlan_filtering 1; then
		code 100 ADD "$POD" bridge "$(conf '.vlan = 100')"
		[[ $output = *CONFIG_BRIDGE_VLAN_FILTERING* ]]
		nothing_left
		skip \
			"this kernel's bridges know no VLANs (CONFIG_BRIDGE_VLAN_FILTERING): make check-v2"
	fi
	c=$(conf '.vlan = 100 | .preserveDefaultVlan = false')
	d=$(jq -c '.vlan = 200 | .name = "m" | .ipam.ranges = [[{subnet: "10.22.0.0/24", rangeStart: "10.22.0.9"}]]' <<<"$c")
	ns POD3
	plugin ADD "$POD" bridge "$c"
	plugin ADD "$POD2" bridge "$d"
	r=$(plugin ADD "$POD3" bridge "$c")
	[ "$(vlans '^veth')" = '[[100,100,2],[200,200,2],[100,100,2]]' ]
	in_ns "$POD" ping -c1 -W2 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$r")"
	run -1 in_ns "$POD" ping -c1 -W1 10.22.0.9
	plugin DEL "$POD2" bridge "$d"
	plugin DEL "$POD3" bridge "$c"
	plugin DEL "$POD" bridge "$c"
	nothing_left
	c=$(conf '.vlanTrunk = [{minID: 10, maxID: 12}, {id: 40}]')
	plugin ADD "$POD" bridge "$c"
	[ "$(vlans '^veth')" = '[[1,1,2],[10,10,0],[11,11,0],[12,12,0],[40,40,0]]' ]
	plugin DEL "$POD" bridge "$c"
	nothing_left
	code 7 ADD "$POD" bridge "$(conf '.vlan = 4095')"
	code 7 ADD "$POD" bridge "$(conf '.vlan = 5 | .vlanTrunk = [{id: 6}]')"
	code 7 ADD "$POD" bridge "$(conf '.vlanTrunk = [{minID: 6}]')"
}

# bats test_tags=cni
@test "cni ipvlan: pods on the host's network; in a chain it takes the addresses given" {
	local c r
	ipvlan
	h ctr-netcfg detach "$A"
	plugins
	c=$(conf \
		'.type = "ipvlan" | .master = "wan" | .ipam.ranges = [[{subnet: "198.51.100.0/24", rangeStart: "198.51.100.60"}]]
		| .ipam.routes = [{dst: "0.0.0.0/0"}]')
	r=$(plugin ADD "$POD" ipvlan "$c")
	jq -e '.ips[0] == {interface: 0, address: "198.51.100.60/24", gateway: "198.51.100.1"}' \
		<<<"$r"
	in_ns "$POD" ping -c1 -W2 203.0.113.2
	plugin CHECK "$POD" ipvlan "$(with_prev "$c" "$r")"
	plugin DEL "$POD" ipvlan "$c"
	plugin ADD "$POD" ipvlan "$(jq -c '.mode = "l3s"' <<<"$c")"
	in_ns "$POD" ip -j -d link show eth0 | jq -e '.[0].linkinfo.info_data.mode == "l3s"'
	plugin DEL "$POD" ipvlan "$c"
	code 7 ADD "$POD" ipvlan "$(jq -c '.mode = "l4"' <<<"$c")"
	plugin ADD "$POD" ipvlan \
		"$(jq \
		-c 'del(.ipam) | .prevResult = {cniVersion: "1.0.0", interfaces: [{name: "x"}],
		ips: [{address: "198.51.100.77/24", interface: 0}]}' <<<"$c")" |
			jq -e '.ips[0].address == "198.51.100.77/24"'
	in_ns "$POD" ip addr show eth0 | grep -q 198.51.100.77
	plugin DEL "$POD" ipvlan "$c"
	nothing_left
}
