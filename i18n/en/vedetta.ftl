### Words of the interface. Say what happened, then what to do.

decimal-sign = .
key-enter = Enter
key-space = Space
key-shift = Shift
span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h

## Program
app-starting = Starting…
app-broken = The workstation cannot work until this is solved. Close the window and try again.
app-signing-out = Closing views and delivering records…
launch-no-graphics = No usable graphics card: the Vulkan or OpenGL driver is missing. Install the package mesa-vulkan-drivers (or the card's driver) and start Vedetta again.
launch-no-window = The window cannot be opened: no display can be reached. Start Vedetta from a graphical session.
launch-no-threads = The system grants no more processes. Close other programs and start Vedetta again.
launch-no-home = The system names no home folder. Start with --enrolment and --data.

## Sign-in
sign-in-user = User name
sign-in-password = Password
sign-in-purpose = Purpose of viewing
sign-in-enter = Sign in
sign-in-waiting = Checking…
sign-in-recorded = The sign-in and every act are recorded in the name of who signs in.
sign-in-protected-file = No system keyring: this workstation's secrets are in a file that only this user can read, which is less safe.
sign-in-incomplete = Write user name and password.
sign-in-wrong = Wrong user name or password. Try again; after several mistakes the account is locked for some minutes.
sign-in-locked = Too many attempts: the account is locked for { $wait }. Wait, or call the system administrator.
sign-in-elsewhere = The account is in use on another workstation. Sign out there before signing in here.
sign-in-station = This workstation is not enabled. Call the system administrator.
sign-in-server = The central server does not answer. Check the network or call maintenance, then try again.
sign-in-plan = The signature of the camera plan is not valid: signing in is stopped. Call the system administrator at once.
sign-in-not-recorded = The sign-in cannot be recorded, so it does not happen. Check the disk space or call maintenance.
sign-in-must-choose = The password has expired or is provisional: choose a new one to enter.
sign-in-second-factor = The authenticator's code is needed, or the one typed is not right. Type the code of now.
sign-in-no-second-factor = Here the account must have a second factor, and it has none. Ask the system administrator for one.
sign-in-code = Authenticator's code (if the account has one)
sign-in-new-password = New password: at least 12 characters, none of the last five
sign-in-new-again = New password, again
sign-in-change = Change the password
sign-in-changed = Password changed. Now enter with the new one.
sign-in-differ = The two new passwords differ. Type them again.
sign-in-session-over = The server ended the session: account disabled, revoked or used elsewhere. Call the system administrator if you did not expect it.
password-length = The new password must have 12 to 200 characters. Choose another.
password-name = The new password contains the name of the account. Choose another.
password-monotonous = The new password is one character repeated. Choose another.
password-used = The new password is one of the last five. Choose one that was never used.

## Workstation
station-not-enrolled = Workstation not enrolled: { $path } is missing or cannot be read. Have the system administrator enrol it.
station-no-keyring = No system keyring. Unlock it, or start with “--secrets file” to use a protected file.
station-outbox = The local record cannot be opened ({ $detail }). Check the disk or call maintenance.

## Purposes
purpose-urban-security = Urban security
purpose-public-order = Public order and safety
purpose-judicial-initiative = Judicial police, own initiative
purpose-judicial-delegated = Judicial police, delegated
purpose-crime-seen-live = Crime seen live
purpose-traffic = Traffic and accidents
purpose-civil-protection = Civil protection
purpose-waste = Waste dumping
purpose-data-subject = Request of a data subject
purpose-maintenance = Maintenance

## Levels
level-operator = operator
level-supervisor = supervisor
level-force-operator = police force operator
level-administrator = system administrator
level-maintainer = maintainer

## Top bar
bar-purpose = Purpose
bar-help = Keys
bar-sign-out = Sign out
audit-delivered = Record: delivered
audit-waiting = Record: { $n } waiting
audit-broken = Record: error, call the administrator
server-reachable = Server: reachable
server-away = Server away, { $left } left
server-away-too-long = Server away: acts are stopped

## List and layout
list-search = Search camera ( / )
list-nothing-found = No camera found.
rail-layouts = Tiles (F2…F10)
wall-go-to = Go to camera

## Tiles
tile-connecting = CONNECTING
tile-reconnecting = RECONNECTING
tile-not-live = NOT LIVE
tile-no-permission = NO PERMISSION
tile-last-picture = Last picture { $age } ago.
tile-trouble-since = { $trouble } For { $since }.
tile-covered-detail = The picture comes back when privacy can be guaranteed again.
covered-pose-unknown = COVERED: POSITION NOT KNOWN
covered-restarted = COVERED: CAMERA RESTARTED
covered-uncertain = COVERED: POSITION UNCERTAIN
covered-school = CLOSED: SCHOOL HOURS
covered-beyond-ceiling = COVERED: ZOOM BEYOND ITS LIMIT
covered-plan = COVERED: PLAN NOT CURRENT
mark-held-by-you = yours
overload-begins = This workstation cannot show every camera: some are at lower quality or jerky, and say so. They come back by themselves; fewer tiles help.
overload-lower = Lower quality: workstation overloaded
overload-lower-short = lower quality
overload-key-frames = Jerky: workstation overloaded
overload-key-frames-short = jerky
verdict-well = All is well
verdict-network = Network: { $percent } % of the packets lost or late
verdict-network-short = network
verdict-camera = Camera: { $received } pictures a second instead of { $announced }
verdict-camera-short = camera
verdict-silent = Nothing comes from the camera
verdict-silent-short = silent
verdict-workstation = { $received } received, { $shown } shown: this workstation is overloaded
verdict-workstation-short = overloaded
figures-rates = { $received } received · { $decoded } decoded · { $shown } shown
figures-stream = Stream { $codec } { $size }
figures-bitrate = Bandwidth { $n }
figures-loss = Loss { $percent } % ({ $packets } packets)
figures-percent = { $percent } %
figures-jitter = Arrival varies by { $ms } ms
figures-ms = { $ms } ms
figures-latency = From the lens to arrival here { $ms } ms
figures-latency-unknown = Delay not known: the camera's clock differs
figures-unknown = not known
mark-event = event { $left }
mark-lifted = mask lifted { $left }
mark-school = school pictures open { $left }
mark-out-of-hours = outside school hours
mark-out-of-hours-short = outside hours

## Panel
panel-playback = Recordings (P)
panel-snapshot = Snapshot (S)
panel-export = Export (E)
panel-free = Free: moving it takes it
panel-held-by-you = You are moving it
panel-held-by = In use: { $name }, { $body }
panel-presets = Saved positions
panel-presets-hint = Alt+Shift+number saves the position
panel-masks = Masks in force
panel-on-camera = On the camera itself
on-camera-kept = as in the plan
on-camera-drift = not as in the plan
on-camera-cannot = does not take them
panel-zoom-ceiling = Zoom ceiling
panel-pan-limit = Pan limits
panel-tilt-limit = Tilt limits
panel-range = { $low }° to { $high }°
panel-no-limit = none
panel-pose = Position
panel-pose-known = { $pan }° / { $tilt }°
panel-pose-unknown = not known
panel-codec = Stream
panel-fps = Decoded a second
panel-bitrate = Bandwidth
panel-kbit = { $n } kbit/s
panel-lost = Packets lost
panel-received = Received a second
panel-latency = From lens to arrival
panel-jitter = Arrival varies by

## Messages
strip-history = History (H)
strip-nothing = No messages.
strip-more = and { $n } more
strip-go-to-camera = Go
strip-put-away = Put away
nothing-selected = No camera on the selected tile: drag one from the list.
not-a-dome = The selected camera is fixed: it cannot be moved.
no-such-camera = No camera has the number { $number }.
no-such-preset = Position { $n } is not saved. Alt+Shift+{ $n } saves it.
preset-name = Position { $n }
preset-saved = Position saved on the camera.
snapshot-saved = Snapshot saved as { $path }

## Recordings
playback-leave = Back to live
playback-recorded = Recorded pictures: the consultation is recorded in your name.
playback-mark = RECORDED
playback-looking = LOOKING FOR RECORDINGS
playback-starting = OPENING
playback-none = NO PICTURE
playback-play = Play
playback-pause = Pause
playback-back = 5 s
playback-forward = 5 s

## Export
export-title = Export of recorded pictures
export-from = From (Rome time)
export-to = To (Rome time)
export-purpose = Purpose
export-reason = Reason
export-protocol = Protocol number of the request
export-for-ever = The export stays in the record for ever, with your name, the reason and the protocol number.
export-start = Export
export-cancel = Cancel
export-stop = Stop
export-close = Close
export-progress = { $percent } % · { $size } · about { $left } left
export-done = Export finished: original, not re-encoded.
export-will-be-original = Original copy: the pictures as the camera recorded them, not re-encoded.
export-will-be-obscured = Obscured copy: the camera has masks. What they hide stays covered; the pictures are re-encoded. The original stays in the recorder.
export-done-obscured = Export finished: obscured and re-encoded copy, masks of plan version { $version }.
export-covered-whole = { $whole } of { $frames } frames are covered whole: it is not known where the dome looked.
export-frames = Frames
export-file = File
export-bad-time = Write dates like 22/11/2026 14:05:09.
export-empty-range = The end must come after the beginning.
export-no-reason = A reason and the protocol number of the request are needed.

## Declared event
declare-title = Declare an event
declare-change = What changes
declare-ceilings = Go beyond the zoom limit
declare-school = Open the school's pictures
declare-mask = Lift the mask «{ $name }»
declare-protocol = Protocol number (if there is one)
declare-minutes = For how many minutes
declare-recorded = The event is recorded with name and reason, shows on every workstation that has the camera, and ends by itself.
declare-start = Declare
declare-end = End
declare-in-force = In force: { $change } · { $name } · { $left } left
declare-nothing = This camera has no zoom limit, no mask that can be lifted and no school calendar.
declare-bad-minutes = Write the minutes as a whole number.

go-on-title = Go on in your own name
go-on-what = The central server does not answer. For fifteen minutes cameras can be watched and steered; recordings and exports stay stopped.
go-on-recorded = Name, reason and time stay in the log.
go-on-start = Go on for 15 minutes
go-on-not-needed = The central server answers: there is no need to go on in your own name.

## Masks
editor-title = Masks
editor-how = Click on the picture, one corner after the other. The mask stays on the place when the camera turns.
editor-corners = Corners: { $n }
editor-undo = Take the last corner back
editor-name = What it hides
editor-permanent = Permanent: never lifted
editor-liftable = Liftable by the supervisor, for minutes
editor-solid = Solid cover
editor-pixelated = Pixelated cover, in the colours around it
editor-blurred = Blurred cover, in the colours around it
editor-lens = calibration of the lens
editor-propose = Propose to the supervisor
editor-not-steady = The pose is not certain yet. Wait until the camera stands.
editor-incomplete = It takes three corners at least, and the name of what is hidden.
editor-recorded = Recorded with your name.
editor-version = version { $n }, drawn by { $author }, approved by { $approver }
editor-first-version = from the first plan
editor-change = Draw anew
editor-remove = Propose to remove
editor-removal = remove { $name }
editor-proposed = Waiting: { $what }
editor-approve = Approve
editor-decline = Decline

## Calibration
calibration-title = Calibration
calibration-how = Bring a point of known direction into the picture, write its direction and click on the point. It takes { $n } points at least, far from each other and not all in the middle.
calibration-azimuth = Direction of the point, degrees
calibration-elevation = Height of the point over the horizon, degrees (below: minus)
calibration-points = Points: { $n }
calibration-undo = Take the last point back
calibration-no-direction = Write the direction and the height of the point first, in degrees.
calibration-found = Lens model, compared with the plan's
calibration-pan = Orientation
calibration-tilt = Tilt
calibration-roll = Roll of the picture
calibration-view = Field of view
calibration-error = Mean error
calibration-worst = Largest error
calibration-allowed = Error the plan allows
calibration-alike = The points are too alike. Choose others, farther apart and away from the middle.
calibration-too-far-off = The error is larger than allowed. Take the wrong point back and do it again.
calibration-not-yet = The calibration is not precise enough yet to be proposed.

## Masks and limits on the camera
drift-masks = Masks of the plan that the camera itself does not keep: { $n }.
drift-limits = The camera itself allows moves beyond the limits of the plan.
drift-do = The picture stays protected here. A supervisor can write them again with the key C; if it happens again, call maintenance.
written-kept = Masks and limits were written to the camera and read back: they are as in the plan.
written-cannot = The camera takes no masks or limits of its own. The picture stays protected here: there is nothing else to do.

## Diagnostics
diagnostics-title = Camera diagnostics
diagnostics-progress = { $done } of { $all }
diagnostics-no-picture = Technical data only: the contractor sees no images.
diagnostics-again = Read all again
diagnostics-camera = Camera
diagnostics-state = State
diagnostics-device = Device
diagnostics-firmware = Firmware
diagnostics-answer = Answer
diagnostics-clock = Clock
diagnostics-streams = Streams
diagnostics-asked = reading…
diagnostics-reachable = answers
diagnostics-unreachable = does not answer
diagnostics-ptz = pan, tilt, zoom

## Keys
keys-title = Keys
keys-number = number and Enter: go to the camera
keys-next-tile = next tile (with Shift the previous one)
keys-next-area = next area of the screen
keys-full-screen = full screen, or confirm
keys-back = back
keys-arrows = held: turn the selected dome
keys-zoom = zoom of the selected dome
keys-stop = stop; in recordings pause
keys-call-preset = saved position (Alt with 1 to 9)
keys-save-preset = save the position
keys-ask-hold = take the selected dome, or ask its holder for it
keys-layouts = 1, 4, 9, 16, 25, 36, 64 tiles, one large
keys-wall-alone = the wall alone, or again with list and controls
keys-new-window = another window with a wall of its own
keys-saved-walls = saved walls
keys-camera-tour = camera tour on the tile: 5, 10, 20, 30 seconds, then off
keys-snapshot = snapshot
keys-export = export
keys-declare = declares an event on the camera
keys-go-on = goes on in your own name while the server is away
keys-masks = draws masks on the camera
keys-calibrate = calibrates the dome on four known points
keys-write-to-camera = writes masks and limits to the camera (supervisor)
keys-playback = recordings of the camera
keys-search = search a camera
keys-history = history of messages
keys-figures = technical figures of the streams on the tiles
keys-help = this page
keys-people = enabled people (supervisor, administrator)
keys-lock = locks the workstation
keys-sign-out = sign out

## Refusals
refusal-zoom-ceiling = Zoom beyond the ceiling of this camera ({ $ceiling }×). Zoom out.
refusal-position-limit = Beyond the limits of movement of this camera. Move it the other way.
refusal-density-ceiling = Zoom beyond the limit here ({ $ceiling }×, { $density } pixels per metre at the ground). Zoom out, or declare an event.
refusal-sector-ceiling = Zoom beyond the limit of sector «{ $sector }» ({ $ceiling }×). Zoom out, or declare an event.
refusal-no-look = Sector «{ $sector }» must not be looked at. Turn the camera elsewhere.
refusal-no-reason = The reason is missing. Write it and try again.
refusal-minutes = It may last 1 to { $most } minutes. Correct it and try again.
refusal-no-ceiling = This camera has no zoom limit to go beyond.
refusal-no-such-mask = The mask is no longer there. Open the list again.
refusal-permanent-mask = The mask is permanent and is never lifted.
refusal-no-school = This camera follows no school calendar.
refusal-in-force = The same event is in force on this camera. Wait until it ends.
refusal-too-many-events = Too many events on this camera. End one.
refusal-held = { $name } ({ $body }) is moving it. Wait until they let go, or agree by telephone.
refusal-not-recorded = The act cannot be recorded, so it does not happen. Check the disk space or call maintenance.
refusal-server-away = The central server does not answer and this act needs it. Try again when it is back.
refusal-grace-over = The central server has not answered for too long and acts are stopped. Call maintenance; if it cannot wait, Ctrl+G to go on in your own name.
refusal-outbox-filling = Too many records wait for the server and acts are stopped. Call maintenance; if it cannot wait, Ctrl+G to go on in your own name.
refusal-log-not-trusted = The central log is not what it was, so only live pictures can be watched. Call the administrator.
refusal-disk-full = The disk of this workstation is full, so the act cannot be recorded and does not happen. Free some space or call maintenance.
refusal-nothing-recorded = Nothing is recorded in that range. Choose another range.
refusal-too-old = The pictures are older than seven days and no evidence hold covers them. They cannot be consulted.
refusal-covered = The picture is covered because the camera's position is not known. Wait until it is known again.
refusal-disk = The disk does not take the file ({ $detail }). Free some space or call maintenance.
refusal-not-supported = This camera cannot do that. Ask maintenance if it is needed.
refusal-no-pose-recorded = The recorder does not tell where the dome looked in these minutes: all of it would be covered. Choose other minutes, or have the recorder store the positions.
refusal-plan-changed = What must be covered changed while the copy was made: nothing was kept. Make the export again.
refusal-session-ended = The session has ended. Sign out and sign in again.
rule-no-grant = Your profile has no permission for this camera (rule R-ACC-2). Ask the supervisor for it.
rule-outside-hours = Your permission for this camera is for other hours (rule R-ACC-2). Ask the supervisor.
rule-station = This cannot be done from this workstation (rule R-ACC-6). Do it in the control room.
rule-maintainer = The contractor sees no images (rule R-MNT-1). Ask an operator.
rule-administrator = The system administrator does not watch images (rule R-AUD-3). Ask an operator.
rule-school = The school is open: its pictures are closed (rule R-PRV-2). Wait until it closes, or ask the supervisor for an exception.
refusal-school-until = The school is open, and its pictures are closed until { $time } (rule R-PRV-2). Wait, or ask the supervisor for an exception.
rule-supervisor = Only the supervisor approves this (rule R-PRV-1). Ask them.
rule-four-eyes = Who drew a mask cannot approve it (rule R-PRV-1). Have another supervisor approve it.

## Troubles
trouble-unreachable = The camera does not answer. Check power and network or call maintenance.
trouble-password = The camera refuses the password. Call the system administrator to update it.
trouble-clock = The camera's clock is wrong and commands are refused. Call maintenance to set it.
trouble-nonsense = The camera's answers make no sense. Call maintenance.
trouble-busy = The camera accepts no more connections. Close other views or wait.
trouble-no-stream = The camera does not offer the video stream asked for. Call maintenance to configure it.
trouble-decoder = This workstation lacks a video component (GStreamer). Call maintenance to install it.
trouble-stream-broken = The video stream broke off. Reconnection is automatic; if it lasts, call maintenance.
trouble-stream-frozen = The camera answers but sends no more pictures. Reconnection is automatic; if it lasts, call maintenance.

## Saved walls, windows, camera tour
walls-title = Saved walls
walls-none = No saved wall.
walls-name = Name of the wall in this window
walls-save = Save
walls-forget = Delete
walls-tiles = { $n } tiles
walls-hint = Enter opens the chosen wall in this window, Esc closes.
walls-no-name = The wall has no name. Write one and save again.
walls-long-name = The name is too long. Use { $n } characters at most.
walls-too-many = There are too many saved walls. Delete one and save again.
walls-unread = The saved walls cannot be read: starting from the basic one. Call the administrator.
walls-unkept = Walls cannot be saved on this computer. Check the disk space.
window-title = Vedetta · wall { $n }
mark-tour = tour { $n } s
tour-nothing = There are no other cameras for the tour: all of them are on the wall already.

## Locked workstation
lock-title = Workstation locked
lock-hint = The wall stays in sight. To use the controls type the password of { $name }.
lock-open = Unlock
lock-wrong = The password is not right, or there were too many attempts. Try again shortly.
lock-knock = Your account was used with the right password at “{ $station }”. If that is you, leave here (Sign out); if not, call the system administrator at once.

## Enrolling the workstation
enrol-title = New workstation
enrol-how = Server address and code as the system administrator gave them. The code is good for fifteen minutes and once.
enrol-address = Server address
enrol-code = Code (28 letters and digits)
enrol-start = Enrol this workstation
enrol-waiting = Enrolling…
enrol-bad-code = The code is not typed right: 28 letters and digits in seven groups. Check it again.
enrol-unreachable = The server does not answer at that address. Check the address and the network.
enrol-wrong-server = Another server answers at that address, not the one of the code. Stop and call the system administrator.
enrol-refused = The code is not good any more: used or expired. Ask for another.
enrol-not-kept = The enrolment cannot be saved on this computer ({ $detail }). Check the disk and the keyring.

## People
people-title = Enabled people
people-count = { $n } accounts
people-hint = Arrows: choose · C confirm · D disable · T end the session · Esc close
people-name = Name and account
people-level = Level
people-act = Act of appointment
people-last-use = Last use
people-confirm-by = Confirm by
people-state = State
people-never = never
people-active-at = active at { $station }
people-good = enabled
people-disabled = disabled
people-over = appointment over
people-unconfirmed = not confirmed
people-must-choose = password to be changed
people-confirm = Confirm
people-disable = Disable
people-end = End the session
people-reason = Reason (stays in the log)
people-sure = Disable { $name }? The running session ends within seconds. Type the reason and press Enter.
people-recorded = Every change is recorded under your name.
people-done = Done.
people-loading = Reading the list…
## Who holds the dome
ask-title = Ask whoever moves this camera for it
ask-reason = Why you need it (the holder reads this)
ask-start = Ask
ask-recorded = The request and the answer are recorded with the names and the reason.
ask-take-over = Take over urgently
ask-take-over-hint = An urgent takeover waits for no consent: the camera passes as soon as its holder stops it.
ask-no-reason = The reason is missing. Write it and try again.
ask-sent = Asked { $name } ({ $body }). The answer appears here.
ask-taking = Urgent takeover under way: { $name } must let go of the camera.
ask-yours = The camera is yours: you can move it.
ask-declined = { $name } keeps it for now. Try again or agree by telephone.
ask-free = The camera is free: moving it takes it.
hand-over-title = Somebody asks you for the camera
hand-over-recorded = The answer is recorded with the names.
hand-over-give = Hand over
hand-over-keep = Keep it
hand-over-later = Later
hand-over-asked = { $name } ({ $body }) asks for the camera: “{ $reason }”. Press L to answer.
hand-over-nobody = Nobody has asked for a camera that you hold.
hand-over-taken = { $name } ({ $body }) takes the camera over urgently.
panel-asked = { $name } asks for it: L to answer
panel-passing = Passing to { $name }
panel-watching = Also watching
mark-asked = asked for by { $name }
keys-hand-over = answers who asks for the dome you hold
keys-clearances = clearances: ask for one or answer

## Clearances
clearance-title = Clearance for recordings
clearance-cameras = Cameras (numbers, separated by commas)
clearance-copy = Copies too
clearance-copy-yes = yes, exports too
clearance-copy-no = no, viewing only
clearance-protocol = Protocol number
clearance-send = Ask for clearance
clearance-recorded = The request stays in the register with your name; the supervisor decides.
clearance-sent = Clearance asked for. The answer appears here.
clearance-unknown-camera = There is no camera { $number } with recordings. Correct the number.
clearance-two-controllers = The cameras belong to different controllers. Make one request for each.
clearance-mine = Your clearances
clearance-none = None.
clearance-cameras-short = cameras { $numbers }
clearance-waiting = waiting for the supervisor
clearance-in-force = in force until { $until }
clearance-refused = refused: { $reason }
clearance-expired = expired
clearance-asked-by = { $name } ({ $body }) asks for clearance { $id }
clearance-to-answer = Requests to decide: { $n }
clearance-to-answer-none = No request waits for an answer.
clearance-hours = In force for hours
clearance-approve = Approve
clearance-shorten-hint = Taking out cameras or narrowing the times shortens the clearance; it cannot be widened.
clearance-why-refused = Reason, if you refuse
clearance-refuse = Refuse
clearance-no-refusal-reason = A refusal needs its reason. Write it and try again.
clearance-answer-recorded = The decision is recorded with your name.
clearance-notice = { $name } ({ $body }) asks for clearance for { $cameras }. Press N to decide.
clearance-desktop = A request for clearance waits for a decision.
clearance-granted = Clearance { $id } granted until { $until }: { $cameras }.
clearance-was-refused = Clearance { $id } refused: { $reason }
clearance-was-over = Clearance { $id } expired.
clearance-bad-cameras = Between 1 and { $most } cameras are needed. Correct the list.
clearance-bad-range = The end must come after the beginning, and the range cannot be empty.
clearance-too-old = The beginning is more than seven days ago: those pictures cannot be viewed. Correct the range.
clearance-too-far = The end is too far ahead: tomorrow at this time at most. Correct the range.
clearance-too-much = That is more than { $most } hours of recording in all. Take fewer cameras or a shorter range.
clearance-no-protocol = This purpose needs the protocol number of the request. Write it and try again.
clearance-bad-hours = It lasts between 1 and { $most } hours. Correct it and try again.
clearance-supervisor = Only the supervisor decides on a clearance (rule R-REC-1). Ask them.
clearance-own = Nobody decides on their own request (rule R-REC-1). Another supervisor must.
clearance-not-waiting = The request was answered already, or is over. Open the list again.
clearance-wider = That is more than was asked for. It can only be shortened.
clearance-needed = These recordings need a clearance (rule R-REC-1). Press N on the wall to ask for one.
clearance-not-for-level = Your profile does not view recordings under a clearance. Turn to an operator.
refusal-hold-ended = The hold on the camera is over. Move it again to take it.
refusal-no-hold = The central server does not answer, so nobody can take the camera: whoever moved it keeps it while it lasts. Try again when it is back.
refusal-level = Your level does not allow an urgent takeover from its holder (rule R-PTZ-3). Ask for it.
refusal-not-there = It is not there any more: somebody else answered or the time is over. Check and try again.
