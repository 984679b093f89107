#!/bin/sh
# demo.sh ROOTFS [shell]: a tour of one container, in a world of its own; or a shell in it.
set -eu
rootfs=$1
CTR_LIB=$(mktemp -d)
CTR_RUN=$CTR_LIB/run
CTR_CGROUP=ctr-demo
export CTR_LIB CTR_RUN CTR_CGROUP
trap 'ctr-ps -aq | ctr-rm -f - >/dev/null 2>&1; rm -rf "$CTR_LIB"' EXIT
[ "$(id -u)" = 0 ] || echo "(not root: the containers have a user namespace)"
if [ "${2:-}" = shell ]; then
	ctr-run -it "$rootfs/" sh
	exit
fi
say() { printf '\n\033[1m%s\033[0m\n$ %s\n' "$1" "$2"; sh -c "$2"; }
export rootfs
say "Who is PID 1? The command itself." 'ctr-run $rootfs/ sh -c "echo I am process \$\$; ps"'
say "What is visible? A root of its own, a host name of its own, one network interface." \
	'ctr-run -h tour $rootfs/ sh -c "hostname; ls /; ip -o link"'
say "What is written stays in the container's layer: the image is never changed." \
	'ctr-run $rootfs/ sh -c "echo hello >/etc/motd; cat /etc/motd"; ls $rootfs/etc'
say "What may it do? Fourteen capabilities, and masks over what the whole machine shows." \
	'ctr-run $rootfs/ sh -c "grep Cap /proc/self/status; cat /proc/sysrq-trigger 2>&1 | head -n 1; echo 1 >/proc/sys/kernel/panic"; true'
say "Detached: a name, a log, a further command, an end." \
	'ctr-run -d --name web $rootfs/ sh -c "trap exit TERM; while :; do date; sleep 1; done"; sleep 1; ctr-ps; ctr-logs web; ctr-exec web ps; ctr-stop web; ctr-rm web'
say "What is limited? Sixteen megabytes, say: beyond that the kernel ends it, with exit code 137." \
	'ctr-run -m 16m $rootfs/ sh -c "head -c 64m /dev/zero | tail -c 64m >/dev/null"; echo "exit code $?"'
printf '\nThat was ctrbox. ctrbox --help lists the applets; make demo SHELL_IN=1 gives a shell.\n'
