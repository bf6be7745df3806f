# The image of the classify service, for five commands:
#   node src/server.ts             a replica (the default)
#   node src/guard/main.ts         the guard before the ports of Restate
#   node src/offline-model/main.ts the offline model
#   node src/console/main.ts       the console, the page in the browser
#   node src/cli/main.ts migrate   updates the schema of the database, where the replicas may not do so themselves
# The file uses neither mounts nor --chmod, so that the classic builder builds it as well as BuildKit.

# The base image, which may be named by its digest too: node:24-bookworm-slim@sha256:….
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# `npm ci` checks that the registry has every package of the lock file, so the development dependencies are removed first:
# a registry that lacks a tool for one platform would fail the build. No production dependency needs its install script.
# The deleted TypeScript files and source maps cannot be run, because Node.js strips no types below node_modules; without
# them the modules shrink from 78 to 34 MB.
RUN npm pkg delete devDependencies \
 && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier \
 && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete \
 && find node_modules -type d -empty -delete

# A clone under umask 077 has files that its owner alone may read, and the user of the image is another one.
FROM ${NODE_IMAGE} AS sources
WORKDIR /app
COPY package.json package-lock.json ./
COPY docker/health.sh docker/health.sh
COPY docs/openapi.json docs/openapi.json
COPY src src
RUN chmod -R a+rX,go-w .

FROM ${NODE_IMAGE}
# A process in a container has to listen on all interfaces; the Compose file decides what the host can reach.
ENV NODE_ENV=production HOST=0.0.0.0 OFFLINE_MODEL_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=sources /app ./
# A cache of the compiled modules halves the CPU time of a start, which matters where replicas are added to a busy machine, and
# where the guard starts again. Starts without settings fill the cache: both load their modules and end with code 2. The cache
# then belongs to root, so that the process cannot change the code that it will run.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
RUN mkdir .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
RUN (node src/server.ts || [ $? = 2 ]) && (node src/guard/main.ts || [ $? = 2 ])
USER 0:0
RUN chown -R 0:0 .compile-cache && chmod -R a+rX,go-w .compile-cache
# By default the allocator keeps up to eight pools for each core, between which memory lies idle: 8 MiB of a process at rest.
ENV MALLOC_ARENA_MAX=2
# A replica that is added to a busy cluster compiles its code before work comes.
ENV WARM_UP_REQUESTS=200
# The console's volume is mounted here, and takes the owner of this folder.
RUN mkdir /data && chown 1000:1000 /data
# The user is a number, because Kubernetes' runAsNonRoot cannot judge a name. All files belong to root, so that the process
# cannot change its own code.
USER 1000:1000
EXPOSE 9080
# Liveness, because some orchestrators replace a container whose check fails, and a new one brings no database back.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["bash", "docker/health.sh", "9080", "/live"]
CMD ["node", "src/server.ts"]
