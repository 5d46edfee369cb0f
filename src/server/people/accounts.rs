//! Accounts as they are kept: adding, confirming, disabling, other passwords, second factors; and the list for the
//! periodic check (R-ACC-4).
//!
//! Invariant: every change is durable in the log, with before and after, before it is made; a secret is given out once
//! and is in no event. Deliberately absent: who may (`domain::people::decide`, asked by `http`).

use super::authentication::{Answer, Claim, Door, Factor, unavailable};
use super::password;
use super::sessions::{Sessions, SignedIn};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::audit::details::configuration::{AccountChanged, AccountWord};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::account::{
    self, AccountName, AccountStatus, CONFIRMED_FOR_MS, PASSWORDS_REMEMBERED, PasswordFault,
};
use crate::domain::people::second_person::{Given, may_admit, waits_for_a_supervisor};
use crate::domain::people::{Person, second_factor};
use crate::protocol::{
    AccountAnswer, AccountChange, AccountState, AccountView, NewAccount, PasswordChange, RefusalKind, SessionView,
};
use crate::server::keys::{new_password, random};
use crate::server::log::recorder::{Act, Recorder};
use crate::server::store::Store;
use crate::server::store::accounts::{AccountRow, Appointment};
use crate::server::store::registry::{SessionRow, StationRow};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Longest name, body and act, in characters; most grants.
const MOST_TEXT: usize = 200;
const MOST_GRANTS: usize = 200;

/// Who changes something, and where.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub station: &'a StationRow,
    pub who: &'a SignedIn,
}

impl<'a> By<'a> {
    /// The act of this person.
    pub fn act(self) -> Act<'a> {
        Act {
            person: Some(&self.who.person),
            session: &self.who.session.session,
            at: Some(&self.station.station),
            purpose: Some(self.who.session.purpose),
            protocol_no: &self.who.session.protocol_no,
            ..Act::default()
        }
    }
}

/// Keeps the accounts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    recorder: Recorder,
    door: Door,
    sessions: Sessions,
}

impl From<AccountStatus> for AccountState {
    fn from(standing: AccountStatus) -> Self {
        match standing {
            AccountStatus::Good => Self::Good,
            AccountStatus::Disabled => Self::Disabled,
            AccountStatus::AppointmentOver => Self::AppointmentOver,
            AccountStatus::NotConfirmed => Self::NotConfirmed,
            AccountStatus::MustChoosePassword => Self::MustChoosePassword,
        }
    }
}

/// What an event says of an account.
fn told(row: &AccountRow) -> Value {
    json!({
        "person": row.person, "act": row.act, "enabled": row.life.enabled, "until_ms": row.life.until_ms,
        "confirm_by_ms": row.life.confirm_by_ms, "second_factor": row.second_factor.is_some(),
    })
}

/// A line of text somebody typed: not empty, one line, not too long.
fn session_view(session: SessionRow, person: &Person) -> SessionView {
    SessionView {
        user: session.user,
        display_name: person.display_name.clone(),
        agency: person.agency.clone(),
        level: person.level,
        station: session.station,
        purpose: session.purpose,
        note: session.note,
        protocol_no: session.protocol_no,
        begun_ms: session.begun_ms,
        seen_ms: session.seen_ms,
        expires_ms: session.expires_ms,
    }
}

fn line(text: &str) -> Answer<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= MOST_TEXT && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(RefusalKind::Malformed)
    }
}

async fn hash(password: SecretString) -> Answer<String> {
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    hashed.map_err(unavailable)?.map_err(unavailable)
}

