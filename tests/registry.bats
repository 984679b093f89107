#!/usr/bin/env bats
# Registries: pull, push, login and search with the host's curl, against docker's own registry and
# one that lies.
bats_require_minimum_version 1.5.0
# bats file_tags=ctr-image
load lib
load image

test_setup() {
	need docker-registry
	need curl
	need openssl
	need htpasswd apache2-utils
	export DOCKER_CONFIG=$WORLD/docker CTR_REGISTRIES=$WORLD/registries HOME=$WORLD
	: >registries
	pids=()
}
test_teardown() {
	[ "${#pids[@]}" -eq 0 ] || {
		kill "${pids[@]}" 2>/dev/null
		wait "${pids[@]}" 2>/dev/null
	} || true
	[ -z "$(ls -A "$CTR_LIB/images" 2>/dev/null | grep -E '^\.(part|tmp)-')" ]
}

# Start a registry with TLS and, with `auth`, a password; its address goes to $reg.
registry() {
	reg=127.0.0.1:$(free_port)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
		-keyout key.pem -out cert.pem 2>/dev/null
	cat >r.yml <<-EOF
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $WORLD/r}}
		http: {addr: "$reg", tls: {certificate: $WORLD/cert.pem, key: $WORLD/key.pem}}
	EOF
	[ "${1:-}" != auth ] || {
		htpasswd -Bbn me 'pass "\word' >htpasswd
		echo "auth: {htpasswd: {realm: x, path: $WORLD/htpasswd}}" >>r.yml
	}
	docker-registry serve r.yml >r.log 2>&1 3>&- &
	pids+=($!)
	echo "ca $reg $WORLD/cert.pem" >>registries
	wait_for 10 curl -s -o /dev/null --cacert cert.pem "https://$reg/v2/"
}

