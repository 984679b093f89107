# The reference plugins (Debian's containernetworking-plugins) beside ours, with the same
# configurations: what both answer and what is in the kernel afterwards is compared field by field.
# Each has a host of its own. shellcheck shell=bash disable=SC2154,SC2034
# bats file_tags=ctr-netcfg,ctr-ipam
load cni

THEIRS=/usr/lib/cni

test_setup() {
	need ip iproute2
	need jq
	[ -x $THEIRS/bridge ] || sh "$top/tests/tools" containernetworking-plugins || true
	[ -x $THEIRS/bridge ] ||
		skip "needs $THEIRS/bridge (apt-get install containernetworking-plugins)"
	PLUGINS=$WORLD/plugins
	"$CTRBOX" --install-cni "$PLUGINS"
	NS_PIDS=()
	local v
	for v in A B; do # a host and a pod for each
		ns "HOST_$v"
		ns "POD_$v"
		v=HOST_$v
		in_ns "${!v}" ip link add wan type veth peer name router
		in_ns "${!v}" ip link set wan up
		in_ns "${!v}" ip link set router up
		in_ns "${!v}" ip addr add 198.51.100.2/24 dev wan
		in_ns "${!v}" ip route add default via 198.51.100.1
	done
	printf 'nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.example b.example\noptions ndots:2\n' >"$WORLD/resolv"
	FORCE='' ARGS=
}
test_teardown() { HOST='' && net_down; }

# call HOST POD DIR COMMAND TYPE CONF
call() {
	in_ns "$1" env CNI_COMMAND="$4" CNI_CONTAINERID=pod1 CNI_NETNS="/proc/$2/ns/net" \
		CNI_IFNAME="${IFNAME:-eth0}" \
		CNI_ARGS="$ARGS" CNI_PATH="$3" "$3/$5" <<<"$6" 2>>"$WORLD/err"
}

# Replaces what always differs: names and addresses of the ends on the host, the path of the
# namespace.
same() {
	jq -S '(.interfaces | arrays)[] |= ((if .sandbox then .sandbox = "ns" else . end)
		| (if .name | test("^veth") then .name = "veth" else . end)
		| (if .name | test("^bwp") then .name = "bwp" else . end)
		| (if .mac and ((.mac | ascii_downcase) != "02:11:22:33:44:55") and .name != "lo"
			then .mac = "mac" else . end))'
}

# What is in the kernel: interface, addresses, routes and sysctls of the pod; bridge, ports, VLANs,
# forwarding of the host.
kernel() { # HOST POD
	local i=${IFNAME:-eth0}
	in_ns "$2" ip -j -d addr show dev "$i" |
		jq -Sc \
		'.[] | {mtu, link_type, kind: .linkinfo.info_kind, mode: .linkinfo.info_data.mode,
		promiscuity, up: (.flags | contains(["UP"])),
		allmulti: (.flags | contains(["ALLMULTI"])),
		addrs: [.addr_info[] | select(.scope != "link") | {local, prefixlen, scope}] | sort}' 2>/dev/null
	for f in -4 -6; do
		in_ns "$2" ip $f -j route show dev "$i" |
			jq -Sc '[.[] | select(.dst | test("^(fe80|ff00|multicast)") | not)
			| {dst, gateway, scope, prefsrc, metric}] | sort'
	done
	[ "$i" = lo ] || in_ns "$2" cat "/proc/sys/net/ipv4/conf/$i/log_martians"
	in_ns "$1" ip -j -d addr |
		jq -Sc '[.[] | select(.linkinfo.info_kind == "bridge") | {ifname, mtu, vlans: .linkinfo.info_data.vlan_filtering,
		promisc: (.promiscuity > 0), up: (.flags | contains(["UP"])),
		addrs: [.addr_info[] | select(.scope != "link") | {local, prefixlen}] | sort}],
		[.[] | select(.linkinfo.info_kind == "veth" and (.ifname | test("^veth"))) | {mtu, hairpin: .linkinfo.info_slave_data.hairpin,
			up: (.flags | contains(["UP"])),
		addrs: [.addr_info[] | select(.scope != "link") | {local, prefixlen}] | sort}]'
	in_ns "$1" bridge -j vlan | jq -Sc '[.[] | select(.ifname != "wan") | {vlans}] | sort'
	in_ns "$1" tc -j qdisc |
		jq -Sc '[.[] | select(.kind == "tbf" or .kind == "ingress") | {kind, rate: .options.rate}] | sort'
	in_ns "$1" cat /proc/sys/net/ipv4/ip_forward
}

