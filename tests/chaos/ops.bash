# ops.bash: every kind of operation that chaos/run hurts: what it needs, the command, and what it
# must have done when it says that all went well. Each is run in the host's namespace.
# shellcheck shell=bash disable=SC2034,SC2154

# The standard faces. What they made is undone by their own words: `delete -f` and DEL, as their
# callers do it.
oci() { h ctr-oci --root "$WORLD/oci" "$@" </dev/null; }
faces_up() {
	mkdir -p "$WORLD/bundle/rootfs"
	cp -a "$ROOTFS". "$WORLD/bundle/rootfs"
	cat >"$WORLD/bundle/config.json" <<-END
	{"ociVersion":"1.0.2","process":{"args":["sleep","3000"],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin"]},
	 "root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
	 "linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"network"}]}}
	END
	cat >"$WORLD/cni.json" <<-END
	{"cniVersion":"1.0.0","name":"cn","type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,
	 "ipam":{"type":"host-local","dataDir":"$WORLD/cni","ranges":[[{"subnet":"10.79.0.0/24"}]]}}
	END
	ns POD
	cni=(env CNI_CONTAINERID=pod CNI_IFNAME=eth0 "CNI_NETNS=/proc/$POD/ns/net" "CNI_PATH=$BIN")
	# The bridge stays, as the reference plugin's does: it is there before anything is counted.
	h "${cni[@]}" CNI_COMMAND=ADD ctr-netcfg <"$WORLD/cni.json" >/dev/null || complain "cni ADD"
	faces_clear
}
faces_clear() { # what is left is said on stdout
	local id
	for id in $(oci list -q 2>/dev/null); do
		oci delete -f "$id" >/dev/null 2>&1 || echo "oci $id"
	done
	find "$WORLD/oci" -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null
	h "${cni[@]}" CNI_COMMAND=DEL ctr-netcfg <"$WORLD/cni.json" >/dev/null 2>&1 ||
		echo "cni DEL: exit $?"
	find "$WORLD/cni" -name '10.*' 2>/dev/null
}

ops=(run run-d run-port run-userns run-script create start exec rm stop kill restart pause unpause
	update rename commit cp cp-out connect disconnect logs attach wait ps inspect top port stats
	diff events gc df prune import load tag image-rm image-prune export save history switch
	volume volume-rm volume-ls volume-prune net net-rm net-ls ipam ipam-free ipam-ls netcfg
	cgset cgset-rm cgset-run nsenter unshare root priv init seccomp check
	oci-run oci-create oci-start oci-kill oci-exec oci-delete oci-state oci-ps oci-pause
	oci-update oci-list cni-add cni-del cni-check)

prepare() { # OP N
	case $1 in
	exec | rm | stop | kill | restart | pause | unpause | update | rename | commit | cp | \
		cp-out | connect | disconnect | top | stats | diff | nsenter)
		h ctr-run -d --name "v$2" --net n i sh -c 'echo made >/made; exec sleep 3000' ;;&
	disconnect) h ctr-net connect m "v$2" ;;
	unpause) h ctr-pause "v$2" ;;
	diff | commit | cp-out) wait_for 5 h ctr-exec "v$2" test -s /made ;;
	attach) h ctr-run -d --name "v$2" i sh -c 'sleep 0.3; echo inside' ;;
	wait) h ctr-run -d --name "v$2" i sleep 0.1 ;;
	logs) h ctr-run -d --name "v$2" i echo inside && h ctr-wait "v$2" ;;
	port) h ctr-run -d --name "v$2" --net n -p "$((8000 + $2 % 1000)):80" i sleep 3000 ;;
	start) h ctr-create --name "v$2" --net n i true ;;
	switch) h ctr-create --name "v$2" i true && h ctr-image tag i "t$2" ;;
	prune) h ctr-create --name "v$2" --label of=chaos i true ;;
	load) h ctr-image tag i "t$2" && h ctr-image save "t$2" >load.tar && h ctr-image rm "t$2" ;;
	image-rm | tag) h ctr-image tag i "t$2" ;;
	volume-rm | volume-prune) h ctr-volume create "w$2" ;;
	net-rm) h ctr-net create "x$2" ;;
	ipam-free) h ctr-ipam alloc -s 10.99.0.0/24 "o$2" ;;
	cgset-rm) h ctr-cgset -c "g$2/in" pids.max=9 ;;
	oci-start | oci-kill | oci-exec | oci-delete | oci-state | oci-ps | oci-pause | oci-update)
		oci create -b "$WORLD/bundle" "v$2" ;;&
	oci-kill | oci-exec | oci-ps | oci-pause) oci start "v$2" ;;
	cni-del | cni-check) h "${cni[@]}" CNI_COMMAND=ADD ctr-netcfg <"$WORLD/cni.json" \
		>cni.result ;;
	esac >/dev/null 2>&1 </dev/null
	return 0
}

