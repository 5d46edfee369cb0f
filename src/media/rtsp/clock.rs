//! Absolute time in RTSP `Range` headers (RFC 2326 §3.7) as Unix milliseconds.
//!
//! Invariant: what is written reads back the same. Deliberately absent: `npt` and `smpte`; a replay is asked for by the
//! clock.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `clock=19961108T142300.250Z-19961108T143520.000Z`; without an end when `to_ms` is `None`.
pub(super) fn range(from_ms: i64, to_ms: Option<i64>) -> Option<String> {
    let end = match to_ms {
        Some(to_ms) => instant(to_ms)?,
        None => String::new(),
    };
    Some(format!("clock={}-{end}", instant(from_ms)?))
}

fn instant(ms: i64) -> Option<String> {
    let at = Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC);
    Some(format!("{}.{:03}Z", at.strftime("%Y%m%dT%H%M%S"), at.millisecond()))
}

/// The start of a `Range` header's value, Unix milliseconds.
pub(super) fn start(header: &str) -> Option<i64> {
    let clock = header.trim().strip_prefix("clock=")?;
    read(clock.split(['-', ';']).next()?.trim())
}

fn read(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = DateTime::strptime("%Y%m%dT%H%M%S", whole).ok()?;
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let seconds = whole.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    seconds
        .checked_mul(1_000)?
        .checked_add(digits.parse::<u16>().ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_rfc_says_and_read_back() {
        let text = range(847_463_000_250, Some(847_463_720_000)).unwrap();
        assert_eq!(text, "clock=19961108T142320.250Z-19961108T143520.000Z");
        assert_eq!(start(&text), Some(847_463_000_250));
        assert_eq!(range(847_463_000_250, None).unwrap(), "clock=19961108T142320.250Z-");
        assert_eq!(start("clock=19961108T142320Z-"), Some(847_463_000_000));
        assert_eq!(start("clock=19961108T142320.2Z"), Some(847_463_000_200));
    }

    #[test]
    fn other_ranges_and_nonsense_are_none() {
        for text in [
            "npt=0-10",
            "clock=",
            "clock=now-",
            "clock=19961308T142320Z-",
            "clock=19961108T142320.x1Z-",
            "",
        ] {
            assert_eq!(start(text), None, "{text}");
        }
        assert_eq!(range(i64::MAX, None), None);
    }
}
