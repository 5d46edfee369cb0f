#!/usr/bin/env bash
# PTZ: npm's onvif says 0, 0, 0 for a position the camera does not tell, and turns a dome to 0, 0 when only zoom is asked for.
#
# Versions: npm onvif 0.8.3.
# Expected: Position is optional in PTZStatus, and each of its halves is (onvif.xsd); what is not there is not known. In a move an
#   axis left out "shall not be affected" (PTZ 5.3.1 to 5.3.3); the library's own description calls x, y and zoom optional.
# Seen: zero stands for "not said" in both directions.
#     camera's status                   what getStatus() answers
#     no position                       x 0, y 0, zoom 0      (the middle of a generic space, or north at the horizon)
#     zoom 0.25 and no pan and tilt     x 0, y 0, zoom 0.25
#     pan -1.5e-05, a valid xs:float    the text "-1.5e-05"; adding 0.1 to it gives "-1.5e-050.1", and that is sent
#     asked for                         what is sent
#     absoluteMove {zoom: 0.5}          pan and tilt 0 0 as well: the dome swings away from what it watches
#     absoluteMove {x: 0.5, y: -0.2}    zoom 0 as well: out to the widest
#     continuousMove {zoom: 0.5}        velocity 0 0 as well, which stops another's pan in the middle
#   onlySendZoom and onlySendPanTilt keep the zeros away, by deleting the others from the caller's own object.
# Why it matters: masks, limits and records that follow the position are put where the dome does not look, with "position known". A
#   click on "closer" shows a private window, and the officer was not told that the dome would turn.
# What to do: read the position from the raw XML (third argument of the callback) and take its absence for "unknown"; say
#   onlySend… with every move, on a copy.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v npm >"$work/found" || { apt-get -q update && apt-get -qy install --no-install-recommends npm; } >"$work/apt" 2>&1
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts onvif@0.8.3

cat >"$work/dome.js" <<'JAVASCRIPT'
const http = require("node:http");
const { Cam } = require("onvif");

let position = "";
let moved = "";

function answer(request) {
  if (request.includes("GetStatus")) {
    return `<p:GetStatusResponse><p:PTZStatus>${position}<t:UtcTime>2026-11-30T10:00:00Z</t:UtcTime></p:PTZStatus></p:GetStatusResponse>`;
  }
  moved = (request.match(/<(PanTilt|Zoom) [^>]*/g) || [])
    .map((axis) => `${axis.match(/\w+/)[0]} ${axis.match(/ [xy]="[^"]*"/g).map((value) => value.slice(4, -1)).join(" ")}`).join(", ");
  const name = request.match(/<(\w+Move) /)[1];
  return `<p:${name}Response/>`;
}

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => {
    response.writeHead(200, { "Content-Type": "application/soap+xml", Connection: "close" });
    response.end('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:p="http://www.onvif.org/ver20/ptz/wsdl"'
      + ` xmlns:t="http://www.onvif.org/ver10/schema"><s:Body>${answer(body)}</s:Body></s:Envelope>`);
  });
});

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const dome = new Cam({ hostname: "127.0.0.1", port, autoconnect: false, timeout: 10000 });
  dome.uri = { ptz: new URL(`http://127.0.0.1:${port}/ptz`) };
  const ask = (method, given) => new Promise((done, failed) => {
    dome[method]({ profileToken: "main", ...given }, (error, result) => (error ? failed(error) : done(result)));
  });
  const status = async (name, said) => {
    position = said;
    const read = (await ask("getStatus", {})).position;
    console.log(`status with ${name}: ${JSON.stringify(read)}`);
    return read;
  };
  await status("no position", "");
  await status("zoom only", '<t:Position><t:Zoom x="0.25"/></t:Position>');
  const small = await status("a small number", '<t:Position><t:PanTilt x="-1.5e-05" y="0.5"/><t:Zoom x="0.25"/></t:Position>');
  await ask("absoluteMove", { x: small.x + 0.1, y: small.y + 0.1, zoom: small.zoom });
  console.log(`and 0.1 to the right and up: ${moved}`);
  for (const [method, given] of [
    ["absoluteMove", { zoom: 0.5 }], ["absoluteMove", { x: 0.5, y: -0.2 }], ["continuousMove", { zoom: 0.5 }],
    ["absoluteMove", { zoom: 0.5, onlySendZoom: true }],
  ]) {
    await ask(method, given);
    console.log(`${method} ${JSON.stringify(given)}: ${moved}`);
  }
  server.close();
});
JAVASCRIPT
seen=$(cd "$work" && timeout 60 node dome.js)
expected='status with no position: {"x":0,"y":0,"zoom":0}
status with zoom only: {"x":0,"y":0,"zoom":0.25}
status with a small number: {"x":"-1.5e-05","y":0.5,"zoom":0.25}
and 0.1 to the right and up: PanTilt -1.5e-050.1 0.6, Zoom 0.25
absoluteMove {"zoom":0.5}: PanTilt 0 0, Zoom 0.5
absoluteMove {"x":0.5,"y":-0.2}: PanTilt 0.5 -0.2, Zoom 0
continuousMove {"zoom":0.5}: PanTilt 0 0, Zoom 0.5
absoluteMove {"zoom":0.5,"onlySendZoom":true}: Zoom 0.5'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what npm's onvif makes of a missing position has changed" >&2; exit 1; }
