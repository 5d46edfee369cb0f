//! Local times as people write them: `29/11/2026`, `29/11/2026 14:05`, with seconds, or RFC 3339.
//!
//! Invariant: a time that a change of the clocks makes two of, or none of, is never guessed: it is said which two there are.
//! Deliberately absent: words of a language; which zone it is (an argument).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Why a text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    #[error("not a date and a time")]
    NotATime,
    /// The clocks were put back: the hour is there twice.
    #[error("that hour is there twice, at {0} and at {1}")]
    Twice(Offset, Offset),
    /// The clocks were put forward over it.
    #[error("that hour is left out that night")]
    LeftOut,
}

/// How a time of day may be written.
const TIMES: [&str; 2] = ["%H:%M:%S", "%H:%M"];
/// How a day may be written.
const DAYS: [&str; 2] = ["%d/%m/%Y", "%Y-%m-%d"];

/// Reads a moment: RFC 3339 with its offset, or a local time of `zone`, which begins the day where none is written. After it
/// the zone's abbreviation may stand (`CET`, `CEST`), which tells the two hours apart that the clocks are put back over.
///
/// # Errors
/// [`NoMoment`].
pub fn read(text: &str, zone: &TimeZone) -> Result<Timestamp, NoMoment> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let mut words = text.split_whitespace();
    let day = words.next().ok_or(NoMoment::NotATime)?;
    let day = DAYS.iter().find_map(|form| Date::strptime(form, day).ok());
    let rest: Vec<&str> = words.collect();
    let (time, wanted) = match rest.as_slice() {
        [] => (Some(Time::midnight()), None),
        [time] => (time_of_day(time), None),
        [time, abbreviation] => (time_of_day(time), Some(*abbreviation)),
        _ => (None, None),
    };
    let local = DateTime::from_parts(day.ok_or(NoMoment::NotATime)?, time.ok_or(NoMoment::NotATime)?);
    in_zone(local, zone, wanted)
}

fn time_of_day(text: &str) -> Option<Time> {
    TIMES.iter().find_map(|form| Time::strptime(form, text).ok())
}

fn in_zone(local: DateTime, zone: &TimeZone, wanted: Option<&str>) -> Result<Timestamp, NoMoment> {
    let at = |offset: Offset| offset.to_timestamp(local).map_err(|_| NoMoment::NotATime);
    let called = |offset: Offset| {
        let moment = at(offset)?;
        let name = zone.to_offset_info(moment).abbreviation().to_owned();
        Ok::<_, NoMoment>(wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&name)))
    };
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { .. } => return Err(NoMoment::LeftOut),
        AmbiguousOffset::Fold { before, after } if wanted.is_none() => return Err(NoMoment::Twice(before, after)),
        AmbiguousOffset::Fold { before, after } => {
            if called(before)? {
                before
            } else {
                after
            }
        }
    };
    if called(offset)? {
        at(offset)
    } else {
        Err(NoMoment::NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rome(text: &str) -> Result<String, NoMoment> {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        read(text, &zone).map(|moment| moment.to_string())
    }

    #[test]
    fn local_times_are_read_as_people_write_them() {
        for (text, moment) in [
            ("29/11/2026", "2026-11-28T23:00:00Z"),
            ("29/11/2026 14:05", "2026-11-29T13:05:00Z"),
            (" 29/07/2026  14:05:09 ", "2026-07-29T12:05:09Z"),
            ("2026-11-29 14:05", "2026-11-29T13:05:00Z"),
            ("2026-11-22T00:00:00+01:00", "2026-11-21T23:00:00Z"),
            ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"),
        ] {
            assert_eq!(rome(text).as_deref(), Ok(moment), "{text}");
        }
        for text in [
            "",
            "ieri",
            "31/02/2026",
            "29/11/2026 25:00",
            "29/11/2026 14:05 CEST",
            "1 2 3 4",
        ] {
            assert_eq!(rome(text), Err(NoMoment::NotATime), "{text}");
        }
    }

    #[test]
    fn an_hour_that_is_there_twice_is_asked_about_and_one_that_is_left_out_is_not_invented() {
        let (summer, winter) = (Offset::constant(2), Offset::constant(1));
        assert_eq!(rome("25/10/2026 02:30"), Err(NoMoment::Twice(summer, winter)));
        assert_eq!(rome("25/10/2026 02:30 CEST").as_deref(), Ok("2026-10-25T00:30:00Z"));
        assert_eq!(rome("25/10/2026 02:30 CET").as_deref(), Ok("2026-10-25T01:30:00Z"));
        assert_eq!(rome("25/10/2026 03:00").as_deref(), Ok("2026-10-25T02:00:00Z"));
        assert_eq!(rome("28/03/2027 02:30"), Err(NoMoment::LeftOut));
    }
}