/// Gives a supervisor's account a password, and a second factor where it has one, and lets it into use.
///
/// # Errors
/// [`RefusalKind::Unavailable`]: the store does not answer; the account is then not in use.
pub async fn give_anew(store: &Store, door: &Door, row: &AccountRow, now: i64) -> Answer<AccountAnswer> {
    let user = row.person.user.as_str();
    let mut answer = AccountAnswer::default();
    let password = new_password().map_err(unavailable)?;
    let hashed = hash(password.clone()).await?;
    store
        .set_password(user, &hashed, now, true)
        .await
        .map_err(unavailable)?;
    answer.password = Some(password);
    if row.second_factor.is_some() {
        let secret = Zeroizing::new(random::<{ second_factor::SECRET_BYTES }>().map_err(unavailable)?);
        let sealed = door.seal(user, secret.as_slice())?;
        store.set_second_factor(user, &sealed).await.map_err(unavailable)?;
        answer.second_factor = Some(second_factor::key_uri(user, secret.as_slice()));
    }
    let by_ms = now.saturating_add(CONFIRMED_FOR_MS);
    store.confirm_person(user, by_ms).await.map_err(unavailable)?;
    store.enable_person(user, true).await.map_err(unavailable)?;
    Ok(answer)
}

impl Accounts {
    /// Beside the door and the sessions it ends.
    pub fn new(store: Store, recorder: Recorder, door: Door, sessions: Sessions) -> Self {
        Self {
            store,
            recorder,
            door,
            sessions,
        }
    }

