#!/usr/bin/env bash
# ONVIF device data: npm's onvif rounds serial numbers, shortens versions and keeps one preset of each name.
#
# Versions: npm onvif 0.8.3.
# Expected: serial number, firmware version and hardware id are strings in the schema, tokens too; a client keeps them as
#   strings. Preset names are for people, optional and may repeat; the token tells presets apart, so none gets lost.
# Seen: whatever LOOKS like a number becomes a JavaScript number, in elements and attributes, and getPresets() answers an object
#   with the names as keys.
#     sent by the camera                         as the client sees it
#     SerialNumber 20240417000123456789          20240417000123458000, a number
#     SerialNumber 20240417000123456790          the same number: two cameras, one identity
#     FirmwareVersion 5.10                       5.1, as that of firmware 5.1
#     HardwareId 1.0                             1
#     presets 1 Piazza, 2 Piazza, 3 and 4 without a name      two: "Piazza" is 2, "undefined" is 4
#   A leading zero saves a value ("0042" stays text), so tests with such numbers see nothing.
# Why it matters: an inventory joined by serial number merges devices; "is the firmware older than 5.9" is answered wrongly; an
#   officer's first "Piazza" cannot be chosen any more, and the second one goes by its name.
# What to do: take the raw XML (each callback has it as third argument) where identity counts; read cam.presets, which has the
#   tokens as keys, instead of the result.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v npm >"$work/found" || { apt-get -q update && apt-get -qy install --no-install-recommends npm; } >"$work/apt" 2>&1
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts onvif@0.8.3

cat >"$work/camera.js" <<'JAVASCRIPT'
const assert = require("node:assert");
const http = require("node:http");
const { Cam } = require("onvif");

const PRESETS = '<z:Preset token="1"><t:Name>Piazza</t:Name></z:Preset><z:Preset token="2"><t:Name>Piazza</t:Name></z:Preset>'
  + '<z:Preset token="3"/><z:Preset token="4"/>';
let serials = ["20240417000123456789", "20240417000123456790"];

function answer(request) {
  if (request.includes("GetPresets")) return `<z:GetPresetsResponse>${PRESETS}</z:GetPresetsResponse>`;
  return "<d:GetDeviceInformationResponse><d:Manufacturer>Prova</d:Manufacturer><d:Model>Dome</d:Model>"
    + `<d:FirmwareVersion>5.10</d:FirmwareVersion><d:SerialNumber>${serials.shift()}</d:SerialNumber>`
    + "<d:HardwareId>1.0</d:HardwareId></d:GetDeviceInformationResponse>";
}

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => { body += part; });
  request.on("end", () => {
    response.setHeader("Content-Type", "application/soap+xml");
    response.setHeader("Connection", "close");
    response.end('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl"'
      + ' xmlns:z="http://www.onvif.org/ver20/ptz/wsdl" xmlns:t="http://www.onvif.org/ver10/schema">'
      + `<s:Body>${answer(body)}</s:Body></s:Envelope>`);
  });
});

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const camera = new Cam({ hostname: "127.0.0.1", port, autoconnect: false, timeout: 10000 });
  camera.uri = { ptz: new URL(`http://127.0.0.1:${port}/ptz`) };
  const ask = (method, ...given) => new Promise((done, failed) => {
    camera[method](...given, (error, result) => (error ? failed(error) : done(result)));
  });
  const first = await ask("getDeviceInformation");
  const second = await ask("getDeviceInformation");
  const presets = await ask("getPresets", { profileToken: "main" });
  server.close();
  console.log(first, second.serialNumber, JSON.stringify(presets), Object.keys(camera.presets));
  try {
    assert.strictEqual(typeof first.serialNumber, "number");
    assert.notStrictEqual(String(first.serialNumber), "20240417000123456789");
    assert.strictEqual(first.serialNumber, second.serialNumber);
    assert.strictEqual(first.firmwareVersion, 5.1);
    assert.strictEqual(first.hardwareId, 1);
    assert.deepStrictEqual(Object.keys(presets), ["Piazza", "undefined"]);
    assert.deepStrictEqual([presets.Piazza.$.token, presets.undefined.$.token], [2, 4]);
    assert.deepStrictEqual(Object.keys(camera.presets), ["1", "2", "3", "4"]);
  } catch (difference) {
    console.error(`what npm's onvif makes of numbers and preset names has changed: ${difference.message.split("\n")[0]}`);
    process.exitCode = 1;
  }
});
JAVASCRIPT
(cd "$work" && timeout 60 node camera.js)