# Ours must succeed; portmap 1.1.1 looks for IPv6's chains where there is no IPv6, and DEL fails
# where ADD did.
fault() { [ "$2" = $THEIRS ] || echo "$1 failed"; }
# HOST POD DIR OUT TYPE CONF [TYPE CONF...]: the chain added, its result and the kernel told, and
# deleted
one() {
	local r='' i a=("${@:5}") conf
	rm -rf "$WORLD/leases"
	[ -z "$FORCE" ] || in_ns "$1" sh -c "
		ip link add cni0 type bridge; ip addr add $FORCE dev cni0; ip link set cni0 up"
	for ((i = 0; i < ${#a[@]}; i += 2)); do
		conf=${a[i + 1]}
		[ -z "$r" ] || conf=$(with_prev "$conf" "$r")
		r=$(call "$1" "$2" "$3" ADD "${a[i]}" "$conf") || {
			echo "refused: ${a[i]}" >"$4" && echo "$r" >&2
		}
		[ -n "$r" ] || break
	done
	if [ ! -e "$4" ]; then
		same <<<"$r" >"$4"
		[ "${a[0]}" = host-local ] || kernel "$1" "$2" >>"$4"
		[[ $conf = *cniVersion\":\"0.[23]* || ${a[0]} = host-local ]] ||
			call "$1" "$2" "$3" CHECK "${a[i - 2]}" "$(with_prev "${a[i - 1]}" "$r")" ||
			fault CHECK "$3" >>"$4"
	fi
	for ((i = ${#a[@]} - 2; i >= 0; i -= 2)); do
		call "$1" "$2" "$3" DEL "${a[i]}" "$(with_prev "${a[i + 1]}" "${r:-null}")" ||
			fault DEL "$3" >>"$4"
	done
	in_ns "$2" ip -o link show eth0 >>"$4" 2>/dev/null || true
	in_ns "$1" ip link del cni0 2>/dev/null || true
}

# both WHAT TYPE CONF [TYPE CONF...]: call both implementations; there must be no difference.
both() {
	rm -f "$WORLD/theirs" "$WORLD/ours"
	one "$HOST_A" "$POD_A" "$THEIRS" "$WORLD/theirs" "${@:2}"
	one "$HOST_B" "$POD_B" "$PLUGINS" "$WORLD/ours" "${@:2}"
	[ -s "$WORLD/theirs" ]
	diff -u "$WORLD/theirs" "$WORLD/ours" >"$WORLD/diff" || {
		echo "--- $1 differs (- theirs, + ours)"
		cat "$WORLD/diff"
		tail -n 3 "$WORLD/err"
		FAILED=1
	}
}
# conf TYPE JQ: a configuration with addresses, changed.
conf() {
	jq -nc --arg t "$1" --arg d "$WORLD/leases" --arg w "$WORLD" \
		'{cniVersion: "1.0.0", name: "n", type: $t,
		ipam: {type: "host-local", dataDir: $d, ranges: [[{subnet: "10.22.0.0/24"}]]}}
		| '"${2:-.}"
}
bare() { jq -nc --arg t "$1" '{cniVersion: "1.0.0", name: "n", type: $t} | '"${2:-.}"; }
dual='.ipam.ranges += [[{subnet: "fd00:22::/64"}]]'

@test "cni beside the reference plugins: bridge" {
	FAILED=0
	both "no gateway" bridge "$(conf bridge)"
	both isGateway bridge "$(conf bridge '.isGateway = true')"
	both "default gateway, masquerade" bridge \
		"$(conf bridge '.isDefaultGateway = true | .ipMasq = true')"
	both "dual stack" bridge "$(conf bridge ".isDefaultGateway = true | $dual")"
	both "hairpin, mtu" bridge \
		"$(conf bridge '.isGateway = true | .hairpinMode = true | .mtu = 1400')"
	both promiscMode bridge "$(conf bridge '.isGateway = true | .promiscMode = true')"
	both vlan bridge "$(conf bridge '.vlan = 100')"
	both "layer 2 only" bridge "$(bare bridge '.ipam = {}')"
	both macspoofchk bridge "$(conf bridge '.macspoofchk = true')"
	both "MAC of runtimeConfig" bridge \
		"$(conf bridge '.runtimeConfig = {mac: "02:11:22:33:44:55"}')"
	both "routes and dns" bridge \
		"$(conf bridge \
		'.isGateway = true | .dns = {nameservers: ["192.0.2.3"], domain: "x.example"}
		| .ipam.routes = [{dst: "0.0.0.0/0"}, {dst: "192.0.2.0/24", gw: "10.22.0.9"}]')"
	FORCE=10.99.0.1/24
	both forceAddress bridge "$(conf bridge '.isGateway = true | .forceAddress = true')"
	both "another address" bridge "$(conf bridge '.isGateway = true')"
	[ $FAILED = 0 ]
}

@test "cni beside the reference plugins: addresses, versions and arguments" {
	FAILED=0
	both "a range" bridge \
		"$(conf bridge \
		'.ipam.ranges = [[{subnet: "10.22.0.0/24", rangeStart: "10.22.0.50", rangeEnd: "10.22.0.60",
		gateway: "10.22.0.254"}]] | .isDefaultGateway = true')"
	both "the older subnet" bridge \
		"$(conf bridge '.ipam |= del(.ranges) + {subnet: "10.22.0.0/24"}')"
	both "two sets" host-local "$(conf host-local "$dual | .cniVersion = \"0.4.0\"")"
	both resolvConf host-local "$(conf host-local '.ipam.resolvConf = ($w + "/resolv")')"
	both "version 0.3.1" bridge \
		"$(conf bridge "$dual | .cniVersion = \"0.3.1\" | .isGateway = true")"
	both "version 0.2.0" bridge \
		"$(conf bridge "$dual | .cniVersion = \"0.2.0\" | .isDefaultGateway = true")"
	both "version 0.2.0, layer 2" bridge "$(bare bridge '.cniVersion = "0.2.0"')"
	both "runtimeConfig.ips" bridge "$(conf bridge '.runtimeConfig = {ips: ["10.22.0.77/24"]}')"
	both "an address of no range" bridge \
		"$(conf bridge '.runtimeConfig = {ips: ["10.23.0.77/24"]}')"
	both "a network with host bits" bridge \
		"$(conf bridge '.ipam.ranges[0][0].subnet = "10.22.0.1/24"')"
	ARGS='IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.22.0.44'
	both "CNI_ARGS" bridge "$(conf bridge)"
	ARGS='K8S_POD_NAME=x'
	both "unknown CNI_ARGS" bridge "$(conf bridge)"
	ARGS='IgnoreUnknown=yes'
	both "wrong CNI_ARGS" bridge "$(conf bridge)"
	[ $FAILED = 0 ]
}

@test "cni beside the reference plugins: ptp, macvlan, loopback and what is chained" {
	FAILED=0
	both "ptp, dual stack" ptp \
		"$(conf ptp \
		"$dual | .ipMasq = true | .ipam.routes = [{dst: \"0.0.0.0/0\"}, {dst: \"::/0\"}]")"
	both "ptp, mtu, dns" ptp "$(conf ptp '.mtu = 1400 | .dns = {nameservers: ["192.0.2.3"]}')"
	both macvlan macvlan "$(conf macvlan '.master = "wan" | .mode = "bridge" | .mtu = 1400')"
	both "macvlan, private" macvlan \
		"$(conf macvlan \
		'.master = "wan" | .mode = "private" | .runtimeConfig = {mac: "02:11:22:33:44:55"}')"
	both "macvlan by the default route" macvlan "$(conf macvlan '.mode = "vepa"')"
	IFNAME=lo both loopback loopback "$(bare loopback)"
	both tuning bridge "$(conf bridge)" tuning \
		"$(bare tuning '.mac = "02:11:22:33:44:55" | .mtu = 1300 | .promisc = true
		| .allmulti = true | .sysctl = {"net.ipv4.conf.eth0.log_martians": "1"}')"
	both bandwidth bridge "$(conf bridge '.isGateway = true')" bandwidth \
		"$(bare bandwidth '. + {ingressRate: 8000000, ingressBurst: 800000,
		egressRate: 4000000, egressBurst: 400000}')"
	both portmap bridge "$(conf bridge '.isDefaultGateway = true')" portmap \
		"$(bare portmap '.snat = true | .runtimeConfig = {portMappings:
		[{hostPort: 8080, containerPort: 80, protocol: "tcp"},
		{hostPort: 53, containerPort: 53, protocol: "udp"}]}')"
	both firewall bridge "$(conf bridge '.isDefaultGateway = true')" firewall \
		"$(bare firewall '.backend = "iptables"')"
	[ $FAILED = 0 ]
}

