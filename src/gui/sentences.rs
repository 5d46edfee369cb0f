//! Sentences for what the station answers: what happened, then what to do. A refusal names its rule.
//!
//! Invariant: every kind has its own words in every language (tested). Deliberately absent: the details meant for the
//! log, except where a person can act on them.

use super::i18n::fl;
use super::site_sentences;
use crate::domain::people::account::PasswordFault;
use crate::domain::people::clearance::{ClearanceError, MOST_CAMERA_HOURS, MOST_CAMERAS, MOST_HOURS};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Level, Purpose, Rule, StationKind};
use crate::domain::privacy::WholeReason;
use crate::domain::privacy::declared_event::DeclareError;
use crate::station::{CameraTrouble, EnrolError, MaskSyncState, Refusal, SignInError, StationError, TroubleKind};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::time::{Duration, Instant, SystemTime};

/// Every purpose, in the order in which it is offered.
pub const PURPOSES: [Purpose; 10] = [
    Purpose::UrbanSecurity,
    Purpose::PublicOrder,
    Purpose::Traffic,
    Purpose::JudicialPoliceInitiative,
    Purpose::JudicialPoliceDelegated,
    Purpose::CrimeSeenLive,
    Purpose::CivilProtection,
    Purpose::Waste,
    Purpose::DataSubjectRequest,
    Purpose::Maintenance,
];

/// A purpose as it is written in the regulations.
pub fn purpose(purpose: Purpose) -> String {
    match purpose {
        Purpose::UrbanSecurity => fl!("purpose-urban-security"),
        Purpose::PublicOrder => fl!("purpose-public-order"),
        Purpose::JudicialPoliceInitiative => fl!("purpose-judicial-initiative"),
        Purpose::JudicialPoliceDelegated => fl!("purpose-judicial-delegated"),
        Purpose::CrimeSeenLive => fl!("purpose-crime-seen-live"),
        Purpose::Traffic => fl!("purpose-traffic"),
        Purpose::CivilProtection => fl!("purpose-civil-protection"),
        Purpose::Waste => fl!("purpose-waste"),
        Purpose::DataSubjectRequest => fl!("purpose-data-subject"),
        Purpose::Maintenance => fl!("purpose-maintenance"),
    }
}

/// All of them, in the order in which they are offered.
pub fn purposes() -> Vec<String> {
    PURPOSES.map(purpose).to_vec()
}

/// A purpose with its protocol number, for the top bar.
pub fn stated(stated: &Stated) -> String {
    let words = purpose(stated.purpose());
    match stated.protocol_no() {
        "" => words,
        number => fl!("purpose-with-number", purpose = words, number = number),
    }
}

/// What a workstation is for.
pub fn station_kind(kind: StationKind) -> String {
    match kind {
        StationKind::ControlRoom => fl!("station-control-room"),
        StationKind::Remote => fl!("station-remote"),
        StationKind::Maintainer => fl!("station-maintainer"),
    }
}

/// Where one stands in that order.
pub fn place_of(purpose: Purpose) -> usize {
    let found = PURPOSES.iter().position(|offered| *offered == purpose);
    found.unwrap_or_default()
}

/// A level as in the glossary of the regulations.
pub fn level(level: Level) -> String {
    match level {
        Level::Operator => fl!("level-operator"),
        Level::Supervisor => fl!("level-supervisor"),
        Level::ForceOperator => fl!("level-force-operator"),
        Level::SystemAdministrator => fl!("level-administrator"),
        Level::Maintainer => fl!("level-maintainer"),
    }
}

