//! The lease of a dome (R-PTZ-3): one person has the dome at a time; others ask with a reason, the holder hands over or not;
//! urgent takeover by level. What the holder's own workstation may count on is in [`held_lease`], when it renews in [`upkeep`].
//!
//! Invariant: never two holders; the fence grows with every lease that begins and never falls. A dome passes only when its
//! holder let go of it or when the lease is over: an urgent takeover, too, waits for that, and no longer.
//! Deliberately absent: the recording of each [`Outcome`] (the caller), grants (`domain::people::decide`), clocks: times are
//! milliseconds of one clock, that of the database where the lease is stored.

pub mod held_lease;
#[cfg(test)]
mod properties;
pub mod upkeep;

use crate::domain::people::Level;
use crate::domain::reason::Reason;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// People who may wait for one dome.
const MOST_ASKING: usize = 16;

/// The lease of one dome. `H` names a holder: person and workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease<H> {
    #[serde(rename = "held")]
    grant: Option<Grant<H>>,
    fence: u64,
    /// Time without renewal after which the lease ends, ms; set by the program, not stored.
    #[serde(skip)]
    idle_ms: i64,
}

/// The lease that somebody has, and who waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Grant<H> {
    by: H,
    /// When the holder was last heard.
    heard_ms: i64,
    asked: Vec<Asking<H>>,
    /// Who takes it over as soon as the holder lets go or its time is over.
    passes_to: Option<H>,
}

/// Somebody who waits for a dome, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking<H> {
    pub by: H,
    pub reason: Reason,
}

/// The inputs of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<H> {
    /// Begin a lease. One who has it already begins anew, under a new fence: what they sent before is void.
    Take(H),
    /// The holder is still there.
    Renew { by: H, fence: u64 },
    /// Gives the dome back. The sender does not move the dome under this fence any more.
    Release { by: H, fence: u64 },
    /// Ask the holder for it.
    Ask(Asking<H>),
    /// Gives the dome to somebody who asked. The sender does not move the dome under this fence any more.
    HandOver { from: H, to: H, fence: u64 },
    /// The holder says no to one who asked.
    Decline { from: H, to: H },
    /// Urgent takeover; the caller has asked [`may_take_over`].
    TakeOver(Asking<H>),
    /// Time passes.
    Tick,
}

/// The outcomes of an input; all but `Renewed` and `Nothing` are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<H> {
    Taken {
        by: H,
        fence: u64,
    },
    Renewed {
        fence: u64,
    },
    Released {
        by: H,
    },
    /// Nobody heard of the holder for the idle time.
    Expired {
        by: H,
    },
    Refused {
        held_by: H,
    },
    Asked {
        holder: H,
        by: H,
        reason: Reason,
    },
    Declined {
        by: H,
        asked: H,
    },
    HandedOver {
        from: H,
        to: H,
        fence: u64,
    },
    /// The holder must let go; until they have, or their time is over, nobody moves the dome but they.
    TakeOverBegun {
        from: H,
        to: H,
        reason: Reason,
    },
    TakenOver {
        from: H,
        to: H,
        fence: u64,
    },
    Nothing,
}

/// Whether a level may take a dome over without being given it: only from a lower one (R-PTZ-3).
pub fn may_take_over(by: Level, from: Level) -> bool {
    let rank = |level| match level {
        Level::Supervisor => 2,
        Level::Operator | Level::ForceOperator => 1,
        Level::SystemAdministrator | Level::Maintainer => 0,
    };
    rank(by) > rank(from)
}

impl<H: Clone + PartialEq> Lease<H> {
    /// Free. `fence` is the highest ever given out.
    pub fn new(idle: Duration, fence: u64) -> Self {
        Self {
            grant: None,
            fence,
            idle_ms: 0,
        }
        .lasting(idle)
    }

    /// A lease ends by itself this long after its holder was last heard.
    pub fn lasting(self, idle: Duration) -> Self {
        let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
        Self { idle_ms, ..self }
    }

    /// Applies an input; first lets a lease end whose time is over. The outcomes are in order.
    pub fn handle(&mut self, input: Input<H>, now_ms: i64) -> Vec<Outcome<H>> {
        let mut outcomes = Vec::new();
        if let Some(grant) = &mut self.grant {
            // A clock that was set back must not make a lease longer than it is.
            grant.heard_ms = grant.heard_ms.min(now_ms);
        }
        if let Some(grant) = self.grant.take_if(|grant| now_ms - grant.heard_ms >= self.idle_ms) {
            outcomes.push(Outcome::Expired { by: grant.by.clone() });
            outcomes.extend(self.pass(grant, now_ms));
        }
        let outcome = match input {
            Input::Take(by) => self.take(by, now_ms),
            Input::Renew { by, fence } => self.renew(&by, fence, now_ms),
            Input::Release { by, fence } => self.release(&by, fence, now_ms),
            Input::Ask(asking) => self.ask(asking),
            Input::HandOver { from, to, fence } => self.hand_over(&from, to, fence, now_ms),
            Input::Decline { from, to } => self.decline(from, &to),
            Input::TakeOver(asking) => self.take_over(asking, now_ms),
            Input::Tick => Outcome::Nothing,
        };
        if outcome != Outcome::Nothing {
            outcomes.push(outcome);
        }
        outcomes
    }

    fn take(&mut self, by: H, now_ms: i64) -> Outcome<H> {
        match &self.grant {
            Some(Grant {
                passes_to: Some(to), ..
            }) if *to != by => Outcome::Refused { held_by: to.clone() },
            Some(grant) if grant.by != by => Outcome::Refused {
                held_by: grant.by.clone(),
            },
            Some(_) | None => {
                let asked = self.grant.take().map(|grant| grant.asked).unwrap_or_default();
                let fence = self.give(by.clone(), asked, now_ms);
                Outcome::Taken { by, fence }
            }
        }
    }

