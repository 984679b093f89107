#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120
# ctr-ipam: address leases.

load lib

@test "addresses go round: a freed one rests until the others had their turn" {
	for want in 2 3 4; do
		run -0 ctr-ipam alloc -s 10.1.0.0/29 box$want
		[ "$output" = "10.1.0.$want/29" ]
	done
	ctr-ipam free 10.1.0.3
	[ "$(ctr-ipam alloc -s 10.1.0.0/29 a)" = 10.1.0.5/29 ]
	[ "$(ctr-ipam alloc -s 10.1.0.0/29 b)" = 10.1.0.6/29 ]
	[ "$(ctr-ipam alloc -s 10.1.0.0/29 c)" = 10.1.0.3/29 ]
	run -1 ctr-ipam alloc -s 10.1.0.0/29 d
	[ "$output" = "ctr-ipam: no address is free in 10.1.0.0-10.1.0.7" ]
	run -0 ctr-ipam ls
	[ "$output" = $'10.1.0.2 box2\n10.1.0.3 c\n10.1.0.4 box4\n10.1.0.5 a\n10.1.0.6 b' ]
}

@test "a wanted address, a range, an excluded one; what is the network's own is never given" {
	[ "$(ctr-ipam alloc -s 10.1.0.0/24 -a 10.1.0.77 a)" = 10.1.0.77/24 ]
	run -1 ctr-ipam alloc -s 10.1.0.0/24 -a 10.1.0.77 b
	[[ "$output" = *"10.1.0.77: already on lease" ]]
	[ "$(ctr-ipam alloc -s 10.1.0.0/24 -r 10.1.0.77-10.1.0.79 -x 10.1.0.78 a)" = 10.1.0.79/24 ]
	for a in 10.1.0.0 10.1.0.255 10.1.0.1 10.2.0.1; do
		run -1 ctr-ipam alloc -s 10.1.0.0/24 -a $a c
	done
	[ "$(ctr-ipam ls | wc -l)" = 2 ]
}

@test "IPv6 and other prefix lengths" {
	[ "$(ctr-ipam alloc -s fd00:1::/64 a)" = fd00:1::2/64 ]
	[ "$(ctr-ipam alloc -s fd00:2::/126 a)" = fd00:2::2/126 ]
	[ "$(ctr-ipam alloc -s 10.0.0.128/30 a)" = 10.0.0.130/30 ]
	run -1 ctr-ipam alloc -s 10.0.0.128/30 b
	# in a /31 and a /32 no address belongs to the network itself
	for s in 10.0.1.0/31 fd00:3::/127 10.0.2.7/32 fd00:4::7/128; do
		run -0 ctr-ipam alloc -s $s a
		[ "$output" = "$s" ]
	done
	[ "$(ctr-ipam alloc -s 10.0.1.0/31 b)" = 10.0.1.1/31 ]
	[ "$(ctr-ipam alloc -s fd00:3::/127 b)" = fd00:3::1/127 ]
	for s in 10.0.1.0/31 fd00:3::/127 10.0.2.7/32 fd00:4::7/128; do
		run -1 ctr-ipam alloc -s $s c
	done
	# ranges in it, given either way, more than one address left out
	[ "$(ctr-ipam alloc -s fd00:5::/64 -r fd00:5::a-fd00:5::f -x fd00:5::a -x fd00:5::b c)" = \
		fd00:5::c/64 ]
	[ "$(ctr-ipam alloc -s 10.0.3.0/24 -r 10.0.3.64/26 c)" = 10.0.3.64/24 ]
	run -1 ctr-ipam alloc -s 10.0.3.0/24 -r 10.0.4.64/26 c
}

@test "a network of ctr-net: both families at once, its range and gateway; ls of it, as JSON, too" {
	ctr-net create --subnet 10.7.0.0/24 --gateway 10.7.0.16 --ip-range 10.7.0.16/29 \
		--subnet fd00:7::/64 n7 >/dev/null
	[ "$(ctr-ipam alloc -n n7 a)" = $'10.7.0.17/24\nfd00:7::2/64' ]
	[ "$(ctr-ipam alloc -n n7 -a fd00:7::9 b)" = fd00:7::9/64 ]
	[ "$(ctr-ipam ls -n n7)" = $'10.7.0.17 a\nfd00:7::2 a\nfd00:7::9 b' ]
	[ "$(ctr-ipam ls --json)" = \
		$'{"address":"10.7.0.17","owner":"a","network":"n7"}\n{"address":"fd00:7::2","owner":"a","network":"n7"}\n{"address":"fd00:7::9","owner":"b","network":"n7"}' ]
	# one family has six addresses left: the owner that gets no second address gives its first
	# one back
	for i in 2 3 4 5 6 7; do ctr-ipam alloc -n n7 c$i >/dev/null; done
	run -1 ctr-ipam alloc -n n7 c8
	[ "$(ctr-ipam ls | grep -c ' c')" = 12 ]
	run -1 ctr-ipam alloc -n nosuch a
	run -1 ctr-ipam alloc -s 10.1.0.0/24 "$(printf 'a\nb')"
}