/// Why an act was not done, and what to do.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Rule(broken) => rule(*broken),
        Refusal::ZoomCeiling { ceiling } => fl!("refusal-zoom-ceiling", ceiling = decimal(*ceiling, 1)),
        Refusal::DensityCeiling { px_m, ceiling } => fl!(
            "refusal-density-ceiling",
            density = decimal(*px_m, 0),
            ceiling = decimal(*ceiling, 1)
        ),
        Refusal::SectorCeiling { sector, ceiling } => fl!(
            "refusal-sector-ceiling",
            sector = sector.as_str(),
            ceiling = decimal(*ceiling, 1)
        ),
        Refusal::SchoolHours { until: None } => rule(Rule::SchoolHours),
        Refusal::SchoolHours { until: Some(until) } => fl!("refusal-school-until", time = soon(*until)),
        Refusal::Declare(error) => declare(*error),
        Refusal::NoLook { sector } => fl!("refusal-no-look", sector = sector.as_str()),
        Refusal::PositionLimit => fl!("refusal-position-limit"),
        Refusal::HeldByOther(holder) => {
            fl!(
                "refusal-held",
                name = holder.display_name.as_str(),
                body = holder.agency.as_str()
            )
        }
        Refusal::HoldEnded => fl!("refusal-hold-ended"),
        Refusal::NoHoldWithoutServer => fl!("refusal-no-hold"),
        Refusal::LevelTooLow => fl!("refusal-level"),
        Refusal::NotThere => fl!("refusal-not-there"),
        Refusal::Clearance(error) => clearance(*error),
        Refusal::NotRecorded { .. } => fl!("refusal-not-recorded"),
        Refusal::ServerAway => fl!("refusal-server-away"),
        Refusal::GraceOver => fl!("refusal-grace-over"),
        Refusal::OutboxFilling => fl!("refusal-outbox-filling"),
        Refusal::LogNotTrusted { .. } => fl!("refusal-log-not-trusted"),
        Refusal::DiskFull => fl!("refusal-disk-full"),
        Refusal::Camera(camera) => trouble(camera),
        Refusal::NothingRecorded => fl!("refusal-nothing-recorded"),
        Refusal::TooOld => fl!("refusal-too-old"),
        Refusal::Covered => fl!("refusal-covered"),
        Refusal::Disk { detail } => fl!("refusal-disk", detail = detail.as_str()),
        Refusal::NotSupported => fl!("refusal-not-supported"),
        Refusal::NoPoseRecorded => fl!("refusal-no-pose-recorded"),
        Refusal::PlanChanged => fl!("refusal-plan-changed"),
        Refusal::Site(fault) => site_sentences::fault(fault),
        Refusal::WrongPassword => fl!("lock-wrong"),
        Refusal::NotAccepted => fl!("refusal-not-accepted"),
        Refusal::SessionEnded => fl!("refusal-session-ended"),
    }
}

/// Why an event is not declared.
pub fn declare(error: DeclareError) -> String {
    match error {
        DeclareError::NoReason => fl!("refusal-no-reason"),
        DeclareError::Minutes { most } => fl!("refusal-minutes", most = most.to_string()),
        DeclareError::NoCeiling => fl!("refusal-no-ceiling"),
        DeclareError::NoSuchMask => fl!("refusal-no-such-mask"),
        DeclareError::PermanentMask => fl!("refusal-permanent-mask"),
        DeclareError::NoSchool => fl!("refusal-no-school"),
        DeclareError::SupervisorOnly => rule(Rule::SupervisorOnly),
        DeclareError::AlreadyInForce => fl!("refusal-in-force"),
        DeclareError::TooMany => fl!("refusal-too-many-events"),
    }
}

/// That a camera does not keep the plan by itself; `None` when it does. What to do about it depends on who reads it.
pub fn drift(kept: &MaskSyncState) -> Option<String> {
    let masks = (!kept.open.is_empty()).then(|| fl!("drift-masks", n = kept.open.len().to_string()));
    let limits = kept.wider_limits.then(|| fl!("drift-limits"));
    let what: Vec<String> = masks.into_iter().chain(limits).collect();
    (!what.is_empty()).then(|| what.join(" "))
}

/// How a camera's own masks and limits stand to the plan, in two or three words.
pub fn on_camera(kept: &MaskSyncState) -> String {
    if kept.drifts() {
        fl!("on-camera-drift")
    } else if kept.cannot.is_empty() {
        fl!("on-camera-kept")
    } else {
        fl!("on-camera-cannot")
    }
}