    /// Everybody who has to do with a controller that the reader looks after, for the periodic check (R-ACC-4, R-ACC-5).
    /// A workstation of another controller is not named.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn list(&self, reader: &Person, now: i64) -> Answer<Vec<AccountView>> {
        let rows = self.store.lives().await.map_err(unavailable)?;
        let stations = self.stations_of(reader).await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.controllers().iter().any(|controller| reader.keeps(controller)))
            .map(|row| AccountView {
                state: row.life.standing(now).into(),
                password_expires_ms: row.life.password_expires_ms(),
                user: row.person.user,
                display_name: row.person.display_name,
                agency: row.person.agency,
                level: row.person.level,
                act: row.act,
                appointed_ms: row.appointed_ms,
                until_ms: row.life.until_ms,
                last_use_ms: row.last_use_ms,
                confirm_by_ms: row.life.confirm_by_ms,
                second_factor: row.second_factor.is_some(),
                active_at: row.active_at.filter(|station| stations.contains(station)),
            })
            .collect())
    }

    /// The workstations of the controllers that somebody looks after.
    async fn stations_of(&self, reader: &Person) -> Answer<Vec<StationId>> {
        let all = self.store.workstations().await.map_err(unavailable)?;
        let theirs = all.into_iter().filter(|row| reader.keeps(&row.home));
        Ok(theirs.map(|row| row.station).collect())
    }

    /// Sessions running now: of accounts that the reader looks after, or at workstations that they do.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn running(&self, reader: &Person) -> Answer<Vec<SessionView>> {
        let rows = self.store.sessions().await.map_err(unavailable)?;
        let stations = self.stations_of(reader).await?;
        let accounts = self.store.lives().await.map_err(unavailable)?;
        let seen = |session: SessionRow| {
            let account = accounts.iter().find(|row| row.person.user == session.user)?;
            let controllers = account.controllers();
            let kept = controllers.iter().filter(|controller| reader.keeps(controller)).count();
            let theirs = kept > 0 && (kept == controllers.len() || stations.contains(&session.station));
            theirs.then(|| session_view(session, &account.person))
        };
        Ok(rows.into_iter().filter_map(seen).collect())
    }

    /// Adds an account. Gives the password for its first use; of a supervisor's nobody has one before it is admitted.
    ///
    /// # Errors
    /// Something about it makes no sense, the name is taken, or it cannot be recorded.
    pub async fn add(&self, by: By<'_>, new: NewAccount, now: i64) -> Answer<AccountAnswer> {
        if AccountName::read(&new.user).is_none() || new.grants.len() > MOST_GRANTS {
            return Err(RefusalKind::Malformed);
        }
        let home = new.controller.unwrap_or_else(|| by.station.home.clone());
        let person = Person {
            display_name: line(&new.display_name)?,
            agency: line(&new.agency)?,
            user: new.user,
            level: new.level,
            grants: new.grants,
        };
        if self.store.person(&person.user).await.map_err(unavailable)?.is_some() {
            return Err(RefusalKind::Malformed);
        }
        let appointment = Appointment {
            act: line(&new.act)?,
            until_ms: new.until_ms,
            confirm_by_ms: Some(now.saturating_add(CONFIRMED_FOR_MS)),
            must_change: true,
        };
        let password = new_password().map_err(unavailable)?;
        let hashed = hash(password.clone()).await?;
        let waits = waits_for_a_supervisor(person.level, Given::Account);
        let after = json!({
            "person": person, "controller": home, "act": appointment.act, "until_ms": appointment.until_ms,
            "enabled": !waits,
        });
        self.record(by, &home, AccountWord::Added, &person.user, (Value::Null, after))
            .await?;
        let added = self.store.add_person(&person, &hashed, now, &appointment, &home).await;
        added.map_err(unavailable)?;
        self.given(by, &person.user, now).await?;
        if waits {
            self.store
                .enable_person(&person.user, false)
                .await
                .map_err(unavailable)?;
            return Ok(AccountAnswer {
                waits: true,
                ..AccountAnswer::default()
            });
        }
        Ok(AccountAnswer {
            password: Some(password),
            ..AccountAnswer::default()
        })
    }

    /// Changes an account. Gives the session that ended with it, if one did.
    ///
    /// # Errors
    /// There is no such account, the change makes no sense, or it cannot be recorded.
    pub async fn change(
        &self,
        by: By<'_>,
        user: &str,
        change: AccountChange,
        now: i64,
    ) -> Answer<(AccountAnswer, Option<SignedIn>)> {
        let row = self.store.life(user).await.map_err(unavailable)?;
        let row = row.ok_or(RefusalKind::NotFound)?;
        let home = row.home.clone();
        let (before, mut answer) = (told(&row), AccountAnswer::default());
        let mut after = before.clone();
        match change {
            AccountChange::Confirm => {
                let by_ms = now.saturating_add(CONFIRMED_FOR_MS);
                after["confirm_by_ms"] = json!(by_ms);
                self.record(by, &home, AccountWord::Confirmed, user, (before, after))
                    .await?;
                self.store.confirm_person(user, by_ms).await.map_err(unavailable)?;
            }
            AccountChange::Disable { reason } => {
                if user == by.who.person.user {
                    // Nobody locks themselves out, and so the last administrator stays.
                    return Err(RefusalKind::Malformed);
                }
                after["enabled"] = json!(false);
                after["reason"] = json!(line(&reason)?);
                self.record(by, &home, AccountWord::Disabled, user, (before, after))
                    .await?;
                let ended = self.sessions.revoke(by.station, by.who, user, None).await?;
                self.store.enable_person(user, false).await.map_err(unavailable)?;
                return Ok((answer, ended));
            }
            AccountChange::Enable { reason } if waits_for_a_supervisor(row.person.level, Given::Account) => {
                return Ok((self.admit(by, row, &line(&reason)?, now).await?, None));
            }
            AccountChange::Enable { reason } => {
                let by_ms = now.saturating_add(CONFIRMED_FOR_MS);
                after["enabled"] = json!(true);
                after["confirm_by_ms"] = json!(by_ms);
                after["reason"] = json!(line(&reason)?);
                self.record(by, &home, AccountWord::Enabled, user, (before, after))
                    .await?;
                self.store.confirm_person(user, by_ms).await.map_err(unavailable)?;
                self.store.enable_person(user, true).await.map_err(unavailable)?;
            }
            AccountChange::ResetPassword => {
                let waits = waits_for_a_supervisor(row.person.level, Given::Password);
                let password = new_password().map_err(unavailable)?;
                let hashed = hash(password.clone()).await?;
                if waits {
                    after["enabled"] = json!(false);
                }
                self.record(by, &home, AccountWord::PasswordReset, user, (before, after))
                    .await?;
                let ended = self.sessions.revoke(by.station, by.who, user, None).await?;
                self.given(by, user, now).await?;
                let set = self.store.set_password(user, &hashed, now, true).await;
                set.map_err(unavailable)?;
                if waits {
                    self.store.enable_person(user, false).await.map_err(unavailable)?;
                }
                answer.waits = waits;
                answer.password = (!waits).then_some(password);
                return Ok((answer, ended));
            }
            AccountChange::NewSecondFactor => {
                let secret = Zeroizing::new(random::<{ second_factor::SECRET_BYTES }>().map_err(unavailable)?);
                let sealed = self.door.seal(user, secret.as_slice())?;
                after["second_factor"] = json!(true);
                let waits = waits_for_a_supervisor(row.person.level, Given::SecondFactor);
                if waits {
                    after["enabled"] = json!(false);
                }
                self.record(by, &home, AccountWord::SecondFactorGiven, user, (before, after))
                    .await?;
                self.given(by, user, now).await?;
                let set = self.store.set_second_factor(user, &sealed).await;
                set.map_err(unavailable)?;
                if waits {
                    return self.out_of_use(by, user).await;
                }
                answer.second_factor = Some(second_factor::key_uri(user, secret.as_slice()));
            }
            AccountChange::Grants(grants) => {
                if grants.len() > MOST_GRANTS {
                    return Err(RefusalKind::Malformed);
                }
                let given = Given::Grants {
                    before: &row.person.grants,
                    after: &grants,
                };
                let waits = waits_for_a_supervisor(row.person.level, given);
                let person = Person { grants, ..row.person };
                after["person"] = json!(person);
                if waits {
                    after["enabled"] = json!(false);
                }
                self.record(by, &home, AccountWord::GrantsChanged, user, (before, after))
                    .await?;
                self.store.set_person(&person).await.map_err(unavailable)?;
                if waits {
                    return self.out_of_use(by, user).await;
                }
            }
        }
        Ok((answer, None))
    }

    /// Takes an account out of use until another supervisor admits it.
    async fn out_of_use(&self, by: By<'_>, user: &str) -> Answer<(AccountAnswer, Option<SignedIn>)> {
        let ended = self.sessions.revoke(by.station, by.who, user, None).await?;
        self.store.enable_person(user, false).await.map_err(unavailable)?;
        let answer = AccountAnswer {
            waits: true,
            ..AccountAnswer::default()
        };
        Ok((answer, ended))
    }

    /// Lets a supervisor's account into use, with a password (and a second factor, where it has one) that nobody held before:
    /// it is given to this other supervisor.
    async fn admit(&self, by: By<'_>, row: AccountRow, reason: &str, now: i64) -> Answer<AccountAnswer> {
        let (user, by_ms) = (row.person.user.as_str(), now.saturating_add(CONFIRMED_FOR_MS));
        let (before, mut after) = (told(&row), told(&row));
        after["enabled"] = json!(true);
        after["confirm_by_ms"] = json!(by_ms);
        after["reason"] = json!(reason);
        if let Err(rule) = may_admit(&by.who.person, &row.person) {
            let refused = AccountChanged {
                change: Some(AccountWord::Enabled),
                account: Some(user.to_owned()),
                before: Some(before),
                after: None,
            };
            let recorded = self
                .recorder
                .record(&row.home, refused.refused_by(rule), Outcome::Refused, by.act());
            recorded.await.map_err(unavailable)?;
            return Err(RefusalKind::Rule(rule));
        }
        self.record(by, &row.home, AccountWord::Enabled, user, (before, after))
            .await?;
        self.given(by, user, now).await?;
        give_anew(&self.store, &self.door, &row, now).await
    }

    /// Writes down who gives an account what it signs in with, before it is given.
    async fn given(&self, by: By<'_>, user: &str, now: i64) -> Answer<()> {
        let written = self.store.credential_given(user, &by.who.person, now).await;
        written.map_err(unavailable)
    }

    /// The person chooses another password, with the present one. No session is needed: it may be too old for one.
    ///
    /// # Errors
    /// The present one is wrong, the new one is not taken, or it cannot be recorded.
    pub async fn choose_password(
        &self,
        station: &StationRow,
        from: IpAddr,
        ask: PasswordChange,
        now: i64,
    ) -> Answer<()> {
        match self.try_choose(station, from, &ask, now).await {
            Err(why @ (RefusalKind::Unavailable | RefusalKind::NotTaken(_))) => Err(why),
            Err(why) => Err(self.sessions.refused(station, &ask.user, why).await),
            Ok(()) => Ok(()),
        }
    }

    async fn try_choose(&self, station: &StationRow, from: IpAddr, ask: &PasswordChange, now: i64) -> Answer<()> {
        let user = ask.user.as_str();
        // What shows by itself first: a second factor's code counts once.
        account::check_password(user, ask.new_password.expose_secret()).map_err(RefusalKind::NotTaken)?;
        let claim = Claim {
            user,
            password: &ask.password,
            factor: Factor::Code(ask.code.as_ref(), station.kind),
        };
        let row = self.door.prove(&claim, from, now).await?;
        let mut former = self
            .store
            .former_passwords(user, PASSWORDS_REMEMBERED - 1)
            .await
            .map_err(unavailable)?;
        former.extend(
            self.store
                .person(user)
                .await
                .map_err(unavailable)?
                .map(|row| row.password),
        );
        let new = ask.new_password.clone();
        let used = tokio::task::spawn_blocking(move || former.iter().any(|hash| password::is(&new, hash)));
        if used.await.map_err(unavailable)? {
            return Err(RefusalKind::NotTaken(PasswordFault::UsedBefore));
        }
        let hashed = hash(ask.new_password.clone()).await?;
        let act = Act {
            person: Some(&row.person),
            at: Some(&station.station),
            ..Act::default()
        };
        self.recorder
            .record(
                &station.home,
                AccountChanged {
                    change: Some(AccountWord::PasswordChosen),
                    account: Some(user.to_owned()),
                    ..AccountChanged::default()
                },
                Outcome::Done,
                act,
            )
            .await
            .map_err(unavailable)?;
        self.store
            .set_password(user, &hashed, now, false)
            .await
            .map_err(unavailable)
    }

    /// Disables who was not confirmed in time and who is appointed no longer, each recorded first (R-ACC-4). Gives the
    /// names.
    ///
    /// # Errors
    /// It cannot be recorded or done now; what was done before stays done.
    pub async fn disable_overdue(&self, now: i64) -> Answer<Vec<String>> {
        let mut disabled = Vec::new();
        for row in self.store.lives().await.map_err(unavailable)? {
            let why = match row.life.standing(now) {
                AccountStatus::NotConfirmed => Cause::NotConfirmed,
                AccountStatus::AppointmentOver => Cause::AppointmentOver,
                AccountStatus::Good | AccountStatus::Disabled | AccountStatus::MustChoosePassword => continue,
            };
            let user = row.person.user.as_str();
            let mut after = told(&row);
            after["enabled"] = json!(false);
            let disabled_itself = AccountChanged {
                change: Some(AccountWord::Disabled),
                account: Some(user.to_owned()),
                before: Some(told(&row)),
                after: Some(after),
            };
            self.recorder
                .record(&row.home, disabled_itself.because(why), Outcome::Done, Act::default())
                .await
                .map_err(unavailable)?;
            self.store.enable_person(user, false).await.map_err(unavailable)?;
            disabled.push(user.to_owned());
        }
        Ok(disabled)
    }

    /// In the log of the account's own controller.
    async fn record(
        &self,
        by: By<'_>,
        log: &ControllerId,
        change: AccountWord,
        user: &str,
        (before, after): (Value, Value),
    ) -> Answer<()> {
        let changed = AccountChanged {
            change: Some(change),
            account: Some(user.to_owned()),
            before: Some(before),
            after: Some(after),
        };
        self.recorder
            .record(log, changed, Outcome::Done, by.act())
            .await
            .map_err(unavailable)
    }
}
