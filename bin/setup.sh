# Shared set-up, sourced by bin/run, bin/leerspoor and bin/check: makes .venv from a lock file.
#
# The caller sets `root` (this checkout) and calls `set_up requirements.lock`. Everything is said
# on stderr; a set-up that is up to date costs a few milliseconds and no network.

uv_version=0.13.9
venv="$root/.venv"
python="$venv/bin/python"

refuse() {
    printf '%s\n' "$1" >&2
    exit 1
}

is_root_on_debian() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1
}

# apt_install PACKAGE...: install Debian packages without a question; show the output on failure.
apt_install() {
    printf 'Installing %s\n' "$*" >&2
    apt_log="$(mktemp)"
    if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" \
        </dev/null >"$apt_log" 2>&1; then
        rm -f "$apt_log"
    else
        tail -n 20 "$apt_log" >&2
        rm -f "$apt_log"
        refuse "The packages $* could not be installed: see the lines above."
    fi
}

# Package lists are empty on a fresh machine, so they are fetched once before the first install.
apt_update() {
    [ -z "${apt_is_updated:-}" ] || return 0
    apt-get update -qq </dev/null >/dev/null 2>&1 ||
        printf 'The package lists could not all be renewed; going on with the old ones\n' >&2
    apt_is_updated=yes
}

# What the stamp holds: the lock file's checksum and the interpreter it was installed for.
stamp_of() {
    printf '%s %s\n' "$(sha256sum <"$root/$1" | cut -d ' ' -f 1)" "$("$python" -V 2>&1)"
}

is_set_up() {
    [ -x "$python" ] && [ ! -e "$venv/unfinished" ] && [ -e "$venv/stamp-$1" ] &&
        [ "$(cat "$venv/stamp-$1")" = "$(stamp_of "$1")" ]
}

# A setting of pip on this machine (its file or PIP_*), so that uv reaches the same packages.
pip_setting() {
    "$python" -m pip config list 2>/dev/null | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | head -n 1
}

need_python() {
    command -v python3 >/dev/null 2>&1 ||
        refuse 'Python 3.11 or newer is needed: install python3 and start again.'
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        refuse "Python 3.11 or newer is needed; this is $(python3 -V 2>&1)."
    python3 -c 'import ensurepip, venv' 2>/dev/null && return
    is_root_on_debian ||
        refuse 'Python cannot make a virtual environment here: install python3-venv (as root: apt-get update && apt-get install python3-venv) and start again.'
    apt_update
    apt_install python3-venv
}

make_venv() {
    # Half a set-up cannot be told from a whole one package by package: it is made anew.
    if [ -e "$venv/unfinished" ] || ! "$python" -c 'import pip' 2>/dev/null; then
        need_python
        rm -rf "$venv"
        mkdir "$venv"
        touch "$venv/unfinished"
        python3 -m venv "$venv" >&2 || refuse 'The virtual environment .venv could not be made.'
    fi
    touch "$venv/unfinished"
}

# uv is several times as fast as pip; where it finds no packages, pip knows this machine's way.
install_lock() {
    if "$python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version" 2>/dev/null; then
        cert="${SSL_CERT_FILE:-$(pip_setting cert)}"
        index="${UV_DEFAULT_INDEX:-$(pip_setting index-url)}"
        (
            [ -z "$cert" ] || export SSL_CERT_FILE="$cert"
            [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
            "$python" -m uv pip install --quiet --python "$python" --compile-bytecode \
                --require-hashes --no-deps -r "$root/$1" >&2
        ) && return
        printf 'uv could not install the packages; trying pip\n' >&2
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
        -r "$root/$1" >&2 ||
        refuse "The packages of $1 could not be installed: see the lines above."
}

compile_translations() {
    [ -d "$root/web/translations" ] || return 0
    for po in "$root"/web/translations/*/LC_MESSAGES/*.po; do
        [ -e "$po" ] || continue
        mo="${po%.po}.mo"
        if [ ! -e "$mo" ] || [ -n "$(find "$po" -newer "$mo")" ]; then
            "$python" -m babel.messages.frontend --quiet compile -i "$po" -o "$mo" ||
                refuse "The translations in $po could not be compiled."
        fi
    done
}

# set_up LOCK: bring .venv up to LOCK. Two at a time wait for each other.
set_up() {
    if ! is_set_up "$1"; then
        exec 9<"$root/$1"
        flock 9
        if ! is_set_up "$1"; then
            printf 'Setting up (once): installing the packages of %s\n' "$1" >&2
            make_venv
            install_lock "$1"
            # The development lock contains all of the other, in the same versions.
            stamp_of requirements.lock >"$venv/stamp-requirements.lock"
            [ "$1" = requirements.lock ] || stamp_of "$1" >"$venv/stamp-$1"
            rm -f "$venv/unfinished"
        fi
        exec 9<&-
    fi
    compile_translations
}
