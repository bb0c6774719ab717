#!/bin/sh
# Shows that scripts/setup removes no package: where apt would have to, it installs nothing either
# and says what is in the way. apt-get and dpkg-query are stubs here. Call: setup.sh ROOT
set -eu
setup=$1/scripts/setup
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stub() { printf '#!/bin/sh\n%s\n' "$2" >"$work/$1" && chmod +x "$work/$1"; }
stub id 'echo 0'
stub dpkg-query 'case $* in *libboost1.81-dev) echo not-installed ;; *) echo installed ;; esac'
stub apt-get 'echo "$*" >>"$calls"
case $* in *" -s "*) cat "$simulated" ;; esac'

# The status of scripts/setup if apt would do this; what it says is in `said`, its calls in `calls`.
run() {
    printf '%s\n' "$@" >"$work/simulated"
    : >"$work/calls"
    PATH=$work:$PATH calls=$work/calls simulated=$work/simulated sh "$setup" >"$work/said" 2>&1
}
fail() { echo "setup: $*"; cat "$work/said" "$work/calls"; exit 1; }

if run 'Remv libboost1.74-dev [1.74.0+ds1-21]' 'Remv libboost-dev [1.74.0.3]' \
    'Inst libboost1.81-dev (1.81.0-5)'; then
    fail "installs though packages are in the way"
fi
grep -q 'apt would remove libboost1.74-dev libboost-dev$' "$work/said" || fail "names no package"
! grep install "$work/calls" | grep -qv -e ' -s ' || fail "has called apt-get install"

run 'Inst libboost1.81-dev (1.81.0-5)' || fail "fails though nothing is in the way"
grep -v -e ' -s ' "$work/calls" | grep install | grep -q -e '--no-remove' || fail "may remove packages"
echo "setup: removes no package"
