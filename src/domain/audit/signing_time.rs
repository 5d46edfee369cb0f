//! Whether a checkpoint may be signed now, by the server's clock (R-AUD-2).
//!
//! A clock that ran ahead and is put right would keep a log unsigned for as long as it ran ahead, because the time of a signature
//! never goes back. So a time far after the last one is signed only when a workstation's clock agrees, or on order
//! (`vedetta-audit log accept-time`); and the first time of all, which follows none, only when no workstation's clock speaks against
//! it. Invariant: what this refuses loses nothing: entries wait to be signed.
//! Deliberately absent: the order of entries, which no clock decides; and, within a quiet night after a signature, the clocks of
//! workstations: one that is wrong would keep a log unsigned while nobody else works.

/// After the last signature a quiet night passes without anybody else's clock.
const QUIET_MS: i64 = 6 * 3_600_000;
/// How far a workstation's clock may be from the server's and still agrees.
const AGREES_MS: i64 = 15 * 60_000;

/// Why nothing is signed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    #[error("time runs back by {by_ms} ms: the clock was ahead when this log was signed last")]
    RunsBack { by_ms: i64 },
    #[error("the clock is {ahead_ms} ms after the last signature, and no workstation's clock agrees")]
    Ahead { ahead_ms: i64 },
    #[error("nothing was signed yet, and the clock is {off_ms} ms from that of the nearest workstation")]
    Apart { off_ms: i64 },
}

/// How far a clock is from `now_ms`, ms.
fn off(now_ms: i64, time: i64) -> i64 {
    time.saturating_sub(now_ms).saturating_abs()
}

/// Whether `now_ms` may be signed after `last_ms`; `stations` are the times of workstations in what is new. All Unix ms.
///
/// # Errors
/// [`TimeFault`]: the time has to be accepted by somebody, or put right.
pub fn may_sign(last_ms: i64, now_ms: i64, stations: impl IntoIterator<Item = i64>) -> Result<(), TimeFault> {
    let ahead_ms = now_ms.saturating_sub(last_ms);
    if ahead_ms < 0 {
        return Err(TimeFault::RunsBack { by_ms: -ahead_ms });
    }
    let agrees = |time: i64| off(now_ms, time) <= AGREES_MS;
    if ahead_ms <= QUIET_MS || stations.into_iter().any(agrees) {
        Ok(())
    } else {
        Err(TimeFault::Ahead { ahead_ms })
    }
}

/// Whether `now_ms` may be the first time that is signed of a log; `stations` as for [`may_sign`], and `accepted_ms` a time that somebody
/// accepted. All Unix ms.
///
/// # Errors
/// [`TimeFault::Apart`]: workstations have entries in what is new, and the clock of none agrees.
pub fn may_sign_first(
    accepted_ms: Option<i64>,
    now_ms: i64,
    stations: impl IntoIterator<Item = i64>,
) -> Result<(), TimeFault> {
    let is_accepted = |at: i64| (0..=QUIET_MS).contains(&now_ms.saturating_sub(at));
    let nearest = stations.into_iter().map(|time| off(now_ms, time)).min();
    match nearest {
        Some(off_ms) if off_ms > AGREES_MS && !accepted_ms.is_some_and(is_accepted) => Err(TimeFault::Apart { off_ms }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOON: i64 = 1_795_000_000_000;

    #[test]
    fn r_aud_2_a_time_far_from_the_last_needs_a_workstation_that_agrees() {
        assert_eq!(may_sign(NOON, NOON + 6 * HOUR, []), Ok(()), "a quiet night");
        let days = 100 * 24 * HOUR;
        assert_eq!(
            may_sign(NOON, NOON + days, []),
            Err(TimeFault::Ahead { ahead_ms: days })
        );
        let (right, wrong) = (NOON + HOUR, NOON + days - HOUR);
        assert!(may_sign(NOON, NOON + days, [right, wrong, i64::MIN, i64::MAX]).is_err());
        assert_eq!(may_sign(NOON, NOON + days, [0, NOON + days - HOUR / 6]), Ok(()));
        assert_eq!(
            may_sign(NOON, NOON - 1, [NOON - 1]),
            Err(TimeFault::RunsBack { by_ms: 1 })
        );
        assert_eq!(may_sign(NOON, NOON, []), Ok(()));
    }

    #[test]
    fn r_aud_2_the_first_time_of_all_is_held_against_workstations_where_there_are_any() {
        let days = 100 * 24 * HOUR;
        assert_eq!(may_sign_first(None, NOON, []), Ok(()), "nobody else's clock");
        assert_eq!(may_sign_first(None, NOON, [NOON - days, NOON + HOUR / 6]), Ok(()));
        let wrong = [NOON - days, NOON + 2 * days, i64::MIN, i64::MAX];
        assert_eq!(
            may_sign_first(None, NOON, wrong),
            Err(TimeFault::Apart { off_ms: days })
        );
        assert_eq!(may_sign_first(Some(NOON - HOUR), NOON, wrong), Ok(()), "by order");
        for accepted in [NOON - 7 * HOUR, NOON + HOUR] {
            assert!(may_sign_first(Some(accepted), NOON, wrong).is_err(), "of another time");
        }
    }

    #[test]
    fn summer_time_and_leap_seconds_change_nothing() {
        // Unix time has neither: 2026-10-25 01:00 UTC, the hour that comes twice in Rome, and the end of June 2015.
        for time in [1_792_890_000_000, 1_435_708_800_000] {
            assert_eq!(may_sign(time - 1_000, time, []), Ok(()));
            assert_eq!(may_sign(time, time, []), Ok(()));
        }
    }
}
