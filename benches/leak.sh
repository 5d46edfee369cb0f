#!/usr/bin/env bash
# The leak test: four domes of the simulated town moved at random and at full speed through the real window, while
# statuses are late (0 to 800 ms) or lost, a dome restarts, and somebody else steers. Everything the window shows, every
# snapshot, an original export and the obscured copy of a masked dome are searched for the hue that only private windows
# have. Then the same with the uncertainty of every pose forced to zero, which must leak. Last, the recordings of domes that just
# moved past masked houses are played and searched, and so are they by the recorded positions alone, which must leak too.
#
#   bash benches/leak.sh [--seconds N] [--control-seconds M] [--control TRUST] [--seed S] [--make [CAMERA=]MAKE]… [--scale X]
#                        [--playback-seconds P] [--older-than-measured]
#
# --control says what the counter-trial takes for certain: last-status (the pose of the latest status) or pictures (what pictures
# last said of the pose, alone).
# --playback-seconds (60): how long recordings are made and played, and the same again in their counter-trial; 0: not at all.
# --older-than-measured leaves the measured ages of statuses and pictures in the plan as they are without these faults: statuses
# that are late then are older than was ever measured, and the bounds of the plan alone are true.
# --make hangs domes of another make (src/sim/makes.rs); --scale draws the window at a fractional scale (1.25, 1.333, 1.5, 1.75).
#
# Leaves target/bench/leak.json (frames_searched, leaked_pixels, control_leaked_pixels, …) and screenshots beside it. Of the
# «pictures» whose pose was known at all, «narrowed» were narrowed by what they showed, in the mean from and to these widths of pan.
# Fails when something leaked, when the counter-trial did not, when too little was shown to say anything, or when no copy of
# a masked dome with its masks in view was made.
# Deliberately absent: anything that outlives the test. Every process started here ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=600 control='' trust=last-status seed=7 makes=() named='' scale='' playback=60 measured=true
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --control-seconds) control=$2; shift 2 ;;
    --control) trust=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --make) makes+=(--make "$2"); named=${named:+$named,}$2; shift 2 ;;
    --scale) scale=$2; shift 2 ;;
    --playback-seconds) playback=$2; shift 2 ;;
    --older-than-measured) measured=false; shift ;;
    *) echo "unknown option: $1 (known: --seconds, --control-seconds, --control, --seed, --make, --scale, --playback-seconds,
        --older-than-measured)" >&2
      exit 2 ;;
  esac
done
# The town's own dome too is calibrated: without --make its plan would have bounds and no habits.
[ ${#makes[@]} -gt 0 ] || makes=(--make comune)
[ -n "$control" ] || control=$(( seconds / 5 > 40 ? seconds / 5 : 40 ))
unset DISPLAY WAYLAND_DISPLAY
[ -z "$scale" ] || export WINIT_X11_SCALE_FACTOR=$scale

cargo build --workspace --bins
bin=${CARGO_TARGET_DIR:-target}/debug
out=target/bench/leak
rm -rf "$out"
mkdir -p "$out" target/demo-cache
umask 077

. packaging/start.sh

field() { # file name: a number or word of a flat JSON file
  grep -o "\"$2\": *[^,}]*" "$1" | head -1 | sed 's/^[^:]*: *//; s/"//g'
}

# What goes wrong with the cameras meanwhile. Chance comes from a seed, so a run can be repeated.
disturb() { # folder control-url server
  local folder=$1 sim=$2 server=$3 n=0 token='' dome ms held fence
  RANDOM=$seed
  local seat=$folder/server/stations/terminale-carabinieri
  local call=(curl -sS --max-time 5 --cacert "$seat/ca.pem" --cert "$seat/cert.pem" --key "$seat/key.pem" -H 'Content-Type: application/json')
  local password
  password=$(grep -A1 '^user = "carabiniere"' "$folder/server/people.toml" | sed -n 's/^password = "\(.*\)"/\1/p')
  token=$("${call[@]}" -X POST "$server/v1/sessions" \
    -d "{\"user\":\"carabiniere\",\"password\":\"$password\",\"purpose\":\"urban_security\"}" \
    | grep -o '"token":"[^"]*"' | cut -d'"' -f4) || true
  fault() { curl -sS --max-time 5 -o /dev/null -X POST "$sim/cameras/$1/faults" -d "$2" || true; }
  # Two of the four tell their status by themselves too.
  fault cam-03 '{"metadata":"sent"}'
  fault cam-05 '{"metadata":"sent"}'
  while :; do
    n=$(( n + 1 ))
    dome=cam-0$(( 3 + RANDOM % 4 ))
    ms=$(( RANDOM % 801 ))
    fault "$dome" "{\"status_delay_ms\":$ms}"
    case $(( RANDOM % 6 )) in
      0) fault "$dome" '{"status":"missing"}'; sleep $(( 1 + RANDOM % 3 )); fault "$dome" '{"status":"normal"}' ;;
      1) fault "$dome" '{"status":"slow"}'; sleep 4; fault "$dome" '{"status":"normal"}' ;;
      2|3)
        # Somebody else takes the dome as the rules say, and only then moves it.
        if [ -n "$token" ] && held=$("${call[@]}" -f -H "Authorization: Bearer $token" \
            -X POST "$server/v1/cameras/$dome/hold" -d '"take"' 2>/dev/null); then
          fence=$(grep -o '"fence":[0-9]*' <<<"$held" | cut -d: -f2)
          echo "$dome" >>"$folder/others.txt"
          for _ in 1 2 3; do
            curl -sS --max-time 5 -o /dev/null -X POST "$sim/cameras/$dome/drive" \
              -d "{\"pan\":$(( RANDOM % 3 - 1 )),\"tilt\":0.$(( RANDOM % 10 )),\"zoom\":$(( RANDOM % 3 - 1 )),\"ms\":$(( 300 + RANDOM % 1500 ))}" || true
            sleep 1.5
          done
          "${call[@]}" -o /dev/null -H "Authorization: Bearer $token" -X POST "$server/v1/cameras/$dome/hold" \
            -d "{\"release\":{\"fence\":$fence}}" || true
        fi ;;
      *) sleep $(( 1 + RANDOM % 3 )) ;;
    esac
    if [ $(( n % 25 )) -eq 12 ]; then fault "$dome" '{"reboot":4}'; fi
  done
}

