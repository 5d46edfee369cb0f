//! Sentences for what the station answers: what happened, then what to do. A refusal names its rule.
//!
//! Invariant: every kind has its own words in every language (tested). Deliberately absent: which sentence a refusal has
//! (`domain::refusal`), and the details meant for the log, except where a person can act on them.

use super::i18n::{LOADER, fl};
use crate::domain::live::wrong_clock::WrongClock;
use crate::domain::local_time::{self, NoMoment};
use crate::domain::message::{Argument, Message};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Level, Purpose, StationKind};
use crate::domain::privacy::WholeReason;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::orientation::OrientationPart;
use crate::station::{
    BegunAnew, CameraTrouble, EnrolError, LetInAlone, MaskSyncState, Refusal, SecretsTrouble, SignInError, StationError,
};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::collections::HashMap;
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

/// A message of the house in the language in force.
pub fn say(message: &Message) -> String {
    let written = message.arguments().iter();
    let arguments: HashMap<_, _> = written.map(|(name, argument)| (*name, value(argument))).collect();
    LOADER.get_args(message.key(), arguments)
}

fn value(argument: &Argument) -> String {
    match argument {
        Argument::Text(text) => text.clone(),
        Argument::Decimal { value, places } => decimal(*value, *places),
        Argument::Span(length) => span(*length),
        Argument::Moment(at) => soon(*at),
        Argument::Clock(ms) => clock(&rome_ms(*ms)),
        Argument::Message(message) => say(message),
    }
}

/// Why an act was not done, and what to do.
pub fn refusal(refusal: &Refusal) -> String {
    say(&refusal.message())
}

/// That a camera does not keep the plan by itself; `None` when it does. What to do about it depends on who reads it.
pub fn drift(kept: &MaskSyncState) -> Option<String> {
    let masks = (!kept.open.is_empty()).then(|| fl!("drift-masks", n = kept.open.len().to_string()));
    let limits = kept.wider_limits.then(|| fl!("drift-limits"));
    let turned = (!kept.turned.is_empty()).then(|| fl!("drift-orientation"));
    let what: Vec<String> = masks.into_iter().chain(limits).chain(turned).collect();
    (!what.is_empty()).then(|| what.join(" "))
}

