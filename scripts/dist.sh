#!/bin/bash
# Packs the release binary with its resources: dist/martlet-VERSION-linux-ARCH.tar.gz
set -euo pipefail
cd "$(dirname "$0")/.."
binary=.build/release/martlet
version=$("$binary" --version)
name=martlet-$version-linux-$(uname -m)
folder=dist/$name

rm -rf "$folder"
mkdir -p "$folder"
strip -o "$folder/martlet" "$binary"
cp -r .build/release/martlet_*.resources "$folder/"
cp -r assets "$folder/assets"
mkdir -p "$folder/Examples"
git ls-files Examples | cpio -pdm --quiet "$folder" 2>/dev/null || cp -r Examples "$folder/"
cp README.md LICENSE CHANGELOG.md "$folder/" 2>/dev/null || true
tar -C dist --sort=name --owner=0 --group=0 --mtime=@0 -czf "$folder.tar.gz" "$name"

# It must run where there is no Swift.
env -i PATH=/usr/bin:/bin HOME=/nonexistent "$folder/martlet" --version >/dev/null
if ldd "$folder/martlet" | grep -qE 'libswift|libFoundation|not found'; then
  echo "error: the binary still needs Swift's libraries" >&2
  ldd "$folder/martlet" >&2
  exit 1
fi
echo "$folder.tar.gz $(du -h "$folder.tar.gz" | cut -f1)"