@test "a signal while several are leased: nobody has any" {
	need strace
	run strace -qqo calls -e inject=linkat:signal=SIGTERM:when=2 \
		ctr-ipam alloc -s 10.9.0.0/24 a b c
	[ "$status $output" = "143 " ]
	[ -z "$(ctr-ipam ls)" ]
}

@test "who cannot print an address has not leased it" {
	run -1 sh -c 'ctr-ipam alloc -s 10.1.0.0/24 a >/dev/full'
	[[ "$output" = *"No space left"* ]]
	[ -z "$(ctr-ipam ls)" ]
}

@test "free by owner and by address; freeing nothing is said" {
	ctr-ipam alloc -s 10.1.0.0/24 a
	ctr-ipam alloc -s 10.1.0.0/24 a
	ctr-ipam alloc -s 10.2.0.0/24 a
	ctr-ipam alloc -s 10.2.0.0/24 b
	ctr-ipam free a
	[ "$(ctr-ipam ls)" = "10.2.0.3 b" ]
	ctr-ipam free 10.2.0.3/24
	[ -z "$(ctr-ipam ls)" ]
	run -1 ctr-ipam free b
}

@test "leases of IPv6 subnets are seen and freed without -s, too" {
	ctr-ipam alloc -s fd00:1::/64 a b c
	[ "$(ctr-ipam ls)" = $'fd00:1::2 a\nfd00:1::3 b\nfd00:1::4 c' ]
	ctr-ipam free a
	echo b | ctr-ipam gc
	[ "$(ctr-ipam ls)" = "fd00:1::3 b" ]
}

@test "an owner called like an address can be freed; a network that is none is said" {
	ctr-ipam alloc -s 10.1.0.0/24 10.0.0.5
	ctr-ipam free 10.0.0.5
	for what in ls free gc; do
		run -1 ctr-ipam $what -n nosuch </dev/null
		[[ "$output" = *"network nosuch: there is none of this name"* ]]
	done
}

@test "gc keeps who is named on stdin, by id, by 12 digits of it, and frees the rest" {
	for o in aaaaaaaaaaaa111 bbbbbbbbbbbb222 c; do ctr-ipam alloc -s 10.1.0.0/24 $o; done
	printf 'aaaaaaaaaaaa\nc\n' | ctr-ipam gc -s 10.1.0.0/24
	[ "$(ctr-ipam ls)" = $'10.1.0.2 aaaaaaaaaaaa111\n10.1.0.4 c' ]
}

@test "a lease file is whole: the owner is its first line; gc clears a broken one" {
	ctr-ipam alloc -s 10.1.0.0/24 me
	d=$CTR_RUN/leases/10.1.0.0_24
	[ "$(head -n1 "$d/10.1.0.2")" = me ]
	: >"$d/10.1.0.3"
	[ "$(ctr-ipam alloc -s 10.1.0.0/24 you)" = 10.1.0.4/24 ]
	printf 'me\nyou\n' | ctr-ipam gc
	[ ! -e "$d/10.1.0.3" ]
	[ -e "$d/10.1.0.4" ]
}

@test "wrong usage is 2 and changes nothing" {
	for args in "alloc" "alloc -s 10.0.0.0 a" "alloc -s 10.0.0.0/33 a" \
		"alloc -s 10.0.0.0/24 -n x a" "alloc -s 10.0.0.0/24 -r 3-4 a" frob "ls x"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr ctr-ipam $args
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
	[ ! -e "$CTR_RUN/leases" ]
}

@test "a full disk is an error, not an empty lease" {
	mkdir "$CTR_RUN/leases"
	unshare -m sh -c '
		mount -t tmpfs -o size=64k,nr_inodes=4000 t "$CTR_RUN/leases" &&
		head -c 70000 /dev/zero >"$CTR_RUN/leases/fill" 2>/dev/null
		ctr-ipam alloc -s 10.1.0.0/24 a
		echo code $?
		find "$CTR_RUN/leases" -name "10.*" -type f' >out 2>&1
	cat out
	grep -q 'No space left' out
	grep -q 'code 1' out
	[ "$(grep -c '/10\.1\.0\.[0-9]*$' out)" = 0 ]
}

@test "many owners at once, from arguments and from stdin: in their order, all or none" {
	[ "$(printf 'a\nb\n' | ctr-ipam alloc -s 10.1.0.0/29 - c | tr '\n' ' ')" = \
		"10.1.0.2/29 10.1.0.3/29 10.1.0.4/29 " ]
	[ "$(ctr-ipam ls -s 10.1.0.0/29 | tr '\n' ' ')" = "10.1.0.2 a 10.1.0.3 b 10.1.0.4 c " ]
	run -1 --separate-stderr ctr-ipam alloc -s 10.1.0.0/29 d e f
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[ "$(ctr-ipam ls | wc -l)" = 3 ]
	ctr-ipam ls | cut -d' ' -f1 | ctr-ipam free -
	[ -z "$(ctr-ipam ls)" ]
	seq -f o%g 1000 | ctr-ipam alloc -s 10.2.0.0/16 - | sort -u >got
	[ "$(wc -l <got)" = 1000 ]
}

