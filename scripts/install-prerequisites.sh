#!/bin/bash
# usage: install-prerequisites.sh build|test…   installs the Debian packages that are missing, and only those
set -euo pipefail

missing=()
need() { # package, command that succeeds when it is there
  if ! eval "$2" >/dev/null 2>&1; then missing+=("$1"); fi
}
library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p | grep -q "$1"; }

for purpose in "$@"; do
  case $purpose in
  build)
    need git 'command -v git'
    need pkg-config 'command -v pkg-config'
    need libsqlite3-dev 'pkg-config --exists sqlite3'
    need zlib1g-dev 'pkg-config --exists zlib'
    need libgomp1 'library libgomp.so.1'
    need python3 'command -v python3'
    need python3-pip 'python3 -m pip --version'
    ;;
  test)
    need python3-venv 'python3 -c "import ensurepip, venv"'
    need postgresql 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'
    need mariadb-server 'command -v mariadbd || ls /usr/sbin/mariadbd'
    need libmariadb3 'library libmariadb.so.3'
    need prometheus 'command -v promtool'
    need chromium 'command -v chromium'
    need wrk 'command -v wrk'
    ;;
  *)
    echo "error: '$purpose' is not one of build, test" >&2
    exit 2
    ;;
  esac
done

if ! command -v swift >/dev/null; then
  echo "error: Swift is not installed" >&2
  echo "fix:   install Swift 6.3 from https://www.swift.org/install/linux and put it on the PATH" >&2
  exit 1
fi

[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "error: these are missing: ${missing[*]} (names of Debian packages)" >&2
  echo "fix:   install them with this system's package manager" >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  echo "error: these Debian packages are missing: ${missing[*]}" >&2
  echo "fix:   as root: apt-get install ${missing[*]}" >&2
  exit 1
fi

echo "installing: ${missing[*]}" >&2
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends \
    "${missing[@]}" >&2
}
install || { "${as_root[@]}" apt-get update -q >&2 && install; }