@test "cni: another's ipam plugin serves our bridge, and ours another's bridge" {
	local mixed=$WORLD/mixed conf r
	mkdir "$mixed"
	ln -s $THEIRS/bridge $THEIRS/static "$mixed"
	ln -s "$PLUGINS/ctr-ipam" "$PLUGINS/ctr-netcfg" "$mixed"
	conf=$(jq -c '.ipam = {type: "static", addresses: [{address: "10.22.0.9/24", gateway: "10.22.0.1"}]}' <<<"$(conf ctr-netcfg)")
	r=$(call "$HOST_A" "$POD_A" "$mixed" ADD ctr-netcfg "$conf")
	jq -e '.ips == [{interface: 2, address: "10.22.0.9/24", gateway: "10.22.0.1"}]' <<<"$r"
	in_ns "$POD_A" ip addr show eth0 | grep -q 10.22.0.9/24
	call "$HOST_A" "$POD_A" "$mixed" CHECK ctr-netcfg "$(with_prev "$conf" "$r")"
	call "$HOST_A" "$POD_A" "$mixed" DEL ctr-netcfg "$conf"
	run -1 call "$HOST_A" "$POD_A" "$mixed" ADD ctr-netcfg \
		"$(jq -c '.ipam.addresses[0].address = "x"' <<<"$conf")"
	[[ $output = *'static: '* ]]
	run -1 in_ns "$POD_A" ip link show eth0
	conf=$(conf bridge '.ipam.type = "ctr-ipam" | .isGateway = true')
	r=$(call "$HOST_B" "$POD_B" "$mixed" ADD bridge "$conf")
	jq -e '.ips[0].address == "10.22.0.2/24"' <<<"$r"
	call "$HOST_B" "$POD_B" "$mixed" CHECK bridge "$(with_prev "$conf" "$r")"
	[ -e "$WORLD/leases/n/10.22.0.2" ]
	call "$HOST_B" "$POD_B" "$mixed" DEL bridge "$conf"
	[ ! -e "$WORLD/leases/n/10.22.0.2" ]
}
