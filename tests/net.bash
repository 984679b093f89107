# net.bash: what the tests of networks share: a host, a router and a peer, each in a network
# namespace of its own. Nothing of the machine's own network is touched.
# shellcheck shell=bash

# ns VAR: make a network namespace that lives as long as its process, whose pid goes to VAR.
ns() {
	unshare -n sleep 10000 3>&- >/dev/null 2>&1 &
	local pid=$! i
	printf -v "$1" %s "$pid"
	NS_PIDS+=("$pid")
	for ((i = 0; i < 200; i++)); do
		[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] || break
		sleep 0.01
	done
	# else what follows would be done to the machine's own network
	[ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || return 1
	in_ns "$pid" ip link set lo up
}
in_ns() {
	local pid=$1
	shift
	nsenter -t "$pid" -n "$@"
}
h() { in_ns "$HOST" "$@"; }
peer() { in_ns "$PEER" "$@"; }

# peer 203.0.113.2 -- router -- 198.51.100.2 host. The router has no route to the containers, so
# only answers to masqueraded packets come back.
net_up() {
	need socat socat
	need nft nftables
	NS_PIDS=()
	ns HOST
	ns ROUTER
	ns PEER
	ip link add name wan netns "$HOST" type veth peer name rh netns "$ROUTER"
	ip link add name wan netns "$PEER" type veth peer name rp netns "$ROUTER"
	local r
	for r in "$HOST wan 198.51.100.2/24 2001:db8:1::2/64" \
		"$ROUTER rh 198.51.100.1/24 2001:db8:1::1/64" \
		"$PEER wan 203.0.113.2/24 2001:db8:2::2/64" \
		"$ROUTER rp 203.0.113.1/24 2001:db8:2::1/64"; do
		# shellcheck disable=SC2086
		set -- $r
		in_ns "$1" sh -c "echo 0 >/proc/sys/net/ipv6/conf/$2/accept_dad"
		in_ns "$1" ip link set "$2" up
		in_ns "$1" ip addr add "$3" dev "$2"
		in_ns "$1" ip addr add "$4" dev "$2" nodad
	done
	# a new namespace begins with the machine's settings
	h sh -c '
		echo 0 >/proc/sys/net/ipv4/ip_forward
		echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
	h ip route add default via 198.51.100.1
	h ip -6 route add default via 2001:db8:1::1
	peer ip route add default via 203.0.113.1
	peer ip -6 route add default via 2001:db8:2::1
	in_ns "$ROUTER" sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

net_down() {
	[ -z "${HOST:-}" ] || h ctr-ps -aq | h ctr-rm -f - >/dev/null 2>&1 || true
	[ -z "${HOST:-}" ] || h ctr-gc >/dev/null 2>&1 || true
	{ kill -9 "${BG[@]}" "${NS_PIDS[@]}" && wait "${BG[@]}" "${NS_PIDS[@]}"; } 2>/dev/null
	BG=() NS_PIDS=()
}

# serve PID PORT WORD [tcp|udp][4|6]: a server in that namespace that answers every client with
# WORD.
serve() {
	local kind=${4:-tcp4} listen
	case $kind in
	tcp*) listen=TCP${kind#tcp}-LISTEN:$2,fork,reuseaddr ;;
	udp*) listen=UDP${kind#udp}-LISTEN:$2,fork,reuseaddr ;;
	esac
	# a process group would be simpler, but bats has no job control
	local answer="echo $3"
	# with unread data the connection would be reset before the answer is read
	[[ $kind = tcp* ]] || answer="read -r x; $answer"
	# not by in_ns, because this pid is to be killed
	nsenter -t "$1" -n socat "$listen" "SYSTEM:$answer" 3>&- >/dev/null 2>&1 &
	BG+=($!)
	wait_for 5 listening "$1" "$2" "$kind"
}
listening() {
	local f=tcp
	[[ $3 = tcp* ]] || f=udp
	local port
	port=$(printf ':%04X ' "$2")
	nsenter -t "$1" -n cat "/proc/net/$f" "/proc/net/${f}6" 2>/dev/null | grep -q "$port"
}
# ask PID ADDR PORT [tcp|udp]: what the server there answers, "" if none does.
ask() {
	if [ "${4:-tcp}" = udp ]; then
		echo x | in_ns "$1" timeout 3 socat -t1 -T1 - "UDP:$2:$3" 2>/dev/null || true
	else
		in_ns "$1" timeout 3 socat -T1 - "TCP:$2:$3,connect-timeout=1" </dev/null \
			2>/dev/null || true
	fi
}
BG=() NS_PIDS=()
