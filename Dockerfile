# Teal itself, as docker-compose.yml runs it: Teal, its console and its command, git, HAProxy.
# Apps do not need this file: Teal builds them.

# npm comes from the official image; it installs the locked packages, our own Node 24 among them.
FROM node:24-slim AS build
LABEL teal.stage=build
WORKDIR /teal
COPY . .
RUN npm ci --include=dev --include=optional \
 && cd apps/console && node ../../node_modules/vite/bin/vite.js build --logLevel error \
 && cd ../.. && npm prune --omit=dev \
 && cksum <package-lock.json >node_modules/.teal-stamp \
 && rm -rf apps/console/src test

FROM debian:bookworm-slim
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends ca-certificates git haproxy perl-base \
 && rm -rf /var/lib/apt/lists/*
# Teal fetches npm packages itself for base images that no registry has.
COPY --from=build /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
COPY --from=build /teal /teal
RUN ln -s "$(ls -d /teal/node_modules/node-linux-*/bin/node)" /usr/local/bin/node \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s /teal/teal /usr/local/bin/teal
WORKDIR /teal
VOLUME /var/lib/teal
# Not through ./teal: nothing is to be installed here. A missing system package is said, not installed, for the same reason.
ENTRYPOINT ["node", "--max-semi-space-size=4", "apps/server/src/main.ts"]
CMD ["up", "--no-install"]
