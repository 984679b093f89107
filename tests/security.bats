#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016
# Attacks on other runtimes, played against this one (what it promises stands in
# ctrbox-security(7)), each with its number in the name of its test. Elsewhere, and by neighbours
# of that number:
# archives and images: CVE-2018-15664, CVE-2019-14271, CVE-2019-18466 (ctr-cp.bats); CVE-2021-29136,
#     CVE-2021-32760, CVE-2022-23648 (hostile archives and configs, ctr-image.bats); CVE-2021-41089,
#     CVE-2021-41091, CVE-2021-41103 (14.1, 14.4 and 14.6); CVE-2024-40635 (ids, typing.bats);
#     CVE-2024-9676 (passwd and group); CVE-2020-15157, CVE-2021-41092 (passwords, registry.bats)
#   mounts: CVE-2019-19921, CVE-2023-27561 (/proc as a link), CVE-2024-45310 (CVE-2021-30465)
#   entering: CVE-2022-1227 (nothing of a container's is run by ctr-top), CVE-2022-27649
#     (CVE-2022-29162), CVE-2022-31030 (health.bats), CVE-2026-30892 (ctr-oci.bats)
#   networks: CVE-2020-10749, CVE-2020-13401, CVE-2024-32473 (14.11), CVE-2020-8558 and tables of
#     others (rule 7) in ctr-net.bats; CVE-2021-20206 below; CVE-2021-20199 (pasta, rootless.bats);
#     CVE-2025-67499 (cni-attacks.bats)
#   images and answers: CVE-2026-46680 (a number as a name, 18.2 in typing.bats), CVE-2026-53495
#     (who holds the output of ctr-exec open, ctr-exec.bats)
#   calls: CVE-2022-0185, CVE-2022-0847 and AF_ALG by the filter (ctr-seccomp.bats, report.bats)

# bats file_tags=ctr-run
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	# swap A B: exchange two names as fast as can be, for ever
	cat >swap.c <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(int c, char **v)
		{
			while (c == 3 && syscall(SYS_renameat2, AT_FDCWD, v[1], AT_FDCWD, v[2], 2 /* RENAME_EXCHANGE */) == 0)
				;
			return perror(v[1]), 1;
		}
	END
	# look: open what every other process has open, for so many seconds, and say what that was
	cat >look.c <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>
		#include <unistd.h>
		int main(int c, char **v)
		{
			char path[64], to[256];
			for (time_t end = time(NULL) + atoi(v[c - 1]); time(NULL) < end;)
				for (int pid = 2; pid < 400; pid++)
					for (int i = 3; pid != getpid() && i < 12; i++) {
						snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, i);
						int fd = open(path, O_PATH);
						ssize_t n = fd < 0 ? -1 : readlink(path, to, sizeof to - 1);
						if (fd >= 0 && dprintf(1, "%s %.*s\n", path, (int)(n < 0 ? 0 : n), to) > 0)
							close(fd);
						if (fd < 0 && access(path, F_OK) < 0 && i == 3)
							break;
					}
			return 0;
		}
	END
	# overwrite: hold every other process's executable, and write to it as soon as that can be
	cat >overwrite.c <<-'END'
		#include <dirent.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <time.h>
		#include <unistd.h>
		int main(int c, char **v)
		{
			time_t end = time(NULL) + atoi(v[c - 1]);
			int seen = 0, held[64], n = 0;
			char path[300], name[300];
			while (time(NULL) <= end) {
				DIR *d = opendir("/proc");
				for (struct dirent *e; (e = readdir(d));) {
					snprintf(path, sizeof path, "/proc/%s/exe", e->d_name);
					if (atoi(e->d_name) <= 1 || atoi(e->d_name) == getpid())
						continue;
					ssize_t k = readlink(path, name, sizeof name - 1);
					name[k < 0 ? 0 : k] = 0;
					if (k <= 0 || strncmp(name, "/bin/", 5) == 0)
						continue;
					int fd = open(path, O_RDONLY);
					if (fd >= 0 && n < 64)
						held[n++] = fd, seen++;
					else if (fd >= 0)
						close(fd);
				}
				closedir(d);
				for (int i = 0; i < n; i++) {
					snprintf(path, sizeof path, "/proc/self/fd/%d", held[i]);
					if (open(path, O_WRONLY) >= 0 || open(path, O_RDWR | O_TRUNC) >= 0)
						return puts("WON"), 0;
				}
			}
			return printf("seen %s\n", seen ? "some" : "none") < 0;
		}
	END
	for p in swap look overwrite; do
		gcc -D_GNU_SOURCE -static -O1 -o "$p" "$p.c" || return 1
	done
}

test_setup() { command -v gcc >/dev/null || skip "needs gcc (apt-get install gcc)"; }

test_teardown() {
	[ -z "$swapper" ] || kill "$swapper" 2>/dev/null
	swapper=
}

swap() {
	"$BATS_FILE_TMPDIR/swap" "$1" "$2" 3>&- &
	swapper=$!
}

# Make a folder `root` for this test, which is then made hostile.
hostile() {
	cp -a "$ROOTFS" root
	mkdir -p root/v
}

# bats test_tags=ctr-run,ctr-exec,ctr-init
@test "CVE-2019-5736: the runtime's file cannot be reached by /proc/self/exe, links, a library" {
	hostile
	mkdir own
	cp "$CTRBOX" own/ctrbox && own/ctrbox --install -s own # a copy, in case this goes wrong
	PATH=$PWD/own:$PATH
	before=$(sha256sum <own/ctrbox)
	printf '#!/proc/self/exe\n' >root/script && chmod 755 root/script
	ln -s /proc/self/exe root/link
	mkdir -p root/lib && cp "$BATS_FILE_TMPDIR/overwrite" root/bin/overwrite
	# what a dynamic runtime would load: ours loads nothing
	cp root/bin/overwrite root/lib/libc.so
	ctr-run -d --name c root/ sh -c 'overwrite 2 >/out; sleep 1000' >/dev/null
	for _ in 1 2 3; do
		ctr-exec c /script >/dev/null 2>&1 || true
		# runs our own program for a while
		ctr-exec c /link ctr-init sleep 0.3 >/dev/null 2>&1 || true
		ctr-exec -e LD_PRELOAD=/lib/libc.so c /link ctr-init true >/dev/null 2>&1 || true
	done
	wait_for 10 ctr-exec c grep . /out
	run ctr-exec c cat /out
	[ "$output" = "seen some" ]
	# and as the container's own first process
	for cmd in /script /link; do ctr-run root/ "$cmd" >/dev/null 2>&1 || true; done
	[ "$(sha256sum <own/ctrbox)" = "$before" ]
}

# bats test_tags=ctr-run,ctr-exec
@test "CVE-2024-21626: no descriptor and no working directory of the host's" {
	hostile
	echo secret >secret
	exec 7</ 8<secret 9>>secret
	run ctr-run root/ sh -c 'ls /proc/self/fd'
	[ "$(echo $output)" = "0 1 2 3" ] # 3: ls's own
	ctr-run -d --name c root/ sleep 1000 >/dev/null
	run ctr-exec c ls /proc/self/fd
	[ "$(echo $output)" = "0 1 2 3" ]
	ln -s /proc/self/fd/7 root/seven
	for w in /proc/self/fd/{3,4,5,6,7,8,9,10} /proc/self/fd/7/.. /proc/1/cwd /seven \
		/seven/tmp; do
		run ctr-run -w "$w" root/ sh -c '
			cat ./etc/hostname ../../etc/shadow ./secret "$PWD/secret" 2>/dev/null; ls'
		[[ $status -ne 0 || $output != *"$(hostname)"* ]]
		[[ $output != *root:*:* && $output != *secret* ]]
		run ctr-exec -w "$w" c sh -c 'cat ../../etc/shadow ./secret 2>/dev/null; ls'
		[[ $output != *root:*:* && $output != *secret* ]]
	done
	exec 7<&- 8<&- 9>&-
	mkdir gone && cd gone && rmdir ../gone # a directory that was removed
	run ctr-run "$WORLD/root/" sh -c 'pwd; ls -d .'
	cd "$WORLD"
	[[ $status -eq 0 && ${lines[0]} == / ]]
}

