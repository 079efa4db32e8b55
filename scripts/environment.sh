# Sourced by scripts/demo and scripts/test: makes what they need on a machine that has nothing.
# Everything Python lands in virtual environments beside the code; system packages are installed
# only when missing, and only what is named.

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# as_root COMMAND...: run it as root, by sudo where we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "'$*' needs root, and there is no sudo. Run it as root, then run this script again."
  fi
}

# system_package NAME...: install Debian packages; fails where there is no apt.
system_package() {
  command -v apt-get >/dev/null || return 1
  say "Installing system packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# find_python: prints a Python of 3.11 or newer that can make virtual environments.
find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      if ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        system_package "$(basename "$candidate")-venv" ||
          fail "$candidate has no venv module; install it (python3-venv) and run this again."
      fi
      echo "$candidate"
      return
    fi
  done
  system_package python3 python3-venv ||
    fail "Python 3.11 or newer is needed. Install it, then run this script again."
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "this system's python3 is older than 3.11. Install a newer one, then run this again."
  echo python3
}

# install_into VENV STAMP ARGUMENT...: pip install ARGUMENT... into VENV, unless the same was done
# before. STAMP is a text that changes when the installation must be done again.
install_into() {
  local venv=$1 stamp=$2
  shift 2
  if [ -f "$venv/installed" ] && [ "$(cat "$venv/installed")" = "$stamp" ]; then
    return
  fi
  [ -x "$venv/bin/python" ] || "$(find_python)" -m venv "$venv"
  say "Installing into $venv (once; a few minutes on a slow line)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
  printf '%s' "$stamp" >"$venv/installed"
}

# The packages that a set of extras asks for depend on pyproject.toml alone.
stamp_of() { printf '%s %s' "$*" "$(cksum <pyproject.toml)"; }
