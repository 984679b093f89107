#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016
# What a user who is not root can do. Two users are made for the tests, one with a range of
# subordinate ids, one without.

# bats file_tags=ctr-run
load lib

setup_file() {
	[ "$(id -u)" = 0 ] || skip "needs root, to make users for the test"
	SHARED=$(mktemp -d "${TMPDIR:-/tmp}/ctrt-users.XXXXXX")
	export SHARED U1=ctrta$$ U2=ctrtb$$
	chmod 755 "$SHARED"
	local bin=${CTR_BIN:-$BATS_TEST_DIRNAME/../build/bin}
	install -D "$bin/../ctrbox" "$SHARED/bin/ctrbox" # the tree may lie where a user cannot look
	"$SHARED/bin/ctrbox" --install -s "$SHARED/bin"
	cp -a "$BATS_TEST_DIRNAME/../build/rootfs/." "$SHARED/rootfs"
	mkdir "$SHARED/rootfs/new" # to mount on
	local i
	for ((i = 0; i < 20; i++)); do # useradd of another test may hold the lock
		id "$U1" >/dev/null 2>&1 || useradd -M -U -d "$SHARED/$U1" -K SUB_UID_COUNT=65536 \
			-K SUB_GID_COUNT=65536 "$U1" || sleep 0.5
		id "$U2" >/dev/null 2>&1 || useradd -M -U -d "$SHARED/$U2" -K SUB_UID_COUNT=0 \
			-K SUB_GID_COUNT=0 "$U2" || sleep 0.5
		if id "$U1" >/dev/null 2>&1 && id "$U2" >/dev/null 2>&1; then break; fi
	done
	local u
	# a root of his own: of files whose owner is not in the map nothing can be changed
	for u in "$U1" "$U2"; do
		cp -a "$SHARED/rootfs" "$SHARED/root-$u" && chown -R "$u:$u" "$SHARED/root-$u"
	done
	grep -q "^$U1:" /etc/subuid
	run ! grep -q "^$U2:" /etc/subuid
}

teardown_file() {
	local u i
	for u in "$U1" "$U2"; do
		for ((i = 0; i < 20; i++)); do
			! id "$u" >/dev/null 2>&1 || userdel "$u" 2>/dev/null || {
				sleep 0.3
				continue
			}
			break
		done
	done
	[ -z "$SHARED" ] || rm -rf "$SHARED"
}

# Each test has home folders of its own, which must be as empty as before at its end.
test_setup() {
	local u
	export USER=$U1
	for u in "$U1" "$U2"; do
		rm -rf "${SHARED:?}/$u"
		install -d -o "$u" -g "$u" "$SHARED/$u" "$SHARED/$u/run" \
			"$SHARED/$u/run/ctr" "$SHARED/$u/data"
		# as if the message that there is no group had been printed already
		install -o "$u" /dev/null "$SHARED/$u/run/ctr/no-cgroup"
	done
	unset CTR_LIB CTR_RUN
}

test_teardown() {
	local u left=
	for u in "$U1" "$U2"; do
		USER=$u
		as 'ctr-ps -aq | ctr-rm -f - ; ctr-gc' >/dev/null 2>&1
		left+=$(find "$SHARED/$u/data/ctr/containers" "$SHARED/$u/run/ctr/containers" \
			-mindepth 1 -maxdepth 1 2>/dev/null)
		left+=$(alive "$u")
	done
	export CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run
	[ -z "$left" ] || echo "left behind of the user: $left" >&2
	[ -z "$left" ]
}

# The processes of a user that have not ended (the init of this machine may be slow to reap).
alive() { ps -u "$1" -o stat=,args= | grep -v '^Z' || true; }

# Run a script as the user, who has nothing of root but the terminal.
as() {
	setpriv --reuid "$USER" --regid "$USER" --init-groups env \
		-i PATH="$SHARED/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		HOME="$SHARED/$USER" XDG_RUNTIME_DIR="$SHARED/$USER/run" \
		XDG_DATA_HOME="$SHARED/$USER/data" \
		R="$SHARED/root-$USER/" sh -c "cd; $*"
}

multi() { command -v newuidmap >/dev/null || skip "needs newuidmap (apt-get install uidmap)"; }

