# sqlite3: two processes move money at once, in each way to keep a journal; the sum holds.
set -eu
place=$1 scratch=$2 scale=$3
transfers() {
  echo ".timeout 20000"
  echo "PRAGMA synchronous=FULL;"
  for number in $(seq $((12 * scale))); do
    from=$(((number * 7 + $1) % 50)) to=$(((number * 11 + $1) % 50))
    echo "BEGIN IMMEDIATE;"
    echo "UPDATE account SET money = money - $number WHERE id = $from;"
    echo "UPDATE account SET money = money + $number WHERE id = $to;"
    echo "INSERT INTO entry (who, number) VALUES ($1, $number);"
    echo "COMMIT;"
  done
}
for mode in delete wal truncate persist; do
  base="$place/$mode.db"
  sqlite3 -bail "$base" >"$scratch/mode" <<END
PRAGMA journal_mode=$mode;
CREATE TABLE account (id INTEGER PRIMARY KEY, money INTEGER NOT NULL);
CREATE TABLE entry (who INTEGER, number INTEGER, padding BLOB DEFAULT (randomblob(900)));
CREATE INDEX entries ON entry (who, number);
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
INSERT INTO account SELECT i, 1000 FROM n;
END
  [ "$(cat "$scratch/mode")" = $mode ]
  workers=
  for who in 1 2; do
    transfers $who | sqlite3 -bail "$base" >"$scratch/said-$who" 2>&1 &
    workers="$workers $!"
  done
  for worker in $workers; do
    wait $worker || { cat "$scratch"/said-* >&2; exit 1; }
  done
  told=$(sqlite3 "$base" "PRAGMA integrity_check; SELECT sum(money) FROM account;
    SELECT count(*), count(DISTINCT who * 100000 + number) FROM entry;")
  expected=$(printf 'ok\n50000\n%d|%d' $((24 * scale)) $((24 * scale)))
  [ "$told" = "$expected" ] || { echo "$mode: $told" >&2; exit 1; }
done
