# Runs a script in an empty directory of its own on the mount, with one elsewhere.
#
# in_place.sh WORK PLACE SCRATCH SCALE TREE
set -eu
script=$(dirname "$0")/$1.sh
shift
mkdir "$1" "$2"
exec sh "$script" "$@"
