# One executable in a slim image.
#
#   docker build --build-arg BUILD_REVISION="$(git rev-parse --short=12 HEAD)" --tag catraca .
#   docker run --rm -p 9999:9999 -v catraca-data:/data catraca

FROM oven/bun:1.4.4 AS build
WORKDIR /src
# The dependencies first: they change less often than the sources. The second file is what scripts/ensure-tools
# looks at to see that nothing is left to install.
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production && cp bun.lock node_modules/.installed-lock
COPY scripts/build scripts/ensure-tools scripts/
COPY tsconfig.json ./
COPY src src
# .git is no part of the context, so the revision comes in as an argument.
ARG BUILD_REVISION=unknown
RUN BUILD_REVISION="$BUILD_REVISION" scripts/build

FROM debian:12-slim
# Fixed ids, so that the owner of a volume or of a mounted directory can be set from outside.
RUN groupadd --gid 10001 catraca \
 && useradd --uid 10001 --gid catraca --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin catraca \
 && install --directory --owner=catraca --group=catraca --mode=0750 /data /run/catraca
COPY --from=build /src/dist/catraca /usr/local/bin/catraca
# The executable obeys Bun's own two variables; here nothing may set them by accident.
ENV BUN_OPTIONS="" BUN_BE_BUN="" HOST=0.0.0.0 DATA_DIR=/data
USER catraca
WORKDIR /data
VOLUME /data
EXPOSE 9999
STOPSIGNAL SIGTERM
# 15 ms of CPU each; it asks /health/ready on the port or socket that the environment names.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["catraca", "healthcheck"]
ENTRYPOINT ["catraca"]
CMD ["serve"]