# Thousands of leases lie in memory, as below /run, and not on the disk of /tmp.
in_memory() {
	if [ -w /dev/shm ]; then
		export CTR_RUN=/dev/shm/${WORLD##*/}
		mkdir "$CTR_RUN"
	fi
}
test_teardown() {
	rm -rf "/dev/shm/${WORLD##*/}"
	CTR_RUN=$WORLD/run
}

@test "200 allocs at once with kill -9 among them: no address twice, none lost after gc" {
	in_memory
	# shellcheck disable=SC2016
	time seq 200 | xargs -P 32 -I{} sh -c '
		ctr-ipam alloc -s 10.1.0.0/24 o{} >got.{} 2>&1 &
		p=$!
		[ $(({} % 3)) != 0 ] || kill -9 $p 2>/dev/null
		wait $p
		true' 3>&-
	cat got.* | grep / | sort >given
	[ -z "$(uniq -d given)" ]
	[ "$(wc -l <given)" -ge 130 ]
	# whoever was told an address has it
	ctr-ipam ls >leases
	for f in got.*; do
		a=$(cut -d/ -f1 "$f")
		[ -z "$a" ] || grep -qx "$a o${f#got.}" leases
	done
	[ -z "$(cut -d' ' -f1 leases | sort | uniq -d)" ]
	echo "# 200 parallel: $(wc -l <given) given, $(wc -l <leases) leases" >&3
	# leases of those that were killed before they could print them are freed by name
	for f in got.*; do [ ! -s "$f" ] || echo "o${f#got.}"; done | ctr-ipam gc
	[ "$(ctr-ipam ls | wc -l)" = "$(wc -l <given)" ]
	[ "$(find "$CTR_RUN/leases/10.1.0.0_24" -name '.new*' | wc -l)" = 0 ]
}

@test "a /16 filled to the last of its 65,533 addresses, then a clear error" {
	in_memory
	d=$CTR_RUN/leases/10.1.0.0_16
	mkdir -p "$d"
	# all but three leases are made by hand, because a lease is just a file
	perl -e 'for $i (2..65534) { next if $i == 300 || $i == 40000 || $i == 65534; open F, ">", sprintf("%s/10.1.%d.%d", $ARGV[0], $i >> 8, $i & 255); print F "x\n\n\n"; close F }' "$d"
	t0=$(date +%s%N)
	for want in 10.1.1.44 10.1.156.64 10.1.255.254; do
		[ "$(ctr-ipam alloc -s 10.1.0.0/16 last)" = $want/16 ]
	done
	t1=$(date +%s%N)
	echo "# the last three of a /16: $(((t1 - t0) / 3000000)) ms each" >&3
	[ "$(find "$d" -mindepth 1 -name '10.*' | wc -l)" = 65533 ]
	run -1 ctr-ipam alloc -s 10.1.0.0/16 more
	[ "$output" = "ctr-ipam: no address is free in 10.1.0.0-10.1.255.255" ]
	ctr-ipam free 10.1.7.7
	[ "$(ctr-ipam alloc -s 10.1.0.0/16 more)" = 10.1.7.7/16 ]
}

@test "an owner's leases are freed in a time that does not grow with the others'" {
	in_memory
	ctr-net create --subnet 10.1.0.0/16 n1
	seq -f 'o%.0f' 3000 | ctr-ipam alloc -n n1 - >/dev/null
	[ "$(strace -f -e trace=openat -o /dev/stdout ctr-ipam free -n n1 o1500 | wc -l)" -lt 60 ]
	run -1 ctr-ipam free -n n1 o1500
	ctr-ipam alloc -n n1 -a 10.1.7.7 late || true
	run -1 ctr-ipam alloc -n n1 -a 10.1.7.7 other
	[[ "$output" = *"taken by o"* ]]
}

@test "gc removes half-made leases that a kill left, and leaves alone what it cannot read" {
	ctr-ipam alloc -s 10.9.0.0/24 a
	d=$CTR_RUN/leases/10.9.0.0_24
	touch "$d/.10.9.0.2.abcd" "$d/.new-0123"
	mkdir -p "$d/.by/0000000000000000"
	run -1 bash -c 'ulimit -n 7; exec ctr-ipam gc -s 10.9.0.0/24 </dev/null'
	[[ "$output" = *"(ulimit -n) is 7"* ]]
	[ -e "$d/10.9.0.2" ]
	echo a | ctr-ipam gc -s 10.9.0.0/24
	[ -e "$d/10.9.0.2" ]
	[ ! -e "$d/.10.9.0.2.abcd" ]
	[ ! -e "$d/.new-0123" ]
	[ ! -e "$d/.by/0000000000000000" ]
}

@test "without -n and -s no network is made by the way" {
	run -1 ctr-ipam alloc x
	[ "$output" = \
		"ctr-ipam: network bridge: there is none of this name (ctr-net ls lists them, ctr-net create makes one)" ]
	[ -z "$(ctr-net ls -n)" ]
}
