# rsync with everything that it can keep: twice, over what is there, and then nothing is left to do.
set -eu
place=$1 scratch=$2 tree=$4
copy() { rsync -aHAX --numeric-ids --delete "$@"; }
nothing() {
  left=$(copy --checksum --dry-run --itemize-changes "$@")
  [ -z "$left" ] || { echo "left to do: $left" >&2; exit 1; }
}
mkdir "$place/copy"
copy --sparse --exclude=hole "$tree/" "$place/copy/"
nothing --exclude=hole "$tree/" "$place/copy/"
mv "$place/copy/many" "$place/copy/more"
echo changed >"$place/copy/links/second"
chmod 700 "$place/copy/empty"
copy --exclude=hole --inplace "$tree/" "$place/copy/"
nothing --exclude=hole "$tree/" "$place/copy/"
copy "$place/copy/" "$scratch/back/"
nothing --exclude=hole "$tree/" "$scratch/back/"
