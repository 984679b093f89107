#!/usr/bin/env bats
# The binary itself: dispatch, links, help.

# bats file_tags=ctrbox
load lib

@test "dispatch by argv[0]: a path, a hard link, a symlink, ctrbox NAME, ctrbox ctr-NAME" {
	cp "$CTRBOX" box
	ln box ctr-ps
	mkdir d
	ln -s ../box d/ctr-wait
	./ctr-ps --help | grep -q '^Usage: ctr-ps'
	d/ctr-wait --help | grep -q '^Usage: ctr-wait'
	./box ps --help | grep -q '^Usage: ctr-ps'
	./box ctr-ps --help | grep -q '^Usage: ctr-ps'
}

@test "--list, --install, --version; an unknown name lists what there is, exit 127" {
	"$CTRBOX" --list | grep -qx ctr-run
	"$CTRBOX" --version | grep -q '^ctrbox '
	"$CTRBOX" --install -s "$WORLD/links"
	[ "$(ls links | wc -l)" = "$("$CTRBOX" --list | wc -l)" ]
	links/ctr-ps
	cp "$CTRBOX" box
	./box --install "$WORLD/hard"
	[ "$(stat -c %h box)" -gt 5 ]
	./box --install "$WORLD/hard"
	run -127 "$CTRBOX" nosuch
	[ "${lines[*]}" = "ctrbox: nosuch: no such applet (--help lists them)" ]
	"$CTRBOX" --help | grep -q ctr-run
	ln -s box ctr-nosuch
	run -127 ./ctr-nosuch ps
}

@test "a place that cannot be used: every applet that needs it says so, and nothing is made" {
	mkdir empty && cd empty
	for e in CTR_LIB=here CTR_RUN=here CTR_CGROUP=../up; do
		for a in run create ps net image gc cgset ipam netcfg stop; do
			run env "$e" "ctr-$a"
			[ "$status" -ne 0 ]
			[ "${#lines[@]}" = 1 ]
			[[ "$output" = "ctr-$a: ${e%=*}: '${e#*=}' is not "* ]]
		done
		run env "$e" ctr-nsenter -t nosuch true
		[[ "$output" = "ctr-nsenter: ${e%=*}: '${e#*=}' is not "* ]]
		env "$e" ctr-run --help >/dev/null
		env "$e" ctr-priv true
		env "$e" ctr-init true
	done
	mkdir -m 755 "$WORLD/theirs" && echo x >"$WORLD/theirs/letter"
	# a folder that is not ours is not closed to others
	for l in / /tmp /dev/null "$WORLD/theirs"; do
		mode=$(stat -c %a "$l")
		run env CTR_LIB="$l" ctr-ps
		[ "$status" = 1 ] && [ "${#lines[@]}" = 1 ] &&
			[ "$(stat -c %a "$l")" = "$mode" ] || {
			chmod "$mode" "$l"
			false
		}
	done
	echo x >"$WORLD/file"
	run env CTR_LIB="$WORLD/file" ctr-run -d "$ROOTFS" true
	[ "$status" = 125 ]
	[[ "$output" = "ctr-run: "*"$WORLD/file: "* ]]
	[ -z "$(ls -A)" ]
}

@test "every applet: --help on stdout with exit 0, a wrong option is usage, one line on stderr" {
	for a in $("$CTRBOX" --list); do
		run -0 --separate-stderr "$CTRBOX" "$a" --help
		[[ "$output" == "Usage: $a"* ]]
		[ -z "$stderr" ]
		run --separate-stderr "$CTRBOX" "$a" --no-such-option
		# which runc does, too
		[ "$status" = 2 ] || [ "$status" = 125 ] || [ "$a $status" = "ctr-oci 1" ]
		[ "${#stderr_lines[@]}" = 1 ]
		[[ "$stderr" == "$a: "* ]]
	done
}