command_of() { # OP N: into the array cmd
	case $1 in
	run) cmd=(ctr-run --net n i echo inside) ;;
	run-d) cmd=(ctr-run -d --name "v$2" i sleep 0.05) ;;
	run-port) cmd=(ctr-run --net n -p "$((8000 + $2 % 1000)):80" i echo inside) ;;
	run-userns) cmd=(ctr-run --userns auto i echo inside) ;;
	run-script) cmd=(ctr-run --explain i true) ;;
	create) cmd=(ctr-create --name "v$2" -v "w$2:/w" i true) ;;
	start | wait | top | port) cmd=("ctr-$1" "v$2") ;;
	pause | unpause | kill | logs | diff) cmd=("ctr-$1" "v$2") ;;
	attach) cmd=(ctr-attach --no-stdin "v$2") ;;
	exec) cmd=(ctr-exec "v$2" echo inside) ;;
	rm) cmd=(ctr-rm -f "v$2") ;;
	stop | restart) cmd=("ctr-$1" -t 0 "v$2") ;;
	update) cmd=(ctr-update -m 64m "v$2") ;;
	rename) cmd=(ctr-rename "v$2" "u$2") ;;
	commit) cmd=(ctr-commit "v$2" "t$2") ;;
	cp) cmd=(ctr-cp "$ROOTFS/bin/busybox" "v$2:/copy") ;;
	cp-out) cmd=(ctr-cp "v$2:/made" -) ;;
	connect) cmd=(ctr-net connect m "v$2") ;;
	disconnect) cmd=(ctr-net disconnect m "v$2") ;;
	ps) cmd=(ctr-ps -a) ;;
	inspect) cmd=(ctr-inspect keep) ;;
	stats) cmd=(ctr-stats --no-stream "v$2") ;;
	events) cmd=(ctr-events --since 1h --until 1s) ;;
	gc) cmd=(ctr-gc) ;;
	df) cmd=(ctr-df -v) ;;
	prune) cmd=(ctr-prune -f --filter label=of=chaos containers) ;;
	import) cmd=(sh -c "tar -C $ROOTFS -c etc | ctr-image import t$2") ;;
	load) cmd=(ctr-image load -i load.tar) ;;
	tag) cmd=(ctr-image tag "t$2" "s$2") ;;
	image-rm) cmd=(ctr-image rm "t$2") ;;
	image-prune) cmd=(ctr-image prune) ;;
	export | save | history) cmd=(ctr-image "$1" i) ;;
	switch) cmd=(ctr-image switch "v$2" "t$2") ;;
	volume) cmd=(ctr-volume create "w$2") ;;
	volume-rm) cmd=(ctr-volume rm "w$2") ;;
	volume-prune) cmd=(ctr-volume prune -f --filter "name=w$2") ;;
	volume-ls | net-ls) cmd=("ctr-${1%-ls}" ls) ;;
	net) cmd=(ctr-net create "x$2") ;;
	net-rm) cmd=(ctr-net rm "x$2") ;;
	ipam) cmd=(ctr-ipam alloc -s 10.99.0.0/24 "o$2") ;;
	ipam-free) cmd=(ctr-ipam free -s 10.99.0.0/24 "o$2") ;;
	ipam-ls) cmd=(ctr-ipam ls -n n) ;;
	netcfg) cmd=(ctr-netcfg show) ;;
	cgset) cmd=(ctr-cgset -c "g$2" pids.max=9) ;;
	cgset-rm) cmd=(ctr-cgset -d "g$2") ;;
	cgset-run) cmd=(ctr-cgset -c "g$2" pids.max=9 -- echo inside) ;;
	nsenter) cmd=(ctr-nsenter -a -t "v$2" echo inside) ;;
	unshare) cmd=(ctr-unshare -mpf --mount-proc echo inside) ;;
	root) cmd=(ctr-unshare -mp ctr-root --overlay "$ROOTFS" --upper "$WORLD/up$2" \
		echo inside) ;;
	priv) cmd=(ctr-priv -u 1 echo inside) ;;
	init) cmd=(ctr-init echo inside) ;;
	seccomp) cmd=(ctr-seccomp -d) ;;
	check) cmd=(ctr-check) ;;
	oci-run) cmd=(ctr-oci --root "$WORLD/oci" run -d -b "$WORLD/bundle" "v$2") ;;
	oci-create) cmd=(ctr-oci --root "$WORLD/oci" create -b "$WORLD/bundle" "v$2") ;;
	oci-kill) cmd=(ctr-oci --root "$WORLD/oci" kill "v$2" KILL) ;;
	oci-exec) cmd=(ctr-oci --root "$WORLD/oci" exec "v$2" echo inside) ;;
	oci-list) cmd=(ctr-oci --root "$WORLD/oci" list) ;;
	oci-update) cmd=(ctr-oci --root "$WORLD/oci" update --pids-limit 77 "v$2") ;;
	oci-*) cmd=(ctr-oci --root "$WORLD/oci" "${1#oci-}" "v$2") ;;
	cni-add) cmd=("${cni[@]}" CNI_COMMAND=ADD sh -c "exec ctr-netcfg <$WORLD/cni.json") ;;
	cni-del) cmd=("${cni[@]}" CNI_COMMAND=DEL sh -c "exec ctr-netcfg <$WORLD/cni.json") ;;
	cni-check) cmd=("${cni[@]}" CNI_COMMAND=CHECK sh -c "
		jq -c --slurpfile r cni.result '.prevResult=\$r[0]' $WORLD/cni.json | ctr-netcfg") \
			;;
	esac
}