/// A part of how a picture lies.
pub fn orientation_part(part: OrientationPart) -> String {
    match part {
        OrientationPart::Rotation => fl!("lies-rotation"),
        OrientationPart::Mirror => fl!("lies-mirror"),
        OrientationPart::Bounds => fl!("lies-crop"),
        OrientationPart::ViewMode => fl!("lies-view-mode"),
        OrientationPart::EFlip => fl!("lies-flip"),
        OrientationPart::Reverse => fl!("lies-reverse"),
        OrientationPart::Spaces => fl!("lies-spaces"),
    }
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

/// What is wrong with a camera, and what to do.
pub fn trouble(trouble: &CameraTrouble) -> String {
    say(&trouble.kind.message())
}

/// Why somebody could not sign in, and what to do.
pub fn sign_in(error: &SignInError) -> String {
    match error {
        SignInError::Refused(why) => refusal(why),
        SignInError::ActiveElsewhere(_) => say(&RefusalKind::AlreadyActiveElsewhere.told().message),
        SignInError::AskOver => fl!("sign-in-ask-over"),
        SignInError::ServerAway { .. } => fl!("sign-in-server"),
        SignInError::CertificateNotInTime { .. } => certificate_not_in_time(),
        SignInError::PlanNotGenuine => fl!("sign-in-plan"),
        SignInError::UpdateNeeded(update) => refusal(&Refusal::UpdateNeeded(update.clone())),
        SignInError::NotRecorded { .. } => fl!("sign-in-not-recorded"),
    }
}

/// The server's certificate is not valid yet, or no longer, by the time this machine has.
fn certificate_not_in_time() -> String {
    fl!(
        "server-certificate-time",
        now = date_and_clock(&in_rome(SystemTime::now()))
    )
}

/// That this machine's clock, which says `now`, is wrong, and how; then what to do.
pub fn wrong_clock(wrong: WrongClock, now: SystemTime) -> String {
    let now = date_and_clock(&in_rome(now));
    let minutes = |minutes: u64| span(Duration::from_secs(minutes.saturating_mul(60)));
    match wrong {
        WrongClock::BeforeBuild => fl!("clock-before-build", now = now),
        WrongClock::Behind { minutes: by } => fl!("clock-behind", now = now, by = minutes(by)),
        WrongClock::Ahead { minutes: by } => fl!("clock-ahead", now = now, by = minutes(by)),
    }
}

/// That the log of a controller of this name began anew, by whose word, and what this workstation had seen of it.
pub fn begun_anew(controller: &str, begun: &BegunAnew) -> String {
    let [first, second] = &begun.accepted_by;
    fl!(
        "log-begun-anew",
        log = controller,
        had = begun.had.to_string(),
        size = begun.size.to_string(),
        first = first.as_str(),
        second = second.as_str()
    )
}

/// That a supervisor's account came into use without another supervisor, and why.
pub fn let_in_alone(let_in: &LetInAlone) -> String {
    fl!(
        "supervisor-let-in-alone",
        user = let_in.user.as_str(),
        day = day(let_in.at_ms),
        reason = let_in.reason.as_str()
    )
}

/// Why a machine was not enrolled, and what to do.
pub fn enrol(error: &EnrolError) -> String {
    match error {
        EnrolError::NotACode => fl!("enrol-bad-code"),
        EnrolError::Unreachable { .. } => fl!("enrol-unreachable"),
        EnrolError::CertificateNotInTime { .. } => certificate_not_in_time(),
        EnrolError::AnotherServer => fl!("enrol-wrong-server"),
        EnrolError::CodeRefused => fl!("enrol-refused"),
        EnrolError::Refused(why) => refusal(why),
        EnrolError::NoSecrets(error) => no_secrets(error.why),
        EnrolError::NotKept { .. } => fl!("enrol-not-kept"),
    }
}

/// Why the keys of this workstation cannot be read or stored, and what to do.
fn no_secrets(why: SecretsTrouble) -> String {
    match why {
        SecretsTrouble::KeyringAbsent => fl!("station-keyring-absent"),
        SecretsTrouble::KeyringLocked => fl!("station-keyring-locked"),
        SecretsTrouble::KeyringMute => fl!("station-keyring-mute"),
        SecretsTrouble::KeyringEmpty => fl!("station-keyring-empty"),
        SecretsTrouble::File => fl!("station-key-file"),
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
        StationError::NoSecrets(error) => no_secrets(error.why),
        StationError::NewerFolder(_) => fl!("station-newer-folder"),
        StationError::Outbox { detail } => fl!("station-outbox", detail = detail.as_str()),
    }
}

/// Why the whole picture is covered, in the capitals of a tile.
pub fn whole_cover(reason: WholeReason) -> String {
    match reason {
        WholeReason::PoseNotKnown => fl!("covered-pose-unknown"),
        WholeReason::CameraRestarted => fl!("covered-restarted"),
        WholeReason::TooUncertain => fl!("covered-uncertain"),
        WholeReason::NeverAtRest => fl!("covered-never-at-rest"),
        WholeReason::SchoolHours => fl!("covered-school"),
        WholeReason::BeyondCeiling => fl!("covered-beyond-ceiling"),
        WholeReason::PlanNotCurrent => fl!("covered-plan"),
        WholeReason::UpdateNeeded => fl!("covered-update"),
        WholeReason::OrientationChanged => fl!("covered-orientation"),
    }
}

/// A length of time in words: «40 s», «3 min».
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..=119 => fl!("span-seconds", n = seconds.to_string()),
        120..=7199 => fl!("span-minutes", n = (seconds / 60).to_string()),
        7200..=172_799 => fl!("span-hours", n = (seconds / 3600).to_string()),
        _ => fl!("span-days", n = (seconds / 86_400).to_string()),
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

/// A magnification: «4,3×».
pub fn times(magnification: f64) -> String {
    format!("{}×", decimal(magnification, 1))
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

/// A Unix time in milliseconds as it is written in a field: `22/11/2026 14:05:09`, with the zone's abbreviation in the hour
/// that is there twice: `25/10/2026 02:30:00 CET`.
pub fn typed_time(ms: i64) -> String {
    let time = rome_ms(ms);
    let plain = time.strftime(TYPED).to_string();
    if time.time_zone().to_ambiguous_timestamp(time.datetime()).is_ambiguous() {
        format!("{plain} {}", time.strftime("%Z"))
    } else {
        plain
    }
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
///
/// # Errors
/// What to write, for people: also where the clocks make two moments of that time, or none.
pub fn read_time(written: &str) -> Result<i64, String> {
    let rome = TimeZone::get("Europe/Rome").map_err(|error| error.to_string())?;
    let moment = local_time::read(written, &rome).map_err(|error| match error {
        NoMoment::NotATime => fl!("export-bad-time"),
        NoMoment::Twice(..) => fl!("time-twice", time = written.trim()),
        NoMoment::LeftOut => fl!("time-left-out", time = written.trim()),
    })?;
    Ok(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refusal::samples::every_refusal;
    use crate::domain::version::critical::UpdateNeeded;
    use crate::gui::i18n::{self, Language};
    use std::collections::HashSet;

    #[test]
    fn every_refusal_has_its_own_words_in_both_languages() {
        for language in [Language::English, Language::Italian] {
            i18n::choose(language);
            // Kinds that are one thing to a person share a message: they are told apart by its key.
            let mut said = HashMap::new();
            for refusal in every_refusal(Instant::now()) {
                let (key, words) = (refusal.message().key(), super::refusal(&refusal));
                assert!(
                    words.len() > 20 && !words.contains("No localization"),
                    "{refusal:?}: {words}"
                );
                assert!(
                    words.trim_end().ends_with('.'),
                    "{refusal:?} is not a sentence: {words}"
                );
                assert!(!words.contains(['$', '{']), "an argument is missing: {words}");
                assert!(!words.contains("10.0.0.7"), "the log's detail is shown: {words}");
                let other = said.insert(words, key);
                assert!(other.is_none_or(|other| other == key), "{key} reads like {other:?}");
            }
            assert!(said.len() > 70);
        }
    }

    #[test]
    fn every_failed_sign_in_has_its_own_words_in_both_languages() {
        let mut said = HashSet::new();
        for language in [Language::English, Language::Italian] {
            i18n::choose(language);
            for error in [
                SignInError::ActiveElsewhere(None),
                SignInError::AskOver,
                RefusalKind::WrongCredentials.into(),
                SignInError::ServerAway { detail: String::new() },
                SignInError::CertificateNotInTime { detail: String::new() },
                SignInError::PlanNotGenuine,
                SignInError::UpdateNeeded(UpdateNeeded {
                    since: "1.2".parse().ok(),
                }),
                SignInError::NotRecorded { detail: String::new() },
            ] {
                let words = super::sign_in(&error);
                assert!(words.len() > 20 && said.insert(words), "{error:?}");
            }
        }
    }

    #[test]
    fn every_trouble_with_keys_and_clocks_has_its_own_words_in_both_languages() {
        let mut said = HashSet::new();
        for language in [Language::English, Language::Italian] {
            i18n::choose(language);
            let secrets = [
                SecretsTrouble::KeyringAbsent,
                SecretsTrouble::KeyringLocked,
                SecretsTrouble::KeyringMute,
                SecretsTrouble::KeyringEmpty,
                SecretsTrouble::File,
            ];
            let clocks = [
                WrongClock::BeforeBuild,
                WrongClock::Behind { minutes: 90 },
                WrongClock::Ahead { minutes: 90 },
            ];
            let told = clocks.map(|wrong| wrong_clock(wrong, SystemTime::now()));
            for words in secrets.map(no_secrets).into_iter().chain(told) {
                assert!(
                    words.len() > 60 && words.ends_with('.') && !words.contains('$'),
                    "{words}"
                );
                assert!(said.insert(words.clone()), "{words}");
            }
        }
    }

    #[test]
    fn a_time_that_is_there_twice_is_asked_about_and_is_offered_with_its_zone() {
        i18n::choose(Language::Italian);
        let (summer, winter) = (1_792_888_200_000, 1_792_891_800_000);
        let asked = read_time("25/10/2026 02:30:00").unwrap_err();
        assert!(
            asked.contains("25/10/2026 02:30:00") && asked.contains("CEST") && asked.contains("CET"),
            "{asked}"
        );
        for ms in [summer, winter, 1_795_352_400_000] {
            assert_eq!(read_time(&typed_time(ms)), Ok(ms));
        }
        assert_eq!(typed_time(winter), "25/10/2026 02:30:00 CET");
        assert_eq!(typed_time(1_795_352_400_000), "22/11/2026 14:00:00");
        assert!(
            read_time("28/03/2027 02:30:00")
                .unwrap_err()
                .contains("28/03/2027 02:30:00")
        );
    }

    #[test]
    fn a_reason_of_a_newer_server_is_named_as_it_came() {
        i18n::choose(Language::Italian);
        let name = "from_the_future".to_owned();
        let words = super::refusal(&Refusal::UnknownReason { name });
        assert!(words.contains("«from_the_future»"), "{words}");
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
                "le operazioni sono sospese",
                "si può proseguire sotto la propria responsabilità",
            ),
            (
                Refusal::OutboxFilling,
                "Troppe voci di registro aspettano il server",
                "si può proseguire sotto la propria responsabilità",
            ),
            (
                Refusal::NotRecorded { detail: detail() },
                "non può essere annotata",
                "Controllare lo spazio su disco",
            ),
            (
                Refusal::LogNotTrusted { detail: detail() },
                "non risulta integro",
                "Chiamare subito l'amministratore",
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
        assert_eq!(span(Duration::from_secs(3 * 3600)), "3 h");
        assert_eq!(span(Duration::from_secs(400 * 86_400)), "400 giorni");
    }
}
