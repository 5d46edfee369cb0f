//! The school calendar: when the pictures of a camera at a school may be seen (R-PRV-2).
//!
//! Pictures are closed during the hours of the school and open outside them. Hours are civil time in the zone that is
//! passed in (Europe/Rome). Around a change of the clock a closed period is only ever *longer*: it begins at the
//! earlier and ends at the later reading of an hour that there is twice or not at all.
//!
//! Invariant: what the calendar does not know is closed: after its last day, and where it makes no sense.
//! Deliberately absent: reading a clock, exceptions of the moment (a declared event, `declared_event`).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// Days looked ahead for the next change.
const HORIZON_DAYS: i32 = 400;

/// When a school is open, so that pictures are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolCalendar {
    /// The last day this calendar speaks of; from the next midnight on pictures are closed until there is a new one.
    pub last_day: Date,
    /// The weekly hours of the school.
    pub hours: Vec<SchoolHours>,
    /// Days on which the school is closed all day.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Single stretches that differ.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// Weekly hours, `from` inclusive, `to` exclusive, civil time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolHours {
    pub days: Vec<Day>,
    pub from: Time,
    pub to: Time,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// Days without school, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    pub name: String,
    pub first: Date,
    pub last: Date,
}

/// A stretch in which something else holds; a closing one is stronger than an opening one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub from: DateTime,
    pub to: DateTime,
    /// `true`: pictures may be seen although the school has hours. `false`: they are closed although it has none.
    pub pictures: bool,
    /// Why; an exception without a reason does not open anything.
    pub reason: String,
    /// The supervisor who approved it; without one it does not open anything.
    pub approver: String,
}

/// Whether pictures may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchoolState {
    /// Until then; `None`: no change in sight.
    Open {
        until: Option<Timestamp>,
    },
    Closed {
        until: Option<Timestamp>,
    },
}

impl SchoolState {
    /// Whether pictures may be seen.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// Faults of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("hours that end before they begin")]
    Hours,
    #[error("a holiday that ends before it begins")]
    Holiday,
    #[error("an exception that ends before it begins")]
    Exception,
    #[error("an exception that opens without a reason or without an approver")]
    NotApproved,
}

/// A stretch of time, the end excluded.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
}

impl Stretch {
    fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

impl SchoolCalendar {
    /// Checks that the calendar is possible.
    ///
    /// # Errors
    /// The first [`CalendarError`] found.
    pub fn check(&self) -> Result<(), CalendarError> {
        if self.hours.iter().any(|hours| hours.from >= hours.to) {
            return Err(CalendarError::Hours);
        }
        if self.holidays.iter().any(|holiday| holiday.first > holiday.last) {
            return Err(CalendarError::Holiday);
        }
        if self.exceptions.iter().any(|exception| exception.from >= exception.to) {
            return Err(CalendarError::Exception);
        }
        if self.exceptions.iter().any(|e| e.pictures && !e.is_approved()) {
            return Err(CalendarError::NotApproved);
        }
        Ok(())
    }

    /// Whether pictures may be seen at a moment, and until when that holds.
    pub fn state(&self, at: Timestamp, zone: &TimeZone) -> SchoolState {
        let open = self.is_open(at, zone);
        let until = self.next_change(at, open, zone);
        if open {
            SchoolState::Open { until }
        } else {
            SchoolState::Closed { until }
        }
    }