# bats test_tags=ctr-run,ctr-exec,ctr-logs
@test "CVE-2016-9962: who enters cannot be looked into: exec, a start beside it, a user namespace" {
	cp -a "$ROOTFS" root && cp "$BATS_FILE_TMPDIR/look" root/bin/look
	for how in "--name a" "--name b --userns auto" \
		"--name c --cap-add SYS_PTRACE --userns auto" \
		"--name d -e PATH=$(seq -s / 500 | sed 's,/,:/,g'):/bin"; do
		# shellcheck disable=SC2086
		ctr-run -d $how root/ look 2 >/dev/null
		n=${how#--name } n=${n%% *} end=$((SECONDS + 2))
		while [ $SECONDS -lt $end ] && ctr-exec "$n" true 2>/dev/null; do
			[ "$n" != a ] || ctr-run --pid container:a "$ROOTFS" true || true
		done
		ctr-wait "$n" >/dev/null
		run -0 ctr-logs "$n"
		[ -z "$output" ]
	done
}

# bats test_tags=ctr-run
@test "CVE-2021-30465: a volume's folder swapped for a link while starts mount in it" {
	hostile
	mkdir -p vol/d target
	ln -s "$WORLD/target" vol/link
	swap vol/d vol/link
	for ((i = 0; i < 20; i++)); do
		ctr-run -v "$WORLD/vol:/v" -v "$WORLD/secret:/v/d/x" \
			--tmpfs /v/d/y root/ true 2>>err || [ $? -eq 125 ]
		ctr-run --direct -v "$WORLD/vol:/v" --tmpfs /v/d/z root/ true 2>>err ||
			[ $? -eq 125 ]
	done
	kill -0 "$swapper"
	[ -z "$(ls -A target)" ] # no mount point was made outside
}

# bats test_tags=ctr-cp
@test "CVE-2026-41568, -42306: a volume's folder swapped for a link while ctr-cp mounts in it" {
	mkdir -p vol/d target inner out
	ln -s "$WORLD/target" vol/link
	echo x >f && echo y >inner/y
	ctr-create --name c -v "$WORLD/vol:/v" -v "$WORLD/inner:/v/d/n" \
		"$ROOTFS" true >/dev/null
	swap vol/d vol/link
	for ((i = 0; i < 20; i++)); do
		ctr-cp f "c:/v/d/n/f$i" 2>>err || true
		ctr-cp c:/v/d/n/. out 2>>err || true
		rmdir vol/*/n 2>/dev/null || true
	done
	kill -0 "$swapper"
	[ -z "$(ls -A target)" ] # nothing was made or written outside
	[ -e out/y ]             # and some of them came to the end
}

# bats test_tags=ctr-run
@test "CVE-2019-16884, -2023-27561, -2023-28642: /proc and /sys as links, swapped during starts" {
	hostile
	mkdir -p root/fake/self/attr root/fake/sys/kernel
	for d in proc sys; do
		mv "root/$d" "root/old$d"
		ln -s /fake "root/$d"
		run ctr-run --direct root/ true
		printf "%q\n" "$output"
		[[ $status -eq 125 && ${#lines[@]} -eq 1 &&
			$output == *"/$d"*"ordinary directory"* ]]
		run ctr-run root/ true
		[ "$status" -eq 125 ]
		rm "root/$d"
		mv "root/old$d" "root/$d"
	done
	mkdir -p root/fake/sys/net/ipv4
	echo old >root/fake/sys/net/ipv4/ip_forward
	ln -s /fake root/evil
	swap root/proc root/evil
	good=0
	for ((i = 0; i < 40; i++)); do
		run ctr-run --direct --sysctl net.ipv4.ip_forward=1 root/ sh -c '
			grep "^proc .*/sys proc ro," /proc/mounts ||
			cat /proc/sys/net/ipv4/ip_forward'
		# refused; or sealed and written to where it should be; "old": a link again when the
		# command looked
		[[ $status -eq 125 || $output == *" proc ro,"* || $output == *old* ||
			$output == *"No such file"* ]]
		[[ $status -ne 0 || $output != *" proc ro,"* ]] || good=$((good + 1))
	done
	kill -0 "$swapper"
	kill "$swapper"
	[ "$(cat root/fake/sys/net/ipv4/ip_forward)" = old ]
	echo "$good of 40"
}

# bats test_tags=ctr-run
@test "CVE-2025-31133: a mask that is not the real /dev/null is refused" {
	hostile
	mkdir dev
	echo fake >dev/null
	run ctr-run -v "$WORLD/dev:/dev" root/ true
	[[ $status -eq 125 && $output == *"not the null device"* ]]
	rm dev/null && ln -s /proc/kcore dev/null
	run ctr-run -v "$WORLD/dev:/dev" root/ true
	[[ $status -eq 125 && $output == *"not the null device"* ]]
	# a file in the image changes nothing
	mkdir -p root/dev && rm -f root/dev/null && echo fake >root/dev/null
	run ctr-run root/ sh -c '
		cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null
		[ -c /dev/null ] && echo null'
	[ "$output" = null ]
	for p in /proc/kcore /proc/keys /sys/firmware /proc/acpi; do
		run ctr-run root/ sh -c "
			umount $p
			mount -o remount,rw $p
			ls $p/*
			head -c 1 $p 2>/dev/null | wc -c"
		[[ $output != *1 ]]
	done
}

# bats test_tags=ctr-run,ctr-logs
@test "CVE-2025-52565: /dev/console as a link does not aim the terminal's mount elsewhere" {
	hostile
	mkdir dev root/victim
	mknod dev/null c 1 3 && mknod dev/tty c 5 0 && mkdir dev/pts && ln -s pts/ptmx dev/ptmx
	ln -s /victim/file dev/console
	echo mine >root/victim/file
	ctr-run -d -t --name c -v "$WORLD/dev:/dev" root/ sh -c '
		cat /victim/file; grep -c victim /proc/self/mountinfo; sleep 1000' >/dev/null
	wait_for 5 eval 'ctr-logs c | grep -q ^0'
	run ctr-logs c
	[[ $output == mine* ]]
}

# bats test_tags=ctr-run
@test "CVE-2025-52881: what is written to /proc is written to /proc" {
	hostile
	mkdir -p fake/sys/kernel fake/self
	echo old >fake/sys/kernel/domainname
	run ctr-run -v "$WORLD/fake:/proc" --sysctl kernel.domainname=new root/ true
	[[ $status -eq 125 && ${#lines[@]} -eq 1 ]]
	run ctr-run -v "$WORLD/fake/sys:/proc/sys" --sysctl kernel.domainname=new root/ true
	[[ $status -eq 125 && $output == *"not on the file system it should be on"* ]]
	[ "$(cat fake/sys/kernel/domainname)" = old ]
}

# bats test_tags=ctr-run
@test "CVE-2022-0811: nothing is smuggled in by settings, variables, labels or names" {
	for s in 'net.ipv4.ip_forward=1+kernel.core_pattern=|x' \
		$'net.ipv4.ip_forward=1\nkernel.core_pattern=|x' $'net.ipv4.ip_forward=1\rx' \
		kernel.core_pattern=x net/../kernel/core_pattern=x kernel.shm_rmid_forced \
		'net.ipv4.=..' =1 kernel.modprobe=/x; do
		run ctr-run --sysctl "$s" "$ROOTFS" true
		[[ $status -eq 125 ]]
	done
	run ctr-run --cgroup $'pids.max=5\nx' "$ROOTFS" true
	[ "$status" -eq 125 ]
	run ctr-run -e $'A\nB=x' "$ROOTFS" true
	[ "$status" -eq 125 ]
	run ctr-run --name $'x\ny' "$ROOTFS" true
	[ "$status" -eq 125 ]
	run ctr-run --add-host $'h:1.2.3.4\nevil 5.6.7.8' "$ROOTFS" cat /etc/hosts
	[[ $status -eq 125 || $output != *$'\nevil'* ]]
	# a value may hold anything, and stays one value: in the container, and in the file that a
	# shell reads
	evil="'; touch $WORLD/PWNED; '\$(touch $WORLD/PWNED)\`touch $WORLD/PWNED\`"
	run ctr-run -e "A=$evil"$'\n=+x' "$ROOTFS" sh -c 'printf "%s" "$A"'
	[ "$output" = "$evil"$'\n=+x' ]
	ctr-run -d --name c -l "k=$evil" -e "A=$evil" "$ROOTFS" sh -c '
		sleep 1000; true' "$evil" >/dev/null
	for f in "$CTR_LIB/containers/c/conf" "$CTR_RUN/containers/c/state"; do
		sh -c '. "$1"; [ "$name$id" ]' sh "$f"
	done
	[ ! -e "$WORLD/PWNED" ]
}

# bats test_tags=ctr-run
@test "CVE-2022-0492, CVE-2023-25809: no release_agent, no cgroup that can be written" {
	run ctr-run "$ROOTFS" sh -c '
		mkdir /tmp/c
		mount -t cgroup -o rdma c /tmp/c || mount -t cgroup2 c /tmp/c || unshare -UrmC true
		for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
		echo /x >$d/release_agent; mkdir $d/x && echo MADE
		echo $$ >$d/cgroup.procs && echo JOINED; mount -o remount,rw $d &&
		echo REMOUNTED; done 2>/dev/null; find /sys/fs/cgroup -writable |
		head -n 1 >/dev/null; true'
	[[ $status -eq 0 && $output != *MADE* && $output != *JOINED* && $output != *REMOUNTED* ]]
	# not through a user namespace of its own either, which root in a container of ours cannot
	# have
	run ctr-run "$ROOTFS" unshare -Ur true
	[ "$status" -ne 0 ]
}

# bats test_tags=ctr-run
@test "CVE-2020-15257: the host's abstract sockets are not the container's" {
	perl -MSocket -e \
		'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack("Sa*", AF_UNIX, "\0ctrt-'$$'")) or die; listen(S, 1); sleep 100' 3>&- &
	listener=$!
	wait_for 5 grep -q "@ctrt-$$" /proc/net/unix
	run ctr-run "$ROOTFS" grep -c "@ctrt-$$" /proc/net/unix
	[ "${lines[0]}" = 0 ]
	# it can be seen if that was asked for
	run ctr-run --net host "$ROOTFS" grep -c "@ctrt-$$" /proc/net/unix
	kill $listener
	[ "${lines[0]}" = 1 ]
}

# bats test_tags=ctr-run,ctr-exec
@test "CVE-2022-29162: nothing is inheritable, whatever was added" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	for flags in "" "--cap-add ALL" "--privileged" "-u 33" "-u 33 --cap-add NET_ADMIN"; do
		# shellcheck disable=SC2086
		run ctr-run $flags "$ROOTFS" grep -E 'CapInh|CapAmb' /proc/self/status
		[[ $(grep -c '0000000000000000' <<<"$output") -eq 2 ]]
	done
	run ctr-exec c grep -E 'CapInh|CapAmb' /proc/self/status
	[[ $(grep -c '0000000000000000' <<<"$output") -eq 2 ]]
	run ctr-exec c grep CapBnd /proc/self/status
	[[ $output == *00000000a80425fb ]]
}

# bats test_tags=ctr-run
@test "passwd and group that are a fifo, a device, a link out, endless, or hostile" {
	hostile
	for how in 'mkfifo etc/passwd' 'mknod etc/passwd c 1 5' 'ln -s /proc/self/fd/0 etc/passwd' \
		'mkdir etc/passwd' 'truncate -s 20G etc/passwd' \
		"ln -s ../../../../../../..$WORLD/outside etc/passwd"; do
		echo "evil:x:0:0::/:/bin/sh" >outside
		(cd root && rm -rf etc/passwd && eval "$how")
		run timeout 20 ctr-run -u evil root/ true </dev/null
		[[ $status -eq 126 || $status -eq 125 ]]
		# not id, which would read the file itself
		run timeout 20 ctr-run -u 33 root/ grep Uid /proc/self/status </dev/null
		[[ $status -eq 0 && $output == *Uid:*33* ]]
	done
	rm -rf root/etc/passwd root/etc/group
	printf 'a:x:4294967295:0::/:\nb:x:-1:0::/:\nc:x:99999999999:0::/:\nd:x::0::/:\ne:x:5:4294967295::/:\nlong%0100000d:x:1:1::/:\nf:x:6:6::/:\n' 0 >root/etc/passwd
	printf 'g:x:4294967295:f\nh:x:7:%s\n' "$(printf 'f,%.0s' {1..2000})" >root/etc/group
	for u in a b c d; do
		run ctr-run -u $u root/ id
		[[ $status -eq 126 || $status -eq 125 ]]
	done
	run ctr-run -u e root/ id -g
	[ "$output" = 0 ]
	run ctr-run -u f root/ id -G
	[ "$output" = "6 7" ]
	run ctr-run -u f:g root/ id
	[ "$status" -ne 0 ]
	# more groups than a process can be in, each looked for among those found before
	awk 'BEGIN { for (i = 0; i < 330000; i++) print "g:x:" i ":f" }' | head -c 4194000 \
		>root/etc/group
	run timeout 10 ctr-run -u f root/ true
	[[ $status -eq 126 || $status -eq 125 ]]
}

# bats test_tags=ctr-run,ctr-stop,ctr-kill,ctr-inspect
@test "rule 4: a recycled pid is not killed" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	sleep 1000 3>&- &
	innocent=$!
	ctr-stop -t 0 c >/dev/null
	mkdir -p "$CTR_RUN/containers/c"
	printf "id='%s'\nboot='%s'\npid='%s'\nstarttime='1'\nmonitor='%s'\nmonitor_starttime='1'\ncgroup=''\n" "$(ctr-inspect -f id c 2>/dev/null || echo x)" \
		"$(cat /proc/sys/kernel/random/boot_id)" $innocent \
		$innocent >"$CTR_RUN/containers/c/state"
	ctr-kill c || true
	ctr-stop -t 0 c || true
	ctr-gc || true
	ctr-rm -f c
	kill -0 $innocent
	kill $innocent
}

# bats test_tags=ctr-run,ctr-diff,ctr-inspect,ctr-top,ctr-stats
@test "names and texts of a container send no escapes to the terminal that lists it" {
	esc=$'\e]0;evil\a\e[2J\r\x9b31m'
	ctr-run -d --name c -l "k=$esc" "$ROOTFS" sh -c '
		: >"/tmp/$1"; while :; do sleep 1000; done' "$esc" "$esc" >/dev/null 2>&1 ||
		ctr-run -d --name c "$ROOTFS" sh -c '
			: >"/tmp/$1"; while :; do sleep 1000; done' "$esc" "$esc" >/dev/null
	wait_for 5 eval 'ctr-diff c | grep -q evil'
	for list in "ctr-ps -a" "ctr-ps --no-trunc" "ctr-ps --json" "ctr-top c" "ctr-diff c" \
		"ctr-inspect c" "ctr-stats --no-stream c"; do
		$list >out 2>&1 || true
		run ! grep -q $'[\e\a\r]' out
		run ! env LC_ALL=C grep -q $'\x9b' out # CSI, to a terminal that takes single bytes
	done
	run -127 ctr-run "$ROOTFS" $'/no\x9b31m'
	run ! env LC_ALL=C grep -q $'\x9b' <<<"$output"
	esc=$'\xc2\x9b2J' # the same in UTF-8
	run -127 ctr-run "$ROOTFS" "/no$esc"
	[[ $output != *$'\e'* && $output == *"/no"* && $output != *"$esc"* ]]
	# a script, which says the same and nothing to the terminal
	esc=$'\e]0;evil\a\x9b31m\xc2\x9b2J \xc3\xa4\'q\x7f'
	ctr-run --explain -e "A=$esc" "$ROOTFS" true >script
	run ! env LC_ALL=C grep -q $'[\e\a\x9b\x7f]' script
	[ "$(sh -c "$(grep -o "'A=.*" script | sed "s/ -w .*//; s/^/printf %s /")")" = "A=$esc" ]
	esc=$'\xc2\x9b2J'
	ctr-run --keep --name d -e "A=$esc" "$ROOTFS" true
	run ctr-inspect d
	[[ $output != *"$esc"* && $output == *'\u009b2J'* ]]
}

@test "a local user reaches nothing in \$CTR_LIB and \$CTR_RUN; open ones are closed" {
	mkdir -p "$CTR_LIB" "$CTR_RUN"
	chmod 755 "$CTR_LIB" "$CTR_RUN" # as an earlier version has left them
	ctr-run -d --name c -v vol:/v "$ROOTFS" sh -c \
		'
			cp /bin/busybox /s /v
			mv /s /suid
			chmod 4755 /suid /v/s
			sleep 1000' >/dev/null || true
	ctr-run -d --name u --userns auto -v vol:/v -v /anon "$ROOTFS" sleep 1000 >/dev/null
	ctr-exec u sh -c 'echo x >/file && echo x >/anon/file && ls /v >/dev/null'
	[ "$(stat -c %a "$CTR_LIB" "$CTR_RUN" | tr '\n' ' ')" = "700 700 " ]
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@" 2>/dev/null; }
	for f in "$CTR_LIB/containers/c/upper/suid" "$CTR_LIB/volumes/vol/s" \
		"$CTR_LIB/containers/c/conf" \
		"$CTR_RUN/containers/c/state" "$CTR_LIB/ids/$(ctr-inspect -f Id c)"; do
		run -1 as_nobody test -e "$f"
		if as_nobody flock -n "$f" true; then false; fi
	done
}

