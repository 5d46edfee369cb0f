# Sourced by what starts the programs for a while (demo, soak, leak test): starts them, waits until each is ready, ends them all
# with the script. The caller sets `bin` (where the programs are) and `log` (where their logs go).
# Deliberately absent: anything that outlives the script.

started=()

# Ends everything that was started here, and waits until it is gone.
end_started() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  started=()
}
trap end_started EXIT
trap 'exit 130' INT TERM

# Waits for the one line that a program prints when it is ready.
ready() { # file pid what seconds
  for _ in $(seq $(( $4 * 10 ))); do
    [ -s "$1" ] && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  echo "$3 non è partito: vedere $log" >&2
  return 1
}

# The simulated town; its site plan and ready line go to the folder, its clips are kept from one time to the next.
start_town() { # folder option…
  local folder=$1; shift
  mkdir -p "$folder/site"
  "$bin/vedetta-sim" "$@" --plan "$folder/site" --cache target/demo-cache >"$folder/sim.json" 2>"$log/sim.log" &
  started+=($!)
  ready "$folder/sim.json" $! "Il simulatore" 300
}

# Data of an audit server for that town.
make_audit_data() { # folder
  "$bin/vedetta-audit" demo --data "$1/server" --site "$1/site/site.toml" --cameras "$1/site/cameras.toml" \
    2>"$log/audit-demo.log"
}

# The audit server itself; `audit` is its process.
start_audit() { # folder
  "$bin/vedetta-audit" serve --data "$1/server" --listen 127.0.0.1:0 >"$1/audit.json" 2>"$log/audit.log" &
  audit=$!
  started+=("$audit")
  ready "$1/audit.json" "$audit" "Il server degli accessi" 30
}

# A display of our own, on a number the X server chooses: `display`.
start_display() { # folder WIDTHxHEIGHT
  # The number of a display that was there before is not this one's.
  rm -f "$1/display"
  Xvfb -displayfd 3 -screen 0 "$2x24" -nolisten tcp -noreset 3>"$1/display" >"$log/xvfb.log" 2>&1 &
  started+=($!)
  ready "$1/display" $! "Xvfb" 30
  display=$(tr -d '[:space:]' <"$1/display")
}
