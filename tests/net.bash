# net.bash: what the tests of networks share: a host, a router and a peer, each in a network
# namespace of its own. Nothing of the machine's own network is touched.
# shellcheck shell=bash

# ns VAR [COMMAND]: make a network namespace that lives as long as its process, whose pid goes to
# VAR; a shell in it has first set up lo and run COMMAND.
ns() {
	local fd pid line
	exec {fd}< <(exec unshare -n sh -c '
		# else what follows would be done to the machine'"'"'s own network
		[ "$(readlink /proc/self/ns/net)" != "$1" ] || exit 1
		ip link set lo up
		eval "$2"
		echo up
		exec sleep 10000 >/dev/null 2>&1' sh "$OWN_NET" "${2:-}" 3>&- 2>/dev/null)
	pid=$!
	printf -v "$1" %s "$pid"
	NS_PIDS+=("$pid")
	read -r line <&"$fd" || true
	exec {fd}<&-
	[ "$line" = up ]
}
in_ns() { nsenter -t "$1" -n "${@:2}"; }
h() { nsenter -t "$HOST" -n "$@"; }
peer() { nsenter -t "$PEER" -n "$@"; }
# hosted FUNCTIONS CODE [ARG...]: bash in the host's namespace, which it enters once for all of
# CODE, and without what bats does for each command; it ends at the first that fails. FUNCTIONS are
# the test's own that CODE uses; their `h` is there already.
hosted() {
	# shellcheck disable=SC2086
	h bash -exc "h() { \"\$@\"; }; $(declare -f -- $1)"$'\n'"$2" bash "${@:3}"
}

# peer 203.0.113.2 -- router -- 198.51.100.2 host. The router has no route to the containers, so
# only answers to masqueraded packets come back.
net_up() {
	need socat socat
	need nft nftables
	NS_PIDS=()
	ns HOST
	ns PEER
	# shellcheck disable=SC2016
	ns ROUTER '
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		ip -batch - <<-END
			link add name rh type veth peer name wan netns '"$HOST"'
			link add name rp type veth peer name wan netns '"$PEER"'
			link set rh up
			link set rp up
			addr add 198.51.100.1/24 dev rh
			addr add 2001:db8:1::1/64 dev rh nodad
			addr add 203.0.113.1/24 dev rp
			addr add 2001:db8:2::1/64 dev rp nodad
		END'
	local uplink='
		echo 0 >/proc/sys/net/ipv6/conf/wan/accept_dad
		# a new namespace begins with the machine'"'"'s settings
		echo 0 >/proc/sys/net/ipv4/ip_forward
		echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
		exec ip -batch - <<-END
			link set wan up
			addr add $1.2/24 dev wan
			addr add $2::2/64 dev wan nodad
			route add default via $1.1
			route add default via $2::1
		END'
	h sh -c "$uplink" sh 198.51.100 2001:db8:1
	peer sh -c "$uplink" sh 203.0.113 2001:db8:2
}

net_down() {
	[ -z "${HOST:-}" ] ||
		h sh -c 'ctr-ps -aq | ctr-rm -f -; exec ctr-gc' >/dev/null 2>&1 || true
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
	local f=tcp port
	[[ $3 = tcp* ]] || f=udp
	printf -v port ':%04X ' "$2"
	grep -qs "$port" "/proc/$1/net/$f" "/proc/$1/net/${f}6"
}
# ask PID ADDR PORT [tcp|udp]: what the server there answers, "" if none does.
ask() {
	if [ "${4:-tcp}" = udp ]; then
		# the answer's first line, without a wait for more
		in_ns "$1" timeout 3 bash -c '
			exec 3<>"/dev/udp/$1/$2" && echo x >&3 && head -n 1 <&3' _ \
			"${2//[][]/}" "$3" 2>/dev/null || true
	else
		in_ns "$1" timeout 3 socat -T1 - "TCP:$2:$3,connect-timeout=1" </dev/null \
			2>/dev/null || true
	fi
}
BG=() NS_PIDS=()
OWN_NET=$(readlink /proc/self/ns/net)