# bats test_tags=ctr-image,ctr-commit
@test "an archive of an image or a container is for nobody but who made it" {
	tar -C "$ROOTFS" -cf - . | ctr-image import box - >/dev/null
	ctr-run --keep --name c box sh -c 'umask 077; echo secret >/key'
	umask 022
	ctr-image save -o save.tar box
	ctr-image export -o export.tar box
	ctr-commit -o commit.tar c -
	[ "$(stat -c %a save.tar export.tar commit.tar | xargs)" = "600 600 600" ]
}

# bats test_tags=ctr-image
@test "no set-id program of an image that is mounted can be run at any moment" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	need strace
	mkdir -p i m
	cat >suid.c <<-'END'
		#include <stdio.h>
		#include <unistd.h>
		int main(void)
		{
			return geteuid() == 0 && puts("WON") >= 0;
		}
	END
	# as another user, to run the program as soon as it is there
	cat >try.c <<-'END'
		#include <stdio.h>
		#include <sys/wait.h>
		#include <unistd.h>
		int main(int c, char **v)
		{
			if (c < 2 || setgid(54321) < 0 || setuid(54321) < 0)
				return 1;
			for (puts("tries"), fflush(stdout);;) {
				if (access(v[1], X_OK) < 0)
					continue;
				pid_t pid = vfork();
				if (pid == 0)
					execve(v[1], v, v + c), _exit(1);
				waitpid(pid, NULL, 0);
			}
		}
	END
	gcc -D_GNU_SOURCE -static -O1 -o i/suid suid.c && gcc -D_GNU_SOURCE -static -O1 -o try try.c
	chmod 4755 i/suid
	tar -C i -cf i.tar .
	ctr-image import i.tar si >/dev/null
	cat >inside <<-'END'
		set -eu
		./try m/suid >seen 3>&- &
		trap "kill $!" EXIT
		while [ ! -s seen ]; do sleep 0.01; done
		# whoever tries has half a second after each step
		strace -f -qq -o trace -e inject=mount,move_mount:delay_exit=500000 ctr-image mount si m
		[ "$(cat seen)" = tries ]
		grep -c " $PWD/m ro,nosuid,nodev" /proc/self/mountinfo
	END
	[ "$(unshare -m --propagation private bash inside)" = 1 ]
}

# bats test_tags=ctr-run,ctr-image
@test "a user namespace's root needs no search permission on the way to what it is given" {
	mkdir -p shut/data shut/real/data
	ln -s real shut/link
	ln -s "$PWD/shut/real" out
	echo one >shut/data/f
	echo two >shut/real/data/f
	cp -a "$ROOTFS" shut/root
	chmod 755 "$WORLD"
	chmod 700 shut
	local lib
	for lib in "$CTR_LIB" "$PWD/shut/lib"; do
		export CTR_LIB=$lib
		run -0 ctr-run --rm --userns auto -v "$PWD/shut/data:/a" -v "$PWD/shut/data/f:/b" \
			-v "$PWD/shut/link/data:/c:ro" -v "$PWD/out/data/f:/d" -v kept:/v \
			"$PWD/shut/root" sh -c 'echo here >/v/x && cat /a/f /b /c/f /d /v/x && ls /a'
		[ "$output" = "$(printf 'one\none\ntwo\ntwo\nhere\nf')" ]
		run -0 ctr-run --rm --userns auto --direct --read-only "$PWD/shut/root" echo direct
		ctr-run -d --name c --userns auto "$PWD/shut/root" sleep 1000 >/dev/null
		run -0 ctr-run --rm --userns container:c "$PWD/shut/root" echo joined
		ctr-rm -f c >/dev/null
		ctr-volume rm kept >/dev/null
	done
	ctr-gc >/dev/null
	export CTR_LIB=$WORLD/lib
}

@test "no device of the host can be opened through a container's /proc/PID/root" {
	need setfacl acl
	cp -a "$ROOTFS". r/
	mknod -m 666 r/disk b 7 0
	mknod -m 666 r/theirs b 7 1
	mknod -m 666 r/null2 c 1 3
	chown 54321:54321 r/theirs
	setfacl -m u:54321:rw r/disk
	ln r/disk r/disk2
	tar -C r --acls --xattrs -cf r.tar .
	ctr-image import im r.tar >/dev/null
	for image in "$ROOTFS" im; do
		ctr-run -d --name c "$image" sh -c '
			for d in / /dev/; do
				mknod ${d}made b 7 0
				mknod ${d}con c 5 1
				mknod ${d}null3 c 1 3
			done
			chmod 666 /disk* /made /dev/made /con
			mv /disk2 /other
			cp /bin/busybox /suid
			chmod 4755 /suid
			echo >/null3
			setsid su -s /bin/sh nobody -c "exec sleep 1000"
			exec sleep 1000' >/dev/null
		ctr-exec -d -u 54321:54321 c sh -c 'exec 7</; cd /dev; exec sleep 1000'
		cp -a r/disk r/copied
		run -0 ctr-cp r/copied c:/
		[[ "$output" = *"copied: a device: left out (-a keeps"* ]]
		tar -C r -cf - theirs null2 | ctr-cp - c:/run/
		ctr-exec c sh -c 'chmod 666 /copied /run/theirs; echo >/run/null2'
		them() { pgrep -u 54321 -x sleep; }
		wait_for 5 eval '[ -n "$(them)" ]'
		as() { setpriv --reuid 54321 --regid 54321 --clear-groups "$@" 2>/dev/null; }
		p=$(them)
		# passwd: the way is open
		[ "$(as sh -c '
			cd "$1" && shift
			chmod 666 "$@"
			for f in etc/passwd "$@"; do
				if true <"$f"; then echo "read $f"; fi
				if true >>"$f"; then echo "write $f"; fi
			done' sh "/proc/$p/root" disk disk2 other theirs made dev/made con dev/con copied \
			run/theirs)" = "read etc/passwd" ]
		[ "$(as "/proc/$p/root/suid" id -u)" != 0 ]
		ctr-exec c sh -c '
			echo >/null3
			echo >/dev/null3
			rm /dev/null
			mknod -m 666 /dev/null c 1 3
			echo >/dev/null'
		[ "$image" != im ] || ctr-exec c sh -c 'echo >/null2'
		ctr-rm -f c >/dev/null
	done
}

# A container that may trace looks for the next processes of its pid namespace, and through each at
# what lies beside it on the host. $1: how it starts.
hunt() {
	mkdir -p "$WORLD/host"
	echo secret >"$WORLD/host/file"
	# shellcheck disable=SC2016
	cat >"$WORLD/hunt.pl" <<-'EOF'
		my $secret = shift;
		open(my $r, "<", "/proc/sys/kernel/ns_last_pid");
		$| = 1;
		print "ready\n";
		while (1) {
			sysseek($r, 0, 0);
			sysread($r, my $last, 20);
			for my $pid ($last + 1, $last + 0) {
				for my $way ("root$secret", "cwd/$secret") {
					if ($pid > 1 && $pid != $$ && open(my $f, "<", "/proc/$pid/$way")) { print "won: ", <$f>; exit; }
				}
				for my $file ("cmdline", "environ") {
					if ($pid > 1 && $pid != $$ && open(my $f, "<", "/proc/$pid/$file")) {
						local $/;
						my $text = <$f>;
						if ($text =~ /HOSTSECRET/) { print "won: $file\n"; exit; }
					}
				}
			}
		}
	EOF
	ctr-run -d --name c --cap-add SYS_PTRACE --security-opt seccomp=unconfined \
		-v "$WORLD/hunt.pl:/hunt.pl:ro" \
		-v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro \
		-v /bin:/bin:ro "$ROOTFS" perl /hunt.pl "$WORLD/host/file"
	wait_for 5 grep -q ready "$CTR_LIB/containers/c/log"
}

# bats test_tags=ctr-exec
@test "ctr-exec is visible in the container only when there is nothing left to take" {
	need perl
	hunt
	# shellcheck disable=SC2034
	for n in {1..30}; do HOSTSECRET=1 ctr-exec c /bin/true; done
	run ctr-logs c
	[[ "$output" != *won* ]]
	[ "$(ctr-inspect -f State.Status c)" = running ]
}

# bats test_tags=ctr-nsenter
@test "ctr-nsenter -p is visible in the container only when there is nothing left to take" {
	need perl
	hunt
	for n in {1..10}; do
		env -i PATH="$PATH" CTR_LIB="$CTR_LIB" CTR_RUN="$CTR_RUN" ctr-nsenter -t c \
			-p /bin/true
	done
	for n in {1..10}; do
		env -i PATH="$PATH" CTR_LIB="$CTR_LIB" CTR_RUN="$CTR_RUN" ctr-nsenter \
			-t "$(ctr-inspect -f State.Pid c)" -a /bin/true
	done
	run ctr-logs c
	[[ "$output" != *won* ]]
	[ "$(ctr-nsenter -t c -p sed -n 's/CapBnd:.//p' /proc/self/status)" = \
		"$(ctr-exec c sed -n 's/CapBnd:.//p' /proc/self/status)" ]
}

# A namespace's file names no process, so its first one is the measure; a host's group would have no
# list of devices. bats test_tags=ctr-nsenter
@test "ctr-nsenter --pid=FILE or with a host's folder shows nothing worth taking" {
	need perl
	hunt
	pid=$(ctr-inspect -f State.Pid c)
	clean() { env -i PATH="$PATH" CTR_LIB="$CTR_LIB" CTR_RUN="$CTR_RUN" "$@"; }
	for n in {1..10}; do clean ctr-nsenter --pid="/proc/$pid/ns/pid" /bin/true; done
	for n in {1..10}; do
		clean ctr-nsenter --pid="/proc/$pid/ns/pid" --mount="/proc/$pid/ns/mnt" /bin/true
	done
	for how in "-t c -p --root=/" "-t c -p --wd=$WORLD" "-t c -p --mount=/proc/self/ns/mnt" \
		"-t c -a --root=/" "--pid=/proc/$pid/ns/pid --mount=/proc/self/ns/mnt" \
		"-t $$ -m --pid=/proc/$pid/ns/pid"; do
		# shellcheck disable=SC2086
		run -125 clean ctr-nsenter $how /bin/true
		[[ "$output" == *"--privileged"* ]]
	done
	run ctr-logs c
	[[ "$output" != *won* ]]
	for how in "-t c -p" "--pid=/proc/$pid/ns/pid"; do
		# shellcheck disable=SC2086
		[ "$(ctr-nsenter $how cat /proc/self/cgroup | grep -c "$CTR_CGROUP/c-")" = \
			"$(grep -c "$CTR_CGROUP/c-" "/proc/$pid/cgroup")" ]
		# shellcheck disable=SC2086
		[ "$(ctr-nsenter $how sed -n 's/CapBnd:.//p' /proc/self/status)" = \
			"$(sed -n 's/CapBnd:.//p' "/proc/$pid/status")" ]
	done
	ctr-pause c >/dev/null
	run -125 timeout -s KILL 5 "$BIN/ctr-nsenter" -t c -p /bin/true
	[[ "$output" == *"c: paused"* ]]
	ctr-unpause c >/dev/null
	# because that was asked for; where nobody hunts, who would win and end
	ctr-run -d --name d "$ROOTFS" sleep 1000
	pid=$(ctr-inspect -f State.Pid d)
	[ "$(clean ctr-nsenter --privileged --pid="/proc/$pid/ns/pid" readlink /proc/self/root)" = \
		/ ]
}

# bats test_tags=ctr-run
@test "ctr-run --pid container:NAME is visible there only with nothing left to take" {
	need perl
	hunt
	for n in {1..12}; do HOSTSECRET=1 ctr-run --pid container:c "$ROOTFS" /bin/true; done
	HOSTSECRET=1 ctr-run -d --name d --init --pid container:c "$ROOTFS" /bin/sleep \
		1000 >/dev/null
	run ctr-logs c
	[[ "$output" != *won* ]]
	[ "$(ctr-inspect -f State.Status c)" = running ]
	# its own /proc is that of the namespace it joined, and of nobody else
	ctr-exec d /bin/ps | grep -q hunt.pl
	[ "$(ctr-exec d sh -c 'ls -d /proc/[0-9]* | wc -l')" -lt 12 ]
	ctr-stop -t 1 d
}

# bats test_tags=ctr-run,ctr-exec,ctr-nsenter
@test "what appears in a joined pid namespace never has capabilities to take" {
	need perl
	cat >watch.pl <<-'EOF'
		$| = 1;
		print "ready\n";
		while (1) {
			opendir D, "/proc" or die;
			for (grep { /^\d+$/ && $_ > 1 } readdir D) {
				open F, "<", "/proc/$_/status" or next;
				my $t = join "", <F>;
				# 16 is SYS_MODULE
				print "$_ won $1\n" if $t =~ /CapEff:\s*([0-9a-f]+)/ && hex($1) & 1 << 16;
				print "seen $1\n" if !$seen{$1}++ && $t =~ /CapEff:\s*([0-9a-f]+)/;
			}
		}
	EOF
	ctr-run -d --name c --cap-add SYS_PTRACE --security-opt seccomp=unconfined \
		-v "$PWD/watch.pl:/w.pl:ro" \
		-v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro \
		-v /bin:/bin:ro "$ROOTFS" perl /w.pl
	wait_for 5 grep -q ready "$CTR_LIB/containers/c/log"
	for n in {1..7}; do
		for o in "" --init "--userns auto"; do
			# shellcheck disable=SC2086
			ctr-run --pid container:c $o "$ROOTFS" /bin/true
		done
		ctr-exec c /bin/true
		ctr-nsenter -t c -p /bin/true
	done
	run ctr-logs c
	[[ "$output" = *seen* && "$output" != *won* ]]
}

# --- findings of an audit, by their numbers ---

# no_cgroups CMD...: in a mount namespace of its own, without any cgroup file system.
no_cgroups() {
	unshare -m --propagation private bash -c 'umount -R /sys/fs/cgroup 2>/dev/null; "$@"' _ "$@"
}

device_hunt() {
	mkdir -p vol tree
	cp -a "$ROOTFS". tree/
	[ -e tree/null2 ] || mknod tree/null2 c 1 3
	[ -e vol/zero ] || mknod vol/zero c 1 5
	chmod 666 tree/null2 vol/zero
	# shellcheck disable=SC2016
	hunt_devices='for f in /null2 /v/zero; do true <$f && echo "opened $f"; done
		for d in / /v /t /dev /run; do
			mknod $d/made c 1 5 && true <$d/made && echo "made $d/made"
		done
		echo x >/dev/null && true </asked && echo fine
		sed -n "s/CapBnd:.//p" /proc/self/status'
}

@test "without a device list no device can be made, and none opened but those of --device" {
	device_hunt
	for direct in '' --direct; do
		# shellcheck disable=SC2086
		run no_cgroups ctr-run $direct -v "$PWD/vol:/v" --tmpfs /t \
			--device /dev/zero:/asked "$PWD/tree" sh -c "$hunt_devices"
		[[ "$output" = *fine* ]]
		[[ "$output" != *opened* ]]
		[[ "$output" != *made\ * ]]
	done
	# shellcheck disable=SC2016
	run no_cgroups bash -c 'ctr-run -d --name c "$1/tree" sleep 1000 >/dev/null
		ctr-exec c sh -c "$2" 2>&1
		ctr-exec --privileged c sh -c "mknod /dev/x c 1 5" 2>&1
		ctr-rm -f c' _ "$PWD" "$hunt_devices"
	[[ "$output" != *opened* && "$output" != *made\ * ]]
	[[ "$output" = *"mknod: /dev/x: Operation not permitted"* ]]
	run -0 ctr-run -v "$PWD/vol:/v" "$ROOTFS" sh -c 'true </v/zero && echo opened'
	[ "$output" = opened ] # with a device list, because /dev/zero is on it
}

@test "with few v1 controllers and no devices the same rule for devices holds" {
	[ -d /sys/fs/cgroup/devices ] || skip "not a system of cgroup v1"
	device_hunt
	run unshare -m --propagation private \
		bash -c 'umount /sys/fs/cgroup/devices /sys/fs/cgroup/unified 2>/dev/null
		ctr-run -v "$1/vol:/v" --tmpfs /t --device /dev/zero:/asked "$1/tree" sh -c "$2"' \
			_ "$PWD" "$hunt_devices"
	[[ "$output" = *fine* ]]
	[[ "$output" != *opened* && "$output" != *made\ * ]]
}

@test "a bundle without a device list gets the default one" {
	[ -d /sys/fs/cgroup/devices ] || not_in_rig "no block device to be tried"
	mkdir -p b/rootfs
	cp -a "$ROOTFS". b/rootfs
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["sh","-c","mknod /dev/d c 1 1; true </dev/d && echo opened; true </dev/zero && echo fine"],"cwd":"/","user":{"uid":0,"gid":0},
	 "env":["PATH=/bin"],"capabilities":{"bounding":["CAP_MKNOD"],"effective":["CAP_MKNOD"],"permitted":["CAP_MKNOD"]}},"root":{"path":"rootfs"},
	 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]}],
	 "linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"}]}}
	END
	for by in 'ctr-run --bundle b' "ctr-oci --root $WORLD/oci run -b b b"; do
		run $by
		[[ "$output" = *fine* ]]
		[[ "$output" != *opened* ]]
	done
}

