#!/usr/bin/env bash
# ONVIF events kept as XML: ElementTree, xmldom and C14N 2.0 lose which namespace the topic is in, or put it into another one.
#
# Versions: ElementTree of Python 3.11 (Debian 12); PyPI lxml 6.1.3; npm @xmldom/xmldom 0.9.12.
# Expected: the text of Topic is a path whose first name is a QName (ONVIF Core 9.6.3), and a device may use any prefix (5.3). What a
#   library reads and writes again, or canonicalises to be hashed, means the same afterwards.
# Seen, namespace of the topic's prefix in what was written, for one event in an envelope that declares it:
#                                                     prefix tns1         prefix ns1
#     ElementTree tostring, the whole envelope        none                WS-BaseNotification
#     ElementTree tostring, the notification          none                ONVIF schema
#     ElementTree and lxml canonicalize (C14N 2.0)    none                none
#     the same, qname_aware_tags={Topic}              none                none
#     lxml, exclusive C14N of the notification        none                none
#     lxml, C14N 2.0 of the notification              ValueError: namespace "is not declared in scope", which it is, in the envelope
#     xmldom, XMLSerializer of the notification       none                none
#     lxml tostring or C14N 1.0 of it, or exclusive   ONVIF topics        ONVIF topics
#       with inclusive_ns_prefixes
#   A prefix in a text is not seen as used, and ElementTree gives out its own ns0, ns1, ns2, also where the text has one of these.
#   qname_aware_tags is made for QNames in texts, but only for a text that is nothing else: the slash of a path ends it.
# Why it matters: "tns1:RuleEngine/..." filed beside a recording says what the camera's rule saw. A reader that knows namespaces finds
#   none, or one in which there are no topics; a maker's own topic of the same name cannot be told from ONVIF's any more.
# What to do: keep the bytes as they came; to cut one event out use inclusive C14N 1.0 or name the prefixes; file the topic with its
#   namespace written out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in npm python3-venv; do
  command -v "$tool" >"$work/found" || dpkg -s "$tool" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$tool"; } >"$work/apt" 2>&1
done
/usr/bin/python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install lxml==6.1.3
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts @xmldom/xmldom@0.9.12

cat >"$work/cut.js" <<'JAVASCRIPT'
const { DOMParser, XMLSerializer } = require("@xmldom/xmldom");

const envelope = new DOMParser().parseFromString(require("node:fs").readFileSync(0, "utf8"), "text/xml");
process.stdout.write(new XMLSerializer().serializeToString(envelope.getElementsByTagName("n:NotificationMessage")[0]));
JAVASCRIPT
cat >"$work/keep.py" <<'PYTHON'
import subprocess, sys
import xml.etree.ElementTree as ElementTree
from lxml import etree

NOTIFICATION, TOPIC = (f"{{http://docs.oasis-open.org/wsn/b-2}}{name}" for name in ("NotificationMessage", "Topic"))
NAMES = {
    None: "none", "http://www.onvif.org/ver10/topics": "ONVIF topics", "http://www.onvif.org/ver10/schema": "ONVIF schema",
    "http://docs.oasis-open.org/wsn/b-2": "WS-BaseNotification",
}


def sent(prefix):
    return (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://docs.oasis-open.org/wsn/b-2" '
        f'xmlns:t="http://www.onvif.org/ver10/schema" xmlns:{prefix}="http://www.onvif.org/ver10/topics"><e:Body>'
        '<n:NotificationMessage><n:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f"{prefix}:RuleEngine/CellMotionDetector/Motion</n:Topic><n:Message>"
        '<t:Message UtcTime="2026-11-29T19:59:59Z" PropertyOperation="Changed"/></n:Message></n:NotificationMessage>'
        "</e:Body></e:Envelope>")


def by_xmldom(text):
    return subprocess.run(["node", sys.argv[1]], input=text.encode(), check=True, capture_output=True).stdout


def plain(text):
    return ElementTree.fromstring(text)


def event(text):
    return etree.fromstring(text).find(f".//{NOTIFICATION}")


WAYS = {
    "ElementTree tostring, whole": lambda text, _: ElementTree.tostring(plain(text)),
    "ElementTree tostring, event": lambda text, _: ElementTree.tostring(plain(text).find(f".//{NOTIFICATION}")),
    "ElementTree canonicalize": lambda text, _: ElementTree.canonicalize(text),
    "ElementTree canonicalize, aware": lambda text, _: ElementTree.canonicalize(text, qname_aware_tags={TOPIC}),
    "lxml canonicalize": lambda text, _: etree.canonicalize(text),
    "lxml canonicalize, aware": lambda text, _: etree.canonicalize(text, qname_aware_tags={TOPIC}),
    "lxml exclusive, event": lambda text, _: etree.tostring(event(text), method="c14n", exclusive=True),
    "lxml C14N 2.0, event": lambda text, _: etree.tostring(event(text), method="c14n2"),
    "xmldom, event": lambda text, _: by_xmldom(text),
    "lxml tostring, event": lambda text, _: etree.tostring(event(text)),
    "lxml C14N 1.0, event": lambda text, _: etree.tostring(event(text), method="c14n"),
    "lxml exclusive, event, named": lambda text, prefix: etree.tostring(
        event(text), method="c14n", exclusive=True, inclusive_ns_prefixes=[prefix]),
}


def kept(way, prefix):
    """Namespace that the topic's prefix has after all."""
    try:
        written = way(sent(prefix), prefix)
    except ValueError as error:
        return "not declared" if "is not declared in scope" in str(error) else f"{error}"
    topic = next(etree.fromstring(written).iter(TOPIC))
    assert topic.text == f"{prefix}:RuleEngine/CellMotionDetector/Motion", topic.text
    return NAMES[topic.nsmap.get(prefix)]


for name, way in WAYS.items():
    print(f"{name}: {kept(way, 'tns1')}; {kept(way, 'ns1')}")
PYTHON
seen=$(cd "$work" && venv/bin/python keep.py cut.js)
expected="ElementTree tostring, whole: none; WS-BaseNotification
ElementTree tostring, event: none; ONVIF schema
ElementTree canonicalize: none; none
ElementTree canonicalize, aware: none; none
lxml canonicalize: none; none
lxml canonicalize, aware: none; none
lxml exclusive, event: none; none
lxml C14N 2.0, event: not declared; not declared
xmldom, event: none; none
lxml tostring, event: ONVIF topics; ONVIF topics
lxml C14N 1.0, event: ONVIF topics; ONVIF topics
lxml exclusive, event, named: ONVIF topics; ONVIF topics"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what becomes of a topic's namespace has changed" >&2; exit 1; }
