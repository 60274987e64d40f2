# A Nakama image with the plugin in it: docker build -t my-nakama --build-arg NAKAMA_VERSION=3.40.0 .
# The plugin is built for the very program in the server's image, so that a version or a
# fork that local/lines/lines.txt does not name works as well: SERVER_IMAGE names it.
ARG NAKAMA_VERSION=3.40.0
ARG SERVER_IMAGE=heroiclabs/nakama:${NAKAMA_VERSION}

FROM ${SERVER_IMAGE} AS server

FROM heroiclabs/nakama-pluginbuilder:${NAKAMA_VERSION} AS builder
ENV GOFLAGS=-buildvcs=false
WORKDIR /builder
COPY . .
COPY --from=server /nakama/nakama /server/nakama
RUN go run ./local/cmd/line -server /server/nakama -plugin build/partyline.so && \
    go run ./local/cmd/partyline doctor --server /server/nakama --plugin build/partyline.so

FROM ${SERVER_IMAGE}
COPY --from=builder /builder/build/partyline.so /nakama/data/modules/partyline.so