/// Why a clearance is not asked for, not answered, or does not let something be seen.
pub fn clearance(error: ClearanceError) -> String {
    match error {
        ClearanceError::Cameras => fl!("clearance-bad-cameras", most = MOST_CAMERAS.to_string()),
        ClearanceError::EmptyRange => fl!("clearance-bad-range"),
        ClearanceError::TooOld => fl!("clearance-too-old"),
        ClearanceError::TooFarAhead => fl!("clearance-too-far"),
        ClearanceError::TooMuch => fl!("clearance-too-much", most = MOST_CAMERA_HOURS.to_string()),
        ClearanceError::NoProtocolNumber => fl!("clearance-no-protocol"),
        ClearanceError::Hours => fl!("clearance-bad-hours", most = MOST_HOURS.to_string()),
        ClearanceError::SupervisorOnly => fl!("clearance-supervisor"),
        ClearanceError::OwnRequest => fl!("clearance-own"),
        ClearanceError::NotWaiting => fl!("clearance-not-waiting"),
        ClearanceError::Wider => fl!("clearance-wider"),
        ClearanceError::NotCleared => fl!("clearance-needed"),
        ClearanceError::NotForThisLevel => fl!("clearance-not-for-level"),
    }
}

/// A rule that refuses.
pub fn rule(rule: Rule) -> String {
    match rule {
        Rule::NoGrant => fl!("rule-no-grant"),
        Rule::OutsideHours => fl!("rule-outside-hours"),
        Rule::NotAtThisStation => fl!("rule-station"),
        Rule::ServerAway => fl!("refusal-server-away"),
        Rule::GraceOver => fl!("refusal-grace-over"),
        Rule::MaintainerSeesNoImage => fl!("rule-maintainer"),
        Rule::AdministratorDoesNotWatch => fl!("rule-administrator"),
        Rule::SchoolHours => fl!("rule-school"),
        Rule::SupervisorOnly => fl!("rule-supervisor"),
        Rule::FourEyes => fl!("rule-four-eyes"),
        Rule::OtherController => fl!("rule-other-controller"),
    }
}

/// What is wrong with a camera, and what to do.
pub fn trouble(trouble: &CameraTrouble) -> String {
    match trouble.kind {
        TroubleKind::Unreachable => fl!("trouble-unreachable"),
        TroubleKind::WrongPassword => fl!("trouble-password"),
        TroubleKind::ClockWrong => fl!("trouble-clock"),
        TroubleKind::Nonsense => fl!("trouble-nonsense"),
        TroubleKind::Busy => fl!("trouble-busy"),
        TroubleKind::NoStream => fl!("trouble-no-stream"),
        TroubleKind::MissingDecoder => fl!("trouble-decoder"),
        TroubleKind::StreamBroken => fl!("trouble-stream-broken"),
        TroubleKind::StreamFrozen => fl!("trouble-stream-frozen"),
    }
}

/// Why somebody could not sign in, and what to do.
pub fn sign_in(error: &SignInError) -> String {
    match error {
        SignInError::WrongCredentials => fl!("sign-in-wrong"),
        SignInError::LockedOut { seconds } => fl!("sign-in-locked", wait = span(Duration::from_secs(*seconds))),
        SignInError::ActiveElsewhere(_) => fl!("sign-in-elsewhere"),
        SignInError::AskOver => fl!("sign-in-ask-over"),
        SignInError::NoProtocolNumber => fl!("sign-in-no-protocol"),
        SignInError::UnknownStation => fl!("sign-in-station"),
        SignInError::MustChoosePassword => fl!("sign-in-must-choose"),
        SignInError::SecondFactor => fl!("sign-in-second-factor"),
        SignInError::NoSecondFactor => fl!("sign-in-no-second-factor"),
        SignInError::NotTaken(fault) => password_fault(*fault),
        SignInError::ServerAway { .. } => fl!("sign-in-server"),
        SignInError::PlanNotGenuine => fl!("sign-in-plan"),
        SignInError::NotRecorded { .. } => fl!("sign-in-not-recorded"),
    }
}

