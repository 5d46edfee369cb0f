//! A wrong clock of the workstation: whether it can be right at all, by the central server's clock and by when the program was made.
//!
//! Invariant: the server is believed before the build, and less than two minutes are no difference.
//! Deliberately absent: reading clocks; a camera's clock (`clock_offset`).

/// A clock that cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WrongClock {
    /// A clock that stands before this program was made.
    BeforeBuild,
    /// A clock that stands behind the central server's by this many whole minutes.
    Behind { minutes: u64 },
    /// A clock that stands ahead of the central server's by this many whole minutes.
    Ahead { minutes: u64 },
}

/// A difference to the server's clock from here on is told, minutes: entries of the log would seem to be of another time.
const TOLD_FROM_MIN: u64 = 2;
/// A build machine's own clock is believed to this, milliseconds.
const BUILD_SLACK_MS: i64 = 86_400_000;

/// What is wrong with our clock, which says `now_ms`; `built_ms`: when this program was made, `server_ms`: what the central
/// server's clock says at the same moment, where it is known (Unix milliseconds). The server is believed before the build.
pub fn wrong_clock(now_ms: i64, built_ms: Option<i64>, server_ms: Option<i64>) -> Option<WrongClock> {
    if let Some(server_ms) = server_ms {
        let minutes = server_ms.abs_diff(now_ms) / 60_000;
        return match minutes {
            0..TOLD_FROM_MIN => None,
            _ if now_ms < server_ms => Some(WrongClock::Behind { minutes }),
            _ => Some(WrongClock::Ahead { minutes }),
        };
    }
    let built_ms = built_ms?;
    (now_ms.saturating_add(BUILD_SLACK_MS) < built_ms).then_some(WrongClock::BeforeBuild)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_clock_years_behind_is_found_without_a_server_and_by_the_server_to_two_minutes() {
        let built = 1_790_000_000_000;
        assert_eq!(
            wrong_clock(980_000_000_000, Some(built), None),
            Some(WrongClock::BeforeBuild)
        );
        assert_eq!(wrong_clock(built - DAY_MS / 2, Some(built), None), None);
        assert_eq!(wrong_clock(built + 900 * DAY_MS, Some(built), None), None);
        assert_eq!(wrong_clock(0, None, None), None);
        let server = built + 30 * DAY_MS;
        assert_eq!(
            wrong_clock(server - 365 * DAY_MS, Some(built), Some(server)),
            Some(WrongClock::Behind { minutes: 525_600 })
        );
        assert_eq!(
            wrong_clock(server + 120_000, Some(built), Some(server)),
            Some(WrongClock::Ahead { minutes: 2 })
        );
        assert_eq!(wrong_clock(server + 119_000, Some(built), Some(server)), None);
    }
}