@test "a bundle's cgroupsPath is a group with its limits, wherever the path seems to lead" {
	mkdir -p b
	for at in "/$CTR_CGROUP/b/" "$CTR_CGROUP/b" "//$CTR_CGROUP/./b" "$WORLD/b"; do
		cat >b/config.json <<-END
		{"ociVersion":"1.0.2","process":{"args":["sh","-c","cat /proc/self/cgroup; sed -n s/CapBnd:.//p /proc/self/status"],"cwd":"/","env":["PATH=/bin"],"capabilities":{"bounding":["CAP_MKNOD"]}},
		 "root":{"path":"$ROOTFS"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"t"}],
		 "linux":{"cgroupsPath":"$at","namespaces":[{"type":"pid"},{"type":"mount"}],"resources":{"pids":{"limit":77}}}}
		END
		run -0 ctr-run --bundle b
		[[ "$output" == *"pids:/"*"/b/c-"* || "$output" == *"0::/"*"/b/c-"* ]]
		[[ "${lines[-1]}" == 0000000008000000 && "$output" != *"no cgroup"* &&
			"$output" != *"not in effect"* ]]
	done
	[ "$(ls b)" = config.json ] # no folder of the host
	sed -i 's,"cgroupsPath":"[^"]*","cgroupsPath":"/a/../../b",' b/config.json
	run -125 ctr-run --bundle b
	[[ "$output" == *"cgroupsPath"*"is not a group"* ]]
	for d in /sys/fs/cgroup/*"$WORLD/b" "/sys/fs/cgroup$WORLD/b"; do
		while [ -d "$d" ] && rmdir "$d" 2>/dev/null; do d=${d%/*}; done
	done
}

@test "a bundle's list that denies nothing denies what it does not name" {
	[ -d /sys/fs/cgroup/devices ] || not_in_rig "no block device to be tried"
	mkdir b
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["sh","-c","true </dev/mem2 && echo opened; true </dev/zero && echo fine"],"cwd":"/","env":["PATH=/bin"],
	 "capabilities":{"bounding":["CAP_SYS_RAWIO"],"effective":["CAP_SYS_RAWIO"],"permitted":["CAP_SYS_RAWIO"]}},"root":{"path":"$ROOTFS"},
	 "mounts":[{"destination":"/dev","type":"tmpfs","source":"tmpfs"},{"destination":"/proc","type":"proc","source":"proc"}],
	 "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}],"devices":[{"path":"/dev/mem2","type":"c","major":10,"minor":229,"fileMode":438}],
	 "resources":{"devices":[{"allow":true,"type":"c","major":10,"minor":229,"access":"m"}]}}}
	END
	run -0 ctr-run --bundle b
	[[ $output == *fine* && $output != *opened* && $output == *"not permitted"* ]]
}

@test "the socket families that are refused cannot be had by i386's socketcall" {
	[ "$(uname -m)" = x86_64 ] || skip "x86-64 only"
	need gcc
	cat >s.c <<-'END'
	#define _GNU_SOURCE
	#include <stdio.h>
	#include <string.h>
	#include <sys/mman.h>
	static long old(long nr, long a, long b) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "0"(nr), "b"(a), "c"(b) : "memory"); return r; }
	int main(void) {
		unsigned *args = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		static const unsigned families[] = {38, 40, 12};
		for (int i = 0; i < 3; i++) {
			args[0] = families[i], args[1] = 5, args[2] = 0;
			long r = old(102, 1, (long)args);
			if (r != -1 && r != -97 && r != -38) printf("family %u: %ld\n", families[i], r);
			if (r >= 0 || r == -97) printf("reached %u\n", families[i]);
		}
		args[0] = 1, args[1] = 1, args[2] = 0, args[3] = (unsigned)(long)(args + 8);
		printf("socketpair %ld\n", old(102, 8, (long)args));
	}
	END
	gcc -static -O1 -o s s.c
	./s >/dev/null || skip "this machine ends a program that calls int 0x80"
	run -0 ctr-run -v "$PWD/s:/s" "$ROOTFS" /s
	[[ "$output" != *reached* && "$output" != *family* ]]
	[[ "$output" = *"socketpair "[0-] ]] || [[ "$output" = *"socketpair -38" ]]
}

@test "each CPU's count of thermal events is masked" {
	mkdir -p cpus/cpu0/thermal_throttle cpus/cpu1/thermal_throttle
	unshare -m --propagation private sh -c '
		mount --bind cpus /sys/devices/system/cpu && exec ctr-create --name c "$0" true' \
			"$ROOTFS"
	[ "$(grep -o '/sys/devices/system/cpu/cpu[01]/thermal_throttle' \
		"$CTR_LIB/containers/c/config.json" | sort | wc -l)" = 2 ]
}

# A server of a file system that answers nothing but its greeting: what is asked of it waits for
# ever, and once it has read the question not even KILL ends who asked.
deaf() {
	need gcc
	[ -c /dev/fuse ] || skip "no /dev/fuse here"
	cat >deaf.c <<-'END'
	#include <fcntl.h>
	#include <linux/fuse.h>
	#include <stdio.h>
	#include <sys/mount.h>
	#include <unistd.h>
	int main(int n, char **a) {
		static char in[1 << 18];
		char words[80];
		int fd = open("/fuse", O_RDWR);
		sprintf(words, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
		if (fd < 0 || mount("deaf", a[1], "fuse", 0, words) < 0)
			return perror("deaf"), 1;
		read(fd, in, sizeof in);
		struct {
			struct fuse_out_header h;
			struct fuse_init_out i;
		} out = {{sizeof out, 0, ((struct fuse_in_header *)in)->unique}, {7, 31}};
		write(fd, &out, sizeof out);
		close(open(a[2], O_CREAT | O_WRONLY, 0600));
		for (;;) read(fd, in, sizeof in);
	}
	END
	gcc -static -O1 -w -o deaf deaf.c
}

# bats test_tags=ctr-run
@test "--ipc container:X: X's /dev does not answer: it is said, and nothing hangs" {
	deaf
	mkdir t
	ctr-run -d --name x --cap-add SYS_ADMIN --device /dev/fuse:/fuse -v "$PWD/deaf:/deaf" \
		-v "$PWD/t:/t" "$ROOTFS" sh -c '/deaf /dev /t/up & exec sleep 100' >/dev/null
	wait_for 5 test -e t/up
	# no pipe: who hangs could hold it
	timeout -k 1 20 ctr-run --ipc container:x "$ROOTFS" echo in >out 2>&1
	grep -q '/dev/shm is not shared: the other has none that answers' out
	grep -qx in out
	ctr-rm -f x
}

@test "two containers do not have the same session keyring" {
	need gcc
	cat >k.c <<-'END'
	#include <stdio.h>
	#include <unistd.h>
	#include <sys/syscall.h>
	int main(int n, char **a) {
		if (n > 1) syscall(SYS_add_key, "user", "ctr-test", a[1], 3, -3);
		printf("%ld\n", syscall(SYS_keyctl, 10, -3, "user", "ctr-test", 0));
		fflush(stdout);
		if (n > 1) sleep(1000);
	}
	END
	gcc -static -O1 -o k k.c
	ctr-run -d --name a --security-opt seccomp=unconfined \
		-v "$PWD/k:/k" "$ROOTFS" /k abc >/dev/null
	wait_for 5 grep -q '[0-9]' "$CTR_LIB/containers/a/log"
	[ "$(ctr-logs a)" -gt 0 ]
	[ "$(ctr-run --security-opt seccomp=unconfined -v "$PWD/k:/k" "$ROOTFS" /k)" = -1 ]
	[ "$(ctr-exec a /k)" = -1 ]
}

@test "where no keyring can be had, there is no container with the caller's keys" {
	need gcc
	cat >k.c <<-'END'
	#include <stdio.h>
	#include <sys/syscall.h>
	#include <unistd.h>
	int main(int n, char **a) {
		char d[9];
		if (n < 2) return printf("%ld\n", syscall(SYS_keyctl, 10, -3, "user", "ctr-test", 0));
		syscall(SYS_keyctl, 1, 0, 0, 0, 0);
		if (n > 2) return syscall(SYS_add_key, "user", "ctr-test", "x", 1, -3), execvp(a[1], a + 1);
		if (setresuid(54321, 54321, 54321)) return 1;
		for (int i = 0; sprintf(d, "%d", i), syscall(SYS_add_key, "user", d, "x", 1, -3) > 0;) i++;
		puts("full"), fclose(stdout);
		return sleep(1000);
	}
	END
	gcc -static -O1 -w -o k k.c
	./k fill >full 3>&- &
	filler=$!
	wait_for 10 grep -qs full full
	run -125 ./k ctr-run --userns 0:54321:65536 --security-opt seccomp=unconfined \
		-v "$PWD/k:/k" "$ROOTFS" /k
	kill $filler
	[[ ${#lines[@]} = 1 && $output == *"a session keyring of its own: Quota exceeded" ]]
	[ "$(./k ctr-run --security-opt seccomp=unconfined -v "$PWD/k:/k" "$ROOTFS" /k)" = -1 ]
}

# By the older ways, too (make check-old): who closes by a list must not take it from the container.
@test "the caller's open files stay outside, though the container's /proc shows none" {
	need gcc
	cat >f.c <<-'END'
	#include <stdio.h>
	#include <sys/stat.h>
	int main(void) { struct stat s; for (int i = 3; i < 1000; i++) if (fstat(i, &s) == 0) printf("open %d\n", i); puts("done"); }
	END
	gcc -static -O1 -o f f.c
	ctr-run -d --name c --privileged -v "$PWD/f:/f" "$ROOTFS" sh -c '
		mount -t tmpfs x /proc && exec sleep 1000' >/dev/null
	wait_for 5 sh -c '! ctr-exec c test -e /proc/1'
	[ "$(ctr-exec c /f 7</etc/passwd 99</etc/passwd 512</etc/passwd)" = done ]
	# and looking for what is open takes no event from the monitor, which waits for two ends
	# here
	[ "$(timeout 20 "$BIN/ctr-run" --pid container:c --userns auto "$ROOTFS" echo over)" = \
		over ]
}

@test "what a container says of its environment is not followed among the host's files" {
	ctr-run -d --name c -e PATH=/tmp/evil -e LD_PRELOAD=/tmp/evil.so "$ROOTFS" sleep \
		1000 >/dev/null 2>&1 || ctr-run -d --name c "$ROOTFS" /bin/sleep 1000 >/dev/null
	run -125 ctr-nsenter -t c --env -n true
	[[ "$output" = *"add -m"* ]]
	(. "$CTR_RUN/containers/c/state"; echo "$pid") >pid
	for files in --mount=/proc/self/ns/mnt --root=/ '-m --root=/' \
		"--pid=/proc/$(<pid)/ns/pid --mount=/proc/self/ns/mnt -F"; do
		run -125 ctr-nsenter -t c --env $files /bin/true
		[[ "$output" = *"add -m"* ]]
	done
	for files in -m -a '-m -p' -r "--mount=/proc/$(<pid)/ns/mnt"; do
		run -0 ctr-nsenter -t c --env $files /bin/true
	done
	chroot "$ROOTFS" /bin/busybox sleep 100 3>&- & # no mount namespace of its own
	wait_for 5 test /proc/$!/root -ef "$ROOTFS"
	run -125 ctr-nsenter -t $! --env -m /bin/true
	run -0 ctr-nsenter -t $! --env -m -r /bin/busybox true
	kill $!
}

@test "another pid namespace's /proc, or none, shows nobody who is taken for a container" {
	need unshare util-linux
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	mkdir oci
	# shellcheck disable=SC2016
	run unshare -pfm --propagation private sh -c '
		ctr-run -d --name w "$ROOTFS" sleep 1000
		for what in "cp w:/etc/hostname -" "top w" "nsenter -t w -m echo" ps gc "rm -f w" \
			"create $ROOTFS" "oci --root $PWD/oci list"; do
			ctr-$what && echo "went well: $what"
		done
		mount -t proc proc /proc && [ "$(ctr-top w | wc -l)" = 2 ] && ctr-rm -f w'
	[ "$status" = 0 ]
	[ "$(grep -c ': /proc is of another pid namespace: mount its own' <<<"$output")" = 8 ]
	[ "${#lines[@]}" = 10 ]
	run -1 unshare -m --propagation private sh -c '
		umount -l /proc
		ctr-gc || ctr-ps || ctr-rm -f c || ctr-oci --root /nosuch state c'
	[ "$(grep -c 'is /proc mounted, all of it?' <<<"$output")" = 4 ]
	[ "$(ctr-exec c echo on)" = on ]
}

@test "a process's times, read from whatever text, compute with no null pointer" {
	need clang
	cat >p.c <<-END
	#include "$BATS_TEST_DIRNAME/../libcommon/kernel/pidfd.c"
	int sys_pidfd_open(pid_t p) { return p ? -1 : -2; }
	void cleanup_close(int *fd) { close(*fd); }
	int main(void) {
		uint64_t t;
		static const char *const bad[] = {"", ")", "1 (a", "1 (a)", "1 (a) S", "1 (a) S 1 2 3", "1 (a) S 1 2 3 ", "9) 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"};
		for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
			if (starttime_parse(bad[i], &t) == 0) return printf("took '%s'\n", bad[i]);
		return 0;
	}
	END
	clang -D_GNU_SOURCE -std=gnu11 -I"$BATS_TEST_DIRNAME/../include" -fsanitize=undefined \
		-fno-sanitize-recover=all -ffunction-sections -Wl,--gc-sections -o p p.c
	./p
}

# A container's user namespace, and the others of it.
ns_of() { readlink "/proc/$(ctr-inspect -f State.Pid "$1")/ns/$2"; }

@test "a user namespace is joined first, the others are new in it; ctr-exec enters all" {
	ctr-run -d --name x --userns auto "$ROOTFS" sleep 1000 >/dev/null
	map=$(ctr-exec x cat /proc/self/uid_map)
	ctr-run -d --name y --userns container:x -v vol:/v "$ROOTFS" sh -c '
		touch /mine /v/mine; exec sleep 1000' >/dev/null
	[ "$(ns_of x user)" = "$(ns_of y user)" ]
	for n in pid mnt net ipc uts cgroup; do [ "$(ns_of x $n)" != "$(ns_of y $n)" ]; done
	[ "$(ctr-exec y sh -c '
		cat /proc/self/uid_map
		stat -c %u /mine /v/mine /bin
		ls -d /proc/[0-9]* | wc -l' | sed -n '2,4p' | tr '\n' ' ')" = "0 0 0 " ]
	[ "$(ctr-exec y cat /proc/self/uid_map)" = "$map" ]
	[ "$(ctr-exec y readlink /proc/self/ns/user)" = "$(ns_of x user)" ]
	[ "$(ctr-exec -u 33 y id -u)" = 33 ]
	[ "$(stat -c %u "$CTR_LIB/volumes/vol/mine")" = 0 ] || [ -n "${CTR_TEST_NO:-}" ]
	run -0 ctr-run --userns container:x --pid container:x --net container:x \
		--ipc container:x "$ROOTFS" sh -c 'readlink /proc/self/ns/user; ps; touch /new'
	[[ "$output" = *"$(ns_of x user)"*"sleep 1000"* ]]
	mkdir -p b/rootfs
	cp -a "$ROOTFS". b/rootfs
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["sh","-c","readlink /proc/self/ns/user; echo \$\$"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}},"root":{"path":"rootfs"},
	 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"t"}],"linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},
	 {"type":"user","path":"/proc/$(ctr-inspect -f State.Pid x)/ns/user"}]}}
	END
	for by in 'ctr-run --bundle b' "ctr-oci --root $WORLD/oci run -b b b"; do
		run -0 $by
		[[ "$output" == *"$(ns_of x user)"$'\n1' ]]
	done
	ctr-stop -t 0 x y >/dev/null
	run -1 ctr-start y
	[[ "$output" == *"x: exited, not running"* ]]
	ctr-start x
	ctr-start y
	[ "$(ns_of x user)" = "$(ns_of y user)" ]
	run -125 ctr-run --userns container:nosuch "$ROOTFS" true
	[[ "$output" == *"--userns: nosuch: no such container"* ]]
}

# with_ids CMD...: where /etc/subuid and /etc/subgid are this world's.
with_ids() {
	unshare -m --propagation private bash -c '
		for f in subuid subgid; do
			mount --bind "$0/$f" /etc/$f || exit
		done
		"$@"' "$WORLD" "$@"
}
map_of() {
	ctr-exec "$1" sh -c 'cat /proc/self/uid_map /proc/self/gid_map' |
		awk '{print $2}' | tr '\n' ' '
}

@test "each container of --userns auto has a range of its own, for as long as it is there" {
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no /etc/subuid"
	echo root:200000:131072 >subuid
	echo root:400000:131072 >subgid
	with_ids ctr-run -d --name a --userns auto "$ROOTFS" sh -c '
		touch /mine; exec sleep 1000' >/dev/null
	with_ids ctr-run -d --name b --userns auto "$ROOTFS" sleep 1000 >/dev/null
	[ "$( (map_of a; echo; map_of b) | sort | tr '\n' ' ')" = "200000 400000  265536 465536  " ]
	run -125 with_ids ctr-run --userns auto "$ROOTFS" true # an error, and no shared range
	[[ ${#lines[@]} = 1 && "$output" == *"no range of ids is left, of 2"*"/etc/subuid"* ]]
	[ "$(ctr-ps -aq | wc -l)" = 2 ]
	was=$(map_of a)
	ctr-stop -t 0 a >/dev/null # it keeps its range, together with what it has written
	run -125 with_ids ctr-run --userns auto "$ROOTFS" true
	ctr-start a
	[ "$(map_of a)" = "$was" ]
	[ "$(ctr-exec a stat -c %u /mine /bin/busybox | tr '\n' ' ')" = "0 0 " ]
	free=$(map_of b)
	# in whatever way it ends
	(. "$CTR_RUN/containers/b/state"; kill -9 "$monitor" "$pid" || true)
	wait_for 5 ctr-rm -f b
	with_ids ctr-run -d --name c --rm --userns auto "$ROOTFS" sleep 1000 >/dev/null
	[ "$(map_of c)" = "$free" ]
	(. "$CTR_RUN/containers/c/state"; kill -9 "$monitor" "$pid" || true)
	wait_for 5 sh -c '[ -n "$(ctr-gc)" ]'
	[ -n "$(with_ids ctr-run --userns auto "$ROOTFS" cat /proc/self/uid_map |
		grep "${free%% *}")" ]
	ctr-rm -f a >/dev/null
	printf 'root:100000:131072\nroot:130000:65536\n0:200000:131072\n' >subuid # lines overlap
	printf 'root:%s:65536\n' 600000 600000 734000 700000 >subgid
	with_ids sh -c 'ctr-create --name 1 --userns auto "$0" true && ctr-create --name 2 \
		--userns auto "$0" true' "$ROOTFS" >/dev/null
	run -125 with_ids ctr-run --userns auto "$ROOTFS" true
	[[ "$output" == *"no range of ids is left, of 2"* ]]
	[ "$(grep -ho '"hostID":[^,]*' "$CTR_LIB"/containers/[12]/config.json | sort |
		tr -d ' \n')" = '"hostID":100000"hostID":165536"hostID":600000"hostID":734000' ]
	ctr-rm 1 2
	echo root:200000:1310720 >subuid
	echo root:400000:1310720 >subgid
	with_ids sh -c '
		for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			ctr-create --name "p$n" --userns auto "$0" true >/dev/null &
		done
		wait' "$ROOTFS"
	[ "$(grep -ho "uidMappings[^}]*" "$CTR_LIB"/containers/p*/config.json | sort -u | wc -l)" \
		= 20 ]
}