/// Why a new password is not taken.
fn password_fault(fault: PasswordFault) -> String {
    match fault {
        PasswordFault::Length => fl!("password-length"),
        PasswordFault::ContainsName => fl!("password-name"),
        PasswordFault::Monotonous => fl!("password-monotonous"),
        PasswordFault::UsedBefore => fl!("password-used"),
    }
}

/// Why a machine was not enrolled, and what to do.
pub fn enrol(error: &EnrolError) -> String {
    match error {
        EnrolError::NotACode => fl!("enrol-bad-code"),
        EnrolError::Unreachable { .. } => fl!("enrol-unreachable"),
        EnrolError::AnotherServer => fl!("enrol-wrong-server"),
        EnrolError::CodeRefused => fl!("enrol-refused"),
        EnrolError::NoKeyring { .. } => fl!("station-no-keyring"),
        EnrolError::NotKept { .. } => fl!("enrol-not-kept"),
    }
}

/// The system names no home folder to keep settings in.
pub fn no_home() -> String {
    fl!("launch-no-home")
}

/// Why the workstation cannot work at all, and what to do.
pub fn station(error: &StationError) -> String {
    match error {
        StationError::NotEnrolled { path, .. } => {
            fl!("station-not-enrolled", path = path.display().to_string())
        }
        StationError::NoKeyring { .. } => fl!("station-no-keyring"),
        StationError::Outbox { detail } => fl!("station-outbox", detail = detail.as_str()),
    }
}

/// Why the whole picture is covered, in the capitals of a tile.
pub fn whole_cover(reason: WholeReason) -> String {
    match reason {
        WholeReason::PoseNotKnown => fl!("covered-pose-unknown"),
        WholeReason::CameraRestarted => fl!("covered-restarted"),
        WholeReason::TooUncertain => fl!("covered-uncertain"),
        WholeReason::SchoolHours => fl!("covered-school"),
        WholeReason::BeyondCeiling => fl!("covered-beyond-ceiling"),
        WholeReason::PlanNotCurrent => fl!("covered-plan"),
    }
}

/// A length of time in words: «40 s», «3 min».
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..=119 => fl!("span-seconds", n = seconds.to_string()),
        120..=7199 => fl!("span-minutes", n = (seconds / 60).to_string()),
        _ => fl!("span-hours", n = (seconds / 3600).to_string()),
    }
}

/// What is left of a time that runs out: «9:41».
pub fn countdown(left: Duration) -> String {
    // A started second counts: «0:00» is over.
    let seconds = left.as_millis().div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A number with the decimal comma or point of the language.
pub fn decimal(value: f64, places: usize) -> String {
    format!("{value:.places$}").replace('.', &fl!("decimal-sign"))
}

/// An amount of bytes.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", decimal(bytes as f64 / 1e6, 1)),
    }
}

/// A time in Europe/Rome.
pub fn in_rome(time: SystemTime) -> Zoned {
    let timestamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned(TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC))
}

/// A Unix time in milliseconds as a time in Europe/Rome.
pub fn rome_ms(ms: i64) -> Zoned {
    let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned(TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC))
}

/// Unix time in milliseconds.
pub fn unix_ms(time: SystemTime) -> i64 {
    Timestamp::try_from(time).map_or(0, Timestamp::as_millisecond)
}

/// A moment ahead, to the minute: «16:30», with its date when it is not today.
fn soon(at: Instant) -> String {
    let now = SystemTime::now();
    let ahead = at.saturating_duration_since(Instant::now()) + Duration::from_secs(30);
    let (at, today) = (in_rome(now.checked_add(ahead).unwrap_or(now)), in_rome(now));
    if at.date() == today.date() {
        at.strftime("%H:%M").to_string()
    } else {
        at.strftime("%H:%M, %d/%m/%Y").to_string()
    }
}

/// `14:05:09`
pub fn clock(time: &Zoned) -> String {
    time.strftime("%H:%M:%S").to_string()
}

