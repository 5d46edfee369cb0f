#!/usr/bin/env bash
# ONVIF events: PyPI's onvif-python keeps the last item of an event's source and data, and reads the text 12E345 as infinity.
#
# Versions: PyPI onvif-python 0.4.7 with zeep 4.3.3, its settings as they come.
# Expected: an event's Source and Data are lists of SimpleItem (onvif.xsd, ItemList: 0 to unbounded); a client gives a list, or
#   an object with a name for each. Values are texts whose type stands in the topic set.
# Seen: the library's own reading of xs:any makes an object with element names as keys, so each SimpleItem takes the place of
#   the one before; and every text that Python's float() takes becomes a number.
#     sent: Source VideoSource=001, Rule=varco; Data Likelihood=0.97, Label=12E345, Direction=Entering
#     read: Source {Name: Rule, Value: varco}; Data {Name: Direction, Value: Entering}
#     sent: Source VideoSource=001; Data Likelihood=0.97, Label=12E345
#     read: Source {Name: VideoSource, Value: 1}; Data {Name: Label, Value: inf}
#   No error and no mark. Events with one item each, such as motion, come out right, so a first test passes.
# Why it matters: the reading of a plate without its text or its likelihood, or which rule of which camera fired; a token of 001 that matches no camera.
#   As a check of a simulator or a server it says that items are missing which were sent.
# What to do: read message._value_1, where the element lies untouched, or ONVIFClient(apply_patch=False).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install onvif-python==0.4.7 zeep==4.3.3

cat >"$work/events.py" <<'PYTHON'
import http.server, math, re, threading
from onvif import ONVIFClient

SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope", "tds": "http://www.onvif.org/ver10/device/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl", "tt": "http://www.onvif.org/ver10/schema",
    "tns1": "http://www.onvif.org/ver10/topics", "wsa": "http://www.w3.org/2005/08/addressing",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
}
DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
TIMES = "2026-11-29T20:00:00Z", "2026-11-29T20:01:00Z"


def items(values):
    return "".join(f'<tt:SimpleItem Name="{name}" Value="{value}"/>' for name, value in values)


def event(source, data):
    return (
        '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        "tns1:RuleEngine/Recognition/LicensePlate</wsnt:Topic><wsnt:Message>"
        '<tt:Message UtcTime="2026-11-29T19:59:59Z" PropertyOperation="Changed">'
        f"<tt:Source>{items(source)}</tt:Source><tt:Data>{items(data)}</tt:Data></tt:Message>"
        "</wsnt:Message></wsnt:NotificationMessage>")


EVENTS = event(
    [("VideoSource", "001"), ("Rule", "varco")], [("Likelihood", "0.97"), ("Label", "12E345"), ("Direction", "Entering")],
) + event([("VideoSource", "001")], [("Likelihood", "0.97"), ("Label", "12E345")])


class Camera(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        operation = re.search(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", asked).group(1)
        here = f"http://127.0.0.1:{self.server.server_port}"
        services = "".join(
            f"<tds:Service><tds:Namespace>{SPACES[prefix]}</tds:Namespace><tds:XAddr>{here}/{prefix}</tds:XAddr>"
            "<tds:Version><tt:Major>24</tt:Major><tt:Minor>12</tt:Minor></tds:Version></tds:Service>"
            for prefix in ("tds", "tev"))
        answers = {
            "GetServices": ("tds", services),
            "CreatePullPointSubscription": (
                "tev", f"<tev:SubscriptionReference><wsa:Address>{here}/pull</wsa:Address></tev:SubscriptionReference>"
                f"<wsnt:CurrentTime>{TIMES[0]}</wsnt:CurrentTime><wsnt:TerminationTime>{TIMES[1]}</wsnt:TerminationTime>"),
            "PullMessages": (
                "tev", f"<tev:CurrentTime>{TIMES[0]}</tev:CurrentTime><tev:TerminationTime>{TIMES[1]}</tev:TerminationTime>"
                + EVENTS),
        }
        prefix, content = answers[operation]
        body = (f"<s:Envelope {DECLARED}><s:Body><{prefix}:{operation}Response>{content}</{prefix}:{operation}Response>"
                "</s:Body></s:Envelope>").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = ONVIFClient("127.0.0.1", server.server_port, "sala", "prova")
pull = client.pullpoint(client.events().CreatePullPointSubscription())
read = []
for notification in pull.PullMessages(Timeout="PT1S", MessageLimit=10).NotificationMessage:
    message = notification.Message.Message
    read.append((message["Source"], message["Data"]))
    print("read:", read[-1])
    whole = [item.get("Name") for item in notification.Message._value_1[0].iter("{%s}SimpleItem" % SPACES["tt"])]
    print("sent:", ", ".join(whole))
server.shutdown()
expected = [
    ({"SimpleItem": {"Name": "Rule", "Value": "varco"}}, {"SimpleItem": {"Name": "Direction", "Value": "Entering"}}),
    ({"SimpleItem": {"Name": "VideoSource", "Value": 1}}, {"SimpleItem": {"Name": "Label", "Value": math.inf}}),
]
if read != expected:
    raise SystemExit("what onvif-python makes of an event's items has changed")
PYTHON
timeout 120 "$work/venv/bin/python" "$work/events.py"
