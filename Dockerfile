# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM node:24-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY web ./
# The pages validate by the description that the server validates by.
COPY channel/webform/form.json /src/channel/webform/
RUN npm run build

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download && go mod verify
COPY . .
COPY --from=web /src/web/dist web/dist
ARG TARGETOS TARGETARCH
# The version comes from .git, so the same commit gives the same bytes.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=true -ldflags="-s -w -buildid=" -o /out/fte ./cmd/fte

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /out/fte /usr/local/bin/fte
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/usr/local/bin/fte"]
