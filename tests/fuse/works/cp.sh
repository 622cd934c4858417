# cp -a, from elsewhere and at once from there again, judged by diff.
set -eu
place=$1 tree=$4
same() {
  # Two pipes are never the same to diff.
  diff -r --no-dereference --exclude=pipe --exclude=null --exclude=block --exclude=hole "$@"
}
cp -a "$tree" "$place/copy"
hole="$place/copy/names/hole"
[ "$(stat -c %s "$hole")" = 6442450944 ]
[ "$(tail -c +5000000001 "$hole" | head -c 8 | tr '\0' .)" = middle.. ]
[ "$(du -k "$hole" | cut -f 1)" -lt 64 ]
[ -p "$place/copy/links/pipe" ]
rm "$hole"
cp -a "$place/copy" "$place/again"
mv "$place/again" "$place/moved"
sh "$(dirname "$0")/forget.sh" "$place"
same "$tree" "$place/copy"
same "$tree" "$place/moved"
rm -r "$place/moved"