# What the command says of itself is not believed: it exited with 0, and so this is to be seen. (Its
# output is in the file `out`.)
status_of() { h ctr-ps -an -o name,status 2>&1 | awk -v n="$1" '$1 == n { print $2 }'; }
did() { # OP N
	case $1 in
	run | run-port | run-userns | exec | logs | cgset-run | nsenter | unshare | root | \
		priv | init | oci-exec) [ "$(cat out)" = inside ] ;;
	attach) # it reads the log, in which nothing is on a full disk
		[ "$(cat out)" = inside ] || [[ ${how:-} == *" left in lib" ]]
		;;
	run-d) [ -n "$(status_of "v$2")" ] ;;
	create) [ "$(status_of "v$2")" = created ] && h ctr-volume inspect "w$2" >/dev/null ;;
	start | switch) [ -n "$(status_of "v$2")" ] ;;
	rm | prune) [ -z "$(status_of "v$2")" ] ;;
	stop) [ "$(status_of "v$2")" = exited ] ;;
	kill) wait_for 5 eval "[ \"\$(status_of v$2)\" = exited ]" ;;
	restart | unpause) [ "$(status_of "v$2")" = running ] ;;
	pause) [ "$(status_of "v$2")" = paused ] ;;
	update) [ "$(h ctr-inspect -f '{{.HostConfig.Memory}}' "v$2")" = 67108864 ] ;;
	rename) [ "$(status_of "u$2")" = running ] ;;
	commit | import | load) h ctr-image inspect "t$2" >/dev/null ;;
	tag) h ctr-image inspect "s$2" >/dev/null ;;
	image-rm) ! h ctr-image inspect "t$2" >/dev/null 2>&1 ;;
	export | save) tar -tf out >/dev/null ;;
	cp) h ctr-exec "v$2" cmp /copy /bin/busybox ;;
	cp-out) [ "$(tar -xO <out)" = made ] ;;
	connect) h ctr-exec "v$2" ip addr | grep -q 10.78.0 ;;
	disconnect) ! h ctr-exec "v$2" ip addr | grep -q 10.78.0 ;;
	wait) [ "$(cat out)" = 0 ] ;;
	ps | inspect) grep -q keep out ;;
	top) grep -q sleep out ;;
	port) grep -q "80/tcp" out ;;
	stats) grep -q "v$2" out ;;
	diff) grep -q "/made" out ;;
	events | df | history | net-ls | volume-ls | ipam-ls | netcfg | seccomp | check | \
		run-script | oci-state | oci-ps | oci-list) [ -s out ] ;;
	volume) h ctr-volume inspect "w$2" >/dev/null ;;
	volume-rm | volume-prune) ! h ctr-volume inspect "w$2" >/dev/null 2>&1 ;;
	net) h ctr-net inspect "x$2" >/dev/null ;;
	net-rm) ! h ctr-net inspect "x$2" >/dev/null 2>&1 ;;
	ipam) h ctr-ipam ls -s 10.99.0.0/24 | grep -q "o$2" ;;
	ipam-free) ! h ctr-ipam ls -s 10.99.0.0/24 | grep -q "o$2" ;;
	cgset) h ctr-cgset -g "g$2" pids.max | grep -q 9 ;;
	cgset-rm) ! h ctr-cgset -g "g$2" pids.max >/dev/null 2>&1 ;;
	oci-run | oci-start) oci state "v$2" | grep -q '"running"' ;;
	oci-create) oci state "v$2" | grep -q '"created"' ;;
	oci-pause) oci state "v$2" | grep -q '"paused"' ;;
	oci-delete) ! oci state "v$2" >/dev/null 2>&1 ;;
	cni-add) grep -q '"10.79.0' out ;;
	esac
}