/// `22/11/2026 14:05:09 CET`
pub fn date_and_clock(time: &Zoned) -> String {
    time.strftime("%d/%m/%Y %H:%M:%S %Z").to_string()
}

/// How a time is written in a field, Europe/Rome.
const TYPED: &str = "%d/%m/%Y %H:%M:%S";

/// A Unix time in milliseconds as it is written in a field: `22/11/2026 14:05:09`.
pub fn typed_time(ms: i64) -> String {
    rome_ms(ms).strftime(TYPED).to_string()
}

/// A day in Europe/Rome: `22/11/2026`.
pub fn day(ms: i64) -> String {
    rome_ms(ms).strftime("%d/%m/%Y").to_string()
}

/// A day and a minute in Europe/Rome: `22/11/2026 14:05`.
pub fn day_and_minute(ms: i64) -> String {
    rome_ms(ms).strftime("%d/%m/%Y %H:%M").to_string()
}

/// Reads `22/11/2026 14:05:09` in Europe/Rome as Unix milliseconds.
pub fn read_time(written: &str) -> Option<i64> {
    let time = DateTime::strptime(TYPED, written.trim()).ok()?;
    let rome = TimeZone::get("Europe/Rome").ok()?;
    Some(time.to_zoned(rome).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::change::SiteFault;
    use crate::gui::i18n::{self, Language};
    use std::collections::HashSet;

    fn troubles() -> Vec<CameraTrouble> {
        use TroubleKind::*;
        [
            Unreachable,
            WrongPassword,
            ClockWrong,
            Nonsense,
            Busy,
            NoStream,
            MissingDecoder,
            StreamBroken,
            StreamFrozen,
        ]
        .map(|kind| CameraTrouble {
            kind,
            detail: "401 at 10.0.0.7".into(),
        })
        .into()
    }

    fn clearances() -> Vec<ClearanceError> {
        use ClearanceError::*;
        vec![
            Cameras,
            EmptyRange,
            TooOld,
            TooFarAhead,
            TooMuch,
            NoProtocolNumber,
            Hours,
            SupervisorOnly,
            OwnRequest,
            NotWaiting,
            Wider,
            NotCleared,
            NotForThisLevel,
        ]
    }

    fn site_faults() -> Vec<SiteFault> {
        use SiteFault::{Address, Controllers, NoSuchCamera, NotKept, Nothing, Senseless, Stale, Taken, Text, TooMany};
        vec![
            Address,
            Text,
            Taken,
            NotKept,
            NoSuchCamera,
            Controllers,
            Stale { version: 8 },
            Senseless { camera: None },
            Nothing,
            TooMany,
        ]
    }

    fn refusals() -> Vec<Refusal> {
        let rules = [
            Rule::NoGrant,
            Rule::MaintainerSeesNoImage,
            Rule::AdministratorDoesNotWatch,
            Rule::OutsideHours,
            Rule::NotAtThisStation,
            Rule::OtherController,
        ]
        .map(Refusal::Rule);
        let others = [
            Refusal::ZoomCeiling { ceiling: 4.0 },
            Refusal::PositionLimit,
            Refusal::SchoolHours { until: None },
            Refusal::SchoolHours {
                until: Some(Instant::now()),
            },
            Refusal::HoldEnded,
            Refusal::NoHoldWithoutServer,
            Refusal::LevelTooLow,
            Refusal::NotThere,
            Refusal::NotRecorded { detail: String::new() },
            Refusal::ServerAway,
            Refusal::GraceOver,
            Refusal::OutboxFilling,
            Refusal::LogNotTrusted { detail: String::new() },
            Refusal::DiskFull,
            Refusal::NothingRecorded,
            Refusal::TooOld,
            Refusal::Covered,
            Refusal::Disk { detail: "full".into() },
            Refusal::NotSupported,
            Refusal::NoPoseRecorded,
            Refusal::PlanChanged,
            Refusal::WrongPassword,
            Refusal::SessionEnded,
        ];
        rules
            .into_iter()
            .chain(others)
            .chain(clearances().into_iter().map(Refusal::Clearance))
            .chain(troubles().into_iter().map(Refusal::Camera))
            .chain(site_faults().into_iter().map(Refusal::Site))
            .collect()
    }

    #[test]
    fn every_refusal_has_its_own_words_in_both_languages() {
        let mut said = HashSet::new();
        let mut count = 0;
        for language in [Language::English, Language::Italian] {
            i18n::choose(language);
            for refusal in refusals() {
                let words = super::refusal(&refusal);
                assert!(
                    words.len() > 20 && !words.contains("No localization"),
                    "{refusal:?}: {words}"
                );
                assert!(
                    words.trim_end().ends_with('.'),
                    "{refusal:?} is not a sentence: {words}"
                );
                assert!(!words.contains("10.0.0.7"), "the log's detail is shown: {words}");
                said.insert(words);
                count += 1;
            }
            let errors = [
                SignInError::WrongCredentials,
                SignInError::LockedOut { seconds: 300 },
                SignInError::ActiveElsewhere(None),
                SignInError::AskOver,
                SignInError::NoProtocolNumber,
                SignInError::UnknownStation,
                SignInError::ServerAway { detail: String::new() },
                SignInError::MustChoosePassword,
                SignInError::SecondFactor,
                SignInError::NoSecondFactor,
                SignInError::NotTaken(PasswordFault::Length),
                SignInError::NotTaken(PasswordFault::ContainsName),
                SignInError::NotTaken(PasswordFault::Monotonous),
                SignInError::NotTaken(PasswordFault::UsedBefore),
                SignInError::PlanNotGenuine,
                SignInError::NotRecorded { detail: String::new() },
            ];
            for error in errors {
                assert!(super::sign_in(&error).len() > 20);
                said.insert(super::sign_in(&error));
                count += 1;
            }
        }
        assert_eq!(said.len(), count, "two kinds or two languages share a sentence");
    }

    /// What follows from each row is tested beside the table (`station::record::health`); this is what is read then.
    #[test]
    fn r_aud_7_each_row_of_the_table_says_what_happened_and_what_to_do() {
        let detail = String::new;
        let rows = [
            (
                Refusal::ServerAway,
                "Il server centrale non risponde",
                "Riprovare quando torna raggiungibile",
            ),
            (
                Refusal::GraceOver,
                "le operazioni sono ferme",
                "Ctrl+G per proseguire a proprio nome",
            ),
            (
                Refusal::OutboxFilling,
                "Troppe registrazioni aspettano il server",
                "Ctrl+G per proseguire a proprio nome",
            ),
            (
                Refusal::NotRecorded { detail: detail() },
                "non può essere registrata",
                "Controllare lo spazio su disco",
            ),
            (
                Refusal::LogNotTrusted { detail: detail() },
                "non è più quello di prima",
                "Chiamare l'amministratore",
            ),
        ];
        i18n::choose(Language::Italian);
        for (row, happened, to_do) in rows {
            let read = super::refusal(&row);
            let (first, then) = (read.find(happened), read.find(to_do));
            assert!(first.is_some() && first < then, "{row:?}: {read}");
        }
        let read = super::sign_in(&SignInError::ServerAway { detail: detail() });
        let (first, then) = (
            read.find("Il server centrale non risponde"),
            read.find("Controllare la rete"),
        );
        assert!(first.is_some() && first < then, "no new sign-in: {read}");
    }

    #[test]
    fn times_are_those_of_rome_through_the_change_of_clocks() {
        assert_eq!(date_and_clock(&rome_ms(1_792_889_999_000)), "25/10/2026 02:59:59 CEST");
        assert_eq!(date_and_clock(&rome_ms(1_792_890_000_000)), "25/10/2026 02:00:00 CET");
    }

    #[test]
    fn spans_are_said_in_the_unit_a_person_would_use() {
        i18n::choose(Language::Italian);
        assert_eq!(span(Duration::from_secs(40)), "40 s");
        assert_eq!(span(Duration::from_secs(200)), "3 min");
    }
}