    /// Whether pictures taken anywhere between two moments may be seen (playback and export).
    pub fn is_open_throughout(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> bool {
        match self.state(from, zone) {
            SchoolState::Open { until } => until.is_none_or(|until| to < until),
            SchoolState::Closed { .. } => false,
        }
    }

    /// Whether pictures may be seen at a moment; quick enough for every frame.
    pub fn is_open(&self, at: Timestamp, zone: &TimeZone) -> bool {
        if self.check().is_err() || at >= self.end(zone) {
            return false;
        }
        let mut exceptions = self.exceptions.iter();
        if exceptions.any(|e| !e.pictures && closed(e.from, e.to, zone).is_none_or(|s| s.has(at))) {
            return false;
        }
        let mut exceptions = self.exceptions.iter();
        if exceptions.any(|e| e.pictures && opened(e.from, e.to, zone).is_some_and(|s| s.has(at))) {
            return true;
        }
        let today = at.to_zoned(zone.clone()).date();
        let near = [today.yesterday(), Ok(today), today.tomorrow()];
        !near
            .into_iter()
            .flatten()
            .any(|day| self.hours_on(day, zone).any(|stretch| stretch.has(at)))
    }

    /// The hours of the school on a day, none on a holiday.
    fn hours_on(&self, day: Date, zone: &TimeZone) -> impl Iterator<Item = Stretch> {
        let holiday = self.holidays.iter().any(|h| h.first <= day && day <= h.last);
        let weekday = Day::from(day.weekday());
        self.hours
            .iter()
            .filter(move |hours| !holiday && hours.days.contains(&weekday))
            .filter_map(move |hours| closed(day.to_datetime(hours.from), day.to_datetime(hours.to), zone))
    }

    fn end(&self, zone: &TimeZone) -> Timestamp {
        let midnight = self.last_day.tomorrow().map(|day| day.to_datetime(Time::midnight()));
        let end = midnight.ok().and_then(|midnight| earlier(midnight, zone));
        end.unwrap_or(Timestamp::MAX)
    }

    /// The first moment after `at` at which it is no longer as it is.
    fn next_change(&self, at: Timestamp, open: bool, zone: &TimeZone) -> Option<Timestamp> {
        let singular = self.exceptions.iter().filter_map(|e| {
            if e.pictures {
                opened(e.from, e.to, zone)
            } else {
                closed(e.from, e.to, zone)
            }
        });
        let mut singular: Vec<Timestamp> = singular.flat_map(|s| [s.from, s.to]).collect();
        singular.push(self.end(zone));
        let mut day = at.to_zoned(zone.clone()).date().yesterday().ok()?;
        for _ in 0..HORIZON_DAYS {
            let next = day.checked_add(1.day()).ok()?;
            // Changes up to the middle of the next day, so that none of a long day is overlooked.
            let border = later(next.to_datetime(Time::constant(12, 0, 0, 0)), zone)?;
            let mut moments: Vec<Timestamp> = [day, next]
                .into_iter()
                .flat_map(|day| self.hours_on(day, zone))
                .flat_map(|s| [s.from, s.to])
                .chain(singular.iter().copied())
                .filter(|moment| *moment > at && *moment <= border)
                .collect();
            moments.sort_unstable();
            if let Some(change) = moments.into_iter().find(|moment| self.is_open(*moment, zone) != open) {
                return Some(change);
            }
            day = next;
        }
        None
    }
}

impl Exception {
    fn is_approved(&self) -> bool {
        !self.reason.trim().is_empty() && !self.approver.trim().is_empty()
    }
}

fn earlier(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(civil).earlier().ok()
}

fn later(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(civil).later().ok()
}

/// A closed stretch, by the longest reading of local times that a clock change makes ambiguous.
fn closed(from: DateTime, to: DateTime, zone: &TimeZone) -> Option<Stretch> {
    Some(Stretch {
        from: earlier(from, zone)?,
        to: later(to, zone)?,
    })
}

/// An opened stretch, by the shortest reading of such local times; `None` when nothing is left.
fn opened(from: DateTime, to: DateTime, zone: &TimeZone) -> Option<Stretch> {
    let (from, to) = (later(from, zone)?, earlier(to, zone)?);
    (from < to).then_some(Stretch { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime, time};
    use proptest::prelude::*;

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").unwrap()
    }

    fn calendar() -> SchoolCalendar {
        use Day::{Friday, Monday, Saturday, Thursday, Tuesday, Wednesday};
        SchoolCalendar {
            last_day: date(2027, 8, 31),
            hours: vec![
                SchoolHours {
                    days: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
                    from: time(7, 30, 0, 0),
                    to: time(18, 0, 0, 0),
                },
                SchoolHours {
                    days: vec![Saturday],
                    from: time(7, 30, 0, 0),
                    to: time(13, 30, 0, 0),
                },
            ],
            holidays: vec![Holiday {
                name: "Natale".into(),
                first: date(2026, 12, 23),
                last: date(2027, 1, 6),
            }],
            exceptions: Vec::new(),
        }
    }

    fn at(civil: DateTime) -> Timestamp {
        rome().to_ambiguous_timestamp(civil).compatible().unwrap()
    }

    fn open(calendar: &SchoolCalendar, civil: DateTime) -> bool {
        calendar.state(at(civil), &rome()).is_open()
    }

    #[test]
    fn r_prv_2_pictures_are_closed_while_the_school_is_open() {
        let school = calendar();
        assert_eq!(school.check(), Ok(()));
        assert!(!open(&school, datetime(2026, 11, 23, 7, 30, 0, 0)));
        assert!(open(&school, datetime(2026, 11, 23, 7, 29, 59, 0)));
        assert!(!open(&school, datetime(2026, 11, 23, 17, 59, 59, 0)));
        assert!(open(&school, datetime(2026, 11, 23, 18, 0, 0, 0)));
        assert!(open(&school, datetime(2026, 11, 28, 15, 0, 0, 0)), "Saturday afternoon");
        assert!(open(&school, datetime(2026, 11, 22, 10, 0, 0, 0)), "Sunday");
        assert!(open(&school, datetime(2026, 12, 28, 10, 0, 0, 0)), "Christmas");
        assert!(!open(&school, datetime(2027, 1, 7, 10, 0, 0, 0)));
    }

    #[test]
    fn r_prv_2_after_the_last_day_and_without_sense_everything_is_closed() {
        let school = calendar();
        assert!(open(&school, datetime(2027, 8, 31, 23, 59, 59, 0)));
        assert!(!open(&school, datetime(2027, 9, 1, 0, 0, 0, 0)));
        assert_eq!(
            school.state(at(datetime(2027, 9, 5, 12, 0, 0, 0)), &rome()),
            SchoolState::Closed { until: None }
        );
        let mut wrong = calendar();
        wrong.hours[0].to = wrong.hours[0].from;
        assert_eq!(wrong.check(), Err(CalendarError::Hours));
        assert!(!open(&wrong, datetime(2026, 11, 22, 10, 0, 0, 0)));
    }

    #[test]
    fn r_prv_2_an_exception_needs_a_supervisor_and_a_reason_and_closing_is_stronger() {
        let mut school = calendar();
        let exception = |pictures, from: i8, to: i8| Exception {
            from: datetime(2026, 11, 23, from, 0, 0, 0),
            to: datetime(2026, 11, 23, to, 0, 0, 0),
            pictures,
            reason: "allagamento, scuola sgomberata".into(),
            approver: "comandante".into(),
        };
        school.exceptions = vec![exception(true, 9, 12), exception(false, 11, 20)];
        assert!(open(&school, datetime(2026, 11, 23, 10, 0, 0, 0)));
        assert!(!open(&school, datetime(2026, 11, 23, 11, 30, 0, 0)));
        assert!(!open(&school, datetime(2026, 11, 23, 19, 0, 0, 0)));
        school.exceptions[0].approver.clear();
        assert_eq!(school.check(), Err(CalendarError::NotApproved));
        assert!(!open(&school, datetime(2026, 11, 23, 10, 0, 0, 0)));
    }

    #[test]
    fn the_next_change_is_told_also_over_a_weekend_and_a_holiday() {
        let school = calendar();
        let until = |civil| match school.state(at(civil), &rome()) {
            SchoolState::Open { until } | SchoolState::Closed { until } => until,
        };
        assert_eq!(
            until(datetime(2026, 11, 28, 15, 0, 0, 0)),
            Some(at(datetime(2026, 11, 30, 7, 30, 0, 0)))
        );
        assert_eq!(
            until(datetime(2026, 12, 22, 19, 0, 0, 0)),
            Some(at(datetime(2027, 1, 7, 7, 30, 0, 0)))
        );
        assert!(school.is_open_throughout(
            at(datetime(2026, 11, 22, 1, 0, 0, 0)),
            at(datetime(2026, 11, 23, 7, 29, 0, 0)),
            &rome()
        ));
        assert!(!school.is_open_throughout(
            at(datetime(2026, 11, 22, 1, 0, 0, 0)),
            at(datetime(2026, 11, 23, 7, 30, 0, 0)),
            &rome()
        ));
    }

    #[test]
    fn a_calendar_is_written_as_people_read_it() {
        let text = toml::to_string(&calendar()).unwrap();
        assert!(
            text.contains("last_day = \"2027-08-31\"") && text.contains("\"monday\""),
            "{text}"
        );
        assert_eq!(toml::from_str::<SchoolCalendar>(&text).unwrap(), calendar());
    }

    /// A school that is open in the very hours in which the clock changes.
    fn night_school(from: i8, to: i8) -> SchoolCalendar {
        use Day::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        SchoolCalendar {
            last_day: date(2030, 1, 1),
            hours: vec![SchoolHours {
                days: vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday],
                from: time(from, 30, 0, 0),
                to: time(to, 30, 0, 0),
            }],
            holidays: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        /// Whatever a watch in Rome shows inside the hours is closed, also on the days when the clock changes
        /// (29 March and 25 October 2026).
        #[test]
        fn r_prv_2_no_reading_of_the_clock_inside_the_hours_is_open(
            from in 0i8..4, long in 1i8..4, minute in 0i64..(3 * 24 * 60), spring in any::<bool>(),
        ) {
            let school = night_school(from, from + long);
            let first = if spring { datetime(2026, 3, 28, 0, 0, 0, 0) } else { datetime(2026, 10, 24, 0, 0, 0, 0) };
            let moment = at(first).checked_add(jiff::Span::new().minutes(minute)).unwrap();
            let civil = moment.to_zoned(rome()).time();
            if school.hours[0].from <= civil && civil < school.hours[0].to {
                prop_assert!(!school.state(moment, &rome()).is_open(), "{civil}");
            }
        }

        /// The state holds until the moment that is given with it, and not longer.
        #[test]
        fn r_prv_2_the_state_holds_exactly_until_the_moment_told(
            from in 0i8..4, long in 1i8..4, minute in 0i64..(5 * 24 * 60), step in 1i64..200, spring in any::<bool>(),
        ) {
            let school = night_school(from, from + long);
            let first = if spring { datetime(2026, 3, 27, 0, 0, 0, 0) } else { datetime(2026, 10, 23, 0, 0, 0, 0) };
            let moment = at(first).checked_add(jiff::Span::new().minutes(minute)).unwrap();
            let state = school.state(moment, &rome());
            let (SchoolState::Open { until: Some(until) } | SchoolState::Closed { until: Some(until) }) = state else {
                return Err(TestCaseError::fail("no change within a day"));
            };
            prop_assert_ne!(school.state(until, &rome()).is_open(), state.is_open());
            let between = moment.checked_add(jiff::Span::new().minutes(step)).unwrap();
            if between < until {
                prop_assert_eq!(school.state(between, &rome()).is_open(), state.is_open());
            }
        }
    }
}
