#!/bin/sh
# Looks for what the test suite needs beside Go. As root on Debian and its relatives it installs what is missing;
# elsewhere it says what is missing and how to get it, and fails. When all is there it takes a fraction of a second.
#
# A need is one line at the end: what it is for, a command that succeeds when it is there, the Debian packages.
set -eu

lacks_what=
lacks_packages=

need() { # what check packages...
	what=$1 check=$2
	shift 2
	if $check >/dev/null 2>&1; then return; fi
	lacks_what="$lacks_what
  $what"
	lacks_packages="$lacks_packages $*"
}

# Compiles and links a program: a compiler without the headers of the C library is of no use.
compiles_c() {
	out=$(mktemp) || return 1
	cc=$(go env CC)
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | ${cc:-gcc} -x c -o "$out" -
	status=$?
	rm -f "$out"
	return $status
}

install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

look() {
	lacks_what= lacks_packages=
	need "a C compiler, for go test -race" compiles_c gcc libc6-dev
}

look
[ -n "$lacks_what" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "installing for the tests:$lacks_packages" >&2
	# The package lists may be missing or old; they are fetched only then, because that is the slow part. What is said
	# goes to the error output, so that the output of make test is that of the tests.
	# shellcheck disable=SC2086 # one word per package
	install $lacks_packages >&2 || { apt-get update >&2 && install $lacks_packages >&2; } || true
	look
	[ -n "$lacks_what" ] || exit 0
fi

{
	echo "The tests need, and this machine does not have:$lacks_what"
	echo "On Debian or Ubuntu:"
	echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$lacks_packages"
	echo "Elsewhere, install what your system calls:$lacks_packages"
} >&2
exit 1
