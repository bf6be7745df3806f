# One image, three commands:
#   node src/server.ts             a replica (the default)
#   node src/offline-model/main.ts the offline model
#   node src/cli/main.ts migrate   the database's schema, where replicas must not bring it up to date themselves
# It builds with the classic builder as well as with BuildKit, so it uses neither mounts nor --chmod.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Without devDependencies in it `npm ci` does not hold the lock file to packages that the image never has (a registry that
# lacks one platform's build of a dev tool would fail the build). No production dependency has an install script to run.
# What is deleted can never run, since Node strips no types below node_modules: 78 MB become 34.
RUN npm pkg delete devDependencies \
 && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier \
 && find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete \
 && find node_modules -type d -empty -delete

FROM node:24-bookworm-slim
# Inside a container the address must be every interface's; what is published is the Compose file's matter.
ENV NODE_ENV=production HOST=0.0.0.0 OFFLINE_MODEL_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json package-lock.json ./
COPY docker/health.sh docker/health.sh
COPY src src
# Compiled code of a replica's start, kept for its user: it halves the CPU that a start takes, which counts when replicas are
# added to a busy machine. Without a database the replica ends with code 2, its modules loaded. The files go to root at the
# end: the process cannot change what it will run.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
RUN mkdir .compile-cache && chown 1000:1000 .compile-cache
USER 1000:1000
RUN node src/server.ts || [ $? = 2 ]
USER 0:0
RUN chown -R 0:0 .compile-cache && chmod -R a+rX,go-w .compile-cache
# By number, so that Kubernetes' runAsNonRoot can tell. The files belong to root: the process cannot change its own code.
USER 1000:1000
EXPOSE 9080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["bash", "docker/health.sh", "9080"]
CMD ["node", "src/server.ts"]
