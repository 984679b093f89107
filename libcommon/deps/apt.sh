#!/bin/sh
# apt.sh DIR [ARCH]: a private apt in DIR: its own lists and cache, the system's Debian mirror, the Debian archive
# keyring; the system's configuration stays as it is. Prints nothing; export APT_CONFIG=DIR/apt.conf to use it.
set -eu
dir=$1 arch=${2:-}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -s "$keyring" ] || { echo "deps: no $keyring: this needs Debian (apt-get install debian-archive-keyring)" >&2; exit 1; }
. /etc/os-release
# Where this system finds what is called $1: `bookworm`, `bookworm-security`; nothing where it knows none.
mirror_of() { apt-get indextargets 'Created-By: Packages' --format '$(REPO_URI) $(RELEASE)' | awk -v r="$1" '$2 == r { print $1; exit }'; }
mirror=$(mirror_of "${VERSION_CODENAME:-}")
security=$(mirror_of "${VERSION_CODENAME:-}-security")
[ -n "$mirror" ] || { echo "deps: apt knows no mirror of ${VERSION_CODENAME:-this system}" >&2; exit 1; }
[ -n "$security" ] || echo "deps: apt knows no mirror of ${VERSION_CODENAME:-this system}-security: what is pinned from there will not be found" >&2
mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
{
	echo "deb [signed-by=$keyring] $mirror trixie main"
	echo "deb-src [signed-by=$keyring] $mirror bookworm main"
	[ -z "$security" ] || echo "deb-src [signed-by=$keyring] $security bookworm-security main"
} >"$dir/sources.list"
cat >"$dir/apt.conf" <<EOF
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$dir/lists";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
APT::Sandbox::User "$(id -un)";
EOF
if [ -n "$arch" ]; then
	echo "APT::Architectures { \"$(dpkg --print-architecture)\"; \"$arch\"; };" >>"$dir/apt.conf"
fi
APT_CONFIG=$dir/apt.conf apt-get update -qq
