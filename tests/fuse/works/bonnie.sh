# bonnie++ in its smallest form: blocks, rewrites and seeks; files, a thousand at least, if there is time.
set -eu
place=$1 scratch=$2 scale=$3
bonnie++ -q -f -u "$(id -u):$(id -g)" -d "$place" -r 4 -s $((8 * scale)) -n "$((scale - 1)):4096:0:4" -x 1 \
  >"$scratch/figures" 2>"$scratch/said" || { cat "$scratch/said" >&2; exit 1; }
[ -z "$(ls -A "$place")" ]
