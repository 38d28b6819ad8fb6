# A server and its load: redis.sh REQUESTS. The server is the larger process, so the peak is its own.
set -euo pipefail
socket=$PWD/redis.socket
redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --daemonize no >redis.log &
server=$!
until redis-cli -s "$socket" ping >/dev/null 2>&1; do
    sleep 0.02
done
redis-benchmark -s "$socket" -q -n "$1" -c 20 -P 8 -r 100000 -d 200 -t set,get,lpush,hset,sadd,zadd >/dev/null
redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1 || true
wait "$server"
