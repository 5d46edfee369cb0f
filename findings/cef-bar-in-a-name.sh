#!/usr/bin/env bash
# Audit records to a SIEM: CEF with a bar in the event's name, escaped as it has to be, loses name and severity in jc and pycef.
#
# Versions: senders PyPI format-cef 0.0.4 and cefevent 0.5.6; readers PyPI jc 1.26.1, pycef 1.11, cefp 0.0.2.
# Expected: in the header of CEF a bar is written \| and a backslash \\, in the extension an equals sign \= (CEF implementation
#   standard, "Character Encoding"); jc's handbook names all three. Both senders do so, and cefp reads what was meant.
# Seen, name, severity and name of the first field of one event, act=rilascio suser=rossi:
#                                   jc and pycef                             cefp
#     name Esportazione             Esportazione, 5, act                     Esportazione, 5, act
#     name Esportazione | firmata   empty, none, firmata|5|act               Esportazione | firmata, 5, act
#     name Zoom = 2                 empty, none, 2|5|act                     Zoom = 2, 5, act
#     vendor Comune \ Rete          jc: unparsable; pycef: IndexError        Esportazione, 5, act
#   The header is taken up to the field with a backslash or an equals sign; what is left of it becomes part of the extension's first
#   name, so that field (what was done) is lost as well. No warning except for the vendor.
# Why it matters: names of cameras and presets come from people ("Varco 3 | uscita"). The record of an export arrives at the SIEM
#   without name, severity and action, and no rule fires on it; nobody misses it.
# What to do: keep bars, backslashes and equals signs out of the seven fields of the header (names of things go into the extension,
#   the event's name is a constant); test the forwarding with such a name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install cefevent==0.5.6 cefp==0.0.2 format-cef==0.0.4 jc==1.26.1 pycef==1.11

cat >"$work/try.py" <<'PYTHON'
import cefp, jc, pycef
from cefevent import CEFEvent
from format_cef import format_cef

ACTION = "rilascio"


def by_format_cef(vendor, name):
    line = format_cef(vendor, "Vedetta", "1.0", "100", name, 5, {"deviceAction": ACTION, "sourceUserName": "rossi"})
    return line.decode()


def by_cefevent(vendor, name):
    event = CEFEvent()
    for field, value in {"deviceVendor": vendor, "deviceProduct": "Vedetta", "deviceVersion": "1.0", "deviceEventClassId": "100",
                         "name": name, "severity": 5, "deviceAction": ACTION, "sourceUserName": "rossi"}.items():
        event.set_field(field, value)
    return event.build_cef()


def read_by_jc(line):
    (event,) = jc.parse("cef", line, raw=True, quiet=True)
    if "unparsable" in event:
        return "unparsable"
    return event["deviceVendor"], event["name"], event.get("agentSeverity"), first(event)


def read_by_pycef(line):
    try:
        event = pycef.parse(line)
    except IndexError:
        return "IndexError"
    return event["DeviceVendor"], event["Name"], event.get("Severity"), first(event)


def read_by_cefp(line):
    event = cefp.parse(line)
    return event["device"]["vendor"], event["name"], event["severity"], first(event["extension"])


def first(event):
    return next((key for key, value in event.items() if ACTION in str(value)), None)


seen = {}
for vendor, name in (("Comune", "Esportazione"), ("Comune", "Esportazione | firmata"), ("Comune", "Zoom = 2"),
                     ("Comune \\ Rete", "Esportazione")):
    for sender in (by_format_cef, by_cefevent):
        line = sender(vendor, name)
        print(line)
        for reader in (read_by_jc, read_by_pycef, read_by_cefp):
            what = reader(line)
            print("   ", reader.__name__, what)
            seen.setdefault((vendor, name, reader), set()).add(what)

BOTH = (read_by_jc, read_by_pycef)
expected = {(vendor, name, read_by_cefp): {(vendor, name, "5", "act")} for vendor, name, _ in seen}
expected |= {("Comune", "Esportazione", reader): {("Comune", "Esportazione", "5", "act")} for reader in BOTH}
expected |= {("Comune", "Esportazione | firmata", reader): {("Comune", "", None, "firmata|5|act")} for reader in BOTH}
expected |= {("Comune", "Zoom = 2", reader): {("Comune", "", None, "2|5|act")} for reader in BOTH}
expected |= {("Comune \\ Rete", "Esportazione", read_by_jc): {"unparsable"},
             ("Comune \\ Rete", "Esportazione", read_by_pycef): {"IndexError"}}
raise SystemExit("how CEF is read has changed" if seen != expected else 0)
PYTHON
"$work/venv/bin/python" "$work/try.py"