@test "no id is given twice when root's lines in /etc/subuid and subgid change" {
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no /etc/subuid"
	# try NAME UID GID: root has a range from each on
	try() {
		echo "root:$2:65536" >subuid
		echo "root:$3:65536" >subgid
		with_ids ctr-create --name "$1" --userns auto "$ROOTFS" true >/dev/null
	}
	try a 100000 600000
	for ids in "131072 800000" "70000 800000" "165535 800000" \
		"300000 620000" "300000 540000" "600000 665535"; do
		# shellcheck disable=SC2086
		run -1 try b $ids
		[[ ${#lines[@]} = 1 && "$output" == *"no range of ids is left, of 1"* ]]
	done
	try b 165536 665536 # just above, just below, and the numbers of the other kind
	try c 34464 534464
	try d 600000 100000
	ctr-rm a >/dev/null
	run -1 try e 131000 800000 # now b's
	try e 100000 600000
}

@test "a range whose user namespace others joined is free when the last of them is gone" {
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no /etc/subuid"
	echo root:200000:65536 >subuid
	echo root:400000:65536 >subgid
	none_left() {
		run -125 with_ids ctr-run --userns auto "$ROOTFS" true
		[[ "$output" == *"no range of ids is left, of 1"* ]]
	}
	with_ids ctr-run -d --name a --userns auto "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name b --userns container:a "$ROOTFS" sleep 1000 >/dev/null
	ctr-rm -f a >/dev/null
	[ "$(map_of b)" = "200000 400000 " ]
	none_left
	ctr-rename b b2
	ctr-run -d --name c --userns container:b2 "$ROOTFS" sleep 1000 >/dev/null
	ctr-rm -f b2 >/dev/null
	none_left
	(. "$CTR_RUN/containers/c/state"; kill -9 "$monitor") # perhaps its processes live on
	none_left
	ctr-gc >/dev/null
	none_left
	wait_for 5 ctr-rm -f c
	local map
	for map in uid_map:200000 gid_map:400000; do
		run -0 with_ids ctr-run --userns auto "$ROOTFS" awk '{print $2}' \
			"/proc/self/${map%:*}"
		[ "$output" = "${map#*:}" ]
	done
}

@test "a fifo in a list of devices is leave for no device" {
	[ -d /sys/fs/cgroup/devices ] || not_in_rig "no block device to be tried"
	mkdir b
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["sh","-c","true </dev/d && echo opened; true </dev/zero && mkfifo /dev/p && echo fine"],"cwd":"/","env":["PATH=/bin"],
	 "capabilities":{"bounding":["CAP_MKNOD"],"effective":["CAP_MKNOD"],"permitted":["CAP_MKNOD"]}},"root":{"path":"$ROOTFS"},
	 "mounts":[{"destination":"/dev","type":"tmpfs","source":"tmpfs"},{"destination":"/proc","type":"proc","source":"proc"}],
	 "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}],"devices":[{"path":"/dev/d","type":"c","major":10,"minor":229,"fileMode":438}],
	 "resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"m"},{"allow":true,"type":"p","access":"rwm"}]}}}
	END
	run -0 ctr-run --bundle b
	[[ $output == *fine* && $output != *opened* ]]
}

@test "a hole in an allowed range is denied, or the list is refused" {
	mkdir -p b/rootfs
	cp -a "$ROOTFS". b/rootfs
	hole_in() { # RULES: of a list that ends by denying 10:229
		cat >b/config.json <<-END
		{"ociVersion":"1.0.2","process":{"args":["sh","-c","mknod /dev/d c 10 229; true </dev/d && echo opened; true </dev/zero && echo fine"],"cwd":"/","user":{"uid":0,"gid":0},
		 "env":["PATH=/bin"],"capabilities":{"bounding":["CAP_MKNOD"],"effective":["CAP_MKNOD"],"permitted":["CAP_MKNOD"]}},"root":{"path":"rootfs"},
		 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]}],
		 "linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"}],"resources":{"devices":[{"allow":false,"access":"rwm"},$1]}}}
		END
		for by in 'ctr-run --bundle b' "ctr-oci --root $WORLD/oci run -b b b"; do
			run $by
			[[ "$output" != *opened* ]] || return
			case $2 in
			refused)
				[[ "$status" != 0 && "$output" = *"c 10:229 "*"denied"*"$3"* ]] ||
					return
				;;
			*) [[ "$output" = *fine* ]] || return ;;
			esac
		done
	}
	grep -q '^229 ' /proc/misc || skip "needs a driver of the device 10:229 (fuse)"
	v1=refused
	[ -d /sys/fs/cgroup/devices ] || v1=denied
	for some in '10,"minor":-1' -1 '-1,"minor":229'; do
		hole_in '{"allow":true,"type":"c","major":'"$some"',"access":"rwm"},
			{"allow":false,"type":"c","major":10,"minor":229,"access":"rw"}' $v1 "of c "
	done
	one='"type":"c","major":10,"minor":229,"access":"rwm"'
	hole_in '{"allow":true,'"$one"'},{"allow":false,'"$one"'}' denied
	hole_in '{"allow":true,'"$one"'},{"allow":false,"type":"c","major":10,"access":"rw"}' denied
}

