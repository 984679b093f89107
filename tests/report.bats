#!/usr/bin/env bats
# shellcheck disable=SC2154
# What a default container may do, found out by trying it from inside (report.sh), against docker's
# documented defaults.

load lib

setup_file() {
	command -v gcc >/dev/null || skip "needs gcc (apt-get install gcc)"
	mkdir "$BATS_FILE_TMPDIR/r"
	sh "$BATS_TEST_DIRNAME/probe-build.sh" "$BATS_FILE_TMPDIR/r"
}

report() { ctr-run -v "$BATS_FILE_TMPDIR/r:/r:ro" "$@" "$ROOTFS" sh /r/report.sh /r/probe >report; }
fact() { sed -n "s|^[<>] $1: *\(.*[^ ]\) *$|\1|p" report; }
has() { # FACT WORD...: all of them
	local f=" $(fact "$1") " w
	shift
	for w; do [[ $f == *" $w "* ]] || { echo "not there: $w" && return 1; }; done
}

# bats test_tags=ctr-run
@test "a default container has docker's capabilities, filter, masks and devices, or fewer" {
	report
	cat report
	fourteen="audit_write chown dac_override fowner fsetid kill mknod net_bind_service net_raw setfcap setgid setpcap setuid sys_chroot"
	for set in effective permitted bounding; do
		[ "$(fact "capabilities $set")" = "$fourteen" ]
	done
	[ -z "$(fact 'capabilities inheritable')$(fact 'capabilities ambient')" ]
	[ "$(fact seccomp)" = filter ]
	# docker's table of calls it blocks, but for those that its profile has allowed since
	# (ptrace, process_vm_*, clock_adjtime)
	has 'refused calls' acct add_key bpf clock_settime 'clone(CLONE_NEWUSER)' \
		'clone(CLONE_NEWNS)' 'clone(CLONE_NEWNET)' clone3 create_module delete_module \
		finit_module get_kernel_syms get_mempolicy init_module ioperm iopl kcmp \
		kexec_file_load kexec_load keyctl lookup_dcookie mbind mount \
		move_pages nfsservctl open_by_handle_at perf_event_open \
		'personality(READ_IMPLIES_EXEC)' pivot_root query_module quotactl reboot \
		request_key set_mempolicy setns settimeofday swapoff swapon sysfs _sysctl umount2 \
		unshare 'unshare(CLONE_NEWUSER)' uselib userfaultfd ustat \
		'socket(AF_VSOCK)' 'socket(AF_ALG)' io_uring_setup io_uring_enter \
		io_uring_register fsopen fsmount move_mount open_tree mount_setattr \
		i386:mount i386:reboot i386:init_module i386:unshare i386:setns \
		i386:keyctl i386:clone3
	# and what programs need is let in
	for call in read openat mmap execve connect kill chroot ptrace rseq statx futex_waitv; do
		run ! has 'refused calls' $call
	done
	for p in /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/scsi \
		/sys/dev/block /sys/firmware /sys/devices/virtual/powercap /sys/fs/selinux; do
		[ ! -e "$p" ] || has masked "$p"
	done
	has 'mounted read-only' /proc/bus /proc/fs /proc/irq /proc/sys /sys
	run ! has 'writable in /proc' /proc/sys
	run ! has 'writable in /proc' /proc/sysrq-trigger
	[ -z "$(fact 'writable in /sys')$(fact 'cgroups writable')" ]
	[ "$(fact 'in /dev')" = \
		"/dev/full /dev/null /dev/pts/ptmx /dev/random /dev/tty /dev/urandom /dev/zero" ]
	[ "$(fact 'devices that open')" = \
		"/dev/full /dev/null /dev/pts/ptmx /dev/random /dev/urandom /dev/zero" ]
	[ -n "$(fact 'devices that open when made')" ]
	for d in mem port kmsg tty0 rtc fuse kvm loop-control loop0 sda vda net/tun; do
		run ! has 'devices that open when made' $d
	done
}

# bats test_tags=ctr-run
@test "the report sees what is granted: --privileged, no-new-privileges, no capabilities" {
	report --privileged --security-opt no-new-privileges
	[ "$(fact no_new_privs)" = yes ]
	[ -z "$(fact seccomp)$(fact masked)" ]
	has 'capabilities effective' sys_admin sys_module checkpoint_restore
	has 'writable in /proc' /proc/sys
	run ! has 'refused calls' mount
	report --cap-drop ALL
	[ -z "$(fact 'capabilities effective')$(fact 'capabilities bounding')$(fact \
		'devices that open when made')" ]
}

# bats test_tags=ctr-run
@test "next to docker's and podman's: in no line weaker" {
	need dockerd docker.io
	need docker docker-cli
	need podman
	[ "$(id -u)" -eq 0 ] || skip "needs root, for dockerd"
	run "$BATS_TEST_DIRNAME/bench/report.sh" "$WORLD/out"
	echo "$output"
	[[ $output != *"docker does not run"* ]] || skip "dockerd does not run here"
	[[ $status -eq 0 && $output == *"| more | refused calls |"* ]]
}

# bats test_tags=ctr-run,ctr-volume
@test "a local user gets nothing of a container; folders that lie open are seen" {
	need flock util-linux
	(umask 077 && echo hunter2hunter2 >word)
	SECRET=$(cat word) ctr-run -d --name c -e SECRET -v vol:/v "$ROOTFS" sh -c \
		'
			for d in / /v/; do
				cp /bin/busybox ${d}suid
				chmod 4755 ${d}suid
				mknod ${d}node c 1 5
				chmod 666 ${d}node
				echo x >${d}secret
			done
			exec sleep 1000' >/dev/null
	wait_for 5 ctr-exec c test -e /v/secret
	tried() {
		sh "$BATS_TEST_DIRNAME/local-user.sh" "$1" "$CTR_LIB/volumes/vol" "$CTR_LIB" \
			"$pid" word >report
	}
	pid=$(ctr-inspect -f State.Pid c)
	tried "$CTR_LIB/containers/c/upper"
	cat report
	[ "$(grep -c '^< .*: *$' report)" = 7 ]
	[ "$(wc -l <report)" = 7 ]
	cp -a "$CTR_LIB/containers/c/upper" open
	tried "$PWD/open"
	has 'the writable layer' list read run-set-uid open-device
	chmod -R a+rX "$CTR_LIB"
	tried "$PWD/open"
	has 'files of the store that he reads' conf
	has 'locks that he may hold' volumes
}
