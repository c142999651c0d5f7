# A peer of docker-compose.yml, from the Debian packages that the tests run against.
FROM debian:bookworm-slim
ARG PACKAGES
RUN apt-get update \
  && apt-get install -y --no-install-recommends ${PACKAGES} \
  && rm -rf /var/lib/apt/lists/*
ARG RUN_AS=nobody
USER ${RUN_AS}