    fn renew(&mut self, by: &H, fence: u64, now_ms: i64) -> Outcome<H> {
        match &mut self.grant {
            Some(Grant {
                passes_to: Some(to), ..
            }) => Outcome::Refused { held_by: to.clone() },
            Some(grant) if grant.by == *by && fence == self.fence => {
                grant.heard_ms = now_ms;
                Outcome::Renewed { fence }
            }
            Some(grant) if grant.by != *by => Outcome::Refused {
                held_by: grant.by.clone(),
            },
            Some(_) | None => Outcome::Nothing,
        }
    }

    fn release(&mut self, by: &H, fence: u64, now_ms: i64) -> Outcome<H> {
        let newest = self.fence;
        match self.grant.take_if(|grant| grant.by == *by && fence == newest) {
            Some(grant) => {
                let by = grant.by.clone();
                self.pass(grant, now_ms).unwrap_or(Outcome::Released { by })
            }
            None => Outcome::Nothing,
        }
    }

    fn ask(&mut self, asking: Asking<H>) -> Outcome<H> {
        let Some(grant) = self.grant.as_mut().filter(|grant| grant.by != asking.by) else {
            return Outcome::Nothing;
        };
        let known = grant.asked.iter().position(|asked| asked.by == asking.by);
        match known {
            Some(place) if grant.asked[place] == asking => return Outcome::Nothing,
            Some(place) => grant.asked[place] = asking.clone(),
            None if grant.asked.len() < MOST_ASKING => grant.asked.push(asking.clone()),
            None => return Outcome::Nothing,
        }
        Outcome::Asked {
            holder: grant.by.clone(),
            by: asking.by,
            reason: asking.reason,
        }
    }

    /// Only the holder, only to somebody who asked; while it is being taken over, only to who does that.
    fn hand_over(&mut self, from: &H, to: H, fence: u64, now_ms: i64) -> Outcome<H> {
        let newest = self.fence;
        let may = |grant: &mut Grant<H>| {
            grant.by == *from && fence == newest && grant.asked.iter().any(|asked| asked.by == to)
        };
        let Some(grant) = self.grant.take_if(may) else {
            return Outcome::Nothing;
        };
        let from = grant.by.clone();
        self.pass(grant, now_ms).unwrap_or_else(|| {
            let fence = self.give(to.clone(), Vec::new(), now_ms);
            Outcome::HandedOver { from, to, fence }
        })
    }

    fn decline(&mut self, from: H, to: &H) -> Outcome<H> {
        let grant = self.grant.as_mut().filter(|grant| grant.by == from);
        let asked = grant.and_then(|grant| {
            let place = grant.asked.iter().position(|asked| asked.by == *to)?;
            Some(grant.asked.remove(place).by)
        });
        asked.map_or(Outcome::Nothing, |asked| Outcome::Declined { by: from, asked })
    }

    fn take_over(&mut self, Asking { by, reason }: Asking<H>, now_ms: i64) -> Outcome<H> {
        match &mut self.grant {
            Some(Grant {
                passes_to: Some(to), ..
            }) if *to == by => Outcome::Nothing,
            Some(Grant {
                passes_to: Some(to), ..
            }) => Outcome::Refused { held_by: to.clone() },
            Some(grant) if grant.by != by => {
                grant.passes_to = Some(by.clone());
                Outcome::TakeOverBegun {
                    from: grant.by.clone(),
                    to: by,
                    reason,
                }
            }
            Some(_) | None => self.take(by, now_ms),
        }
    }

    /// The step after a lease ended: an urgent takeover that waits gets the dome.
    fn pass(&mut self, over: Grant<H>, now_ms: i64) -> Option<Outcome<H>> {
        let to = over.passes_to?;
        let fence = self.give(to.clone(), Vec::new(), now_ms);
        Some(Outcome::TakenOver {
            from: over.by,
            to,
            fence,
        })
    }

    fn give(&mut self, by: H, asked: Vec<Asking<H>>, now_ms: i64) -> u64 {
        self.fence += 1;
        self.grant = Some(Grant {
            by,
            heard_ms: now_ms,
            asked,
            passes_to: None,
        });
        self.fence
    }

    fn running(&self, now_ms: i64) -> Option<&Grant<H>> {
        self.grant
            .as_ref()
            .filter(|grant| now_ms.saturating_sub(grant.heard_ms) < self.idle_ms)
    }

    /// Who holds it at `now_ms`.
    pub fn holder(&self, now_ms: i64) -> Option<&H> {
        self.running(now_ms).map(|grant| &grant.by)
    }

    /// Who has asked the present holder, in order.
    pub fn asking(&self, now_ms: i64) -> &[Asking<H>] {
        self.running(now_ms).map_or(&[], |grant| &grant.asked)
    }

    /// Who is taking it over from the present holder.
    pub fn passes_to(&self, now_ms: i64) -> Option<&H> {
        self.running(now_ms).and_then(|grant| grant.passes_to.as_ref())
    }

    /// Whether a lease that is over has not been taken notice of: [`Input::Tick`] does that.
    pub fn is_overdue(&self, now_ms: i64) -> bool {
        self.grant.is_some() && self.running(now_ms).is_none()
    }

    /// The highest fence given out.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Time until the lease ends by itself; zero when nobody has it.
    pub fn remaining(&self, now_ms: i64) -> Duration {
        let left = self
            .running(now_ms)
            .map_or(0, |grant| self.idle_ms - (now_ms - grant.heard_ms).max(0));
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests;
