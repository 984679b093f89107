#!/bin/sh
# report.sh PROBE: print what the container in which this runs may do, one fact a line (needs
# busybox; PROBE is the program made from probe.c).
# A line with "<" is stricter the fewer words it has, a line with ">" is stricter the more words it
# has, so two reports can be compared (bench/report.sh).
probe=$1
line() { # SIGN FACT: the words of standard input
	echo "$1 $2:" "$(sort -u | tr '\n' ' ')"
}
names='chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock
ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot
sys_nice sys_resource sys_time sys_tty_config mknod
lease audit_write
audit_control setfcap mac_override mac_admin syslog
wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
caps() { # NAME: a set of our own
	bits=$((0x$(sed -n "s/^$1:[[:space:]]*//p" /proc/self/status)))
	for n in $names; do
		[ $((bits & 1)) = 0 ] || echo "$n"
		bits=$((bits >> 1))
	done
}
caps CapEff | line '<' 'capabilities effective'
caps CapPrm | line '<' 'capabilities permitted'
caps CapBnd | line '<' 'capabilities bounding'
caps CapInh | line '<' 'capabilities inheritable'
caps CapAmb | line '<' 'capabilities ambient'
sed -n 's/^NoNewPrivs:[[:space:]]*1/yes/p' /proc/self/status | line '>' no_new_privs
sed -n 's/^Seccomp:[[:space:]]*2/filter/p' /proc/self/status | line '>' seccomp
"$probe" calls | line '>' 'refused calls'
# What has a file system of its own upon it: an empty one, or the null device.
awk '$5 ~ "^/(proc|sys)/" && (/ - tmpfs / && $5 != "/sys/fs/cgroup" || $4 == "/null") { print $5 }' /proc/self/mountinfo | line '>' masked
awk '$5 ~ "^/(proc|sys)(/|$)" && $6 ~ "^ro" && !/ - tmpfs / && $4 != "/null" && $5 !~ "^/sys/fs/cgroup/" { print $5 }' /proc/self/mountinfo | line '>' 'mounted read-only'
"$probe" writable /proc | sed -E 's,^(/proc/(sys|bus|irq|acpi|fs|scsi))/.*,\1,' |
	line '<' 'writable in /proc'
"$probe" writable /sys | sed -E 's,^(/sys/[^/]*)/.*,\1,' | line '<' 'writable in /sys'
for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do
	[ ! -d "$d" ] || { mkdir "$d/probe" 2>/dev/null && rmdir "$d/probe" && echo "$d"; }
done | line '<' 'cgroups writable'
"$probe" devices | line '<' 'in /dev'
"$probe" opened | line '<' 'devices that open'
"$probe" made | line '<' 'devices that open when made'
