#!/usr/bin/env bash
# ONVIF events: PyPI's onvif-parsers reads an alarm that is sent as 1 as no alarm, in 35 of its 36 kinds: tampering, motion, a dead disk.
#
# Versions: PyPI onvif-parsers 2.5.0 (made for Home Assistant) with onvif-zeep-async 4.3.0 and its WSDL files, zeep 4.3.3.
# Expected: the topic set gives an item's type (ONVIF Core 9.6.2), for a state xs:boolean, and that is written true or 1, false or 0 (XML
#   Schema part 2, 3.2.2). zeep, which hands the event over, reads 1 as true. Items are told apart by name, not by place (Core 9.4.1).
# Seen, what it says to one event of each topic that says whether something is so:
#     sent                                                  true     false
#     true                                                  36       0
#     1                                                     1        35
#     false, 0                                              0        36
#     true, with ObjectId as an item in front of it         8        28
#   It compares the text of the first item with "true"; only MotionRegionDetector/Motion knows 1 too, and Tapo's eight go by name. The
#   other 12 of the 48 topics are numbers, times and words. No error and no log: the event counts as read, and its value is False.
# Why it matters: what comes is not "unknown" but "all clear": the entity is there, reports arrive, and it never turns on. A recorder
#   did send 1 to Home Assistant (its issue 37545: State 1 of VideoSource/MotionAlarm), for which these readers are made. With a camera
#   that writes true all tests pass; the one beside it may be covered, or its disk fail, and the log says that it is not so.
# What to do: read the state by the item's name, take 1 as true, raise where it is neither; test each kind with all four spellings.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
/usr/bin/python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install onvif-parsers==2.5.0 onvif-zeep-async==4.3.0 zeep==4.3.3

cat >"$work/read.py" <<'PYTHON'
import asyncio, collections, logging, pathlib, sys
import onvif, onvif_parsers, zeep
from lxml import etree
from onvif_parsers import registry

logging.basicConfig(level=logging.INFO, stream=sys.stdout)
WSDL = zeep.Client(str(pathlib.Path(onvif.__file__).parent / "wsdl" / "events.wsdl"))
NOTIFICATION = WSDL.get_type("{http://docs.oasis-open.org/wsn/b-2}NotificationMessageHolderType")
SOURCE = {"VideoSourceConfigurationToken": "V1", "VideoAnalyticsConfigurationToken": "A1", "Rule": "Varco 3"}
NAMES = ("State", "IsPeople")  # Tapo's topics are read by name, and one name is enough
SPELLINGS = {
    "true": [("", "true")], "1": [("", "1")], "false": [("", "false")], "0": [("", "0")],
    "true, second": [("ObjectId", "17"), ("", "true")],
}


def items(pairs):
    return "".join(f'<t:SimpleItem Name="{name}" Value="{value}"/>' for name, value in pairs)


def event(topic, data):
    """As zeep reads it from a device's answer."""
    return NOTIFICATION.parse_xmlelement(etree.fromstring(
        '<n:NotificationMessage xmlns:n="http://docs.oasis-open.org/wsn/b-2" xmlns:t="http://www.onvif.org/ver10/schema" '
        'xmlns:tns1="http://www.onvif.org/ver10/topics">'
        f'<n:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">{topic}</n:Topic><n:Message>'
        f'<t:Message UtcTime="2026-12-01T02:00:00Z" PropertyOperation="Changed"><t:Source>{items(SOURCE.items())}</t:Source>'
        f"<t:Data>{items(data)}</t:Data></t:Message></n:Message></n:NotificationMessage>"), WSDL.wsdl.types)


def said(topic, spelling):
    """True or False, if the topic is one that says so."""
    for name in NAMES:
        data = [(given or name, value) for given, value in SPELLINGS[spelling]]
        try:
            read = asyncio.run(onvif_parsers.parse(topic, "camera", event(topic, data)))
        except ValueError:
            return None  # a number
        if read:
            return read[0].value if read[0].platform == "binary_sensor" else None
    return None


(topics,) = [known for known in vars(registry._REGISTRY).values() if isinstance(known, dict)]
kinds = [topic for topic in topics if said(topic, "true") is True]
print(f"{len(topics)} topics, {len(kinds)} that say whether it is so")
for spelling in SPELLINGS:
    got = collections.Counter(said(topic, spelling) for topic in kinds)
    print(f"{spelling}: {got[True]} true, {got[False]} false")
print("1 is true for:", ", ".join(topic for topic in kinds if said(topic, "1")))
for topic in ("RuleEngine/TamperDetector/Tamper", "Device/HardwareFailure/StorageFailure", "VideoSource/MotionAlarm"):
    print(f"{topic}, 1: {said(f'tns1:{topic}', '1')}")
print("zeep's own boolean, 1:", zeep.xsd.Boolean().pythonvalue("1"))
PYTHON
seen=$("$work/venv/bin/python" "$work/read.py")
echo "$seen"
expected="48 topics, 36 that say whether it is so
true: 36 true, 0 false
1: 1 true, 35 false
false: 0 true, 36 false
0: 0 true, 36 false
true, second: 8 true, 28 false
1 is true for: tns1:RuleEngine/MotionRegionDetector/Motion
RuleEngine/TamperDetector/Tamper, 1: False
Device/HardwareFailure/StorageFailure, 1: False
VideoSource/MotionAlarm, 1: False
zeep's own boolean, 1: True"
[ "$seen" = "$expected" ] || { echo "how these events are read has changed" >&2; exit 1; }