@test "a hole in the range of devices that a group of v1 was given is refused" {
	[ -d /sys/fs/cgroup/devices ] || skip "devices are not a controller of v1 here"
	ctr-cgset --device-rule '-a *:* rwm' --device-rule 'c 136:* rwm' -c of
	run ! ctr-cgset --device-rule '-c 136:3 r' of # given to it earlier
	[[ "$output" = *"c 136:3 r"*"c 136:* rwm"* ]]
	ctr-cgset -d of
	# the other way round, in a group that may use all devices
	local all=(--device-rule 'a *:* rwm' --device-rule)
	run ! ctr-cgset -c "${all[@]}" '-c 1:* rwm' --device-rule 'c 1:5 r' of
	[[ "$output" = *"c 1:5 r cannot be allowed of c 1:* rwm on cgroup v1" ]]
	ctr-cgset -c "${all[@]}" '-c 1:5 rw' --device-rule 'c 1:* r' of -- \
		sh -c 'true </dev/zero && ! true >/dev/zero'
	ctr-cgset -d of
	# what was given back of the whole range is not denied of a part
	ctr-cgset -c "${all[@]}" '-c 1:* rwm' --device-rule 'c 1:* r' --device-rule 'c 1:5 r' of -- \
		sh -c 'true </dev/zero && true </dev/null && ! true >/dev/zero'
	run ! ctr-cgset "${all[@]}" '-c 1:* rwm' --device-rule 'c 1:* r' \
		--device-rule 'c 1:5 rw' of
	[[ "$output" = *"c 1:5 rw cannot be allowed of c 1:* wm on cgroup v1" ]]
	ctr-cgset -d of
	ctr-cgset -c "${all[@]}" '-c 1:5 rw' --device-rule 'c 1:7 r' of -- sh -c '! true </dev/zero'
	ctr-cgset -d of
}

@test "AppArmor and SELinux: what the host lacks is refused by name, never left out" {
	grep -q . /sys/kernel/security/apparmor/profiles 2>/dev/null && skip "a host with AppArmor"
	[ ! -e /sys/fs/selinux/enforce ] || skip "a host with SELinux"
	run -125 ctr-run --security-opt apparmor=nosuch "$ROOTFS" true
	[[ $output == *apparmorProfile*nosuch* || $output == *"has no security modules"* ||
		$output == *"does not support labels"* ]]
	run -125 ctr-run --security-opt label=type:svirt_t --security-opt label=level:s0:c1,c2 \
		"$ROOTFS" true
	[[ $output == *"system_u:system_r:svirt_t:s0:c1,c2"* ||
		$output == *"has no security modules"* || $output == *"does not support labels"* ]]
	run -125 ctr-run --security-opt label=frob:x "$ROOTFS" true
	ctr-run --security-opt apparmor=unconfined --security-opt label=disable "$ROOTFS" true
	grep -q apparmorProfile.*p1 <<<"$(ctr-create --name a \
		--security-opt apparmor=p1 "$ROOTFS" true >/dev/null &&
		cat "$CTR_LIB/containers/a/config.json" | tr -d '\n ')"
}

@test "a bundle's keys that --bundle does not do are refused by name" {
	mkdir b
	for kv in '"linux":{"netDevices":{"eth0":{}}}' '"linux":{"intelRdt":{"closID":"a"}}' \
		'"linux":{"mountLabel":"a:b:c:d"}' \
		'"mounts":[{"destination":"/t","type":"bind","source":"/tmp","options":["bind","idmap"]}]' \
		'"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}}'; do
		echo "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"$ROOTFS\"},\"process\":{\"cwd\":\"/\",\"args\":[\"true\"]},$kv}" >b/config.json
		run -125 ctr-run --bundle b
		[[ $output == *"not supported"* ]]
	done
}

# bats test_tags=ctr-nsenter,ctr-exec
@test "what enters a pid namespace shows no writable host file and no -e value" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	ctr-nsenter -t c -p sleep 1000 3>&- &
	local n=$!
	ctr-exec -e SECRET=hunter8 c sleep 1000 3>&- &
	local e=$!
	wait_for 5 eval '[ "$(ctr-exec c ps | grep -c "[s]leep 1000")" = 2 ]'
	for p in $n $e; do
		run chmod 755 "/proc/$p/exe"
		[[ "$output" == *"Read-only file system"* ||
			"$(readlink "/proc/$p/exe")" == *memfd* ]]
	done
	[ "$(tr '\0' ' ' <"/proc/$e/cmdline" | grep -c hunter8)" = 0 ]
	[[ "$(tr '\0' ' ' <"/proc/$e/cmdline")" == "ctr-exec: c"* ]]
	kill $n $e
}

