"""Drives a simulated dome with PyPI onvif-zeep. Arguments: host, port, user, password, control URL, camera id.

Exits non-zero at the first surprise. Deliberately absent: anything of Vedetta's own client.
"""

import datetime
import json
import sys
import time
import urllib.request

import requests
import zeep.exceptions
import zeep.plugins
from onvif import ONVIFCamera, ONVIFError
from requests.auth import HTTPDigestAuth

# onvif-zeep passes xs:anyType through zeep, which wants help (its own documentation says so).
zeep.xsd.simple.AnySimpleType.pythonvalue = lambda self, value: value

host, port, user, password, control, camera_id = sys.argv[1:]


def truth():
    with urllib.request.urlopen(f"{control}/cameras/{camera_id}", timeout=5) as reply:
        return json.load(reply)


def order(what, body):
    request = urllib.request.Request(f"{control}/cameras/{camera_id}/{what}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request, timeout=5).close()


def until(what, condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise SystemExit(f"did not happen in {seconds} s: {what}")


def refused(what, call):
    try:
        call()
    except (ONVIFError, zeep.exceptions.Fault) as error:
        return str(error)
    raise SystemExit(f"was not refused: {what}")


def check(what, condition):
    if not condition:
        raise SystemExit(f"failed: {what}")
    print(f"ok: {what}")


camera = ONVIFCamera(host, int(port), user, password)
information = camera.devicemgmt.GetDeviceInformation()
check("device information", information.SerialNumber.startswith("SIM"))
clock = camera.devicemgmt.GetSystemDateAndTime()
check("clock", abs(clock.UTCDateTime.Date.Year - datetime.datetime.now(datetime.timezone.utc).year) <= 1)
check("host name", camera.devicemgmt.GetHostname().Name == camera_id)
check("scopes", any("type/ptz" in scope.ScopeItem for scope in camera.devicemgmt.GetScopes()))
check("interfaces", camera.devicemgmt.GetNetworkInterfaces()[0].Info.Name == "lo")
services = {service.Namespace for service in camera.devicemgmt.GetServices({"IncludeCapability": True})}
check("services", "http://www.onvif.org/ver20/media/wsdl" in services)
check("capabilities", camera.devicemgmt.GetCapabilities({"Category": "All"}).PTZ.XAddr.endswith("ptz_service"))
users = {one.Username: one.UserLevel for one in camera.devicemgmt.GetUsers()}
check("users", users[user] == "Administrator" and "User" in users.values())
camera.devicemgmt.CreateUsers({"User": [{"Username": "extra", "Password": "estate2026", "UserLevel": "User"}]})
check("user added", "extra" in {one.Username for one in camera.devicemgmt.GetUsers()})
camera.devicemgmt.DeleteUsers({"Username": ["extra"]})
check("user removed", "extra" not in {one.Username for one in camera.devicemgmt.GetUsers()})

media = camera.create_media_service()
profiles = media.GetProfiles()
check("profiles", [profile.token for profile in profiles] == ["main", "sub"])
sub = profiles[1]
check("encoder", sub.VideoEncoderConfiguration.Encoding == "H264")
check("PTZ on the profile", sub.PTZConfiguration.NodeToken)
setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
uri = media.GetStreamUri({"StreamSetup": setup, "ProfileToken": "main"}).Uri
check("stream URI", uri == "rtsp://127.0.0.1:5554/main")
check("video source", media.GetVideoSources()[0].Resolution.Width == 1280)
options = media.GetVideoEncoderConfigurationOptions({"ProfileToken": "sub"})
check("encoder options", options.H264.ResolutionsAvailable[0].Width == 640)
media.SetSynchronizationPoint({"ProfileToken": "main"})
check("unknown profile", "profile" in refused("profile", lambda: media.GetProfile({"ProfileToken": "x"})).lower())
check("unknown operation", refused("OSD", lambda: media.GetOSDs()))

ptz = camera.create_ptz_service()
node = ptz.GetNodes()[0]
check("node", node.HomeSupported and node.SupportedPTZSpaces.ContinuousPanTiltVelocitySpace[0].XRange.Max == 1.0)
configuration = ptz.GetConfigurations()[0]
check("configuration", configuration.DefaultPTZTimeout == datetime.timedelta(seconds=5))
limits = ptz.GetConfigurationOptions({"ConfigurationToken": configuration.token})
check("timeouts", limits.PTZTimeout.Max)


def status():
    return ptz.GetStatus({"ProfileToken": "main"})


def idle():
    now = status()
    return now if now.MoveStatus.PanTilt == "IDLE" and now.MoveStatus.Zoom == "IDLE" else None


def close(a, b):
    return abs(a - b) < 0.01


target = {"PanTilt": {"x": 0.25, "y": 0.5}, "Zoom": {"x": 0.3}}
ptz.AbsoluteMove({"ProfileToken": "main", "Position": target})
until("moving is told", lambda: status().MoveStatus.PanTilt == "MOVING")
there = until("absolute move ends", idle).Position
check("absolute", close(there.PanTilt.x, 0.25) and close(there.PanTilt.y, 0.5) and close(there.Zoom.x, 0.3))
check("status is the truth", close(truth()["position"]["pan"], there.PanTilt.x))

ptz.RelativeMove({"ProfileToken": "main", "Translation": {"PanTilt": {"x": -0.1, "y": 0.0}}})
there = until("relative move ends", lambda: (now := idle()) and close(now.Position.PanTilt.x, 0.15) and now).Position
check("relative", close(there.PanTilt.y, 0.5))

velocity = {"PanTilt": {"x": 0.2, "y": 0.0}}
ptz.ContinuousMove({"ProfileToken": "main", "Velocity": velocity, "Timeout": datetime.timedelta(seconds=30)})
until("continuous move", lambda: status().MoveStatus.PanTilt == "MOVING")
ptz.Stop({"ProfileToken": "main", "PanTilt": True, "Zoom": True})
until("stop", lambda: not truth()["moving"], 5)
before = time.monotonic()
ptz.ContinuousMove({"ProfileToken": "main", "Velocity": {"Zoom": {"x": -0.5}}, "Timeout": datetime.timedelta(seconds=1)})
until("zoom out", lambda: truth()["moving"], 5)
until("timeout stops", lambda: not truth()["moving"], 5)
check("not before the timeout", time.monotonic() - before >= 0.3)
far = {"PanTilt": {"x": 4.0, "y": 0.0}}
check("out of bounds", refused("position", lambda: ptz.AbsoluteMove({"ProfileToken": "main", "Position": far})))

until("idle", idle)
token = ptz.SetPreset({"ProfileToken": "main", "PresetName": "Qui"})
check("preset kept", token in {preset.token for preset in ptz.GetPresets({"ProfileToken": "main"})})
place = truth()["position"]
ptz.GotoHomePosition({"ProfileToken": "main"})
until("home", lambda: not truth()["moving"] and abs(truth()["pose"]["pan_deg"]) < 0.1)
ptz.GotoPreset({"ProfileToken": "main", "PresetToken": token})
until("at the preset", lambda: not truth()["moving"] and close(truth()["position"]["pan"], place["pan"]))
ptz.RemovePreset({"ProfileToken": "main", "PresetToken": token})
check("preset gone", refused("preset", lambda: ptz.GotoPreset({"ProfileToken": "main", "PresetToken": token})))
ptz.SetHomePosition({"ProfileToken": "main"})

events = camera.create_events_service()
check("topics", events.GetEventProperties().FixedTopicSet)
created = events.CreatePullPointSubscription({"InitialTerminationTime": "PT60S"})
camera.xaddrs["http://www.onvif.org/ver10/events/wsdl/PullPointSubscription"] = created.SubscriptionReference.Address._value_1
pull = camera.create_pullpoint_service()
history = zeep.plugins.HistoryPlugin()
pull.zeep_client.plugins.append(history)
ask = {"Timeout": datetime.timedelta(seconds=5), "MessageLimit": 10}


def states():
    told = []
    messages = pull.PullMessages(ask).NotificationMessage
    # zeep drops the text of a topic (mixed content), so that is read from the envelope it received.
    topics = [topic.text for topic in history.last_received["envelope"].iter("{http://docs.oasis-open.org/wsn/b-2}Topic")]
    for topic, message in zip(topics, messages, strict=True):
        inner = message.Message._value_1
        item = [one for one in inner.iter() if one.get("Name") == "State"][0]
        told.append((topic, inner.get("PropertyOperation"), item.get("Value")))
    return told


check("first states", ("tns1:VideoSource/MotionAlarm", "Initialized", "false") in states())
order("motion", {"active": True})
check("motion told", states() == [("tns1:VideoSource/MotionAlarm", "Changed", "true")])
order("tamper", {"active": True})
check("tamper told", states() == [("tns1:VideoSource/GlobalSceneChange/ImagingService", "Changed", "true")])

if camera.devicemgmt.GetCapabilities({"Category": "All"}).Extension:
    # onvif-zeep takes addresses from the top of GetCapabilities only.
    for service in camera.devicemgmt.GetServices({"IncludeCapability": False}):
        camera.xaddrs[service.Namespace] = service.XAddr
    recording = camera.create_recording_service()
    token = recording.GetRecordings()[0].RecordingToken
    search = camera.create_search_service()
    check("summary", search.GetRecordingSummary().NumberRecordings == 1)
    job = search.FindRecordings({"Scope": {}, "KeepAliveTime": datetime.timedelta(seconds=10)})
    found = search.GetRecordingSearchResults({"SearchToken": job})
    check("recording found", found.RecordingInformation[0].RecordingToken == token)
    search.EndSearch({"SearchToken": job})
    replay = camera.create_replay_service()
    uri = replay.GetReplayUri({"StreamSetup": setup, "RecordingToken": token})
    check("replay URI", uri == "rtsp://127.0.0.1:5554/replay")

stranger = ONVIFCamera(host, int(port), user, "not the password")
check("wrong password", "uthorized" in refused("stranger", stranger.devicemgmt.GetDeviceInformation))

body = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    '<GetDeviceInformation xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
)
address = f"http://{host}:{port}/onvif/device_service"
for persona in ("normal", "axis", "sha256-only"):
    order("faults", {"persona": persona})
    session = requests.Session()
    session.auth = HTTPDigestAuth(user, password)
    for _ in range(3):
        reply = session.post(address, body, timeout=5)
        check(f"HTTP digest, {persona}", reply.status_code == 200 and "SIM" in reply.text)
    wrong = requests.post(address, body, auth=HTTPDigestAuth(user, "wrong"), timeout=5)
    check("wrong digest", wrong.status_code == 401)
print("all as a camera should")