# bats test_tags=ctr-run
@test "a user runs a container: root inside, himself outside" {
	multi
	run as 'ctr-run -v $HOME:/new $R sh -c "id -u; touch /new/f; exit 7"'
	[[ $status -eq 7 && $output == 0 ]]
	[ "$(stat -c %U "$SHARED/$U1/f")" = "$U1" ]
	run as 'ctr-run $R sh -c '\''printf "%s|" "$@"'\'' x "a  b" c'
	[ "$output" = "a  b|c|" ]
	run as 'ctrbox run $R echo by a word' # which takes the place of an argument that is hidden
	[[ $status -eq 0 && $output == "by a word" ]]
	run as 'ctr-run $R cat /proc/self/uid_map'
	[[ ${#lines[@]} -eq 2 && "$(echo ${lines[0]})" == "0 $(id -u "$U1") 1" &&
		"$(echo ${lines[1]})" == 1\ *\ 65536 ]]
}

# bats test_tags=ctr-run
@test "-v SRC:DST:U of a user: his container's user has it, and then he again" {
	multi
	run as 'mkdir v; touch v/f
		ctr-run -u 33 -v ./v:/new:U $R sh -c "touch /new/g; stat -c %u /new /new/f"
		stat -c %u v v/f; ctr-run -v ./v:/new:U $R true; stat -c %U v v/f v/g'
	echo "$output"
	[ "${lines[0]}${lines[1]}" = 3333 ]
	[[ ${lines[2]} == "${lines[3]}" && ${lines[2]} != "$(id -u "$U1")" ]]
	[ "${lines[*]:4}" = "$U1 $U1 $U1" ]
	USER=$U2
	run as 'mkdir v; ctr-run -v ./v:/new:U $R stat -c %u /new; stat -c %U v'
	[ "$output" = $'0\n'"$U2" ]
}

# bats test_tags=ctr-run
@test "its root is its own: the overlay has userxattr, and the container's users may write" {
	multi
	as 'cp -a $R own'
	run as \
		'ctr-run own/ sh -c "grep \" / / .*userxattr\" /proc/self/mountinfo >/dev/null && stat -c %U / &&
			touch /x && rm /etc/passwd && mkdir -m 700 /d && chown 33 /d &&
			su -s /bin/true 2>/dev/null
			ls /etc/passwd"'
	echo "$output"
	[[ ${lines[0]} == root && $output == *"No such file"* ]]
	[ -e "$SHARED/$U1/own/etc/passwd" ]
}

# bats
# test_tags=ctr-exec,ctr-start,ctr-restart,ctr-stop,ctr-kill,ctr-rename,ctr-inspect,ctr-logs,ctr-top,ctr-stats
@test "a container's whole life: -d, ps, logs, exec, top, stop, start, rename, kill, wait, rm" {
	multi
	run as 'ctr-run -d --name web $R sh -c "echo hi; echo no >&2; exec sleep 1000" 2>/dev/null
		until ctr-logs web 2>&1 | grep -q no; do sleep 0.05; done
		ctr-ps -n; ctr-logs web 2>&1; ctr-exec -u 33 web id -u
		ctr-exec web ps -o args; ctr-top web'
	echo "$output"
	[[ $status -eq 0 && $output == *" running "* && $output == *$'\nhi\n'* && $output == *$'\nno\n'* && $output == *$'\n33\n'* ]]
	[[ $output == *"sleep 1000"* ]]
	run as 'ctr-inspect web | grep -c Pid; ctr-stats --no-stream web >/dev/null; ctr-rm web; ctr-rename web www; ctr-stop -t 0 www
		ctr-wait www; ctr-ps -an; ctr-start www; ctr-restart -t 0 www
		ctr-kill www; ctr-wait www; ctr-rm www; ctr-ps -aq'
	echo "$output"
	[[ $status -eq 0 && $output == *" exited "* && $output == *137* ]]
	[ -z "$(ls "$SHARED/$U1/data/ctr/containers")" ]
}

# bats test_tags=ctr-exec,ctr-init
@test "a user enters a container with --init, whose process is not dumpable" {
	run as \
		'ctr-run -d --name i -h inside --init $R sleep 1000 >/dev/null 2>&1; ctr-exec i hostname; ctr-exec -t i hostname </dev/null; ctr-exec -d i sleep 5; ctr-rm -f i'
	echo "$output"
	[[ $status -eq 0 && "$(tr -d '\r' <<<"$output")" == "inside
inside
i" ]]
}

# bats test_tags=ctr-diff
@test "files of the user's other ids, in folders closed to him, are removed with their container" {
	multi
	run as \
		'ctr-run --keep --name x $R sh -c "mkdir -p -m 700 /tmp/d/e && touch /tmp/d/e/f && chown -R 33:33 /tmp/d && chmod 0 /tmp/d"; ctr-diff x'
	echo "$output"
	[[ $output == *"A /tmp/d/e/f"* ]]
	run as 'ls $XDG_DATA_HOME/ctr/containers/x/upper/tmp/d/e'
	[ "$status" -ne 0 ] # the user himself cannot remove it
	run as 'ctr-rm x'
	[[ $status -eq 0 && $output == x ]]
	# the same for a container with --rm, which its monitor removes
	run as 'ctr-run $R sh -c "mkdir -m 700 /tmp/d && touch /tmp/d/f && chown -R 33:33 /tmp/d"'
	[[ $status -eq 0 && -z $output ]]
	[ -z "$(ls "$SHARED/$U1/data/ctr/containers")" ]
}

# bats test_tags=ctr-image,ctr-commit
@test "images: import, commit, save, load and export keep owners; rm leaves nothing" {
	multi
	cp -a "$SHARED/rootfs" t
	mkdir -m 700 t/home/secret && echo s >t/home/secret/f && chown -R 33:34 t/home/secret
	tar -C t -c . >t.tar
	chmod 644 t.tar
	run as \
		"ctr-image import one <$WORLD/t.tar >/dev/null && ctr-run one stat -c %u:%g /home/secret/f &&
		ctr-run --keep --name c one sh -c 'mkdir -m 700 /new/d && echo x >/new/d/f && chown -R 40:41 /new/d' 2>/dev/null
		ctr-commit c two >/dev/null
		ctr-run two sh -c 'stat -c %u:%g /new/d/f /home/secret/f; cat /new/d/f'"
	echo "$output"
	[ "$output" = $'33:34\n40:41\n33:34\nx' ]
	as "ctr-image save -o s.tar two && ctr-image export two >e.tar && ctr-commit c - >w.tar"
	for f in e w; do
		tar --numeric-owner -tvf "$SHARED/$U1/$f.tar" | grep -q '40/41 .*new/d/f'
		tar --numeric-owner -tvf "$SHARED/$U1/$f.tar" | grep -q '33/34 .*home/secret/f'
	done
	run as \
		"ctr-rm c; ctr-image rm one two; ls \$XDG_DATA_HOME/ctr/layers \$XDG_DATA_HOME/ctr/images/blobs/sha256 | grep -v :
		ctr-image load -t three <s.tar >/dev/null && ctr-run three stat -c %u:%g /new/d/f
		ctr-image rm three"
	echo "$output"
	[ "$(echo $output)" = "c one two 40:41 three" ]
	[ -z "$(find "$SHARED/$U1/data/ctr" ! -user "$U1")" ]
}

# bats test_tags=ctr-exec,ctr-start,ctr-image,ctr-cp,ctr-volume,ctr-stop
@test "volumes: named ones, folders, tmpfs; cp in and out of running and stopped containers" {
	multi
	cp -a "$SHARED/rootfs" t
	mkdir t/v && echo v >t/v/f && chown -R 33:33 t/v
	tar -C t -c . | as "ctr-image import img" >/dev/null
	run as \
		'ctr-run -v vol:/v -v $HOME/data:/new:ro --tmpfs /mnt img sh -c "stat -c %u /v /v/f; touch /v/g; touch /new/x; touch /mnt/y" 2>&1; ctr-run -v vol:/v img ls /v; ctr-volume ls -q'
	echo "$output"
	[[ $output == $'33\n33\n'*"Read-only file system"*$'\nf\ng\nvol' ]]
	run as \
		'ctr-run -d --name c img sh -c "mkdir -p -m 700 /p && echo q >/p/f && chown -R 33 /p && exec sleep 1000" >/dev/null
		until ctr-exec c cat /p/f 2>/dev/null; do sleep 0.1; done
		ctr-cp c:/p out && stat -c %U out/f && cat out/f
		echo in >in; ctr-cp in c:/in; ctr-exec c stat -c %u /in; ctr-stop -t 0 c
		ctr-cp c:/p out2 && cat out2/f
		echo two >in; ctr-cp in c:/in; ctr-start c
		ctr-exec c cat /in; ctr-exec c stat -c %u /in'
	echo "$output"
	[ "$output" = $'q\n'"$U1"$'\nq\n0\nc\nq\nc\ntwo\n0' ]
	run as 'ctr-rm -f c; ctr-volume rm vol; ls $XDG_DATA_HOME/ctr/volumes'
	[[ $status -eq 0 && $output == $'c\nvol' ]]
	[ -z "$(ls -A "$SHARED/$U1/data/ctr/volumes")" ]
}

# bats test_tags=ctr-exec,ctr-image,ctr-commit,ctr-stop
@test "without a range of ids: one id, and -u and --group-add are refused with the reason" {
	USER=$U2
	run as \
		'ctr-run $R sh -c "id -u; cat /proc/self/uid_map; cat /proc/self/setgroups" 2>/dev/null'
	[[ ${lines[0]} == 0 && "$(echo ${lines[1]})" == "0 $(id -u "$U2") 1" &&
		${lines[2]} == deny ]]
	for flag in "-u 33" "-u 0:33" "--group-add 33"; do
		run as "ctr-run $flag \$R true"
		echo "$output"
		[[ $status -eq 125 && ${#lines[@]} -eq 1 &&
			$output == *"single id"*"/etc/subuid"*"newuidmap"* ]]
	done
	[ -z "$(ls "$SHARED/$U2/data/ctr/containers")" ]
	tar -C "$SHARED/rootfs" -c . | as "ctr-image import img" >/dev/null
	run as \
		'ctr-run -d --name c img sh -c "touch /x; exec sleep 1000" >/dev/null &&
		ctr-exec c id -u && ctr-stop -t 0 c && ctr-commit c two >/dev/null &&
		ctr-run two ls /x && ctr-rm c && ctr-image rm two img &&
		ls $XDG_DATA_HOME/ctr/layers'
	echo "$output"
	[ "$output" = $'0\nc\n/x\nc\ntwo\nimg' ]
	run as 'ctr-run --userns keep-id -v $HOME:/new $R sh -c "id -u; touch /new/mine"'
	echo "$output"
	[ "$output" = "$(id -u "$U2")" ]
	[ "$(stat -c %U "$SHARED/$U2/mine")" = "$U2" ]
}

# bats test_tags=ctr-run
@test "--userns: keep-id, a map, auto; what is not his is refused, and leaves nothing" {
	multi
	run as \
		'ctr-run --userns keep-id -v $HOME:/new $R sh -c "id -u; touch /new/mine; stat -c %u /new/mine"'
	echo "$output"
	[ "$output" = "$(id -u "$U1")"$'\n'"$(id -u "$U1")" ]
	run as \
		'ctr-run --userns keep-id -u 0 $R id -u; ctr-run --userns auto $R id -u; ctr-run --userns 0:$(id -u):1 --name c $R cat /proc/self/uid_map'
	echo "$output"
	[[ ${lines[0]} == 0 && ${lines[1]} == 0 && "$(echo ${lines[2]})" == "0 $(id -u "$U1") 1" ]]
	run as 'ctr-run --userns 0:1:1 $R true'
	[[ $status -eq 125 && $output == *"/etc/subuid"* ]]
	run as 'ctr-run --userns host $R true'
	[[ $status -eq 125 && $output == *"only root"* ]]
	run as 'ctr-run --userns 5 $R true'
	[[ $status -eq 125 && ${#lines[@]} -eq 1 ]]
	[ -z "$(ls "$SHARED/$U1/data/ctr/containers")" ]
}

# bats test_tags=ctr-run
@test "devices: the default ones work, others cannot be made; a disk image is refused" {
	multi
	run as \
		'ctr-run $R sh -c "echo x >/dev/null && head -c 3 /dev/zero | wc -c && mknod /tmp/d c 1 3; ls /dev/sda /dev/vda 2>/dev/null; [ -c /dev/tty ] && echo tty"'
	echo "$output"
	[[ $output == *3$'\n'*"not permitted"*$'\ntty' ]]
	run as 'ctr-run --device /dev/zero:/dev/other $R sh -c "head -c 2 /dev/other | wc -c"'
	[ "$output" = 2 ]
	need mksquashfs squashfs-tools
	mksquashfs "$SHARED/rootfs" r.sqfs -quiet >/dev/null
	chmod 644 r.sqfs
	run as "ctr-run $WORLD/r.sqfs true"
	echo "$output"
	[[ $status -eq 125 && ${#lines[@]} -eq 1 && $output == \
		*"cannot be mounted in a user namespace: unpack it"* ]]
}

# bats test_tags=ctr-pause
@test "cgroups: one line warns of limits that cannot be set" {
	multi
	rm "$SHARED/$U1/run/ctr/no-cgroup"
	run as 'ctr-run $R true; ctr-run $R true'
	echo "$output"
	[[ $status -eq 0 && ${#lines[@]} -eq 1 && $output == *"no cgroup"* ]]
	run as 'ctr-run -m 64m --pids-limit 10 $R true'
	echo "$output"
	[[ $status -eq 0 && ${#lines[@]} -eq 1 && $output == *"limits are not in effect"* ]]
	run as 'ctr-run -d --name c $R sleep 1000 >/dev/null && ctr-pause c'
	[[ $status -eq 1 && ${#lines[@]} -eq 1 ]]
}

# bats test_tags=ctr-run
@test "--pid host: the host's processes are seen in a /proc that is masked as ever" {
	multi
	root() { CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run sh -c "$1"; }
	for how in as root; do
		[ $how = as ] && r="\$R" || r="--userns auto $ROOTFS"
		run $how \
			"ctr-run --pid host $r sh -c 'ls -d /proc/$$; { echo x >/proc/sys/kernel/hostname; } 2>/dev/null || echo refused
			grep -c \" /proc/sys ro\" /proc/self/mountinfo; cat /proc/keys'"
		echo "$output"
		[ "$output" = "/proc/$$"$'\nrefused\n1' ]
	done
}

# bats test_tags=ctr-run
@test "--net none and host; networks of root's are refused; pasta is named where it is missing" {
	multi
	run as \
		'ctr-run --net none $R ls /sys/class/net; ctr-run --net host $R ls /sys/class/net | sort | tr "\n" " "'
	echo "$output"
	[[ ${lines[0]} == lo && "${lines[1]}" == "$(ls /sys/class/net | sort | tr '\n' ' ')" ]]
	run as 'ctr-run --net bridge $R true'
	[[ $status -eq 125 && ${#lines[@]} -eq 1 && $output == *"for root"*pasta* ]]
	mkdir no
	chmod 755 no
	run as "PATH=\$(dirname \$(command -v ctr-run)):$WORLD/no ctr-run --net pasta \$R true"
	echo "$output"
	[[ $status -eq 125 && ${#lines[@]} -eq 1 && $output == *"package passt"* ]]
}

# A machine with a route to the outside: an interface with a default route, and the tun device as
# udev makes it.
machine() {
	cat >m.sh <<-END
		set -e
		mount -t tmpfs t /dev/net && mknod -m 666 /dev/net/tun c 10 200
		ip link set lo up && ip link add d0 type veth peer name d1 && ip addr add 10.9.9.2/24 dev d0
		ip link set d0 up && ip link set d1 up && ip route add default via 10.9.9.1
		. "$WORLD/in.sh"
	END
	declare -f as alive >in.sh
	cat >>in.sh
	unshare -mn --propagation private bash m.sh
}

# bats test_tags=ctr-exec,ctr-start,ctr-stop
@test "--net pasta: an interface, ports, taken ports, restarts; a killed monitor leaves nothing" {
	multi
	need pasta passt
	need ip iproute2
	run machine <<-'END'
		# pasta accepts a connection before anybody in the container can answer it
		greeting() { for i in $(seq 50); do busybox nc 127.0.0.1 8080 </dev/null | grep . && return; sleep 0.1; done; }
		as 'ctr-run -d --name n -p 127.0.0.1:8080:80 -p 5353:53/udp $R sh -c "while :; do echo hello | nc -lp 80; done" >/dev/null'
		as 'ctr-ps -n; ctr-exec n ip -4 addr' | grep -o '127.0.0.1:8080->80/tcp, 0.0.0.0:5353->53/udp\|inet 10.9.9.2/24'
		greeting
		as 'ctr-run -p 127.0.0.1:8080:80 $R true || echo $?'
		as 'ctr-stop -t 0 n && ctr-start n' >/dev/null
		greeting
		as '. $XDG_RUNTIME_DIR/ctr/containers/n/state; kill -9 $monitor; until [ "$(ctr-ps -aq --filter status=running)" = "" ]; do sleep 0.05; done; ctr-rm -f n'
		for i in 1 2 3 4 5 6 7 8 9; do [ -n "$(alive "$USER")" ] || break; sleep 0.1; done
		alive "$USER" | grep . || echo none
	END
	echo "$output"
	[[ $status -eq 0 && $output == \
		"127.0.0.1:8080->80/tcp, 0.0.0.0:5353->53/udp"$'\n'"inet 10.9.9.2/24"$'\nhello\n'*"of the host: Address"*125$'\nhello\n'*none ]]
}

# bats test_tags=ctr-run
@test "places: XDG's, else ~/.local/share and a folder in /tmp that nobody else could have made" {
	multi
	uid=$(id -u "$U1")
	as 'ctr-run -d --name c $R sleep 1000' >/dev/null 2>&1
	[ -d "$SHARED/$U1/data/ctr/containers/c" ]
	[ -f "$SHARED/$U1/run/ctr/containers/c/state" ]
	rm -rf "/tmp/ctr-$uid"
	run as \
		'unset XDG_RUNTIME_DIR XDG_DATA_HOME; ctr-run $R true 2>/dev/null && ls -d .local/share/ctr && stat -c "%a %U" /tmp/ctr-$(id -u)'
	echo "$output"
	[ "$output" = ".local/share/ctr"$'\n'"700 $U1" ]
	rm -rf "/tmp/ctr-$uid"
	mkdir "/tmp/ctr-$uid" && chown 54321 "/tmp/ctr-$uid"
	run as 'unset XDG_RUNTIME_DIR; ctr-run $R true'
	rmdir "/tmp/ctr-$uid"
	[[ $status -ne 0 && ${#lines[@]} -eq 1 && $output == *"another user"* ]]
}

# bats test_tags=ctr-gc
@test "a killed monitor takes the container along; ctr-gc clears the rest" {
	multi
	run as \
		'ctr-run -d --name c $R sleep 1000 >/dev/null 2>&1; . $XDG_RUNTIME_DIR/ctr/containers/c/state; kill -9 $monitor; until ctr-ps -an | grep -q lost; do sleep 0.05; done; ctr-gc; ctr-rm c'
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$(alive "$U1")" ]
}

# bats test_tags=ctr-run
@test "--privileged is no more than the user has: no device, no module, no mount of the host's" {
	multi
	run as \
		'ctr-run --privileged $R sh -c "grep CapEff /proc/self/status; mount -t tmpfs t /new && echo mounted; mknod /tmp/d b 8 0; echo 1 >/proc/sys/vm/drop_caches"'
	echo "$output"
	[[ $output == *"CapEff:	000001ff"*mounted*"not permitted"* &&
		$output == *"Permission denied"* ]]
}

# bats test_tags=ctr-start,ctr-commit,ctr-cp,ctr-volume
@test "root with --userns auto: layers and volumes keep their owners on disk, by id-mapped mounts" {
	export CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run
	cp -a "$ROOTFS" r
	chown 33:33 r/tmp
	need_idmap "$WORLD" 5.19
	run -0 ctr-run --userns auto -v vol:/v r/ true
	[ -z "$output" ]
	run ctr-run --userns auto --keep --name c -v vol:/v -v /nameless r/ sh -c '
		head -n 1 /proc/self/uid_map
		stat -c %u / /tmp /v /nameless
		touch /x /v/f /nameless/f && chown 33 /x /v/f && echo a >>/etc/passwd &&
		stat -c %u /x'
	echo "$output"
	[ "$(echo ${lines[*]:1})" = "0 33 0 0 33" ]
	[[ $(echo ${lines[0]}) == 0\ [1-9]*\ 65536 ]]
	[ "$(stat -c %u "$CTR_LIB/containers/c/upper/x" "$CTR_LIB/volumes/vol/f" \
		"$CTR_LIB/containers/c/upper/etc/passwd" | tr '\n' ' ')" = "33 33 0 " ]
	ctr-commit c - | tar --numeric-owner -tv | grep -q '33/0 .* x$'
	ctr-cp c:/x x
	echo in >in
	ctr-cp in c:/in
	run ctr-start -a c # a second start, and what was copied there belongs to its root
	[ "$status" -eq 0 ]
	[ "$(stat -c %u "$CTR_LIB/containers/c/upper/in")" = 0 ]
	run ctr-run --userns auto --device /dev/zero:/dev/other r/ sh -c '
		head -c 2 /dev/other | wc -c; mknod /tmp/d c 1 3'
	[[ ${lines[0]} == 2 && $output == *"not permitted"* ]]
	ctr-rm c
	ctr-volume rm vol
	unset CTR_LIB CTR_RUN
}

# bats test_tags=ctr-run,ctr-unshare,ctr-root,ctr-priv
@test "what --explain prints is the same container for a user, too" {
	multi
	cat >"$SHARED/probe" <<'END'
echo "$0 $*"
sed 's/^[0-9]* [0-9]* [0-9]*:[0-9]* //; s/lowerdir=[^,]*,upperdir=[^,]*,workdir=[^,]*/layers/; s/master:[0-9]*/master/' /proc/self/mountinfo |
	sed 's|^[^ ]*/\(hosts\|hostname\|resolv.conf\) /etc|FILE /etc|' | sort
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status
cat /proc/self/limits /proc/self/uid_map /proc/self/gid_map /proc/self/oom_score_adj
env | sort; pwd; hostname; ip -o link | sed 's/link.*//'
sed 's/[0-9a-f]\{12\}/ID/g' /etc/hosts
ls -l /dev / | sed 's/^\([^ ]*\) *[0-9]*/\1/; s/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'
touch /written 2>&1; ls -ln /written /mnt 2>/dev/null | sed 's/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'; rm -f /written
exit 7
END
	local n=0 flags
	as "mkdir sub"
	while IFS= read -r flags; do
		run -7 as \
			"ctr-run -h box -v $SHARED/probe:/probe:ro $flags sh /probe a \"b  c\" </dev/null"
		sed 's/^ctr-[a-z]*: /ctr: /; s/[0-9a-f]\{12\}\(-[0-9]*\)\?/ID/g' <<<"$output" \
			>"$WORLD/direct"
		as \
			"ctr-run --explain -h box -v $SHARED/probe:/probe:ro $flags sh /probe a \"b  c\"" >"$WORLD/script"
		run -7 as "sh /dev/stdin" <"$WORLD/script"
		sed 's/^ctr-[a-z]*: /ctr: /; s/[0-9a-f]\{12\}\(-[0-9]*\)\?/ID/g' <<<"$output" \
			>"$WORLD/explained"
		diff -u "$WORLD/direct" "$WORLD/explained" || {
			echo "with $flags"
			cat "$WORLD/script"
			return 1
		}
		n=$((n + 1))
		[ -z "$(find /tmp -maxdepth 1 -name "ctr-*" -user "$USER")" ] || {
			echo "left with $flags"
			find /tmp -maxdepth 2 -path "*/ctr-*" -user "$USER" -ls
			cat "$WORLD/script"
			return 1
		}
	done <<'END'
$R
--read-only --tmpfs /tmp $R
-v $HOME/sub:/mnt $R
-u 33:33 -w /new -e A=1 $R
--cap-drop ALL --cap-add NET_BIND_SERVICE $R
--security-opt seccomp=unconfined --security-opt no-new-privileges $R
--net host $R
--userns keep-id $R
--ulimit nofile=100:200 --umask 077 --oom-score-adj 500 $R
--init --shm-size 1m $R
--pid host $R
--privileged $R
END
	[ $n = 12 ]
}