# Link to three layers and their layout o/, which the first test that wants them makes: to be read.
three() {
	local dir=$BATS_FILE_TMPDIR/three
	if [ ! -e "$dir" ]; then
		mkdir "$dir"
		cd "$dir" || return
		three_layers
		cd "$WORLD" || return
	fi
	ln -s "$dir"/* .
}

@test "push and pull: TLS, a password, the same digest, layers that are there already" {
	registry auth
	three
	ctr-image load o >/dev/null
	: >none
	CTR_REGISTRIES=$WORLD/none run -1 ctr-image pull "$reg/x"
	[[ $output == *'self-signed certificate (ctr-image(1): a line "ca HOST FILE")' ]]
	run -1 ctr-image push new:1 "$reg/a/new:1"
	[[ ${#lines[@]} -eq 1 && $output == *"ctr-image login $reg"* ]]
	run -1 ctr-image login -u me -p wrong "$reg"
	[[ $output == *'does not take this name and password' ]]
	echo 'pass "\word' | ctr-image login -u me --password-stdin "$reg"
	[ "$(stat -c %a docker/config.json)" = 600 ]
	digest=$(ctr-image push new:1 "$reg/a/new:1")
	[[ "$(ctr-image inspect --json new:1)" == '{"digest":"'"$digest"\"* ]]
	[ "$(ctr-image search "$reg/ne" | cut -f 1)" = a/new ]
	ctr-image rm new:1
	[ "$(ctr-image pull "$reg/a/new:1")" = "$reg/a/new:1" ]
	[ "$(ctr-run "$reg/a/new:1")" = second ]
	ctr-image pull "$reg/a/new:1"
	[ "$(ctr-image pull "$reg/a/new@$digest")" = "$digest" ]
	run -1 ctr-image pull "$reg/a/none"
	[[ ${#lines[@]} -eq 1 && $output == *'there is none' ]]
	ctr-image logout "$reg"
	run -1 ctr-image pull "$reg/a/new:1"
	run -0 ctr-image logout "$reg"
	[ "$output" = "ctr-image: $reg: not logged in" ]
	# ctr-run pulls an image only when it is asked to
	echo 'pass "\word' | ctr-image login -u me --password-stdin "$reg"
	ctr-image rm "$reg/a/new:1"
	run -125 ctr-run "$reg/a/new:1"
	run -125 ctr-run --pull sometimes "$reg/a/new:1"
	[[ $output == *'not never, missing or always' ]]
	[ "$(CTR_PULL=missing ctr-run "$reg/a/new:1")" = second ]
	[ "$(ctr-run --pull always "$reg/a/new:1")" = second ]
	# for another repository of the same registry a layer is mounted, not sent
	echo 'pass "\word' | ctr-image login -u me --password-stdin "$reg"
	ctr-image push "$reg/a/new:1" "$reg/b/new:2"
	[ "$(ctr-image pull "$reg/b/new:2")" = "$reg/b/new:2" ]
	# docker's words say what docker says, for scripts that look for it
	[ "$(echo 'pass "\word' | "$CTRBOX" login -u me --password-stdin "$reg")" = "Login Succeeded" ]
	local size name=$reg/b/new:2
	size=$(curl -s --cacert cert.pem -u 'me:pass "\word' "https://$reg/v2/b/new/manifests/2" \
		-H 'Accept: application/vnd.oci.image.manifest.v1+json' | wc -c)
	[ "$("$CTRBOX" push "$name")" = "2: digest: $digest size: $size" ]
	[ "$("$CTRBOX" push -q "$name")" = "$name" ]
	[ "$("$CTRBOX" pull "$name")" = \
		"Digest: $digest"$'\n'"Status: Image is up to date for $name"$'\n'"$name" ]
	ctr-image rm "$name"
	[ "$("$CTRBOX" pull "$name" | sed -n 2p)" = "Status: Downloaded newer image for $name" ]
	[ "$("$CTRBOX" pull -q "$name")" = "$name" ]
	local id
	id=$("$CTRBOX" images -q --no-trunc "$name")
	[ "$("$CTRBOX" events --since 1h --until 0s -f type=image -f event=push -f event=pull \
		--format '{{.Actor.ID}} {{.Actor.Attributes.name}}' | tail -n 1)" = "$id $name" ]
	[ "$("$CTRBOX" events --since 1h --until 0s -f event=push -f event=pull \
		--format '{{.Actor.ID}}' | sort -u)" = "$id" ]
	[ "$("$CTRBOX" logout "$reg")" = "Removing login credentials for $reg" ]
}

@test "login: ^C at the prompt leaves a terminal that echoes" {
	cat >asks <<-'EOF'
		trap : INT
		ctr-image login -u me 127.0.0.1:1
		echo
		stty -a | tr ' ;' '\n\n' | grep -x -e echo -e -echo
	EOF
	{
		wait_for 10 grep -q Password screen
		printf '\003'
		wait_for 10 grep -q echo screen
	} | script -qec 'exec sh asks' /dev/null >screen
	tr -d '\r' <screen | grep -qx echo
}

@test "a helper of docker's keeps the password" {
	registry auth
	three
	ctr-image load o >/dev/null
	mkdir bin docker
	cat >bin/docker-credential-test <<-'EOF'
		#!/bin/sh
		case $1 in
		get) [ -e "$HOME/kept" ] && cat "$HOME/kept" || { echo "credentials not found in native keychain"; exit 1; } ;;
		store) cat >"$HOME/kept" ;;
		erase) rm "$HOME/kept" ;;
		esac
	EOF
	chmod +x bin/docker-credential-test
	echo '{"credsStore":"test"}' >docker/config.json
	PATH=$WORLD/bin:$PATH
	run -1 ctr-image push new:1 "$reg/x:1"
	echo 'pass "\word' | ctr-image login -u me --password-stdin "$reg"
	! grep -q auth docker/config.json || false
	ctr-image push new:1 "$reg/x:1"
	ctr-image logout "$reg"
	run -1 ctr-image pull "$reg/x:1"
}

@test "what skopeo pushed: docker's manifests, lists, gzip and zstd; short names and mirrors" {
	need skopeo
	registry
	three
	export SSL_CERT_FILE=$WORLD/cert.pem
	skopeo copy -q --format v2s2 oci:o:new:1 "docker://$reg/library/box:gzip"
	skopeo copy -q --format oci --dest-compress-format zstd oci:o:new:1 \
		"docker://$reg/library/box:zstd"
	echo "mirror docker.io https://$reg" >>registries
	echo "alias b docker.io/library/box" >>registries
	[ "$(ctr-image pull box:gzip)" = box:gzip ]
	[ "$(ctr-run box:gzip)" = second ]
	[ "$(ctr-image pull b:zstd)" = box:zstd ]
	[ "$(ctr-run box:zstd)" = second ]
	ctr-image rm box:gzip box:zstd
	# if a mirror is down, the next one is used
	sed -i "1i mirror docker.io http://127.0.0.1:1" registries
	run -0 ctr-image pull box:gzip
	[[ ${#lines[@]} -eq 2 && $output == *"trying $reg"* ]]
}

@test "a mirror that lies about a layer does not keep the next one from being used" {
	three
	: >registries
	liar blob o
	bad=$reg
	liar none o
	printf 'http %s\n' "$bad" "$reg" >registries
	printf 'mirror docker.io http://%s\n' "$bad" "$reg" >>registries
	run -0 --separate-stderr ctr-image pull x:1
	[[ ${#stderr_lines[@]} -eq 1 && $stderr == *"its digest is sha256:"*"trying $reg" ]]
	# and where no connection is made at all, nothing is said of a digest that nobody knows
	run -1 --separate-stderr ctr-image pull "127.0.0.1:1/x@sha256:$(printf %064d 0)"
	[[ ${#stderr_lines[@]} -eq 1 && -z $output ]]
}

# lies HOW SECONDS: a pull from that registry fails, says why in a line and leaves nothing.
lies() {
	local how=$1 before
	echo "timeout $reg $2" >>"$CTR_REGISTRIES"
	before=$(store)
	echo "$how:"
	run -1 --separate-stderr timeout 60 ctr-image pull "$reg/x:1"
	echo "$stderr"
	[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == *"$reg"* ]]
	[ "$(store)" = "$before" ]
	[ -z "$(find "$CTR_LIB" -name '.tmp-*' -o -name '.part-*')" ]
	case $how in
	busy) [[ $stderr == *'try again after 7 s, or log in' ]] ;;
	html) [[ $stderr == *'x:1: answers with something else, not with a manifest' ]] ;;
	artifact) [[ $stderr == *'x:1: an artifact (application/vnd.cncf.helm.config.v1+json), not an image' ]] ;;
	foreign) [[ $stderr == *' is kept elsewhere (https://elsewhere/x), and not fetched from there' ]] ;;
	realm) [[ $stderr == *' connect to '* ]] ;;
	trickle) [[ $stderr == *'timed out after '* ]] ;;
	huge) [[ $stderr == *'larger than '* ]] ;;
	nest) [[ $stderr == *'indexes in indexes' ]] ;;
	endless) [[ $stderr == *'longer than the 3'*' bytes that were promised' ]] ;;
	esac
}

@test "a registry that lies, breaks off, stalls or is none: one line, and nothing stays" {
	local how trickle
	three
	ctr-image load o >/dev/null
	ctr-image rm new:1
	# Ten times a time-out of 2 s passes beside the others.
	liar trickle o
	mv registries trickle
	mkdir side
	CTR_REGISTRIES=$WORLD/trickle CTR_LIB=$WORLD/side lies trickle 2 >side.log 2>&1 3>&- &
	trickle=$!
	for how in manifest config blob short long html artifact foreign realm file huge nest nul \
		rings cut endless askew; do
		: >registries
		liar "$how" o
		lies "$how" 10 # which a loaded machine does not need
	done
	for how in stall error busy down; do
		: >registries
		liar "$how" o
		lies "$how" 1
	done
	wait $trickle || {
		cat side.log
		false
	}
}

@test "a registry that sends chunks, or a blob from its beginning again, is understood" {
	three
	for how in octets chunked norange gone; do
		liar "$how" o
		[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
		[ "$(ctr-run "$reg/x:1")" = second ]
		ctr-image rm "$reg/x:1"
	done
	grep -q 'range bytes=' liar.log
}

@test "pull: who would undo it leaves the store when it is done" {
	need strace
	three
	liar none o
	strace -f -qq -o calls -e trace=syncfs "$BIN/ctr-image" pull "$reg/x:1"
	[ "$(grep -c 'syncfs(' calls)" = 1 ]
}

@test "without curl: wget pulls over plain HTTP what needs no password" {
	three
	mkdir bin
	ln -s "$ROOTFS/bin/busybox" bin/wget
	ln -s "$(command -v zstd)" bin/
	for how in none chunked once; do
		liar "$how" o
		[ "$(PATH=$WORLD/bin "$BIN/ctr-image" pull "$reg/x:1")" = "$reg/x:1" ]
		[ "$(ctr-run "$reg/x:1")" = second ]
		ctr-image rm "$reg/x:1"
	done
	says() { # PATTERN WORD...
		local pattern=$1
		shift
		run -1 --separate-stderr env PATH="$WORLD/bin" "$BIN/ctr-image" "$@"
		echo "$stderr"
		[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == *$pattern* ]]
		[ -z "$(find "$CTR_LIB" -name '.tmp-*' -o -name '.part-*')" ]
	}
	for how in blob short error realm down huge; do
		liar "$how" o
		says "$reg" pull "$reg/x:1"
	done
	liar 'asks=Basic realm="x"' o
	says 401 login -u me -p hush "$reg"
	: >registries # nothing says that it is plain HTTP
	says 'curl: not found' pull elsewhere.test/x:1
	rm bin/wget
	echo "http $reg" >registries
	says 'curl: not found' pull "$reg/x:1"
}

@test "a gzip bomb fills the disk, is said and leaves nothing" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir small
	yes | head -c 40M >full
	tar -czf full.tar full
	rm full
	DIFF_IDS="\"sha256:$(gzip -dc full.tar | sha256sum | cut -d' ' -f1)\"" oci o full.tar
	liar none o
	# shellcheck disable=SC2016
	run -1 --separate-stderr timeout 60 unshare -m sh -c 'mount -t tmpfs -o size=8m t small
		CTR_LIB=$PWD/small ctr-image pull "$1"; r=$?
		find small -type f ! -name .gate ! -name oci-layout; exit $r' - "$reg/x:1"
	echo "$stderr"
	[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == *'No space left on device' ]]
}

@test "a broken connection goes on where it was; so does a pull that was killed" {
	three
	liar once o
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	grep -q 'range bytes=' liar.log
	ctr-image rm "$reg/x:1"
	liar slow o
	ctr-image pull "$reg/x:1" 3>&- &
	pull=$!
	wait_for 10 sh -c "find $CTR_LIB/images -name '.part-*' -size +1000k | grep -q ."
	kill -INT $pull 2>/dev/null || true
	kill -TERM $pull
	wait $pull || true
	part=$(find "$CTR_LIB/images" -name '.part-*' -size +1000k | head -n 1)
	[ -n "$part" ]
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	grep -q 'range bytes=' liar.log
	[ "$(ctr-run "$reg/x:1")" = second ]
	# 21.1 a power cut may leave the size of a part, and nothing in it
	ctr-image rm "$reg/x:1"
	truncate -s 1M "$part"
	: >liar.log
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	grep -q 'range bytes=1048576' liar.log # it went on from the part, and then began again
	[ "$(ctr-run "$reg/x:1")" = second ]
}

@test "a pull that a signal ends keeps no layer without what it takes from those below" {
	mkdir -p a/root a/tmp a/opt b
	chmod 700 a/root
	chmod 1777 a/tmp
	head -c 20000 /dev/urandom >a/opt/tool
	tar -C a -cf a.tar .
	head -c 1100000 /dev/urandom >b/big
	(
		mktar 'f root/secret x' 'f tmp/t x' 'h opt/tool2 opt/tool' | head -c -1024
		tar -C b -c .
	) >b.tar
	oci o a.tar b.tar
	liar late o
	ctr-image pull "$reg/x:1" 3>&- &
	pull=$!
	# the larger one, before the lower
	wait_for 10 sh -c "ls -d $CTR_LIB/layers/.tmp-*/[0-9a-f]*"
	kill -TERM $pull
	wait $pull || true
	liar none o
	: >liar.log
	ctr-image pull "$reg/x:1"
	run -1 grep "blobs/sha256:$(sha b.tar)" liar.log # its archive stayed
	ctr-image export "$reg/x:1" | tar -tv >all
	grep -c -e '^drwx------ .* root/$' -e '^drwxrwxrwt .* tmp/$' -e ' opt/tool2 link to ' \
		-e ' opt/tool link to ' all | grep -x 3
}