@test "the binary is static, stripped, at most 1000 KiB" {
	if [[ "$BIN" == */san/* ]]; then skip "the sanitizer build is neither"; fi
	[ "$(stat -Lc %s "$CTRBOX")" -le 1024000 ]
	run -0 "$CTRBOX" --version
	! ldd "$CTRBOX" 2>/dev/null | grep -q libc || false
}

@test "stdout that cannot be written is an error" {
	[ -e /dev/full ]
	run bash -c 'ctr-ps >/dev/full'
	[ "$status" -ne 0 ]
}

# What a caller hands down (issue "faults met in real use") changes nothing of what an applet does.
@test "with SIGCHLD ignored and all signals blocked, the exit code still arrives" {
	run timeout 10 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' ctr-run "$ROOTFS" sh -c 'exit 7'
	[ "$status" -eq 7 ]
	timeout 10 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' ctr-run -d --name c "$ROOTFS" \
		sh -c 'exit 7'
	[ "$(timeout 10 ctr-wait c)" = 7 ]
	run timeout 10 perl -MPOSIX \
		-e '$s = POSIX::SigSet->new; $s->fillset; sigprocmask(SIG_BLOCK, $s);
		exec @ARGV' ctr-run "$ROOTFS" sh -c 'exit 6'
	[ "$status" -eq 6 ]
}

@test "closed stdin, stdout and stderr: containers start, and what they write is logged" {
	ctr-run -d --name c "$ROOTFS" sh -c 'echo out; echo err >&2' <&- >&-
	timeout 10 ctr-wait c
	[ "$(ctr-logs c 2>&1 | sort | tr '\n' ' ')" = "err out " ]
	ctr-create --name d "$ROOTFS" sleep 60 >/dev/null
	ctr-start d <&- >&- 2>&-
	[ "$(ctr-inspect -f State.Status d)" = running ]
}

@test "umask 077, a working directory that is gone" {
	run bash -c 'umask 077; ctr-run -u 1000 -v /a "$1" ls -ld /a' - "$ROOTFS"
	[[ "$output" == drwxr-xr-x* ]]
	mkdir gone
	run bash -c 'cd gone; rmdir ../gone; ctr-run "$1" pwd' - "$ROOTFS"
	[ "${lines[-1]}" = / ]
}

@test "a caller without a capability, a folder, a mounted root: one line says what to do" {
	need setpriv util-linux
	not_san
	for c in setgid,CAP_SETGID setpcap,CAP_SETPCAP; do
		run -125 setpriv --bounding-set="-${c%,*}" ctr-run "$ROOTFS" true
		[[ "${#lines[@]}" = 1 && "$output" = *"(it needs ${c#*,})" ]]
	done
	run -125 setpriv --bounding-set=-setuid ctr-run --userns auto "$ROOTFS" true
	[[ "${#lines[@]}" = 1 && "$output" = *"uid_map: "*"CAP_SETUID"* ]]
	cp "$CTRBOX" ctr-run
	ln -s ctr-run ctr-gc
	mkdir -m 700 closed own
	chown 4002 own
	cp -a "$ROOTFS" img
	as=(setpriv --reuid 4002 --regid 4002 --clear-groups env -i "HOME=$PWD/own"
		"XDG_RUNTIME_DIR=$PWD/own")
	# as after su: the variables are the former user's
	run -125 "${as[@]}" "XDG_RUNTIME_DIR=$PWD/closed" ./ctr-run ./img true
	[[ "$output" = *": CTR_RUN (set it to a folder that can be written): $PWD/closed/ctr: "* ]]
	run -1 "${as[@]}" "XDG_DATA_HOME=$PWD/closed" ./ctr-gc
	[ "$output" = "ctr-gc: $PWD/closed/ctr: Permission denied" ]
	run -125 unshare -m --propagation private sh -c '
		mount -t proc proc img/proc
		mkdir img/i
		cp ctr-run img/bin
		CTR_LIB=/l CTR_RUN=/r chroot img ctr-run /i true'
	[[ "$output" = *"in a chroot, its folder must be a mount: --bind it"* ]]
}

@test "ctr-cgset's command has the caller's umask" {
	[ "$(umask 027 && ctr-cgset -c g -- sh -c umask)" = 0027 ]
	ctr-cgset -d g
}

@test "no signal that a caller ignores is ignored in a container, realtime ones included" {
	run -0 bash -c '
		for s in {1..64}; do trap "" "$s" 2>/dev/null; done
		ctr-run "$1" grep SigIgn /proc/self/status' - "$ROOTFS"
	[[ "$output" = SigIgn:*0000000000000000 ]]
}

@test "a limit of open files is the command's, not the applets': soft and hard ones" {
	run -0 bash -c '
		ulimit -Sn 12
		ulimit -Sf 0
		ctr-run "$1" sh -c "ulimit -n; ulimit -f" | cat' - "$ROOTFS"
	[ "${lines[*]}" = "12 0" ]
	# the caller's
	read -r limit _ ignored < <(env --default-signal bash -c '
		trap "" HUP
		ulimit -Sn 12
		ctr-cgset -c g -- sh -c "ulimit -n; grep SigIgn /proc/self/status"' | xargs)
	[ "$limit" = 12 ]
	[ $((0x$ignored & 0x7fffffff)) = 1 ] # make(1) ignores glibc's 32 and 33, too
	ctr-cgset -d g
	# if the applet may raise a hard limit, it does
	run bash -c 'ulimit -f 0; ctr-run "$1" true 2>&1 | cat; exit "${PIPESTATUS[0]}"' - "$ROOTFS"
	[ "$status" -eq 0 ] || [[ "$status:$output" == "125:"*"File too large" ]]
}

@test "hard limits that are too small: one line says so, or they do no harm; nothing is left" {
	not_san # the sanitizers need more stack than some of these allow
	local l c
	for l in "f 0" "n 8" "n 20" "n 40" "s 16" "s 64" "v 8000" "u 1" "l 0" "c 0" "i 0"; do
		for c in "ctr-run --name t $ROOTFS true" "ctr-run -d --name t $ROOTFS true" \
			"ctr-rm -f t" "ctr-create --name t $ROOTFS true" \
			"ctr-start t" "ctr-rm -f t" "ctr-ps -a" "ctr-gc" \
			"ctr-unshare -m /bin/true" "ctr-root --direct $ROOTFS -- /bin/true" \
			"ctr-priv /bin/true"; do
			# as on a machine where nobody may raise limits
			run bash -c 'ulimit -S -'"$l"'; ulimit -H -'"$l"' ||
				exit 0; exec ctr-priv --cap-drop SYS_RESOURCE -- "$@"' - $c
			[[ "$status" -lt 128 && ( "$status" -eq 0 || "${#lines[@]}" -eq 1 ) ]] || {
				echo "ulimit -$l: $c: $status: $output"
				false
			}
		done
		[ -z "$(ls -A "$CTR_LIB/containers" | grep -v '^t$')" ]
	done
}

# bats test_tags=ctr-unshare,ctr-root,ctr-cgset,ctr-init
@test "what becomes a command says why it cannot be one, each errno in words" {
	printf '#!/bin/nosh\n' >script && chmod 755 script
	echo text >text && chmod 755 text
	echo text >plain
	head -c 100 /bin/true >cut && chmod 755 cut
	: >empty && chmod 755 empty
	mkdir folder
	for how in "ctr-unshare -u --" "ctr-cgset -c g --" "ctr-init" "ctr-nsenter -t $$ -u --"; do
		while read -r code file words; do
			# shellcheck disable=SC2086
			run "-$code" $how "$file"
			[[ "${lines[-1]}" == *"$words"* ]] || { echo "$how $file: $output"; false; }
		done <<-END
			127 ./none No such file or directory
			127 nosuch not found on PATH
			127 ./script its interpreter /bin/nosh is not there
			126 ./text neither an ELF program nor a script
			126 ./plain not executable: chmod +x
			126 ./cut cut or damaged ELF program
			126 ./empty an empty file
			126 ./folder a folder
		END
	done
	ctr-cgset -d g 2>/dev/null || true
}

@test "exec -w makes no folder, as docker's does not" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	run -125 ctr-exec -w /new/in c true
	[ "$output" = "ctr-exec: c: /new/in: working directory: No such file or directory" ]
	run ! ctr-exec c test -e /new
}
