#!/bin/sh
# A network by hand, as the README shows it. ROOTFS is a directory with busybox in it.
set -e
ctr-run -d --name client "$ROOTFS" sleep 1000
ctr-run -d --name server "$ROOTFS" sh -c 'while :; do echo hello | nc -lp 80; done'
ctr-netcfg -f - <<END
bridge add br0 172.18.0.1/24
attach br0 client 172.18.0.2/24 gw 172.18.0.1
attach br0 server 172.18.0.3/24 gw 172.18.0.1
sysctl forward
nat add 172.18.0.0/24
publish 8080 172.18.0.3:80
END
ctr-exec client ping -c 1 172.18.0.3         # through the bridge
ctr-nsenter -t client -n -- ip route         # the same namespace, with the host's tools
ctr-exec client nc 172.18.0.1 8080 </dev/null # through the published port, as from anywhere
ctr-netcfg show
