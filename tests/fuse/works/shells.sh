# Shells that make, append to, link, rename and remove many small files at once.
set -eu
place=$1 scratch=$2 scale=$3
count=$((40 * scale))
mkdir "$place/common"
work() {
  mkdir "$place/own-$1"
  for number in $(seq $count); do
    file="$place/own-$1/$number"
    echo "$1 $number" >"$file"
    echo again >>"$file"
    ln "$file" "$place/common/$1-$number"
    mv "$file" "$file.moved"
    if [ $((number % 4)) = 0 ]; then rm "$file.moved"; fi
    echo "$1 $number" >>"$place/common/log"
  done
}
workers=
for who in 1 2 3 4; do
  work $who &
  workers="$workers $!"
done
for worker in $workers; do
  wait $worker
done
for who in 1 2 3 4; do
  for number in $(seq $count); do
    [ "$(cat "$place/common/$who-$number")" = "$(printf '%s\nagain' "$who $number")" ]
  done
  [ "$(ls "$place/own-$who" | wc -l)" = $((count - count / 4)) ]
done
[ "$(ls "$place/common" | wc -l)" = $((4 * count + 1)) ]
[ "$(sort -u "$place/common/log" | wc -l)" = $((4 * count)) ]
[ "$(wc -l <"$place/common/log")" = $((4 * count)) ]
