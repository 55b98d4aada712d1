#!/bin/sh
# The foreign readers that the tests hold our reports against: Debian's Chromium by apt, the rest by npm into
# tools/node_modules. As root on a bare Debian it fetches what is missing; anybody else needs them there already.
set -eu
CDPATH='' cd "$(dirname "$0")"

main() {
  missing=$(missing_packages)
  [ -z "$missing" ] || with_apt $missing
  is_current || fetch
}

missing_packages() {
  command -v chromium >/dev/null 2>&1 || echo chromium fonts-dejavu-core
  command -v node >/dev/null 2>&1 || echo nodejs
  command -v npm >/dev/null 2>&1 || echo npm
}

with_apt() {
  [ "$(id -u)" -eq 0 ] || { echo "tools/install.sh: missing: $*; install them, or run this as root" >&2; exit 2; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null >&2
  apt-get install -qq -y --no-install-recommends "$@" </dev/null >&2
}

# The stamp, written last, says for which lock node_modules is.
is_current() {
  [ "$(cat node_modules/.stamp 2>/dev/null)" = "$(wanted)" ]
}

wanted() {
  sha256sum <package-lock.json
}

# No package's script is run (.npmrc), so the multitool's own chmod is done here.
fetch() {
  npm ci --no-progress --loglevel=error </dev/null >&2
  for tool in node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool; do
    chmod a+x "$tool"
  done
  wanted >node_modules/.stamp
}

main
