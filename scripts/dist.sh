#!/bin/bash
# Packs the release binary with its resources: dist/martlet-VERSION-linux-ARCH.tar.gz, and proves that it runs
set -euo pipefail
cd "$(dirname "$0")/.."
built=${BUILT:-.build/release}
version=$("$built/martlet" --version)
name=martlet-$version-linux-$(uname -m)
folder=dist/$name

rm -rf "$folder" "$folder.tar.gz"
mkdir -p "$folder"
strip -o "$folder/martlet" "$built/martlet"
cp -r "$built/martlet_MartletWeb.resources" "$folder/"
mkdir "$folder/assets"
cp assets/*.js assets/*.gz "$folder/assets/"
# What git knows, so that data and builds of this checkout stay here; the scripts fetch the example's data.
git ls-files -z Examples scripts/fetch-flights.py scripts/pinned_package.py README.md LICENSE CHANGELOG.md SECURITY.md |
  tar --create --null --files-from=- | tar --extract --directory="$folder"
tar -C dist --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c "$name" | gzip -9n >"$folder.tar.gz"

# It must run where there is no Swift: unpacked elsewhere, with an environment that knows nothing.
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
tar -C "$elsewhere" -xzf "$folder.tar.gz"
env -i PATH=/usr/bin:/bin HOME="$elsewhere" "$elsewhere/$name/martlet" --version >/dev/null
if ldd "$folder/martlet" | grep -qE 'libswift|libFoundation|not found'; then
  echo "error: the binary still needs libraries that a machine without Swift does not have" >&2
  ldd "$folder/martlet" >&2
  exit 1
fi
echo "$folder.tar.gz $(du -h "$folder.tar.gz" | cut -f1)"
