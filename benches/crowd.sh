#!/usr/bin/env bash
# A crowd without certificates against the real server: 2,000 idle connections and 512 bodies that never come, from eight
# addresses of 127.0.0.0/8, while a workstation makes 1,000 calls, each on a connection of its own. Prints the calls that were
# refused, their p50 and p99, and the server's memory with and without the crowd. Where nginx is installed, the same crowd then
# meets nginx in front of the same server, for comparison. `--seconds N` sets how long (300 when not given).
# Wants a quiet machine, bash, python3, and the programs built (`cargo build`).
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=300
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --seconds)" >&2; exit 2 ;;
  esac
done
program=${CARGO_TARGET_DIR:-target}/debug/vedetta-audit
work=$(mktemp -d)
server= proxy=
trap 'kill $server $proxy 2>/dev/null || true; rm -rf "$work"' EXIT

cat >"$work/site.toml" <<'TOML'
version = 1
cameras = []
[[controllers]]
id = "borgo"
name = "Comune di Borgo"
istat = "020001"
TOML
echo 'camera = []' >"$work/cameras.toml"
"$program" demo --data "$work/data" --site "$work/site.toml" --cameras "$work/cameras.toml" >/dev/null
"$program" serve --data "$work/data" --listen 127.0.0.1:0 >"$work/ready" 2>"$work/log" &
server=$!
until [ -s "$work/ready" ]; do kill -0 "$server"; sleep 0.1; done
address=$(sed 's/.*https:\/\/\([^"]*\).*/\1/' "$work/ready")
python3 benches/crowd.py "$work/data" "$address" "$server" "$seconds"

if command -v nginx >/dev/null; then
  station=$work/data/stations/sala-operativa
  cat >"$work/nginx.conf" <<CONF
daemon off; pid $work/nginx.pid; error_log $work/nginx.log; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http { access_log off;
  limit_conn_zone \$binary_remote_addr zone=address:1m; limit_conn address 64;
  client_header_timeout 10s; client_body_timeout 10s; keepalive_timeout 10s;
  upstream vedetta { server $address; keepalive 16; }
  server { listen 127.0.0.1:18443 ssl;
    ssl_certificate $work/data/server.pem; ssl_certificate_key $work/data/keys/server.key;
    ssl_client_certificate $work/data/ca.pem; ssl_verify_client optional;
    location / { proxy_pass https://vedetta; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_ssl_certificate $station/cert.pem; proxy_ssl_certificate_key $station/key.pem; } } }
CONF
  nginx -p "$work" -c "$work/nginx.conf" &
  proxy=$!
  until (exec 3<>/dev/tcp/127.0.0.1/18443) 2>/dev/null; do kill -0 "$proxy"; sleep 0.1; done
  echo "nginx:"
  python3 benches/crowd.py "$work/data" 127.0.0.1:18443 "$server" "$seconds"
else
  echo "nginx non è installato: nessun confronto" >&2
fi