@test "a damaged blob whose layer is missing is fetched again" {
	local id
	three
	liar none o
	ctr-image pull "$reg/x:1"
	id=$(sha one.tar)
	rm -rf "$CTR_LIB/layers/$id"
	printf damage | dd of="$CTR_LIB/images/blobs/sha256/$id" conv=notrunc status=none
	ctr-image pull "$reg/x:1"
	[ "$(ctr-run "$reg/x:1")" = second ]
	[ "$(sha "$CTR_LIB/images/blobs/sha256/$id")" = "$id" ]
	# one that is whole is not
	rm -rf "$CTR_LIB/layers/$id"
	: >liar.log
	ctr-image pull "$reg/x:1"
	run -1 grep "blobs/sha256:$id" liar.log
	[ "$(ctr-run "$reg/x:1")" = second ]
}

@test "a registry that is busy or down for a moment is asked again" {
	three
	liar sorry o
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	[ "$(grep -c manifests/1 liar.log)" -eq 2 ]
	[ "$(ctr-run "$reg/x:1")" = second ]
}

@test "search reads a list of names to its last page" {
	three
	liar pages o
	[ "$(ctr-image search "$reg/r" | cut -f 1 | xargs)" = "r1 r2 r3" ]
}

@test "an identity token, of docker's file or a helper, is exchanged" {
	three
	mkdir bin docker
	liar 'asks=Bearer realm="http://@/form",service="s"' o
	echo "{\"auths\":{\"$reg\":{\"auth\":\"bWU6\",\"identitytoken\":\"a+b\"}}}" >docker/config.json
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	ctr-image rm "$reg/x:1"
	run -1 grep -e 'a+b' -e 'a%2Bb' liar.log
	echo '{"credsStore":"test"}' >docker/config.json
	printf '#!/bin/sh\necho %s\n' "'{\"Username\":\"<token>\",\"Secret\":\"a+b\"}'" \
		>bin/docker-credential-test
	chmod +x bin/docker-credential-test
	[ "$(PATH=$WORLD/bin:$PATH ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
}

@test "progress while bytes come or go, and why it waits; none with -q" {
	three
	screen() { # LIAR COMMAND...
		liar "$1" o
		script -qec "${*:2} $reg/x:1" /dev/null | tr '\r' '\n' >screen
	}
	screen late ctr-image pull
	grep "^ctr-image: $reg: [0-9.]*K*.\[K" screen
	ctr-image rm "$reg/x:1"
	screen late ctr-image pull -q
	[ "$(tr -d '\n' <screen)" = "$reg/x:1" ]
	ctr-image rm "$reg/x:1"
	screen sorry ctr-image pull
	grep "^ctr-image: $reg: busy or down: trying again.\[K" screen
	tar -cf s.tar registries && ctr-image import s.tar s >/dev/null
	screen put=late ctr-image push s
	grep "^ctr-image: $reg: [0-9.]*[KM].\[K" screen
}

@test "a registry that sends to another host: the password does not go there" {
	three
	liar away o
	echo hush | ctr-image login -u me --password-stdin "$reg"
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	grep -q '^/away/sha256:' liar.log
	run -1 grep leak liar.log
	[ "$(ctr-run "$reg/x:1")" = second ]
}

@test "CVE-2020-15157: where a registry sends to, nobody gets the password by asking for it" {
	three
	liar thief o
	echo hush | ctr-image login -u me --password-stdin "$reg"
	run -1 --separate-stderr ctr-image pull "$reg/x:1"
	[[ ${#stderr_lines[@]} -eq 1 && $stderr == *'not permitted to me'* ]]
	grep -q '^/thief/x' liar.log
	run -1 grep -e leak -e thief/token liar.log
}

@test "several challenges, in one header or many; plain HTTP on this machine" {
	three
	for asks in 'Basic realm="here"' $'Negotiate\nBasic realm="here"' \
		'NTLM TlRM==, basic realm=here' \
		'Digest nonce="a,b", qop="auth,auth-int", Basic realm="a \" b"' \
		'Bearer realm = "http://@/token",service="a, b"' \
		$'Basic realm="here"\nBearer realm="http://@/token"'; do
		echo "$asks:"
		liar "asks=$asks" o
		: >registries # plain HTTP is found out on this machine
		[[ $asks = *Bearer* ]] || {
			run -1 --separate-stderr ctr-image login -u me -p wrong "$reg"
			[[ $stderr == *'does not take this name and password' ]]
		}
		ctr-image login -u me -p hush "$reg"
		[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
		ctr-image rm "$reg/x:1"
	done
	for asks in Negotiate 'Bearer realm="http://@/token'; do
		liar "asks=$asks" o
		run -1 --separate-stderr ctr-image pull "$reg/x:1"
		echo "$asks: $stderr"
		[[ ${#stderr_lines[@]} -eq 1 && $stderr == *"the registry asks for '${asks%%@*}"* ]]
	done
}

@test "an upload goes on where Location says, relative or whole; older keys of docker's file" {
	mkdir docker
	tar -cf s.tar registries && ctr-image import s.tar s >/dev/null
	ctr-image save s | tar -x --one-top-level=o
	for where in 'http://@/go/1' //@/go/1 '/go/1?s=a' '1?s=http://x' /go/1/; do
		liar "put=$where" o
		ctr-image push s "$reg/x:1" >/dev/null
		case $where in
		*/) grep '^/go/1/[?]digest=sha256:' liar.log ;;
		*go*) grep '^/go/1[?].*digest=sha256:' liar.log ;;
		*) grep '^/v2/x/blobs/uploads/1[?]s=http://x&digest=sha256:' liar.log ;;
		esac
	done
	liar 'asks=Basic realm="here"' o
	for key in "http://$reg" "https://$reg/v1/" "$reg"; do
		echo "{\"auths\":{\"$key\":{\"auth\":\"bWU6aHVzaA==\"}}}" >docker/config.json
		[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
		ctr-image logout "$reg"
		run -0 ctr-image logout "$reg"
	done
	echo "{\"auths\":{\"$reg\":{\"auth\":\"\"}}}" >docker/config.json
	run -1 ctr-image pull "$reg/x:1"
	[[ $output == *"ctr-image login $reg"* ]]
}

@test "helpers that hang, chatter, fail or are none; a broken config.json: one line" {
	three
	liar none o
	mkdir bin docker
	PATH=$WORLD/bin:$PATH
	echo '{"credsStore":"test"}' >docker/config.json
	echo "timeout $reg 1" >>registries
	says() { # PATTERN COMMAND of the helper
		printf '#!/bin/sh\n%s\n' "$2" >bin/docker-credential-test
		chmod +x bin/docker-credential-test
		before=$(store)
		run -1 --separate-stderr timeout 20 setsid "$CTRBOX" ctr-image pull "$reg/x:1" \
			</dev/null
		echo "$2: $stderr"
		[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == *$1* ]]
		[ "$(store)" = "$before" ]
	}
	says 'docker-credential-test get: not done after 4 s' "sleep 4321$$ & sleep 4321$$"
	no_sleep() { ! pgrep -f "sleep 4321$$" >/dev/null; }
	wait_for 2 no_sleep
	says 'docker-credential-test get: failed: yyy' 'while echo yyyyyyyyyyyyyyyyyyyyyyyyy; do :; done 2>/dev/null; exit 1'
	says 'docker-credential-test get: failed: no key' 'echo no key; exit 3'
	says test 'echo "{"'
	mkdir docker-credential-x # no path
	mv bin/docker-credential-test evil
	echo '{"credsStore":"x/../../evil"}' >docker/config.json
	printf '#!/bin/sh\n: >ran' >evil
	cd docker-credential-x
	run -1 --separate-stderr ctr-image pull "$reg/x:1"
	cd ..
	[[ $stderr == *'docker-credential-x/../../evil: Invalid argument' && ! -e ran ]]
	echo '{"credsStore":""}' >docker/config.json # none
	ctr-image pull "$reg/x:1"
	echo '{"credsStore":"test"}' >docker/config.json
	run -1 --separate-stderr ctr-image pull "$reg/x:1"
	[[ $stderr == *'docker-credential-test get: failed: No such file or directory' ]]
	# A child that keeps the answer open does not matter.
	printf '#!/bin/sh\nsleep 9 &\necho $! >>%s\necho "credentials not found"; exit 1\n' \
		"$WORLD/children" >bin/docker-credential-test
	chmod +x bin/docker-credential-test
	[ "$(timeout 8 ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	xargs kill <children
	ctr-image rm "$reg/x:1"
	for bad in '{' '[]' '{"auths":' "{\"auths\":{\"$reg\":{\"auth\":\"***\"}}}"; do
		echo "$bad" >docker/config.json
		run -1 --separate-stderr ctr-image pull "$reg/x:1"
		echo "$bad: $stderr"
		[[ -z $output && ${#stderr_lines[@]} -eq 1 && $stderr == *docker/config.json* ]]
	done
}

# Other tools' keys are in it, and their folder may be managed by links.
@test "docker's config.json: what was there stays, whose it was, a link's file, two at once" {
	local i
	mkdir docker dots
	conf() { jq -nc '{auths: ([range(20) | {"h\(.):1": {auth: "YTpi"}}] | add), plugins: {a: {b: 1}}}'; }
	conf >dots/c.json
	chmod 640 dots/c.json
	chown 1234:1235 dots/c.json
	ln -s ../dots/c.json docker/config.json
	ctr-image logout h0:1
	[ "$(readlink docker/config.json)" = ../dots/c.json ]
	[ "$(stat -c '%a %u %g' dots/c.json)" = "640 1234 1235" ]
	[ "$(jq -c '[(.auths | length), .plugins.a.b]' dots/c.json)" = "[19,1]" ]
	for i in {1..19}; do ctr-image logout "h$i:1" & done
	wait
	[ "$(jq -c .auths dots/c.json)" = "{}" ]
	# While another file is put in its place, over and over, it is not taken for none.
	conf >a && conf >b && conf >dots/c.json
	perl -e 'for (;;) { for (qw(a b)) { link $_, "n"; rename "n", "dots/c.json" } }' &
	local swapper=$!
	for i in {0..39}; do ctr-image logout "h$((i % 20)):1"; done >said 2>&1
	kill "$swapper"
	[ ! -s said ]
	[ -L docker/config.json ]
	conf | jq '.auths = {}' >dots/c.json
	# An empty one is none, for docker, too, whose own a power cut may empty.
	: >dots/c.json
	run -0 ctr-image logout h0:1
	[[ $output == "ctr-image: h0:1: not logged in" ]]
	# Nothing but a file is read, or replaced: a link may lead to /dev/null.
	mknod null c 1 3
	ln -sf ../null docker/config.json
	run -1 ctr-image logout h0:1
	[[ $output == *"/null: not a regular file" ]]
	[ -c null ]
	# One that leads nowhere is replaced.
	ln -sf ../nowhere docker/config.json
	run -0 ctr-image logout h0:1
	[[ $output == "ctr-image: h0:1: not logged in" ]]
}

@test "a token that expires in the middle of a pull is renewed" {
	three
	liar expires o
	[ "$(ctr-image pull "$reg/x:1")" = "$reg/x:1" ]
	[ "$(grep -c '^/token' liar.log)" -ge 2 ]
	[ "$(ctr-run "$reg/x:1")" = second ]
}
