#!/usr/bin/env bash
# Installs catraca as a systemd service on a bare machine, or brings an installation up to date.
#
#   deploy/install.sh                    the executable of dist/ (scripts/build) or beside this script
#   deploy/install.sh --binary FILE      another one
#   deploy/install.sh --no-start         puts everything in place and starts nothing
#   deploy/install.sh --uninstall        stops and removes it; data and settings stay
#   deploy/install.sh --uninstall --purge    removes data, settings and the user, too
#
#   /usr/local/bin/catraca   /etc/systemd/system/catraca.service   /etc/catraca/catraca.env   /var/lib/catraca
#
# Run it as often as you like: what is in place stays, settings and data are never overwritten, and the service is
# restarted only if the executable or the unit has changed. An upgrade is the same call with a newer executable.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
program=/usr/local/bin/catraca
unit=/etc/systemd/system/catraca.service
settings=/etc/catraca
data=/var/lib/catraca
ready_seconds_max=30

say() { printf 'install: %s\n' "$*"; }
fail() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

binary="" action=install start=yes purge=""
while [ $# -gt 0 ]; do
  case "$1" in
    --binary) binary="${2:?--binary needs a file}"; shift ;;
    --binary=*) binary="${1#*=}" ;;
    --no-start) start="" ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown argument $1; see --help" ;;
  esac
  shift
done
if [ -n "$purge" ] && [ "$action" != uninstall ]; then fail "--purge goes with --uninstall"; fi
[ "$(id -u)" -eq 0 ] || fail "run it as root: sudo $0"

# On a machine that was not booted with systemd (a chroot, an image being made) only the files are put in place.
has_systemd() { [ -d /run/systemd/system ]; }

# put MODE OWNER FROM TO: copies unless TO is the same already; true if it changed. In one step, so that a program
# that is running keeps its own file and nobody sees half of one.
put() {
  if cmp -s "$3" "$4"; then return 1; fi
  install --mode="$1" --owner="${2%:*}" --group="${2#*:}" "$3" "$4.new"
  mv -f "$4.new" "$4"
  say "$4"
}

find_binary() {
  local candidate
  for candidate in "$here/catraca" "$here/../dist/catraca"; do
    if [ -x "$candidate" ]; then echo "$candidate"; return; fi
  done
  fail "no executable: run scripts/build, or name one with --binary"
}

make_user() {
  if getent passwd catraca >/dev/null; then return; fi
  getent group catraca >/dev/null || groupadd --system catraca
  useradd --system --gid catraca --home-dir "$data" --no-create-home --shell /usr/sbin/nologin catraca
  say "user catraca"
}

wait_until_ready() {
  local deadline=$((SECONDS + ready_seconds_max))
  # With the service's own settings: they say where it listens.
  until systemctl is-active --quiet catraca && (
    set -a
    [ ! -f "$settings/catraca.env" ] || . "$settings/catraca.env"
    "$program" healthcheck >/dev/null 2>&1
  ); do
    if [ "$SECONDS" -ge "$deadline" ]; then
      journalctl --unit catraca --lines 20 --no-pager >&2 || true
      fail "it does not become ready; its last lines are above (systemctl status catraca)"
    fi
    sleep 0.2
  done
}

install_all() {
  local changed=""
  [ -n "$binary" ] || binary="$(find_binary)"
  [ -f "$binary" ] || fail "$binary: no such file"
  # Before anything is replaced: does it run on this machine at all?
  "$binary" version >/dev/null || fail "$binary does not run on this machine ($(uname -m))"
  make_user
  install --directory --mode=0750 --owner=catraca --group=catraca "$data"
  install --directory --mode=0750 --owner=root --group=catraca "$settings"
  if put 0755 root:root "$binary" "$program"; then changed=yes; fi
  if put 0644 root:root "$here/catraca.service" "$unit"; then changed=yes; fi
  if ! [ -e "$settings/catraca.env" ]; then put 0640 root:catraca "$here/catraca.env" "$settings/catraca.env"; fi

  if ! has_systemd; then
    say "in place; systemd does not run here, so nothing was started"
    return
  fi
  systemctl daemon-reload
  systemctl enable --quiet catraca
  if [ -z "$start" ]; then
    say "in place; start it with: systemctl start catraca"
    return
  fi
  if [ -n "$changed" ]; then systemctl restart catraca; else systemctl start catraca; fi
  wait_until_ready
  say "$("$program" version | head -n 1) is running; settings in $settings/catraca.env, data in $data"
}

uninstall_all() {
  if has_systemd && [ -e "$unit" ]; then systemctl disable --now --quiet catraca || true; fi
  rm -f "$unit" "$program"
  if has_systemd; then systemctl daemon-reload; fi
  if [ -z "$purge" ]; then
    say "removed; $data and $settings are left (--purge removes them)"
    return
  fi
  rm -rf "$data" "$settings"
  if getent passwd catraca >/dev/null; then userdel catraca; fi
  if getent group catraca >/dev/null; then groupdel catraca; fi
  say "removed, with its data, settings and user"
}

case "$action" in
  install) install_all ;;
  uninstall) uninstall_all ;;
esac