@test "the program does nothing if it is set-uid, set-gid or has file capabilities" {
	need setpriv util-linux
	need setcap libcap2-bin
	not_san
	as_user="setpriv --reuid 54321 --regid 54321 --clear-groups"
	for give in 'chmod 4755' 'chmod 2755' 'setcap cap_sys_admin,cap_dac_override+p' \
		'setcap cap_net_bind_service+ep'; do
		rm -rf own && mkdir own && cp "$CTRBOX" own/ctrbox && own/ctrbox --install -s own
		$give own/ctrbox
		for call in 'ctrbox ctr-nsenter -t 1 -m id' 'ctr-run --net none / true' \
			'ctr-oci --version' 'ctrbox --install x'; do
			run -125 $as_user own/$call
			[[ ${#lines[@]} = 1 && $output == *"must not be set-uid"*sudo* ]]
		done
	done
	chmod 4755 own/ctrbox
	own/ctrbox --version # of root's power nothing is borrowed
	# given by the caller
	$as_user --inh-caps +net_bind_service --ambient-caps +net_bind_service "$CTRBOX" --version
}

@test "a folder for containers, or for what runs, that belongs to another user is refused" {
	mkdir theirs && chown 54321 theirs
	before=$(ls -lan theirs)
	for call in "ctr-run --net none $ROOTFS true" 'ctr-ps' 'ctr-gc' 'ctr-image ls'; do
		CTR_LIB=$PWD/theirs run ! $call
		[[ $output == *"theirs: it is another user's"* ]]
	done
	CTR_RUN=$PWD/theirs run -125 ctr-run --net none "$ROOTFS" true
	[[ ${#lines[@]} = 1 && $output == *"theirs: it is another user's"* ]]
	[ "$(ls -lan theirs)" = "$before" ]
}

# bats test_tags=ctr-oci
@test "a --root of ctr-oci that belongs to another user is refused" {
	mkdir -p theirs/victim ours
	sleep 1000 3>&- &
	local p=$!
	cat >theirs/victim/state <<-END
	pid='$p'
	starttime='$(sed 's/.*) //' /proc/$p/stat | cut -d' ' -f20)'
	boot='$(</proc/sys/kernel/random/boot_id)'
	bundle='$PWD'
	hooks='1'
	END
	cat >theirs/victim/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":["true"],"cwd":"/"},"root":{"path":"$ROOTFS"},
	 "hooks":{"poststop":[{"path":"/bin/touch","args":["touch","$PWD/ran"]}]}}
	END
	chown -R 54321 theirs
	cp -a theirs/victim ours
	for root in theirs ours; do
		for call in 'state victim' 'kill victim KILL' 'delete --force victim'; do
			run ! ctr-oci --root "$PWD/$root" $call
			[[ $output == *": it is another user's"* ]]
		done
	done
	for call in list 'create -b ours/victim new' 'run -b ours/victim new'; do
		run ! ctr-oci --root "$PWD/theirs" $call
		[[ $output == *"theirs: it is another user's"* ]]
	done
	run ! ctr-ps "oci:$PWD/theirs"
	run ! ctr-exec "oci:$PWD/ours/victim" true
	[[ $output == *": it is another user's"* ]]
	[ ! -e ran ]
	kill $p # was not killed
	chown -R 0 ours # whose it is decides
	ctr-oci --root "$PWD/ours" delete --force victim
	[ -e ran ]
}

@test "a record that another user's folder took the place of while it was made is not used" {
	local r=0
	need strace
	mkdir -p b open
	chmod 777 open
	(cd b && ctr-oci spec && sed -i "/\"terminal\"/d; s|\"rootfs\"|\"$ROOTFS\"|" config.json)
	strace -qq -o /dev/null -e inject=mkdirat:delay_exit=1500000 \
		ctr-oci --root "$PWD/open" create -b b x >/dev/null 2>said 3>&- &
	wait_for 10 test -d open/x
	mv open/x open/was
	install -d -o 54321 open/x
	wait $! || r=$?
	[ ! -e open/x/state ] || kill -9 "$(sed -n "s/^pid='\(.*\)'/\1/p" open/x/state)"
	[ $r -ne 0 ]
	[[ $(<said) == *"x: deleted while it was made"* ]]
	[ -z "$(ls -A open/x)" ]
}

# bats test_tags=ctr-run,ctr-ipam
@test "no other user is faster at making the folders in /tmp, nor leads elsewhere by a link" {
	need strace
	mkdir pub and && chmod 1777 pub && chmod 755 .
	as_user() { setpriv --reuid 54321 --regid 54321 --clear-groups "$@"; }
	as_user ln -s "$PWD/and" pub/link && chmod 700 and
	for var in CTR_LIB CTR_RUN; do
		run -125 env $var="$PWD/pub/link" ctr-run --net none "$ROOTFS" true
		[[ $output == *"link: it is another user's"* ]]
		for call in "ctr-run --net none $ROOTFS true" "ctr-ipam alloc -s 10.9.8.0/24 x"; do
			[[ $call != ctr-ipam* || $var = CTR_RUN ]] || continue
			env $var="$PWD/pub/x" strace -fqo calls \
				-e inject=mkdir,mkdirat:delay_enter=1000000:when=1 \
				$call 2>err 3>&- &
			wait_for 10 grep -qs mkdir calls
			as_user mkdir -m 777 pub/x
			wait $! || true
			grep "x: it is another user's" err
			[ -z "$(ls -A pub/x)" ]
			rmdir pub/x
			rm calls
		done
	done
	[ -z "$(ls -A and)" ]
}

@test "what another user put into a folder of ours while he could is not taken for ours" {
	mkdir open && chmod 1777 open
	mkdir -p open/containers/evil && chown -R 54321 open/containers
	for var in CTR_LIB CTR_RUN; do
		run ! env $var="$PWD/open" ctr-ps -a
		[[ $output == *"open: others may enter it, and more lies in it than ours"* ]]
	done
	[ "$(stat -c %a open)" = 1777 ]
	rm -r open/containers && CTR_LIB=$PWD/open ctr-ps -a
	[ "$(stat -c %a open)" = 700 ]
}

# bats test_tags=ctr-run,ctr-exec
@test "CVE-2022-36109, -2023-25173: a set-group-id program leaves a user in his own group" {
	ctr-run -d --name c -v "$PWD:/w" "$ROOTFS" sleep 1000 >/dev/null
	echo secret >not44 && chown 0:44 not44 && chmod 604 not44 # for all but this group
	for by in "ctr-run -v $PWD:/w -u 33:44 $ROOTFS" "ctr-exec -u 33:44 c" \
		"ctr-run -v $PWD:/w -u 33:44 --group-add 55 $ROOTFS"; do
		run -0 $by sed -n 's/Groups:.//p' /proc/self/status
		[[ " $output" == *" 44 "* ]]
		run -1 $by cat /w/not44
		[[ $output == *denied* ]]
	done
	need perl
	# what changes the group to 55 keeps 44
	cp "$(command -v perl)" sgid && chgrp 55 sgid && chmod 2755 sgid
	run -0 ctr-run -u 33:44 -v "$PWD:/w" -v /usr:/usr:ro -v /lib:/lib:ro \
		-v /lib64:/lib64:ro "$ROOTFS" /w/sgid \
		-e 'print "$)\n"; open(F, "<", "/w/not44") and print <F>'
	[[ $output == "55 "*44* && $output != *secret* ]]
}

# bats test_tags=ctr-image
@test "CVE-2021-41190: what is an image's manifest and an index at once is refused, at any depth" {
	need python3
	cat >mk.py <<-'END'
		import hashlib, io, json, sys, tarfile
		files, out = {}, tarfile.open("i.tar", "w")
		def put(b):
		    b = b if isinstance(b, bytes) else json.dumps(b).encode()
		    h = hashlib.sha256(b).hexdigest()
		    files["blobs/sha256/" + h] = b
		    return {"digest": "sha256:" + h, "size": len(b)}
		t = io.BytesIO(); tarfile.open(fileobj=t, mode="w").close()
		layer = put(t.getvalue())
		config = put({"os": "linux", "architecture": sys.argv[1], "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}})
		man = {"schemaVersion": 2, "config": dict(config, mediaType="application/vnd.oci.image.config.v1+json"),
		       "layers": [dict(layer, mediaType="application/vnd.oci.image.layer.v1.tar")]}
		exec(sys.argv[2])
		entry = dict(put(man), mediaType="application/vnd.oci.image.manifest.v1+json")
		if sys.argv[3]:
		    index = {"schemaVersion": 2, "manifests": [entry]}
		    exec(sys.argv[3])
		    entry = dict(put(index), mediaType="application/vnd.oci.image.index.v1+json")
		files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
		files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
		for name, b in files.items():
		    i = tarfile.TarInfo(name); i.size = len(b); out.addfile(i, io.BytesIO(b))
	END
	arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
	made() { python3 mk.py "$arch" "$@"; }
	made pass pass
	ctr-image load i.tar
	for both in 'man["manifests"] = []' \
		'man["mediaType"] = "application/vnd.oci.image.index.v1+json"' \
		'man["mediaType"] = "application/vnd.docker.distribution.manifest.list.v2+json"'; do
		made "$both" ''
		run -1 ctr-image load i.tar
		[[ $output == *"manifest and an index in one"* ]]
	done
	for both in 'index["layers"] = []' \
		'index["mediaType"] = "application/vnd.oci.image.manifest.v1+json"' \
		'index["fsLayers"] = []'; do
		made pass "$both"
		run -1 ctr-image load i.tar
		[[ $output == *"manifest and an index in one"* ]]
	done
}

# bats test_tags=ctr-image
@test "CVE-2023-25153: an endless or nested index is refused with few words and little memory" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers have memory of their own"
	need python3
	mkdir -p i/blobs/sha256
	echo '{"imageLayoutVersion":"1.0.0"}' >i/oci-layout
	python3 -c \
		'print("{\"schemaVersion\":2,\"manifests\":" + "[" * 100000 + "]" * 100000 + "}")' \
		>deep
	for how in 'truncate -s 20G' 'cp deep' mkfifo 'ln -s /etc/shadow' 'ln -s /dev/zero'; do
		rm -f i/index.json
		$how i/index.json
		(ulimit -v 300000 && run -1 timeout 20 "$BIN/ctr-image" load i &&
			[ ${#lines[@]} = 1 ])
		[[ $how == mkfifo ]] || { tar -C i --sparse -cf i.tar . &&
			(ulimit -v 300000 && run -1 timeout 20 "$BIN/ctr-image" load i.tar &&
			[ ${#lines[@]} = 1 ]); }
	done
	[ "$(ctr-image ls -q | wc -l)" = 0 ]
}

# bats test_tags=ctr-image
@test "CVE-2026-48749: an archive makes no link of its own root, nor goes through one" {
	need python3
	mkdir out
	python3 - "$WORLD" <<-'END'
		import io, sys, tarfile
		def make(name, *members):
		    with tarfile.open(name + ".tar", "w") as t:
		        for path, kind in members:
		            m = tarfile.TarInfo(path)
		            m.type, m.linkname = kind, sys.argv[1] + "/out"
		            m.size = kind == tarfile.REGTYPE
		            t.addfile(m, io.BytesIO(b"x"))
		DIR, LINK, FILE = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.REGTYPE
		make("1", (".", LINK), ("f", FILE))
		make("2", ("etc", DIR), ("./", LINK), ("f", FILE))
		make("3", ("etc", DIR), ("etc/..", LINK), ("f", FILE))
		make("4", (".", FILE), ("f", FILE))
		make("twice", ("d", DIR), ("d/e", FILE), ("d", LINK), ("d/f", FILE))
	END
	for archive in 1 2 3 4; do
		run -1 ctr-image import $archive.tar i
		[[ "$output" = "ctr-image: $archive.tar: the root is "* ]]
	done
	[ -z "$(ctr-image ls -q)" ]
	ctr-image import twice.tar i >/dev/null
	[ -z "$(ls -A out)" ]
}

# bats test_tags=ctr-image
@test "CVE-2025-58183: the map of a sparse file in an archive takes little memory" {
	need python3
	[[ "$BIN" != */san/* ]] || skip "the sanitizers have memory of their own"
	# 15 million empty parts of a file, in 300 KB
	python3 - "$WORLD/sparse.tar.gz" <<-'END'
		import gzip, sys, tarfile
		def head(name, size, kind):
		    t = tarfile.TarInfo(name)
		    t.size, t.type = size, kind
		    return t.tobuf(tarfile.USTAR_FORMAT)
		def pad(n):
		    return b"\0" * (-n % 512)
		pax = b"".join(b"%d %s\n" % (len(s) + 4, s) for s in (
		    b"GNU.sparse.major=1", b"GNU.sparse.minor=0", b"GNU.sparse.name=f",
		    b"GNU.sparse.realsize=9"))
		parts = 15000000
		first = b"%d\n" % parts
		size = len(first) + 4 * parts
		size += len(pad(size))
		with gzip.open(sys.argv[1], "wb", 1) as f:
		    f.write(head("x", len(pax), b"x") + pax + pad(len(pax)))
		    f.write(head("f", size, b"0") + first)
		    for i in range(parts // 10000):
		        f.write(b"0\n0\n" * 10000)
		    f.write(b"\0" * 2048)
	END
	run -1 timeout 100 ctr-image import sparse.tar.gz i
	[[ "${lines[*]}" = "ctr-image: sparse.tar.gz: "*"emory"* ]]
	[ -z "$(ctr-image ls -q)" ]
}

# bats test_tags=ctr-netcfg,ctr-ipam
@test "CVE-2021-20206: a CNI plugin, network, container or interface is a name, not a path" {
	"$CTRBOX" --install-cni "$WORLD/plugins" >/dev/null
	printf '#!/bin/sh\ntouch %s/PWNED\n' "$WORLD" >evil && chmod 755 evil
	unshare -n sleep 100 3>&- &
	away=$!
	cni() { # TYPE NETWORK CONTAINER INTERFACE
		unshare -n env CNI_COMMAND=ADD CNI_CONTAINERID="$3" CNI_NETNS="/proc/$away/ns/net" \
			CNI_IFNAME="$4" CNI_PATH="$WORLD/plugins" \
			"$WORLD/plugins/bridge" \
			<<<"{\"cniVersion\":\"1.0.0\",\"name\":\"$2\",\"type\":\"bridge\",\"bridge\":\"x9\",\"ipam\":{\"type\":\"$1\",\"subnet\":\"10.1.0.0/24\"}}"
	}
	for type in ../evil "$WORLD/evil" . ..; do run ! cni "$type" n c eth0; done
	for name in ../../n a/b . .. ''; do
		run ! cni host-local "$name" c eth0
		run ! cni host-local n "$name" eth0
		run ! cni host-local n c "$name"
	done
	kill $away
	[ ! -e PWNED ]
	[ -z "$(find "$CTR_RUN" "$CTR_LIB" -name '10.1.*')" ]
}

# bats test_tags=ctr-image
@test "login -p shows the password in no process list while the registry takes its time" {
	need perl
	need curl
	perl -MIO::Socket::INET \
		-e \
		'$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die; $| = 1; print $s->sockport, "\n";
		while ($c = $s->accept) { print "in\n"; push @all, $c }' >port 3>&- &
	listener=$!
	wait_for 5 test -s port
	DOCKER_CONFIG=$PWD/d ctr-image login -u me -p hunter2hunter2 \
		"127.0.0.1:$(head -n 1 port)" >said 2>&1 3>&- &
	login=$!
	wait_for 10 grep -q in port
	for p in $login $(pgrep -P $login); do
		tr '\0' ' ' <"/proc/$p/cmdline" >seen
		[ -s seen ]
		run ! grep hunter2 seen
	done
	kill -0 $login
	kill $login $listener
	wait $login $listener || true
	[ ! -e d/config.json ]
}

# bats test_tags=ctr-run,ctr-exec,ctr-nsenter,ctr-oci
@test "CVE-2016-2568: nothing in a container types into the caller's terminal" {
	need gcc
	need script bsdutils
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] ||
		skip "this kernel has no TIOCSTI"
	cat >type.c <<-'END'
		#include <stdio.h>
		#include <sys/ioctl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			char paste = 3;
			for (int fd = 0; fd < 3; fd++) {
				ioctl(fd, TIOCSCTTY, 0);
				if (ioctl(fd, TIOCSTI, "W") == 0 || syscall(SYS_ioctl, fd, TIOCSTI | 1ul << 40, "W") == 0)
					puts("typed");
		#if defined __x86_64__ && !defined NO_I386
				long r;
				static char w = 'W'; /* below 4 GiB in a static program */
				__asm__ volatile("int $0x80" : "=a"(r) : "0"(54), "b"(fd), "c"(TIOCSTI), "d"(&w) : "memory");
				if (r == 0)
					puts("typed by i386");
		#endif
				if (ioctl(fd, 0x541c, &paste) == 0)
					puts("pasted");
			}
			return puts("tried") < 0;
		}
	END
	gcc -static -no-pie -O1 -o type type.c
	echo 'int main(void) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "0"(20)); }' >i386.c
	if [ "$(uname -m)" = x86_64 ] && gcc -o i386 i386.c && ! ./i386; then # some virtual machines
		echo "# without int 0x80, which ends a program on this machine" >&3
		gcc -DNO_I386 -static -no-pie -O1 -o type type.c
	fi
	ctr-run -d --name c -v "$PWD:/w" "$ROOTFS" sleep 1000 >/dev/null
	at() { script -qec "$*" /dev/null </dev/null; }
	run at "$PWD/type"
	[[ $output == *typed* ]] # by somebody of that session it works
	for by in "ctr-run -v $PWD:/w $ROOTFS" "ctr-run -i -v $PWD:/w $ROOTFS" "ctr-exec c" \
		"ctr-exec -i c" "ctr-nsenter -t c -p" \
		"ctr-nsenter -t c -a" "ctr-nsenter -t $(ctr-inspect -f State.Pid c) -p -m"; do
		run at "$by /w/type"
		[[ $output == *tried* && $output != *typed* && $output != *pasted* ]]
	done
	[ "$(ctr-nsenter -t c -p sed -n 's/Seccomp:.//p' /proc/self/status)" = 2 ]
}

# What an image says of itself, as OCI's layout: image CONFIG ROOT makes new:1 of them.
image() {
	tar -C "$2" -cf root.tar .
	rm -rf oci && CONFIG=$1 oci oci root.tar
	ctr-image load -q oci >/dev/null
}

# bats test_tags=ctr-run,ctr-oci,ctr-root,ctr-priv
@test "CVE-2026-53488: an image's labels, which become a bundle's, choose no user and no layers" {
	mkdir b
	for a in '"ctrbox.user":"0:0"' '"ctrbox.groups":"[\"6\"]"' '"ctrbox.lower":"[\"/\"]"' \
		'"\u0063trbox.image_file":"/dev/loop0"' '"x":"y","ctrbox.init":"1"'; do
		cat >b/config.json <<-END
		{"ociVersion":"1.0.2","process":{"args":["id"],"cwd":"/","user":{"uid":7,"gid":7},"env":["PATH=/bin:/usr/bin"]},
		 "root":{"path":"$ROOTFS"},"mounts":[{"destination":"/dev","type":"tmpfs","source":"t"}],
		 "annotations":{$a},"linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"}]}}
		END
		for by in "ctr-run --bundle b" "ctr-oci --root $WORLD/oci run -b b b" \
			"ctr-unshare -m ctr-root --bundle b -- id" \
			"ctr-priv --config b/config.json"; do
			run $by </dev/null
			echo "$by, $a: $output"
			[ $status -ne 0 ]
			[[ $output == *"config.json:3:"*"annotations.ctrbox."*"is ctrbox's own"* ]]
		done
	done
	sed -i 's/ctrbox.init/z/' b/config.json
	[[ "$(ctr-oci --root "$WORLD/oci" run -b b b)" == "uid=7 gid=7"* ]]
}

# bats test_tags=ctr-run,ctr-image
@test "CVE-2026-57231: an image's malformed variables bring none of the caller's into it" {
	load image.bash
	export TOKEN_OF_HOST=hush
	image '{"Env":["TOKEN_OF_HOST","*","TOKEN_*","=x","","A=1"],"WorkingDir":"tmp","Cmd":["env"]}' \
		"$ROOTFS"
	ctr-run new:1 >out
	grep -x A=1 out
	ctr-run -d --name c new:1 sleep 100 # what it says does not lock the tools out, either
	ctr-exec c env >>out
	[ "$(ctr-exec c pwd)" = /tmp ]
	ctr-restart -t 0 c
	ctr-rm -f c
	run ! grep -e hush -e '^TOKEN' -e '^[*]' out
}

# bats test_tags=ctr-run,ctr-image
@test "an image's volume in /proc, or a /proc of its own, leads no mount of ours astray" {
	load image.bash
	cp -a "$ROOTFS" root
	mkdir -p root/proc/self/fd root/d
	for ((i = 0; i < 60; i++)); do ln -s /d "root/proc/self/fd/$i"; done
	ln -s /proc/self/fd root/l
	for at in /proc/self/fd /l /proc/self /proc/sys /proc/self/attr; do
		image "{\"Volumes\":{\"$at\":{}}}" root
		run -125 ctr-run --net host new:1 sh -c '
			echo x >/proc/sys/kernel/domainname && echo written'
		[[ "$output" == *"$at: make mount point: Operation not permitted (inside /proc:"* ]]
	done
	run -125 ctr-run --tmpfs /proc/sys "$ROOTFS" true
	echo mem >meminfo
	[ "$(ctr-run -v "$WORLD/meminfo:/proc/meminfo" "$ROOTFS" cat /proc/meminfo)" = mem ]
	# where no proc is mounted, what lies there is the image's
	mkdir b
	cat >b/config.json <<-END
		{"ociVersion":"1.0.2","process":{"terminal":true,"args":["stat","-c","%t:%T",
		 "/dev/console","/dev/pts/0"],"cwd":"/","env":["PATH=/bin"]},"root":{"path":"$WORLD/root"},
		 "mounts":[{"destination":"/dev","type":"tmpfs","source":"tmpfs"},
		 {"destination":"/dev/pts","type":"devpts","source":"devpts",
		  "options":["newinstance","ptmxmode=0666"]}],
		 "linux":{"cgroupsPath":"/$CTR_CGROUP/b","namespaces":[{"type":"pid"},{"type":"mount"}]}}
	END
	run -0 script -qec 'ctr-run --bundle b' /dev/null
	[ "$(tr -d '\r^@' <<<"$output")" = $'88:0\n88:0' ] # (script types an end of file)
}

# bats test_tags=ctr-run,ctr-image
@test "CVE-2026-55686: an image's working directory or volume behind a link makes nothing outside" {
	load image.bash
	mkdir host
	cp -a "$ROOTFS" root
	ln -s "$WORLD/host" root/abs
	ln -s "../../../../../../../..$WORLD/host" root/up
	for dir in /abs/new /up/new ../../../abs/new "/abs/../..$WORLD/host/new"; do
		image "{\"WorkingDir\":\"$dir\",\"User\":\"1000\",\"Cmd\":[\"pwd\"]}" root
		ctr-run new:1 || true
	done
	for dir in /abs/vol /up/vol; do
		image "{\"Volumes\":{\"$dir\":{}},\"Cmd\":[\"true\"]}" root
		ctr-run new:1
	done
	[ -z "$(ls -A host)" ]
	[ "$(stat -c %u host)" = 0 ]
}

# bats test_tags=ctr-run,ctr-root,ctr-oci
@test "CVE-2026-41579: /dev as a link makes nothing and removes nothing in a folder of the host's" {
	load image.bash
	mkdir host b
	touch host/ptmx
	cp -a "$ROOTFS" root
	rm -rf root/dev
	ln -s "$WORLD/host" root/dev
	image '{"Cmd":["true"]}' root
	ctr-run new:1
	ctr-run new:1 true </dev/null
	ctr-run --direct root/ true
	ctr-run --device /dev/null:/dev/x root/ true
	ctr-unshare -m -- ctr-root --direct root -- true
	run -125 ctr-unshare -m -- ctr-root --no-dev --direct root -- true
	[ "$output" = "ctr-root: nothing can be masked: /dev/null: No such file or directory" ]
	cp -a root b/rootfs
	(cd b && ctr-oci spec)
	python3 - b/config.json <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["process"].update(terminal=False, args=["true"])
		json.dump(c, open(sys.argv[1], "w"))
		c["mounts"] = [m for m in c["mounts"] if not m["destination"].startswith("/dev")]
		c["linux"]["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]
		json.dump(c, open(sys.argv[1] + ".bare", "w"))
	END
	ctr-oci --root "$WORLD/oci" run -b b t1
	mv b/config.json.bare b/config.json
	ctr-oci --root "$WORLD/oci" run -b b t2
	ctr-run --bundle b
	[ "$(ls -A host)" = ptmx ]
}

# bats test_tags=ctr-exec,ctr-run
@test "CVE-2026-88265, -88264: who enters follows no link of a container to what he alone opens" {
	mkdir -p host v root
	echo secret >host/f
	cp host/f v/f
	chmod 600 host/f v/f
	chown 500:500 v/f
	sleep 100 3>&- &
	there=/proc/$!/root$WORLD/host
	ctr-run -d --name c --pid host --cap-drop all -v ./v:/v "$ROOTFS" sleep 100
	run ! ctr-exec c cat "$there/f" /v/f
	ctr-exec c ln -s "$there" /w
	for to in "$there/f" /v/f; do
		ctr-exec c ln -sf "$to" /dev/null
		run -125 ctr-exec -d c sh -c 'cat <&0 >/tmp/got; echo mine >&1'
	done
	run ! ctr-exec c cat /tmp/got
	run -125 ctr-exec -w /w/a/b c true
	ctr-exec c sh -c 'rm /dev/null && mkfifo /dev/null'
	run -125 ctr-exec -d c true
	cp -a "$ROOTFS" r2
	ln -s "$there" r2/w
	for how in --init --read-only; do
		run -125 ctr-run $how --pid host -w /w/a/b r2/ true
	done
	kill $!
	[ "$(ls host)$(cat host/f v/f)" = "f"secret$'\n'secret ]
}

# bats test_tags=ctr-run,ctr-volume
@test "-v SRC:DST:U, and a folder that is made: a link on the way there gives nothing away" {
	need strace
	mkdir -p home/d way/mid/home/d
	ln -s "$WORLD" way/link
	swap way/mid way/link
	for ((i = 0; i < 8; i++)); do
		HOME=$WORLD/home strace -fqqo /dev/null -P "$WORLD/way/mid/home" \
			-e inject=all:delay_enter=3000 ctr-run -u 7 -v "$WORLD/way/mid/home:/v:U" \
			"$ROOTFS" true 2>>err || [ $? -eq 125 ]
	done
	kill -0 "$swapper"
	[ "$(stat -c %u home home/d | xargs)" = "0 0" ]
	mkdir up
	strace -fqqo /dev/null -e inject=chown,fchownat:delay_enter=500000 \
		ctr-run --userns auto -v "$WORLD/up/new:/v" "$ROOTFS" true 3>&- &
	wait_for 10 test -d up/new
	rmdir up/new
	ln -s "$WORLD/home" up/new
	wait $! || true
	[ "$(stat -c %u home)" = 0 ]
}

# bats test_tags=ctr-run,ctr-image
@test "an image with endless volumes is refused, and TERM ends a start that makes many" {
	load image.bash
	need python3
	vols() { python3 -c "print({'/v%d' % i: {} for i in range($1)})" | tr "'" '"'; }
	tar -C "$ROOTFS" -cf root.tar .
	CONFIG="{\"Volumes\":$(vols 1001)}" oci many root.tar
	run -1 ctr-image load many
	[[ $output == *"more than 1000 volumes"* ]]
	image "{\"Volumes\":$(vols 1000),\"Cmd\":[\"true\"]}" "$ROOTFS"
	ctr-run new:1 3>&- &
	pid=$!
	made() { find "$CTR_LIB/containers" -path '*/volumes/*' -prune 2>/dev/null | wc -l; }
	until [ "$(made)" -gt 2 ]; do kill -0 "$pid"; done
	kill -STOP "$pid"
	before=$(made) most=0
	kill "$pid"
	kill -CONT "$pid"
	while kill -0 "$pid" 2>/dev/null; do
		now=$(made)
		most=$((now > most ? now : most))
	done
	echo "$before, then $most"
	[ "$most" -le $((before + 1)) ]
	wait "$pid" || code=$?
	[ "$code" = 143 ]
	[ -z "$(ls -A "$CTR_LIB/containers")" ]
}

# bats test_tags=ctr-run
@test "a container that stops who joins it does not keep TERM from ending ctr-run" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		while :; do
			for p in /proc/[0-9]*; do [ $p = /proc/1 ] || kill -STOP "${p#/proc/}"; done
		done 2>/dev/null' >/dev/null
	for _ in 1 2 3; do
		ctr-run --name j --pid container:c "$ROOTFS" sleep 1000 2>>err 3>&- &
		wait_for 5 child_stopped $!
		# once, or three times if it is in by then
		for ((n = 0; n < 40; n++)); do kill $! 2>/dev/null && sleep 0.1 || break; done
		[ $n -lt 40 ]
	done
	run ! ctr-inspect j
}

# bats test_tags=ctr-run
@test "a secret that comes through a pipe, or does not, lets TERM and INT end ctr-run" {
	mkfifo pipe
	for sig in TERM INT; do
		env --default-signal=INT timeout -k 3 -s "$sig" 0.5 \
			"$BIN/ctr-run" --secret x,src=pipe "$ROOTFS" true || code=$?
		[ "$code" = 124 ]
		[ -z "$(ls -A "$CTR_LIB/containers" 2>/dev/null)" ]
	done
	echo word >pipe 3>&- & # waits until it is read
	[ "$(ctr-run --secret x,src=pipe "$ROOTFS" cat /run/secrets/x)" = word ]
}
