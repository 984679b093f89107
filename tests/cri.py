#!/usr/bin/python3
"""A CRI client for cri.bats: the calls that a kubelet makes, printed a line each. cri.py SOCKET WORLD PARENT

Messages are written by hand, as {field number: value} (Kubernetes' cri-api, runtime/v1/api.proto): a whole number, a text,
another message, or a list of one of these where the field is repeated.
"""
import faulthandler
import json
import os
import subprocess
import sys
import time

import grpc


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def encode(message):
    out = b""
    for field, values in message.items():
        for v in values if isinstance(values, list) else [values]:
            if isinstance(v, int):
                out += varint(field << 3) + varint(v)
                continue
            v = encode(v) if isinstance(v, dict) else v.encode()
            out += varint(field << 3 | 2) + varint(len(v)) + v
    return out


def decode(data):
    """{field: the last value, a number or bytes}; repeated ones are in field 's list under -field."""
    out, at = {}, 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            b = data[at]
            at += 1
            n |= (b & 127) << shift
            shift += 7
            if b < 128:
                return n

    while at < len(data):
        key = number()
        value = number()
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        out[key >> 3] = value
        out.setdefault(-(key >> 3), []).append(value)
    return out


faulthandler.dump_traceback_later(100, exit=True)  # says where it waits
socket, world, parent = sys.argv[1:]
channel = grpc.insecure_channel("unix://" + socket)


def call(name, message=None, timeout=30):
    method = channel.unary_unary("/runtime.v1.RuntimeService/" + name)
    return decode(method(encode(message or {}), timeout=timeout))


def say(*words):
    print(*words, flush=True)


def until(value, fn):
    have = fn()
    for _ in range(60):
        if have == value:
            break
        time.sleep(0.1)
        have = fn()
    return have


IMAGE = {1: "localhost/box:1"}
RUNNING, NODE = 1, 2


def sandbox(name, host_network=False, ports=()):
    namespaces = {1: NODE if host_network else 0}
    config = {
        1: {1: name, 2: name + "-uid", 3: "default"},
        2: name,
        3: world + "/logs/" + name,
        5: [{2: inner, 3: outer} for inner, outer in ports],
        8: {1: parent + "/" + name, 2: {1: namespaces}},
    }
    if host_network:
        del config[2]
    return config, call("RunPodSandbox", {1: config, 2: "ctrbox"})[1].decode()


def container(pod, name, *command, user=0):
    config, pod_id = pod
    network = config[8][2][1]
    c = {
        1: {1: name},
        2: IMAGE,
        3: list(command),
        6: [{1: "WORD", 2: "hello"}],
        7: [{1: "/mounted", 2: world + "/shared", 3: 1}],
        11: name + ".log",
        15: {1: {3: 512, 4: 64 << 20, 5: 500}, 2: {3: network, 5: {1: user}, 11: 1}},
    }
    made = call("CreateContainer", {1: pod_id, 2: c, 3: config})[1].decode()
    call("StartContainer", {1: made})
    return made


def status(c):
    return decode(call("ContainerStatus", {1: c})[1])


def verbose(c):
    """What containerd says beyond the status: the map entry "info", a JSON text."""
    entries = [decode(e) for e in call("ContainerStatus", {1: c, 2: 1})[-2]]
    return json.loads(next(e[2] for e in entries if e[1] == b"info"))


def execute(c, *command):
    r = call("ExecSync", {1: c, 2: list(command), 3: 10})
    return r.get(3, 0), r.get(1, b"").decode().strip()


def host(command):
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=10).stdout.strip()


def main():
    say("version", call("Version")[4].decode())
    conditions = [decode(c) for c in decode(call("Status")[1])[-1]]
    say("ready", *sorted(c[1].decode() for c in conditions if c.get(2)))

    pod = sandbox("web", ports=[(80, 8093)])
    net = decode(decode(call("PodSandboxStatus", {1: pod[1]})[1])[5])
    say("pod", net[1].decode())
    web = container(pod, "web", "sh", "-c", "echo started $WORD; mkdir /w; echo from-web >/w/index.html; httpd -f -p 80 -h /w")
    side = container(pod, "side", "sleep", "1000", user=7)
    say("states", status(web).get(3), status(side).get(3))
    # two containers of one pod share the network, and not the processes
    say("localhost", *until((0, "from-web"), lambda: execute(side, "wget", "-qO-", "http://127.0.0.1:80/")))
    say("user", *execute(side, "id", "-u"))
    say("mount", *execute(side, "sh", "-c", "cat /mounted/word; touch /mounted/x 2>/dev/null || echo read-only"))
    say("hostname", *execute(web, "hostname"))
    say("code", execute(side, "sh", "-c", "exit 5")[0])
    say("published", until("from-web", lambda: host("timeout 2 curl -s http://198.51.100.2:8093/")))
    say("outside", until("from-web", lambda: host(os.environ["PEER"] + " timeout 2 curl -s http://198.51.100.2:8093/")))

    call("UpdateContainerResources", {1: side, 2: {4: 32 << 20, 3: 256}})
    pid = verbose(side)["pid"]
    with open(f"/proc/{pid}/cgroup") as f:
        say("group", any(parent in line for line in f))
    say("limit", limit(pid))
    stats = decode(call("ContainerStats", {1: side})[1])
    say("stats", "cpu" if 2 in stats else "", "memory" if decode(stats[3]).get(2) else "")

    log = world + "/logs/web/web.log"
    say("log", until("started hello", lambda: open(log).read().strip().split(" ", 3)[-1]))
    os.rename(log, log + ".1")
    call("ReopenContainerLog", {1: web})
    say("reopened", until(True, lambda: os.path.exists(log)))

    node = sandbox("node", host_network=True)
    look = container(node, "look", "sh", "-c", "ls /sys/class/net; sleep 1000")
    say("host network", "wan" in execute(look, "ls", "/sys/class/net")[1].split())

    call("StopContainer", {1: side, 2: 0})
    say("stopped", status(side)[3], status(side)[7])
    call("RemoveContainer", {1: side})
    for p in pod, node:
        call("StopPodSandbox", {1: p[1]})
        call("RemovePodSandbox", {1: p[1]})
    say("left", len(call("ListPodSandbox").get(-1, [])), len(call("ListContainers").get(-1, [])))


def limit(pid):
    """The memory limit of a process's group, on either version of cgroups."""
    for line in open(f"/proc/{pid}/cgroup"):
        _, names, path = line.strip().split(":", 2)
        at = "/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes" if names == "memory" else "/sys/fs/cgroup" + path + "/memory.max"
        if names in ("memory", "") and os.path.exists(at):
            return open(at).read().strip()
    return "none"


main()
