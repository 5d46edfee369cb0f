//! After a group of jobs failed: which of them the database does not take, and the others all the same.
//!
//! Invariant: a job that cannot be kept stops no other, and an event of a batch no other event: the batch is tried in halves until
//! the one is found, which is set aside in its place. What has no place even so is refused and recorded, once.
//! Deliberately absent: failures of the database itself: those stop everything that waits, and are tried again from outside.

use super::{Answer, Aside, Job, Rejection, Submitted, Taken, Writer, own_event};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::log::{AsideWord, EventSetAside};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use crate::server::causes::causes;
use crate::server::store::StoreError;

/// Most events of which is remembered that they were recorded.
const TOLD: usize = 4_096;

impl Writer {
    /// Answers for a group of which nothing was written, for this reason.
    pub(super) async fn one_by_one(&mut self, jobs: &[Job], error: &StoreError) -> Vec<Answer> {
        tracing::error!(error = %causes(error), jobs = jobs.len(), "the log was not written");
        self.forget();
        let mut away = (!error.is_of_the_row()).then(|| error.to_string());
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            if let Some(why) = &away {
                answers.push(Err(Rejection::Unavailable(why.clone())));
                continue;
            }
            match self.by_itself(job).await {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    tracing::error!(error = %causes(&error), "the log was not written");
                    away = Some(error.to_string());
                    answers.push(Err(Rejection::Unavailable(error.to_string())));
                }
            }
        }
        answers
    }

    /// The answer to a job that nothing else is written with.
    ///
    /// # Errors
    /// The database is away. What was answered for a part of a batch is kept; sent again, it is found.
    async fn by_itself(&mut self, job: &Job) -> Result<Answer, StoreError> {
        let Job::Batch { log, station, events } = job else {
            let tried = self.tried(job).await?;
            return Ok(tried.unwrap_or(Err(Rejection::NotTaken)));
        };
        let mut parts = vec![events.as_slice()];
        let mut placed = Vec::with_capacity(events.len());
        while let Some(part) = parts.pop() {
            let answer = match (self.tried(&batch(log, station, part)).await?, part) {
                (Ok(answer), _) => answer,
                (Err(_), []) => Ok(Vec::new()),
                (Err(error), [event]) => self.set_aside(log, station, event, &error).await?,
                (Err(_), several) => {
                    let (first, rest) = several.split_at(several.len() / 2);
                    parts.extend([rest, first]);
                    continue;
                }
            };
            match answer {
                Ok(mut these) => placed.append(&mut these),
                Err(rejection) => return Ok(Err(rejection)),
            }
        }
        Ok(Ok(placed))
    }

    /// Tries a job in a transaction of its own. The inner error: the database does not take what is in it.
    ///
    /// # Errors
    /// The database is away.
    async fn tried(&mut self, job: &Job) -> Result<Result<Answer, StoreError>, StoreError> {
        match self.transact(std::slice::from_ref(job)).await {
            Ok(answers) => {
                let answer = answers.into_iter().next();
                Ok(Ok(answer.unwrap_or(Err(Rejection::NotTaken))))
            }
            Err(error) => {
                self.forget();
                if error.is_of_the_row() {
                    tracing::error!(error = %causes(&error), events = job.events(), "the database does not take an event");
                    Ok(Err(error))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Sets an event aside that the database does not take as it is.
    async fn set_aside(
        &mut self,
        log: &ControllerId,
        station: &StationId,
        event: &Submitted,
        error: &StoreError,
    ) -> Result<Answer, StoreError> {
        let aside = Submitted {
            taken: Taken::Aside(Aside {
                fault: AsideWord::Database,
                code: error.code(),
            }),
            ..event.clone()
        };
        match self.tried(&batch(log, station, &[aside])).await? {
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.tell(log, station, event.leaf.seq, &error).await;
                Ok(Err(Rejection::NotTaken))
            }
        }
    }

    /// Records that a station offered what has no place.
    async fn tell(&mut self, log: &ControllerId, station: &StationId, seq: u64, error: &StoreError) {
        if self.told.len() >= TOLD {
            self.told.clear();
        }
        if !self.told.insert((log.clone(), station.clone(), seq)) {
            return;
        }
        let what = EventSetAside {
            station: Some(station.clone()),
            seq: Some(seq),
            fault: Some(AsideWord::Database),
            ..EventSetAside::default()
        };
        let what = what.because(error.code().unwrap_or_default()).at(Some(station));
        let event = own_event(log.clone(), self.own.clone(), what, Outcome::Refused);
        if let Err(error) = self.transact(&[Job::Own(Box::new(event))]).await {
            tracing::error!(error = %causes(&error), %station, seq, "that an event has no place is not recorded");
            self.forget();
        }
    }
}

fn batch(log: &ControllerId, station: &StationId, events: &[Submitted]) -> Job {
    Job::Batch {
        log: log.clone(),
        station: station.clone(),
        events: events.to_vec(),
    }
}
