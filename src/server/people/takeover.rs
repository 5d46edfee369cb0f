//! Accounts that are wanted at another workstation than the one where they are active: the domain's steps, each recorded,
//! and the session that passes (R-ACC-1).
//!
//! Invariant: who asks has proven to be the person, with everything a sign-in wants, and asks with a ticket that only their
//! workstation has; a step is durable before it is kept and told. Deliberately absent: HTTP, what is wanted now
//! (`wanted_accounts`), the rules of the steps (`domain::people::takeover`).

use super::authentication::{Answer, unavailable};
use super::sessions::{Begun, Sessions, SignedIn, token_hash};
use super::wanted_accounts::WantedAccount;
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::audit::details::presence::AccountAsk as AskEvent;
use crate::domain::audit::event::Outcome;
use crate::domain::people::Person;
use crate::domain::people::account::AccountStatus;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::takeover::{Input, Rules, TakeoverStatus};
use crate::protocol::{AccountAsk, AskState, AskStep, Knock, RefusalKind};
use crate::server::log::recorder::Act;
use crate::server::store::registry::{SessionRow, StationRow};
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// How an account stands for who wants it.
pub enum Asked {
    State(AskState),
    /// The account passed; the session that ended for it, when it was still running.
    In {
        begun: Box<Begun>,
        ended: Option<Box<SignedIn>>,
    },
}

impl Sessions {
    fn rules(&self) -> Rules {
        let elsewhere = self.settings.account_elsewhere;
        Rules {
            answer_ms: i64::from(elsewhere.answer_seconds) * 1000,
            unanswered: elsewhere.unanswered,
        }
    }

    /// Whether the account was tried or is asked for elsewhere. `now` is Unix ms.
    pub fn knock(&self, user: &str, now: i64) -> Option<Knock> {
        self.wanted.knock(user, self.rules(), now)
    }

    /// A step of the end that wants an account. `now` is Unix ms.
    ///
    /// # Errors
    /// No such ticket of this workstation, it is over, or it cannot be recorded now.
    pub async fn asked(&self, station: &StationRow, ask: &AccountAsk, now: i64) -> Answer<Asked> {
        let one = Arc::clone(&self.one);
        let _alone = one.lock().await;
        let ticket = token_hash(ask.ticket.expose_secret());
        let found = self.wanted.of_ticket(&ticket, &station.station);
        let (user, mut want) = found.filter(|_| !station.quarantined).ok_or(RefusalKind::NotFound)?;
        let row = self.store.life(&user).await.map_err(unavailable)?;
        let person = row
            .filter(|row| row.life.standing(now) == AccountStatus::Good)
            .map(|row| row.person)
            .ok_or(RefusalKind::NotFound)?;
        let input = match ask.step {
            AskStep::Look => Input::Tick,
            AskStep::Ask => Input::Ask,
            AskStep::GiveUp => Input::GiveUp,
        };
        self.step(station, &person, &mut want, input, now).await?;
        let open = self.store.session_of(&user).await.map_err(unavailable)?;
        let open = open.filter(|open| now < open.expires_ms);
        let at = want.active_at.clone();
        match want.yielding.standing(self.rules(), now) {
            TakeoverStatus::Over => Err(RefusalKind::NotFound),
            TakeoverStatus::Proven => Ok(Asked::State(AskState::ActiveAt { station: at })),
            TakeoverStatus::Kept { answered } => Ok(Asked::State(AskState::Kept { station: at, answered })),
            TakeoverStatus::Waiting { left_ms } if open.is_some() => Ok(Asked::State(AskState::Waiting {
                station: at,
                left_ms: left_ms.unsigned_abs(),
                unanswered: self.rules().unanswered,
            })),
            // Whoever was asked may also have left by themselves.
            TakeoverStatus::Waiting { .. } | TakeoverStatus::Yielded => {
                self.pass(station, person, &want.stated, open, now).await
            }
        }
    }

    async fn pass(
        &self,
        station: &StationRow,
        person: Person,
        stated: &Stated,
        open: Option<SessionRow>,
        now: i64,
    ) -> Answer<Asked> {
        let mut ended = None;
        if let Some(session) = open {
            self.end(station, &person, &session, Cause::Yielded).await?;
            let person = person.clone();
            ended = Some(Box::new(SignedIn { person, session }));
        }
        let begun = Box::new(self.begin(station, stated, person, now).await?);
        Ok(Asked::In { begun, ended })
    }

    /// The answer of the end that has the account; with a yes its session ends.
    ///
    /// # Errors
    /// Nobody asks, or it cannot be recorded now.
    pub async fn answer_ask(&self, station: &StationRow, who: &SignedIn, yields: bool, now: i64) -> Answer<()> {
        let one = Arc::clone(&self.one);
        let _alone = one.lock().await;
        let want = self.wanted.of_account(&who.person.user);
        let mut want = want.ok_or(RefusalKind::NotFound)?;
        let input = if yields { Input::Yield } else { Input::Keep };
        self.step(station, &who.person, &mut want, input, now).await?;
        if yields {
            self.end(station, &who.person, &who.session, Cause::Yielded).await?;
        }
        Ok(())
    }

    /// Takes up what happened at `station`: recorded first, then kept.
    async fn step(
        &self,
        station: &StationRow,
        person: &Person,
        want: &mut WantedAccount,
        input: Input,
        now: i64,
    ) -> Answer<()> {
        let Some(change) = want.yielding.handle(input, self.rules(), now) else {
            return Ok(());
        };
        let act = Act {
            person: Some(person),
            at: Some(&station.station),
            purpose: Some(want.stated.purpose()),
            protocol_no: want.stated.protocol_no(),
            ..Act::default()
        };
        let asked = AskEvent {
            step: Some(change.into()),
            active_at: Some(want.active_at.clone()),
            wanted_at: Some(want.station.clone()),
        };
        self.recorder
            .record(&station.home, asked, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        self.wanted.keep(&person.user, want);
        Ok(())
    }
}
