#!/usr/bin/env bash
# ONVIF events: zeep writes one and the same Python duration as PT1M in one field and as 0:01:00 in the next.
#
# Versions: PyPI zeep 4.3.3, with the WSDL files of onvif-zeep 0.2.12.
# Expected: datetime.timedelta is zeep's type for xs:duration; it reads PT60S as one and writes one as PT1M. So it is what one
#   gives wherever the WSDL has a duration.
# Seen: right in ContinuousMove and PullMessages, where the type is xs:duration. InitialTerminationTime of a pull point is
#   wsnt:AbsoluteOrRelativeTimeType, a union of dateTime and duration: there Python's own spelling goes out, no error.
#     ContinuousMove         <Timeout>PT1M</Timeout>
#     PullMessages           <Timeout>PT1M</Timeout>
#     CreatePullPointSubscription <InitialTerminationTime>0:01:00</InitialTerminationTime>
# Why it matters: 0:01:00 is neither a dateTime nor a duration. A strict camera answers a fault that names the request and not
#   the field; a lax one takes its own default, and the subscription ends under way or holds one of a handful of places.
# What to do: give a text, "PT60S", wherever the type is a union; look at what is sent, not at what the call took.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install zeep==4.3.3 onvif-zeep==0.2.12

cat >"$work/write.py" <<'PYTHON'
import datetime, pathlib, sysconfig
import zeep

folder = pathlib.Path(sysconfig.get_paths()["purelib"], "wsdl")
minute = datetime.timedelta(minutes=1)


def sent(file, port, operation, field, **values):
    client = zeep.Client(str(folder / file))
    service = next(s for s in client.wsdl.services.values() if port in s.ports)
    message = client.create_message(client.bind(service.name, port), operation, **values)
    return next(element.text for element in message.iter() if element.tag.endswith("}" + field))


rows = [
    ("ContinuousMove", "Timeout", "PT1M",
     sent("ptz.wsdl", "PTZPort", "ContinuousMove", "Timeout",
          ProfileToken="main", Velocity={"Zoom": {"x": 0.1}}, Timeout=minute)),
    ("PullMessages", "Timeout", "PT1M",
     sent("events.wsdl", "PullPointSubscription", "PullMessages", "Timeout", Timeout=minute, MessageLimit=10)),
    ("CreatePullPointSubscription", "InitialTerminationTime", "0:01:00",
     sent("events.wsdl", "EventPortType", "CreatePullPointSubscription", "InitialTerminationTime",
          InitialTerminationTime=minute)),
    ("CreatePullPointSubscription", "InitialTerminationTime", "PT60S",
     sent("events.wsdl", "EventPortType", "CreatePullPointSubscription", "InitialTerminationTime",
          InitialTerminationTime="PT60S")),
]
for operation, field, _, seen in rows:
    print(f"{operation:28} <{field}>{seen}</{field}>")
if any(seen != expected for _, _, expected, seen in rows):
    raise SystemExit("how zeep writes a duration into a union has changed")
PYTHON
"$work/venv/bin/python" "$work/write.py"