run() { # name seconds whether-disturbed extra options of the client
  local name=$1 time=$2 disturbed=$3; shift 3
  local folder=$out/$name
  log=$folder/log
  mkdir -p "$log" "$folder/shots"
  start_town "$folder" --cameras 6 --domes 4 --seed "$seed" "${makes[@]}"
  # True bounds under these faults: a status is up to 0.8 s old when it is answered, and a busy machine draws late.
  sed -i 's/^status_delay_s = .*/status_delay_s = 1.2/; s/^video_delay_s = .*/video_delay_s = 1.0/' "$folder/site/site.toml"
  [ "$measured" = false ] \
    || sed -i 's/^status_age_s = .*/status_age_s = [0.0, 0.81]/; s/^picture_age_s = .*/picture_age_s = [0.0, 1.0]/' "$folder/site/site.toml"
  make_audit_data "$folder"
  "$bin/vedetta-audit" station enrol --data "$folder/server" --station terminale-carabinieri --kind terminale-remoto \
    >"$folder/terminal.json" 2>"$log/enrol.log"
  start_audit "$folder"
  start_display "$folder" 1600x900
  local sim server
  sim=$(field "$folder/sim.json" control)
  server=$(tr -d '[:space:]' <"$folder/server/address")
  case $sim in http*) ;; *) sim=http://$sim ;; esac
  if [ "$disturbed" = yes ]; then
    disturb "$folder" "$sim" "$server" 2>"$log/disturb.log" &
    started+=($!)
  fi
  DISPLAY=:$display timeout $(( time + 600 )) "$bin/vedetta-check" \
    --enrolment "$folder/server/stations/sala-operativa" --data "$folder/station" --evidence "$folder/evidence" \
    --people "$folder/server/people.toml" leak "$folder/shots" --seconds "$time" "$@" \
    2>"$log/client.log" || true
  end_started
}

echo "Searching for leaks for $seconds s."
run kept "$seconds" yes
echo "The counter-trial: the uncertainty of every pose forced to zero, trusting $trust, for $control s."
run zero "$control" yes --draw-masks-wrong-to-see-the-leak-test-fail --trust "$trust"
if [ "$playback" -gt 0 ]; then
  echo "Searching recordings for $playback s, and as long by recorded positions alone."
  run played "$playback" no --playback
  run played-zero "$playback" no --playback --draw-masks-wrong-to-see-the-leak-test-fail
fi

kept=$out/kept/shots/leak-run.json zero=$out/zero/shots/leak-run.json
export_frames=0 export_leaked=0 obscured_frames=0 obscured_leaked=0
while read -r film; do
  "$bin/vedetta-sim" --search "$film" >"$out/export.json"
  frames=$(field "$out/export.json" frames_searched) pixels=$(field "$out/export.json" leaked_pixels)
  case $film in
    *.obscured.mp4) obscured_frames=$(( obscured_frames + frames )) obscured_leaked=$(( obscured_leaked + pixels )) ;;
    *) export_frames=$(( export_frames + frames )) export_leaked=$(( export_leaked + pixels )) ;;
  esac
