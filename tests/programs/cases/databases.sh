# sqlite3, and redis-server under redis-benchmark over a socket of the file system.

case_sqlite3()
{
    uses sqlite3
    records 30000 | tr ' ' ',' >records.csv
    sqlite3 out/data.db <<'SQL'
PRAGMA journal_mode = WAL;
CREATE TABLE record (key INTEGER, word TEXT, number INTEGER);
.mode csv
.import records.csv record
.mode list
CREATE INDEX by_word ON record (word, number);
CREATE INDEX by_key ON record (key);
SELECT word, count(*), max(number) FROM record GROUP BY word ORDER BY 2 DESC, 1 LIMIT 10;
SELECT count(*) FROM record a JOIN record b ON a.key = b.key AND a.rowid < b.rowid;
WITH RECURSIVE n(i, f) AS (SELECT 1, 1.0 UNION ALL SELECT i + 1, f * 1.0001 FROM n WHERE i < 50000)
    SELECT count(*), round(sum(f), 3) FROM n;
SELECT length(group_concat(word, ';')), length(hex(randomblob(300000))) FROM record;
CREATE VIRTUAL TABLE text USING fts5(word);
INSERT INTO text SELECT word || ' ' || key FROM record;
SELECT count(*) FROM text WHERE text MATCH 'oak* OR elm3';
SELECT json_group_array(word) FROM (SELECT DISTINCT word FROM record ORDER BY 1 LIMIT 20);
BEGIN; DELETE FROM record WHERE key % 2; ROLLBACK;
DELETE FROM record WHERE key % 3 = 0;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), sum(number) FROM record;
SQL
    sqlite3 out/data.db .dump | cksum
    status_of sqlite3 out/data.db 'SELECT absent FROM record' 2>&1
}

redis()
{
    redis-cli -s "$PWD/redis.sock" "$@"
}

start_redis()
{
    redis-server --port 0 --unixsocket "$PWD/redis.sock" --daemonize no --save '' --dir "$PWD" \
        --logfile "$PWD/redis.log" --io-threads 2 "$@" &
    server=$!
    local i
    for ((i = 0; i < 200; i++)); do
        [[ -S redis.sock && $(redis PING 2>&1) == *PONG ]] && return
        sleep 0.05
    done
    cat redis.log >&2
    exit 1
}

stop_redis()
{
    status_of redis SHUTDOWN "$1"
    status_of wait "$server"
    grep -c -E 'BUG REPORT|crashed|Assertion' redis.log || echo "no crash in the log"
}

# Save from a forked child while the parent goes on writing.
save_redis()
{
    redis BGSAVE
    redis-benchmark -s "$PWD/redis.sock" -n 5000 -c 10 -q -t incr >benchmark
    while redis INFO persistence | grep -q 'rdb_bgsave_in_progress:1'; do
        sleep 0.05
    done
    redis INFO persistence | grep rdb_last_bgsave_status
}

describe_redis()
{
    redis DBSIZE
    redis MGET string:7 string:777 counter:__rand_int__
    redis HGETALL hash:3 | paste - - | sort | cksum
    redis LRANGE list:5 0 20
    redis ZRANGE scores 0 20 WITHSCORES
    redis SORT set:2 LIMIT 0 20
    redis SCARD set:2
    redis STRLEN big
    redis XLEN stream
}

case_redis_server() # timeout=90
{
    uses redis-server redis-cli redis-benchmark
    start_redis
    redis-benchmark -s "$PWD/redis.sock" -n 2000 -c 20 --csv -P 4 \
        -t set,get,incr,lpush,rpush,lpop,sadd,hset,zadd,lrange_100,mset | cut -d, -f1
    redis-benchmark -s "$PWD/redis.sock" -n 2000 -c 20 -d 3000 -r 500 -q -t set,get >benchmark
    redis FLUSHALL
    records 30000 | awk '{
        print "SET string:" NR % 9000, $3; print "HSET hash:" NR % 50, $2, $3; print "LPUSH list:" NR % 70, $1
        print "ZADD scores", $3 % 10007, $2; print "SADD set:" NR % 9, $1; print "XADD stream", NR "-1", $2, $3
        if (NR % 3 == 0) print "DEL string:" $1 % 9000; if (NR % 1000 == 0) print "SETRANGE big", $3 % 4000000, $2 }
    ' | redis --pipe | tail -n 1
    redis EVAL 'local t = {} for i = 1, 200000 do t[i] = tostring(i * 7) end return #table.concat(t)' 0
    save_redis
    describe_redis
    redis MEMORY PURGE
    stop_redis SAVE

    start_redis --appendonly yes
    describe_redis
    redis APPEND string:7 more
    redis UNLINK scores list:5
    stop_redis NOSAVE
}