done < <(find "$out/kept/evidence" -name '*.mp4' 2>/dev/null)
window=$(field "$kept" frames_searched) snapshots=$(field "$kept" snapshots_searched)
played=$out/played/shots/leak-run.json played_zero=$out/played-zero/shots/leak-run.json
some() { # number why-not: without any the test fails
  [ "$1" -gt 0 ] || { echo "$2" >&2; exit 1; }
}
recorded() { if [ "$playback" -gt 0 ]; then field "$1" "$2"; else echo 0; fi; } # file name: 0 where no recording was searched
leaked=$(( $(field "$kept" leaked_pixels) + $(field "$kept" snapshot_leaked_pixels) + export_leaked + obscured_leaked ))
leaked=$(( leaked + $(recorded "$played" leaked_pixels) ))
control_leaked=$(( $(field "$zero" leaked_pixels) + $(field "$zero" snapshot_leaked_pixels) ))
others=$(wc -l <"$out/kept/others.txt" 2>/dev/null || echo 0)
cat >target/bench/leak.json <<JSON
{
  "seconds": $seconds,
  "makes": "${named:-comune}",
  "scale": ${scale:-1},
  "ages_measured_under_these_faults": $measured,
  "frames_searched": $(( window + snapshots + export_frames + obscured_frames + $(recorded "$played" frames_searched) )),
  "leaked_pixels": $leaked,
  "window_frames_searched": $window,
  "snapshots_searched": $snapshots,
  "export_frames_searched": $export_frames,
  "obscured_frames_searched": $obscured_frames,
  "obscured_frames_shown": $(field "$kept" obscured_shown),
  "obscured_frames_with_masks_in_view": $(field "$kept" obscured_parts),
  "obscured_leaked_pixels": $obscured_leaked,
  "acts": $(field "$kept" acts),
  "taken_by_somebody_else": $others,
  "looks_at_tiles": $(field "$kept" looks),
  "looks_shown": $(field "$kept" looks_shown),
  "looks_with_masks_in_view": $(field "$kept" looks_at_parts),
  "pictures": $(field "$kept" pictures),
  "narrowed": $(field "$kept" narrowed),
  "narrowed_from_deg": $(field "$kept" narrowed_from_deg),
  "narrowed_to_deg": $(field "$kept" narrowed_to_deg),
  "trouble": "$(field "$kept" trouble)",
  "control": "$trust",
  "control_seconds": $control,
  "control_frames_searched": $(field "$zero" frames_searched),
  "control_acts": $(field "$zero" acts),
  "control_looks_shown": $(field "$zero" looks_shown),
  "control_looks_with_masks_in_view": $(field "$zero" looks_at_parts),
  "control_trouble": "$(field "$zero" trouble)",
  "control_leaked_pixels": $control_leaked,
  "playback_seconds": $playback,
  "playbacks": $(recorded "$played" playbacks),
  "playback_frames_searched": $(recorded "$played" played_frames_searched),
  "playback_looks_shown": $(recorded "$played" played_looks_shown),
  "playback_looks_with_masks_in_view": $(recorded "$played" played_looks_at_parts),
  "playback_leaked_pixels": $(recorded "$played" played_leaked_pixels),
  "playback_trouble": "$(recorded "$played" trouble)",
  "playback_control_frames_searched": $(recorded "$played_zero" played_frames_searched),
  "playback_control_leaked_pixels": $(recorded "$played_zero" played_leaked_pixels)
}
JSON
cat target/bench/leak.json
shown=$(field "$kept" looks_at_parts)
[ "$leaked" -eq 0 ] || { echo "something leaked: see $out/kept/shots" >&2; exit 1; }
some "$control_leaked" "the counter-trial did not leak: the test proves nothing"
some "$shown" "no mask was ever in view of a picture that was shown: the test proves nothing"
if [ "$playback" -gt 0 ]; then
  some "$(field "$played_zero" played_leaked_pixels)" "recordings by recorded positions alone did not leak: the search of them proves nothing"
  some "$(field "$played" played_looks_at_parts)" "no mask was ever in view of a recording that was shown: the search of them proves nothing"
fi
some "$(field "$kept" obscured_parts)" "the copy of a masked dome had no mask in view: see $out/kept/log"
[ "$seconds" -lt 60 ] || some "$others" "nobody else steered: see $out/kept/log"
